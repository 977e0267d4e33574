//! House rules that neither the compiler nor a lint can say.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Crate, and the crates of ours that it may import. ARCHITECTURE.md shows the same table.
const OURS: &[(&str, &[&str])] = &[
    ("engine", &[]),
    ("store", &["engine"]),
    ("simulation", &["engine"]),
    ("switch", &[]),
    ("sip", &[]),
    ("seal", &[]),
    ("media", &["seal"]),
    ("embedded", &["switch", "sip", "media"]),
    ("live", &["engine", "store", "switch"]),
    ("render", &["engine"]),
    (
        "web",
        &["engine", "store", "live", "media", "render", "seal"],
    ),
    ("jobs", &["engine", "store", "render"]),
    ("peers", &["switch", "embedded", "sip", "media"]),
    (
        "paceline",
        &[
            "engine",
            "store",
            "switch",
            "sip",
            "media",
            "embedded",
            "live",
            "render",
            "web",
            "jobs",
            "peers",
            "simulation",
            "seal",
        ],
    ),
];

/// Heavy dependency, and the only crates that may name it.
const HOMES: &[(&str, &[&str])] = &[
    ("aead-stream", &["seal"]),
    ("aes", &["media"]),
    ("apalis", &["store", "jobs"]),
    ("apalis-core", &["store", "jobs"]),
    ("apalis-postgres", &["store", "jobs"]),
    ("apalis-sqlite", &["store", "jobs"]),
    ("argon2", &["web"]),
    ("audio-codec", &["media"]),
    ("axum", &["web"]),
    ("calamine", &["jobs"]),
    ("cfb", &["jobs"]),
    ("chacha20poly1305", &["seal"]),
    ("clap", &["paceline"]),
    ("croner", &["store"]),
    ("csv", &["jobs", "store"]),
    ("encoding_rs", &["jobs"]),
    ("hickory-resolver", &["paceline"]),
    ("hound", &["media"]),
    ("http-range-header", &["web"]),
    ("indicatif", &["paceline"]),
    ("minijinja", &["render"]),
    ("nanomp3", &["media"]),
    ("polars", &["jobs"]),
    ("quick-xml", &["jobs"]),
    ("reqwest", &["jobs", "paceline"]),
    ("rsipstack", &["sip"]),
    ("rust-embed", &["render"]),
    ("rust_xlsxwriter", &["jobs", "paceline"]),
    ("sqlx", &["store"]),
    ("thread-priority", &["media"]),
    ("tower", &["web"]),
    ("tower-http", &["web"]),
    ("utoipa", &["web"]),
    ("utoipa-axum", &["web"]),
    ("zip", &["jobs"]),
];

/// Everything the crate that decides may stand on: no runtime, no database, no clock.
const ENGINE_STANDS_ON: &[&str] = &[
    "chrono",
    "chrono-tz",
    "rand",
    "regex",
    "serde",
    "serde_json",
    "thiserror",
    "toml",
];

/// Inside one crate: the file or folder that alone may import a dependency.
const INNER_HOMES: &[(&str, &str, &str)] = &[
    ("jobs", "polars", "frame"),
    ("jobs", "calamine", "sheet"),
    ("jobs", "reqwest", "pull_source"),
];

/// A file is one noun or one verb.
const LONGEST_FILE: usize = 450;

#[test]
fn crates_import_what_the_table_allows() {
    let packages = packages();
    let names: BTreeSet<_> = packages.keys().map(String::as_str).collect();
    let listed: BTreeSet<_> = OURS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, listed, "the table lists every crate, and only those");
    for (name, allowed) in OURS {
        for dependency in &packages[*name] {
            if listed.contains(dependency.as_str()) {
                assert!(
                    allowed.contains(&dependency.as_str()),
                    "{name} may not import {dependency}"
                );
            }
        }
    }
}

#[test]
fn heavy_dependencies_stay_at_home() {
    for (name, dependencies) in packages() {
        for (heavy, homes) in HOMES {
            assert!(
                !dependencies.contains(*heavy) || homes.contains(&name.as_str()),
                "{name} names {heavy}, whose home is {homes:?}"
            );
        }
    }
    for (krate, dependency, home) in INNER_HOMES {
        for file in sources().filter(|file| file.starts_with(root().join(krate))) {
            let inside = file
                .strip_prefix(root().join(krate))
                .expect("filtered by this prefix")
                .to_string_lossy()
                .starts_with(home);
            assert!(
                inside || !imports(&read(&file), dependency),
                "{} imports {dependency}, which lives in {krate}/{home}",
                file.display()
            );
        }
    }
}

#[test]
fn the_crate_that_decides_is_pure() {
    for dependency in &packages()["engine"] {
        assert!(
            ENGINE_STANDS_ON.contains(&dependency.as_str()),
            "engine depends on {dependency}"
        );
    }
    let chrono = read(&root().join("Cargo.toml"))
        .lines()
        .find(|line| line.starts_with("chrono ="))
        .expect("chrono is a workspace dependency")
        .to_owned();
    assert!(
        chrono.contains("default-features = false") && !chrono.contains("\"clock\""),
        "chrono has a clock: {chrono}"
    );
}

#[test]
fn the_architecture_page_shows_the_same_table() {
    let page = read(&root().join("ARCHITECTURE.md"));
    for (name, allowed) in OURS {
        let imports = match *allowed {
            [] => "nothing".to_owned(),
            _ if *name == "paceline" => "all".to_owned(),
            some => some.join(", "),
        };
        let row = format!("| `{name}` | {imports} |");
        assert!(page.contains(&row), "ARCHITECTURE.md has no row {row}");
    }
}

#[test]
fn files_are_short() {
    for file in sources().filter(|file| !is_unit_test(file)) {
        let name = relative(&file);
        let lines = code_lines(&read(&file));
        assert!(
            lines <= LONGEST_FILE,
            "{name} has {lines} lines of code: split it"
        );
    }
}

#[test]
fn nothing_is_left_unfinished() {
    // Written so that this file does not find itself.
    let words = ["TO DO", "FIX ME", "unimplemented !", "to do!"].map(|w| w.replace(' ', ""));
    for file in files(&["src", "jobs", "migrations", "templates", "tests", "benches"]) {
        if !["rs", "sql", "html", "js", "ts", "css", "toml", "ftl"]
            .iter()
            .any(|end| file.extension().is_some_and(|e| e == *end))
            || relative(&file).contains("/vendor/")
        {
            continue;
        }
        let text = read(&file);
        for word in &words {
            assert!(
                !text.contains(word.as_str()),
                "{} has {word}",
                relative(&file)
            );
        }
    }
}

#[test]
fn every_migration_exists_for_both_databases() {
    let names = |folder: &str| -> BTreeSet<String> {
        files(&[folder])
            .map(|file| file.file_name().expect("a file").to_string_lossy().into())
            .collect()
    };
    let sqlite = names("migrations/sqlite");
    assert!(!sqlite.is_empty());
    assert_eq!(sqlite, names("migrations/postgres"));
}

#[test]
fn commands_in_the_readme_exist() {
    for page in ["README.md", "README.zh-CN.md"] {
        let text = read(&root().join(page));
        let commands: Vec<_> = commands(&text).collect();
        assert!(commands.iter().any(|c| c == "cargo run -- demo"), "{page}");
        assert!(commands.iter().any(|c| c == "./test"), "{page}");
        for command in commands {
            check_command(page, &command);
        }
    }
}

#[test]
fn the_readme_is_the_same_in_both_languages() {
    let outline = |page: &str| -> Vec<usize> {
        let text = read(&root().join(page));
        outside_fences(&text)
            .filter(|line| line.starts_with('#'))
            .map(|line| line.chars().take_while(|c| *c == '#').count())
            .collect()
    };
    assert_eq!(outline("README.md"), outline("README.zh-CN.md"));
    let fences = |page: &str| read(&root().join(page)).matches("```").count();
    assert_eq!(fences("README.md"), fences("README.zh-CN.md"));
}

fn check_command(page: &str, command: &str) {
    let words: Vec<_> = command.split_whitespace().collect();
    match words.as_slice() {
        ["cargo", "run", rest @ ..] => {
            let verb = rest.iter().skip_while(|word| **word != "--").nth(1);
            let help = Command::new(env!("CARGO_BIN_EXE_paceline"))
                .arg("--help")
                .output()
                .expect("the binary starts");
            let help = String::from_utf8_lossy(&help.stdout).into_owned();
            let verb = verb.unwrap_or_else(|| panic!("{page}: {command} names no verb"));
            let known = help.lines().any(|line| {
                line.split_whitespace().next() == Some(*verb) || verb.starts_with("--")
            });
            assert!(known, "{page}: {command}: paceline has no {verb}");
        }
        ["cargo", "bench", "--bench", name, ..] => {
            let manifests =
                read(&root().join("Cargo.toml")) + &read(&root().join("jobs/Cargo.toml"));
            assert!(
                manifests.contains(&format!("name = \"{name}\"")),
                "{page}: {command}: no such bench"
            );
        }
        [path, ..] if path.starts_with("./") => {
            let file = root().join(path);
            let mode = fs::metadata(&file)
                .unwrap_or_else(|_| panic!("{page}: there is no {path}"))
                .permissions()
                .mode();
            assert!(mode & 0o111 != 0, "{page}: {path} is not executable");
        }
        _ => {}
    }
}

/// What stands in fenced `sh` blocks, without comments and continuation lines.
fn commands(markdown: &str) -> impl Iterator<Item = String> {
    let mut fenced = false;
    markdown.lines().filter_map(move |line| {
        if line.starts_with("```") {
            fenced = line == "```sh";
            return None;
        }
        let command = line.split(" #").next().unwrap_or_default().trim();
        (fenced && !line.starts_with([' ', '#']) && !command.is_empty()).then(|| command.to_owned())
    })
}

fn outside_fences(markdown: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    markdown.lines().filter(move |line| {
        if line.starts_with("```") {
            fenced = !fenced;
        }
        !fenced
    })
}

/// Crate name to the names of what it depends on, tests and benches aside.
fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo metadata fails");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let text = |value: &Value| value.as_str().expect("a name").to_owned();
    let array = |value: &Value| value.as_array().expect("a list").clone();
    array(&metadata["packages"])
        .iter()
        .map(|package| {
            let dependencies = array(&package["dependencies"])
                .iter()
                .filter(|dependency| dependency["kind"] != "dev")
                .map(|dependency| text(&dependency["name"]))
                .collect();
            (text(&package["name"]), dependencies)
        })
        .collect()
}

fn imports(source: &str, dependency: &str) -> bool {
    let path = format!("{dependency}::");
    source.lines().any(|line| {
        let line = line.trim_start();
        !line.starts_with("//") && line.contains(&path)
    })
}

/// `tests.rs` or anything in a folder `tests` of a crate.
fn is_unit_test(file: &Path) -> bool {
    let name = relative(file);
    name.ends_with("/tests.rs") || name.contains("/tests/")
}

/// Lines up to the unit tests.
fn code_lines(source: &str) -> usize {
    source
        .lines()
        .take_while(|line| *line != "#[cfg(test)]")
        .count()
}

fn sources() -> impl Iterator<Item = PathBuf> {
    files(&["src", "jobs", "tests", "benches"])
        .filter(|file| file.extension().is_some_and(|end| end == "rs"))
}

/// Every file below these folders.
fn files(folders: &[&str]) -> impl Iterator<Item = PathBuf> + use<> {
    let mut todo: Vec<_> = folders.iter().map(|folder| root().join(folder)).collect();
    let mut found = Vec::new();
    while let Some(folder) = todo.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() && !path.ends_with("node_modules") {
                todo.push(path);
            } else if path.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    found.into_iter()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root())
        .expect("below the root")
        .to_string_lossy()
        .into_owned()
}

pub fn root() -> PathBuf {
    // Not where it was built: a target directory may serve several checkouts.
    let here = std::env::var_os("CARGO_MANIFEST_DIR");
    PathBuf::from(here.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into()))
}
