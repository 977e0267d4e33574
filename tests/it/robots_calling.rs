//! A robot campaign that listens, and people at a carrier: who speaks reaches an agent, who does not is asked
//! once more and hung up on.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    acd::tones,
    kit::{
        baresip::Baresip,
        carrier::Fate,
        client::Client,
        server::{House, Server},
        sipp::Sipp,
        sound::{RATE, tone, write_wav},
        stage::{self, Agent, Campaign},
        voice::Voice,
        wait,
    },
};

const SOON: Duration = Duration::from_secs(60);
const ANSWERS: &[(char, Fate)] = &[(
    '0',
    Fate::Answers {
        ring_ms: 100,
        talk_ms: 120_000,
    },
)];
const HELLO_HERTZ: f64 = 700.0;
const ASK_HERTZ: f64 = 1_300.0;
const AGAIN_HERTZ: f64 = 1_100.0;

/// A house with one agent, a robot that talks longer than anybody listens and one that asks twice.
struct Office {
    _house: House,
    _server: Server,
    api: Client,
    agent: Agent,
    _phone: Baresip,
}

impl Office {
    async fn open() -> Self {
        let house = House::new();
        let folder = house.data().join("prompts");
        std::fs::create_dir_all(&folder).expect("a folder");
        for (name, hertz, seconds) in [
            ("hello", HELLO_HERTZ, 120),
            ("ask", ASK_HERTZ, 1),
            ("again", AGAIN_HERTZ, 1),
        ] {
            let sound = tone(hertz, 0.5, 0, seconds * RATE as usize);
            write_wav(&folder.join(format!("{name}.wav")), &sound);
        }
        let server = house.start();
        let api = house.admin().await;
        let by_hand = json!({ "wrap_up_ms": 0 });
        let agent = stage::queue(&api, "sales", &["1001"], by_hand)
            .await
            .remove(0);
        let phone = Baresip::start(&agent.extension, &agent.secret, server.sip);
        agent.work(&api).await;
        Self {
            _house: house,
            _server: server,
            api,
            agent,
            _phone: phone,
        }
    }

    /// Lets the robot call one person of the carrier.
    async fn calls(&self, carrier: &Sipp, robot: Value) -> Campaign {
        let batch = stage::batch(&self.api, "one", &["13800138000"]).await;
        let gateway = stage::gateway(&self.api, carrier, 10.0).await;
        let mut settings = stage::settings(&gateway);
        settings["retry"] = json!({ "max_attempts": 2, "silent_minutes": 90 });
        settings["robot"] = robot;
        stage::start(&self.api, "robot", &batch, ("robot", "robot"), settings).await
    }

    async fn closed(&self, campaign: &Campaign) -> Value {
        wait::until("the CDR", SOON, || async {
            let call = campaign.calls(&self.api).await.pop()?;
            (call["state"] == "closed").then_some(call)
        })
        .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_speaks_to_the_robot_that_called_reaches_an_agent() {
    let mut clip = vec![0; 4 * RATE as usize];
    clip.extend(tone(600.0, 0.4, 0, RATE as usize));
    let carrier = Sipp::saying(Voice::Clip(clip), ANSWERS);
    let office = Office::open().await;
    let robot = json!({ "prompt": "hello", "then_queue": "sales", "listens": {} });
    let campaign = office.calls(&carrier, robot).await;
    office.agent.until(&office.api, "busy", SOON).await;
    campaign
        .until(&office.api, "the conversation", SOON, |stats| {
            stats["talking"] == 1
        })
        .await;
    let heard = carrier.sound.heard();
    assert_eq!(tones(&heard, &[HELLO_HERTZ]), [HELLO_HERTZ]);
    wait::until("the prompt to be over", SOON, || async {
        tones(&carrier.sound.hears(), &[HELLO_HERTZ])
            .is_empty()
            .then_some(())
    })
    .await;
    let hang_up = json!({ "order": "hangup" });
    office.agent.order(&office.api, hang_up).await;
    let call = office.closed(&campaign).await;
    assert_eq!(call["outcome"], "connected", "{call:#}");
    assert_eq!(call["agent_id"], *office.agent.id, "{call:#}");
    assert_eq!(call["queue_id"], "sales", "{call:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_nothing_to_the_robot_that_called_is_silent_in_every_book() {
    let carrier = Sipp::saying(Voice::Clip(Vec::new()), ANSWERS);
    let office = Office::open().await;
    let robot = json!({ "prompt": "ask", "then_queue": "sales",
        "listens": { "wait_s": 1, "silent": "again" } });
    let campaign = office.calls(&carrier, robot).await;
    let call = office.closed(&campaign).await;
    assert_eq!(call["outcome"], "silent", "{call:#}");
    assert_eq!(call["hangup_side"], "us", "{call:#}");
    assert_eq!(call["answer_class"], "person", "{call:#}");
    assert_eq!(call["abandoned"], false, "{call:#}");
    assert_eq!(call["agent_id"], Value::Null, "{call:#}");
    assert_eq!(call["queued_at"], Value::Null, "{call:#}");
    let prompts = [ASK_HERTZ, AGAIN_HERTZ];
    assert_eq!(tones(&carrier.sound.heard(), &prompts), prompts);
    let lead = campaign.leads(&office.api).await.remove(0);
    assert_eq!(lead["call_status"], "failed", "{lead:#}");
    assert_eq!(lead["outcome"], "silent", "{lead:#}");
    let report = format!("/campaigns/{}/report", campaign.id);
    let report = office.api.get(&report).await;
    assert_eq!(report["outcomes"], json!({ "silent": 1 }), "{report:#}");
    assert_eq!(report["attempts"]["silent"], 1, "{report:#}");
    assert_eq!(report["attempts"]["connected"], 0, "{report:#}");
    assert_eq!(
        report["leads"]["pending"], 1,
        "it is called again: {report:#}"
    );
    let stats = |stats: &Value| stats["outcomes"]["silent"] == 1;
    campaign.until(&office.api, "the count", SOON, stats).await;
}
