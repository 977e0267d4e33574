//! A search of a batch for what is in the leads' documents, by parts: those that come first, and where
//! they do not fill the page, few fit, and nearly every document has to be read.
//!
//! SQLite reads two parts at once. PostgreSQL is told how seldom the leads are: it reads the whole table
//! with several processes then, where to walk along the index would take longer.

use engine::lead_query::{Keyword, Place, Query, Sort};

use super::{Found, fetch, is_lite, road::Road, statement::Statement, trace};
use crate::{Db, Result, on};

/// Leads that come first.
const NEAR: i64 = if cfg!(test) { 7 } else { 20_000 };
/// Leads of each part after that.
const PART: i64 = if cfg!(test) { 5 } else { 200_000 };

/// A page of leads after a place; `None` where there are only near ones or the search is another.
pub async fn page(
    db: &Db,
    (orgi, query): (&str, &Query),
    road: Road,
    after: Option<&Place>,
    limit: i64,
) -> Result<Option<Vec<Found>>> {
    let Some(batch) = query.batch.as_deref() else {
        return Ok(None);
    };
    if road != Road::Batch || !reads_documents(db, query) {
        return Ok(None);
    }
    let walk = Walk {
        db,
        orgi,
        query,
        batch,
        down: query.sort == Sort::CreatedDown,
    };
    let start = after.map(|after| after.position);
    let Some(edge) = walk.on(start, NEAR).await? else {
        return Ok(None);
    };
    let mut found = walk.part(start, Some(edge), limit).await?;
    let left = limit - i64::try_from(found.len()).unwrap_or(limit);
    if left > 0 {
        found.extend(match db {
            Db::Lite { .. } => walk.two_at_once(edge, left).await?,
            Db::Pg(_) => walk.all(edge, left).await?,
        });
    }
    Ok(Some(found))
}

/// Whether the search looks into documents; on PostgreSQL whether it knows a text that is in few of them.
fn reads_documents(db: &Db, query: &Query) -> bool {
    match db {
        Db::Lite { .. } => query.field.is_some() || matches!(query.keyword, Some(Keyword::Text(_))),
        Db::Pg(_) => !trace::of(query).is_empty(),
    }
}

/// Along the positions of a batch.
struct Walk<'a> {
    db: &'a Db,
    orgi: &'a str,
    query: &'a Query,
    batch: &'a str,
    down: bool,
}

impl Walk<'_> {
    /// The position so many leads on; `None` behind the last.
    async fn on(&self, from: Option<i64>, leads: i64) -> Result<Option<i64>> {
        let (sign, order, start) = if self.down {
            ("<", "DESC", i64::MAX)
        } else {
            (">", "ASC", i64::MIN)
        };
        let sql = format!(
            "SELECT position FROM leads WHERE batch_id = $1 AND position {sign} $2
             ORDER BY position {order} LIMIT 1 OFFSET $3"
        );
        Ok(
            on!(self.db.read(), c => sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
                .bind(self.batch).bind(from.unwrap_or(start)).bind(leads)
                .fetch_optional(c).await)?,
        )
    }

    fn statement(&self) -> Statement {
        Statement::select(is_lite(self.db), Road::Batch, self.orgi, self.query)
    }

    /// The first that fit behind a position, up to another.
    async fn part(&self, from: Option<i64>, to: Option<i64>, limit: i64) -> Result<Vec<Found>> {
        let mut part = self.statement();
        if let Some(to) = to {
            part.up_to(to, self.down);
        }
        part.in_order(self.down, from.map(place).as_ref());
        fetch(self.db, part, limit).await
    }

    async fn two_at_once(&self, edge: i64, limit: i64) -> Result<Vec<Found>> {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        let mut from = Some(edge);
        while let Some(start) = from
            && found.len() < most
        {
            let middle = self.on(from, PART).await?;
            let second = async {
                let Some(start) = middle else {
                    return Ok((None, Vec::new()));
                };
                let end = self.on(middle, PART).await?;
                Ok((end, self.part(Some(start), end, limit).await?))
            };
            let first = self.part(Some(start), middle, limit);
            let (first, (end, second)) = tokio::try_join!(first, second)?;
            found.extend(first);
            found.extend(second);
            from = end;
        }
        found.truncate(most);
        Ok(found)
    }

    async fn all(&self, edge: i64, limit: i64) -> Result<Vec<Found>> {
        let mut far = Statement::seldom(self.orgi, self.query, &trace::of(self.query));
        far.in_order(self.down, Some(&place(edge)));
        fetch(self.db, far, limit).await
    }
}

fn place(position: i64) -> Place {
    Place {
        at: None,
        position,
        id: String::new(),
    }
}
