use chrono::NaiveDate;

use super::*;
use crate::{
    field::{Check, DataType, Field, PhoneType},
    mapping,
};

fn text(text: &str) -> Cell {
    Cell::Text(text.into())
}

fn titles(titles: &[&str]) -> Vec<String> {
    titles.iter().map(|title| (*title).to_owned()).collect()
}

fn phone(code: &str, title: &str) -> Field {
    Field {
        is_phone: true,
        ..Field::of_header(code, title)
    }
}

fn plan(header: &[&str], fields: &[Field]) -> Plan {
    Plan::of(&titles(header), fields).unwrap()
}

#[test]
fn a_good_row_becomes_a_lead() {
    let fields = [Field::of_header("f1", "姓名"), phone("f2", "号码")];
    let plan = plan(&[" 号码 ", "其他", "姓名"], &fields);
    assert_eq!(plan.warnings, ["column \"其他\" is unknown, ignored"]);
    let lead = plan
        .read(&[Cell::Number(18_618_616_001.0), text("x"), Cell::Number(1.0)])
        .unwrap();
    assert_eq!(lead.phone, "18618616001");
    assert_eq!(lead.key_value, "18618616001");
    assert_eq!(lead.data.to_map()["f1"], "1");
    assert_eq!(lead.data.to_map()["f2"], "18618616001");
}

#[test]
fn a_bad_row_names_its_column_and_reason() {
    let number = Field {
        checks: vec![Check::NotEmpty, Check::Number],
        max_len: 5,
        ..Field::of_header("f2", "数量")
    };
    let plan = plan(&["号码", "数量"], &[phone("f1", "号码"), number]);
    let good = text("13800138000");
    let cases = [
        (vec![Cell::Empty, text("1")], "号码", "PHONE_EMPTY"),
        (
            vec![text("1.38E+10"), text("1")],
            "号码",
            "PHONE_SCIENTIFIC",
        ),
        (vec![good.clone(), Cell::Empty], "数量", "EMPTY"),
        (vec![good.clone()], "数量", "EMPTY"),
        (vec![good.clone(), text("many")], "数量", "NOT_NUMBER"),
        (vec![good.clone(), text("123456")], "数量", "TOO_LONG"),
    ];
    for (cells, column, code) in cases {
        let reject = plan.read(&cells).unwrap_err();
        assert_eq!(
            (reject.column.as_str(), reject.code),
            (column, code),
            "{cells:?}"
        );
    }
    assert!(plan.is_blank(&[Cell::Empty, text("  ")]));
}

#[test]
fn the_first_number_in_dialling_order_is_the_phone() {
    let typed = |code, title, phone_type| Field {
        phone_type: Some(phone_type),
        ..phone(code, title)
    };
    let fields = [
        typed("f1", "固话", PhoneType::Landline),
        typed("f2", "手机", PhoneType::Mobile),
    ];
    let plan = plan(&["固话", "手机"], &fields);
    let both = plan
        .read(&[text("010-12345678"), text("13800138000")])
        .unwrap();
    assert_eq!(both.phone, "13800138000");
    let one = plan.read(&[text("010-12345678"), Cell::Empty]).unwrap();
    assert_eq!(
        (one.phone.as_str(), one.phone_raw.as_str()),
        ("01012345678", "010-12345678")
    );
}

#[test]
fn a_key_field_decides_what_is_the_same_row() {
    let key = Field {
        is_key: true,
        ..Field::of_header("f2", "编号")
    };
    let fields = [phone("f1", "号码"), key];
    let plan = plan(&["号码", "编号"], &fields);
    assert_eq!(
        plan.read(&[text("13800138000"), text("K7")])
            .unwrap()
            .key_value,
        "K7"
    );
    assert_eq!(
        plan.read(&[text("13800138000"), Cell::Empty])
            .unwrap_err()
            .code,
        "EMPTY"
    );
    let missing = Plan::of(&titles(&["号码"]), &fields).unwrap_err();
    assert_eq!(missing.code, "KEY_COLUMN_MISSING");
}

#[test]
fn a_column_that_must_be_filled_may_be_missing_in_an_update_alone() {
    let must = Field {
        checks: vec![Check::NotEmpty],
        ..Field::of_header("f2", "姓名")
    };
    let local = Field {
        local_only: true,
        checks: vec![Check::NotEmpty],
        ..Field::of_header("f3", "备注")
    };
    let fields = [phone("f1", "号码"), must, local];
    let over = |header: &[&str], adds_leads| {
        let known = mapping::Known::default();
        let columns = mapping::suggest(&titles(header), &[], &fields, &known);
        let ask = Ask {
            fields: &fields,
            dictionaries: &[],
            choices: &Choices::new(),
            is_1904: false,
            adds_leads,
        };
        Plan::over(&columns, &ask)
            .map(|_| ())
            .map_err(|bad| bad.code)
    };
    assert_eq!(over(&["号码"], true), Err("REQUIRED_COLUMN_MISSING"));
    assert_eq!(over(&["号码"], false), Ok(()));
    assert_eq!(over(&["号码", "姓名"], true), Ok(()));
}

#[test]
fn a_file_without_phone_column_or_with_too_many_columns_is_refused() {
    let fields = [phone("f1", "号码")];
    let missing = Plan::of(&titles(&["姓名"]), &fields).unwrap_err();
    assert_eq!(missing.code, "PHONE_COLUMN_MISSING");
    let wide: Vec<String> = (0..201).map(|at| format!("c{at}")).collect();
    assert_eq!(
        Plan::of(&wide, &fields).unwrap_err().code,
        "TOO_MANY_COLUMNS"
    );
    assert_eq!(
        check_template(&wide, 1).unwrap_err().code,
        "TOO_MANY_COLUMNS"
    );
    assert_eq!(check_template(&wide[..200], 1), Ok(()));
}

#[test]
fn a_template_header_names_the_cell_at_fault() {
    let empty = check_template(&titles(&["a", " "]), 1).unwrap_err();
    assert_eq!(empty.message, "the header cell B1 is empty");
    let twice = check_template(&titles(&["a", "b", " A"]), 3).unwrap_err();
    assert_eq!(twice.message, "the header cell C3 repeats A3");
    assert_eq!(cell_name(26, 1), "AA1");
}

#[test]
fn fields_that_no_file_fills_are_left_alone() {
    let wish = Field {
        local_only: true,
        ..Field::of_header("f2", "客户意向")
    };
    let plan = plan(&["号码", "客户意向"], &[phone("f1", "号码"), wish]);
    let lead = plan.read(&[text("13800138000"), text("有意向")]).unwrap();
    assert!(!lead.data.to_map().contains_key("f2"));
}

#[test]
fn values_are_kept_in_one_form() {
    let of = |data_type| Field {
        data_type,
        ..Field::of_header("f", "t")
    };
    let dated = Field {
        to_date: true,
        ..Field::of_header("f", "t")
    };
    let several = Field {
        multi: true,
        ..Field::of_header("f", "t")
    };
    let noon = NaiveDate::from_ymd_opt(2026, 11, 20)
        .unwrap()
        .and_hms_opt(12, 0, 0)
        .unwrap();
    let cases = [
        (of(DataType::Int), Cell::Number(7.0), "7"),
        (of(DataType::Int), text("7.0"), "7"),
        (of(DataType::Decimal), Cell::Number(1.5), "1.5"),
        (of(DataType::Date), text("2026/1/2"), "2026-01-02"),
        (of(DataType::Date), Cell::Number(46_000.0), "2025-12-09"),
        (
            of(DataType::Datetime),
            text("2026-11-20 09:30"),
            "2026-11-20 09:30:00",
        ),
        (
            of(DataType::Datetime),
            Cell::Moment(noon),
            "2026-11-20 12:00:00",
        ),
        (of(DataType::Bool), text("是"), "true"),
        (
            of(DataType::String),
            Cell::Number(12_345_678_901.0),
            "12345678901",
        ),
        (dated.clone(), text("2026/11/20 00:00"), "2026-11-20"),
        (dated, text("2026/11/20 08:00"), "2026-11-20 08:00:00"),
        (several, text("a; b、c,"), "a,b,c"),
    ];
    for (field, cell, kept) in cases {
        assert_eq!(value(&field, &cell), Ok(Some(kept.into())), "{cell:?}");
    }
    for data_type in [
        DataType::Int,
        DataType::Decimal,
        DataType::Date,
        DataType::Bool,
    ] {
        assert!(value(&of(data_type), &text("x7")).is_err(), "{data_type:?}");
    }
}
