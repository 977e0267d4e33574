//! Once a day, leads that were given to somebody and never dialled go back to the pool after as many
//! days as the outbound settings say (OUT-153). A second run finds nothing left to do.

use engine::time::Millis;
use store::{campaigns, jobs, settings, tasks};

use crate::{
    error::JobError,
    house::{House, Ticket},
};

/// Leads a write.
const CHUNK: i64 = 1_000;
const DAY_MS: i64 = 24 * 3_600_000;

pub async fn run(house: &House, ticket: &Ticket, orgi: &str) -> Result<(), JobError> {
    // What an earlier start of this job took back is in its progress, written with it.
    let job = jobs::get(&house.db, &ticket.job).await?;
    let mut done = job.map_or(0, |job| job.done);
    let levels = settings::levels(&house.db, orgi).await?;
    let mut looked_at = 0;
    for (campaign, department) in campaigns::homes(&house.db, orgi).await? {
        let here = levels.at(department.as_deref(), Some(&campaign));
        if here.recycle_after_days > 0 {
            let before = house
                .now()
                .plus(-DAY_MS * i64::from(here.recycle_after_days));
            looked_at += 1;
            done = take_all(house, ticket, (&campaign, before), done).await?;
        }
    }
    let mut tx = house.db.begin().await?;
    let said = serde_json::json!({ "recycled": done, "campaigns": looked_at });
    ticket.succeed(&mut tx, &said).await?;
    Ok(tx.commit().await?)
}

/// Takes back what is stale of a campaign; returns how many leads the job has taken back by then.
async fn take_all(
    house: &House,
    ticket: &Ticket,
    (campaign, before): (&str, Millis),
    mut done: i64,
) -> Result<i64, JobError> {
    loop {
        house.may_go_on()?;
        let mut tx = house.db.begin().await?;
        let leads = tasks::stale(&mut tx, campaign, before, CHUNK).await?;
        let taken = tasks::take_back(&mut tx, &leads, false, house.now()).await?;
        // Those that somebody took a moment ago are no longer stale.
        if taken.leads == 0 {
            return Ok(done);
        }
        tasks::record_recycled(&mut tx, &taken, false).await?;
        campaigns::touch(&mut tx, campaign, house.now()).await?;
        done += taken.leads;
        ticket.progress(&mut tx, "recycling", done, 0).await?;
        tx.commit().await?;
    }
}
