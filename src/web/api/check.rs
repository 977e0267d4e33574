//! Checks that several resources share.

use crate::problem::Problem;

/// A trimmed name of 1 to 100 characters.
///
/// # Errors
/// `INVALID`.
pub fn name(pointer: &str, text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err(Problem::at(
            pointer,
            "length",
            "must have 1 to 100 characters",
        ))
    }
}

/// Free text of at most `most` characters.
///
/// # Errors
/// `INVALID`.
pub fn text(pointer: &str, text: String, most: usize) -> Result<String, Problem> {
    if text.chars().count() <= most {
        Ok(text)
    } else {
        Err(Problem::at(
            pointer,
            "length",
            format!("must have at most {most} characters"),
        ))
    }
}

/// One of some words.
///
/// # Errors
/// `INVALID`.
pub fn one_of(pointer: &str, text: &str, words: &[&'static str]) -> Result<&'static str, Problem> {
    words
        .iter()
        .copied()
        .find(|word| *word == text)
        .ok_or_else(|| {
            Problem::at(
                pointer,
                "choice",
                format!("must be one of {}", words.join(", ")),
            )
        })
}

/// An id that people choose: 1 to 32 letters, digits, `-`, `_`.
///
/// # Errors
/// `INVALID`.
pub fn chosen_id(pointer: &str, text: &str) -> Result<String, Problem> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if (1..=32).contains(&text.len()) && text.chars().all(fits) {
        Ok(text.to_owned())
    } else {
        Err(Problem::at(
            pointer,
            "format",
            "must be 1 to 32 letters, digits, - or _",
        ))
    }
}

/// A phone number as leads have it (OUT-079).
///
/// # Errors
/// `INVALID`.
pub fn number(pointer: &str, text: &str) -> Result<String, Problem> {
    engine::phone::of_text(text)
        .map(|phone| phone.number)
        .map_err(|bad| Problem::at(pointer, bad.code(), bad.to_string()))
}
