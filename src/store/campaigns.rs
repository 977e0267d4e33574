//! Campaigns (活动).

mod named;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use engine::{
    campaign::{Mode, Order, Settings, State},
    draw::{ListOrder, Share},
    settings::Own,
    time::Millis,
};
pub use named::{with_caller, with_menu, with_queue, with_survey};
use serde::Serialize;
use sqlx::FromRow;

use crate::{Db, Doc, Error, Result, Tx, doc, new_id, on};

#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct Campaign {
    pub id: String,
    pub orgi: String,
    pub creater: String,
    pub name: String,
    /// `preview`, `predictive` or `robot`; see [`Campaign::mode`].
    pub campaign_type: String,
    pub filter_id: String,
    /// `followup` or `marketing`.
    pub business_type: String,
    pub business_status: String,
    /// Leads drawn at one start.
    pub extract_count: i64,
    /// Quantity of a target that names none.
    pub default_alloc: i64,
    /// `all`, `75`, `50` or `25`.
    pub alloc_mode: String,
    pub description: String,
    #[sqlx(try_from = "String")]
    pub settings: Doc<Settings>,
    /// What of them is the campaign's own word; the rest follows the wider levels.
    #[sqlx(try_from = "String")]
    pub own_settings: Doc<BTreeSet<Own>>,
    /// `draft`, `running`, `paused`, `finished` or `stopped`; see [`Campaign::state`].
    pub state: String,
    /// Rises with every change.
    pub revision: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

/// What a supervisor writes.
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    pub name: &'a str,
    pub campaign_type: Mode,
    pub filter_id: &'a str,
    pub business_type: &'a str,
    pub business_status: &'a str,
    pub extract_count: i64,
    pub default_alloc: i64,
    pub alloc_mode: Share,
    pub description: &'a str,
    pub settings: &'a Settings,
    pub own_settings: &'a BTreeSet<Own>,
}

impl Campaign {
    /// # Errors
    /// When the stored word is none of ours.
    pub fn mode(&self) -> Result<Mode> {
        word("campaign_type", &self.campaign_type)
    }

    /// # Errors
    /// When the stored word is none of ours.
    pub fn state(&self) -> Result<State> {
        word("state", &self.state)
    }

    /// The share of the drawn leads to allocate.
    #[must_use]
    pub fn share(&self) -> Share {
        Share::parse(&self.alloc_mode).unwrap_or_default()
    }
}

fn word<T: serde::de::DeserializeOwned>(what: &'static str, word: &str) -> Result<T> {
    serde_json::from_value(serde_json::Value::String(word.into()))
        .map_err(|source| Error::Document { what, source })
}

/// # Errors
/// `NAME_TAKEN`; `NO_SUCH_FILTER`.
pub async fn create(
    tx: &mut Tx,
    orgi: &str,
    creater: &str,
    draft: &Draft<'_>,
    now: Millis,
) -> Result<String> {
    let id = new_id("cmp");
    let settings = doc::text("settings", draft.settings)?;
    let own = doc::text("own_settings", draft.own_settings)?;
    let rows = on!(tx.conn(), c => sqlx::query(
        "INSERT INTO campaigns (id, orgi, creater, name, campaign_type, filter_id, business_type,
             business_status, extract_count, default_alloc, alloc_mode, description, settings, state,
             created_at, updated_at, own_settings)
         SELECT $1, $2, $3, $4, $5, f.id, $7, $8, $9, $10, $11, $12, $13, 'draft', $14, $14, $15
         FROM filters f WHERE f.id = $6 AND f.orgi = $2"
    ).bind(&id).bind(orgi).bind(creater).bind(draft.name).bind(draft.campaign_type.as_str())
        .bind(draft.filter_id).bind(draft.business_type).bind(draft.business_status)
        .bind(draft.extract_count).bind(draft.default_alloc).bind(draft.alloc_mode.as_str())
        .bind(draft.description).bind(settings).bind(now.0).bind(own).execute(c).await
        .map(|done| done.rows_affected()))
    .map_err(|error| Error::from(error).unique_as("NAME_TAKEN"))?;
    if rows == 1 {
        Ok(id)
    } else {
        Err(Error::conflict("NO_SUCH_FILTER"))
    }
}

/// # Errors
/// When the database fails or the stored settings cannot be read.
pub async fn get(db: &Db, orgi: &str, id: &str) -> Result<Option<Campaign>> {
    Ok(
        on!(db.read(), c => sqlx::query_as("SELECT * FROM campaigns WHERE orgi = $1 AND id = $2")
        .bind(orgi).bind(id).fetch_optional(c).await)?,
    )
}

/// The same without the tenant, for workers.
///
/// # Errors
/// As [`get`].
pub async fn find(db: &Db, id: &str) -> Result<Option<Campaign>> {
    Ok(
        on!(db.read(), c => sqlx::query_as("SELECT * FROM campaigns WHERE id = $1")
        .bind(id).fetch_optional(c).await)?,
    )
}

/// The tenant's campaigns, newest first, those before the id `before`.
///
/// # Errors
/// As [`get`].
pub async fn list(db: &Db, orgi: &str, before: Option<&str>, limit: i64) -> Result<Vec<Campaign>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT * FROM campaigns WHERE orgi = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3"
    ).bind(orgi).bind(before.unwrap_or_default()).bind(limit).fetch_all(c).await)?)
}

/// Every tenant's campaigns in these states.
///
/// # Errors
/// As [`get`].
pub async fn in_states(db: &Db, states: &[State]) -> Result<Vec<Campaign>> {
    let mut found = Vec::new();
    for state in states {
        let some: Vec<Campaign> = on!(db.read(), c => sqlx::query_as(
            "SELECT * FROM campaigns WHERE state = $1 ORDER BY id"
        ).bind(state.as_str()).fetch_all(c).await)?;
        found.extend(some);
    }
    Ok(found)
}

/// Ids and revisions of everything that was ever to be started: what the live process compares with what
/// it has seen.
///
/// # Errors
/// When the database fails.
pub async fn revisions(db: &Db) -> Result<Vec<(String, i64)>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT id, revision FROM campaigns c WHERE state <> 'draft'
             OR EXISTS (SELECT 1 FROM tasks t WHERE t.campaign_id = c.id) ORDER BY id"
    ).fetch_all(c).await)?)
}

/// In which order the campaign's leads are dialled; `None`: no such campaign.
///
/// # Errors
/// When the database fails or the settings cannot be read.
pub async fn list_order(tx: &mut Tx, id: &str) -> Result<Option<ListOrder>> {
    let settings: Option<String> = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT settings FROM campaigns WHERE id = $1"
    ).bind(id).fetch_optional(c).await)?;
    let Some(settings) = settings else {
        return Ok(None);
    };
    let settings: Settings = doc::parse("settings", &settings)?;
    Ok(Some(settings.list_order))
}

/// A tenant's campaigns, each with the department of whoever made it.
///
/// # Errors
/// When the database fails.
pub async fn homes(db: &Db, orgi: &str) -> Result<Vec<(String, Option<String>)>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT c.id, u.department_id FROM campaigns c LEFT JOIN users u ON u.id = c.creater
         WHERE c.orgi = $1 ORDER BY c.id"
    ).bind(orgi).fetch_all(c).await)?)
}

/// Saves what a supervisor changed, when nobody else has since `revision`.
///
/// # Errors
/// `REVISION_CONFLICT`; `NAME_TAKEN`; `NOT_DRAFT` when type or filter would change later than in
/// `draft` (OUT-123); `NO_SUCH_FILTER`.
pub async fn save(
    tx: &mut Tx,
    id: &str,
    revision: i64,
    draft: &Draft<'_>,
    now: Millis,
) -> Result<()> {
    let old: Option<Campaign> = on!(tx.conn(), c => sqlx::query_as(
        "SELECT * FROM campaigns WHERE id = $1"
    ).bind(id).fetch_optional(c).await)?;
    let old = old.filter(|old| old.revision == revision);
    let old = old.ok_or(Error::conflict("REVISION_CONFLICT"))?;
    let same =
        old.campaign_type == draft.campaign_type.as_str() && old.filter_id == draft.filter_id;
    if !same && old.state()? != State::Draft {
        return Err(Error::conflict("NOT_DRAFT"));
    }
    let settings = doc::text("settings", draft.settings)?;
    let own = doc::text("own_settings", draft.own_settings)?;
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE campaigns SET name = $3, campaign_type = $4, filter_id = $5, business_type = $6,
             business_status = $7, extract_count = $8, default_alloc = $9, alloc_mode = $10,
             description = $11, settings = $12, revision = revision + 1, updated_at = $13,
             own_settings = $14
         WHERE id = $1 AND revision = $2"
    ).bind(id).bind(revision).bind(draft.name).bind(draft.campaign_type.as_str())
        .bind(draft.filter_id).bind(draft.business_type).bind(draft.business_status)
        .bind(draft.extract_count).bind(draft.default_alloc).bind(draft.alloc_mode.as_str())
        .bind(draft.description).bind(settings).bind(now.0).bind(own).execute(c).await
        .map(|done| done.rows_affected()))
    .map_err(|error| {
        Error::from(error)
            .unique_as("NAME_TAKEN")
            .reference_as("NO_SUCH_FILTER")
    })?;
    if rows == 1 {
        Ok(())
    } else {
        Err(Error::conflict("REVISION_CONFLICT"))
    }
}

/// Carries out a supervisor's order. `None`: no such campaign. For [`Order::Start`], create the task
/// in the same write.
///
/// # Errors
/// The code of [`State::after`] when the order does not fit the state.
pub async fn order(tx: &mut Tx, id: &str, order: Order, now: Millis) -> Result<Option<State>> {
    let old: Option<Campaign> = on!(tx.conn(), c => sqlx::query_as(
        "SELECT * FROM campaigns WHERE id = $1"
    ).bind(id).fetch_optional(c).await)?;
    let Some(old) = old else { return Ok(None) };
    let from = old.state()?;
    let to = from.after(order).map_err(Error::conflict)?;
    if set_state(tx, id, from, to, now).await? {
        return Ok(Some(to));
    }
    Err(Error::conflict("REVISION_CONFLICT"))
}

/// Moves a campaign on, when it still is where the caller believes. The floor finishes campaigns
/// this way.
///
/// # Errors
/// When the database fails.
pub async fn set_state(tx: &mut Tx, id: &str, from: State, to: State, now: Millis) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE campaigns SET state = $3, revision = revision + 1, updated_at = $4
         WHERE id = $1 AND state = $2"
    ).bind(id).bind(from.as_str()).bind(to.as_str()).bind(now.0).execute(c).await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Whether the campaign takes more leads now; it does not finish before this write is over.
///
/// # Errors
/// When the database fails.
pub async fn takes_more(tx: &mut Tx, id: &str) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE campaigns SET revision = revision + 1
         WHERE id = $1 AND state IN ('running', 'paused')"
    ).bind(id).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Finishes a campaign that has run dry, unless leads are on their way to it. `false`: it goes on, or
/// somebody moved it on.
///
/// # Errors
/// When the database fails.
pub async fn finish(tx: &mut Tx, id: &str, now: Millis) -> Result<bool> {
    // PostgreSQL asks about the tasks as they were when the statement began: begin once nobody adds one.
    if let Tx::Pg(c) = tx {
        sqlx::query("SELECT 1 FROM campaigns WHERE id = $1 FOR UPDATE")
            .bind(id)
            .execute(&mut **c)
            .await?;
    }
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE campaigns SET state = 'finished', revision = revision + 1, updated_at = $2
         WHERE id = $1 AND state = 'running' AND NOT EXISTS (SELECT 1 FROM tasks
             WHERE campaign_id = $1 AND state IN ('queued', 'allocating'))"
    ).bind(id).bind(now.0).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// A campaign whose only starts have failed, the last of them this task, and gave nothing away was never
/// started: it is a draft again.
///
/// # Errors
/// When the database fails.
pub async fn take_start_back(tx: &mut Tx, task: &str, now: Millis) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "UPDATE campaigns SET state = 'draft', revision = revision + 1, updated_at = $2
         WHERE id = (SELECT campaign_id FROM tasks WHERE id = $1 AND kind = 'start')
             AND state IN ('running', 'paused') AND NOT EXISTS (SELECT 1 FROM tasks t
                 WHERE t.campaign_id = campaigns.id AND (t.state <> 'failed' OR
                     to_agent + to_dept + to_ai + to_queue + recycled + recycled_dept > 0))"
    ).bind(task).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Tells the live process that something of the campaign changed.
///
/// # Errors
/// When the database fails.
pub async fn touch(tx: &mut Tx, id: &str, now: Millis) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "UPDATE campaigns SET revision = revision + 1, updated_at = $2 WHERE id = $1"
    ).bind(id).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Deletes a draft with its targets, and with starts that came to nothing.
///
/// # Errors
/// `NOT_DRAFT` when it was ever started.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<bool> {
    on!(tx.conn(), c => sqlx::query(
        "DELETE FROM tasks WHERE campaign_id = $1 AND state = 'failed'
             AND EXISTS (SELECT 1 FROM campaigns WHERE id = $1 AND state = 'draft')"
    ).bind(id).execute(c).await.map(|_| ()))?;
    let rows = on!(tx.conn(), c => sqlx::query(
        "DELETE FROM campaigns WHERE id = $1 AND state = 'draft'"
    ).bind(id).execute(c).await.map(|done| done.rows_affected()))?;
    if rows == 1 {
        return Ok(true);
    }
    let there: i64 = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT COUNT(*) FROM campaigns WHERE id = $1"
    ).bind(id).fetch_one(c).await)?;
    if there == 0 {
        Ok(false)
    } else {
        Err(Error::conflict("NOT_DRAFT"))
    }
}
