//! Fields that hold the id of a record elsewhere (OUT-056, OUT-057).

use serde::{Deserialize, Serialize};

use super::{BadField, DataType, Field};

/// Where an associated record is, and which of its columns is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Association {
    /// `contacts`, `products`, or the id of another batch.
    pub table: String,
    /// One of [`Table::columns`]; of a batch, the code of a field.
    pub column: String,
}

/// Whose records there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table<'a> {
    Contacts,
    Products,
    /// The leads of this batch.
    Batch(&'a str),
}

impl Association {
    /// `None`: the house has no such table.
    #[must_use]
    pub fn table(&self) -> Option<Table<'_>> {
        match self.table.as_str() {
            "contacts" => Some(Table::Contacts),
            "products" => Some(Table::Products),
            batch if batch.starts_with("bat_") => Some(Table::Batch(batch)),
            _ => None,
        }
    }
}

impl Table<'_> {
    /// The columns that can be shown; `None`: the fields of the batch.
    #[must_use]
    pub fn columns(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Contacts => Some(&["name", "phone", "note"]),
            Self::Products => Some(&["title", "kind", "category", "description"]),
            Self::Batch(_) => None,
        }
    }
}

impl Field {
    /// The ids that a value of this field names; none where it has no association.
    pub fn related<'a>(&self, value: &'a str) -> impl Iterator<Item = &'a str> {
        let many = self.multi;
        let of = self.association.is_some().then_some(value);
        of.into_iter()
            .flat_map(move |value| value.split(move |char: char| many && char == ','))
            .filter(|id| !id.is_empty())
    }
}

/// # Errors
/// An association with what is nowhere, or of a field that does not hold a plain text.
pub(super) fn validate(field: &Field) -> Result<(), BadField> {
    let bad = |pointer, message| Err(BadField { pointer, message });
    let Some(association) = &field.association else {
        return Ok(());
    };
    let Some(table) = association.table() else {
        let message = "must be contacts, products or the id of another batch";
        return bad("/association/table", message);
    };
    let column = association.column.as_str();
    match table.columns() {
        Some(columns) if !columns.contains(&column) => {
            let message = match table {
                Table::Contacts => "must be name, phone or note",
                _ => "must be title, kind, category or description",
            };
            return bad("/association/column", message);
        }
        None if column.is_empty() => {
            return bad(
                "/association/column",
                "must be the code of a field of that batch",
            );
        }
        _ => {}
    }
    let is_text = field.data_type == DataType::String && !field.is_dated() && !field.is_phone;
    if !is_text || field.dictionary.is_some() {
        let message = "an id is plain text: no number, date, phone or choice of a dictionary";
        return bad("/association", message);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(table: &str, column: &str) -> Field {
        Field {
            association: Some(Association {
                table: table.into(),
                column: column.into(),
            }),
            ..Field::of_header("f1", "客户")
        }
    }

    #[test]
    fn only_what_the_house_has_is_associated() {
        for good in [
            with("contacts", "name"),
            with("products", "title"),
            with("bat_1", "f9"),
        ] {
            assert_eq!(good.validate(), Ok(()));
        }
        for (field, pointer) in [
            (with("customers", "name"), "/association/table"),
            (with("", ""), "/association/table"),
            (with("contacts", "title"), "/association/column"),
            (with("products", "stock; DROP"), "/association/column"),
            (with("bat_1", ""), "/association/column"),
            (
                Field {
                    data_type: DataType::Int,
                    ..with("contacts", "name")
                },
                "/association",
            ),
            (
                Field {
                    dictionary: Some("dic_1".into()),
                    ..with("contacts", "name")
                },
                "/association",
            ),
        ] {
            assert_eq!(field.validate().unwrap_err().pointer, pointer);
        }
    }

    #[test]
    fn several_ids_stand_in_a_field_of_several_values() {
        let one = with("contacts", "name");
        assert_eq!(one.related("a,b").collect::<Vec<_>>(), ["a,b"]);
        let multi = true;
        let many = Field { multi, ..one };
        assert_eq!(many.related("a,b").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(many.related("").count(), 0);
        let plain = Field::of_header("f1", "客户");
        assert_eq!(plain.related("a").count(), 0);
    }
}
