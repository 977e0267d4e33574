//! Tells agents of their appointments when the time has come (OUT-192).

use std::time::Duration;

use engine::floor::Input;
use serde_json::json;
use store::{Db, lead_marks};
use tokio::{sync::mpsc, time::MissedTickBehavior};
use tracing::warn;

use crate::{bus::Bus, clock};

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// An appointment that passed earlier than this, while nobody was there to tell, is in the list of
/// those that are overdue.
const LATE_MS: i64 = 60 * 60_000;

pub(crate) struct Reminder {
    pub db: Db,
    pub bus: Bus,
    /// Closed when the floor ends.
    pub inputs: mpsc::UnboundedSender<Input>,
}

impl Reminder {
    pub async fn run(self) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !self.inputs.is_closed() {
            look.tick().await;
            if let Err(error) = self.remind().await {
                warn!(error = ?error, "cannot read appointments");
            }
        }
    }

    async fn remind(&self) -> store::Result<()> {
        let now = clock::now();
        for due in lead_marks::remind(&self.db, now.plus(-LATE_MS), now).await? {
            let data = json!({
                "lead_id": due.lead_id,
                "campaign_id": due.campaign_id,
                "appoint_at": due.appoint_at,
                "note": due.appoint_note,
            });
            self.bus.publish(
                format!("agent:{}", due.agent_id),
                "appointment.due",
                data,
                now,
            );
        }
        Ok(())
    }
}
