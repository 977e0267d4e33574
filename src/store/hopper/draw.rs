//! Reserving the next leads.

use std::collections::BTreeSet;

use engine::{draw::late, floor::Lead, time::Millis};

use super::left::what_is_left;
use crate::{
    Db, Doc, Result, Tx, on,
    reservations::{self, reserved},
};

/// Leads in hand, and what is left behind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drawn {
    pub leads: Vec<Lead>,
    /// Leads of the campaign without a final state, at most [`super::UNDONE_MOST`] of each kind;
    /// `None` when there was more than was drawn.
    pub undone: Option<u64>,
    /// When the next lead falls due.
    pub next_due: Option<Millis>,
}

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: String,
    task_id: Option<String>,
    batch_id: String,
    phone: String,
    #[sqlx(try_from = "String")]
    phones: Doc<Vec<String>>,
    dial_count: i64,
}

/// What a draw reads of a lead.
pub(super) const COLUMNS: &str = "id, task_id, batch_id, phone, phones, dial_count";

/// One of the two lists a draw takes from. Its conditions are those of its index, word by word.
pub(super) struct Lane {
    /// `$3` is the last place that may be drawn now.
    pub due: &'static str,
    pub order: &'static str,
}

/// A lead that comes back is dialled before one that was never dialled (OUT-204).
pub(super) const RETURNING: Lane = Lane {
    due: "(call_status <> 'notcall' OR appointed = TRUE) AND call_status <> 'calling'
             AND voided = FALSE AND next_dial_at IS NOT NULL AND next_dial_at <= $3",
    order: "next_dial_at, position",
};
pub(super) const FRESH: Lane = Lane {
    due: "call_status = 'notcall' AND appointed = FALSE AND voided = FALSE
             AND next_dial_at IS NOT NULL AND call_rank IS NOT NULL AND call_rank <= $3",
    order: "call_rank, call_key, position",
};
/// An agent's own list has indexes of its own.
const OWN: &str = "AND alloc_type = 'agent' AND alloc_target = $4";
const SHARED: &str = "AND alloc_type <> 'agent'";

/// Reserves up to `count` due leads of a campaign for `node`: those of `agent`'s own list, or without
/// one those of nobody's.
///
/// # Errors
/// When the database refuses; then nothing is reserved, unless only the answer was lost.
pub async fn draw(
    db: &Db,
    node: &str,
    campaign: &str,
    agent: Option<&str>,
    count: u32,
    now: Millis,
) -> Result<Drawn> {
    let mut leads = Vec::new();
    if count > 0 {
        let mut tx = db.begin().await?;
        for (lane, until) in [(RETURNING, now.0), (FRESH, late(now))] {
            let limit = i64::from(count) - i64::try_from(leads.len()).unwrap_or(i64::MAX);
            if limit > 0 {
                let ask = Ask {
                    node,
                    campaign,
                    agent,
                    until,
                    limit,
                    now,
                };
                leads.extend(reserve(&mut tx, &lane, &ask).await?);
            }
        }
        tx.commit().await?;
    }
    if count > 0 && leads.len() == count as usize {
        return Ok(Drawn {
            leads,
            undone: None,
            next_due: None,
        });
    }
    match what_is_left(db, campaign, now).await {
        Ok(left) => Ok(Drawn {
            leads,
            undone: Some(left.undone),
            next_due: left.next_due,
        }),
        // The leads are this node's by now: they must not be lost with the answer.
        Err(_) if !leads.is_empty() => Ok(Drawn {
            leads,
            undone: None,
            next_due: None,
        }),
        Err(error) => Err(error),
    }
}

struct Ask<'a> {
    node: &'a str,
    campaign: &'a str,
    agent: Option<&'a str>,
    until: i64,
    limit: i64,
    now: Millis,
}

/// The leads that the next reservation takes: `$1` the campaign, `$2` how many, `$4` whose own list.
pub(super) fn choice(lane: &Lane, own: bool, skip: &str) -> String {
    let own = if own { OWN } else { SHARED };
    let Lane { due, order } = lane;
    format!(
        "SELECT {COLUMNS} FROM leads WHERE campaign_id = $1 {own} AND {due}
             AND NOT {}
         ORDER BY {order} LIMIT $2 {skip}",
        reserved!("leads.id")
    )
}

async fn reserve(tx: &mut Tx, lane: &Lane, ask: &Ask<'_>) -> Result<Vec<Lead>> {
    let skip = match tx {
        Tx::Lite(_) => "",
        Tx::Pg(_) => "FOR UPDATE SKIP LOCKED",
    };
    let sql = choice(lane, ask.agent.is_some(), skip);
    let rows: Vec<Row> = on!(tx.conn(), c => {
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(ask.campaign).bind(ask.limit).bind(ask.until);
        match ask.agent {
            Some(agent) => query.bind(agent).fetch_all(c).await,
            None => query.fetch_all(c).await,
        }
    })?;
    hold(tx, rows, ask.campaign, ask.node, ask.now).await
}

/// Reserves these leads, but for those that another node reserved since they were read.
pub(super) async fn hold(
    tx: &mut Tx,
    rows: Vec<Row>,
    campaign: &str,
    node: &str,
    now: Millis,
) -> Result<Vec<Lead>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let ours = reservations::take(tx, &ids, campaign, node, now).await?;
    let ours: BTreeSet<String> = ours.into_iter().collect();
    let kept = rows.into_iter().filter(|row| ours.contains(&row.id));
    Ok(kept.map(Into::into).collect())
}

impl From<Row> for Lead {
    fn from(row: Row) -> Self {
        let mut numbers = row
            .phones
            .0
            .iter()
            .skip_while(|number| **number != row.phone);
        let next_number = numbers.nth(1).cloned();
        Self {
            id: row.id.into(),
            next_number,
            task: row.task_id.map(Into::into),
            batch: row.batch_id,
            number: row.phone,
            dials: u32::try_from(row.dial_count).unwrap_or(u32::MAX),
        }
    }
}
