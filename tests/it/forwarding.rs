//! A phone is set to forward its calls: it says 302, with SIPp as the phones and as the carrier.

use serde_json::json;

use crate::kit::{
    carrier::Fate,
    office::{Office, SOON, closed, leg, legs},
    sipp::Sipp,
    stage, wait,
};

/// The carrier's people.
const BRIEF: &[(char, Fate)] = &[(
    '1',
    Fate::Answers {
        ring_ms: 100,
        talk_ms: 500,
    },
)];

#[tokio::test(flavor = "multi_thread")]
async fn calls_go_where_a_phone_forwards_them_as_far_as_it_may_call_itself() {
    let office = Office::open().await;
    let api = &office.api;
    let carrier = Sipp::carrier(BRIEF);
    let gateway = stage::gateway(api, &carrier, 10.0).await;
    let rule = json!({ "type": "outbound", "gateway": gateway });
    let out = json!({ "number": "^(139|0088)", "rule": rule });
    api.put("/routes/out", out).await;
    let limits = json!({ "at_once": 4, "per_hour": 120, "denied": ["0088"] });
    api.put("/settings/phones", limits).await;
    let health = format!("/gateways/{gateway}");
    let seen = || async { api.get(&health).await };
    wait::until_seen("the gateway", SOON, seen, |it| it["health"] == "up").await;
    let (caller, phone) = (office.sipp("1001").await, office.sipp("1009").await);
    let calls = async |to: &str, status: u16, count: usize| {
        let mut forwards = phone.run(&phone.script().forwards_a_call(to), &[9]);
        let mut script = caller.script().calls(2, "1009", "", status);
        if status == 200 {
            script = script.released();
        }
        let mut calls = caller.run(&script, &[9, 9]);
        phone.ended(&mut forwards).await;
        caller.ended(&mut calls).await;
        let call = closed(api, count).await;
        (call["outcome"].clone(), legs(api, &call).await)
    };

    let sent = leg("extension", "1009", "forwarded");
    let kept = vec![leg("extension", "1009", "not_forwarded")];
    let reached = leg("outside", "13900000001", "hung_up");
    let (outcome, legs) = calls("13900000001", 200, 1).await;
    assert_eq!((outcome, legs), (json!("connected"), vec![sent, reached]));
    let barred = calls("00881230001", 603, 2).await;
    assert_eq!(barred, (json!("declined"), kept.clone()));
    let desk = json!({ "phones_forward": false });
    api.put("/settings/desk", desk).await;
    let forbidden = calls("13900000001", 603, 3).await;
    assert_eq!(forbidden, (json!("declined"), kept));
    let called = carrier.calls_by_number();
    assert_eq!(called, [("13900000001".to_owned(), 1)].into());
}
