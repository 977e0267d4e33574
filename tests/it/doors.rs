//! Who gets through the door of the registrar, as SIPp knocks at it: a phone at several places, nobody
//! without a password, and with one no more calls than a phone may make.

use std::time::Duration;

use serde_json::{Value, json};

use crate::kit::{
    caller::Caller, carrier::Fate, client::Client, server::House, sipp::Sipp,
    sipp_phone::SippPhone, stage, wait,
};

const SOON: Duration = Duration::from_secs(60);
const SECRET: &str = "secret-of-1009";
const LIMITS: &str = "[sip]\nphone_ping_s = 0\n[sip.phones]\nper_hour = 3\ndenied = [\"00\"]\n";

async fn contacts(api: &Client, count: usize) -> Vec<Value> {
    let seen = async || api.all("/registrations").await;
    let holds = |rows: &Vec<Value>| rows.len() == count;
    wait::until_seen("the contacts", SOON, seen, holds).await
}

/// VOX-194, VOX-195
#[tokio::test(flavor = "multi_thread")]
async fn a_phone_has_its_places_and_its_password_and_calls_no_more_than_it_may() {
    let carrier = Sipp::witness("u1", &[('1', Fate::Refused(486, "Busy Here"))]);
    let house = House::new().with_settings(LIMITS);
    let server = house.start();
    let api = house.admin().await;
    let gateway = stage::gateway(&api, &carrier, 10.0).await;
    let out = json!({ "type": "outbound", "gateway": gateway });
    let out = json!({ "number": r"^(\d{5,14})$", "rule": out });
    api.put("/routes/out", out).await;
    let inside = json!({ "number": "1009", "rule": { "type": "basic" } });
    api.put("/routes/inside", inside).await;
    let callin = json!({ "number": "62620668", "rule": { "type": "inbound", "to": "1009" } });
    api.put("/routes/callin", callin).await;
    api.put("/extensions/1009", json!({ "secret": SECRET }))
        .await;
    stage::queue(&api, "sales", &[], json!({})).await;
    let seen = async || api.get("/queues/sales").await;
    wait::until_seen("the floor to know it", SOON, seen, |q| {
        q["in_effect"] == true
    })
    .await;

    let first = SippPhone::register("1009", SECRET, server.sip).await;
    let second = SippPhone::register("1009", SECRET, server.sip).await;
    let rows = contacts(&api, 2).await;
    for phone in [&first, &second] {
        let place = format!("127.0.0.1:{}", phone.port());
        let row = rows.iter().find(|row| row["address"] == *place);
        let row = row.unwrap_or_else(|| panic!("nobody at {place}: {rows:#?}"));
        assert_eq!(row["extension"], "1009", "{row:#}");
        assert_eq!(row["user_agent"], "SIPp desk phone", "{row:#}");
        assert_eq!(row["contact"], format!("sip:1009@{place}"), "{row:#}");
        let left = row["expires_in_s"].as_u64().expect("seconds");
        assert!((1..=120).contains(&left), "no longer than that: {row:#}");
    }
    // It rings where the phone came last; and elsewhere once it has gone from there.
    let rung = async |phone: &SippPhone| {
        let mut playing = phone.run(&phone.script().refuses_a_call("486 Busy Here"), &[9]);
        let mut caller = Caller::refused(server.sip, "62620668", 486);
        let exit = caller.process.ended("the caller's call", SOON).await;
        assert!(exit.success(), "SIPp: {exit}");
        phone.ended(&mut playing).await;
    };
    rung(&second).await;
    second.leave().await;
    contacts(&api, 1).await;
    rung(&first).await;

    // A wrong password and an extension that nobody has are told apart by nothing.
    let script = first.script();
    let script = script
        .calls_as(("1009", "wrong"), 2, "13900000001", "", 403)
        .calls_as(("1777", "wrong"), 3, "13900000001", "", 403)
        .calls(4, "0044123456781", "", 403)
        .calls(5, "13900000001", "", 486)
        .calls(6, "13900000011", "", 486)
        .calls(7, "13900000021", "", 486)
        .calls(8, "13900000031", "", 403);
    let mut playing = first.run(&script, &[9; 8]);
    first.ended(&mut playing).await;
    let called: Vec<_> = carrier
        .invites()
        .into_iter()
        .map(|one| one.number)
        .collect();
    assert_eq!(called, ["13900000001", "13900000011", "13900000021"]);

    // Let go in the list, it is there no longer.
    let dropped = api.ask(reqwest::Method::DELETE, "/registrations/1009", None);
    assert_eq!(dropped.await.status, 204);
    contacts(&api, 0).await;
}
