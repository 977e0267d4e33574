//! What an uploader says of values that stand in a file's column of choices (OUT-053).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::dictionary::{Dictionary, TEXT_MAX};

/// What becomes of one value of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// It stands for this item: a code or a label.
    To(String),
    /// It becomes a new item of the dictionary.
    Add,
    /// The field stays empty.
    Empty,
    /// The row is refused.
    Error,
}

/// By value, as it stands in the file but for blanks around it.
pub type OfField = BTreeMap<String, Choice>;
/// By code of the field.
pub type Choices = BTreeMap<String, OfField>;

/// The first choice that cannot be followed, in words.
#[must_use]
pub fn trouble(dictionary: &Dictionary, choices: &OfField) -> Option<String> {
    choices.iter().find_map(|(value, choice)| match choice {
        Choice::To(item)
            if dictionary
                .coded(item)
                .or_else(|| dictionary.labelled(item))
                .is_none() =>
        {
            Some(format!(
                "\"{value}\" is to become \"{item}\", which is no choice"
            ))
        }
        Choice::Add if value.chars().count() > TEXT_MAX => Some(format!(
            "\"{value}\" has more than {TEXT_MAX} characters, so it becomes no choice"
        )),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        dictionary::Item,
        field::Field,
        import_row::{Ask, BadHeader, Cell, Plan},
        mapping::{self, Known},
    };

    fn dictionary() -> Dictionary {
        let item = |code: &str, label: &str| Item {
            code: code.into(),
            label: label.into(),
        };
        Dictionary {
            id: "dic_1".into(),
            items: vec![item("high", "高意向"), item("low", "低意向")],
        }
    }

    fn plan(wish: Field, said: &[(&str, Choice)]) -> Result<Plan, BadHeader> {
        let phone = Field {
            is_phone: true,
            ..Field::of_header("f1", "号码")
        };
        let wish = Field {
            dictionary: Some("dic_1".into()),
            ..wish
        };
        let fields = [phone, wish];
        let header = ["号码".to_owned(), "意向".to_owned()];
        let columns = mapping::suggest(&header, &[], &fields, &Known::default());
        let said = said
            .iter()
            .map(|(value, choice)| ((*value).to_owned(), choice.clone()));
        let choices = [("f2".to_owned(), said.collect())].into();
        let ask = Ask {
            fields: &fields,
            dictionaries: &[dictionary()],
            choices: &choices,
            is_1904: false,
            adds_leads: true,
        };
        Plan::over(&columns, &ask)
    }

    fn read(plan: &Plan, text: &str) -> Result<Option<String>, &'static str> {
        let cells = [Cell::Text("13800138000".into()), Cell::Text(text.into())];
        let lead = plan.read(&cells).map_err(|bad| bad.code)?;
        Ok(lead.data.to_map().remove("f2"))
    }

    #[test]
    fn each_value_becomes_what_was_said_of_it() {
        let said = [
            ("高", Choice::To("high".into())),
            ("低", Choice::To("低意向".into())),
            ("新", Choice::Add),
            ("?", Choice::Empty),
            ("低意向", Choice::Error),
        ];
        let wish = Field::of_header("f2", "意向");
        let labels = plan(wish.clone(), &said).unwrap();
        let replace = true;
        let codes = plan(Field { replace, ..wish }, &said).unwrap();
        for (text, label, code) in [
            ("高", "高意向", "high"),
            (" 低 ", "低意向", "low"),
            ("新", "新", "新"),
            ("高意向", "高意向", "high"),
        ] {
            assert_eq!(read(&labels, text).unwrap().as_deref(), Some(label));
            assert_eq!(read(&codes, text).unwrap().as_deref(), Some(code));
        }
        assert_eq!(read(&codes, "?"), Ok(None));
        assert_eq!(read(&codes, "低意向"), Err("NOT_IN_DICTIONARY"));
        assert_eq!(read(&codes, "别的"), Err("NOT_IN_DICTIONARY"));
    }

    #[test]
    fn of_several_values_each_is_looked_at() {
        let wish = Field {
            multi: true,
            replace: true,
            ..Field::of_header("f2", "意向")
        };
        let said = [("高", Choice::To("high".into())), ("?", Choice::Empty)];
        let plan = plan(wish, &said).unwrap();
        assert_eq!(
            read(&plan, "高;?、低意向").unwrap().as_deref(),
            Some("high,low")
        );
        assert_eq!(read(&plan, "?"), Ok(None));
    }

    #[test]
    fn a_choice_of_what_is_not_there_is_told_before_the_first_row() {
        let long = "长".repeat(TEXT_MAX + 1);
        for (value, choice) in [("高", Choice::To("none".into())), (&*long, Choice::Add)] {
            let bad = plan(Field::of_header("f2", "意向"), &[(value, choice)]);
            assert_eq!(bad.unwrap_err().code, "CHOICE_UNKNOWN");
        }
    }
}
