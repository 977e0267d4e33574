//! SIPp as the carrier: what it does with each number is what we make of each lead.

use std::{collections::HashMap, time::Duration};

use crate::kit::{
    carrier::Fate,
    server::House,
    sipp::Sipp,
    stage::{self, tally, text},
};

const LEADS: usize = 500;

const FATES: &[(char, Fate)] = &[
    (
        '0',
        Fate::Answers {
            ring_ms: 100,
            talk_ms: 500,
        },
    ),
    ('1', Fate::Refused(486, "Busy Here")),
    ('2', Fate::Rings),
    ('3', Fate::Refused(503, "Service Unavailable")),
    (
        '4',
        Fate::EarlyMedia {
            ring_ms: 100,
            talk_ms: 15_000,
        },
    ),
    ('5', Fate::Refused(404, "Not Found")),
    ('6', Fate::Refused(603, "Decline")),
    (
        '7',
        Fate::Answers {
            ring_ms: 100,
            talk_ms: 15_000,
        },
    ),
    ('9', Fate::Refused(480, "Temporarily Unavailable")),
];

/// Last digit, outcome, dial status of the lead, whether it is dialled again later.
const TABLE: &[(char, &str, &str, bool)] = &[
    ('0', "connected", "success", false),
    ('1', "busy", "failed", false),
    ('2', "no_answer", "failed", false),
    ('3', "congestion", "exception", true),
    ('4', "connected", "success", false),
    ('5', "unallocated", "failed", false),
    ('6', "declined", "failed", false),
    ('7', "connected", "success", false),
    ('9', "no_answer", "failed", false),
];

/// Of fifty: one congestion, so that the gateway is never taken for broken.
const OF_FIFTY: &str = "31111122225555566666444449999977777777770000000000";

#[tokio::test(flavor = "multi_thread")]
async fn every_lead_ends_as_its_number_decides_and_every_attempt_is_one_invite() {
    let mut carrier = Sipp::carrier(FATES);
    let house = House::new().for_many_calls();
    let _server = house.start();
    let api = house.admin().await;
    let numbers: Vec<String> = (0..LEADS).map(number).collect();
    let batch = stage::batch(&api, "five hundred", &numbers).await;
    let gateway = stage::gateway(&api, &carrier, 50.0).await;
    let settings = stage::settings(&gateway);
    let campaign = stage::start(&api, "robot", &batch, ("robot", "robot"), settings).await;
    campaign
        .dialled_out(&api, LEADS, Duration::from_secs(180))
        .await;

    let leads = campaign.leads(&api).await;
    assert_eq!(leads.len(), LEADS);
    for lead in &leads {
        let digit = text(&lead["phone"]).pop().expect("a number");
        let row = TABLE
            .iter()
            .find(|row| row.0 == digit)
            .expect("in the table");
        assert_eq!(lead["outcome"], row.1, "{lead:#}");
        assert_eq!(lead["call_status"], row.2, "{lead:#}");
        assert_eq!(lead["next_dial_at"].is_string(), row.3, "{lead:#}");
    }

    let attempts = campaign.attempts(&api).await;
    let mut dialled: HashMap<String, usize> = HashMap::new();
    for attempt in &attempts {
        assert_eq!(attempt["state"], "closed", "{attempt:#}");
        *dialled.entry(text(&attempt["number"])).or_default() += 1;
    }
    assert_eq!(attempts.len(), LEADS);
    assert_eq!(
        dialled,
        carrier.calls_by_number(),
        "attempts and INVITEs, by number"
    );
    assert_eq!(
        carrier.statistic("FailedCall(C)"),
        Some(0.0),
        "{}",
        carrier.complaints()
    );

    assert_eq!(carrier.process.exit(), None, "SIPp ended");

    let calls = campaign.calls(&api).await;
    assert_eq!(
        tally(&calls, "state"),
        [("closed".to_owned(), LEADS)].into()
    );

    let report = api.get(&format!("/campaigns/{}/report", campaign.id)).await;
    assert_eq!(report["attempts"]["dialled"], LEADS);
    assert_eq!(report["outcomes"]["busy"], LEADS / 50 * 5);
    assert_eq!(report["leads"]["pending"], LEADS / 50);
}

fn number(n: usize) -> String {
    let digit = OF_FIFTY.as_bytes()[n % OF_FIFTY.len()] as char;
    format!("1380{n:06}{digit}")
}
