//! Callers who were promised a call back, and a server that is killed over it: each promise is kept
//! once, or, where the phone may have rung already, not again.

use std::{ops::RangeInclusive, os::unix::process::ExitStatusExt, time::Duration};

use serde_json::{Value, json};

use crate::{
    console::Console,
    kit::{
        baresip::Baresip,
        carrier::Fate,
        client::Client,
        person::Person,
        server::{House, Server},
        sipp::Sipp,
        stage::{self, Agent},
        wait,
    },
};

const NUMBER: &str = "4008001234";
const SOON: Duration = Duration::from_secs(60);
const ABORTED: i32 = 6;
const ANSWERS: Fate = Fate::Answers {
    ring_ms: 500,
    talk_ms: 1_500,
};
/// Where the server that keeps a promise dies, at which time it comes there, and how often the phone
/// has been called then.
const STEPS: &[(&str, u32, RangeInclusive<usize>)] = &[
    ("taken", 1, 0..=0),
    ("dialled", 1, 0..=1),
    // The agent's phone rings and answers first.
    ("ringing", 2, 1..=1),
    ("answered", 2, 1..=1),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_outlives_the_server_and_nobody_is_called_back_twice() {
    let carrier = Sipp::carrier(&[('0', ANSWERS)]);
    let house = House::new();
    let mut server = house.start();
    let api = house.admin().await;
    let settings = json!({
        "max_wait_ms": 0, "wrap_up_ms": 0,
        "exit_keys": [{ "key": "3", "to": { "type": "callback" } }],
    });
    let agent = stage::queue(&api, "sales", &["1001"], settings)
        .await
        .remove(0);
    let mut person = Person::new(server.sip).await;
    stage::gateway_at(&api, person.port(), 10.0).await;
    let out = stage::gateway(&api, &carrier, 10.0).await;
    let hotline = json!({ "number": NUMBER, "queue_id": "sales" });
    api.put("/routes/hotline", hotline).await;
    let out = json!({ "number": "^139", "rule": { "type": "outbound", "gateway": out } });
    api.put("/routes/out", out).await;

    for (nth, (step, times, _)) in STEPS.iter().enumerate() {
        let number = number_of(nth);
        promise(&api, &mut person, &number).await;
        let before = waiting_since(&api, &number).await;
        server.kill();
        let mut dying = house.start_to_die_at_work(step, *times);
        let api = house.admin().await;
        assert_eq!(waiting_since(&api, &number).await, before, "{step}");
        let _phone = phone_of(&agent, &dying, &api).await;
        let exit = dying.ended(&format!("its end at {step}"), SOON).await;
        assert_eq!(exit.signal(), Some(ABORTED), "{step}: {}", house.log());
        server = house.start();
        let api = house.admin().await;
        let kept = call_back(&api, &number).await;
        assert_eq!(kept["state"], "closed", "{step}: {kept:#}");
        assert_eq!(kept["outcome"], "recovered", "{step}: {kept:#}");
    }

    // Written down, and the caller has not heard of it.
    server.kill();
    let mut dying = house.start_to_die_at_work("promised", 1);
    let api = house.admin().await;
    let last = number_of(STEPS.len());
    let leg = person.call(NUMBER, &last).await;
    wait_in_line(&api, 1).await;
    person.press(leg, "3");
    let exit = dying.ended("its end at promised", SOON).await;
    assert_eq!(exit.signal(), Some(ABORTED), "{}", house.log());
    let server = house.start();
    let api = house.admin().await;
    let line = wait_in_line(&api, 1).await;
    assert_eq!(line[0]["number"], *last, "{line:#?}");
    let _phone = phone_of(&agent, &server, &api).await;
    let kept = wait::until_seen(
        "the promise to be kept",
        SOON,
        || async { call_back(&api, &last).await },
        |kept| kept["state"] == "closed",
    )
    .await;
    assert_eq!(kept["outcome"], "connected", "{kept:#}");
    let record = api
        .get(&format!("/calls/{}", stage::text(&kept["call_id"])))
        .await;
    assert_eq!(record["agent_id"], *agent.id, "{record:#}");

    let calls = carrier.calls_by_number();
    for (nth, (step, _, rang)) in STEPS.iter().enumerate() {
        let invites = calls.get(&number_of(nth)).copied().unwrap_or_default();
        assert!(rang.contains(&invites), "killed at {step}: {invites}");
    }
    assert_eq!(calls[&last], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_is_taken_back_in_the_console_and_nobody_is_called() {
    let house = House::new();
    let server = house.start();
    let api = house.admin().await;
    let settings = json!({
        "max_wait_ms": 0, "wrap_up_ms": 0,
        "exit_keys": [{ "key": "3", "to": { "type": "callback" } }],
    });
    let agent = stage::queue(&api, "sales", &["1001"], settings)
        .await
        .remove(0);
    let mut person = Person::new(server.sip).await;
    let gateway = stage::gateway_at(&api, person.port(), 10.0).await;
    let hotline = json!({ "number": NUMBER, "queue_id": "sales" });
    api.put("/routes/hotline", hotline).await;
    let out = json!({ "number": "^139", "rule": { "type": "outbound", "gateway": gateway } });
    api.put("/routes/out", out).await;
    let (first, second) = (number_of(0), number_of(1));
    promise(&api, &mut person, &first).await;
    let leg = person.call(NUMBER, &second).await;
    wait_in_line(&api, 2).await;
    person.press(leg, "3");
    person.until_over(leg).await;

    let mut console = Console::sign_in(&api, "supervisor", "en", async |_| {}).await;
    console.open("/call-backs?state=waiting").await;
    let cancel = format!(
        "window.confirm = () => true;
        for (const row of document.querySelectorAll('main tbody tr'))
            if (row.innerText.includes('{first}')) row.querySelector('[data-api$=\"/cancel\"]').click()"
    );
    console.browser.leave(&cancel).await;
    let shown = "document.querySelector('main').innerText";
    let shown = stage::text(&console.browser.run(shown).await);
    assert!(
        shown.contains(&second) && !shown.contains(&first),
        "{shown}"
    );
    assert_eq!(console.browser.faults().await, [""; 0]);

    // It was the first one's turn.
    let _phone = phone_of(&agent, &server, &api).await;
    let leg = person.pick_up().await;
    person.hang_up(leg).await;
    let kept = wait::until_seen(
        "the other promise to be kept",
        SOON,
        || async { call_back(&api, &second).await },
        |kept| kept["state"] == "closed",
    )
    .await;
    assert_ne!(kept["called_at"], Value::Null, "{kept:#}");
    let kept = call_back(&api, &first).await;
    let told = (&kept["state"], &kept["outcome"], &kept["called_at"]);
    let expected = (&json!("closed"), &json!("cancelled"), &Value::Null);
    assert_eq!(told, expected, "{kept:#}");
}

fn number_of(nth: usize) -> String {
    format!("1390000{nth:03}0")
}

/// The agent's phone comes up, and the agent to work.
async fn phone_of(agent: &Agent, server: &Server, api: &Client) -> Baresip {
    let phone = Baresip::start(&agent.extension, &agent.secret, server.sip);
    agent.work(api).await;
    phone
}

/// Somebody calls and wants to be called back.
async fn promise(api: &Client, person: &mut Person, number: &str) {
    let leg = person.call(NUMBER, number).await;
    wait_in_line(api, 1).await;
    person.press(leg, "3");
    person.until_over(leg).await;
    assert_eq!(call_back(api, number).await["state"], "waiting");
}

async fn wait_in_line(api: &Client, count: usize) -> Vec<Value> {
    let line = wait::until_seen(
        "the line",
        SOON,
        || async { api.get("/queues/sales/waiting").await },
        |line| line["data"].as_array().map(Vec::len) == Some(count),
    )
    .await;
    line["data"].as_array().expect("a line").clone()
}

/// Since when the only one in the line waits, who is this number.
async fn waiting_since(api: &Client, number: &str) -> Value {
    let line = wait_in_line(api, 1).await;
    assert_eq!(line[0]["number"], *number, "{line:#?}");
    line[0]["since"].clone()
}

async fn call_back(api: &Client, number: &str) -> Value {
    let all = api.all("/call-backs?queue_id=sales").await;
    let of_number = |kept: &Value| kept["number"] == *number;
    all.into_iter().find(of_number).expect("a promise")
}
