//! Every code that a value is refused with has words in both languages of the console.

use std::{collections::BTreeSet, fs, path::Path};

use render::{Lang, script_texts};

/// The codes that stand in the text of a source: the second argument of each refusal.
fn codes(source: &str) -> Vec<String> {
    let heads = ["Fault::new(", "Problem::at("];
    let calls = heads.iter().flat_map(|head| source.split(*head).skip(1));
    calls.filter_map(second).collect()
}

/// The second argument of a call, where it is a text.
fn second(call: &str) -> Option<String> {
    let (mut depth, mut is_text) = (0, false);
    let end = call.char_indices().find(|(_, c)| {
        match c {
            '"' => is_text = !is_text,
            '(' | '[' | '{' if !is_text => depth += 1,
            ')' | ']' | '}' if !is_text => depth -= 1,
            _ => {}
        }
        *c == ',' && depth == 0 && !is_text
    });
    let rest = call.get(end?.0 + 1..)?.trim_start();
    let (code, _) = rest.strip_prefix('"')?.split_once('"')?;
    Some(code.to_owned())
}

fn sources(folder: &Path, into: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tests") {
            sources(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs") {
            into.push(fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_code_of_a_refused_value_has_words() {
    // Not where it was built: a target directory may serve several checkouts.
    let here = std::env::var_os("CARGO_MANIFEST_DIR");
    let here = here.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let mut all = Vec::new();
    sources(Path::new(&here), &mut all);
    let known: BTreeSet<String> = all.iter().flat_map(|source| codes(source)).collect();
    assert!(known.len() > 15, "they are found: {known:?}");
    for lang in [Lang::Zh, Lang::En] {
        let texts = script_texts(lang);
        let missing: Vec<_> = known
            .iter()
            .filter(|code| !texts.contains_key(&format!("fault-{code}")))
            .collect();
        assert!(missing.is_empty(), "{missing:?} in {lang:?}");
    }
}
