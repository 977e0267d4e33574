//! A row's fields in the form in which they are stored: one JSON object, its codes in order.
//!
//! A million rows are read, written down and never looked at again; a text is made once and moved.

use std::collections::BTreeMap;

/// The non-empty fields of a row, code to text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Values(String);

impl Values {
    /// The JSON object.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }

    /// The fields one by one.
    #[must_use]
    pub fn to_map(&self) -> BTreeMap<String, String> {
        serde_json::from_str(&self.0).expect("the text is an object of texts")
    }
}

impl Default for Values {
    fn default() -> Self {
        Self("{}".into())
    }
}

impl From<BTreeMap<String, String>> for Values {
    fn from(map: BTreeMap<String, String>) -> Self {
        let codes: Vec<Code> = map.keys().map(|code| Code::of(code)).collect();
        write(codes.iter().zip(map.values().map(String::as_str)), 0)
    }
}

impl FromIterator<(String, String)> for Values {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(fields: I) -> Self {
        fields.into_iter().collect::<BTreeMap<_, _>>().into()
    }
}

impl<const N: usize> From<[(String, String); N]> for Values {
    fn from(fields: [(String, String); N]) -> Self {
        fields.into_iter().collect()
    }
}

impl IntoIterator for Values {
    type Item = (String, String);
    type IntoIter = std::collections::btree_map::IntoIter<String, String>;

    fn into_iter(self) -> Self::IntoIter {
        self.to_map().into_iter()
    }
}

/// A field's code as it stands before each of its values.
#[derive(Debug, Clone)]
pub(super) struct Code(String);

impl Code {
    pub fn of(code: &str) -> Self {
        let mut key = String::with_capacity(code.len() + 3);
        quote(code, &mut key);
        key.push(':');
        Self(key)
    }
}

/// Writes fields, which come in the order of their codes. `hint`: bytes that they may take.
pub(super) fn write<'a>(fields: impl Iterator<Item = (&'a Code, &'a str)>, hint: usize) -> Values {
    let mut text = String::with_capacity(hint);
    text.push('{');
    for (code, value) in fields {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&code.0);
        quote(value, &mut text);
    }
    text.push('}');
    Values(text)
}

fn quote(value: &str, into: &mut String) {
    let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if value.bytes().all(is_plain) {
        into.push('"');
        into.push_str(value);
        into.push('"');
    } else {
        into.push_str(&serde_json::to_string(value).expect("a text is JSON"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_looks_as_any_json_library_writes_it() {
        let odd = "a\"b\\c\n\t\u{1}\u{7f}\u{2028}张三👍";
        let map: BTreeMap<String, String> = [("f2", odd), ("f1", ""), ("f\"3", "x")]
            .map(|(code, text)| (code.to_owned(), text.to_owned()))
            .into();
        let values = Values::from(map.clone());
        assert_eq!(values.to_map(), map);
        assert_eq!(
            values.into_text(),
            serde_json::to_string(&map).expect("JSON")
        );
        assert_eq!(Values::default().to_map(), BTreeMap::new());
    }
}
