use std::collections::BTreeMap;

use engine::{
    field::{DataType, Field},
    filter::{Column as Asked, Condition, Connector, Op, Tree, Value, columns, compile},
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use super::*;

type Row = BTreeMap<String, String>;

fn snapshot(rows: &[Row], codes: &[Asked]) -> Snapshot {
    let mut builder = Builder::new(codes.iter().map(|column| column.code.clone()).collect());
    for (at, row) in rows.iter().enumerate() {
        builder.push(at as i64, |code| row.get(code).map(String::as_str));
    }
    builder.build()
}

fn expected(rows: &[Row], tree: &Tree) -> Vec<i64> {
    let holds = |row: &Row| tree.holds(&|code: &str| row.get(code).map(String::as_str));
    let all = rows.iter().enumerate();
    all.filter(|(_, row)| holds(row))
        .map(|(at, _)| at as i64)
        .collect()
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

fn value(random: &mut StdRng, code: &str) -> String {
    let pick = |random: &mut StdRng, from: &[&str]| (*from.choose(random).unwrap()).to_owned();
    match code {
        "age" | "marks" => random.random_range(-3..12).to_string(),
        "worth" => pick(random, &["0", "1.5", "2.5", "10", "-1"]),
        "born" => pick(random, &DATES),
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
    let op = *Op::ALL.choose(random).unwrap();
    let one = |random: &mut StdRng| value(random, &column.code);
    let value = match op {
        Op::IsNull | Op::NotNull => Value::None,
        Op::Between => Value::Many(vec![one(random), one(random)]),
        Op::In => Value::Many(
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

/// Trees deeper than a form can say, for the day it can.
fn nested(random: &mut StdRng, columns: &[Asked], depth: u32) -> Tree {
    if depth == 0 {
        let form = [condition(random, columns)];
        return compile(&form, columns).unwrap();
    }
    let parts = (0..random.random_range(0..4)).map(|_| nested(random, columns, depth - 1));
    let parts: Vec<Tree> = parts.collect();
    match random.random_range(0..5) {
        0 => Tree::All,
        1 | 2 => Tree::And(parts),
        _ => Tree::Or(parts),
    }
}

#[test]
fn polars_and_the_engine_select_the_same_leads() {
    let columns = batch();
    for seed in 0..150 {
        let random = &mut StdRng::seed_from_u64(seed);
        let rows: Vec<Row> = (0..80).map(|_| row(random, &columns)).collect();
        let snapshot = snapshot(&rows, &columns);
        let form: Vec<Condition> = (0..random.random_range(0..6))
            .map(|_| condition(random, &columns))
            .collect();
        let tree = compile(&form, &columns).unwrap();
        assert_eq!(
            snapshot.select(&tree).unwrap(),
            expected(&rows, &tree),
            "seed {seed}: {form:?}"
        );
        let tree = nested(random, &columns, 3);
        assert_eq!(
            snapshot.select(&tree).unwrap(),
            expected(&rows, &tree),
            "seed {seed}: {tree:?}"
        );
    }
}

#[test]
fn every_operator_selects_something_and_not_everything() {
    let columns = batch();
    let random = &mut StdRng::seed_from_u64(7);
    let rows: Vec<Row> = (0..300).map(|_| row(random, &columns)).collect();
    let snapshot = snapshot(&rows, &columns);
    for op in Op::ALL {
        let value = match op {
            Op::Between | Op::In => Value::Many(vec!["1".into(), "a".into()]),
            _ => Value::One("1".into()),
        };
        let form = [Condition {
            field: Some("wish".into()),
            op: Some(op.as_str().into()),
            value,
            ..Condition::default()
        }];
        let selected = snapshot.select(&compile(&form, &columns).unwrap()).unwrap();
        assert!(
            (1..300).contains(&selected.len()),
            "{op:?}: {}",
            selected.len()
        );
    }
}

#[test]
fn only_the_last_snapshot_is_kept() {
    let kept = Snapshots::default();
    let one = Arc::new(snapshot(&[], &batch()));
    kept.put("bat_1", 3, &one);
    assert!(kept.get("bat_1", 3).is_some());
    assert!(kept.get("bat_1", 4).is_none());
    kept.put("bat_2", 1, &one);
    assert!(kept.get("bat_1", 3).is_none());
}
