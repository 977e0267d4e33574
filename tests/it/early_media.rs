//! What a carrier says before the answer (183 with sound) is heard at the phone of whoever waits for it,
//! in place of the house's own ringback; and who calls a phone or outside is answered when they answer.

use std::time::Duration;

use serde_json::{Value, json};
use switch::{Cause, EventKind};

use crate::kit::{
    baresip::Baresip,
    client::Client,
    person::Person,
    server::{House, Server},
    sipp_phone::SippPhone,
    sound::tones_in,
    stage::{self, Agent},
    tone_end::ToneEnd,
    voice::Voice,
    wait,
};

const SOON: Duration = Duration::from_secs(40);
/// What the house lets those hear who wait.
const RINGBACK: f64 = 425.0;
/// The carrier's announcement.
const WORD: f64 = 1_300.0;
const VOICE: f64 = 900.0;
/// Leads to the phone 1009.
const NUMBER: &str = "02188880000";
const SECRET: &str = "secret-of-1009";
/// Leads to the agent's phone.
const OTHER_NUMBER: &str = "02188880001";

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_hears_the_carriers_word_until_the_answer() {
    let house = House::new();
    let server = house.start();
    let api = house.admin().await;
    let by_hand = json!({ "wrap_up_ms": 500 });
    let agent = stage::queue(&api, "sales", &["1001"], by_hand)
        .await
        .remove(0);
    let phone = Baresip::start(&agent.extension, &agent.secret, server.sip);
    agent.work(&api).await;
    let mut carrier = Person::new(server.sip).await;
    let gateway = stage::gateway_at(&api, carrier.port(), 10.0).await;
    let numbers = ["13800138000", "13800138001"];
    let batch = stage::batch(&api, "two", &numbers).await;
    let mut settings = stage::settings(&gateway);
    settings["ring_timeout_s"] = json!(60);
    settings["preview_countdown_s"] = json!(1);
    let target = ("agent", agent.id.as_str());
    let campaign = stage::start(&api, "preview", &batch, target, settings).await;
    campaign
        .until(&api, "the floor to know the campaign", SOON, |stats| {
            stats["on_the_floor"] == true && stats["state"] == "running"
        })
        .await;
    let task = format!("/tasks/{}", campaign.task);
    shown(&api, &task, |task| task["state"] == "ready").await;
    let wish = json!({ "order": "next_preview", "campaign_id": campaign.id });
    agent.order(&api, wish).await;

    // The number is unknown, and the carrier says so before it refuses.
    let unknown = carrier.is_called().await;
    carrier.ring(unknown);
    carrier.say_early(unknown, &format!("tone:{WORD}:1000"));
    hears(&phone, &[WORD]).await;
    carrier.refuse(unknown, Cause::Unallocated).await;

    // The next one answers: both ways from then on.
    let known = carrier.is_called().await;
    carrier.say_early(known, &format!("tone:{WORD}:1000"));
    hears(&phone, &[WORD]).await;
    carrier.answer_saying(known, &format!("tone:{VOICE}:1000"));
    hears(&phone, &[VOICE]).await;
    carrier.hang_up(known).await;
    let calls = closed(&api, 2).await;
    let outcomes: Vec<_> = calls.iter().map(|call| &call["outcome"]).collect();
    assert_eq!(outcomes, ["unallocated", "connected"]);
}

/// SIPp takes an OPTIONS that comes before its call for the one call it is to take.
const NO_PINGS: &str = "[sip]\nphone_ping_s = 0\n";

/// A house with two phones without an agent, each with its number, and a route out to a carrier.
struct Office {
    _house: House,
    server: Server,
    api: Client,
    agent: Agent,
    carrier: Person,
}

impl Office {
    async fn open() -> Self {
        let house = House::new().with_settings(NO_PINGS);
        let server = house.start();
        let api = house.admin().await;
        let carrier = Person::new(server.sip).await;
        let gateway = stage::gateway_at(&api, carrier.port(), 10.0).await;
        let out = json!({ "number": "^139", "rule": { "type": "outbound", "gateway": gateway } });
        api.put("/routes/out", out).await;
        let secret = json!({ "secret": SECRET });
        api.put("/extensions/1009", secret).await;
        for (number, extension) in [(NUMBER, "1009"), (OTHER_NUMBER, "1001")] {
            let direct =
                json!({ "number": number, "rule": { "type": "inbound", "to": extension } });
            api.put(&format!("/routes/to-{extension}"), direct).await;
            let inside = json!({ "number": extension, "rule": { "type": "basic" } });
            api.put(&format!("/routes/inside-{extension}"), inside)
                .await;
        }
        // Whoever knows the queue knows what came before it.
        let mut agents = stage::queue(&api, "sales", &["1001"], json!({})).await;
        shown(&api, "/queues/sales", |queue| queue["in_effect"] == true).await;
        let health = format!("/gateways/{gateway}");
        shown(&api, &health, |gateway| gateway["health"] == "up").await;
        Self {
            _house: house,
            server,
            api,
            agent: agents.remove(0),
            carrier,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_calls_outside_is_told_what_the_carrier_says_and_answered_when_somebody_answers()
 {
    let mut office = Office::open().await;
    let (api, carrier) = (&office.api, &mut office.carrier);
    let phone = SippPhone::register("1009", SECRET, office.server.sip).await;
    let sound = ToneEnd::start(Voice::Tone(VOICE));
    let script = phone
        .script()
        .calls_and_is_told(2, "13900000001", 183, 404)
        .calls_and_is_told(3, "13900000002", 180, 486)
        .calls_and_is_told(4, "13900000003", 180, 200)
        .released();
    let mut playing = phone.run(&script, &[sound.port; 4]);

    let unknown = carrier.is_called().await;
    carrier.say_early(unknown, &format!("tone:{WORD}:1000"));
    let seen = || async { json!(tones_in(&sound.hears(), &[RINGBACK, WORD])) };
    let is_word = |heard: &Value| *heard == json!([WORD]);
    wait::until_seen("the phone to hear the carrier's word", SOON, seen, is_word).await;
    carrier.refuse(unknown, Cause::Unallocated).await;
    let busy = carrier.is_called().await;
    carrier.ring(busy);
    rings(api).await;
    carrier.refuse(busy, Cause::Busy).await;
    let there = carrier.is_called().await;
    carrier.ring(there);
    rings(api).await;
    carrier.answer_saying(there, &format!("tone:{VOICE}:1000"));
    let seen = || async { json!(tones_in(&sound.hears(), &[RINGBACK, VOICE])) };
    let is_voice = |heard: &Value| *heard == json!([VOICE]);
    wait::until_seen("the phone to hear who answered", SOON, seen, is_voice).await;
    carrier.hang_up(there).await;
    phone.ended(&mut playing).await;

    let calls = closed(api, 3).await;
    let came_to = |call: &Value| {
        let answered = call["answered_at"].is_string();
        json!([call["outcome"], call["sip_status"], answered])
    };
    let came_to: Vec<Value> = calls.iter().map(came_to).collect();
    assert_eq!(
        came_to,
        [
            json!(["unallocated", 404, false]),
            json!(["busy", 486, false]),
            json!(["connected", null, true])
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_of_an_extension_is_told_its_status_and_answered_when_its_phone_is() {
    let mut office = Office::open().await;
    let (api, person) = (&office.api, &mut office.carrier);
    let phone = SippPhone::register("1009", SECRET, office.server.sip).await;
    let is_ringing = |event: &EventKind| matches!(event, EventKind::Ringing { .. });
    for (status, told) in [("486 Busy Here", 486), ("603 Decline", 603)] {
        let mut playing = phone.run(&phone.script().refuses_a_call(status), &[9]);
        let leg = person.dial(NUMBER, "02066660001");
        person.until(leg, "it to ring", is_ringing).await;
        let is_told = |event: &EventKind| match event {
            EventKind::Answered => panic!("it is answered"),
            EventKind::Ended(ended) => ended.sip_status == Some(told),
            _ => false,
        };
        person.until(leg, status, is_told).await;
        phone.ended(&mut playing).await;
    }
    let Agent {
        extension, secret, ..
    } = &office.agent;
    let other = Baresip::ringing(extension, secret, office.server.sip);
    office.agent.registered(api).await;
    let leg = person.dial(OTHER_NUMBER, "02066660001");
    person.until(leg, "it to ring", is_ringing).await;
    rings(api).await;
    other.order("accept", "");
    let is_answer = |event: &EventKind| matches!(event, EventKind::Answered);
    person.until(leg, "the answer", is_answer).await;
    person.hang_up(leg).await;
    let calls = closed(api, 3).await;
    let outcomes: Vec<_> = calls.iter().map(|call| &call["outcome"]).collect();
    assert_eq!(outcomes, ["busy", "declined", "connected"]);
}

/// Waits until the caller of the open call is told that it rings, and not that it is answered.
async fn rings(api: &Client) {
    let told = |trace: &Value, title: &str| {
        let messages = trace["messages"].as_array().expect("messages");
        let mut ours = messages.iter().filter(|message| message["sent"] == true);
        ours.any(|message| message["title"] == title)
    };
    let trace = wait::until("the caller to be told", SOON, || async {
        let calls = api.all("/calls").await;
        let call = calls.iter().find(|call| call["state"] != "closed")?;
        let path = format!("/calls/{}/trace", stage::text(&call["id"]));
        let trace = api.get(&path).await;
        told(&trace, "180 Ringing (INVITE)").then_some(trace)
    })
    .await;
    assert!(!told(&trace, "200 OK (INVITE)"), "{trace:#}");
}

/// Waits until the house shows something so.
async fn shown(api: &Client, path: &str, holds: impl Fn(&Value) -> bool) {
    let seen = || async { api.get(path).await };
    wait::until_seen(path, SOON, seen, holds).await;
}

/// So many CDRs that are closed, oldest first.
async fn closed(api: &Client, count: usize) -> Vec<Value> {
    let is_closed = |call: &&Value| call["state"] == "closed";
    let mut calls = wait::until_seen(
        "the CDRs",
        SOON,
        || async { api.all("/calls").await },
        |calls| calls.iter().filter(is_closed).count() == count,
    )
    .await;
    calls.sort_by_key(|call| stage::text(&call["started_at"]));
    calls
}

async fn hears(phone: &Baresip, tones: &[f64]) {
    let what = format!("the phone to hear {tones:?}");
    let seen = || async { json!(tones_in(&phone.hears(), &[RINGBACK, WORD, VOICE])) };
    wait::until_seen(&what, SOON, seen, |heard| *heard == json!(tones)).await;
}
