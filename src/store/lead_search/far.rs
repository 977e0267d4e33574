//! A search of a batch on PostgreSQL for what is in a document: where the leads that come first do not
//! fill the page, few fit, and to walk along the index would take longer than to read the whole table.

use engine::lead_query::{Place, Query, Sort};

use super::{Found, fetch, road::Road, statement::Statement, trace};
use crate::{Db, Result};

/// Leads that come first.
const NEAR: i64 = if cfg!(test) { 7 } else { 20_000 };

/// The position of the last lead that is near; `None` where there are no more or the search is another.
pub async fn edge(db: &Db, query: &Query, after: Option<&Place>) -> Result<Option<i64>> {
    let (Db::Pg(pool), Some(batch)) = (db, &query.batch) else {
        return Ok(None);
    };
    if Road::in_order(query, false) != Road::Batch || trace::of(query).is_empty() {
        return Ok(None);
    }
    let (sign, order, start) = match query.sort {
        Sort::CreatedDown => ("<", "DESC", i64::MAX),
        _ => (">", "ASC", i64::MIN),
    };
    Ok(sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "SELECT position FROM leads WHERE batch_id = $1 AND position {sign} $2
         ORDER BY position {order} LIMIT 1 OFFSET $3"
    )))
    .bind(batch)
    .bind(after.map_or(start, |after| after.position))
    .bind(NEAR)
    .fetch_optional(pool)
    .await?)
}

/// A page of leads after a place: those up to the edge, and those beyond it where there is room.
pub async fn page(
    db: &Db,
    (orgi, query): (&str, &Query),
    edge: i64,
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<Found>> {
    let down = query.sort == Sort::CreatedDown;
    let mut near = Statement::select(false, Road::Batch, orgi, query);
    near.up_to(edge, down);
    near.in_order(down, after);
    let mut found = fetch(db, near, limit).await?;
    let left = limit - i64::try_from(found.len()).unwrap_or(limit);
    if left > 0 {
        let mut far = Statement::select(false, Road::Batch, orgi, query);
        far.seldom(&trace::of(query));
        let edge = Place {
            at: None,
            position: edge,
            id: String::new(),
        };
        far.in_order(down, Some(&edge));
        found.extend(fetch(db, far, left).await?);
    }
    Ok(found)
}
