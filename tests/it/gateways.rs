//! A gateway that stops answering OPTIONS is not dialled through until it answers again; what one cannot
//! carry the next one does; and one with no channel left delivers nothing more.

use std::time::Duration;

use serde_json::{Value, json};

use crate::kit::{
    carrier::Fate,
    channel::Channel,
    client::Client,
    crowd::Crowd,
    person::Person,
    server::House,
    sipp::Sipp,
    stage::{self, tally},
    wait,
};

const BUSY: &[(char, Fate)] = &[('1', Fate::Refused(486, "Busy Here"))];
/// A gateway is silent when an OPTIONS has gone unanswered for 32 seconds (RFC 3261 timer F).
const SILENCE: Duration = Duration::from_secs(90);
const SOON: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_gateway_is_left_alone_until_it_answers() {
    const LEADS: usize = 20;
    let carrier = Sipp::carrier(BUSY);
    let house = House::new().with_settings("[sip]\ngateway_ping_s = 1\n");
    let _server = house.start();
    let api = house.admin().await;
    let gateway = stage::gateway(&api, &carrier, 20.0).await;
    let mut told = Channel::open(&api, &["gateway:*"]).await;
    let seen = look(&api, &gateway).await;
    assert_eq!(
        (&seen["paused"], &seen["trouble"]),
        (&false.into(), &Value::Null)
    );

    carrier.fall_silent();
    let degraded = told.until("gateway.degraded", SILENCE).await;
    assert_eq!(degraded["data"]["why"], "silent", "{degraded:#}");
    assert_eq!(degraded["topic"], format!("gateway:{gateway}"));
    // The floor is looked at a moment later.
    let ill = |seen: &Value| seen["paused"] == true && seen["trouble"] == "silent";
    let seen = async || look(&api, &gateway).await;
    wait::until_seen("the gateway to be shown as silent", SOON, seen, ill).await;

    let numbers: Vec<String> = (0..LEADS).map(|n| format!("1380000{n:03}1")).collect();
    let batch = stage::batch(&api, "twenty", &numbers).await;
    let settings = stage::settings(&gateway);
    let campaign = stage::start(&api, "robot", &batch, ("robot", "robot"), settings).await;
    let waits = |stats: &Value| stats["why"] == "gateway" && stats["hopper"] == LEADS;
    campaign
        .until(&api, "the campaign to wait", SOON, waits)
        .await;
    assert_eq!(campaign.attempts(&api).await.len(), 0, "nothing is tried");

    carrier.speak_again();
    let recovered = told.until("gateway.recovered", SILENCE).await;
    assert_eq!(recovered["topic"], format!("gateway:{gateway}"));
    campaign.dialled_out(&api, LEADS, SILENCE).await;
    let attempts = campaign.attempts(&api).await;
    assert_eq!(
        tally(&attempts, "outcome"),
        [("busy".to_owned(), LEADS)].into()
    );
    assert_eq!(carrier.invites().len(), LEADS);
    let well = |gateway: &Value| gateway["paused"] == false;
    let seen = async || look(&api, &gateway).await;
    wait::until_seen("the gateway to be shown as well", SOON, seen, well).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_gateway_cannot_carry_goes_on_by_the_next_in_the_same_attempt() {
    const LEADS: usize = 8;
    let full = Sipp::carrier(&[('1', Fate::Refused(503, "Service Unavailable"))]);
    let mute = Sipp::carrier(BUSY);
    let well = Sipp::carrier(BUSY);
    mute.fall_silent();
    let house = House::new().with_settings("[sip]\ngateway_ping_s = 0\n");
    let _server = house.start();
    let api = house.admin().await;
    let nowhere = json!({ "name": "nowhere", "host": "nowhere.invalid" });
    api.put("/gateways/nowhere", nowhere).await;
    let first = stage::gateway(&api, &full, 20.0).await;
    let third = stage::gateway(&api, &mute, 20.0).await;
    let last = stage::gateway(&api, &well, 20.0).await;
    let numbers: Vec<String> = (0..LEADS).map(|n| format!("1380000{n:03}1")).collect();
    let batch = stage::batch(&api, "eight", &numbers).await;
    let mut settings = stage::settings(&first);
    settings["fallback_gateways"] = json!(["nowhere", third, last]);
    let campaign = stage::start(&api, "robot", &batch, ("robot", "robot"), settings).await;
    campaign.dialled_out(&api, LEADS, SILENCE).await;

    let attempts = campaign.attempts(&api).await;
    let of_all = |text: &str| [(text.to_owned(), LEADS)].into();
    assert_eq!(tally(&attempts, "outcome"), of_all("busy"));
    assert_eq!(tally(&attempts, "gateway_id"), of_all(&last));
    let calls = campaign.calls(&api).await;
    assert_eq!(tally(&calls, "gateway_id"), of_all(&last));
    for carrier in [&full, &well] {
        let invites = carrier.calls_by_number();
        assert!(invites.values().all(|times| *times == 1), "{invites:?}");
        assert_eq!(invites.len(), LEADS);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_dialled_through_a_gateway_without_an_address_from_the_start_on() {
    const LEADS: usize = 2;
    let house = House::new();
    let server = house.start();
    let api = house.admin().await;
    let nowhere = json!({ "name": "nowhere", "host": "nowhere.invalid" });
    api.put("/gateways/nowhere", nowhere).await;
    server.stop().await;
    // The switch says so before the floor knows that there is such a gateway.
    let _server = house.start();
    let api = house.admin().await;
    let ill = |seen: &Value| seen["paused"] == true;
    let seen = async || look(&api, "nowhere").await;
    wait::until_seen("the gateway to be shown as down", SOON, seen, ill).await;
    let numbers: Vec<String> = (0..LEADS).map(|n| format!("1380000{n:03}1")).collect();
    let batch = stage::batch(&api, "two", &numbers).await;
    let settings = stage::settings("nowhere");
    let campaign = stage::start(&api, "robot", &batch, ("robot", "robot"), settings).await;
    let waits = |stats: &Value| stats["why"] == "gateway" && stats["hopper"] == LEADS;
    campaign
        .until(&api, "the campaign to wait", SOON, waits)
        .await;
    assert_eq!(campaign.attempts(&api).await.len(), 0, "nothing is tried");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_with_no_channel_left_delivers_no_more_calls() {
    const NUMBER: &str = "4008001234";
    let house = House::new();
    let server = house.start();
    let api = house.admin().await;
    let mut person = Person::new(server.sip).await;
    let gateway = json!({
        "name": "small", "host": "127.0.0.1", "port": person.port(),
        "settings": { "max_channels": 1, "max_cps": 10.0, "inbound_reserved": 0.0 },
    });
    api.put("/gateways/small", gateway).await;
    // Where the number is known, the gateway is too: the call holds its channel.
    stage::queue(&api, "sales", &["1001"], json!({})).await;
    let route = json!({ "position": 1, "number": NUMBER, "queue_id": "sales" });
    api.put("/routes/hotline", route).await;
    let waiting = person.call(NUMBER, "02066660001").await;
    assert_eq!(answers(server.sip, NUMBER).await, ["503"]);
    let refused = json!([{ "outcome": "congestion", "sip_status": 503 }]);
    let closed = async || {
        let calls = api.all("/calls?direction=inbound").await;
        let calls = calls.iter().filter(|call| call["state"] == "closed");
        calls
            .map(|call| json!({ "outcome": call["outcome"], "sip_status": call["sip_status"] }))
            .collect::<Value>()
    };
    wait::until_seen("its CDR", SOON, closed, |calls| *calls == refused).await;

    person.hang_up(waiting).await;
    let free = |gateway: &Value| gateway["in_use"] == 0;
    let seen = async || look(&api, "small").await;
    wait::until_seen("the channel to be free", SOON, seen, free).await;
    assert_eq!(answers(server.sip, NUMBER).await, ["200"]);
}

/// What one call more is answered with.
async fn answers(sip: u16, number: &str) -> Vec<String> {
    let mut crowd = Crowd::call(sip, number, 1, 1);
    crowd.process.ended("the call", SOON).await;
    let first = |answer: String| answer.split_whitespace().next().map(str::to_owned);
    crowd.answers().into_iter().filter_map(first).collect()
}

async fn look(api: &Client, gateway: &str) -> Value {
    api.get(&format!("/gateways/{gateway}")).await
}
