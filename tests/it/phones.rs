//! What phones ask for by themselves: taking calls that ring elsewhere or are up at another device, with
//! SIPp and baresip as the phones.

use reqwest::Method;
use serde_json::{Value, json};

use crate::kit::{
    baresip::Baresip,
    client::Client,
    office::{
        BREATH_MS, LONG, NUMBER, ONE, OTHER, Office, SOON, closed, hears, leg_of, legs, until,
    },
    person::Person,
    sipp::Sipp,
    sound::tones_in,
    stage::{self, text},
    tone_end::ToneEnd,
    voice::Voice,
    wait,
};

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

/// Not before five seconds of ringing: AGT-142.
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
    // On a machine that has been slow so far nothing is too early.
    let line = api.get("/queues/sales/waiting").await;
    if line["data"][0]["waited_ms"].as_i64() < Some(4_000) {
        let early = api.ask(Method::POST, &path, Some(from.clone())).await;
        assert_eq!(early.code(), "TOO_EARLY", "{early:?}");
    }
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

/// `*7` and a group: AGT-139.
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

/// `*` alone: AGT-140.
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

/// A hook flash, then an extension: AGT-135.
#[tokio::test(flavor = "multi_thread")]
async fn a_hook_flash_that_is_a_telephone_event_asks_a_colleague_and_goes_back_to_the_customer() {
    const FLASH: u8 = 16;
    let office = Office::open().await;
    let (api, agents) = (&office.api, &office.agents);
    let carrier = Sipp::carrier(LONG);
    let sound = ToneEnd::start(Voice::Tone(ONE));
    let _colleague = office.baresip(OTHER, 1);
    office.sign_in(1).await;
    let phone = office.sipp("1001").await;
    let script = phone.script().takes_a_call().by_events().released();
    let mut playing = phone.run(&script, &[sound.port]);
    agents[0].work(api).await;
    office.dial(&carrier).await;
    hears(&carrier, &[ONE]).await;
    sound.press(1, &[FLASH]);
    until(api, &agents[0], "busy", Some("hold")).await;
    sound.press(2, &[1, 0, 0, 2, 11]);
    until(api, &agents[1], "busy", Some("answered")).await;
    let heard = || async { json!(tones_in(&sound.hears(), &[OTHER])) };
    wait::until_seen("the agent to hear whom it asks", SOON, heard, |heard| {
        *heard == json!([OTHER])
    })
    .await;
    sound.press(7, &[FLASH]);
    hears(&carrier, &[ONE]).await;
    for _ in ["the question", "the call"] {
        agents[0].order(api, json!({ "order": "hangup" })).await;
    }
    phone.ended(&mut playing).await;
    let call = closed(api, 1).await;
    assert_eq!(call["agent_id"], *agents[0].id, "{call:#}");
}

/// A hook flash, an extension, and hanging up transfers: AGT-135.
#[tokio::test(flavor = "multi_thread")]
async fn a_hook_flash_asks_a_colleague_and_hanging_up_hands_the_customer_over() {
    let office = Office::open().await;
    let (api, agents) = (&office.api, &office.agents);
    let carrier = Sipp::carrier(LONG);
    let sound = ToneEnd::start(Voice::Tone(ONE));
    let colleague = office.baresip(OTHER, 1);
    office.sign_in(1).await;
    let phone = office.sipp("1001").await;
    let script = phone
        .script()
        .takes_a_call()
        .waits(BREATH_MS)
        // A wrong number, and back at once.
        .flashes()
        .presses("77777#")
        .waits(BREATH_MS)
        .flashes()
        .waits(BREATH_MS)
        .presses("1002#")
        .waits(2 * BREATH_MS)
        .hangs_up();
    let mut playing = phone.run(&script, &[sound.port]);
    agents[0].work(api).await;
    office.dial(&carrier).await;
    hears(&carrier, &[ONE]).await;
    until(api, &agents[0], "busy", Some("hold")).await;
    until(api, &agents[0], "busy", Some("transfer")).await;
    phone.ended(&mut playing).await;
    hears(&carrier, &[OTHER]).await;
    until(api, &agents[1], "busy", Some("answered")).await;
    colleague.order("hangup", "");
    let call = closed(api, 1).await;
    assert_eq!(call["agent_id"], *agents[1].id, "{call:#}");
    let both = [leg_of(&agents[0], "hung_up"), leg_of(&agents[1], "hung_up")];
    assert_eq!(legs(api, &call).await, both);
}
