//! Undialled leads of a task go back to the pool, or to the department that had them (OUT-133).

use engine::draw::TargetType;
use store::{
    campaigns,
    tasks::{self, Returnable},
};

use crate::{
    error::JobError,
    house::{House, Ticket},
};

/// Leads a write.
const CHUNK: i64 = 1_000;

/// What of a task is taken back, and where it goes.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    pub task: &'a str,
    pub target: Option<&'a str>,
    pub lead: Option<&'a str>,
    pub to_department: bool,
}

pub async fn run(house: &House, ticket: &Ticket, ask: Ask<'_>) -> Result<(), JobError> {
    let task = tasks::get(&house.db, ask.task).await?;
    let task = task.ok_or_else(|| JobError::user("NO_SUCH_TASK", "the task is gone"))?;
    let mut after = String::new();
    let mut done = 0;
    loop {
        house.may_go_on()?;
        let mut tx = house.db.begin().await?;
        let leads =
            tasks::returnable(&mut tx, ask.task, ask.target, ask.lead, &after, CHUNK).await?;
        let Some(last) = leads.last() else { break };
        after.clone_from(&last.id);
        let mut taken: Vec<(TargetType, i64)> = Vec::new();
        for lead in &leads {
            let department = lead.department.as_deref().filter(|_| ask.to_department);
            // Without a department to go to, a lead stays where it is.
            let may = !ask.to_department || department.is_some();
            if may && tasks::take_back(&mut tx, &lead.id, department, house.now()).await? {
                taken.push((target_type(lead), 1));
            }
        }
        done += i64::try_from(taken.len()).unwrap_or_default();
        tasks::record_recycled(&mut tx, ask.task, &taken, ask.to_department).await?;
        ticket.progress(&mut tx, "recycling", done, 0).await?;
        tx.commit().await?;
    }
    let mut tx = house.db.begin().await?;
    ticket.succeed(&mut tx).await?;
    campaigns::touch(&mut tx, &task.campaign_id, house.now()).await?;
    Ok(tx.commit().await?)
}

fn target_type(lead: &Returnable) -> TargetType {
    match lead.alloc_type.as_str() {
        "agent" => TargetType::Agent,
        "department" => TargetType::Department,
        "robot" => TargetType::Robot,
        _ => TargetType::Queue,
    }
}
