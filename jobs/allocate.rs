//! A start of a campaign draws leads and gives them to its targets (OUT-127).
//!
//! What each target gets is decided once and kept with the task; the leads follow in writes of a
//! thousand, each of which also moves the task's place in the filter's hits.

use engine::draw::{Target, TargetType, allot};
use store::{
    campaigns, targets,
    tasks::{self, Portion, Task},
};

use crate::{
    error::JobError,
    filter,
    house::{House, Ticket},
};

/// Leads a write.
const CHUNK: i64 = 1_000;

pub async fn run(house: &House, ticket: &Ticket, id: &str) -> Result<(), JobError> {
    let task = find(house, id).await?;
    let run = task.filter_run_id.clone().unwrap_or_default();
    if task.state == "queued" {
        filter::evaluate(house, ticket, &run).await?;
        decide(house, ticket, &task, &run).await?;
    }
    while let Step::More = give(house, ticket, id, &run).await? {
        house.may_go_on()?;
    }
    // The leads say who got them; what was drawn from is of no more use.
    filter::forget(house, &run).await?;
    let mut tx = house.db.begin().await?;
    ticket.succeed(&mut tx).await?;
    tasks::ready(&mut tx, id, house.now()).await?;
    campaigns::touch(&mut tx, &task.campaign_id, house.now()).await?;
    Ok(tx.commit().await?)
}

async fn find(house: &House, id: &str) -> Result<Task, JobError> {
    let task = tasks::get(&house.db, id).await?;
    task.ok_or_else(|| JobError::user("NO_SUCH_TASK", "the task is gone"))
}

async fn decide(house: &House, ticket: &Ticket, task: &Task, run: &str) -> Result<(), JobError> {
    let campaign = campaigns::find(&house.db, &task.campaign_id).await?;
    let campaign =
        campaign.ok_or_else(|| JobError::user("NO_SUCH_CAMPAIGN", "the campaign is gone"))?;
    let targets = targets::list(&house.db, &campaign.id).await?;
    if targets.is_empty() {
        return Err(JobError::user(
            "NO_TARGET",
            "the campaign has nobody to give leads to",
        ));
    }
    let mut tx = house.db.begin().await?;
    ticket.progress(&mut tx, "drawing", 0, 0).await?;
    let available = tasks::available(&mut tx, run).await?;
    let extract = u64::try_from(campaign.extract_count).unwrap_or_default();
    let shares = allot(
        u64::try_from(available).unwrap_or_default(),
        extract,
        campaign.share(),
        &targets,
    );
    let plan: Vec<Portion> = targets
        .into_iter()
        .zip(shares)
        .map(|(target, left)| Portion {
            target_type: target.target_type,
            target_id: target.target_id,
            left,
        })
        .collect();
    tasks::decide(&mut tx, &task.id, available, &plan).await?;
    Ok(tx.commit().await?)
}

enum Step {
    More,
    Done,
}

/// Gives the next leads away, first target first.
async fn give(house: &House, ticket: &Ticket, id: &str, run: &str) -> Result<Step, JobError> {
    let task = find(house, id).await?;
    let mut plan = task.plan.0.clone();
    let left: u64 = plan.iter().map(|portion| portion.left).sum();
    if left == 0 {
        return Ok(Step::Done);
    }
    let mut tx = house.db.begin().await?;
    let limit = i64::try_from(left).unwrap_or(CHUNK).min(CHUNK);
    let hits = tasks::next_hits(&mut tx, run, task.hit_cursor, limit).await?;
    let Some(&(to, _)) = hits.last() else {
        return Ok(Step::Done);
    };
    let mut leads = hits.into_iter().map(|(_, lead)| lead);
    let mut given: Vec<(TargetType, i64)> = Vec::new();
    for portion in plan.iter_mut().filter(|portion| portion.left > 0) {
        let share = usize::try_from(portion.left).unwrap_or(usize::MAX);
        let part: Vec<String> = leads.by_ref().take(share).collect();
        if part.is_empty() {
            break;
        }
        let target = Target {
            target_type: portion.target_type,
            target_id: portion.target_id.clone(),
            quantity: 0,
        };
        let count = tasks::give(&mut tx, &task, &target, part, house.now()).await?;
        portion.left -= u64::try_from(count).unwrap_or_default().min(portion.left);
        given.push((portion.target_type, count));
    }
    let now: i64 = given.iter().map(|(_, count)| count).sum();
    let done = task.filtered - task.unallocated + now;
    let total = done + i64::try_from(left).unwrap_or(i64::MAX) - now;
    ticket.progress(&mut tx, "allocating", done, total).await?;
    if !tasks::advance(&mut tx, id, task.hit_cursor, to, &plan, &given).await? {
        return Err(JobError::Superseded);
    }
    tx.commit().await?;
    Ok(Step::More)
}

#[cfg(test)]
mod tests;
