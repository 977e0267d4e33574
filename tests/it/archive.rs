//! A queue names its recordings: the file has the name once the call is over, and is heard in the console.

use std::time::Duration;

use serde_json::json;

use crate::{
    console::Console,
    kit::{
        baresip::{AGENT_HERTZ, Baresip},
        carrier::Fate,
        server::House,
        sipp::{CARRIER_HERTZ, Sipp},
        sound::{over_noise_db, read_stereo},
        stage::{self, text},
        wait,
    },
};

const ANSWERS: &[(char, Fate)] = &[(
    '0',
    Fate::Answers {
        ring_ms: 300,
        talk_ms: 4_000,
    },
)];
const SOON: Duration = Duration::from_secs(60);
const CLEAR_DB: f64 = 20.0;

/// A queue says what its recordings are called: VOX-048.
#[tokio::test(flavor = "multi_thread")]
async fn a_recording_of_a_queue_has_the_queue_s_name_and_is_heard_in_the_console() {
    let carrier = Sipp::carrier(ANSWERS);
    let house = House::new();
    let server = house.start();
    let api = house.admin().await;
    let named = json!({ "recording_name": "archive/{queue}/{agent} {called}/{caller}.wav" });
    let agent = stage::queue(&api, "sales", &["1001"], named)
        .await
        .remove(0);
    let _phone = Baresip::start(&agent.extension, &agent.secret, server.sip);
    agent.work(&api).await;
    let batch = stage::batch(&api, "one", &["13800138000"]).await;
    let gateway = stage::gateway(&api, &carrier, 10.0).await;
    let settings = stage::settings(&gateway);
    let campaign = stage::start(&api, "predictive", &batch, ("queue", "sales"), settings).await;
    campaign.dialled_out(&api, 1, SOON).await;
    let call = wait::until("the recording to have its name", SOON, || async {
        let call = campaign.calls(&api).await.pop()?;
        let name = call["recording"].as_str()?;
        name.starts_with("archive/").then_some(call)
    })
    .await;
    let id = text(&call["id"]);
    let expected = format!(
        "archive/sales/{} 13800138000/02580001111-{id}.wav",
        agent.id
    );
    assert_eq!(call["recording"], expected, "{call:#}");
    assert!(call["recording_ms"].as_i64() > Some(2_000), "{call:#}");

    let folder = house.data().join("recordings");
    let all = media::archive::recordings(&folder).expect("the folder");
    let all: Vec<_> = all.into_iter().map(|kept| kept.path).collect();
    assert_eq!(all, [folder.join(&expected)], "it is there once");
    let handed_out = api.download(&format!("/calls/{id}/recording")).await;
    assert_eq!(handed_out, std::fs::read(&all[0]).expect("a recording"));
    let [called, agent] = read_stereo(&all[0]);
    assert!(over_noise_db(&called, CARRIER_HERTZ) > CLEAR_DB);
    assert!(over_noise_db(&agent, AGENT_HERTZ) > CLEAR_DB);

    let mut console = Console::sign_in(&api, "admin", "en", async |_| {}).await;
    console.open("/calls").await;
    let player = format!("document.querySelector('audio[src$=\"/calls/{id}/recording\"]')");
    console.browser.run(&format!("{player}.load(), 0")).await;
    let plays = format!("{player}.preload = 'auto', {player}.duration > 2");
    console.browser.until(&plays).await;
    assert_eq!(console.browser.faults().await, [""; 0]);
}
