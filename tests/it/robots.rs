//! The test call of a robot's task, at a carrier: it is dialled, heard, and counts nowhere.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::kit::{
    carrier::Fate,
    client::{Answer, Client},
    server::House,
    sipp::Sipp,
    stage::{self, text},
    wait,
};

const FATES: &[(char, Fate)] = &[
    (
        '0',
        Fate::Answers {
            ring_ms: 100,
            talk_ms: 30_000,
        },
    ),
    ('1', Fate::Refused(486, "Busy Here")),
];
const SOON: Duration = Duration::from_secs(40);

async fn test_call(api: &Client, task: &str, phone: &str) -> Answer {
    let path = format!("/robot-tasks/{task}/test");
    api.ask(Method::POST, &path, Some(json!({"phone": phone})))
        .await
}

/// The call once it is over; it is there when it is dialled.
async fn over(api: &Client, tested: &Answer) -> Value {
    assert_eq!(tested.status, 202, "{}", tested.body);
    let path = format!("/calls/{}", text(&tested.body["call_id"]));
    let answer = wait::until_seen(
        "the test call to end",
        SOON,
        || api.ask(Method::GET, &path, None),
        |answer| answer.body["state"] == "closed",
    )
    .await;
    answer.body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_call_is_dialled_outside_the_window_and_counts_nowhere() {
    let carrier = Sipp::carrier(FATES);
    let house = House::new();
    let _server = house.start();
    let api = house.admin().await;
    let batch = stage::batch(&api, "one", &["13800138000"]).await;
    let gateway = stage::gateway(&api, &carrier, 10.0).await;
    let mut settings = stage::settings(&gateway);
    settings["window"]["from"] = json!("2999-01-01");
    settings["robot"] = json!({"prompt": "robot"});
    let asked = json!({
        "name": "promotion", "robot": "201", "filter_id": stage::filter(&api, &batch).await,
        "concurrency_enabled": true, "max_concurrency": 5, "settings": settings,
    });
    let task = text(&api.post("/robot-tasks", asked).await["id"]);

    // The floor may not have heard of the gateway yet.
    let answer = wait::until_seen(
        "the test call to be let through",
        SOON,
        || test_call(&api, &task, "139 0000 0000"),
        |answer| answer.status == 202,
    )
    .await;
    let call = over(&api, &answer).await;
    assert_eq!(call["is_test"], true, "{call:#}");
    assert_eq!(call["outcome"], "connected", "{call:#}");
    assert_eq!(call["callee"], "13900000000", "{call:#}");
    assert_eq!(call["caller"], "02580001111", "{call:#}");
    assert!(!carrier.sound.heard().is_empty(), "the robot said nothing");

    let answer = test_call(&api, &task, "13900000001").await;
    let call = over(&api, &answer).await;
    assert_eq!(call["outcome"], "busy", "{call:#}");

    api.put("/dnc/13900000010", json!({"reason": "asked us"}))
        .await;
    let refused = test_call(&api, &task, "13900000010").await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert_eq!(refused.code(), "GATE_REFUSED", "{}", refused.body);

    let numbers: Vec<String> = carrier
        .invites()
        .into_iter()
        .map(|one| one.number)
        .collect();
    assert_eq!(numbers, ["13900000000", "13900000001"]);
    let stats = api.get(&format!("/robot-tasks/{task}/stats")).await;
    for count in ["dialled", "answered", "connected", "allocated", "closed"] {
        assert_eq!(stats[count], 0, "{count} of {stats:#}");
    }
    let report = api.get(&format!("/campaigns/{task}/report")).await;
    assert_eq!(report["attempts"]["dialled"], 0, "{report:#}");
    let lead = &api.all(&format!("/leads?batch_id={}", batch.id)).await[0];
    let untouched = (&lead["call_status"], &lead["dial_count"]);
    assert_eq!(untouched, (&json!("notcall"), &json!(0)), "{lead:#}");
}
