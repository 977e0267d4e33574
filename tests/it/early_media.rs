//! What a carrier says before the answer (183 with sound) is heard at the phone of whoever waits for it,
//! in place of the house's own ringback.

use std::time::Duration;

use serde_json::{Value, json};
use switch::Cause;

use crate::kit::{
    baresip::Baresip,
    client::Client,
    person::Person,
    server::House,
    sound::tones_in,
    stage::{self, Campaign},
    wait,
};

const SOON: Duration = Duration::from_secs(40);
/// What the house lets those hear who wait.
const RINGBACK: f64 = 425.0;
/// The carrier's announcement.
const WORD: f64 = 1_300.0;
const VOICE: f64 = 900.0;

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_hears_the_carriers_word_until_the_answer() {
    let house = House::new();
    let server = house.start();
    let api = house.admin().await;
    let by_hand = json!({ "wrap_up_ms": 500 });
    let agent = stage::queue(&api, "sales", &["1001"], by_hand)
        .await
        .remove(0);
    let phone = Baresip::start(&agent.extension, &agent.secret, server.sip);
    agent.work(&api).await;
    let mut carrier = Person::new(server.sip).await;
    let gateway = stage::gateway_at(&api, carrier.port(), 10.0).await;
    let numbers = ["13800138000", "13800138001"];
    let batch = stage::batch(&api, "two", &numbers).await;
    let mut settings = stage::settings(&gateway);
    settings["ring_timeout_s"] = json!(60);
    settings["preview_countdown_s"] = json!(1);
    let target = ("agent", agent.id.as_str());
    let campaign = stage::start(&api, "preview", &batch, target, settings).await;
    campaign
        .until(&api, "the floor to know the campaign", SOON, |stats| {
            stats["on_the_floor"] == true && stats["state"] == "running"
        })
        .await;
    let path = format!("/tasks/{}", campaign.task);
    let task = || async { api.get(&path).await };
    let is_ready = |task: &Value| task["state"] == "ready";
    wait::until_seen("the allocation", SOON, task, is_ready).await;
    let wish = json!({ "order": "next_preview", "campaign_id": campaign.id });
    agent.order(&api, wish).await;

    // The number is unknown, and the carrier says so before it refuses.
    let unknown = carrier.is_called().await;
    carrier.ring(unknown);
    carrier.say_early(unknown, &format!("tone:{WORD}:1000"));
    hears(&phone, &[WORD]).await;
    carrier.refuse(unknown, Cause::Unallocated).await;

    // The next one answers: both ways from then on.
    let known = carrier.is_called().await;
    carrier.say_early(known, &format!("tone:{WORD}:1000"));
    hears(&phone, &[WORD]).await;
    carrier.answer_saying(known, &format!("tone:{VOICE}:1000"));
    hears(&phone, &[VOICE]).await;
    carrier.hang_up(known).await;
    assert_eq!(
        outcomes(&api, &campaign).await,
        ["unallocated", "connected"]
    );
}

async fn hears(phone: &Baresip, tones: &[f64]) {
    let what = format!("the phone to hear {tones:?}");
    let seen = || async { json!(tones_in(&phone.hears(), &[RINGBACK, WORD, VOICE])) };
    wait::until_seen(&what, SOON, seen, |heard| *heard == json!(tones)).await;
}

/// What the calls came to, oldest first.
async fn outcomes(api: &Client, campaign: &Campaign) -> Vec<String> {
    let is_closed = |call: &&Value| call["state"] == "closed";
    let mut calls = wait::until_seen(
        "the CDRs",
        SOON,
        || async { campaign.calls(api).await },
        |calls| calls.iter().filter(is_closed).count() == 2,
    )
    .await;
    calls.sort_by_key(|call| stage::text(&call["started_at"]));
    calls
        .iter()
        .map(|call| stage::text(&call["outcome"]))
        .collect()
}
