//! Tells the event channel how far jobs are (OUT-016). The worker process writes it into the jobs'
//! rows; here it is read while anybody listens. The channel tells each tenant of its own.

use std::{collections::HashMap, time::Duration};

use engine::time::Millis;
use store::jobs;

use crate::{api::JobOut, clock::now, house::House};

const LOOK: Duration = Duration::from_millis(500);
/// Rows written a moment before the last look may only be seen now.
const OVERLAP_MS: i64 = 2_000;

/// Runs until it is dropped.
pub async fn watch(house: House) {
    let mut told: HashMap<String, i64> = HashMap::new();
    let mut since = now();
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        let at = now();
        if !house.channels.any() {
            since = at;
            continue;
        }
        match jobs::changed_since(&house.db, Millis(since.0 - OVERLAP_MS)).await {
            Ok(changed) => {
                tell(&house, &mut told, changed, at);
                since = at;
                told.retain(|_, updated| at.0 - *updated < 60_000);
            }
            Err(error) => tracing::warn!(%error, "the jobs' progress could not be read"),
        }
    }
}

fn tell(house: &House, told: &mut HashMap<String, i64>, changed: Vec<jobs::Job>, at: Millis) {
    for job in changed {
        if told.get(&job.id) == Some(&job.updated_at) {
            continue;
        }
        told.insert(job.id.clone(), job.updated_at);
        let topic = format!("job:{}", job.id);
        let event = match job.state.as_str() {
            "succeeded" | "failed" | "cancelled" => "job.finished",
            _ => "job.progress",
        };
        let data = serde_json::to_value(JobOut::from(job)).unwrap_or_default();
        house.live.bus().publish(topic, event, data, at);
    }
}
