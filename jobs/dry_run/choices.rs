//! Which values stand in the columns of choices, and how often.

use std::collections::HashMap;

use engine::{
    dictionary::Dictionary,
    field::Field,
    import_row::{Cell, Choice, OfField, is_separator, letters, show},
};
use store::previews::{FileChoices, FileValue};

use crate::reading::{Head, Source};

/// Values of a column that are listed.
const LISTED: usize = 200;
/// Different values of a column that are counted; more are no choices.
const COUNTED: usize = 10_000;

/// What is counted while the file is read.
#[derive(Default)]
pub struct Tally {
    columns: Vec<Column>,
}

struct Column {
    at: usize,
    field: Field,
    choices: OfField,
    rows: HashMap<String, i64>,
    /// Cells whose value was one too many to be counted apart.
    beyond: bool,
}

impl Tally {
    pub fn of(head: &Head, source: &Source) -> Self {
        let columns = head.columns.iter().filter_map(|column| {
            let code = column.field.as_ref().filter(|_| column.applies)?;
            let field = source.fields.iter().find(|field| field.code == *code)?;
            field.dictionary.as_ref()?;
            Some(Column {
                at: column.at,
                choices: head.choices.get(code).cloned().unwrap_or_default(),
                field: field.clone(),
                rows: HashMap::new(),
                beyond: false,
            })
        });
        Self {
            columns: columns.collect(),
        }
    }

    pub fn count(&mut self, cells: &[Cell]) {
        for column in &mut self.columns {
            let Some(text) = cells.get(column.at).and_then(show) else {
                continue;
            };
            if column.field.multi {
                let parts = text.split(is_separator).map(str::trim);
                for part in parts.filter(|part| !part.is_empty()) {
                    column.add(part);
                }
            } else {
                column.add(&text);
            }
        }
    }

    pub fn told(self, source: &Source) -> Vec<FileChoices> {
        let columns = self.columns.into_iter();
        columns
            .map(|column| column.told(&source.dictionaries))
            .collect()
    }
}

impl Column {
    fn add(&mut self, value: &str) {
        if let Some(rows) = self.rows.get_mut(value) {
            *rows += 1;
        } else if self.rows.len() < COUNTED {
            self.rows.insert(value.to_owned(), 1);
        } else {
            self.beyond = true;
        }
    }

    fn told(self, dictionaries: &[Dictionary]) -> FileChoices {
        let id = self.field.dictionary.as_deref().unwrap_or_default();
        let none = Dictionary::default();
        let dictionary = dictionaries.iter().find(|one| one.id == id);
        let dictionary = dictionary.unwrap_or(&none);
        let mut rows: Vec<(String, i64)> = self.rows.into_iter().collect();
        rows.sort_unstable_by(|one, other| (-one.1, &one.0).cmp(&(-other.1, &other.0)));
        let more = rows.len().saturating_sub(LISTED) + usize::from(self.beyond);
        rows.truncate(LISTED);
        let values = rows.into_iter().map(|(value, rows)| {
            let choice = self.choices.get(&value).cloned();
            let named = match &choice {
                Some(Choice::To(item)) => item.as_str(),
                Some(Choice::Empty | Choice::Error) => "",
                Some(Choice::Add) | None => value.as_str(),
            };
            let item = dictionary
                .labelled(named)
                .or_else(|| dictionary.coded(named));
            FileValue {
                rows,
                code: item.map(|item| item.code.clone()),
                label: item.map(|item| item.label.clone()),
                choice,
                value,
            }
        });
        FileChoices {
            column: letters(self.at),
            field: self.field.code.clone(),
            field_title: self.field.title.clone(),
            values: values.collect(),
            more: i64::try_from(more).unwrap_or(i64::MAX),
        }
    }
}
