//! Calls that are held, asked about, sent on, joined and supervised, by who hears whom: every end has a
//! tone of its own.

use std::{collections::BTreeSet, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};

use crate::kit::{
    baresip::{AGENT_HERTZ, Baresip},
    carrier::Fate,
    client::Client,
    server::{House, Server},
    sipp::{CARRIER_HERTZ, Sipp},
    sound::{over_noise_db, read_stereo, tones_in},
    stage::{self, Agent, Campaign, text},
    wait,
};

pub const LONG: &[(char, Fate)] = &[(
    '0',
    Fate::Answers {
        ring_ms: 100,
        talk_ms: 150_000,
    },
)];
pub const CUSTOMER: f64 = CARRIER_HERTZ;
pub const FIRST: f64 = AGENT_HERTZ;
pub const SECOND: f64 = 800.0;
pub const BOSS: f64 = 440.0;
pub const ALL: [f64; 4] = [BOSS, FIRST, SECOND, CUSTOMER];
/// What an agent hears whose code leads nowhere.
const PIPS: f64 = 425.0;
/// The event of the key (RFC 4733 section 3.2).
const STAR: u8 = 10;
pub const SOON: Duration = Duration::from_secs(40);

/// A customer in a talk with the first of two agents, and a supervisor's phone.
pub struct Talk {
    house: House,
    _server: Server,
    pub api: Client,
    carrier: Sipp,
    pub agents: Vec<Agent>,
    pub phones: [Baresip; 3],
    campaign: Campaign,
}

/// Whose ear it is.
#[derive(Debug, Clone, Copy)]
pub enum At {
    Customer,
    First,
    Second,
    Boss,
}

impl Talk {
    pub async fn begin() -> Self {
        let carrier = Sipp::carrier(LONG);
        let house = House::new();
        let server = house.start();
        let api = house.admin().await;
        let agents = stage::queue(&api, "sales", &["1001", "1002"], json!({})).await;
        let secret = "secret-of-1009";
        api.put("/extensions/1009", json!({ "secret": secret }))
            .await;
        let phone = |hertz, agent: &Agent| {
            Baresip::speaking(hertz, &agent.extension, &agent.secret, server.sip)
        };
        let phones = [
            phone(FIRST, &agents[0]),
            phone(SECOND, &agents[1]),
            Baresip::speaking(BOSS, "1009", secret, server.sip),
        ];
        agents[0].work(&api).await;
        agents[1].registered(&api).await;
        agents[1].order(&api, json!({ "order": "sign_in" })).await;
        let batch = stage::batch(&api, "one", &["13800138000"]).await;
        let gateway = stage::gateway(&api, &carrier, 10.0).await;
        let settings = stage::settings(&gateway);
        let campaign = stage::start(&api, "predictive", &batch, ("queue", "sales"), settings).await;
        let talk = Self {
            house,
            _server: server,
            api,
            carrier,
            agents,
            phones,
            campaign,
        };
        talk.hears(At::Customer, &[FIRST]).await;
        talk.hears(At::First, &[CUSTOMER]).await;
        talk
    }

    /// Waits until somebody hears these tones and no other.
    pub async fn hears(&self, at: At, tones: &[f64]) {
        let what = format!("{at:?} to hear {tones:?}");
        wait::until_seen(
            &what,
            SOON,
            || async {
                let samples = match at {
                    At::Customer => self.carrier.sound.hears(),
                    At::First => self.phones[0].hears(),
                    At::Second => self.phones[1].hears(),
                    At::Boss => self.phones[2].hears(),
                };
                json!(tones_in(&samples, &ALL))
            },
            |heard| *heard == json!(tones),
        )
        .await;
    }

    /// An order of the first agent about the call.
    pub async fn orders(&self, agent: usize, order: Value) -> Value {
        let path = format!("/agents/{}/call", self.agents[agent].id);
        self.api.post(&path, order).await
    }

    async fn supervises(&self, agent: usize, how: &str) {
        let path = format!("/agents/{}/supervise", self.agents[agent].id);
        let order = json!({ "how": how, "extension": "1009" });
        self.api.post(&path, order).await;
    }

    pub async fn until(&self, agent: usize, state: &str, sub: Option<&str>) {
        let path = format!("/agents/{}", self.agents[agent].id);
        wait::until_seen(
            &format!("agent {agent} to be {state} {sub:?}"),
            SOON,
            || async { self.api.get(&path).await },
            |seen| seen["state"] == state && sub.is_none_or(|sub| seen["sub_state"] == sub),
        )
        .await;
    }

    /// The only call, once it is closed and its recording complete.
    pub async fn closed(&self) -> Value {
        wait::until("the CDR", SOON, || async {
            let call = self.campaign.calls(&self.api).await.pop()?;
            (call["state"] == "closed" && call["recording_ms"].is_number()).then_some(call)
        })
        .await
    }

    /// Kind, party, whether it had the customer, and why it ended, of every leg.
    pub async fn legs(&self, call: &Value) -> Vec<(String, String, bool, String)> {
        let legs = self
            .api
            .all(&format!("/calls/{}/legs", text(&call["id"])))
            .await;
        let leg = |leg: &Value| {
            let had = !leg["joined_at"].is_null();
            (
                text(&leg["kind"]),
                text(&leg["party"]),
                had,
                text(&leg["why"]),
            )
        };
        legs.iter().map(leg).collect()
    }
}

pub fn leg(kind: &str, party: &str, had: bool, why: &str) -> (String, String, bool, String) {
    (kind.into(), party.into(), had, why.into())
}

/// An agent is muted, swaps between customer and colleague, and joins them: AGT-151, AGT-158.
#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_held_asked_about_joined_and_handed_over() {
    let talk = Talk::begin().await;
    talk.orders(0, json!({ "order": "hold" })).await;
    talk.hears(At::First, &[]).await;
    talk.hears(At::Customer, &[]).await;
    talk.until(0, "busy", Some("hold")).await;
    talk.orders(0, json!({ "order": "retrieve" })).await;
    talk.hears(At::Customer, &[FIRST]).await;
    talk.hears(At::First, &[CUSTOMER]).await;
    talk.orders(0, json!({ "order": "mute" })).await;
    talk.hears(At::Customer, &[]).await;
    talk.hears(At::First, &[CUSTOMER]).await;
    talk.orders(0, json!({ "order": "unmute" })).await;
    talk.hears(At::Customer, &[FIRST]).await;

    let colleague = json!({ "agent": talk.agents[1].id });
    talk.orders(0, json!({ "order": "consult", "to": colleague }))
        .await;
    talk.hears(At::Second, &[FIRST]).await;
    talk.hears(At::First, &[SECOND]).await;
    talk.hears(At::Customer, &[]).await;
    talk.until(0, "busy", Some("transfer")).await;
    talk.orders(0, json!({ "order": "swap" })).await;
    talk.hears(At::First, &[CUSTOMER]).await;
    talk.hears(At::Customer, &[FIRST]).await;
    talk.hears(At::Second, &[]).await;
    talk.orders(0, json!({ "order": "confer" })).await;
    talk.hears(At::First, &[SECOND, CUSTOMER]).await;
    talk.hears(At::Second, &[FIRST, CUSTOMER]).await;
    talk.hears(At::Customer, &[FIRST, SECOND]).await;
    talk.until(1, "busy", Some("conference")).await;
    talk.orders(0, json!({ "order": "complete" })).await;
    talk.hears(At::Second, &[CUSTOMER]).await;
    talk.hears(At::Customer, &[SECOND]).await;
    talk.until(0, "acw", None).await;
    talk.until(1, "busy", Some("answered")).await;

    talk.agents[1]
        .order(&talk.api, json!({ "order": "hangup" }))
        .await;
    talk.until(1, "acw", None).await;
    let call = talk.closed().await;
    assert_eq!(call["outcome"], "connected", "{call:#}");
    assert_eq!(call["agent_id"], *talk.agents[1].id, "{call:#}");
    let legs = [
        leg("agent", &talk.agents[0].id, true, "transferred"),
        leg("agent", &talk.agents[1].id, true, "call_over"),
    ];
    assert_eq!(talk.legs(&call).await, legs);
    let path = talk
        .house
        .data()
        .join("recordings")
        .join(text(&call["recording"]));
    let [customer, others] = read_stereo(&path);
    assert!(over_noise_db(&customer, CUSTOMER) > 20.0);
    // Before the agent came there was none.
    let mut heard = others.chunks(1_600).map(|part| tones_in(part, &ALL));
    let begin = heard.find(|tones| !tones.is_empty()).expect("a tone");
    // What is recorded went through a jitter buffer: the end of it is older than what was heard last.
    let end = tones_in(&others[others.len() - 1_600..], &ALL);
    assert!(
        begin.contains(&FIRST) && !begin.contains(&SECOND),
        "{begin:?}"
    );
    assert!(end.contains(&SECOND) && !end.contains(&FIRST), "{end:?}");
}

/// Somebody is called into a talk, which ends for all with the agent where that is wanted: AGT-158, AGT-159,
/// AGT-160, AGT-161.
#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_is_called_into_the_talk_and_it_is_over_for_all_when_the_agent_hangs_up() {
    let talk = Talk::begin().await;
    let colleague = json!({ "agent": talk.agents[1].id });
    let invite = json!({ "order": "invite", "to": colleague, "ends_all": true });
    let agent = talk.orders(0, invite).await;
    talk.hears(At::First, &[SECOND, CUSTOMER]).await;
    talk.hears(At::Second, &[FIRST, CUSTOMER]).await;
    talk.hears(At::Customer, &[FIRST, SECOND]).await;
    let id = text(&agent["call"]["id"]);
    let seen = talk.api.get(&format!("/calls/{id}/members")).await;
    assert_eq!(
        (&seen["conference"], &seen["ends_all"]),
        (&json!(true), &json!(true))
    );
    let members = [
        ("customer", "13800138000"),
        ("agent", &talk.agents[0].id),
        ("agent", &talk.agents[1].id),
    ];
    assert_eq!(up_in(&seen), members.map(named), "{seen:#}");
    let hang_up = json!({ "order": "hangup" });
    talk.agents[0].order(&talk.api, hang_up).await;
    let call = talk.closed().await;
    assert_eq!(call["hangup_side"], "us", "{call:#}");
    assert_eq!(call["agent_id"], *talk.agents[0].id, "{call:#}");
    talk.until(0, "acw", None).await;
    talk.until(1, "unready", None).await;
}

pub fn named((kind, name): (&str, &str)) -> (String, String) {
    (kind.into(), name.into())
}

/// Kind and name of everybody who is up.
pub fn up_in(seen: &Value) -> Vec<(String, String)> {
    let members = seen["members"].as_array().expect("a list").iter();
    let up = members.filter(|member| member["state"] == "up");
    up.map(|one| (text(&one["kind"]), text(&one["name"])))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_holds_asks_and_transfers_at_the_phone() {
    let talk = Talk::begin().await;
    let phone = &talk.phones[0];
    let colleague = &talk.agents[1].extension;
    phone.order("hold", "");
    talk.until(0, "busy", Some("hold")).await;
    talk.hears(At::Customer, &[]).await;
    phone.order("resume", "");
    talk.until(0, "busy", Some("answered")).await;
    talk.hears(At::Customer, &[FIRST]).await;

    phone.order("hold", "");
    talk.until(0, "busy", Some("hold")).await;
    phone.order("dial", colleague);
    talk.until(0, "busy", Some("transfer")).await;
    talk.hears(At::Second, &[FIRST]).await;
    talk.hears(At::Customer, &[]).await;
    phone.order("hangup", "");
    talk.until(1, "unready", None).await;
    phone.order("resume", "");
    talk.hears(At::Customer, &[FIRST]).await;

    phone.order("transfer", colleague);
    talk.hears(At::Customer, &[SECOND]).await;
    talk.hears(At::Second, &[CUSTOMER]).await;
    talk.until(0, "acw", None).await;
    talk.phones[1].order("hangup", "");
    let call = talk.closed().await;
    assert_eq!(call["agent_id"], *talk.agents[1].id, "{call:#}");
    let legs = [
        leg("agent", &talk.agents[0].id, true, "transferred"),
        leg("agent", &talk.agents[1].id, false, "cancelled"),
        leg("agent", &talk.agents[1].id, true, "hung_up"),
    ];
    assert_eq!(talk.legs(&call).await, legs);
}

/// `*5` and an extension: AGT-136.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_transfers_by_keys_that_the_customer_does_not_hear() {
    let talk = Talk::begin().await;
    let phone = &talk.phones[0];
    phone.order("sndcode", "*59999#");
    wait::until("the pips of a number that leads nowhere", SOON, || async {
        let heard = phone.heard();
        // Shorter than a pip.
        let mut parts = heard.chunks_exact(400);
        parts
            .find(|part| tones_in(part, &[PIPS]) == [PIPS])
            .map(drop)
    })
    .await;
    talk.hears(At::First, &[CUSTOMER]).await;
    talk.until(0, "busy", Some("answered")).await;
    let code = format!("*5{}#", talk.agents[1].extension);
    phone.order("sndcode", &code);
    talk.hears(At::Customer, &[SECOND]).await;
    talk.hears(At::Second, &[CUSTOMER]).await;
    talk.until(0, "acw", None).await;
    let heard = talk.carrier.sound.keys();
    let events: BTreeSet<u8> = heard.iter().map(|packet| packet[12]).collect();
    assert_eq!(events, [STAR].into(), "{heard:?}");
    talk.phones[1].order("hangup", "");
    let call = talk.closed().await;
    let legs = [
        leg("agent", &talk.agents[0].id, true, "transferred"),
        leg("agent", &talk.agents[1].id, true, "hung_up"),
    ];
    assert_eq!(talk.legs(&call).await, legs);
}

/// Who hears whom of a supervisor, and the trail of it: AGT-146, AGT-147, AGT-148, AGT-149, AGT-155.
#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_listens_whispers_barges_in_and_takes_over() {
    let talk = Talk::begin().await;
    talk.supervises(0, "listen").await;
    talk.hears(At::Boss, &[FIRST, CUSTOMER]).await;
    talk.hears(At::First, &[CUSTOMER]).await;
    talk.hears(At::Customer, &[FIRST]).await;
    talk.supervises(0, "whisper").await;
    talk.hears(At::First, &[BOSS, CUSTOMER]).await;
    talk.hears(At::Customer, &[FIRST]).await;
    talk.supervises(0, "barge").await;
    talk.hears(At::First, &[BOSS, CUSTOMER]).await;
    talk.hears(At::Customer, &[BOSS, FIRST]).await;
    talk.hears(At::Boss, &[FIRST, CUSTOMER]).await;

    let to = json!({ "agent": talk.agents[1].id });
    talk.supervises(0, "listen").await;
    talk.orders(0, json!({ "order": "transfer", "to": to }))
        .await;
    talk.hears(At::Customer, &[SECOND]).await;
    talk.hears(At::Second, &[CUSTOMER]).await;
    talk.hears(At::Boss, &[SECOND, CUSTOMER]).await;
    talk.until(0, "acw", None).await;

    talk.supervises(1, "intercept").await;
    talk.hears(At::Boss, &[CUSTOMER]).await;
    talk.hears(At::Customer, &[BOSS]).await;
    talk.until(1, "acw", None).await;
    talk.phones[2].order("hangup", "");
    let call = talk.closed().await;
    assert_eq!(call["agent_id"], *talk.agents[1].id, "{call:#}");
    let legs = [
        leg("agent", &talk.agents[0].id, true, "transferred"),
        leg("supervisor", "1009", true, "hung_up"),
        leg("agent", &talk.agents[1].id, true, "intercepted"),
    ];
    assert_eq!(talk.legs(&call).await, legs);
    let trail = talk.api.get("/audit?limit=50").await;
    let notes: Vec<&Value> = trail["data"]
        .as_array()
        .expect("entries")
        .iter()
        .filter(|entry| text(&entry["action"]).contains("supervise"))
        .collect();
    assert_eq!(notes.len(), 5, "{trail:#}");
}

/// A call is ended by hand: AGT-146, AGT-155.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_a_supervisor_ends_is_in_the_trail_with_its_agent() {
    let talk = Talk::begin().await;
    let agent = &talk.agents[0].id;
    // Sound goes both ways before the desk is shown anew.
    let path = format!("/agents/{agent}");
    let look = async || talk.api.get(&path).await;
    let holds = |seen: &Value| seen["call"]["id"].is_string();
    let seen = wait::until_seen("the call at its agent", SOON, look, holds).await;
    let call = text(&seen["call"]["id"]);
    let release = format!("/calls/{call}/release");
    let done = talk.api.ask(Method::POST, &release, None).await;
    assert_eq!(done.status, 204, "{done:?}");
    talk.until(0, "acw", None).await;
    let trail = talk.api.all("/audit").await;
    let mut entries = trail.iter();
    let entry = entries.find(|entry| entry["action"] == "POST calls/{id}/release");
    let note = &entry.expect("an entry")["detail"]["note"];
    assert_eq!(*note, json!({ "call": call, "agents": [agent] }));
}
