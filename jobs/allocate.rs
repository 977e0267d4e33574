//! A start of a campaign draws leads and gives them to its targets (OUT-127).
//!
//! Which leads are drawn, in which order, and who gets which is decided once and kept in blocks of a
//! thousand; each block then goes in the write that gives its leads. Killed before the decision is
//! whole, it is made anew; killed later, the next start goes on with the first block that is left.

pub mod decide;

use decide::{Rules, Source, decide};
use store::{
    campaigns, task_draws,
    tasks::{self, Task},
};

use crate::{
    error::JobError,
    filter,
    house::{House, Ticket},
};

pub async fn run(house: &House, ticket: &Ticket, id: &str) -> Result<(), JobError> {
    let task = find(house, id).await?;
    let run = task.filter_run_id.clone().unwrap_or_default();
    if task.state == "queued" {
        filter::evaluate(house, ticket, &run).await?;
        let rules = Rules::of(house, &task).await?;
        decide(house, ticket, &task, Source::Run(&run), &rules).await?;
    }
    give_all(house, ticket, id).await?;
    finish(house, ticket, id).await
}

/// The task is done in the write that ends its job.
pub async fn finish(house: &House, ticket: &Ticket, id: &str) -> Result<(), JobError> {
    let task = find(house, id).await?;
    let mut tx = house.db.begin().await?;
    ticket.succeed(&mut tx, &said(&task)).await?;
    tasks::ready(&mut tx, id, house.now()).await?;
    if let Some(campaign) = &task.campaign_id {
        campaigns::touch(&mut tx, campaign, house.now()).await?;
    }
    Ok(tx.commit().await?)
}

/// What the job says it did.
fn said(task: &Task) -> serde_json::Value {
    serde_json::json!({
        "filtered": task.filtered,
        "to_agent": task.to_agent,
        "to_dept": task.to_dept,
        "to_ai": task.to_ai,
        "to_queue": task.to_queue,
        "unallocated": task.unallocated,
        "reasons": &task.reasons.0,
    })
}

pub async fn find(house: &House, id: &str) -> Result<Task, JobError> {
    let task = tasks::get(&house.db, id).await?;
    task.ok_or_else(|| JobError::user("NO_SUCH_TASK", "the task is gone"))
}

/// Gives away what is decided.
pub async fn give_all(house: &House, ticket: &Ticket, id: &str) -> Result<(), JobError> {
    while let Step::More = give(house, ticket, id).await? {
        house.may_go_on()?;
    }
    Ok(())
}

enum Step {
    More,
    Done,
}

/// Gives the next block away.
async fn give(house: &House, ticket: &Ticket, id: &str) -> Result<Step, JobError> {
    let task = find(house, id).await?;
    let total: u64 = task.plan.0.iter().map(|portion| portion.gets).sum();
    let mut tx = house.db.begin().await?;
    let Some(deals) = task_draws::take(&mut tx, id).await? else {
        return Ok(Step::Done);
    };
    let given = tasks::give(&mut tx, &task, &deals, house.now()).await?;
    tasks::advance(&mut tx, id, &given).await?;
    let done = task.filtered - task.unallocated + given.total();
    let total = i64::try_from(total).unwrap_or(i64::MAX);
    ticket.progress(&mut tx, "allocating", done, total).await?;
    tx.commit().await?;
    Ok(Step::More)
}

#[cfg(test)]
mod tests;
