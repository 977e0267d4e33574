//! What a form asks for beside its file: the options of an import.

use std::collections::BTreeMap;

use store::imports::{BadOptions, Options};

use crate::problem::Problem;

/// Names of the parts.
pub const PARTS: [&str; 9] = [
    "mode",
    "dup_policy",
    "dup_scope",
    "dup_days",
    "header_row",
    "sheet",
    "mapping",
    "choices",
    "priority",
];

/// Puts what the parts say in place of what the options were. An empty part takes a choice back.
///
/// # Errors
/// `INVALID` with the name of the part that cannot be read, or that contradicts another.
pub fn of(texts: &BTreeMap<String, String>, mut options: Options) -> Result<Options, Problem> {
    let told = |bad: BadOptions| Problem::at(bad.pointer, "choice", bad.message);
    for (name, text) in texts {
        let text = text.trim();
        match name.as_str() {
            "mode" => options.mode = text.parse().map_err(told)?,
            "dup_policy" => options.dup_policy = text.parse().map_err(told)?,
            "dup_scope" => options.dup_scope = text.parse().map_err(told)?,
            "dup_days" => options.dup_days = number("/dup_days", text)?,
            "header_row" => options.header_row = number("/header_row", text)?,
            "priority" => options.priority = number("/priority", text)?.unwrap_or(0),
            "sheet" => options.sheet = Some(text.to_owned()).filter(|text| !text.is_empty()),
            "mapping" if text.is_empty() => options.mapping.clear(),
            "mapping" => {
                options.mapping = serde_json::from_str(text).map_err(|_| {
                    let told = "must be a JSON object: title or letters of a column to a field's \
                                code, empty to leave the column out";
                    Problem::at("/mapping", "invalid", told)
                })?;
            }
            "choices" if text.is_empty() => options.choices.clear(),
            "choices" => {
                options.choices = serde_json::from_str(text).map_err(|_| {
                    let told = "must be a JSON object: a field's code to values of the file, each \
                                {\"to\": code}, \"add\", \"empty\" or \"error\"";
                    Problem::at("/choices", "invalid", told)
                })?;
            }
            _ => {}
        }
    }
    options.validate().map_err(told)?;
    Ok(options)
}

fn number(pointer: &str, text: &str) -> Result<Option<u32>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let number = text.parse().ok();
    number
        .map(Some)
        .ok_or_else(|| Problem::at(pointer, "invalid", "must be a whole number"))
}

#[cfg(test)]
mod tests {
    use engine::import_row::Choice;

    use super::*;

    fn read(parts: &[(&str, &str)]) -> Result<Options, String> {
        let parts = parts
            .iter()
            .map(|(name, text)| ((*name).into(), (*text).into()));
        of(&parts.collect(), Options::default()).map_err(|bad| bad.errors[0].pointer.clone())
    }

    #[test]
    fn parts_become_options_and_bad_ones_are_named() {
        let read_well = read(&[
            ("header_row", "3"),
            ("sheet", "名单"),
            ("mapping", r#"{"手机":"f1","C":""}"#),
            (
                "choices",
                r#"{"f2":{"高":{"to":"high"},"?":"empty","新":"add","x":"error"}}"#,
            ),
            ("dup_policy", "update"),
            ("priority", "7"),
        ])
        .unwrap();
        assert_eq!(read_well.header_row, Some(3));
        assert_eq!(read_well.sheet.as_deref(), Some("名单"));
        assert_eq!(read_well.mapping["手机"], "f1");
        assert_eq!(read_well.choices["f2"]["高"], Choice::To("high".into()));
        assert_eq!(read_well.choices["f2"]["?"], Choice::Empty);
        assert_eq!(
            read(&[("choices", r#"{"f2":{"a":"b"}}"#)]),
            Err("/choices".into())
        );
        assert_eq!(read_well.priority, 7);
        assert_eq!(read(&[("priority", "10")]), Err("/priority".into()));
        assert_eq!(read(&[("mapping", "[1]")]), Err("/mapping".into()));
        assert_eq!(read(&[("header_row", "x")]), Err("/header_row".into()));
        assert_eq!(read(&[("mode", "x")]), Err("/mode".into()));
        assert_eq!(read(&[("dup_days", "30")]), Err("/dup_days".into()));
    }
}
