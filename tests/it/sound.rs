//! Sound, both ways: SIPp's call on one side, baresip on the other, the house between them.

use std::time::Duration;

use serde_json::Value;

use crate::kit::{
    baresip::{AGENT_HERTZ, Baresip},
    carrier::Fate,
    server::House,
    sipp::{CARRIER_HERTZ, Sipp},
    sound::{RATE, over_noise_db, read_stereo, tone, write_wav},
    stage::{self, text},
};

const ANSWERS: &[(char, Fate)] = &[(
    '0',
    Fate::Answers {
        ring_ms: 300,
        talk_ms: 10_000,
    },
)];
const CLEAR_DB: f64 = 20.0;
/// As many samples as two seconds have.
const ENOUGH: usize = 16_000;

#[tokio::test(flavor = "multi_thread")]
async fn agent_and_called_person_hear_each_other_and_the_recording_hears_both() {
    let carrier = Sipp::carrier(ANSWERS);
    let house = House::new();
    let server = house.start();
    let api = house.admin().await;
    let agents = stage::queue(&api, "sales", &["1001"], serde_json::json!({})).await;
    let agent = &agents[0];
    let phone = Baresip::start(&agent.extension, &agent.secret, server.sip);
    agent.work(&api).await;
    let batch = stage::batch(&api, "one", &["13800138000"]).await;
    let gateway = stage::gateway(&api, &carrier, 10.0).await;
    let settings = stage::settings(&gateway);
    let campaign = stage::start(&api, "predictive", &batch, ("queue", "sales"), settings).await;
    campaign.dialled_out(&api, 1, Duration::from_secs(60)).await;

    let call = recorded(&api, &campaign).await;
    assert_eq!(call["outcome"], "connected", "{call:#}");
    assert_eq!(call["agent_id"], *agent.id, "{call:#}");
    assert!(call["talk_ms"].as_i64() > Some(3_000), "{call:#}");
    assert_eq!(call["packets_lost"], 0, "{call:#}");

    let heard = phone.heard();
    assert!(
        heard.len() > ENOUGH,
        "the agent heard {} samples",
        heard.len()
    );
    assert!(over_noise_db(&heard, CARRIER_HERTZ) > CLEAR_DB);
    let heard = carrier.sound.heard();
    assert!(
        heard.len() > ENOUGH,
        "the called person heard {} samples",
        heard.len()
    );
    assert!(over_noise_db(&heard, AGENT_HERTZ) > CLEAR_DB);

    let name = text(&call["recording"]);
    let path = house.data().join("recordings").join(name);
    let handed_out = api
        .download(&format!("/calls/{}/recording", text(&call["id"])))
        .await;
    assert_eq!(handed_out, std::fs::read(&path).expect("a recording"));
    let [called, agent] = read_stereo(&path);
    assert!(over_noise_db(&called, CARRIER_HERTZ) > CLEAR_DB);
    assert!(over_noise_db(&agent, AGENT_HERTZ) > CLEAR_DB);
    assert!(
        over_noise_db(&agent, CARRIER_HERTZ) < -CLEAR_DB,
        "the channels are mixed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_robot_says_is_recorded_to_its_end() {
    const PROMPT_HERTZ: f64 = 700.0;
    const PROMPT: usize = 2 * RATE as usize;
    let carrier = Sipp::carrier(ANSWERS);
    let house = House::new();
    let folder = house.data().join("prompts");
    std::fs::create_dir_all(&folder).expect("a folder");
    write_wav(
        &folder.join("robot.wav"),
        &tone(PROMPT_HERTZ, 0.5, 0, PROMPT),
    );
    let _server = house.start();
    let api = house.admin().await;
    let batch = stage::batch(&api, "one", &["13800138000"]).await;
    let gateway = stage::gateway(&api, &carrier, 10.0).await;
    let settings = stage::settings(&gateway);
    let campaign = stage::start(&api, "robot", &batch, ("robot", "robot"), settings).await;
    let call = recorded(&api, &campaign).await;
    assert_eq!(
        (&call["bridged_at"], &call["agent_id"]),
        (&Value::Null, &Value::Null)
    );
    let path = house
        .data()
        .join("recordings")
        .join(text(&call["recording"]));
    let [called, robot] = read_stereo(&path);
    let loud = |sample: &i16| sample.unsigned_abs() > 1_000;
    let first = robot.iter().position(loud).expect("a robot that speaks");
    let last = robot.iter().rposition(loud).expect("a robot that speaks");
    assert!(
        last - first > PROMPT - 20,
        "from {first} to {last} of {}",
        robot.len()
    );
    assert!(over_noise_db(&robot[first..=last], PROMPT_HERTZ) > CLEAR_DB);
    assert!(over_noise_db(&called[first..=last], CARRIER_HERTZ) > CLEAR_DB);
}

/// The campaign's only call, once its recording is complete.
async fn recorded(
    api: &crate::kit::client::Client,
    campaign: &stage::Campaign,
) -> serde_json::Value {
    crate::kit::wait::until("the recording", Duration::from_secs(60), || async {
        let call = campaign.calls(api).await.pop()?;
        call["recording_ms"].is_number().then_some(call)
    })
    .await
}
