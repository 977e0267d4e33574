//! What the house and its tenants' settings want done once a day.

use engine::{settings::Overrides, time::Millis};

use crate::{
    Db, Result,
    access::FIRST_ORGI,
    on, settings,
    work::{By, Work, enqueue},
};

/// Who asked for a job that nobody asked for.
const HOUSE: &str = "system";

/// Queues today's jobs that are not queued yet, and returns how many. `day` is the date on the
/// house's wall clock, as `2026-11-20`.
///
/// # Errors
/// When the database fails.
pub async fn plan(db: &Db, day: &str, now: Millis) -> Result<usize> {
    let recycles = |level: &Overrides| level.recycle_after_days.is_some_and(|days| days > 0);
    let sweep = once(db, FIRST_ORGI, Work::SweepFiles, day, now).await?;
    let mut queued = usize::from(sweep);
    for (orgi, levels) in settings::all(db).await? {
        if levels.any(recycles) {
            let work = Work::RecycleStale { orgi: orgi.clone() };
            queued += usize::from(once(db, &orgi, work, day, now).await?);
        }
    }
    Ok(queued)
}

/// Queues a job unless the day has one; `false`: it had.
async fn once(db: &Db, orgi: &str, work: Work, day: &str, now: Millis) -> Result<bool> {
    let kind = work.kind();
    let known: Option<String> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT day FROM daily_jobs WHERE orgi = $1 AND kind = $2 AND day = $3"
    ).bind(orgi).bind(kind).bind(day).fetch_optional(c).await)?;
    if known.is_some() {
        return Ok(false);
    }
    let mut tx = db.begin().await?;
    // Of several workers that look at the same time, one gets the row.
    let mine = on!(tx.conn(), c => sqlx::query(
        "INSERT INTO daily_jobs (orgi, kind, day, job_id) VALUES ($1, $2, $3, '')
         ON CONFLICT (orgi, kind, day) DO NOTHING"
    ).bind(orgi).bind(kind).bind(day).execute(c).await.map(|done| done.rows_affected()))?;
    if mine == 0 {
        return Ok(false);
    }
    let by = By {
        orgi,
        user: HOUSE,
        batch: None,
    };
    let job = enqueue(&mut tx, work, by, now).await?;
    on!(tx.conn(), c => sqlx::query(
        "UPDATE daily_jobs SET job_id = $4 WHERE orgi = $1 AND kind = $2 AND day = $3"
    ).bind(orgi).bind(kind).bind(day).bind(job).execute(c).await.map(|_| ()))?;
    tx.commit().await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{jobs, sample::NOW, settings::Scope, testing::on_both};

    #[tokio::test]
    async fn a_day_has_one_sweep_and_one_recycling_only_where_it_is_set() {
        on_both(|home| async move {
            let db = &home.db;
            let set = async |orgi: &str, scope: Scope<'_>, days| {
                let value = Overrides {
                    recycle_after_days: Some(days),
                    ..Overrides::default()
                };
                let mut tx = db.begin().await.unwrap();
                settings::save(&mut tx, orgi, scope, &value, "u", NOW)
                    .await
                    .unwrap();
                tx.commit().await.unwrap();
            };
            set("never", Scope::Tenant, 0).await;
            set("o", Scope::Campaign("cmp_1"), 7).await;
            assert_eq!(plan(db, "2026-11-20", NOW).await.unwrap(), 2);
            assert_eq!(plan(db, "2026-11-20", NOW).await.unwrap(), 0);
            let looks = (plan(db, "2026-11-21", NOW), plan(db, "2026-11-21", NOW));
            let (one, other) = tokio::join!(looks.0, looks.1);
            assert_eq!(one.unwrap() + other.unwrap(), 2);
            let all = jobs::changed_since(db, Millis(0)).await.unwrap();
            let mut kinds: Vec<_> = all.iter().map(|job| (&*job.orgi, &*job.kind)).collect();
            kinds.sort_unstable();
            let (sweep, recycling) = (("main", "sweep_files"), ("o", "recycle_stale"));
            assert_eq!(kinds, [sweep, sweep, recycling, recycling]);
        })
        .await;
    }
}
