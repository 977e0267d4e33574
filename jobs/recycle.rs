//! Leads go back to the pool, or to the department of whoever had them (OUT-133).

use std::collections::BTreeSet;

use engine::draw::TargetType;
use store::{
    campaigns, jobs,
    tasks::{self, Scope, Skipped},
    work::Recycle,
};

use crate::{
    error::JobError,
    house::{House, Ticket},
};

/// Leads a write.
const CHUNK: i64 = 1_000;

pub async fn run(house: &House, ticket: &Ticket, ask: &Recycle) -> Result<(), JobError> {
    // What an earlier start of this job took back is in its progress, written with it.
    let job = jobs::get(&house.db, &ticket.job).await?;
    let mut done = job.map_or(0, |job| job.done);
    let mut skipped = Skipped::default();
    let mut touched = BTreeSet::new();
    if let Some(task) = &ask.task {
        let task = tasks::get(&house.db, task).await?;
        let task = task.ok_or_else(|| JobError::user("NO_SUCH_TASK", "the task is gone"))?;
        touched.extend(task.campaign_id);
    }
    let size = usize::try_from(CHUNK).unwrap_or(usize::MAX);
    let named: Vec<&[String]> = ask.leads.chunks(size).collect();
    let scopes: Vec<Scope<'_>> = match (&ask.task, &ask.holder) {
        _ if !named.is_empty() => named.iter().map(|ids| leads(ask, ids)).collect(),
        (Some(task), holder) => vec![Scope::Task {
            task,
            target: holder.as_ref().map(|(_, id)| id.as_str()),
        }],
        (None, Some((kind, id))) => vec![holder(ask, *kind, id)],
        (None, None) => Vec::new(),
    };
    for scope in scopes {
        done = take_all(house, ticket, ask, scope, (done, &mut touched)).await?;
        let left = tasks::left_behind(&house.db, scope).await?;
        skipped.being_dialled += left.being_dialled;
        skipped.dialled += left.dialled;
        skipped.no_department += left.no_department;
    }
    let mut tx = house.db.begin().await?;
    let mut said = serde_json::json!({
        "recycled": done,
        "being_dialled": skipped.being_dialled,
        "dialled": skipped.dialled,
    });
    if ask.to_department {
        said["no_department"] = skipped.no_department.into();
    }
    ticket.succeed(&mut tx, &said).await?;
    for campaign in &touched {
        campaigns::touch(&mut tx, campaign, house.now()).await?;
    }
    Ok(tx.commit().await?)
}

fn leads<'a>(ask: &'a Recycle, ids: &'a [String]) -> Scope<'a> {
    Scope::Leads {
        orgi: &ask.orgi,
        ids,
        task: ask.task.as_deref(),
        holder: ask.holder.as_ref().map(|(kind, id)| (*kind, id.as_str())),
    }
}

fn holder<'a>(ask: &'a Recycle, kind: TargetType, id: &'a str) -> Scope<'a> {
    let orgi = &ask.orgi;
    Scope::Target { orgi, kind, id }
}

/// Takes back what there is of a scope; returns how many leads the job has taken back by then.
async fn take_all(
    house: &House,
    ticket: &Ticket,
    ask: &Recycle,
    scope: Scope<'_>,
    (mut done, touched): (i64, &mut BTreeSet<String>),
) -> Result<i64, JobError> {
    let mut after = -1;
    loop {
        house.may_go_on()?;
        let mut tx = house.db.begin().await?;
        let leads = tasks::returnable(&mut tx, scope, after, CHUNK).await?;
        let Some(last) = leads.last() else {
            return Ok(done);
        };
        after = last.position;
        let taken = tasks::take_back(&mut tx, &leads, ask.to_department, house.now()).await?;
        tasks::record_recycled(&mut tx, &taken, ask.to_department).await?;
        done += taken.leads;
        touched.extend(taken.campaigns);
        ticket.progress(&mut tx, "recycling", done, 0).await?;
        tx.commit().await?;
    }
}
