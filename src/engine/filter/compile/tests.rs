use super::*;
use crate::{
    field::{Element, Field},
    filter::{Connector, Node, Value, columns, number},
};

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 20).unwrap()
}

fn row(field: &str, op: &str, value: &str, connector: Connector) -> Condition {
    Condition {
        field: Some(field.into()),
        op: Some(op.into()),
        value: Value::One(value.into()),
        connector,
    }
}

fn batch() -> Vec<Column> {
    let age = Field {
        data_type: DataType::Int,
        ..Field::of_header("age", "年龄")
    };
    let tags = Field {
        multi: true,
        ..Field::of_header("tags", "标签")
    };
    let born = Field {
        data_type: DataType::Date,
        ..Field::of_header("born", "生日")
    };
    let seen = Field {
        data_type: DataType::Datetime,
        ..Field::of_header("seen", "最近到店")
    };
    let due = Field {
        to_date: true,
        ..Field::of_header("due", "到期")
    };
    let shown = |code: &str, element| Field {
        element,
        ..Field::of_header(code, code)
    };
    columns(&[
        Field::of_header("wish", "客户意向"),
        age,
        tags,
        born,
        seen,
        due,
        shown("day", Element::Date),
        shown("time", Element::Datetime),
    ])
}

fn holds(conditions: &[Condition], cells: &[(&str, &str)]) -> bool {
    holds_form(&Form::Rows(conditions.to_vec()), cells)
}

fn holds_form(form: &Form, cells: &[(&str, &str)]) -> bool {
    let tree = compile(form, &batch(), today()).unwrap();
    tree.holds(&|code: &str| cells.iter().find(|cell| cell.0 == code).map(|cell| cell.1))
}

#[test]
fn an_empty_form_selects_everything() {
    assert_eq!(compile(&Form::default(), &batch(), today()), Ok(Tree::All));
    let blank = [
        Condition::default(),
        Condition {
            op: Some("eq".into()),
            ..Default::default()
        },
    ];
    assert_eq!(
        compile(&Form::Rows(blank.into()), &batch(), today()),
        Ok(Tree::All)
    );
}

#[test]
fn and_binds_tighter_than_or() {
    let form = [
        row("wish", "eq", "a", Connector::Or),
        row("wish", "eq", "b", Connector::And),
        row("age", "gt", "3", Connector::Or),
    ];
    assert!(holds(&form, &[("wish", "a")]));
    assert!(holds(&form, &[("wish", "b"), ("age", "4")]));
    assert!(!holds(&form, &[("wish", "b"), ("age", "3")]));
}

#[test]
fn text_that_is_a_number_is_compared_as_one() {
    let form = |value| [row("phone", "gt", value, Connector::And)];
    assert!(holds(&form("1"), &[("phone", "18618616001")]));
    assert!(holds(&form("9"), &[("phone", "10")]));
    assert!(!holds(&form("a9"), &[("phone", "10")]));
    assert!(
        holds(&form("1"), &[("phone", "unknown")]),
        "text beside a number stays text"
    );
    assert!(!holds(&form("1"), &[]));
}

#[test]
fn an_empty_cell_is_unequal_and_lacks_everything() {
    for (op, expected) in [
        ("ne", true),
        ("not_like", true),
        ("eq", false),
        ("like", false),
        ("is_null", true),
    ] {
        let form = [row("wish", op, "x", Connector::And)];
        assert_eq!(holds(&form, &[("wish", "")]), expected, "{op}");
    }
}

#[test]
fn lists_and_ranges_take_text_with_separators() {
    let listed = [row("wish", "in", "a、b, c", Connector::And)];
    assert!(holds(&listed, &[("wish", "c")]));
    assert!(!holds(&listed, &[("wish", "d")]));
    let between = [row("age", "between", "18;30", Connector::And)];
    assert!(holds(&between, &[("age", "30")]));
    assert!(!holds(&between, &[("age", "31")]));
}

#[test]
fn one_of_several_values_is_enough() {
    let form = [row("tags", "eq", "vip", Connector::And)];
    assert!(holds(&form, &[("tags", "new,vip")]));
    let not = [row("tags", "ne", "vip", Connector::And)];
    assert!(!holds(&not, &[("tags", "new,vip")]));
}

#[test]
fn what_never_was_is_at_least_so_many_days_ago() {
    for code in ["days_since_contact", "days_since_dial"] {
        let of = |op: &str, value: &str| [row(code, op, value, Connector::And)];
        for (op, value, never) in [
            ("ge", "15", true),
            ("gt", "15", true),
            ("le", "15", false),
            ("lt", "15", false),
            ("eq", "15", false),
            ("between", "15,30", false),
            ("is_null", "", true),
            ("not_null", "", false),
        ] {
            assert_eq!(holds(&of(op, value), &[]), never, "{code} {op}");
        }
        assert!(holds(&of("ge", "15"), &[(code, "15")]));
        assert!(!holds(&of("ge", "15"), &[(code, "14")]));
    }
    // A number of times is another matter.
    let dials = [row("dial_count", "ge", "1", Connector::And)];
    assert!(!holds(&dials, &[]));
}

/// What is kept as a date is compared as one, whichever property of the field made it so.
#[test]
fn a_text_behind_a_date_control_is_a_date() {
    for code in ["due", "day", "time"] {
        let on = [row(code, "eq", "2026/1/1", Connector::And)];
        assert!(holds(&on, &[(code, "2026-01-01")]), "{code}");
        let last = [row(code, "last_days", "7", Connector::And)];
        let day = today().to_string();
        assert!(holds(&last, &[(code, &day)]), "{code}");
        assert!(!holds(&last, &[(code, "1999-01-01")]), "{code}");
        let now = [row(code, "eq", "today", Connector::And)];
        assert!(holds(&now, &[(code, &day)]), "{code}");
    }
}

#[test]
fn dates_are_compared_in_any_spelling() {
    let form = [row("born", "lt", "2000/1/2", Connector::And)];
    assert!(holds(&form, &[("born", "2000-01-01")]));
    assert!(!holds(&form, &[("born", "2000-01-02")]));
}

#[test]
fn what_cannot_be_asked_is_an_error_that_names_its_row() {
    let cases = [
        (row("nobody", "eq", "1", Connector::And), "UNKNOWN_FIELD"),
        (
            row("wish", "resembles", "1", Connector::And),
            "UNKNOWN_OPERATOR",
        ),
        (
            row("age", "gt", "old", Connector::And),
            "FILTER_VALUE_INVALID",
        ),
        (
            row("age", "between", "1", Connector::And),
            "FILTER_VALUE_INVALID",
        ),
        (
            row("born", "eq", "soon", Connector::And),
            "FILTER_VALUE_INVALID",
        ),
        (
            row("wish", "like", " ", Connector::And),
            "FILTER_VALUE_INVALID",
        ),
    ];
    for (condition, code) in cases {
        let form = Form::Rows(vec![Condition::default(), condition]);
        let error = compile(&form, &batch(), today()).unwrap_err().remove(0);
        assert_eq!((error.pointer.as_str(), error.code), ("/1", code));
    }
}

#[test]
fn numbers_have_no_exponent() {
    assert_eq!(number("-1.50"), Some(-1.5));
    for text in ["", "1e5", "inf", "1.", ".5", "1,000", "0x1"] {
        assert_eq!(number(text), None, "{text}");
    }
}

#[test]
fn groups_nest() {
    let leaf = |value: &str| Node::One(row("wish", "eq", value, Connector::Or));
    let age = Node::One(row("age", "ge", "18", Connector::Or));
    let form = Form::Group(Node::All {
        all: vec![
            age,
            Node::Any {
                any: vec![leaf("a"), leaf("b")],
            },
        ],
    });
    assert!(holds_form(&form, &[("age", "18"), ("wish", "b")]));
    assert!(!holds_form(&form, &[("age", "18"), ("wish", "c")]));
    assert!(!holds_form(&form, &[("age", "17"), ("wish", "a")]));
}

#[test]
fn a_day_beside_values_with_a_time_is_the_whole_day() {
    let at = "2026-11-20 09:30:00";
    for (field, value) in [("seen", at), ("due", at), ("due", "2026-11-20")] {
        for (op, day, expected) in [
            ("eq", "2026-11-20", true),
            ("ne", "2026-11-20", false),
            ("gt", "2026-11-20", false),
            ("gt", "2026-11-19", true),
            ("ge", "2026-11-20", true),
            ("le", "2026-11-20", true),
            ("lt", "2026-11-20", false),
            ("in", "2026-11-19,2026-11-20", true),
            ("not_in", "2026-11-19,2026-11-20", false),
            ("between", "2026-11-19,2026-11-20", true),
            ("between", "2026-11-21,2026-11-22", false),
        ] {
            let form = [row(field, op, day, Connector::And)];
            assert_eq!(
                holds(&form, &[(field, value)]),
                expected,
                "{field} {op} {day}"
            );
        }
    }
    let exact = [row("seen", "gt", "2026-11-20 09:29", Connector::And)];
    assert!(holds(&exact, &[("seen", at)]));
}

#[test]
fn days_are_meant_from_today() {
    for (op, value, born, expected) in [
        ("today", "", "2026-11-20", true),
        ("yesterday", "", "2026-11-20", false),
        ("last_days", "7", "2026-11-14", true),
        ("last_days", "7", "2026-11-13", false),
        ("next_days", "2", "2026-11-21", true),
        ("next_days", "2", "2026-11-22", false),
        ("this_week", "", "2026-11-22", true),
        ("this_month", "", "2026-12-01", false),
        ("lt", "today-7", "2026-11-12", true),
        ("lt", "today-7", "2026-11-13", false),
        ("gt", "today+1", "2026-11-22", true),
    ] {
        let form = Form::Rows(vec![row("born", op, value, Connector::And)]);
        assert_eq!(
            holds_form(&form, &[("born", born)]),
            expected,
            "{op} {value} {born}"
        );
        let resolved = resolve(&form, &batch(), today());
        let other_day = NaiveDate::from_ymd_opt(1999, 1, 1).unwrap();
        assert_eq!(
            compile(&resolved, &batch(), other_day),
            compile(&form, &batch(), today()),
            "a resolved form means the same on any day"
        );
    }
    let text = [row("wish", "eq", "today", Connector::And)];
    assert!(holds(&text, &[("wish", "today")]), "text stays text");
}

#[test]
fn no_text_is_anything_but_text() {
    let strange = [
        "'; DROP TABLE leads; --",
        "\" OR \"1\"=\"1",
        "col(\"phone\")",
        ".*",
        "^(a+)+$",
        "%_\\",
        "\u{0}",
        "\u{202e}\u{05e9}\u{05dc}\u{05d5}\u{05dd}",
        "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
    ];
    let long = "x".repeat(2_000);
    for text in strange.into_iter().chain([long.as_str()]) {
        for op in ["eq", "like", "prefix", "ge", "le"] {
            let form = [row("wish", op, text, Connector::And)];
            assert!(holds(&form, &[("wish", text)]), "{op} {text:?}");
            assert!(!holds(&form, &[("wish", "")]), "{op} {text:?}");
        }
        let unknown = Form::Rows(vec![row(text, "eq", "1", Connector::And)]);
        assert!(compile(&unknown, &batch(), today()).is_err(), "{text:?}");
    }
    let longer = Form::Rows(vec![row(
        "wish",
        "like",
        &"x".repeat(2_001),
        Connector::And,
    )]);
    let error = compile(&longer, &batch(), today()).unwrap_err().remove(0);
    assert_eq!(error.code, "FILTER_VALUE_INVALID");
}
