//! What phones ask for by themselves: taking calls that ring elsewhere, and sending calls on by REFER
//! with Replaces, with SIPp and baresip as the phones.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::kit::{
    baresip::Baresip,
    carrier::Fate,
    client::Client,
    person::Person,
    server::{House, Server},
    sipp::{CARRIER_HERTZ, Sipp},
    sipp_phone::{SippPhone, refer_to_call},
    sound::tones_in,
    stage::{self, Agent, text},
    tone_end::ToneEnd,
    voice::Voice,
    wait,
};

const NUMBER: &str = "4008001234";
const SOON: Duration = Duration::from_secs(60);
const ONE: f64 = 600.0;
const OTHER: f64 = 800.0;
const ALL: [f64; 3] = [ONE, OTHER, CARRIER_HERTZ];
const LONG: &[(char, Fate)] = &[(
    '0',
    Fate::Answers {
        ring_ms: 100,
        talk_ms: 150_000,
    },
)];
/// Somebody takes a breath before pressing the next key.
const BREATH_MS: u32 = 2_000;

async fn until(api: &Client, agent: &Agent, state: &str, sub: Option<&str>) {
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
async fn closed(api: &Client, count: usize) -> Value {
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
async fn legs(api: &Client, call: &Value) -> Vec<(String, String, String)> {
    let legs = api.all(&format!("/calls/{}/legs", text(&call["id"]))).await;
    let leg = |leg: &Value| (text(&leg["kind"]), text(&leg["party"]), text(&leg["why"]));
    legs.iter().map(leg).collect()
}

fn leg(kind: &str, party: &str, why: &str) -> (String, String, String) {
    (kind.into(), party.into(), why.into())
}

/// SIPp takes an OPTIONS that comes before its call for the one call it is to take.
const NO_PINGS: &str = "[sip]\nphone_ping_s = 0\n";

/// A house with two agents and a line in.
struct Office {
    _house: House,
    server: Server,
    api: Client,
    agents: Vec<Agent>,
}

impl Office {
    async fn open() -> Self {
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

    fn baresip(&self, hertz: f64, agent: usize) -> Baresip {
        let agent = &self.agents[agent];
        Baresip::speaking(hertz, &agent.extension, &agent.secret, self.server.sip)
    }

    async fn sipp(&self, extension: &str) -> SippPhone {
        let secret = format!("secret-of-{extension}");
        SippPhone::register(extension, &secret, self.server.sip).await
    }

    async fn sign_in(&self, agent: usize) {
        let agent = &self.agents[agent];
        agent.registered(&self.api).await;
        agent.order(&self.api, json!({ "order": "sign_in" })).await;
    }

    /// One lead is dialled and answered, for whoever is ready.
    async fn dial(&self, carrier: &Sipp) {
        let batch = stage::batch(&self.api, "one", &["13800138000"]).await;
        let gateway = stage::gateway(&self.api, carrier, 10.0).await;
        let settings = stage::settings(&gateway);
        let target = ("queue", "sales");
        stage::start(&self.api, "predictive", &batch, target, settings).await;
    }
}

async fn hears(carrier: &Sipp, tones: &[f64]) {
    wait::until_seen(
        &format!("the customer to hear {tones:?}"),
        SOON,
        || async { json!(tones_in(&carrier.sound.hears(), &ALL)) },
        |heard| *heard == json!(tones),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_rings_at_a_colleague_is_taken_over_rest() {
    let office = Office::open().await;
    let (api, agents) = (&office.api, &office.agents);
    let (first, second) = (&agents[0], &agents[1]);
    let _rings = Baresip::ringing(&first.extension, &first.secret, office.server.sip);
    let _phone = office.baresip(ONE, 1);
    let mut person = Person::new(office.server.sip).await;
    stage::gateway_at(api, person.port(), 10.0).await;
    office.sign_in(0).await;
    office.sign_in(1).await;
    first.order(api, json!({ "order": "ready" })).await;
    let path = format!("/agents/{}/pick-up", second.id);
    let nothing = api.ask(Method::POST, &path, Some(json!({}))).await;
    assert_eq!(nothing.code(), "NO_SUCH_CALL", "{nothing:?}");

    let leg = person.call(NUMBER, "13900001111").await;
    until(api, first, "busy", Some("ringing")).await;
    let from = json!({ "from": { "agent": first.id } });
    let early = api.ask(Method::POST, &path, Some(from.clone())).await;
    assert_eq!(early.code(), "TOO_EARLY", "{early:?}");
    wait::until("the call to have rung for five seconds", SOON, || async {
        let taken = api.ask(Method::POST, &path, Some(from.clone())).await;
        taken.status.is_success().then_some(())
    })
    .await;
    until(api, second, "busy", Some("answered")).await;
    until(api, first, "ready", None).await;
    person.hang_up(leg).await;
    let call = closed(api, 1).await;
    assert_eq!(call["agent_id"], *second.id, "{call:#}");
    let taken = [leg_of(first, "withdrawn"), leg_of(second, "call_over")];
    assert_eq!(legs(api, &call).await, taken);
}

/// Waits until the first of the line has waited that long, and gives the line.
async fn rung_for_five_seconds(api: &Client) -> Value {
    wait::until_seen(
        "the call to have rung for five seconds",
        SOON,
        || async { api.get("/queues/sales/waiting").await },
        |line| line["data"][0]["waited_ms"].as_i64() > Some(6_000),
    )
    .await
}

fn leg_of(agent: &Agent, why: &str) -> (String, String, String) {
    leg("agent", &agent.id, why)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_takes_a_call_and_hangs_up_before_its_ack_loses_nobody() {
    let office = Office::open().await;
    let (api, agent) = (&office.api, &office.agents[0]);
    let rings = Baresip::ringing(&agent.extension, &agent.secret, office.server.sip);
    let phone = office.sipp("1009").await;
    let mut person = Person::new(office.server.sip).await;
    stage::gateway_at(api, person.port(), 10.0).await;
    agent.work(api).await;
    let leg = person.call(NUMBER, "13900004444").await;
    rung_for_five_seconds(api).await;
    let script = phone.script().calls_and_hangs_up_at_once(2, "*7sales");
    let mut playing = phone.run(&script, &[9, 9]);
    phone.ended(&mut playing).await;
    let line = rung_for_five_seconds(api).await;
    assert_eq!(line["data"].as_array().map(Vec::len), Some(1), "{line:#}");
    until(api, agent, "busy", Some("ringing")).await;
    rings.order("accept", "");
    until(api, agent, "busy", Some("answered")).await;
    person.hang_up(leg).await;
    let call = closed(api, 1).await;
    assert_eq!(call["agent_id"], *agent.id, "{call:#}");
    assert!(call["wait_ms"].as_i64() > Some(6_000), "{call:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_hands_its_customer_over_by_refer_and_is_told_how_that_went() {
    let office = Office::open().await;
    let (api, agents) = (&office.api, &office.agents);
    let carrier = Sipp::carrier(LONG);
    let sound = ToneEnd::start(Voice::Tone(ONE));
    let colleague = office.baresip(OTHER, 1);
    office.sign_in(1).await;
    let phone = office.sipp("1001").await;
    let refer = |to: &str| format!("Refer-To: {to}\n");
    let unknown = "<sip:1002@127.0.0.1?Replaces=nobody%3Bto-tag%3Da%3Bfrom-tag%3Db>";
    let script = phone
        .script()
        .takes_a_call()
        .waits(BREATH_MS)
        .refers("", 400)
        .refers(&refer("<sip:"), 400)
        .refers(&refer("<sip:bad%0d%0aname@127.0.0.1>"), 400)
        .refers(
            &format!("{}{}", refer("<sip:1002@x>"), refer("<sip:1003@x>")),
            400,
        )
        .refers(&refer("<mailto:somebody@example.org>"), 416)
        .refers(&refer(unknown), 481)
        .refers(&refer("<sip:77777@127.0.0.1>"), 202)
        .told(100)
        .told(404)
        .holds()
        .calls(2, "1002", "", 200)
        .waits(BREATH_MS)
        .refers(&refer_to_call("1002", 2), 202)
        .told(100)
        .told(200)
        .released()
        .released();
    let mut playing = phone.run(&script, &[sound.port, sound.port]);
    agents[0].work(api).await;
    office.dial(&carrier).await;
    hears(&carrier, &[ONE]).await;
    phone.ended(&mut playing).await;
    hears(&carrier, &[OTHER]).await;
    until(api, &agents[1], "busy", Some("answered")).await;
    colleague.order("hangup", "");
    let call = closed(api, 1).await;
    assert_eq!(call["agent_id"], *agents[1].id, "{call:#}");
    let both = [
        leg_of(&agents[0], "transferred"),
        leg_of(&agents[1], "hung_up"),
    ];
    assert_eq!(legs(api, &call).await, both);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_without_an_agent_sends_its_callers_on() {
    let office = Office::open().await;
    let (api, agent) = (&office.api, &office.agents[1]);
    let colleague = office.baresip(OTHER, 1);
    let sound = ToneEnd::start(Voice::Tone(ONE));
    office.sign_in(1).await;
    let mut person = Person::new(office.server.sip).await;
    let gateway = stage::gateway_at(api, person.port(), 10.0).await;
    let inward = json!({ "position": 1, "number": "4008005678",
        "rule": { "type": "inbound", "to": "1009" } });
    api.put("/routes/desk", inward).await;
    let basic = json!({ "position": 2, "number": "1009", "rule": { "type": "basic" } });
    api.put("/routes/basic", basic).await;
    let out = json!({ "number": "^00", "rule": { "type": "outbound", "gateway": gateway } });
    api.put("/routes/out", out).await;
    let phone = office.sipp("1009").await;
    let limits = json!({ "at_once": 4, "per_hour": 120, "denied": ["0088"] });
    api.put("/settings/phones", limits).await;
    let refer = |to: &str| format!("Refer-To: <sip:{to}@127.0.0.1>\n");
    let asks_first = phone
        .script()
        .takes_a_call()
        .waits(BREATH_MS)
        .refers(&refer("0088123"), 202)
        .told(100)
        .told(603)
        .holds()
        .calls(2, "1002", "", 200)
        .waits(BREATH_MS)
        .refers(&refer_to_call("1002", 2), 202)
        .told(100)
        .told(200)
        .released()
        .released();
    let at_once = phone
        .script()
        .takes_a_call()
        .waits(BREATH_MS)
        .refers(&refer("1002"), 202)
        .told(100)
        .told(200)
        .released();
    for (script, count) in [(asks_first, 1), (at_once, 2)] {
        let mut playing = phone.run(&script, &[sound.port, sound.port]);
        person.call("4008005678", "13900003333").await;
        phone.ended(&mut playing).await;
        until(api, agent, "busy", Some("answered")).await;
        colleague.order("hangup", "");
        let call = closed(api, count).await;
        assert_eq!(call["agent_id"], *agent.id, "{call:#}");
        let both = [
            leg("extension", "1009", "transferred"),
            leg_of(agent, "hung_up"),
        ];
        assert_eq!(legs(api, &call).await, both);
        until(api, agent, "unready", None).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_dials_a_star_takes_what_rings_in_its_group() {
    let office = Office::open().await;
    let (api, agents) = (&office.api, &office.agents);
    let (first, second) = (&agents[0], &agents[1]);
    let _rings = Baresip::ringing(&first.extension, &first.secret, office.server.sip);
    let phone = office.sipp("1002").await;
    let mut person = Person::new(office.server.sip).await;
    stage::gateway_at(api, person.port(), 10.0).await;
    office.sign_in(0).await;
    office.sign_in(1).await;
    first.order(api, json!({ "order": "ready" })).await;
    let leg = person.call(NUMBER, "13900006666").await;
    rung_for_five_seconds(api).await;
    let script = phone.script().calls(2, "*", "", 200).released();
    let mut playing = phone.run(&script, &[9, 9]);
    until(api, second, "busy", Some("answered")).await;
    until(api, first, "ready", None).await;
    person.hang_up(leg).await;
    phone.ended(&mut playing).await;
    let call = closed(api, 1).await;
    assert_eq!(call["agent_id"], *second.id, "{call:#}");
    let taken = [leg_of(first, "withdrawn"), leg_of(second, "call_over")];
    assert_eq!(legs(api, &call).await, taken);
}

/// A header that names the dialog of the phone that has answered a call, as another device writes it.
async fn replaces(api: &Client) -> String {
    let call = api.all("/calls").await.swap_remove(0);
    let trace = api
        .get(&format!("/calls/{}/trace", text(&call["id"])))
        .await;
    let messages = trace["messages"].as_array().expect("messages");
    let is_answer = |message: &&Value| {
        let of_phone = message["leg"] == 2 && message["sent"] == false;
        of_phone && message["title"] == "200 OK (INVITE)"
    };
    let answer = messages.iter().find(is_answer).expect("the phone's answer");
    let answer = text(&answer["text"]);
    let header = |name: &str| {
        let mut lines = answer.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim()).expect("a header")
    };
    let tag = |name: &str| header(name).split_once(";tag=").expect("a tag").1;
    let (ours, theirs) = (tag("From"), tag("To"));
    let id = header("Call-ID");
    format!("Replaces: {id};to-tag={ours};from-tag={theirs}")
}

#[tokio::test(flavor = "multi_thread")]
async fn another_device_of_a_phone_takes_its_call_over_and_nobody_else_does() {
    let office = Office::open().await;
    let (api, agent) = (&office.api, &office.agents[0]);
    let carrier = Sipp::carrier(LONG);
    let sounds = [ONE, OTHER].map(|hertz| ToneEnd::start(Voice::Tone(hertz)));
    let first = office.sipp("1001").await;
    let takes = first.script().takes_a_call().released();
    let mut answering = first.run(&takes, &[sounds[0].port]);
    agent.work(api).await;
    office.dial(&carrier).await;
    hears(&carrier, &[ONE]).await;

    let dialog = replaces(api).await;
    let stranger = office.sipp("1009").await;
    let script = stranger
        .script()
        .calls(2, "1001", &format!("{dialog}\n"), 603);
    let mut playing = stranger.run(&script, &[9, 9]);
    stranger.ended(&mut playing).await;
    let second = office.sipp("1001").await;
    let unknown = "Replaces: nobody;to-tag=a;from-tag=b\n";
    let script = second
        .script()
        .calls(2, "1001", unknown, 481)
        .calls(3, "1001", &format!("{dialog};early-only\n"), 486)
        .calls(4, "1001", &format!("{dialog}\n"), 200)
        .released();
    let mut taking = second.run(&script, &[sounds[1].port; 4]);
    first.ended(&mut answering).await;
    hears(&carrier, &[OTHER]).await;
    until(api, agent, "busy", Some("answered")).await;
    agent.order(api, json!({ "order": "hangup" })).await;
    second.ended(&mut taking).await;
    let call = closed(api, 1).await;
    assert_eq!(call["agent_id"], *agent.id, "{call:#}");
    let both = [leg_of(agent, "replaced"), leg_of(agent, "call_over")];
    assert_eq!(legs(api, &call).await, both);
}
