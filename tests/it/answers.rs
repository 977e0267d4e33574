//! Who or what answers: a person reaches the agent, a machine is hung up or records a message.

use std::time::Duration;

use serde_json::{Value, json};

use crate::kit::{
    baresip::Baresip,
    carrier::Fate,
    client::Client,
    server::{House, Server},
    sipp::Sipp,
    stage::{self, Agent, Campaign},
    voice::Voice,
    wait,
};

const ANSWERS: &[(char, Fate)] = &[(
    '0',
    Fate::Answers {
        ring_ms: 100,
        talk_ms: 60_000,
    },
)];
const SOON: Duration = Duration::from_secs(60);
const GREETING: &str = "Hi, you have reached John Smith. I can not come to the phone right now. \
                        Please leave your name and number after the beep, and I will call you back.";

/// A server with one agent at a phone, and one lead that is dialled.
struct Answer {
    _house: House,
    _server: Server,
    api: Client,
    agent: Agent,
    _phone: Baresip,
    carrier: Sipp,
    campaign: Campaign,
}

impl Answer {
    async fn of(voice: Voice, classification: Value) -> Self {
        Self::by(Sipp::saying(voice, ANSWERS), classification).await
    }

    async fn by(carrier: Sipp, classification: Value) -> Self {
        let house = House::new();
        let server = house.start();
        let api = house.admin().await;
        let by_hand = json!({ "wrap_up_ms": 0 });
        let agent = stage::queue(&api, "sales", &["1001"], by_hand)
            .await
            .remove(0);
        let phone = Baresip::start(&agent.extension, &agent.secret, server.sip);
        agent.work(&api).await;
        let batch = stage::batch(&api, "one", &["13800138000"]).await;
        let gateway = stage::gateway(&api, &carrier, 10.0).await;
        let mut settings = stage::settings(&gateway);
        settings["classification"] = classification;
        // An announcement is heard more than once.
        settings["ring_timeout_s"] = json!(40);
        let target = ("queue", "sales");
        let campaign = stage::start(&api, "predictive", &batch, target, settings).await;
        Self {
            _house: house,
            _server: server,
            api,
            agent,
            _phone: phone,
            carrier,
            campaign,
        }
    }

    /// The call, once it holds.
    async fn call(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let calls = || async { self.campaign.calls(&self.api).await.pop() };
        let seen = || async { calls().await.unwrap_or_default() };
        wait::until_seen(what, SOON, seen, holds).await
    }

    async fn closed(&self) -> Value {
        self.call("the CDR", |call| call["state"] == "closed").await
    }
}

fn is_mos(value: &Value) -> bool {
    value.as_f64().is_some_and(|mos| (1.0..=4.5).contains(&mos))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_says_hello_reaches_the_agent_and_both_legs_have_their_quality() {
    let voice = Voice::says("Hello, who is this?", false);
    let answer = Answer::of(voice, json!({ "enabled": true })).await;
    let (api, agent) = (&answer.api, &answer.agent);
    answer
        .campaign
        .until(api, "the conversation", SOON, |stats| stats["talking"] == 1)
        .await;
    // More than a second of sound each way makes an estimate of how it sounded.
    let before = answer.carrier.sound.heard().len();
    wait::until("two seconds of the agent's voice", SOON, || async {
        (answer.carrier.sound.heard().len() > before + 16_000).then_some(())
    })
    .await;
    agent.order(api, json!({ "order": "hangup" })).await;
    let call = answer
        .call("both legs in the CDR", |call| {
            call["state"] == "closed" && is_mos(&call["agent_mos"])
        })
        .await;
    assert_eq!(call["verdict"], "human", "{call:#}");
    assert_eq!(call["verdict_why"], "short greeting", "{call:#}");
    assert_eq!(call["answer_class"], "person", "{call:#}");
    assert_eq!(call["outcome"], "connected", "{call:#}");
    assert_eq!(call["agent_id"], *agent.id, "{call:#}");
    assert!(call["verdict_ms"].as_i64() > Some(600), "{call:#}");
    assert!(call["greeted_at"].is_string(), "{call:#}");
    assert!(is_mos(&call["mos"]), "{call:#}");
    assert!(call["packets_sent"].as_i64() > Some(50), "{call:#}");
    assert!(
        call["agent_packets_received"].as_i64() > Some(50),
        "{call:#}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_is_hung_up_and_no_agent_hears_it() {
    let voice = Voice::says(GREETING, true);
    let classification = json!({ "enabled": true, "checked_share": 0.0 });
    let answer = Answer::of(voice, classification).await;
    let call = answer.closed().await;
    assert_eq!(call["verdict"], "machine", "{call:#}");
    assert_eq!(call["verdict_why"], "long greeting", "{call:#}");
    assert_eq!(call["answer_class"], "machine", "{call:#}");
    assert_eq!(call["outcome"], "machine", "{call:#}");
    assert_eq!(call["hangup_side"], "us", "{call:#}");
    assert_eq!(call["abandoned"], false, "{call:#}");
    assert_eq!(call["agent_id"], Value::Null, "{call:#}");
    assert_eq!(call["offered_at"], Value::Null, "{call:#}");
    let report = format!("/campaigns/{}/report", answer.campaign.id);
    let report = answer.api.get(&report).await;
    assert_eq!(report["verdicts"], json!({ "machine": 1 }), "{report:#}");
    assert_eq!(report["checks"]["turned_away"], 1, "{report:#}");
    let lead = answer.campaign.leads(&answer.api).await.remove(0);
    assert_eq!(lead["call_status"], "failed", "{lead:#}");
    assert_eq!(lead["outcome"], "machine", "{lead:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_records_the_message_after_its_beep() {
    let voice = Voice::says(GREETING, true);
    let classification = json!({
        "enabled": true, "checked_share": 0.0, "machine": "message", "message": "robot",
    });
    let answer = Answer::of(voice, classification).await;
    let call = answer.closed().await;
    assert_eq!(call["verdict"], "machine", "{call:#}");
    assert_eq!(call["outcome"], "machine", "{call:#}");
    assert_eq!(call["message"], "robot", "{call:#}");
    assert_eq!(call["message_heard"], "played", "{call:#}");
    let loud = |samples: &[i16]| samples.iter().filter(|one| one.abs() > 1_000).count();
    let heard = answer.carrier.sound.heard();
    // The greeting takes longer than its verdict: the machine hears nothing before it has beeped.
    let verdict = usize::try_from(call["verdict_ms"].as_i64().expect("it took time"))
        .expect("not negative")
        * 8;
    assert_eq!(loud(&heard[..verdict]), 0, "spoken into the greeting");
    assert!(loud(&heard) > 8_000, "the message is not to be heard");
}

/// A call to a number that is announced with these tones. The lengths of the tones are a part of their
/// code: where the machine stood still in the middle of one, the number is dialled once more.
async fn announced(code: &str) -> (Answer, Value) {
    for _ in 0..3 {
        let voice = Voice::plays(&format!("sit:{code}"));
        let carrier = Sipp::saying(voice, &[('0', Fate::Announces)]);
        let answer = Answer::by(carrier, json!({ "enabled": true })).await;
        let call = answer.closed().await;
        if call["verdict_why"] != "special information tones" {
            return (answer, call);
        }
    }
    panic!("the code {code} was not heard three times");
}

#[tokio::test(flavor = "multi_thread")]
async fn special_information_tones_before_the_answer_end_the_call_and_say_what_it_came_to() {
    for (code, why, outcome, transport, again) in [
        (
            "vacant_code",
            "vacant code",
            "unallocated",
            "invalid",
            false,
        ),
        ("no_circuit", "no circuit", "congestion", "capacity", true),
    ] {
        let (answer, call) = announced(code).await;
        assert_eq!(call["verdict"], "network", "{call:#}");
        let why = format!("special information tones: {why}");
        assert_eq!(call["verdict_why"], why, "{call:#}");
        assert_eq!(call["answer_class"], "network", "{call:#}");
        assert_eq!(call["outcome"], outcome, "{call:#}");
        assert_eq!(call["transport"], transport, "{call:#}");
        assert_eq!(call["answered_at"], Value::Null, "{call:#}");
        assert_eq!(call["hangup_side"], "us", "{call:#}");
        let lead = answer.campaign.leads(&answer.api).await.remove(0);
        assert_eq!(lead["outcome"], outcome, "{lead:#}");
        assert_eq!(lead["next_dial_at"].is_string(), again, "{lead:#}");
        let path = format!("/calls/{}/trace", stage::text(&call["id"]));
        let trace = answer.api.get(&path).await;
        let sent = trace["messages"].as_array().expect("messages").iter();
        let cancels = sent.filter(|message| {
            let title = stage::text(&message["title"]);
            message["sent"] == true && title.starts_with("CANCEL")
        });
        assert_eq!(cancels.count(), 1, "{trace:#}");
    }
}
