//! Killed at each step between the reservation and the BYE, and started again each time: nobody rings
//! twice for one attempt, nobody is lost, every call is one CDR and knows its recording. One database walks through all steps.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    time::Duration,
};

use serde_json::{Value, json};

use crate::kit::{
    baresip::Baresip,
    carrier::Fate,
    client::Client,
    server::House,
    sipp::Sipp,
    stage::{self, Campaign, tally, text},
    wait,
};

const FATES: &[(char, Fate)] = &[
    (
        '0',
        Fate::Answers {
            ring_ms: 200,
            talk_ms: 1_500,
        },
    ),
    ('1', Fate::Refused(486, "Busy Here")),
];
/// Calls last until an agent has them, on any machine.
const AT_LENGTH: &[(char, Fate)] = &[
    (
        '0',
        Fate::Answers {
            ring_ms: 200,
            talk_ms: 4_000,
        },
    ),
    ('1', Fate::Refused(486, "Busy Here")),
];
const SOON: Duration = Duration::from_secs(60);
/// Several calls are under way when the process ends.
const TIMES: u32 = 3;
const ABORTED: i32 = 6;

#[tokio::test(flavor = "multi_thread")]
async fn a_robot_campaign_killed_at_every_step_rings_nobody_twice() {
    const STEPS: &[&str] = &[
        "reserved",
        "checked",
        "opened",
        "dialled",
        "ringing",
        "answered",
        "recording",
        "naming",
        "named",
        "hung_up",
        "ended",
        "closing",
        "closed",
    ];
    const LEADS: usize = 500;
    let carrier = Sipp::carrier(FATES);
    let house = House::new();
    let mut server = house.start();
    let api = house.admin().await;
    let numbers = numbers(LEADS);
    let batch = stage::batch(&api, "robots", &numbers).await;
    let gateway = stage::gateway(&api, &carrier, 10.0).await;
    let settings = stage::settings(&gateway);
    let campaign = stage::start(&api, "robot", &batch, ("robot", "robot"), settings).await;
    campaign.in_full_swing(&api).await;
    server.kill();

    for step in STEPS {
        // Leads are drawn many at once.
        let times = if *step == "reserved" { 1 } else { TIMES };
        let mut server = house.start_to_die(step, times);
        let exit = server.ended(&format!("its end at {step}"), SOON).await;
        assert_eq!(exit.signal(), Some(ABORTED), "{step}: {}", house.log());
    }

    let _server = house.start();
    let api = house.admin().await;
    campaign.comes_to_its_end(&api, LEADS).await;
    campaign.books_agree_with(&api, &carrier, &numbers).await;
    campaign.recordings_are_whole(&api, &house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_predictive_campaign_killed_with_calls_in_the_queue_loses_nobody() {
    const STEPS: &[&str] = &[
        "answered", "named", "queued", "offered", "bridged", "hung_up", "ended", "closed", "moving",
    ];
    const LEADS: usize = 120;
    let carrier = Sipp::carrier(AT_LENGTH);
    let database = store::testing::postgres().await;
    let house = House::new().on(&database.place);
    let mut server = house.start();
    let api = house.admin().await;
    let settings = json!({ "wrap_up_ms": 500, "recording_name": "{queue}/{agent}-{call_id}" });
    let agent = stage::queue(&api, "sales", &["1001"], settings)
        .await
        .remove(0);
    let numbers = numbers(LEADS);
    let batch = stage::batch(&api, "queued", &numbers).await;
    let gateway = stage::gateway(&api, &carrier, 10.0).await;
    let mut settings = stage::settings(&gateway);
    settings["pacing"] = json!({ "mode": "ratio", "lines": 3.0 });
    let campaign = stage::start(&api, "predictive", &batch, ("queue", "sales"), settings).await;
    server.kill();

    for step in STEPS {
        // Some that were closed before may be without their names.
        let times = if *step == "moving" { 6 } else { 2 };
        let mut server = house.start_to_die_at_work(step, times);
        let api = house.admin().await;
        let _phone = Baresip::start(&agent.extension, &agent.secret, server.sip);
        agent.work(&api).await;
        let exit = server.ended(&format!("its end at {step}"), SOON).await;
        assert_eq!(exit.signal(), Some(ABORTED), "{step}: {}", house.log());
    }

    // One was about to be moved.
    let mut server = house.start_to_die("moved", 1);
    let exit = server.ended("its end at moved", SOON).await;
    assert_eq!(exit.signal(), Some(ABORTED), "{}", house.log());

    let server = house.start();
    let api = house.admin().await;
    let _phone = Baresip::start(&agent.extension, &agent.secret, server.sip);
    agent.work(&api).await;
    campaign.comes_to_its_end(&api, LEADS).await;
    campaign.books_agree_with(&api, &carrier, &numbers).await;
    let is_named = |call: &Value| {
        let name = call["recording"].as_str();
        name.is_none_or(|name| name.starts_with("sales/"))
    };
    wait::until_seen(
        "every recording to have the name that its queue gives it",
        SOON,
        || async { campaign.calls(&api).await },
        |calls| calls.iter().all(is_named),
    )
    .await;
    campaign.recordings_are_whole(&api, &house).await;
    agent.until(&api, "ready", SOON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dial_that_is_killed_on_its_way_to_the_next_gateway_rings_nobody_twice() {
    const STEPS: &[&str] = &["ended", "allowed", "dialled", "answered"];
    const LEADS: usize = 60;
    let full = Sipp::carrier(&[
        ('0', Fate::Refused(503, "Service Unavailable")),
        ('1', Fate::Refused(503, "Service Unavailable")),
    ]);
    let carrier = Sipp::carrier(FATES);
    let house = House::new();
    let mut server = house.start();
    let api = house.admin().await;
    let numbers = numbers(LEADS);
    let batch = stage::batch(&api, "moved on", &numbers).await;
    let first = stage::gateway(&api, &full, 1_000.0).await;
    let mut settings = stage::settings(&first);
    // A few at a time: a gateway that refuses rests soon, and every step is to find leads left.
    settings["max_concurrency"] = json!(4);
    settings["fallback_gateways"] = json!([stage::gateway(&api, &carrier, 1_000.0).await]);
    let campaign = stage::start(&api, "robot", &batch, ("robot", "robot"), settings).await;
    server.kill();

    for step in STEPS {
        let mut server = house.start_to_die(step, TIMES);
        let exit = server.ended(&format!("its end at {step}"), SOON).await;
        assert_eq!(exit.signal(), Some(ABORTED), "{step}: {}", house.log());
    }

    let _server = house.start();
    let api = house.admin().await;
    campaign.comes_to_its_end(&api, LEADS).await;
    campaign.books_agree_with(&api, &carrier, &numbers).await;
    let refused = full.calls_by_number();
    assert!(refused.len() > STEPS.len(), "{refused:?} went on");
    for (number, times) in refused {
        assert_eq!(times, 1, "INVITEs for {number} to the gateway that is full");
    }
}

/// Every third number is busy.
fn numbers(count: usize) -> Vec<String> {
    let digit = |n: usize| ["0", "0", "1"][n % 3];
    (0..count)
        .map(|n| format!("1380{n:06}{}", digit(n)))
        .collect()
}

impl Campaign {
    async fn in_full_swing(&self, api: &Client) {
        let swing = |stats: &serde_json::Value| stats["dialled"].as_u64() >= Some(10);
        self.until(api, "some calls", SOON, swing).await;
    }

    async fn comes_to_its_end(&self, api: &Client, leads: usize) {
        let over = |stats: &serde_json::Value| {
            let up = ["dialling", "waiting", "talking"];
            stats["closed"] == leads && up.iter().all(|up| stats[up] == 0)
        };
        let limit = Duration::from_secs(400);
        self.until(api, "every lead to be done", limit, over).await;
    }

    /// Every file is a call's, as long as its CDR says, and those that were cut off say so.
    async fn recordings_are_whole(&self, api: &Client, house: &House) {
        let folder = house.data().join("recordings");
        let mut named: BTreeSet<PathBuf> = BTreeSet::new();
        let calls = self.calls(api).await;
        for call in calls.iter().filter(|call| call["recording"].is_string()) {
            let path = folder.join(text(&call["recording"]));
            let ms = call["recording_ms"].as_u64();
            let wav = hound::WavReader::open(&path).expect("a playable file");
            assert_eq!(Some(u64::from(wav.duration()) / 8), ms, "{call:#}");
            named.insert(path);
        }
        let there: BTreeSet<PathBuf> = media::archive::recordings(&folder)
            .expect("the folder")
            .into_iter()
            .map(|kept| kept.path)
            .collect();
        assert_eq!(there, named, "a file that no call knows");
        assert!(tally(&calls, "recording_error")["interrupted"] > 0);
    }

    /// Attempts, INVITEs, calls and leads tell the same story.
    async fn books_agree_with(&self, api: &Client, carrier: &Sipp, numbers: &[String]) {
        let attempts = self.attempts(api).await;
        let mut made: BTreeMap<String, usize> = BTreeMap::new();
        let mut unsure: BTreeSet<String> = BTreeSet::new();
        for attempt in &attempts {
            assert_eq!(attempt["state"], "closed", "{attempt:#}");
            let number = text(&attempt["number"]);
            if attempt["outcome"] == "recovered" || attempt["outcome"] == "cancelled" {
                unsure.insert(number.clone());
            }
            *made.entry(number).or_default() += 1;
        }
        let all: BTreeSet<&String> = numbers.iter().collect();
        assert_eq!(made.keys().collect::<BTreeSet<_>>(), all, "every lead");
        assert!(tally(&attempts, "outcome")["recovered"] > 0);

        let invites: HashMap<String, usize> = carrier.calls_by_number();
        for (number, made) in &made {
            let rang = invites.get(number).copied().unwrap_or_default();
            // One attempt a lead: what was cut off has been one too.
            assert_eq!(*made, 1, "attempts on {number}");
            assert!(rang <= 1, "{number} rang {rang} times");
            // An attempt that was cut off may have been so before its INVITE left.
            assert!(rang == 1 || unsure.contains(number), "{number} never rang");
        }
        assert_eq!(invites.len(), carrier.invites().len(), "INVITEs");
        let known = invites.keys().filter(|number| all.contains(number));
        assert_eq!(known.count(), invites.len(), "an INVITE without an attempt");

        let calls = self.calls(api).await;
        let closed = [("closed".to_owned(), attempts.len())];
        assert_eq!(tally(&calls, "state"), closed.into());
        let ids = |rows: &[serde_json::Value], key: &str| -> BTreeSet<String> {
            rows.iter().map(|row| text(&row[key])).collect()
        };
        assert_eq!(ids(&calls, "id"), ids(&attempts, "call_id"), "CDRs");
        for lead in self.leads(api).await {
            let settled = ["success", "failed", "exception"];
            assert!(
                settled.iter().any(|one| lead["call_status"] == **one),
                "{lead:#}"
            );
        }
    }
}
