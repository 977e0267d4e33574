//! The agents: they sign in, get ready, and say what came of each call.

use std::time::Duration;

use anyhow::Result;
use live::Live;
use serde_json::json;
use tokio::task::JoinHandle;

use super::{Options, client::Client};

const VERDICTS: [&str; 4] = ["interested", "not_interested", "success", "other"];

pub struct Agents(JoinHandle<()>);

impl Agents {
    /// Every second agent is nailed up: one leg for the whole shift, connected in one tick.
    ///
    /// # Errors
    /// When an agent is not let in.
    pub async fn start(client: &Client, live: &Live, options: &Options) -> Result<Self> {
        let agents: Vec<String> = live
            .view()
            .agents
            .iter()
            .map(|agent| agent.id.to_string())
            .collect();
        for (nth, agent) in agents.iter().enumerate() {
            let path = format!("/agents/{agent}/state");
            let sign_in = json!({ "order": "sign_in", "nailed_up": nth % 2 == 0 });
            client.post(&path, &sign_in).await?;
            client.post(&path, &json!({ "order": "ready" })).await?;
        }
        let pause = Duration::from_millis(if options.fast { 400 } else { 1_500 });
        Ok(Self(tokio::spawn(dispose(
            client.clone(),
            live.clone(),
            pause,
        ))))
    }

    pub fn stop(self) {
        self.0.abort();
    }
}

/// After each call an agent thinks for a moment, then says what came of it.
async fn dispose(client: Client, live: Live, pause: Duration) {
    let mut view = live.watch();
    let mut written = std::collections::BTreeMap::new();
    while view.changed().await.is_ok() {
        let seen = view.borrow_and_update().clone();
        for agent in seen.agents.iter().filter(|agent| agent.state == "acw") {
            let Some(call) = agent.wrap_up_call else {
                continue;
            };
            if written.insert(agent.id.clone(), call) == Some(call) {
                continue;
            }
            let client = client.clone();
            tokio::spawn(async move {
                tokio::time::sleep(pause).await;
                let code = VERDICTS[usize::try_from(call.0).unwrap_or_default() % VERDICTS.len()];
                let verdict = json!({ "code": code, "note": "" });
                let path = format!("/calls/{call}/disposition");
                if let Err(error) = client.post(&path, &verdict).await {
                    tracing::info!(%error, "a disposition came too late");
                }
            });
        }
    }
}
