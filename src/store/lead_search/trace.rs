//! What a field's value leaves in the text of its lead's document. A document without it need not be
//! read: to look for a text takes a fraction of the time.
//!
//! Documents are written by serde_json or exactly as it would, character by character: a part of a
//! value is written as that part of the document.

use engine::{
    filter::{Ask, Kind, Literal, Test},
    lead_query::{Keyword, Query},
};

/// Each text is looked for by itself; of more than so many it is quicker to read the documents.
const MOST: usize = 4;
/// Shorter parts of a text are in too many documents.
const SHORTEST: usize = 4;

/// Texts of which a lead's document holds one wherever the lead fits; none where that is not known.
pub fn of(query: &Query) -> Vec<String> {
    let of_field = query.field.as_ref().map(traces).unwrap_or_default();
    match &query.keyword {
        Some(Keyword::Text(part)) if of_field.is_empty() => vec![written(part)],
        _ => of_field,
    }
}

/// The same of one field.
pub fn traces(test: &Test) -> Vec<String> {
    let traces = match &test.ask {
        Ask::Any(literals) if literals.len() <= MOST => {
            let traces = literals.iter().map(|literal| of_equal(test, literal));
            traces.collect::<Option<Vec<_>>>()
        }
        Ask::Contains(part) | Ask::Prefix(part) => Some(vec![written(part)]),
        _ => None,
    };
    let traces = traces.unwrap_or_default();
    if traces.iter().any(String::is_empty) {
        return Vec::new();
    }
    traces
}

fn of_equal(test: &Test, literal: &Literal) -> Option<String> {
    // 7 is written as 7, 007, +7.0 and more.
    if test.kind == Kind::Number {
        return None;
    }
    Some(match &literal.until {
        // What is between two texts begins as both do.
        Some(until) => written(common(&literal.text, until)),
        None if test.multi => written(&literal.text),
        None => written(&literal.text) + "\"",
    })
}

/// A text as it stands within the quotation marks.
pub fn written(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn common<'a>(one: &'a str, other: &str) -> &'a str {
    let same = one.chars().zip(other.chars()).take_while(|(a, b)| a == b);
    &one[..same.map(|(a, _)| a.len_utf8()).sum()]
}

/// A pattern of SQLite's for the part of a text behind its first letter or digit of ASCII, where that is
/// long enough: SQLite jumps from one such character to the next.
pub fn glob(text: &str) -> Option<String> {
    let start = text.find(|char: char| char.is_ascii_alphanumeric())?;
    let part = &text[start..];
    (part.len() >= SHORTEST).then(|| {
        let mut pattern = String::from("*");
        for char in part.chars() {
            match char {
                '*' | '?' | '[' => pattern.extend(['[', char, ']']),
                other => pattern.push(other),
            }
        }
        pattern + "*"
    })
}

/// A pattern of PostgreSQL's.
pub fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    for char in text.chars() {
        if matches!(char, '\\' | '%' | '_') {
            pattern.push('\\');
        }
        pattern.push(char);
    }
    pattern + "%"
}
