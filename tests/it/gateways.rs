//! A gateway that stops answering OPTIONS is not dialled through until it answers again.

use std::time::Duration;

use serde_json::Value;

use crate::kit::{
    carrier::Fate,
    channel::Channel,
    client::Client,
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
    campaign.dialled_out(&api, LEADS, SOON).await;
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

async fn look(api: &Client, gateway: &str) -> Value {
    api.get(&format!("/gateways/{gateway}")).await
}
