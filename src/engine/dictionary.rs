//! A dictionary (字典): the choices of a field, each with the code that is kept and the label that
//! people see (OUT-053, OUT-064, ADM-053).

use serde::{Deserialize, Serialize};

use crate::field;

/// Most items of a dictionary.
pub const ITEMS_MAX: usize = 1_000;
/// Longest code or label, in characters.
pub const TEXT_MAX: usize = 100;

/// The choices of a field.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Dictionary {
    /// What a field's `dictionary` names.
    pub id: String,
    /// In the order in which people see them.
    pub items: Vec<Item>,
}

/// One choice.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Item {
    /// What is kept; never changed once it is used.
    pub code: String,
    /// What people see.
    pub label: String,
}

/// A dictionary that cannot be saved. `pointer` is the JSON pointer of the value within it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {message}")]
pub struct BadDictionary {
    pub pointer: String,
    pub message: &'static str,
}

impl Dictionary {
    /// The item with this label, compared as titles are: trimmed, without case.
    #[must_use]
    pub fn labelled(&self, text: &str) -> Option<&Item> {
        let exact = self.items.iter().find(|item| item.label == text);
        exact.or_else(|| {
            self.items
                .iter()
                .find(|item| field::same_title(&item.label, text))
        })
    }

    /// The item with exactly this code.
    #[must_use]
    pub fn coded(&self, text: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.code == text)
    }

    /// What people see for a kept value; the value itself when it is no code of this dictionary.
    #[must_use]
    pub fn label_of<'a>(&'a self, code: &'a str) -> &'a str {
        self.coded(code).map_or(code, |item| item.label.as_str())
    }

    /// # Errors
    /// The first item that is empty, too long, or has the code or label of an earlier one.
    pub fn validate(&self) -> Result<(), BadDictionary> {
        let bad = |pointer: String, message| Err(BadDictionary { pointer, message });
        if self.items.len() > ITEMS_MAX {
            return bad("/items".into(), "a dictionary has at most 1,000 items");
        }
        for (at, item) in self.items.iter().enumerate() {
            for (name, text) in [("code", &item.code), ("label", &item.label)] {
                if text.trim().is_empty() || text.chars().count() > TEXT_MAX {
                    let pointer = format!("/items/{at}/{name}");
                    return bad(pointer, "must have 1 to 100 characters");
                }
            }
            let earlier = &self.items[..at];
            if earlier.iter().any(|other| other.code == item.code) {
                return bad(format!("/items/{at}/code"), "stands there twice");
            }
            let same = |other: &Item| field::same_title(&other.label, &item.label);
            if earlier.iter().any(same) {
                return bad(format!("/items/{at}/label"), "stands there twice");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(items: &[(&str, &str)]) -> Dictionary {
        Dictionary {
            id: "dct_1".into(),
            items: items
                .iter()
                .map(|(code, label)| Item {
                    code: (*code).into(),
                    label: (*label).into(),
                })
                .collect(),
        }
    }

    #[test]
    fn a_choice_is_found_by_label_or_code() {
        let wish = of(&[("1", "有意向"), ("2", "No Interest")]);
        assert_eq!(wish.labelled(" no interest").unwrap().code, "2");
        assert_eq!(wish.coded("1").unwrap().label, "有意向");
        assert_eq!(
            (wish.label_of("2"), wish.label_of("9")),
            ("No Interest", "9")
        );
        assert_eq!(wish.labelled("2"), None);
    }

    #[test]
    fn an_item_that_is_empty_or_stands_twice_is_refused() {
        let pointer = |items| of(items).validate().map_err(|bad| bad.pointer);
        assert_eq!(pointer(&[("1", "a"), ("2", "b")]), Ok(()));
        assert_eq!(pointer(&[("", "a")]), Err("/items/0/code".into()));
        assert_eq!(
            pointer(&[("1", "a"), ("1", "b")]),
            Err("/items/1/code".into())
        );
        assert_eq!(
            pointer(&[("1", "a"), ("2", "A ")]),
            Err("/items/1/label".into())
        );
    }
}
