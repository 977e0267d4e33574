//! Whatever the texts are, a search says of a lead what `engine::filter` says of it.

use std::cell::Cell;

use engine::filter::{Ask, Kind, Literal, Test};
use proptest::{collection::vec, prelude::*, sample::select};

use super::*;
use crate::testing::each;

/// What JSON, patterns and lists write in another way than it is, or might be thought to.
const PIECES: [&str; 26] = [
    "a", "A", "é", "É", "客", "户", "👍", "\"", "\\", "/", "%", "_", "*", "[", "\\n", "\u{1}",
    "\u{8}", "<", ",", "0", "7", "?", "-", " ", "'", "\u{7f}",
];

fn text(most: usize) -> impl Strategy<Value = String> {
    vec(select(&PIECES[..]), 0..most).prop_map(|pieces| pieces.concat())
}

fn literal() -> impl Strategy<Value = Literal> {
    (text(5), prop::option::weighted(0.2, text(4))).prop_map(|(text, until)| Literal {
        until: until.filter(|until| *until > text),
        ..Literal::new(&text)
    })
}

fn ask() -> impl Strategy<Value = Ask> {
    prop_oneof![
        3 => vec(literal(), 1..7).prop_map(Ask::Any),
        1 => vec(literal(), 1..7).prop_map(Ask::None),
        2 => text(4).prop_map(Ask::Contains),
        1 => text(3).prop_map(Ask::Lacks),
        2 => text(4).prop_map(Ask::Prefix),
    ]
}

/// A test of a field that has several values compares whole texts alone.
fn test(code: &str, kind: Kind, multi: bool, mut ask: Ask) -> Test {
    if let (true, Ask::Any(literals) | Ask::None(literals)) = (multi, &mut ask) {
        literals.iter_mut().for_each(|literal| literal.until = None);
    }
    Test {
        code: code.into(),
        kind: if multi { Kind::Text } else { kind },
        multi,
        ask,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_says_what_a_filter_says_whatever_the_texts_are() {
    on_both(|home| async move {
        let db = &home.db;
        let (batch, fields) = leads(&home).await;
        let code = fields[0].code.as_str();
        let kinds = select(vec![
            Kind::Text,
            Kind::Number,
            Kind::Canonical(DataType::Datetime),
        ]);
        let asked = vec((kinds, any::<bool>(), ask(), any::<bool>()), 60);
        let found = Cell::new(0);
        each(4, (vec(text(6), 80), asked), async |(texts, asked)| {
            write(db, code, &texts).await;
            let all = everything(db).await;
            for (kind, multi, ask, any_field) in asked {
                let part = match &ask {
                    Ask::Contains(part) if any_field && !part.is_empty() => Some(part.clone()),
                    _ => None,
                };
                let test = test(code, kind, multi, ask);
                let query = Query {
                    batch: Some(batch.clone()),
                    sort: [Sort::Created, Sort::CreatedDown][usize::from(any_field)],
                    field: part.is_none().then_some(test),
                    keyword: part.map(Keyword::Text),
                    ..Query::default()
                };
                let wanted = expected(&query, &all);
                assert_eq!(all_pages(db, &query, 11).await, wanted, "{query:?}");
                found.set(found.get() + wanted.len());
            }
        })
        .await;
        assert!(found.get() > 1_000, "{} were found", found.get());
    })
    .await;
}

/// Gives the leads these texts, one after the other.
async fn write(db: &Db, code: &str, texts: &[String]) {
    for (lead, text) in everything(db).await.iter().zip(texts.iter().cycle()) {
        let data = engine::import_row::Values::from([(code.to_owned(), text.clone())]);
        on!(db.write(), c => sqlx::query("UPDATE leads SET data = $2 WHERE id = $1")
            .bind(&lead.id).bind(data.into_text()).execute(c).await.map(|_| ()))
        .unwrap();
    }
}
