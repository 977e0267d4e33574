//! Rows that another system pushes into a batch (OUT-023, RST-005).
//!
//! All rows of a batch and day share one import, so that positions stay dense and the day can be
//! looked at as one upload. A push is one write: it happens whole or not at all.

use std::collections::HashMap;

use engine::{import_row::NewLead, time::Millis};

use crate::{
    Error, Result, Tx, batches, doc,
    imports::{self, Counts, NewImport, Options},
    journal,
    leads::{self, Change, Earlier, Origin},
    mappings, on,
    rejects::{self, NewReject},
};

mod plan;

use plan::{Known, Plan, Version};

/// A valid row.
#[derive(Debug, Clone)]
pub struct Row {
    /// What the other system calls it; the same one again changes the lead.
    pub external_id: Option<String>,
    pub lead: NewLead,
    /// 0 to 9; `None`: a new lead gets 0, one that is there keeps its own.
    pub priority: Option<i64>,
    /// As it came, under the titles of the push.
    pub cells: Vec<String>,
}

/// A row that is not valid.
#[derive(Debug, Clone)]
pub struct Refused {
    /// Title of the field that is wrong, where it is one.
    pub column: String,
    pub code: &'static str,
    pub reason: String,
    /// As it came, under the titles of the push.
    pub cells: Vec<String>,
}

/// Where rows come from and go to.
#[derive(Debug, Clone, Copy)]
pub struct Push<'a> {
    pub orgi: &'a str,
    pub creater: &'a str,
    pub batch: &'a str,
    /// `yyyy-mm-dd` on the tenant's wall clock.
    pub day: &'a str,
    pub title: &'a str,
    /// Codes of the phone fields in dialling order.
    pub phones: &'a [String],
    /// Whether a field is the key; else the first number is.
    pub is_keyed: bool,
    /// What the cells of rows that are kept as rejects stand under.
    pub titles: &'a [String],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Created,
    Updated,
    /// The batch has a lead with this key already.
    Duplicate,
    /// The lead with this external id cannot take a key that another lead has.
    KeyTaken,
    /// The lead is being dialled, or about to be.
    Busy,
}

impl Status {
    /// Why the row is a reject, where it is one: code and reason.
    #[must_use]
    pub fn refusal(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Created | Self::Updated | Self::Duplicate => None,
            Self::KeyTaken => Some(("KEY_TAKEN", "another lead of the batch has this key")),
            Self::Busy => Some(("LEAD_BUSY", "the lead is being dialled; try again later")),
        }
    }
}

/// What became of a row, and the lead that it is or met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub status: Status,
    pub lead: String,
}

/// Stores rows, and those that are `refused`, by it or before, as rejects of the day's import. Returns that
/// import and one outcome a row.
///
/// # Errors
/// `BATCH_NOT_READY`.
pub async fn push(
    tx: &mut Tx,
    push: Push<'_>,
    rows: Vec<Row>,
    mut refused: Vec<Refused>,
    now: Millis,
) -> Result<(String, Vec<Outcome>)> {
    batches::lock(tx, push.batch).await?;
    let (import, ordinal, cursor) = todays(tx, push, now).await?;
    let mut known = known(tx, push, &rows).await?;
    let mut plan = Plan::default();
    let mut outcomes = Vec::with_capacity(rows.len());
    let mut priorities = Vec::new();
    for mut row in rows {
        let priority = row.priority;
        let cells = std::mem::take(&mut row.cells);
        let row_no = cursor + i64::try_from(plan.new.len()).unwrap_or(i64::MAX) + 1;
        let outcome = plan.place(push, row, (ordinal, row_no), &mut known);
        if let (Some(priority), Status::Created | Status::Updated) = (priority, outcome.status) {
            priorities.push((outcome.lead.clone(), priority));
        }
        refused.extend(outcome.status.refusal().map(|(code, reason)| Refused {
            column: String::new(),
            code,
            reason: reason.into(),
            cells,
        }));
        outcomes.push(outcome);
    }
    let written = i64::try_from(plan.new.len()).unwrap_or(i64::MAX);
    let origin = Origin {
        orgi: push.orgi,
        creater: push.creater,
        batch_id: push.batch,
        import_id: &import,
        ordinal,
    };
    leads::add(tx, &origin, plan.new, now).await?;
    name(tx, plan.named).await?;
    note(tx, (&import, ordinal), &plan.changed, &known.held).await?;
    change(tx, plan.changed, now).await?;
    for (lead, priority) in priorities {
        leads::prioritise(tx, &lead, priority, now).await?;
    }
    let counts = Counts {
        invalid: keep(tx, &import, push.titles, refused).await?,
        ..counted(&outcomes)
    };
    if !imports::advance(tx, &import, cursor, cursor + written, counts).await? {
        return Err(Error::conflict("IMPORT_RUNNING"));
    }
    imports::succeed(tx, &import, &[], now).await?;
    batches::touch(tx, push.batch, now).await?;
    Ok((import, outcomes))
}

/// Keeps rows as rejects, numbered as the day's rejected rows; returns how many.
async fn keep(tx: &mut Tx, import: &str, titles: &[String], refused: Vec<Refused>) -> Result<i64> {
    if refused.is_empty() {
        return Ok(0);
    }
    let (before, known): (i64, Option<String>) = on!(tx.conn(), c => sqlx::query_as(
        "SELECT invalid, titles FROM imports WHERE id = $1"
    ).bind(import).fetch_one(c).await)?;
    // Fields may have come since the day's first row.
    let known: Option<Vec<String>> = known
        .map(|known| doc::parse("titles", &known))
        .transpose()?;
    let mut all = known.clone().unwrap_or_default();
    let mut places = Vec::with_capacity(titles.len());
    for title in titles {
        places.push(all.iter().position(|one| one == title).unwrap_or(all.len()));
        if places.last() == Some(&all.len()) {
            all.push(title.clone());
        }
    }
    if known.as_ref() != Some(&all) {
        mappings::note_titles(tx, import, &all).await?;
    }
    let rejects: Vec<NewReject> = (before + 1..)
        .zip(refused)
        .map(|(row_no, row)| {
            let mut cells = vec![String::new(); all.len()];
            for (&place, cell) in places.iter().zip(row.cells) {
                cells[place] = cell;
            }
            NewReject {
                row_no,
                column_title: row.column,
                code: row.code,
                reason: row.reason,
                cells,
            }
        })
        .collect();
    rejects::add(tx, import, &rejects).await?;
    Ok(i64::try_from(rejects.len()).unwrap_or(i64::MAX))
}

/// Notes what leads of other imports were, for the undo of this one. From now on no import that changed
/// them before can be undone first.
async fn note(
    tx: &mut Tx,
    (import, ordinal): (&str, i64),
    changed: &[(String, Version)],
    held: &HashMap<String, Earlier>,
) -> Result<()> {
    let leads = changed.iter().filter_map(|(id, _)| held.get(id));
    let mut before: Vec<&Earlier> = leads.collect();
    before.sort_unstable_by_key(|lead| lead.position);
    let own = imports::position(ordinal, 0)..=imports::position(ordinal + 1, 0) - 1;
    journal::note(tx, import, &own, &before).await
}

/// Gives leads that are there what their rows make of them.
async fn change(tx: &mut Tx, changed: Vec<(String, Version)>, now: Millis) -> Result<()> {
    let keys = changed.iter();
    let keys = keys.map(|(id, after)| (id.clone(), after.lead.key_value.clone()));
    let keys = keys.collect();
    let changes = changed.into_iter().map(|(id, after)| Change {
        id,
        phone: after.lead.phone,
        phone_raw: after.lead.phone_raw,
        phones: after.lead.phones,
        data: after.lead.data.to_map(),
        dnc: after.dnc,
        updated_at: now.0,
    });
    let changes: Vec<Change> = changes.collect();
    leads::change(tx, &changes).await?;
    leads::set_keys(tx, keys).await
}

fn counted(outcomes: &[Outcome]) -> Counts {
    let of = |status| {
        let rows = outcomes.iter().filter(|one| one.status == status).count();
        i64::try_from(rows).unwrap_or(i64::MAX)
    };
    Counts {
        good: of(Status::Created),
        updated: of(Status::Updated),
        duplicate: of(Status::Duplicate),
        invalid: 0,
        ..Counts::default()
    }
}

/// The import of this batch and day: its id, its ordinal, and the last row it has.
async fn todays(tx: &mut Tx, push: Push<'_>, now: Millis) -> Result<(String, i64, i64)> {
    let ready: Option<String> = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT id FROM batches WHERE id = $1 AND orgi = $2 AND state = 'ready'"
    ).bind(push.batch).bind(push.orgi).fetch_optional(c).await)?;
    if ready.is_none() {
        return Err(Error::conflict("BATCH_NOT_READY"));
    }
    if let Some(found) = on_day(tx, push).await? {
        return Ok(found);
    }
    let id = imports::new_import_id();
    let new = NewImport {
        id: &id,
        orgi: push.orgi,
        batch_id: push.batch,
        creater: push.creater,
        title: push.title,
        file_name: "",
        file_path: "",
        sha256: "",
        bytes: 0,
        options: &Options::default(),
    };
    imports::create(tx, &new, now).await?;
    imports::succeed(tx, &id, &[], now).await?;
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO push_days (batch_id, day, import_id) VALUES ($1, $2, $3)
         ON CONFLICT (batch_id, day) DO UPDATE SET import_id = excluded.import_id"
    ).bind(push.batch).bind(push.day).bind(&id).execute(c).await.map(|_| ()))?;
    on_day(tx, push)
        .await?
        .ok_or(Error::conflict("BATCH_NOT_READY"))
}

async fn on_day(tx: &mut Tx, push: Push<'_>) -> Result<Option<(String, i64, i64)>> {
    // One that was undone takes no more rows, and none is undone while rows come.
    let lock = match tx {
        Tx::Lite(_) => "",
        Tx::Pg(_) => "FOR UPDATE OF i",
    };
    let sql = format!(
        "SELECT i.id, i.ordinal, i.row_cursor FROM push_days p
         JOIN imports i ON i.id = p.import_id AND i.state = 'succeeded'
         WHERE p.batch_id = $1 AND p.day = $2 {lock}"
    );
    Ok(on!(tx.conn(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(push.batch).bind(push.day).fetch_optional(c).await)?)
}

async fn known(tx: &mut Tx, push: Push<'_>, rows: &[Row]) -> Result<Known> {
    let externals: Vec<&str> = rows
        .iter()
        .filter_map(|row| row.external_id.as_deref())
        .collect();
    let by_external: Vec<(String, String)> =
        match tx {
            Tx::Lite(c) => {
                sqlx::query_as(
                    "SELECT external_id, id FROM leads WHERE batch_id = $1
                     AND external_id IN (SELECT value FROM json_each($2))",
                )
                .bind(push.batch)
                .bind(doc::text("external ids", &externals)?)
                .fetch_all(&mut **c)
                .await?
            }
            Tx::Pg(c) => sqlx::query_as(
                "SELECT external_id, id FROM leads WHERE batch_id = $1 AND external_id = ANY($2)",
            )
            .bind(push.batch)
            .bind(externals)
            .fetch_all(&mut **c)
            .await?,
        };
    let there = by_external.iter().map(|(_, id)| id.clone()).collect();
    let held = leads::hold(tx, there).await?;
    // A row may leave out the number that stays a lead's first.
    let stay = || held.values().flat_map(|lead| lead.phones.0.iter().cloned());
    let mut keys: Vec<String> = rows.iter().map(|row| row.lead.key_value.clone()).collect();
    if !push.is_keyed {
        keys.extend(stay());
    }
    let phones = rows.iter().map(|row| row.lead.phone.clone());
    let phones = phones.chain(stay()).collect();
    Ok(Known {
        by_external: by_external.into_iter().collect(),
        by_key: leads::with_keys(tx, (push.orgi, push.batch), keys, leads::ANYWHERE)
            .await?
            .into_iter()
            .map(|(key, lead)| (key, lead.id))
            .collect(),
        dnc: leads::dnc_among(tx, push.orgi, phones).await?,
        held,
    })
}

/// Gives leads the ids that the other system has for them.
async fn name(tx: &mut Tx, named: Vec<(String, String)>) -> Result<()> {
    if named.is_empty() {
        return Ok(());
    }
    match tx {
        Tx::Lite(c) => {
            sqlx::query(
                "UPDATE leads SET external_id = n.external FROM (
                     SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS external
                     FROM json_each($1)) AS n
                 WHERE leads.id = n.id",
            )
            .bind(doc::text("external ids", &named)?)
            .execute(&mut **c)
            .await?;
        }
        Tx::Pg(c) => {
            let (ids, externals): (Vec<String>, Vec<String>) = named.into_iter().unzip();
            sqlx::query(
                "UPDATE leads SET external_id = n.external
                 FROM UNNEST($1::text[], $2::text[]) AS n (id, external) WHERE leads.id = n.id",
            )
            .bind(ids)
            .bind(externals)
            .execute(&mut **c)
            .await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
