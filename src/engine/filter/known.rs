//! What a filter's fields were when it was saved, so that it can say which are gone or changed.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Column, Form, Kind, compile};

/// A field that a saved filter asks about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    pub code: String,
    pub title: String,
    pub kind: Kind,
    pub multi: bool,
}

/// What is the matter with one condition of a saved filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// JSON pointer of the condition within the form.
    pub pointer: String,
    pub field: String,
    pub code: &'static str,
    pub message: String,
    /// Whether the filter cannot run before this is put right.
    pub blocks: bool,
}

/// The fields that a form asks about, as they are now.
#[must_use]
pub fn known(form: &Form, columns: &[Column]) -> Vec<Known> {
    let codes = form.fields();
    let asked = columns
        .iter()
        .filter(|column| codes.contains(&column.code.as_str()));
    asked
        .map(|column| Known {
            code: column.code.clone(),
            title: column.title.clone(),
            kind: column.kind,
            multi: column.multi,
        })
        .collect()
}

/// What is the matter with a form; `known` is what its fields were when it was saved, none when it
/// is being saved.
#[must_use]
pub fn troubles(form: &Form, columns: &[Column], known: &[Known]) -> Vec<Trouble> {
    let before = |code: &str| known.iter().find(|known| known.code == code);
    let changed = |code: &str| {
        let now = columns.iter().find(|column| column.code == code)?;
        let before = before(code)?;
        (now.kind != before.kind || now.multi != before.multi).then_some(before)
    };
    // Whether a value fits does not depend on the day.
    let bad = compile(form, columns, NaiveDate::default())
        .err()
        .unwrap_or_default();
    let mut found: Vec<Trouble> = Vec::new();
    for bad in bad {
        let (code, message) = match (bad.code, before(&bad.field), changed(&bad.field)) {
            ("UNKNOWN_FIELD", Some(was), _) => ("FIELD_DELETED", deleted(was)),
            ("FILTER_VALUE_INVALID", _, Some(was)) => (
                "FIELD_TYPE_CHANGED",
                format!("{}: {}", retyped(was), bad.message),
            ),
            _ => (bad.code, bad.message),
        };
        found.push(Trouble {
            pointer: bad.pointer,
            field: bad.field,
            code,
            message,
            blocks: true,
        });
    }
    for (pointer, code) in form.places() {
        let told = found.iter().any(|trouble| trouble.pointer == pointer);
        if let (false, Some(was)) = (told, changed(&code)) {
            found.push(Trouble {
                pointer,
                field: code,
                code: "FIELD_TYPE_CHANGED",
                message: retyped(was),
                blocks: false,
            });
        }
    }
    found
}

fn deleted(was: &Known) -> String {
    format!("the field \"{}\" ({}) was deleted", was.title, was.code)
}

fn retyped(was: &Known) -> String {
    format!(
        "the field \"{}\" ({}) has another type now",
        was.title, was.code
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        field::{DataType, Field},
        filter::{Condition, Value, columns},
    };

    fn form(value: &str) -> Form {
        Form::Rows(vec![
            Condition::default(),
            Condition {
                field: Some("f1".into()),
                op: Some("ge".into()),
                value: Value::One(value.into()),
                ..Condition::default()
            },
        ])
    }

    fn told(value: &str, now: &[Field]) -> Vec<(String, &'static str, bool)> {
        let form = form(value);
        let then = known(&form, &columns(&[Field::of_header("f1", "等级")]));
        let found = troubles(&form, &columns(now), &then);
        found
            .into_iter()
            .map(|one| (one.pointer, one.code, one.blocks))
            .collect()
    }

    #[test]
    fn a_field_that_was_deleted_or_changed_is_named() {
        assert_eq!(told("a", &[Field::of_header("f1", "等级")]), []);
        assert_eq!(told("a", &[]), [("/1".into(), "FIELD_DELETED", true)]);
        let number = [Field {
            data_type: DataType::Int,
            ..Field::of_header("f1", "等级")
        }];
        let code = "FIELD_TYPE_CHANGED";
        assert_eq!(told("a", &number), [("/1".into(), code, true)]);
        assert_eq!(told("3", &number), [("/1".into(), code, false)]);
        let unknown = troubles(&form("a"), &columns(&[]), &[]);
        assert_eq!(unknown[0].code, "UNKNOWN_FIELD");
        let then = known(&form("a"), &columns(&[Field::of_header("f1", "等级")]));
        let gone = troubles(&form("a"), &columns(&[]), &then);
        assert_eq!(gone[0].message, "the field \"等级\" (f1) was deleted");
    }
}
