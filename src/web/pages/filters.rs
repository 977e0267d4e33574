//! Filter forms.

use std::collections::HashMap;

use axum::{
    Router,
    extract::{Path, State},
    http::HeaderMap,
    routing::get,
};
use engine::{
    field::Position,
    filter::{Condition, Connector, Form, Op, Value},
};
use render::pages::{Choice, ConditionRow, Filter, FilterRow, Filters};
use serde::Deserialize;
use store::{batches, fields, filters};

use super::{ROWS, Shown, cut, page};
use crate::{api::find, caller::Caller, house::House, input::Params, paging, problem::Problem};

pub fn routes() -> Router<House> {
    Router::new()
        .route("/filters", get(list))
        .route("/filters/{id}", get(one))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// The batch to choose at first.
    batch: Option<String>,
    cursor: Option<String>,
}

async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(query): Params<Asked>,
    asked: HeaderMap,
) -> Shown {
    let (db, orgi) = (&house.db, caller.orgi());
    let before = query.cursor.as_deref().map(paging::open).transpose()?;
    let rows = filters::list(db, orgi, before.as_deref(), ROWS as i64 + 1).await?;
    let (rows, next) = cut(rows, |row| row.id.clone());
    let batches = batches::list(db, orgi, None, 200).await?;
    let names: HashMap<&str, &str> = batches
        .iter()
        .map(|batch| (batch.id.as_str(), batch.name.as_str()))
        .collect();
    let filters = rows
        .into_iter()
        .map(|row| FilterRow {
            batch_name: names
                .get(row.batch_id.as_deref().unwrap_or_default())
                .copied()
                .unwrap_or("…")
                .into(),
            conditions: {
                let conditions = row.conditions.conditions();
                conditions.iter().filter(|one| one.said().is_some()).count() as i64
            },
            id: row.id,
            name: row.name,
            batch_id: row.batch_id.unwrap_or_default(),
            created_at: row.created_at,
        })
        .collect();
    let usable = batches.iter().filter(|batch| batch.state == "ready");
    let shown = Filters {
        filters,
        batches: usable
            .map(|batch| Choice::new(&*batch.id, &*batch.name))
            .collect(),
        batch: query.batch,
        next,
    };
    page(&caller, &asked, "/filters", &shown)
}

async fn one(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    asked: HeaderMap,
) -> Shown {
    let filter = find::filter(&house, &caller, &id).await?;
    // A business filter has no page of its own yet: the list shows it.
    let batch = find::there(filter.batch_id.as_deref().map(str::to_owned))?;
    let batch = find::batch(&house, &caller, &batch).await?;
    let fields = fields::list(&house.db, &batch.id).await?;
    // The page edits rows and would lose groups: those are edited over REST.
    let rows = match filter.conditions.0 {
        Form::Rows(rows) => rows,
        Form::Group(_) => return Err(Problem::of("FILTER_NOT_IN_ROWS")),
    };
    let shown = Filter {
        id: filter.id,
        name: filter.name,
        batch: Choice::new(batch.id, batch.name),
        listed: fields
            .iter()
            .filter(|field| !field.is_phone && field.positions.contains(&Position::List))
            .map(|field| Choice::new(&*field.code, &*field.title))
            .collect(),
        columns: fields
            .into_iter()
            .map(|field| Choice::new(field.code, field.title))
            .collect(),
        ops: Op::ALL.map(Op::as_str).to_vec(),
        conditions: rows.into_iter().map(row).collect(),
    };
    page(&caller, &asked, "/filters", &shown)
}

fn row(condition: Condition) -> ConditionRow {
    ConditionRow {
        field: condition.field.unwrap_or_default(),
        op: condition.op.unwrap_or_default(),
        value: match condition.value {
            Value::None => String::new(),
            Value::One(text) => text,
            Value::Many(texts) => texts.join(","),
        },
        connector: match condition.connector {
            Connector::And => "AND".into(),
            Connector::Or => "OR".into(),
        },
    }
}
