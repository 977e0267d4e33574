//! An agent at a telephone outside, for which SIPp answers: called for each call, or kept on the line.

use std::time::Duration;

use serde_json::json;

use crate::kit::{
    carrier::Fate,
    client::Client,
    person::Person,
    server::House,
    sipp::{CARRIER_HERTZ, Sipp},
    sound::{over_noise_db, read_stereo},
    stage, wait,
};

const NUMBER: &str = "4008001234";
const TELEPHONE: &str = "13900000010";
const SOON: Duration = Duration::from_secs(60);
const CLEAR_DB: f64 = 15.0;
const PICKS_UP: Fate = Fate::Answers {
    ring_ms: 300,
    talk_ms: 150_000,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_outside_is_called_for_each_call_unless_it_is_kept_on_the_line() {
    let carrier = Sipp::carrier(&[('0', PICKS_UP)]);
    let house = House::new();
    let server = house.start();
    let api = house.admin().await;
    let mut person = Person::new(server.sip).await;
    stage::gateway_at(&api, person.port(), 10.0).await;
    let out = stage::gateway(&api, &carrier, 10.0).await;
    let out = json!({ "number": "^139", "rule": { "type": "outbound", "gateway": out } });
    api.put("/routes/out", out).await;
    set_up(&api, false).await;
    let queue = json!({ "name": "sales", "agents": ["2001"],
        "settings": { "max_wait_ms": 0, "wrap_up_ms": 0, "ring_ms": 30_000 } });
    api.put("/queues/sales", queue).await;
    let hotline = json!({ "number": NUMBER, "queue_id": "sales" });
    api.put("/routes/hotline", hotline).await;
    order(&api, "sign_in").await;
    order(&api, "ready").await;

    let heard = house.data().join("heard.wav");
    let leg = person.call(NUMBER, "13900001111").await;
    talking(&api).await;
    person.keep(leg, &heard);
    person.say(leg, "tone:600:2000").await;
    person.hang_up(leg).await;
    person.until_kept(leg).await;
    let sound = &read_stereo(&heard)[0];
    let middle = &sound[sound.len() / 4..sound.len() / 4 * 3];
    assert!(over_noise_db(middle, CARRIER_HERTZ) > CLEAR_DB);
    talk(&api, &mut person).await;
    assert_eq!(times_called(&carrier), 2, "once a call");

    order(&api, "finish_wrap_up").await;
    order(&api, "sign_out").await;
    set_up(&api, true).await;
    order(&api, "sign_in").await;
    order(&api, "ready").await;
    talk(&api, &mut person).await;
    talk(&api, &mut person).await;
    assert_eq!(times_called(&carrier), 3, "kept on the line");
    let agent = api.get("/agents/2001").await;
    assert_eq!(
        (&agent["remote"], &agent["registered"]),
        (&json!(true), &json!(true))
    );
    let calls = api.all("/calls?agent_id=2001").await;
    assert_eq!(calls.len(), 4, "{calls:#?}");
    for call in calls {
        assert_eq!(call["outcome"], "connected", "{call:#}");
        assert_eq!(call["extension"], format!("RP_{TELEPHONE}"), "{call:#}");
    }
}

async fn set_up(api: &Client, keep_leg: bool) {
    let agent = json!({ "name": "Agent outside", "extension": format!("RP_{TELEPHONE}"),
        "keep_leg": keep_leg });
    api.put("/agents/2001", agent).await;
}

async fn order(api: &Client, order: &str) {
    let order = json!({ "order": order });
    wait::until("the order to be taken", SOON, || async {
        let asked = Some(order.clone());
        let answer = api.ask(reqwest::Method::POST, "/agents/2001/state", asked);
        answer.await.status.is_success().then_some(())
    })
    .await;
}

async fn talking(api: &Client) {
    wait::until_seen(
        "the conversation",
        SOON,
        || async { api.get("/agents/2001").await },
        |agent| agent["sub_state"] == "answered" && agent["call"]["bridged_at"].is_string(),
    )
    .await;
}

/// One more call, from after-call work on.
async fn talk(api: &Client, person: &mut Person) {
    let agent = api.get("/agents/2001").await;
    if agent["state"] != "ready" {
        order(api, "finish_wrap_up").await;
    }
    let leg = person.call(NUMBER, "13900001111").await;
    talking(api).await;
    person.hang_up(leg).await;
    wait::until_seen(
        "after-call work",
        SOON,
        || async { api.get("/agents/2001").await },
        |agent| agent["state"] == "acw",
    )
    .await;
}

fn times_called(carrier: &Sipp) -> usize {
    carrier.calls_by_number()[TELEPHONE]
}
