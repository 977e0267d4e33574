//! The corpus: files as they are, made here, each with what becomes of it.

mod broken;
mod make;
mod office;
mod text;
mod workbook;
mod wps;

use std::path::PathBuf;

use engine::field::{Check, Field, PhoneType};
use store::imports::Options;

use super::*;

/// A file, how it is read, and what is read: the titles' row, then row by row, then warnings.
struct Case {
    name: &'static str,
    file: PathBuf,
    options: Options,
    expect: &'static str,
}

/// The batch of every case.
fn fields() -> Vec<Field> {
    let phone = |code, title, phone_type| Field {
        is_phone: true,
        phone_type: Some(phone_type),
        ..Field::of_header(code, title)
    };
    vec![
        Field::of_header("f1", "姓名"),
        phone("f2", "号码", PhoneType::Mobile),
        phone("f3", "固话", PhoneType::Landline),
        Field {
            to_date: true,
            ..Field::of_header("f4", "生日")
        },
        Field {
            checks: vec![Check::Number],
            ..Field::of_header("f5", "数量")
        },
    ]
}

fn source(path: PathBuf, options: Options) -> Source {
    Source {
        path,
        options,
        fields: fields(),
        dictionaries: Vec::new(),
        remembered: BTreeMap::new(),
    }
}

/// What becomes of a file, line by line.
fn told(source: &Source) -> String {
    let mut lines = Vec::new();
    let end = read(source, &mut |event| {
        lines.push(match event {
            Event::Head(head) => format!("titles in row {}", head.row),
            Event::Row(row) => match row.lead {
                Ok(lead) => {
                    let of = |code: &str| lead.data.to_map().remove(code).unwrap_or_default();
                    let rest = ["f1", "f4", "f5"].map(of).join("|");
                    format!("{}: {} {rest}", row.no, lead.phones.join("+"))
                }
                Err(bad) => format!("{}: {} in {}", row.no, bad.code, bad.column),
            },
        });
        Ok(Flow::On)
    });
    match end {
        Ok(end) => lines.extend(end.warnings.iter().map(|told| format!("! {told}"))),
        Err(error) => lines.push(format!("failed: {}", error.code())),
    }
    lines.join("\n")
}

fn check(cases: Vec<Case>) {
    for case in cases {
        let start = std::fs::read(&case.file).unwrap_or_default();
        let is_xlsx = case.file.extension().is_some_and(|end| end == "xlsx");
        if is_xlsx && start.starts_with(b"PK") {
            sheet::peek::agrees(&case.file, case.options.sheet.as_deref());
        }
        let told = told(&source(case.file, case.options));
        let expect: Vec<&str> = case.expect.trim().lines().map(str::trim).collect();
        assert_eq!(told.lines().collect::<Vec<_>>(), expect, "{}", case.name);
    }
}

fn case(name: &'static str, file: PathBuf, expect: &'static str) -> Case {
    Case {
        name,
        file,
        options: Options::default(),
        expect,
    }
}

fn mapped(pairs: &[(&str, &str)]) -> Options {
    let pair = |(name, code): &(&str, &str)| ((*name).to_owned(), (*code).to_owned());
    Options {
        mapping: pairs.iter().map(pair).collect(),
        ..Options::default()
    }
}
