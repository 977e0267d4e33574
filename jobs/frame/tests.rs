use std::collections::BTreeMap;

use chrono::NaiveDate;
use engine::{
    field::{DataType, Field},
    filter::{
        Column as Asked, Condition, Connector, Form, Node, Op, Tree, Value, columns, compile,
    },
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use super::*;

type Row = BTreeMap<String, String>;

/// The rows as segments of at most `size` rows, as they are kept.
pub fn pieces(rows: &[Row], codes: &[Asked], size: usize) -> Vec<Piece> {
    let piece = |(at, rows): (usize, &[Row])| {
        let first = (at * size) as i64;
        let parts = codes.iter().map(|column| {
            let mut cells = Cells::default();
            for (row, cell) in rows.iter().enumerate() {
                if let Some(text) = cell.get(&column.code) {
                    cells.put(row, text);
                }
            }
            cells.fill(rows.len());
            let kept = Cells::read(&cells.write(), rows.len()).unwrap();
            assert_eq!(kept.rows(), cells.rows());
            (column.code.clone(), Arc::new(Part::of(&kept)))
        });
        Piece {
            positions: Arc::new((first..first + rows.len() as i64).collect()),
            parts: parts.collect(),
        }
    };
    rows.chunks(size).enumerate().map(piece).collect()
}

fn selected(pieces: &[Piece], tree: &Tree) -> Vec<i64> {
    let found = select(pieces, tree, false).unwrap();
    assert_eq!(found.count, found.positions.len());
    assert_eq!(select(pieces, tree, true).unwrap().count, found.count);
    found.positions
}

fn expected(rows: &[Row], tree: &Tree) -> Vec<i64> {
    let holds = |row: &Row| tree.holds(&|code: &str| row.get(code).map(String::as_str));
    let all = rows.iter().enumerate();
    all.filter(|(_, row)| holds(row))
        .map(|(at, _)| at as i64)
        .collect()
}

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 20).unwrap()
}

fn batch() -> Vec<Asked> {
    let typed = |code, data_type| Field {
        data_type,
        ..Field::of_header(code, code)
    };
    columns(&[
        Field::of_header("wish", "客户意向"),
        typed("age", DataType::Int),
        typed("worth", DataType::Decimal),
        typed("born", DataType::Date),
        typed("seen", DataType::Datetime),
        Field {
            to_date: true,
            ..Field::of_header("due", "到期")
        },
        typed("vip", DataType::Bool),
        Field {
            multi: true,
            ..Field::of_header("tags", "标签")
        },
        Field {
            multi: true,
            ..typed("marks", DataType::Int)
        },
    ])
}

const WORDS: [&str; 14] = [
    "1",
    "2",
    "10",
    "-3",
    "2.5",
    "007",
    "有意向",
    "意向",
    "a",
    "ab",
    "B",
    "1e5",
    "%_\\",
    ".*",
];
const DATES: [&str; 4] = ["1999-12-31", "2000-01-01", "2026-11-20", "2030-06-15"];

const MOMENTS: [&str; 4] = [
    "2026-11-19 23:59:59",
    "2026-11-20 00:00:00",
    "2026-11-20 09:30:00",
    "2026-12-01 10:00:00",
];

fn value(random: &mut StdRng, code: &str) -> String {
    let pick = |random: &mut StdRng, from: &[&str]| (*from.choose(random).unwrap()).to_owned();
    match code {
        "age" | "marks" => random.random_range(-3..12).to_string(),
        "worth" => pick(random, &["0", "1.5", "2.5", "10", "-1"]),
        "born" => pick(random, &DATES),
        "seen" | "created_at" | "last_dial_at" => pick(random, &MOMENTS),
        "due" => pick(random, &[DATES, MOMENTS].concat()),
        "dial_count" | "fail_count" | "days_since_contact" | "days_since_dial" => {
            random.random_range(0..9).to_string()
        }
        "dnc" | "voided" => pick(random, &["true", "false"]),
        "vip" => pick(random, &["true", "false"]),
        "phone" => format!("1380013{:04}", random.random_range(0..12)),
        _ => pick(random, &WORDS),
    }
}

fn row(random: &mut StdRng, columns: &[Asked]) -> Row {
    let mut row = Row::new();
    for column in columns {
        if random.random_bool(0.2) {
            continue;
        }
        let count = if column.multi {
            random.random_range(1..4)
        } else {
            1
        };
        let values: Vec<String> = (0..count).map(|_| value(random, &column.code)).collect();
        row.insert(column.code.clone(), values.join(","));
    }
    row
}

fn condition(random: &mut StdRng, columns: &[Asked]) -> Condition {
    let column = columns.choose(random).unwrap();
    let fits = |op: &&Op| column.kind.is_day() || !DAYS.contains(op);
    let ops: Vec<&Op> = Op::ALL.iter().filter(fits).collect();
    let op = **ops.choose(random).unwrap();
    let one = |random: &mut StdRng| match random.random_range(0..6) {
        0 if column.kind.is_day() => format!("today{:+}", random.random_range(-3..15)),
        _ => value(random, &column.code),
    };
    let value = match op {
        Op::IsNull | Op::NotNull | Op::Today | Op::Yesterday | Op::ThisWeek | Op::ThisMonth => {
            Value::None
        }
        Op::LastDays | Op::NextDays => Value::One(random.random_range(1..40).to_string()),
        Op::Between => Value::Many(vec![one(random), one(random)]),
        Op::In | Op::NotIn => Value::Many(
            (0..random.random_range(1..4))
                .map(|_| one(random))
                .collect(),
        ),
        _ => Value::One(one(random)),
    };
    Condition {
        field: Some(column.code.clone()),
        op: Some(op.as_str().into()),
        value,
        connector: if random.random_bool(0.5) {
            Connector::And
        } else {
            Connector::Or
        },
    }
}

const DAYS: [Op; 6] = [
    Op::Today,
    Op::Yesterday,
    Op::LastDays,
    Op::NextDays,
    Op::ThisWeek,
    Op::ThisMonth,
];

/// Groups in groups, some of them empty.
fn nested(random: &mut StdRng, columns: &[Asked], depth: u32) -> Node {
    if depth == 0 || random.random_bool(0.2) {
        return Node::One(condition(random, columns));
    }
    let parts = (0..random.random_range(0..4)).map(|_| nested(random, columns, depth - 1));
    let parts: Vec<Node> = parts.collect();
    if random.random_bool(0.5) {
        Node::All { all: parts }
    } else {
        Node::Any { any: parts }
    }
}

#[test]
fn polars_and_the_engine_select_the_same_leads() {
    let columns = batch();
    for seed in 0..200 {
        let random = &mut StdRng::seed_from_u64(seed);
        let rows: Vec<Row> = (0..80).map(|_| row(random, &columns)).collect();
        let pieces = pieces(&rows, &columns, random.random_range(1..100));
        let count = random.random_range(0..6);
        let form = (0..count).map(|_| condition(random, &columns));
        let form = Form::Rows(form.collect());
        let group = Form::Group(nested(random, &columns, 4));
        for form in [form, group] {
            let tree = compile(&form, &columns, today()).unwrap();
            assert_eq!(
                selected(&pieces, &tree),
                expected(&rows, &tree),
                "seed {seed}: {form:?}"
            );
        }
    }
}

#[test]
fn every_operator_selects_something_and_not_everything() {
    let columns = batch();
    let random = &mut StdRng::seed_from_u64(7);
    let rows: Vec<Row> = (0..300).map(|_| row(random, &columns)).collect();
    let pieces = pieces(&rows, &columns, 64);
    for op in Op::ALL {
        if DAYS.contains(&op) {
            continue;
        }
        let value = match op {
            Op::Between | Op::In | Op::NotIn => Value::Many(vec!["1".into(), "a".into()]),
            _ => Value::One("1".into()),
        };
        let form = Form::Rows(vec![Condition {
            field: Some("wish".into()),
            op: Some(op.as_str().into()),
            value,
            ..Condition::default()
        }]);
        let selected = selected(&pieces, &compile(&form, &columns, today()).unwrap());
        assert!(
            (1..300).contains(&selected.len()),
            "{op:?}: {}",
            selected.len()
        );
    }
}

#[test]
fn no_text_is_run_as_anything() {
    let strange = [
        "'; DROP TABLE leads; --",
        "\" OR \"1\"=\"1",
        "col(\"phone\")",
        "pl.col('a')",
        ".*",
        "^(a+)+$",
        "(?i)x",
        "%_\\",
        "\u{0}",
        "\u{202e}\u{05e9}\u{05dc}\u{05d5}\u{05dd}",
        "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
        &"x".repeat(2_000),
    ];
    let columns = batch();
    let row = |text: &&str| Row::from([("wish".to_owned(), (*text).to_owned())]);
    let rows: Vec<Row> = strange.iter().map(row).collect();
    let pieces = pieces(&rows, &columns, 5);
    for (at, text) in strange.iter().enumerate() {
        for op in ["eq", "like", "prefix", "between", "in"] {
            let value = match op {
                "between" | "in" => Value::Many(vec![(*text).to_owned(); 2]),
                _ => Value::One((*text).to_owned()),
            };
            let form = Form::Rows(vec![Condition {
                field: Some("wish".into()),
                op: Some(op.into()),
                value,
                ..Condition::default()
            }]);
            let tree = compile(&form, &columns, today()).unwrap();
            assert_eq!(selected(&pieces, &tree), [at as i64], "{op} {text:.20?}");
        }
    }
}
