//! Renders everything that can be rendered.

use std::{collections::BTreeSet, fs, path::Path};

use sha2::{Digest, Sha256};

use crate::{Frame, Lang, Page, Person, page, pages, texts};

fn frame(lang: Lang, signed_in: bool) -> Frame {
    Frame {
        lang,
        theme: "dark".into(),
        person: signed_in.then(|| Person {
            name: "管理员".into(),
            role: "admin",
            agent: Some("1001".into()),
            csrf: "token".into(),
        }),
        screens: vec![
            "/desk",
            "/batches",
            "/filters",
            "/campaigns",
            "/floor",
            "/calls",
            "/voicemails",
            "/call-backs",
            "/ivr",
            "/prompts",
            "/dnc",
            "/rules",
            "/lines",
            "/setup",
        ],
        section: "/batches".into(),
    }
}

fn renders<P: Page>() {
    for lang in Lang::ALL {
        for (at, sample) in P::samples().into_iter().enumerate() {
            let html = page(&frame(lang, P::TEMPLATE != "pages/login.html"), &sample)
                .unwrap_or_else(|error| panic!("{error}"));
            let place = format!("{} sample {at} in {}", P::TEMPLATE, lang.tag());
            for bad in [
                "⟦",
                " style=",
                "<style",
                " onclick=",
                " onload=",
                "javascript:",
            ] {
                assert!(
                    !html.contains(bad),
                    "{place}: {bad}: {}",
                    around(&html, bad)
                );
            }
            for script in html.split("<script").skip(1) {
                assert!(script.contains(" src="), "{place}: an inline script");
            }
            assert!(
                html.contains(&format!("<html lang=\"{}\"", lang.tag())),
                "{place}"
            );
            assert_eq!(html.matches("<h1").count(), 1, "{place}: one heading");
        }
    }
}

fn around<'a>(html: &'a str, what: &str) -> &'a str {
    let at = html.find(what).unwrap_or_default();
    let mut end = (at + 80).min(html.len());
    while !html.is_char_boundary(end) {
        end += 1;
    }
    &html[at..end]
}

#[test]
fn every_page_renders_in_both_languages() {
    renders::<pages::Login>();
    renders::<pages::Account>();
    renders::<pages::Refusal>();
    renders::<pages::Batches>();
    renders::<pages::Batch>();
    renders::<pages::Filters>();
    renders::<pages::Filter>();
    renders::<pages::Campaigns>();
    renders::<pages::NewCampaign>();
    renders::<pages::Campaign>();
    renders::<pages::Desk>();
    renders::<pages::Floor>();
    renders::<pages::Calls>();
    renders::<pages::Setup>();
    renders::<pages::Queue>();
    renders::<pages::Route>();
    renders::<pages::Lines>();
    renders::<pages::Trace>();
    renders::<pages::Voicemails>();
    renders::<pages::CallBacks>();
    renders::<pages::Ivr>();
    renders::<pages::Prompts>();
    renders::<pages::DncLists>();
    renders::<pages::DncList>();
    renders::<pages::Rules>();
}

#[test]
fn both_languages_have_the_same_texts() {
    let ids = |lang| -> BTreeSet<String> { texts::texts(lang).ids.iter().cloned().collect() };
    assert_eq!(ids(Lang::Zh), ids(Lang::En));
    for lang in Lang::ALL {
        let all = &texts::texts(lang).ids;
        assert_eq!(
            all.len(),
            ids(lang).len(),
            "an id stands twice in {}",
            lang.tag()
        );
    }
}

#[test]
fn scripts_find_every_text_they_ask_for() {
    let texts = crate::script_texts(Lang::En);
    for (path, source) in files("assets/js") {
        for part in source.split("say(\"").skip(1) {
            let id = part.split('"').next().unwrap_or_default();
            assert!(texts.contains_key(id), "{path}: {id}");
        }
    }
}

#[test]
fn templates_hold_no_chinese_and_english_texts_neither() {
    for folder in ["layout", "ui", "pages", "assets/js", "locales/en"] {
        for (path, source) in files(folder) {
            let chinese = source
                .chars()
                .find(|c| ('\u{4e00}'..'\u{9fff}').contains(c));
            // The language switch names each language in itself.
            let fits =
                chinese.is_none() || path.ends_with("shell.html") || path.ends_with("common.ftl");
            assert!(fits, "{path}: {chinese:?}");
        }
    }
}

#[test]
fn vendored_files_are_as_they_came() {
    let folder = templates().join("assets/vendor");
    let text = fs::read_to_string(folder.join("MANIFEST.toml")).unwrap();
    let manifest: toml::Table = text.parse().unwrap();
    let mut known = BTreeSet::from(["MANIFEST.toml".to_owned()]);
    for entry in manifest["file"].as_array().unwrap() {
        let path = entry["path"].as_str().unwrap();
        let bytes = fs::read(folder.join(path)).unwrap();
        let hash: String = Sha256::digest(&bytes)
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        assert_eq!(hash, entry["sha256"].as_str().unwrap(), "{path}");
        known.insert(path.to_owned());
    }
    let there: BTreeSet<String> = walk(&folder)
        .into_iter()
        .map(|path| path.strip_prefix(&folder).unwrap().display().to_string())
        .collect();
    assert_eq!(there, known);
}

fn templates() -> std::path::PathBuf {
    // Not where it was built: a target directory may serve several checkouts.
    let here = std::env::var_os("CARGO_MANIFEST_DIR");
    let here = here.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&here).join("../../templates")
}

fn files(folder: &str) -> Vec<(String, String)> {
    walk(&templates().join(folder))
        .into_iter()
        .map(|path| {
            (
                path.display().to_string(),
                fs::read_to_string(&path).unwrap(),
            )
        })
        .collect()
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path));
        } else {
            found.push(path);
        }
    }
    found
}
