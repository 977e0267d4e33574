//! Searches for leads (OUT-188): any conditions, a page at a time.
//!
//! A page goes on after the last row's place in the order of the answer, so leads that come or go
//! meanwhile neither repeat nor hide others.

use std::collections::{BTreeMap, BTreeSet};

use engine::lead_query::{Place, Query, Sort};
use sqlx::{Encode, Type};

use crate::{Db, Result, doc, leads::Lead, on};

mod far;
mod field;
mod of_run;
mod road;
mod statement;
mod trace;

use road::Road;
use statement::{Bound, Statement, Stretch};

/// A lead of the answer.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Found {
    #[sqlx(flatten)]
    pub lead: Lead,
}

impl Found {
    /// Where the page after this lead begins.
    #[must_use]
    pub fn place(&self, sort: Sort) -> Place {
        let at = match sort {
            Sort::Created | Sort::CreatedDown => None,
            Sort::LastDial => self.lead.last_dial_at,
            Sort::NextDial => self.lead.next_dial_at,
            Sort::Appointment => self.lead.appoint_at,
        };
        Place {
            at,
            position: self.lead.position,
            id: self.lead.id.clone(),
        }
    }
}

/// The tenant's leads that fit, those after the place `after`, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn page(
    db: &Db,
    orgi: &str,
    query: &Query,
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<Found>> {
    match &query.run {
        Some(run) => of_run::page(db, orgi, query, run, after, limit).await,
        None => stretch(db, orgi, query, None, after, limit).await,
    }
}

/// A page, of these positions alone when there are some.
async fn stretch(
    db: &Db,
    orgi: &str,
    query: &Query,
    among: Option<Stretch<'_>>,
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<Found>> {
    let pick = async |timed: bool| match among {
        Some(_) => Ok(Road::Batch),
        None => Road::pick(db, orgi, query, timed).await,
    };
    let begin = |road: Road| {
        let mut statement = Statement::select(is_lite(db), road, orgi, query);
        if let Some(stretch) = &among {
            statement.among(stretch);
        }
        statement
    };
    let Some(time) = time_of(query.sort) else {
        let road = pick(false).await?;
        if among.is_none()
            && let Some(found) = far::page(db, (orgi, query), road, after, limit).await?
        {
            return Ok(found);
        }
        let mut statement = begin(road);
        statement.in_order(query.sort == Sort::CreatedDown, after);
        return fetch(db, statement, limit).await;
    };
    let mut found = Vec::new();
    if after.is_none_or(|after| after.at.is_some()) {
        let mut statement = begin(pick(true).await?);
        statement.by_time(time, query.sort == Sort::LastDial, after);
        found = fetch(db, statement, limit).await?;
    }
    let left = limit - i64::try_from(found.len()).unwrap_or(limit);
    if left > 0 {
        let mut statement = begin(pick(false).await?);
        statement.without_time(time, after.filter(|after| after.at.is_none()));
        found.extend(fetch(db, statement, left).await?);
    }
    Ok(found)
}

/// How many leads fit; not more than `most` are counted.
///
/// # Errors
/// When the database fails.
pub async fn count(db: &Db, orgi: &str, query: &Query, most: i64) -> Result<i64> {
    match &query.run {
        Some(run) => of_run::count(db, orgi, query, run, most).await,
        None => count_in(db, orgi, query, None, most).await,
    }
}

async fn count_in(
    db: &Db,
    orgi: &str,
    query: &Query,
    among: Option<&Stretch<'_>>,
    most: i64,
) -> Result<i64> {
    let road = match among {
        Some(_) => Road::Batch,
        None => Road::pick(db, orgi, query, false).await?,
    };
    let lite = is_lite(db);
    read_count(db, Statement::count(lite, road, orgi, query, among, most)).await
}

fn is_lite(db: &Db) -> bool {
    matches!(db, Db::Lite { .. })
}

async fn read_count(db: &Db, statement: Statement) -> Result<i64> {
    let Statement { sql, bound, .. } = statement;
    Ok(on!(db.read(), c => {
        let mut asked = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).persistent(false);
        for value in bound {
            asked = asked.bind(value);
        }
        asked.fetch_one(c).await
    })?)
}

/// The filter's newest run whose leads are still known.
///
/// # Errors
/// When the database fails.
pub async fn newest_run(db: &Db, filter: &str) -> Result<Option<String>> {
    Ok(on!(db.read(), c => sqlx::query_scalar(
        "SELECT r.id FROM filter_runs r WHERE r.filter_id = $1 AND r.purpose = 'hits' AND r.state = 'succeeded'
             AND (r.matched = 0
                 OR EXISTS (SELECT 1 FROM filter_hits h WHERE h.run_id = r.id))
         ORDER BY r.id DESC LIMIT 1"
    ).bind(filter).fetch_optional(c).await)?)
}

/// What these tasks are called, and who started them.
///
/// # Errors
/// When the database fails.
pub async fn task_titles(
    db: &Db,
    ids: BTreeSet<String>,
) -> Result<BTreeMap<String, (String, Option<String>)>> {
    let ids = doc::text("tasks", &ids)?;
    let each = match db {
        Db::Lite { .. } => "SELECT value FROM json_each($1)",
        Db::Pg(_) => "SELECT value FROM json_array_elements_text($1::json)",
    };
    let sql = format!("SELECT id, title, created_by FROM tasks WHERE id IN ({each})");
    let rows: Vec<(String, String, Option<String>)> = on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(ids).fetch_all(c).await)?;
    let rows = rows.into_iter();
    Ok(rows.map(|(id, title, by)| (id, (title, by))).collect())
}

/// The plan is made for these values: for others it may be a bad one.
async fn fetch(db: &Db, mut statement: Statement, limit: i64) -> Result<Vec<Found>> {
    statement.limit(limit);
    let Statement { sql, bound, .. } = statement;
    Ok(on!(db.read(), c => {
        let mut asked = sqlx::query_as(sqlx::AssertSqlSafe(sql)).persistent(false);
        for value in bound {
            asked = asked.bind(value);
        }
        asked.fetch_all(c).await
    })?)
}

fn time_of(sort: Sort) -> Option<&'static str> {
    match sort {
        Sort::Created | Sort::CreatedDown => None,
        Sort::LastDial => Some("l.last_dial_at"),
        Sort::NextDial => Some("l.next_dial_at"),
        Sort::Appointment => Some("l.appoint_at"),
    }
}

/// Binds whatever it is on whichever database.
impl<D: sqlx::Database> Type<D> for Bound
where
    String: Type<D>,
{
    fn type_info() -> D::TypeInfo {
        <String as Type<D>>::type_info()
    }
}

impl<'q, D: sqlx::Database> Encode<'q, D> for Bound
where
    String: Encode<'q, D> + Type<D>,
    i64: Encode<'q, D> + Type<D>,
    f64: Encode<'q, D> + Type<D>,
{
    fn encode_by_ref(
        &self,
        buffer: &mut D::ArgumentBuffer,
    ) -> std::result::Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
        match self {
            Self::Text(text) => text.encode_by_ref(buffer),
            Self::Int(number) => number.encode_by_ref(buffer),
            Self::Real(number) => number.encode_by_ref(buffer),
        }
    }

    fn produces(&self) -> Option<D::TypeInfo> {
        Some(match self {
            Self::Text(_) => <String as Type<D>>::type_info(),
            Self::Int(_) => <i64 as Type<D>>::type_info(),
            Self::Real(_) => <f64 as Type<D>>::type_info(),
        })
    }
}

#[cfg(test)]
mod tests;
