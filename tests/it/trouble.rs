//! What the world does to a dialler: junk on the wire, a carrier that says nothing, a phone that
//! vanishes, a disk that takes no recording. Each ends in a defined outcome.

use std::{fs, net::UdpSocket, time::Duration};

use serde_json::{Value, json};

use crate::kit::{
    baresip::Baresip,
    carrier::Fate,
    client::Client,
    server::House,
    sipp::Sipp,
    stage::{self, Agent, Campaign},
    wait,
};

const ANSWERS: &[(char, Fate)] = &[(
    '0',
    Fate::Answers {
        ring_ms: 100,
        talk_ms: 20_000,
    },
)];
const BRIEFLY: &[(char, Fate)] = &[(
    '0',
    Fate::Answers {
        ring_ms: 100,
        talk_ms: 10_000,
    },
)];

#[tokio::test(flavor = "multi_thread")]
async fn junk_on_the_sip_port_hurts_nobody() {
    let carrier = Sipp::carrier(BRIEFLY);
    let house = House::new();
    let mut server = house.start();
    let api = house.admin().await;
    let junk = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    for message in junk_messages() {
        junk.send_to(&message, ("127.0.0.1", server.sip))
            .expect("loopback takes it");
    }
    let call = one_call(&api, &carrier).await;
    assert_eq!(call["outcome"], "connected", "{call:#}");
    assert!(!server.has_ended());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_never_answers_holds_neither_lead_nor_channel() {
    let silent = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let port = silent.local_addr().expect("bound").port();
    let house = House::new();
    let _server = house.start();
    let api = house.admin().await;
    let batch = stage::batch(&api, "unheard", &["13800138000"]).await;
    let gateway = stage::gateway_at(&api, port, 10.0).await;
    let settings = stage::settings(&gateway);
    let campaign = stage::start(&api, "robot", &batch, ("robot", "robot"), settings).await;
    campaign.dialled_out(&api, 1, Duration::from_secs(60)).await;
    let lead = campaign.leads(&api).await.remove(0);
    assert_eq!(lead["outcome"], "congestion", "{lead:#}");
    let attempt = campaign.attempts(&api).await.remove(0);
    assert_eq!(attempt["counted"], false, "{attempt:#}");
    assert_ne!(lead["call_status"], "calling", "{lead:#}");
    let path = format!("/gateways/{gateway}");
    wait::until_seen(
        "the channel to be free again",
        Duration::from_secs(60),
        || async { api.get(&path).await },
        |gateway| gateway["in_use"] == 0,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_vanishes_leaves_no_agent_in_a_call() {
    let carrier = Sipp::carrier(ANSWERS);
    let house = House::new().with_settings("[rtp]\ntimeout_s = 2\n");
    let server = house.start();
    let api = house.admin().await;
    let (agent, campaign, mut phone) = one_agent(&api, &carrier, server.sip).await;
    campaign
        .until(&api, "the conversation", Duration::from_secs(60), |stats| {
            stats["talking"] == 1
        })
        .await;
    phone.vanish();
    agent.until(&api, "acw", Duration::from_secs(60)).await;
    campaign.dialled_out(&api, 1, Duration::from_secs(60)).await;
    let call = campaign.calls(&api).await.remove(0);
    assert_eq!(
        (&call["state"], &call["outcome"]),
        (&json!("closed"), &json!("connected"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_that_cannot_be_written_ends_no_call() {
    let carrier = Sipp::carrier(BRIEFLY);
    let house = House::new();
    // A file stands where the directory should be: nobody can write below it, not even root.
    fs::create_dir_all(house.data()).expect("a data directory");
    fs::write(house.data().join("recordings"), "").expect("a file");
    let server = house.start();
    let api = house.admin().await;
    let (agent, campaign, _phone) = one_agent(&api, &carrier, server.sip).await;
    campaign.dialled_out(&api, 1, Duration::from_secs(60)).await;
    let call = wait::until("the recording's end", Duration::from_secs(60), || async {
        let call = campaign.calls(&api).await.pop()?;
        let is_complete = call["state"] == "closed" && call["recording_error"].is_string();
        is_complete.then_some(call)
    })
    .await;
    assert_eq!(call["outcome"], "connected", "{call:#}");
    assert!(call["talk_ms"].as_i64() > Some(1_000), "{call:#}");
    agent.until(&api, "acw", Duration::from_secs(60)).await;
}

/// One robot call to a number that answers.
async fn one_call(api: &Client, carrier: &Sipp) -> Value {
    let batch = stage::batch(api, "one", &["13800138000"]).await;
    let gateway = stage::gateway(api, carrier, 10.0).await;
    let settings = stage::settings(&gateway);
    let campaign = stage::start(api, "robot", &batch, ("robot", "robot"), settings).await;
    campaign.dialled_out(api, 1, Duration::from_secs(60)).await;
    campaign.calls(api).await.remove(0)
}

/// One agent with a phone, ready, and a predictive campaign of one lead that answers.
async fn one_agent(api: &Client, carrier: &Sipp, sip: u16) -> (Agent, Campaign, Baresip) {
    let wrap_up = json!({ "wrap_up_ms": 0 });
    let agent = stage::queue(api, "sales", &["1001"], wrap_up)
        .await
        .remove(0);
    let phone = Baresip::start(&agent.extension, &agent.secret, sip);
    agent.work(api).await;
    let batch = stage::batch(api, "one", &["13800138000"]).await;
    let gateway = stage::gateway(api, carrier, 10.0).await;
    let settings = stage::settings(&gateway);
    let campaign = stage::start(api, "predictive", &batch, ("queue", "sales"), settings).await;
    (agent, campaign, phone)
}

/// Noise, halves of messages, lies about lengths, and headers without end.
fn junk_messages() -> Vec<Vec<u8>> {
    let invite = "INVITE sip:1@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKx\r\n\
        From: <sip:a@b>;tag=1\r\nTo: <sip:1@127.0.0.1>\r\nCall-ID: junk\r\nCSeq: 1 INVITE\r\n\
        Max-Forwards: 70\r\nContact: <sip:a@127.0.0.1:9>\r\n";
    let mut messages: Vec<Vec<u8>> = vec![
        vec![],
        vec![0; 1],
        b"\r\n\r\n".to_vec(),
        (0..=255).cycle().take(4_000).collect(),
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        b"INVITE\r\n\r\n".to_vec(),
        b"SIP/2.0 200 OK\r\n\r\n".to_vec(),
        b"SIP/2.0 99999 No\r\nCSeq: 99999999999999999999 INVITE\r\n\r\n".to_vec(),
        format!("{invite}Content-Length: 99999\r\n\r\nv=0\r\n").into_bytes(),
        format!("{invite}Content-Length: -1\r\n\r\n").into_bytes(),
        format!("{invite}CSeq: one NONSENSE\r\n\r\n").into_bytes(),
        format!("{invite}X: {}\r\n\r\n", "x".repeat(60_000)).into_bytes(),
        format!("{invite}{}\r\n", "X: y\r\n".repeat(9_000)).into_bytes(),
        format!("{invite}Content-Type: application/sdp\r\nContent-Length: 9\r\n\r\nm=audio x")
            .into_bytes(),
    ];
    messages.extend(
        (1..invite.len())
            .step_by(7)
            .map(|end| invite.as_bytes()[..end].to_vec()),
    );
    messages
}
