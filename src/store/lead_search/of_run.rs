//! Searches among the leads that a filter run selected: a stretch of its hits after the other.

use engine::lead_query::{Place, Query, Sort};

use super::{Found, count_in, statement::Stretch, stretch};
use crate::{Db, Result, filter_runs, on};

/// Hits of one question to the database.
const STRETCH: usize = 10_000;

/// What a run selected.
struct Hits {
    batches: Vec<String>,
    /// Ascending.
    positions: Vec<i64>,
}

impl Hits {
    async fn of(db: &Db, run: &str) -> Result<Self> {
        let mut conn = db.reading().await?;
        let positions = filter_runs::hits_after(&mut conn, run, -1, usize::MAX).await?;
        let batches: Vec<String> = on!(db.read(), c => sqlx::query_scalar(
            "SELECT DISTINCT batch_id FROM filter_hits WHERE run_id = $1"
        ).bind(run).fetch_all(c).await)?;
        Ok(Self { batches, positions })
    }

    fn stretch<'a>(&'a self, positions: &'a [i64]) -> Stretch<'a> {
        Stretch {
            batches: &self.batches,
            positions,
        }
    }
}

/// In order of creation, only as many stretches are read as the page needs; in any other order all
/// of them are, of which the first rows are kept.
pub async fn page(
    db: &Db,
    orgi: &str,
    query: &Query,
    run: &str,
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<Found>> {
    let hits = Hits::of(db, run).await?;
    let wanted = usize::try_from(limit).unwrap_or_default();
    let by_creation = matches!(query.sort, Sort::Created | Sort::CreatedDown);
    let mut found: Vec<Found> = Vec::new();
    for positions in stretches(&hits.positions, query.sort, after) {
        let among = Some(hits.stretch(positions));
        found.extend(stretch(db, orgi, query, among, after, limit).await?);
        if by_creation && found.len() >= wanted {
            break;
        }
        if !by_creation {
            found.sort_by_key(|one| rank(query.sort, one));
            found.truncate(wanted);
        }
    }
    found.truncate(wanted);
    Ok(found)
}

pub async fn count(db: &Db, orgi: &str, query: &Query, run: &str, most: i64) -> Result<i64> {
    let hits = Hits::of(db, run).await?;
    let mut counted = 0;
    for positions in hits.positions.chunks(STRETCH) {
        let among = hits.stretch(positions);
        counted += count_in(db, orgi, query, Some(&among), most - counted).await?;
        if counted >= most {
            break;
        }
    }
    Ok(counted)
}

/// The hits a stretch at a time, in the order they are to be read, without those before the place.
fn stretches<'a>(positions: &'a [i64], sort: Sort, after: Option<&Place>) -> Vec<&'a [i64]> {
    let seen = |before: bool| match after {
        Some(after) if before => positions.partition_point(|position| *position <= after.position),
        Some(after) => positions.partition_point(|position| *position < after.position),
        None if before => 0,
        None => positions.len(),
    };
    match sort {
        Sort::Created => positions[seen(true)..].chunks(STRETCH).collect(),
        Sort::CreatedDown => positions[..seen(false)].rchunks(STRETCH).collect(),
        Sort::LastDial | Sort::NextDial | Sort::Appointment => positions.chunks(STRETCH).collect(),
    }
}

/// The order of the answer, as a number that rises.
fn rank(sort: Sort, found: &Found) -> (bool, i64, i64) {
    let place = found.place(sort);
    let at = place.at.unwrap_or_default();
    match sort {
        Sort::LastDial if place.at.is_some() => (false, -at, -place.position),
        _ => (place.at.is_none(), at, place.position),
    }
}
