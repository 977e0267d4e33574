//! What of a campaign is still to be done, told from the ends of indexes: a campaign is asked once a
//! second, and may have ten million leads.

use engine::{draw::LATE, time::Millis};
use sqlx::FromRow;

use crate::{Db, Result, on, reservations::reserved};

/// Leads are counted up to here; a longer list is not counted to its end.
pub const UNDONE_MOST: u64 = 1_000;

/// What a campaign still has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Left {
    /// Leads without a final state, each kind (never dialled or coming back, on somebody's own list
    /// or nobody's, being dialled) up to [`UNDONE_MOST`].
    pub leads: u64,
    /// The same, and at least 1 while others are still being allocated.
    pub undone: u64,
    /// When the next one that is on nobody's own list falls due.
    pub next_due: Option<Millis>,
}

#[derive(FromRow)]
struct Row {
    fresh: i64,
    coming_back: i64,
    own: i64,
    own_back: i64,
    calling: i64,
    first_rank: Option<i64>,
    first_back: Option<i64>,
    coming: bool,
}

/// Up to a thousand of the campaign's leads that meet a condition.
macro_rules! some {
    ($condition:literal) => {
        concat!(
            "(SELECT COUNT(*) FROM (SELECT 1 FROM leads WHERE campaign_id = $1 AND ",
            $condition,
            " LIMIT 1000) AS few)"
        )
    };
}

pub(super) const SQL: &str = concat!(
    "SELECT ",
    some!(
        "call_status = 'notcall' AND appointed = FALSE AND voided = FALSE
         AND next_dial_at IS NOT NULL AND call_rank IS NOT NULL AND alloc_type <> 'agent'"
    ),
    " AS fresh, ",
    some!(
        "(call_status <> 'notcall' OR appointed = TRUE) AND call_status <> 'calling'
         AND voided = FALSE AND next_dial_at IS NOT NULL AND alloc_type <> 'agent'"
    ),
    " AS coming_back, ",
    some!(
        "call_status = 'notcall' AND appointed = FALSE AND voided = FALSE
         AND next_dial_at IS NOT NULL AND call_rank IS NOT NULL AND alloc_type = 'agent'"
    ),
    " AS own, ",
    some!(
        "(call_status <> 'notcall' OR appointed = TRUE) AND call_status <> 'calling'
         AND voided = FALSE AND next_dial_at IS NOT NULL AND alloc_type = 'agent'"
    ),
    " AS own_back, ",
    "(SELECT COUNT(*) FROM (SELECT 1 FROM reservations h
         WHERE h.campaign_id = $1 AND (SELECT l.call_status = 'calling' AND l.voided = FALSE
             FROM leads l WHERE l.id = h.lead_id) LIMIT 1000) AS few) AS calling,
     (SELECT call_rank FROM leads
         WHERE campaign_id = $1 AND call_status = 'notcall' AND appointed = FALSE
             AND voided = FALSE AND next_dial_at IS NOT NULL AND call_rank IS NOT NULL
             AND alloc_type <> 'agent' AND NOT ",
    reserved!("leads.id"),
    " ORDER BY call_rank, call_key, position LIMIT 1) AS first_rank,
     (SELECT next_dial_at FROM leads
         WHERE campaign_id = $1 AND (call_status <> 'notcall' OR appointed = TRUE)
             AND call_status <> 'calling' AND voided = FALSE AND next_dial_at IS NOT NULL
             AND alloc_type <> 'agent' AND NOT ",
    reserved!("leads.id"),
    " ORDER BY next_dial_at, position LIMIT 1) AS first_back,
     EXISTS (SELECT 1 FROM tasks WHERE campaign_id = $1 AND state IN ('queued', 'allocating'))
         AS coming"
);

/// # Errors
/// When the database refuses.
pub async fn what_is_left(db: &Db, campaign: &str, now: Millis) -> Result<Left> {
    let row: Row = on!(db.read(), c => sqlx::query_as(SQL).bind(campaign).fetch_one(c).await)?;
    let counted = u64::try_from(row.fresh + row.coming_back + row.own + row.own_back + row.calling)
        .unwrap_or_default();
    let first_fresh = row.first_rank.map(|rank| {
        if rank < LATE {
            now
        } else {
            Millis(rank - LATE)
        }
    });
    let first_back = row.first_back.map(Millis);
    Ok(Left {
        leads: counted,
        undone: counted.max(u64::from(row.coming)),
        next_due: [first_fresh, first_back].into_iter().flatten().min(),
    })
}
