//! A house with two agents, a line in and a phone without an agent, for tests of what phones do by themselves.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    baresip::Baresip,
    carrier::Fate,
    client::Client,
    server::{House, Server},
    sipp::{CARRIER_HERTZ, Sipp},
    sipp_phone::SippPhone,
    sound::tones_in,
    stage::{self, Agent, text},
    wait,
};

pub const NUMBER: &str = "4008001234";
pub const SOON: Duration = Duration::from_secs(60);
pub const ONE: f64 = 600.0;
pub const OTHER: f64 = 800.0;
const ALL: [f64; 3] = [ONE, OTHER, CARRIER_HERTZ];
pub const LONG: &[(char, Fate)] = &[(
    '0',
    Fate::Answers {
        ring_ms: 100,
        talk_ms: 150_000,
    },
)];
/// Somebody takes a breath before pressing the next key.
pub const BREATH_MS: u32 = 2_000;

pub async fn until(api: &Client, agent: &Agent, state: &str, sub: Option<&str>) {
    let path = format!("/agents/{}", agent.id);
    wait::until_seen(
        &format!("{} to be {state} {sub:?}", agent.id),
        SOON,
        || async { api.get(&path).await },
        |seen| seen["state"] == state && sub.is_none_or(|sub| seen["sub_state"] == sub),
    )
    .await;
}

/// The last call that was begun, once it is over.
pub async fn closed(api: &Client, count: usize) -> Value {
    let calls = wait::until_seen(
        "the CDR",
        SOON,
        || async { api.all("/calls").await },
        |calls| calls.len() == count && calls.iter().all(|call| call["state"] == "closed"),
    )
    .await;
    calls[0].clone()
}

/// Kind, party and why it ended, of every leg.
pub async fn legs(api: &Client, call: &Value) -> Vec<(String, String, String)> {
    let legs = api.all(&format!("/calls/{}/legs", text(&call["id"]))).await;
    let leg = |leg: &Value| (text(&leg["kind"]), text(&leg["party"]), text(&leg["why"]));
    legs.iter().map(leg).collect()
}

pub fn leg(kind: &str, party: &str, why: &str) -> (String, String, String) {
    (kind.into(), party.into(), why.into())
}

/// SIPp takes an OPTIONS that comes before its call for the one call it is to take.
const NO_PINGS: &str = "[sip]\nphone_ping_s = 0\n";

/// A house with two agents and a line in.
pub struct Office {
    _house: House,
    pub server: Server,
    pub api: Client,
    pub agents: Vec<Agent>,
}

impl Office {
    pub async fn open() -> Self {
        let house = House::new().with_settings(NO_PINGS);
        let server = house.start();
        let api = house.admin().await;
        let settings = json!({ "max_wait_ms": 0, "wrap_up_ms": 0, "ring_ms": 60_000 });
        let agents = stage::queue(&api, "sales", &["1001", "1002"], settings).await;
        let secret = json!({ "secret": "secret-of-1009" });
        api.put("/extensions/1009", secret).await;
        let hotline = json!({ "number": NUMBER, "queue_id": "sales" });
        api.put("/routes/hotline", hotline).await;
        Self {
            _house: house,
            server,
            api,
            agents,
        }
    }

    pub fn baresip(&self, hertz: f64, agent: usize) -> Baresip {
        let agent = &self.agents[agent];
        Baresip::speaking(hertz, &agent.extension, &agent.secret, self.server.sip)
    }

    pub async fn sipp(&self, extension: &str) -> SippPhone {
        let secret = format!("secret-of-{extension}");
        SippPhone::register(extension, &secret, self.server.sip).await
    }

    pub async fn sign_in(&self, agent: usize) {
        let agent = &self.agents[agent];
        agent.registered(&self.api).await;
        agent.order(&self.api, json!({ "order": "sign_in" })).await;
    }

    /// One lead is dialled and answered, for whoever is ready.
    pub async fn dial(&self, carrier: &Sipp) {
        let batch = stage::batch(&self.api, "one", &["13800138000"]).await;
        let gateway = stage::gateway(&self.api, carrier, 10.0).await;
        let settings = stage::settings(&gateway);
        let target = ("queue", "sales");
        stage::start(&self.api, "predictive", &batch, target, settings).await;
    }
}

pub async fn hears(carrier: &Sipp, tones: &[f64]) {
    wait::until_seen(
        &format!("the customer to hear {tones:?}"),
        SOON,
        || async { json!(tones_in(&carrier.sound.hears(), &ALL)) },
        |heard| *heard == json!(tones),
    )
    .await;
}

pub fn leg_of(agent: &Agent, why: &str) -> (String, String, String) {
    leg("agent", &agent.id, why)
}
