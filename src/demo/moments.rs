//! What happens in talks besides talking: agents hold, mute, ask and send on, and a supervisor
//! listens, whispers and barges in. Each talk has one such moment, in turn.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::client::Client;

/// The supervisor's phone.
pub const SUPERVISOR: &str = "1099";
/// How long each step lasts.
const STEP: Duration = Duration::from_millis(300);

#[derive(Clone, Copy)]
enum Moment {
    Hold,
    Mute,
    Consult,
    Confer,
    Transfer,
    Supervise,
}

/// In the order of the talks.
const TURN: [Moment; 6] = [
    Moment::Hold,
    Moment::Consult,
    Moment::Supervise,
    Moment::Confer,
    Moment::Mute,
    Moment::Transfer,
];

impl Moment {
    fn name(self) -> &'static str {
        match self {
            Self::Hold => "held",
            Self::Mute => "muted",
            Self::Consult => "asked a colleague",
            Self::Confer => "had a conference",
            Self::Transfer => "sent on to the queue",
            Self::Supervise => "supervised",
        }
    }
}

/// How often each moment was lived through to its end.
#[derive(Default)]
pub struct Moments {
    next: AtomicUsize,
    lived: Mutex<BTreeMap<&'static str, u32>>,
}

impl Moments {
    /// Lives through the next moment in an agent's talk. The customer may hang up in the middle.
    pub async fn live(self: Arc<Self>, agent: String, own: Client, boss: Client) {
        let nth = self.next.fetch_add(1, Ordering::Relaxed);
        let moment = TURN[nth % TURN.len()];
        tokio::time::sleep(STEP).await;
        let scene = Scene {
            path: format!("/agents/{agent}"),
            own,
            boss,
        };
        match scene.play(moment).await {
            Ok(()) => *self.lived().entry(moment.name()).or_default() += 1,
            Err(error) => tracing::info!(%error, "the customer was gone, or nobody was free"),
        }
    }

    /// In one line.
    pub fn told(&self) -> String {
        let mut line = String::from("  talks that agents");
        for (nth, moment) in TURN.into_iter().enumerate() {
            let count = self.lived().get(moment.name()).copied().unwrap_or(0);
            let comma = if nth == 0 { "" } else { "," };
            let _ = write!(line, "{comma} {} {count}", moment.name());
        }
        line
    }

    fn lived(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, u32>> {
        self.lived.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One agent's talk.
struct Scene {
    path: String,
    own: Client,
    boss: Client,
}

impl Scene {
    async fn play(&self, moment: Moment) -> Result<()> {
        let queue = json!({ "queue": "sales" });
        match moment {
            Moment::Hold => self.steps(&["hold", "retrieve"]).await,
            Moment::Mute => self.steps(&["mute", "unmute"]).await,
            Moment::Consult => {
                self.order(json!({ "order": "consult", "to": queue }))
                    .await?;
                self.second_is_up().await?;
                self.steps(&["swap", "cancel"]).await
            }
            Moment::Confer => {
                self.order(json!({ "order": "consult", "to": queue }))
                    .await?;
                self.second_is_up().await?;
                self.steps(&["confer", "complete"]).await
            }
            Moment::Transfer => {
                self.order(json!({ "order": "transfer", "to": queue }))
                    .await
            }
            Moment::Supervise => self.supervise().await,
        }
    }

    async fn steps(&self, orders: &[&str]) -> Result<()> {
        for order in orders {
            self.order(json!({ "order": order })).await?;
            tokio::time::sleep(STEP).await;
        }
        Ok(())
    }

    async fn order(&self, order: Value) -> Result<()> {
        self.own
            .post(&format!("{}/call", self.path), &order)
            .await?;
        Ok(())
    }

    /// Waits until the colleague has answered.
    async fn second_is_up(&self) -> Result<()> {
        for _ in 0..20 {
            let agent = self.own.get(&self.path).await?;
            let second = &agent["call"]["second"];
            ensure!(!second.is_null(), "the colleague is gone");
            if second["state"] == "up" {
                return Ok(());
            }
            tokio::time::sleep(STEP / 3).await;
        }
        self.order(json!({ "order": "cancel" })).await
    }

    async fn supervise(&self) -> Result<()> {
        for how in ["listen", "whisper", "barge"] {
            let order = json!({ "how": how, "extension": SUPERVISOR });
            self.boss
                .post(&format!("{}/supervise", self.path), &order)
                .await?;
            tokio::time::sleep(STEP).await;
        }
        self.boss.delete("/supervisions/mine").await
    }
}
