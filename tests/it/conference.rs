//! Conferences of more than three, by who hears whom, and what is done about single parties of them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    in_call::{ALL, At, BOSS, CUSTOMER, FIRST, LONG, SECOND, SOON, Talk, leg, named, up_in},
    kit::{
        baresip::Baresip,
        carrier::{By, Fate},
        centre::Centre,
        client::Client,
        server::House,
        sipp::Sipp,
        sound::tones_in,
        stage::{self, text},
        wait,
    },
};

const ANSWERS: &[(char, Fate)] = &[(
    '0',
    Fate::Answers {
        ring_ms: 0,
        talk_ms: 120_000,
    },
)];

/// A supervisor of a department to which nobody here belongs.
pub async fn stranger(api: &Client) -> Client {
    let far = api.post("/departments", json!({ "name": "far" })).await;
    let user = json!({ "username": "far", "password": "far-far-away", "display_name": "Far",
        "role": "supervisor", "department_id": far["id"] });
    api.post("/users", user).await;
    Client::sign_in(api.base(), "far", "far-far-away").await
}

/// Parties are muted and dropped by supervisors of their department, and stay connected when the agent leaves:
/// AGT-151, AGT-152, AGT-153, AGT-155, AGT-159, AGT-160, AGT-161.
#[tokio::test(flavor = "multi_thread")]
async fn four_parties_confer_and_one_of_them_may_only_listen_for_a_while() {
    let talk = Talk::begin().await;
    let colleague = json!({ "agent": talk.agents[1].id });
    talk.orders(0, json!({ "order": "invite", "to": colleague }))
        .await;
    talk.hears(At::Second, &[FIRST, CUSTOMER]).await;
    let phone = json!({ "extension": "1009" });
    let agent = talk
        .orders(0, json!({ "order": "invite", "to": phone }))
        .await;
    talk.hears(At::Customer, &[BOSS, FIRST, SECOND]).await;
    talk.hears(At::First, &[BOSS, SECOND, CUSTOMER]).await;
    talk.hears(At::Second, &[BOSS, FIRST, CUSTOMER]).await;
    talk.hears(At::Boss, &[FIRST, SECOND, CUSTOMER]).await;
    let path = format!("/calls/{}/members", text(&agent["call"]["id"]));
    let seen = talk.api.get(&path).await;
    let members = [
        ("customer", "13800138000"),
        ("agent", &talk.agents[0].id),
        ("agent", &talk.agents[1].id),
        ("extension", "1009"),
    ];
    assert_eq!(up_in(&seen), members.map(named), "{seen:#}");

    let of = |nth: usize| format!("{path}/{}", text(&seen["members"][nth]["id"]));
    let stranger = stranger(&talk.api).await;
    let mute = format!("{}/mute", of(0));
    let refused = stranger.ask(Method::POST, &mute, None).await;
    assert_eq!(refused.code(), "FORBIDDEN", "{refused:?}");
    let recording = format!("/calls/{}/recording/pause", text(&agent["call"]["id"]));
    let refused = stranger.ask(Method::POST, &recording, None).await;
    assert_eq!(refused.code(), "FORBIDDEN", "{refused:?}");
    let listed = talk.api.all("/conferences").await;
    assert_eq!(listed.len(), 1, "{listed:#?}");
    assert_eq!(listed[0]["members"], seen["members"]);
    assert!(listed[0]["since"].is_string(), "{listed:#?}");
    let hidden = stranger.all("/conferences").await;
    assert_eq!(hidden, [Value::Null; 0], "another department's");
    talk.api.ask(Method::POST, &mute, None).await;
    talk.hears(At::First, &[BOSS, SECOND]).await;
    talk.hears(At::Boss, &[FIRST, SECOND]).await;
    talk.hears(At::Customer, &[BOSS, FIRST, SECOND]).await;
    let muted = talk.api.get(&path).await;
    assert_eq!(muted["members"][0]["muted"], true, "{muted:#}");
    let unmute = format!("{}/unmute", of(0));
    talk.api.ask(Method::POST, &unmute, None).await;
    talk.hears(At::Boss, &[FIRST, SECOND, CUSTOMER]).await;
    let trail = talk.api.all("/audit").await;
    let muted = |entry: &&Value| text(&entry["action"]).ends_with("/mute");
    let muted: Vec<&Value> = trail.iter().filter(muted).collect();
    assert_eq!(muted.len(), 2, "tried and done: {trail:?}");

    talk.api.ask(Method::DELETE, &of(2), None).await;
    talk.hears(At::Boss, &[FIRST, CUSTOMER]).await;
    talk.until(1, "unready", None).await;
    talk.agents[0]
        .order(&talk.api, json!({ "order": "hangup" }))
        .await;
    talk.hears(At::Boss, &[CUSTOMER]).await;
    talk.hears(At::Customer, &[BOSS]).await;
    talk.until(0, "acw", None).await;
    talk.phones[2].order("hangup", "");
    let call = talk.closed().await;
    let legs = [
        leg("agent", &talk.agents[0].id, true, "transferred"),
        leg("agent", &talk.agents[1].id, false, "released"),
        leg("extension", "1009", true, "hung_up"),
    ];
    assert_eq!(talk.legs(&call).await, legs);
}

/// Waits until the carrier's customer hears these tones and no other.
async fn hears(carrier: &Sipp, tones: &[f64]) {
    wait::until_seen(
        &format!("the number outside to hear {tones:?}"),
        SOON,
        || async { json!(tones_in(&carrier.sound.hears(), &ALL)) },
        |heard| *heard == json!(tones),
    )
    .await;
}

/// A conference of two that is ordered: AGT-161.
#[tokio::test(flavor = "multi_thread")]
async fn a_phone_and_a_number_outside_are_connected_by_order_and_a_third_is_called_in() {
    let house = House::new();
    let server = house.start();
    let api = house.admin().await;
    let carrier = Sipp::carrier(LONG);
    let agents = stage::queue(&api, "sales", &["1001", "1002"], json!({})).await;
    let phone = |hertz, nth: usize| {
        let agent = &agents[nth];
        Baresip::speaking(hertz, &agent.extension, &agent.secret, server.sip)
    };
    let (first, _third) = (phone(FIRST, 0), phone(SECOND, 1));
    for agent in &agents {
        agent.registered(&api).await;
    }
    let gateway = stage::gateway(&api, &carrier, 10.0).await;
    let out = json!({ "number": "^138", "rule": { "type": "outbound", "gateway": gateway } });
    api.put("/routes/out", out).await;
    let two = json!({ "first": { "extension": agents[0].extension },
        "second": { "number": "13800138000" } });
    let begun = wait::until("the route to be in effect", SOON, || async {
        let begun = api.ask(Method::POST, "/calls", Some(two.clone())).await;
        begun.status.is_success().then_some(begun.body)
    })
    .await;
    hears(&carrier, &[FIRST]).await;
    let path = format!("/calls/{}/members", text(&begun["id"]));
    let third = json!({ "to": { "extension": agents[1].extension } });
    api.post(&path, third).await;
    hears(&carrier, &[FIRST, SECOND]).await;
    let seen = api.get(&path).await;
    let all = [
        ("extension", &*agents[0].extension),
        ("outside", "13800138000"),
        ("extension", &agents[1].extension),
    ];
    assert_eq!(up_in(&seen), all.map(named), "{seen:#}");
    assert_eq!(seen["conference"], true, "{seen:#}");
    first.order("hangup", "");
    let call = wait::until("the CDR", SOON, || async {
        let call = api.all("/calls").await.pop()?;
        (call["state"] == "closed").then_some(call)
    })
    .await;
    assert_eq!(
        (&call["mode"], &call["direction"], &call["outcome"]),
        (&json!("ordered"), &json!("outbound"), &json!("connected")),
        "{call:#}"
    );
}

/// So many may confer, and no more: AGT-162.
#[tokio::test(flavor = "multi_thread")]
async fn a_conference_has_thirty_two_parties_at_most() {
    let guests: Vec<String> = (2_001..=2_031).map(|ext| ext.to_string()).collect();
    let all: Vec<&str> = ["1002"]
        .into_iter()
        .chain(guests.iter().map(|ext| &**ext))
        .collect();
    let centre = Centre::open(&all, By::Called, ANSWERS).await;
    centre.queue("3", json!({}), &[("1002", json!({}))]).await;
    centre.in_effect(&["3"]).await;
    centre.work(&["1002"]).await;
    let caller = centre.call("13900000001", "3").await;
    centre.talking("1002").await;
    let seen = centre.api.get("/agents/a1002").await;
    let members = format!("/calls/{}/members", text(&seen["call"]["id"]));
    let invite = async |extension: &str| {
        let order = json!({ "order": "invite", "to": { "extension": extension } });
        centre
            .api
            .ask(Method::POST, "/agents/a1002/call", Some(order))
            .await
    };
    for (guest, there) in guests[..30].iter().zip(3..) {
        let invited = invite(guest).await;
        assert_eq!(invited.status, 200, "{guest}: {invited:?}");
        wait::until_seen(
            "the guest to be heard",
            SOON,
            || async { up_in(&centre.api.get(&members).await).len() },
            |up| *up == there,
        )
        .await;
    }
    let refused = invite(&guests[30]).await;
    assert_eq!(refused.code(), "CONFERENCE_FULL", "{refused:?}");
    assert_eq!(centre.phones.times_rung(&guests[30]), [0; 0]);
    caller.hang_up().await;
}
