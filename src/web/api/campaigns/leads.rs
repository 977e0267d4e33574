//! Where the robot of a campaign leads to.

use engine::{campaign::Robot, ids::QueueId};
use store::queues;

use super::super::ivr_menus;
use crate::{
    caller::Caller,
    house::House,
    problem::{Fault, Problem},
};

/// Whether there is every queue and voice menu that the robot leads to, but for those that it led to
/// `before`: one that has gone since keeps nobody from changing something else.
///
/// # Errors
/// `INVALID`, with every place of a queue that there is not; `NO_SUCH_MENU`.
pub async fn somewhere(
    house: &House,
    caller: &Caller,
    robot: &Robot,
    before: &Robot,
) -> Result<(), Problem> {
    let old: Vec<&QueueId> = before.queues().map(|(_, queue)| queue).collect();
    let known = queues::revisions(&house.db, caller.orgi()).await?;
    let is_missing = |queue: &QueueId| !old.contains(&queue) && !known.contains_key(queue.as_str());
    let faults: Vec<Fault> = robot
        .queues()
        .filter(|(_, queue)| is_missing(queue))
        .map(|(at, queue)| Fault::new(at, "unknown", format!("there is no queue {queue}")))
        .collect();
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    match robot.menu().filter(|menu| before.menu() != Some(*menu)) {
        Some(menu) => ivr_menus::known(house, caller, menu).await,
        None => Ok(()),
    }
}
