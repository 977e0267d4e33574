//! Phones send their calls on by REFER, with Replaces and without, with SIPp and baresip as the phones.

use std::time::Duration;

use serde_json::{Value, json};

use crate::kit::{
    baresip::Baresip,
    client::Client,
    office::{BREATH_MS, LONG, ONE, OTHER, Office, SOON, closed, hears, leg, leg_of, legs, until},
    person::Person,
    sipp::Sipp,
    sipp_phone::refer_to_call,
    stage::{self, Agent},
    tone_end::ToneEnd,
    voice::Voice,
    wait,
};

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
async fn a_phone_that_sends_its_customer_on_is_told_when_somebody_answers() {
    let office = Office::open().await;
    let (api, agents) = (&office.api, &office.agents);
    let carrier = Sipp::carrier(LONG);
    let sound = ToneEnd::start(Voice::Tone(OTHER));
    let colleague = Baresip::ringing(&agents[1].extension, &agents[1].secret, office.server.sip);
    office.sign_in(1).await;
    let busy = office.sipp("1009").await;
    let phone = office.sipp("1001").await;
    let refer = |to: &str| format!("Refer-To: <sip:{to}@127.0.0.1>\n");
    let script = phone
        .script()
        .takes_a_call()
        .waits(BREATH_MS)
        .refers(&refer("1009"), 202)
        .told(100)
        .told(180)
        .told(486)
        .refers(&refer("1002"), 202)
        .told(100)
        .told(180)
        .told(200)
        .released();
    let refuses = busy.script().refuses_a_call("486 Busy Here");
    let mut refusing = busy.run(&refuses, &[9]);
    let mut playing = phone.run(&script, &[sound.port]);
    agents[0].work(api).await;
    office.dial(&carrier).await;
    busy.ended(&mut refusing).await;
    until(api, &agents[1], "busy", Some("ringing")).await;
    until(api, &agents[0], "busy", Some("transfer")).await;
    accept(api, &agents[1], &colleague).await;
    phone.ended(&mut playing).await;
    hears(&carrier, &[ONE]).await;
    until(api, &agents[1], "busy", Some("answered")).await;
    colleague.order("hangup", "");
    let call = closed(api, 1).await;
    assert_eq!(call["agent_id"], *agents[1].id, "{call:#}");
    let all = [
        leg_of(&agents[0], "transferred"),
        leg("extension", "1009", "busy"),
        leg_of(&agents[1], "hung_up"),
    ];
    assert_eq!(legs(api, &call).await, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_names_its_call_before_that_is_answered_is_told_when_it_is() {
    let office = Office::open().await;
    let (api, agents) = (&office.api, &office.agents);
    let carrier = Sipp::carrier(LONG);
    let sound = ToneEnd::start(Voice::Tone(OTHER));
    let colleague = Baresip::ringing(&agents[1].extension, &agents[1].secret, office.server.sip);
    office.sign_in(1).await;
    let phone = office.sipp("1001").await;
    let script = phone
        .script()
        .takes_a_call()
        .waits(BREATH_MS)
        .holds()
        .calls_and_it_rings(2, "1002")
        .refers(&refer_to_call("1002", 2), 202)
        .told(100)
        .told(180)
        .let_go_of_told_and_released(200);
    let mut playing = phone.run(&script, &[sound.port, sound.port]);
    agents[0].work(api).await;
    office.dial(&carrier).await;
    until(api, &agents[1], "busy", Some("ringing")).await;
    let notified = || async { json!(notified(api).await) };
    let is_told = |count: &Value| count.as_u64() >= Some(2);
    wait::until_seen(
        "the phone to be told that it rings",
        SOON,
        notified,
        is_told,
    )
    .await;
    accept(api, &agents[1], &colleague).await;
    phone.ended(&mut playing).await;
    hears(&carrier, &[ONE]).await;
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

/// Takes the call that rings at a colleague; again where the order came before the call.
async fn accept(api: &Client, agent: &Agent, phone: &Baresip) {
    let path = format!("/agents/{}", agent.id);
    wait::until("the colleague to answer", SOON, || async {
        phone.order("accept", "");
        let seen = || async { api.get(&path).await };
        let rings_no_more = |agent: &Value| agent["sub_state"] != "ringing";
        let taken = wait::until_seen("the answer", SOON, seen, rings_no_more);
        tokio::time::timeout(Duration::from_secs(2), taken)
            .await
            .ok()
    })
    .await;
}

/// How often a phone of the open call was told how its transfer goes.
async fn notified(api: &Client) -> usize {
    let calls = api.all("/calls").await;
    let Some(call) = calls.iter().find(|call| call["state"] != "closed") else {
        return 0;
    };
    let path = format!("/calls/{}/trace", stage::text(&call["id"]));
    let trace = api.get(&path).await;
    let messages = trace["messages"].as_array().expect("messages").iter();
    let ours = messages.filter(|message| message["sent"] == true);
    ours.filter(|message| message["title"] == "NOTIFY").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_without_an_agent_sends_its_callers_on() {
    let office = Office::open().await;
    let (api, agent) = (&office.api, &office.agents[1]);
    let colleague = Baresip::ringing(&agent.extension, &agent.secret, office.server.sip);
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
        .told(180)
        .told(200)
        .released();
    for (script, count) in [(asks_first, 1), (at_once, 2)] {
        let mut playing = phone.run(&script, &[sound.port, sound.port]);
        person.call("4008005678", "13900003333").await;
        until(api, agent, "busy", Some("ringing")).await;
        accept(api, agent, &colleague).await;
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
