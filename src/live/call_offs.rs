//! Takes promised call backs off that somebody wanted off at another node.

use std::time::Duration;

use engine::floor::Input;
use store::{Db, call_backs};
use tokio::{sync::mpsc, time::MissedTickBehavior};
use tracing::warn;

const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(crate) struct CallOffs {
    db: Db,
    node: String,
    /// Closed when the floor ends.
    inputs: mpsc::UnboundedSender<Input>,
}

impl CallOffs {
    /// Looks every second, until the floor ends.
    pub fn start(db: Db, node: String, inputs: mpsc::UnboundedSender<Input>) {
        tokio::spawn(Self { db, node, inputs }.run());
    }

    async fn run(self) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !self.inputs.is_closed() {
            look.tick().await;
            match call_backs::unwanted(&self.db, &self.node).await {
                Ok(calls) => {
                    for call in calls {
                        let _ = self.inputs.send(Input::CallBackOff { call });
                    }
                }
                Err(error) => warn!(error = ?error, "cannot read which call backs are off"),
            }
        }
    }
}
