use super::*;
use crate::field::DataType;

fn ask(asked: &Asked) -> Result<Query, Vec<BadQuery>> {
    let fields = [
        Field {
            data_type: DataType::Int,
            ..Field::of_header("age", "年龄")
        },
        Field {
            multi: true,
            ..Field::of_header("tags", "标签")
        },
    ];
    let zone = Window::default();
    let clock = Clock {
        now: Millis(1_763_640_000_000), // 2025-11-20 20:00 in Shanghai
        zone: &zone,
    };
    read(
        asked,
        asked.batch.as_ref().map(|_| fields.as_slice()),
        clock,
    )
}

fn some(text: &str) -> Option<String> {
    Some(text.into())
}

#[test]
fn digits_are_a_number_and_words_are_text() {
    let keyword = |text: &str| {
        let asked = Asked {
            keyword: some(text),
            ..Asked::default()
        };
        ask(&asked).unwrap().keyword
    };
    assert_eq!(keyword("186 1861"), Some(Keyword::Phone("1861861".into())));
    assert_eq!(keyword("+86 13800"), Some(Keyword::Phone("13800".into())));
    assert_eq!(keyword("12"), Some(Keyword::Text("12".into())));
    assert_eq!(keyword("李国栋"), Some(Keyword::Text("李国栋".into())));
    assert_eq!(keyword(" "), None);
}

#[test]
fn a_day_is_a_day_of_the_wall_clock_and_its_end_is_included() {
    let asked = Asked {
        dialled_from: some("2025-11-20"),
        dialled_to: some("2025-11-20"),
        appointment: some("today"),
        ..Asked::default()
    };
    let query = ask(&asked).unwrap();
    let start = Millis(1_763_568_000_000);
    let day = Span {
        from: Some(start),
        to: Some(start.plus(86_400_000)),
    };
    assert_eq!(query.dialled, day);
    assert_eq!(query.appointment, Some(Appointment::Today(day)));
}

#[test]
fn everything_that_cannot_be_used_is_named() {
    let asked = Asked {
        keyword: Some("x".repeat(101)),
        call_status: some("success,sleeping"),
        alloc_status: some("lost"),
        appointment: some("maybe"),
        dialled_from: some("yesterday"),
        field: some("age"),
        sort: some("phone"),
        tab: some("lost"),
        alloc_type: some("ghost"),
        ..Asked::default()
    };
    let pointers: Vec<_> = ask(&asked)
        .unwrap_err()
        .iter()
        .map(|bad| bad.pointer)
        .collect();
    let expected = [
        "/keyword",
        "/alloc_type",
        "/call_status",
        "/alloc_status",
        "/dialled_from",
        "/appointment",
        "/field",
        "/sort",
        "/tab",
        "/tab",
    ];
    assert_eq!(pointers, expected);
}

#[test]
fn a_field_is_compared_as_its_type_wants() {
    let asked = |field: &str, op: &str, value: &str| Asked {
        batch: some("bat_1"),
        field: some(field),
        op: some(op),
        value: some(value),
        ..Asked::default()
    };
    assert!(ask(&asked("age", "gt", "18")).unwrap().field.is_some());
    for (field, op, value, pointer) in [
        ("age", "gt", "old", "/value"),
        ("age", "resembles", "1", "/op"),
        ("height", "eq", "1", "/field"),
        ("tags", "gt", "1", "/op"),
        ("phone", "eq", "1", "/field"),
    ] {
        let bad = ask(&asked(field, op, value)).unwrap_err();
        assert_eq!(bad[0].pointer, pointer, "{field} {op} {value}");
    }
}
