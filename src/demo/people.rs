//! The agents: hired over REST, each with a user and a phone of their own. They sign in, get ready,
//! end calls that go nowhere, and say what came of each.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Result;
use engine::{floor::AgentView, ids::CallId, time::Millis};
use live::Live;
use rand::Rng;
use serde_json::json;
use tokio::task::JoinHandle;

use super::{
    Options,
    client::{Client, text},
    moments::{Moments, SUPERVISOR},
};

pub const AGENTS: u32 = 8;
const FIRST_EXTENSION: u32 = 1001;
const VERDICTS: [&str; 4] = ["interested", "not_interested", "success", "other"];

/// A phone on somebody's desk.
pub struct Handset {
    pub extension: String,
    /// The phone's digest password.
    pub secret: String,
}

/// One agent, who has the number of the phone, and the way in.
pub struct Staff {
    pub phone: Handset,
    client: Client,
}

/// The supervisor's phone; the administrator supervises at it.
///
/// # Errors
/// When the server refuses.
pub async fn appoint(admin: &Client) -> Result<Handset> {
    install(admin, SUPERVISOR).await
}

async fn install(admin: &Client, extension: &str) -> Result<Handset> {
    let secret = secret();
    let phone = json!({ "secret": secret });
    admin
        .put(&format!("/extensions/{extension}"), &phone)
        .await?;
    Ok(Handset {
        extension: extension.to_owned(),
        secret,
    })
}

/// Makes a user, an extension and an agent, eight times.
///
/// # Errors
/// When the server refuses.
pub async fn hire(admin: &Client, server: SocketAddr) -> Result<Vec<Staff>> {
    let mut staff = Vec::new();
    for nth in 0..AGENTS {
        let extension = (FIRST_EXTENSION + nth).to_string();
        let password = secret();
        let name = format!("坐席{}", nth + 1);
        let user = json!({
            "username": format!("agent{extension}"),
            "password": password,
            "display_name": name,
            "role": "agent",
        });
        let user = text(&admin.post("/users", &user).await?, "id")?;
        let phone = install(admin, &extension).await?;
        let agent = json!({ "name": name, "extension": extension, "user_id": user });
        admin.put(&format!("/agents/{extension}"), &agent).await?;
        let client = Client::sign_in(server, &format!("agent{extension}"), &password).await?;
        staff.push(Staff { phone, client });
    }
    Ok(staff)
}

fn secret() -> String {
    format!("{:032x}", rand::rng().random::<u128>())
}

/// The agents at work, until [`Shift::stop`].
pub struct Shift(JoinHandle<()>);

impl Shift {
    /// Every second agent is nailed up: one leg for the whole shift, connected in one tick.
    ///
    /// # Errors
    /// When an agent is not let in.
    pub async fn start(
        staff: Vec<Staff>,
        boss: &Client,
        moments: &Arc<Moments>,
        live: &Live,
        options: &Options,
    ) -> Result<Self> {
        for (nth, agent) in staff.iter().enumerate() {
            let sign_in = json!({ "order": "sign_in", "nailed_up": nth % 2 == 0 });
            agent.order(&sign_in).await?;
            agent.order(&json!({ "order": "ready" })).await?;
        }
        let patience = if options.fast { 7_000 } else { 20_000 };
        let pause = Duration::from_millis(if options.fast { 400 } else { 1_500 });
        let floor = Floor {
            boss: boss.clone(),
            moments: moments.clone(),
            patience_ms: patience,
            pause,
        };
        Ok(Self(tokio::spawn(work(staff, live.clone(), floor))))
    }

    pub fn stop(self) {
        self.0.abort();
    }
}

impl Staff {
    async fn order(&self, order: &serde_json::Value) -> Result<serde_json::Value> {
        self.client
            .post(&format!("/agents/{}/state", self.phone.extension), order)
            .await
    }
}

/// What all agents have in common.
struct Floor {
    boss: Client,
    moments: Arc<Moments>,
    /// A longer talk is ended by its agent.
    patience_ms: i64,
    /// Before an agent says what came of a call.
    pause: Duration,
}

/// Looks at the floor as it changes, and does what each agent would do.
async fn work(staff: Vec<Staff>, live: Live, floor: Floor) {
    let staff: BTreeMap<String, Arc<Staff>> = staff
        .into_iter()
        .map(|agent| (agent.phone.extension.clone(), Arc::new(agent)))
        .collect();
    let mut done: BTreeMap<String, Done> = BTreeMap::new();
    let mut view = live.watch();
    while view.changed().await.is_ok() {
        let seen = view.borrow_and_update().clone();
        for agent in &seen.agents {
            let Some(own) = staff.get(agent.id.as_str()) else {
                continue;
            };
            let done = done.entry(own.phone.extension.clone()).or_default();
            floor.act(agent, own, done, seen.as_of);
        }
    }
}

/// What an agent did already.
#[derive(Default)]
struct Done {
    talked: Option<CallId>,
    hung_up: Option<CallId>,
    /// The call, and since when it is wrapped up: one that was sent on may come back.
    disposed: Option<(CallId, Millis)>,
}

impl Floor {
    fn act(&self, agent: &AgentView, own: &Arc<Staff>, done: &mut Done, now: Millis) {
        if let Some(call) = agent
            .wrap_up_call
            .filter(|call| done.disposed != Some((*call, agent.since)))
        {
            done.disposed = Some((call, agent.since));
            tokio::spawn(dispose(Arc::clone(own), call, self.pause));
        }
        let Some(call) = &agent.call else { return };
        let Some(since) = call.bridged_at else { return };
        if done.talked != Some(call.id) && !call.consulted {
            done.talked = Some(call.id);
            let (id, own, boss) = (agent.id.to_string(), own.client.clone(), self.boss.clone());
            tokio::spawn(self.moments.clone().live(id, own, boss));
        }
        if now.since(since) > self.patience_ms && done.hung_up != Some(call.id) {
            done.hung_up = Some(call.id);
            let own = Arc::clone(own);
            tokio::spawn(async move {
                if let Err(error) = own.order(&json!({ "order": "hangup" })).await {
                    tracing::info!(%error, "the call was over already");
                }
            });
        }
    }
}

/// After each call an agent thinks for a moment, then says what came of it.
async fn dispose(own: Arc<Staff>, call: CallId, pause: Duration) {
    tokio::time::sleep(pause).await;
    let code = VERDICTS[usize::try_from(call.0).unwrap_or_default() % VERDICTS.len()];
    let verdict = json!({ "code": code, "note": "" });
    if let Err(error) = own
        .client
        .post(&format!("/calls/{call}/disposition"), &verdict)
        .await
    {
        tracing::info!(%error, "a disposition came too late");
    }
}
