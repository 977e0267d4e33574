use super::*;
use crate::field::PhoneType;

fn text(text: &str) -> Cell {
    Cell::Text(text.into())
}

fn titles(titles: &[&str]) -> Vec<String> {
    titles.iter().map(|title| (*title).to_owned()).collect()
}

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
            ..Field::of_header("f4", "到期")
        },
        Field {
            local_only: true,
            ..Field::of_header("f5", "客户意向")
        },
    ]
}

/// `letters field reason applies` of every column.
fn shown(columns: &[Column]) -> Vec<String> {
    let line = |column: &Column| {
        let field = column.field.as_deref().unwrap_or("-");
        let sign = if column.applies { "!" } else { "" };
        format!(
            "{} {field} {}{sign}",
            column.letters(),
            column.reason.name()
        )
    };
    columns.iter().map(line).collect()
}

fn suggested(header: &[&str], sample: &[Vec<Cell>], known: &Known<'_>) -> Vec<String> {
    shown(&suggest(&titles(header), sample, &fields(), known))
}

#[test]
fn titles_apply_and_everything_else_is_a_suggestion() {
    let header = [
        "客户姓名",
        " 号码 ",
        "固话*(选填)",
        "客户意向",
        "号码",
        "",
        "颜色",
    ];
    assert_eq!(
        suggested(&header, &[], &Known::default()),
        [
            "A f1 synonym",
            "B f2 title!",
            "C f3 almost_title",
            "D - not_imported",
            "E - repeats",
            "F - unnamed",
            "G - unknown",
        ]
    );
}

#[test]
fn words_for_a_phone_fill_the_phone_fields_in_dialling_order() {
    assert_eq!(
        suggested(&["Tel", "手机号码"], &[], &Known::default()),
        ["A f2 synonym", "B f3 synonym"]
    );
}

#[test]
fn cells_say_what_a_column_without_a_telling_title_holds() {
    let row = |at: u64| {
        vec![
            text("x"),
            text(&(13_800_138_000 + at).to_string()),
            text("2026/1/2"),
        ]
    };
    let mut sample: Vec<_> = (0..24).map(row).collect();
    sample.push(vec![text("x"), text("none"), text("soon")]);
    let columns = suggest(
        &titles(&["a", "b", "c"]),
        &sample,
        &fields(),
        &Known::default(),
    );
    assert_eq!(shown(&columns), ["A - unknown", "B f2 cells", "C f4 cells"]);
    assert_eq!(
        columns[1].reason.words(),
        "96 % of its cells are mobile numbers"
    );
    assert_eq!(columns[1].samples[..1], ["13800138000"]);
    assert!(columns[1].confidence < 60);
}

#[test]
fn what_was_confirmed_goes_before_titles() {
    let of = |pairs: &[(&str, &str)]| -> Mapping {
        let entry = |(at, code): &(&str, &str)| ((*at).to_owned(), (*code).to_owned());
        pairs.iter().map(entry).collect()
    };
    let given = of(&[("B", "f1"), ("姓名 ", "")]);
    let remembered = of(&[("C", "f2"), ("B", "f3")]);
    let known = Known {
        given: Some(&given),
        remembered: Some(&remembered),
    };
    assert_eq!(
        suggested(&["姓名", "号码", "电话"], &[], &known),
        ["A - ignored", "B f1 given!", "C f2 remembered!"]
    );
    // A field that is gone, and one that no file fills, are no mapping.
    let stale = of(&[("A", "f9"), ("B", "f5")]);
    let known = Known {
        given: Some(&stale),
        remembered: None,
    };
    assert_eq!(
        suggested(&["姓名", "号码"], &[], &known),
        ["A f1 title!", "B f2 title!"]
    );
}

#[test]
fn a_mapping_is_remembered_column_by_column() {
    let columns = suggest(&titles(&["姓名", "x"]), &[], &fields(), &Known::default());
    let kept: Vec<_> = confirmed(&columns).into_iter().collect();
    assert_eq!(
        kept,
        [
            ("A".to_owned(), "f1".to_owned()),
            ("B".into(), String::new())
        ]
    );
}

#[test]
fn a_header_is_known_again_by_its_titles_and_their_order() {
    let known = signature(&titles(&["姓名", " Phone"]));
    assert_eq!(known, signature(&titles(&["姓名", "phone "])));
    assert_ne!(known, signature(&titles(&["phone", "姓名"])));
    assert_ne!(known, signature(&titles(&["姓名phone"])));
}

#[test]
fn the_row_with_the_titles_is_found() {
    let of = |rows: &[Vec<Cell>], fields: &[Field]| {
        let rows: Vec<&[Cell]> = rows.iter().map(Vec::as_slice).collect();
        header_row(&rows, fields)
    };
    let list = [
        vec![text("2026年11月客户名单")],
        vec![text("制表"), text("王五")],
        vec![text("姓名"), text("手机")],
        vec![text("张三"), text("13800138000")],
    ];
    assert_eq!(of(&list, &fields()), Some(2));
    // Nothing is known of the fields yet: a row of one cell is no header of a wider list.
    assert_eq!(of(&list, &[]), Some(1));
    let plain = [
        vec![text("a"), Cell::Empty, text("c")],
        vec![text("张三"), Cell::Number(13_800_138_000.0)],
    ];
    assert_eq!(of(&plain, &[]), Some(0));
    let data = [vec![text("13800138000"), text("张三")]];
    assert_eq!(of(&data, &fields()), Some(0));
    assert_eq!(of(&[], &fields()), None);
}
