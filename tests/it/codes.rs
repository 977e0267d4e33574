//! Where a call goes by a code of keys or by order, and which ringing call a code takes: SIPp calls, and is the
//! phones.

use reqwest::Method;
use serde_json::json;

use crate::{
    in_call::{LONG, SOON},
    kit::{
        carrier::{By, Fate},
        centre::Centre,
        customer::Customer,
        office::leg,
        sipp::{CARRIER_HERTZ, Sipp},
        sipp_phone::SippPhone,
        sound::tones_in,
        stage::{self, text},
        tone_end::ToneEnd,
        voice::Voice,
        wait,
    },
};

/// What a phone does is decided by the last digit of its number.
const BY_PHONE: &[(char, Fate)] = &[
    ('1', Fate::Rings),
    (
        '2',
        Fate::Answers {
            ring_ms: 0,
            talk_ms: 120_000,
        },
    ),
    ('3', Fate::Rings),
    ('4', Fate::Rings),
    (
        '5',
        Fate::Answers {
            ring_ms: 0,
            talk_ms: 120_000,
        },
    ),
];
const PHONE_HERTZ: f64 = 800.0;
/// Keys as telephone-events.
const STAR: u8 = 10;
const POUND: u8 = 11;
const CALLER: &str = "13900000001";

async fn hears(customer: &Customer, hertz: f64) {
    wait::until_seen(
        &format!("the customer to hear {hertz}"),
        SOON,
        || async { tones_in(&customer.sound.hears(), &[PHONE_HERTZ, CARRIER_HERTZ]) },
        |heard| *heard == [hertz],
    )
    .await;
}

/// `*7` takes what rings at an extension, or, where there is none of that number, in a group, after five
/// seconds; `*6` sends the caller on to a group: AGT-137, AGT-138, AGT-139, AGT-141, AGT-142.
#[tokio::test(flavor = "multi_thread")]
async fn codes_take_what_rings_and_send_it_to_a_group() {
    let extensions = ["1001", "1002", "1003", "1004"];
    let centre = Centre::open(&extensions, By::Called, BY_PHONE).await;
    // The number of one group is that of a phone, too.
    for (group, extension) in [
        ("2", "1001"),
        ("3", "1002"),
        ("1001", "1003"),
        ("4", "1004"),
    ] {
        let settings = json!({ "ring_ms": 60_000, "wrap_up_ms": 0 });
        centre
            .queue(group, settings, &[(extension, json!({}))])
            .await;
    }
    centre
        .api
        .put("/extensions/1009", json!({ "secret": "secret-of-1009" }))
        .await;
    let phone = SippPhone::register("1009", "secret-of-1009", centre.server.sip).await;
    centre.in_effect(&["2", "3", "1001", "4"]).await;
    centre.work(&extensions).await;

    let namesake = centre.call("13900000003", "1001").await;
    let in_group = centre.call("13900000004", "4").await;
    let caller = centre.call(CALLER, "2").await;
    centre.phones.until("INVITE", CALLER, "1001").await;
    let script = phone.script().calls(2, "*71001", "", 603);
    let mut early = phone.run(&script, &[9, 9]);
    phone.ended(&mut early).await;
    centre.waited("2", 5_500).await;

    let sound = ToneEnd::start(Voice::Tone(PHONE_HERTZ));
    let script = phone
        .script()
        .calls(2, "*71001", "", 200)
        .by_events()
        .released();
    let mut talking = phone.run(&script, &[sound.port; 2]);
    centre.phones.until("CANCEL", CALLER, "1001").await;
    hears(&caller, PHONE_HERTZ).await;
    sound.press(1, &[STAR, 6, 3, POUND]);
    centre.phones.until("ACK", CALLER, "1002").await;
    phone.ended(&mut talking).await;
    hears(&caller, CARRIER_HERTZ).await;

    let script = phone.script().calls(2, "*74", "", 200).released();
    let mut talking = phone.run(&script, &[sound.port; 2]);
    centre.phones.until("CANCEL", "13900000004", "1004").await;
    hears(&in_group, PHONE_HERTZ).await;
    in_group.hang_up().await;
    phone.ended(&mut talking).await;
    centre.line("1001", &["13900000003"]).await;
    caller.hang_up().await;
    namesake.hang_up().await;
}

/// In a transfer by order an extension is meant before an agent of that number; a number that is nobody's leads
/// outside where the house has it so, and only the route adds what the carrier wants before it: AGT-134,
/// AGT-143, AGT-144.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_sends_a_call_to_a_phone_an_agent_or_outside() {
    const OUTSIDE: &str = "13800000000";
    let centre = Centre::open(&["1002", "1005", "1022"], By::Called, BY_PHONE).await;
    let carrier = Sipp::carrier(LONG);
    let gateway = stage::gateway(&centre.api, &carrier, 10.0).await;
    let out = json!({ "type": "outbound", "gateway": gateway, "prefix": "0" });
    let route = json!({ "number": "^138", "rule": out });
    centre.api.put("/routes/out", route).await;
    // An agent whose number is that of another's phone.
    let namesake = json!({ "name": "Namesake", "extension": "1005" });
    centre.api.put("/agents/1022", namesake).await;
    let settings = json!({ "wrap_up_ms": 0 });
    centre.queue("3", settings, &[("1002", json!({}))]).await;
    centre.in_effect(&["3"]).await;
    centre.work(&["1002"]).await;
    let sign_in = json!({ "order": "sign_in" });
    centre.api.post("/agents/1022/state", sign_in).await;

    for (to, phone) in [("extension", "1022"), ("agent", "1005")] {
        let from = format!("1390000{phone}");
        let caller = centre.call(&from, "3").await;
        centre.talking("1002").await;
        let order = json!({ "order": "transfer", "to": { to: "1022" } });
        centre.api.post("/agents/a1002/call", order).await;
        centre.phones.until("ACK", &from, phone).await;
        hears(&caller, CARRIER_HERTZ).await;
        caller.hang_up().await;
        centre.order("1002", "finish_wrap_up").await;
    }

    let caller = centre.call(CALLER, "3").await;
    centre.talking("1002").await;
    let order = json!({ "order": "transfer", "to": { "extension": OUTSIDE } });
    let inside = json!({ "numbers_lead_outside": false });
    centre.api.put("/settings/desk", inside).await;
    let ask = || {
        centre
            .api
            .ask(Method::POST, "/agents/a1002/call", Some(order.clone()))
    };
    let refused = ask().await;
    assert_eq!(refused.status, 422, "{refused:?}");
    let outside = json!({ "numbers_lead_outside": true });
    centre.api.put("/settings/desk", outside).await;
    let sent = ask().await;
    assert_eq!(sent.status, 200, "{sent:?}");
    let invite = wait::until("the carrier", SOON, || async { carrier.invites().pop() }).await;
    assert_eq!(invite.number, format!("0{OUTSIDE}"));
    hears(&caller, CARRIER_HERTZ).await;
    caller.hang_up().await;
    let call = centre.closed(CALLER).await;
    let legs = centre
        .api
        .all(&format!("/calls/{}/legs", text(&call["id"])))
        .await;
    let last = legs.last().expect("a leg");
    let last = (
        text(&last["kind"]),
        text(&last["party"]),
        text(&last["why"]),
    );
    assert_eq!(last, leg("outside", OUTSIDE, "call_over"));
}
