//! What people see of a text: without the characters that have no shape.

use std::borrow::Cow;

/// A cell's text as it is kept: trimmed, without marks that only steer a screen, and without what
/// spreadsheets put around a text so that it stays one (`'007`, `="007"`).
#[must_use]
pub fn clean(raw: &str) -> Cow<'_, str> {
    if raw.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Cow::Borrowed(bare(raw.trim()));
    }
    let text = raw.trim_matches(is_edge);
    if text.chars().any(is_odd) {
        let kept = text.chars().filter(|char| !is_shapeless(*char));
        let text: String = kept.map(plain).collect();
        return Cow::Owned(bare(text.trim_matches(is_edge)).to_owned());
    }
    Cow::Borrowed(bare(text))
}

/// Without the apostrophe that keeps a text from being a number or a formula, and without `="…"`.
fn bare(mut text: &str) -> &str {
    loop {
        let quoted = text
            .strip_prefix("=\"")
            .and_then(|rest| rest.strip_suffix('"'))
            .filter(|inner| !inner.contains('"'));
        let marked = || {
            text.strip_prefix('\'')
                .filter(|rest| rest.starts_with(guarded))
        };
        match quoted.or_else(marked) {
            Some(inner) => text = inner.trim_matches(is_edge),
            None => return text,
        }
    }
}

fn guarded(char: char) -> bool {
    char.is_ascii_digit() || matches!(char, '=' | '+' | '-' | '@' | '\t')
}

/// Nothing that a text begins or ends with.
fn is_edge(char: char) -> bool {
    char.is_whitespace() || is_shapeless(char) || matches!(char, '\u{200c}' | '\u{200d}')
}

fn is_odd(char: char) -> bool {
    is_shapeless(char) || plain(char) != char
}

/// Characters that nobody sees: bidirectional marks, zero-width blanks, controls other than line end
/// and tab. Joiners stay, because they make one sign of several.
fn is_shapeless(char: char) -> bool {
    matches!(
        char,
        '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}'
    ) || matches!(char, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
        || (char.is_control() && !matches!(char, '\n' | '\t'))
}

fn plain(char: char) -> char {
    match char {
        '\u{a0}' | '\u{2007}' | '\u{202f}' => ' ',
        other => other,
    }
}

/// Full-width digits, signs and letters as the plain ones.
#[must_use]
pub fn half_width(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let narrow = |char: char| match char {
        '！'..='～' => char::from_u32(u32::from(char) - 0xfee0).unwrap_or(char),
        '\u{3000}' => ' ',
        other => other,
    };
    Cow::Owned(text.chars().map(narrow).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_goes_and_the_rest_stays() {
        for (raw, kept) in [
            ("  a b ", "a b"),
            ("\u{202d}13800138000\u{202c}", "13800138000"),
            ("\u{feff}张\u{200b}三\u{a0}", "张三"),
            ("张\u{a0}三", "张 三"),
            ("张　三　", "张　三"),
            ("a\r\nb", "a\nb"),
            ("👨\u{200d}👩", "👨\u{200d}👩"),
            ("'007", "007"),
            ("'=1+1", "=1+1"),
            ("'Ndrangheta", "'Ndrangheta"),
            ("=\"0138\"", "0138"),
            ("\u{200b}\u{a0}", ""),
        ] {
            assert_eq!(clean(raw), kept, "{raw:?}");
            assert_eq!(clean(kept), kept, "{kept:?}");
        }
    }

    #[test]
    fn wide_signs_become_plain_ones() {
        assert_eq!(half_width("１２．５％（Ａ）"), "12.5%(A)");
    }
}
