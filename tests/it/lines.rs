//! The lines as their operator sees them: phones, who is shut out, a call's signalling, and a recording that
//! is paused.

use std::{io::ErrorKind, net::UdpSocket, time::Duration};

use reqwest::Method;
use serde_json::json;

use crate::kit::{
    baresip::Baresip,
    carrier::Fate,
    client::Client,
    crowd::Crowd,
    server::House,
    sipp::{CARRIER_HERTZ, Sipp},
    sound::{over_noise_db, read_stereo},
    stage::{self, Agent, Campaign},
    wait,
};

const ANSWERS: &[(char, Fate)] = &[(
    '0',
    Fate::Answers {
        ring_ms: 100,
        talk_ms: 10_000,
    },
)];
const AT_LENGTH: &[(char, Fate)] = &[(
    '0',
    Fate::Answers {
        ring_ms: 100,
        talk_ms: 15_000,
    },
)];
const LIMIT: Duration = Duration::from_secs(60);

/// VOX-194
#[tokio::test(flavor = "multi_thread")]
async fn phones_are_listed_and_scanners_shut_out_until_they_are_pardoned() {
    let house = House::new().with_settings("[sip]\nphone_ping_s = 1\n");
    let server = house.start();
    let api = house.admin().await;
    let agent = stage::queue(&api, "sales", &["1001"], json!({}))
        .await
        .remove(0);
    let _phone = Baresip::start(&agent.extension, &agent.secret, server.sip);
    agent.registered(&api).await;
    let listed = wait::until("the phone's sign of life", LIMIT, || async {
        let list = api.get("/registrations").await;
        let row = list["data"].get(0)?.clone();
        (row["status"] == "Reachable").then_some(row)
    })
    .await;
    assert_eq!(
        (&listed["extension"], &listed["transport"]),
        (&json!("1001"), &json!("UDP"))
    );
    let model = listed["user_agent"].as_str().unwrap_or_default();
    assert!(model.to_lowercase().contains("baresip"), "{listed:#}");
    assert!(listed["latency_ms"].is_u64() && listed["expires_in_s"].as_u64() <= Some(120));
    // A tool that knocks at every door, from an address of its own.
    let scanner = UdpSocket::bind("127.0.0.66:0").expect("loopback");
    let port = scanner.local_addr().expect("bound").port();
    let knock = |method: &str, agent: &str, branch: u32, patience: Duration| {
        let request = format!(
            "{method} sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.66:{port};branch=z9hG4bKk{branch}\r\n\
             From: <sip:1001@x>;tag=1\r\nTo: <sip:1001@x>\r\nCall-ID: knock{branch}\r\nCSeq: 1 {method}\r\n\
             Max-Forwards: 70\r\nContact: <sip:1001@127.0.0.66:{port}>\r\nUser-Agent: {agent}\r\n\
             Content-Length: 0\r\n\r\n"
        );
        scanner
            .send_to(request.as_bytes(), ("127.0.0.1", server.sip))
            .expect("loopback takes it");
        scanner.set_read_timeout(Some(patience)).expect("a time");
        let mut answer = [0; 2_000];
        // One to an earlier knock may come late.
        loop {
            let length = match scanner.recv(&mut answer) {
                Ok(length) => length,
                // A signal in between is nothing.
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return String::new(),
            };
            let text = String::from_utf8_lossy(&answer[..length]);
            if text.contains(&format!("Call-ID: knock{branch}\r\n")) {
                return text.into_owned();
            }
        }
    };
    let silence = Duration::from_millis(500);
    knock("OPTIONS", "friendly-scanner", 1, silence);
    let ban = wait::until("the ban", LIMIT, || async {
        api.get("/bans").await["data"].get(0).cloned()
    })
    .await;
    assert_eq!(
        (&ban["address"], &ban["reason"]),
        (&json!("127.0.0.66"), &json!("scanner"))
    );
    assert!(ban["until"].as_str() > ban["since"].as_str(), "{ban:#}");
    assert_eq!(
        knock("REGISTER", "a phone", 2, silence),
        "",
        "nothing is read from there"
    );
    let pardon = api.ask(Method::DELETE, "/bans/127.0.0.66", None).await;
    assert_eq!(pardon.status, 204);
    assert_eq!(api.get("/bans").await["data"], json!([]));
    let answer = knock("REGISTER", "a phone", 3, Duration::from_secs(20));
    assert!(answer.starts_with("SIP/2.0 401"), "{answer}");
    let audit = api.get("/audit").await.to_string();
    assert!(audit.contains("bans/127.0.0.66"), "{audit}");
    let dropped = api.ask(Method::DELETE, "/registrations/1001", None).await;
    assert_eq!(dropped.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_is_let_go_with_its_extension_or_its_old_secret() {
    let house = House::new();
    let server = house.start();
    let api = house.admin().await;
    let set = |secret: &str| api.put("/extensions/1009", json!({ "secret": secret }));
    let is_there = |is: bool| {
        let api = &api;
        wait::until(
            match is {
                true => "the phone to register",
                false => "the phone to be let go",
            },
            LIMIT,
            move || async move {
                let list = api.get("/registrations").await;
                (list["data"].as_array().map(Vec::is_empty) == Some(!is)).then_some(())
            },
        )
    };
    set("first-secret").await;
    let _first = Baresip::start("1009", "first-secret", server.sip);
    is_there(true).await;
    // Its own secret once more changes nothing for it: what follows is due to what follows.
    set("first-secret").await;
    set("second-secret").await;
    is_there(false).await;
    let _second = Baresip::start("1009", "second-secret", server.sip);
    is_there(true).await;
    let deleted = api.ask(Method::DELETE, "/extensions/1009", None).await;
    assert_eq!(deleted.status, 204);
    is_there(false).await;
}

/// One agent with a phone, ready, and a predictive campaign of one lead that answers.
async fn one_agent(api: &Client, carrier: &Sipp, sip: u16) -> (Agent, Campaign, Baresip) {
    let agent = stage::queue(api, "sales", &["1001"], json!({}))
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

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_traced_and_its_recording_keeps_nothing_while_it_is_paused() {
    let carrier = Sipp::carrier(AT_LENGTH);
    let house = House::new();
    let server = house.start();
    let api = house.admin().await;
    let (_agent, campaign, _phone) = one_agent(&api, &carrier, server.sip).await;
    campaign
        .until(&api, "the conversation", LIMIT, |stats| {
            stats["talking"] == 1
        })
        .await;
    let call = campaign.calls(&api).await.remove(0);
    let id = stage::text(&call["id"]);
    wait::until("the recording to run", LIMIT, || async {
        let path = format!("/calls/{id}/recording/pause");
        let paused = api.ask(Method::POST, &path, None).await;
        (paused.status == 204).then_some(())
    })
    .await;
    campaign.dialled_out(&api, 1, LIMIT).await;
    let call = wait::until("the recording", LIMIT, || async {
        let call = campaign.calls(&api).await.pop()?;
        call["recording_ms"].is_number().then_some(call)
    })
    .await;
    assert!(call["recording_ms"].as_i64() > Some(2_000), "{call:#}");
    let over = api
        .ask(Method::POST, &format!("/calls/{id}/recording/resume"), None)
        .await;
    assert_eq!(
        (over.status.as_u16(), &over.body["code"]),
        (409, &json!("NOT_RECORDED"))
    );
    let wav = house.data().join("downloaded.wav");
    let bytes = api.download(&format!("/calls/{id}/recording")).await;
    std::fs::write(&wav, bytes).expect("it is writable");
    let [left, right] = read_stereo(&wav);
    let quiet = |side: &[i16]| side[side.len() - 8_000..].iter().all(|sample| *sample == 0);
    assert!(
        quiet(&left) && quiet(&right),
        "the last second was kept out"
    );
    let audit = api.get("/audit").await.to_string();
    assert!(
        audit.contains(&format!("calls/{id}/recording/pause")),
        "{audit}"
    );

    let trace = api.get(&format!("/calls/{id}/trace")).await;
    assert_eq!(
        trace["peers"].as_array().map(Vec::len),
        Some(2),
        "{trace:#}"
    );
    let messages = trace["messages"].as_array().expect("messages");
    let titles = |leg: u64| {
        let of_leg = messages.iter().filter(move |message| message["leg"] == leg);
        of_leg
            .map(|message| stage::text(&message["title"]))
            .collect::<Vec<_>>()
    };
    for leg in [1, 2] {
        let titles = titles(leg);
        assert_eq!(titles[0], "INVITE", "{titles:?}");
        for title in ["200 OK (INVITE)", "ACK", "BYE", "200 OK (BYE)"] {
            assert!(
                titles.iter().any(|it| it == title),
                "{title} is not in {titles:?}"
            );
        }
    }
    assert!(
        messages[0]["text"]
            .as_str()
            .is_some_and(|text| text.contains("13800138000"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_is_turned_away_with_a_time_to_come_back_and_a_call_that_is_up_goes_on() {
    let carrier = Sipp::carrier(ANSWERS);
    let house = House::new().with_settings("[sip]\nmax_new_calls_per_s = 3\n");
    let server = house.start();
    let api = house.admin().await;
    let (_agent, campaign, _phone) = one_agent(&api, &carrier, server.sip).await;
    let route = json!({ "position": 1, "number": "4008001234", "queue_id": "sales" });
    api.put("/routes/hotline", route).await;
    campaign
        .until(&api, "the conversation", LIMIT, |stats| {
            stats["talking"] == 1
        })
        .await;
    let mut crowd = Crowd::call(server.sip, "4008001234", 40, 20);
    let exit = crowd.process.ended("the crowd to go", LIMIT).await;
    let answers = crowd.answers();
    assert!(exit.success(), "SIPp: {exit}, {answers:?}");
    let turned: Vec<_> = answers
        .iter()
        .filter(|answer| answer.starts_with("503 "))
        .collect();
    let taken = answers.len() - turned.len();
    assert_eq!(answers.len(), 40, "{answers:?}");
    // Two seconds at three a second, or a few more, and what may run ahead.
    assert!((3..=30).contains(&taken), "{taken} taken: {answers:?}");
    for answer in turned {
        let seconds = answer[4..].trim().parse::<u32>();
        assert!(
            seconds.is_ok_and(|s| s > 0),
            "no time to come back in {answer}"
        );
    }
    campaign.dialled_out(&api, 1, LIMIT).await;
    let calls = api.all("/calls?direction=outbound").await;
    assert_eq!(calls[0]["outcome"], "connected", "{calls:#?}");
    assert!(calls[0]["talk_ms"].as_i64() > Some(4_000), "{calls:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_recording_is_heard_in_the_console_and_not_on_the_disk() {
    let carrier = Sipp::carrier(ANSWERS);
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("recordings.key");
    let settings = format!("[recordings]\nkeys = [{:?}]\n", key.display().to_string());
    let house = House::new().with_settings(&settings);
    let made = std::process::Command::new(env!("CARGO_BIN_EXE_paceline"))
        .arg("key")
        .arg(&key)
        .output()
        .expect("the binary starts");
    assert!(made.status.success(), "{made:?}");
    let server = house.start();
    let api = house.admin().await;
    let (_agent, campaign, _phone) = one_agent(&api, &carrier, server.sip).await;
    campaign.dialled_out(&api, 1, LIMIT).await;
    let call = wait::until("the recording", LIMIT, || async {
        let call = campaign.calls(&api).await.pop()?;
        call["recording_ms"].is_number().then_some(call)
    })
    .await;
    let name = stage::text(&call["recording"]);
    assert!(name.ends_with(".wav.sealed"), "{call:#}");
    let kept = std::fs::read(house.data().join("recordings").join(&name)).expect("a file");
    assert!(!kept.windows(4).any(|part| part == b"RIFF"));
    let id = stage::text(&call["id"]);
    let wav = house.data().join("downloaded.wav");
    let bytes = api.download(&format!("/calls/{id}/recording")).await;
    std::fs::write(&wav, bytes).expect("it is writable");
    let [left, _] = read_stereo(&wav);
    let heard = over_noise_db(&left, CARRIER_HERTZ);
    assert!(
        left.len() > 16_000 && heard > 20.0,
        "{heard} dB in {} samples",
        left.len()
    );
}
