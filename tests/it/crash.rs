//! Killed in the middle of its work, the house picks up where it was.

use std::{collections::HashMap, time::Duration};

use serde_json::{Value, json};

use crate::kit::{
    baresip::Baresip,
    carrier::Fate,
    process,
    server::{House, Server},
    sheet,
    sipp::Sipp,
    stage::{self, tally, text},
    wait,
};

const FATES: &[(char, Fate)] = &[
    (
        '0',
        Fate::Answers {
            ring_ms: 200,
            talk_ms: 2_000,
        },
    ),
    ('1', Fate::Refused(486, "Busy Here")),
    ('2', Fate::Rings),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_dials_nobody_twice_and_loses_nobody() {
    const LEADS: usize = 200;
    let carrier = Sipp::carrier(FATES);
    let house = House::new().for_many_calls();
    let mut server = house.start();
    let api = house.admin().await;
    let agents = stage::queue(&api, "sales", &["1001"], json!({})).await;
    let agent = &agents[0];
    let _phone = Baresip::start(&agent.extension, &agent.secret, server.sip);
    agent.work(&api).await;
    let numbers: Vec<String> = (0..LEADS)
        .map(|n| format!("1380{n:06}{}", ["0", "0", "1", "2"][n % 4]))
        .collect();
    let batch = stage::batch(&api, "two hundred", &numbers).await;
    let gateway = stage::gateway(&api, &carrier, 20.0).await;
    let settings = stage::settings(&gateway);
    let campaign = stage::start(&api, "robot", &batch, ("robot", "robot"), settings).await;
    campaign
        .until(
            &api,
            "the campaign to be in full swing",
            Duration::from_secs(60),
            |stats| stats["dialled"].as_u64() >= Some(60) && stats["dialling"].as_u64() > Some(0),
        )
        .await;

    let orphan = worker(&server).await;
    server.kill_alone();
    let before = carrier.invites().len();
    assert!(before < LEADS, "killed too late");
    wait::until(
        "the worker to end with its server",
        Duration::from_secs(60),
        || async { process::has_ended(orphan).then_some(()) },
    )
    .await;
    let _server = house.start();
    let api = house.admin().await;
    campaign
        .until(
            &api,
            "the rest to be dialled",
            Duration::from_secs(120),
            |stats| stats["closed"] == LEADS && stats["dialling"] == 0 && stats["talking"] == 0,
        )
        .await;

    let attempts = campaign.attempts(&api).await;
    let mut dialled: HashMap<String, usize> = HashMap::new();
    for attempt in &attempts {
        assert_eq!(attempt["state"], "closed", "{attempt:#}");
        *dialled.entry(text(&attempt["number"])).or_default() += 1;
    }
    assert_eq!(dialled.len(), LEADS, "every lead was dialled");
    for (number, invites) in carrier.calls_by_number() {
        assert!(
            invites <= dialled[&number],
            "{number} rang without an attempt"
        );
    }
    assert!(
        tally(&attempts, "outcome")["recovered"] > 0,
        "nothing was open when it was killed"
    );
    for lead in campaign.leads(&api).await {
        let settled = ["success", "failed", "exception"]
            .iter()
            .any(|s| lead["call_status"] == **s);
        assert!(settled, "{lead:#}");
    }
    let calls = campaign.calls(&api).await;
    assert_eq!(
        tally(&calls, "state"),
        [("closed".to_owned(), attempts.len())].into()
    );

    agent.work(&api).await;
    agent.until(&api, "ready", Duration::from_secs(60)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_outlives_its_worker_with_every_row_once() {
    const ROWS: usize = 40_000;
    let house = House::new();
    let server = house.start();
    let api = house.admin().await;
    let (batch, _) = stage::empty_batch(&api, "many").await;
    let numbers: Vec<String> = (0..ROWS).map(|n| format!("138{n:08}")).collect();
    let bytes = sheet::xlsx(sheet::HEADER, &sheet::leads(&numbers));
    let worker = worker(&server).await;
    let answer = stage::upload(&api, &batch, "many.xlsx", bytes).await;
    let import = text(&answer.body["import_id"]);
    wait::until_seen(
        "the import to be in its middle",
        Duration::from_secs(60),
        || async { api.get(&format!("/imports/{import}")).await },
        |import| import["good"].as_u64() > Some(0),
    )
    .await;
    // It stands still while its work is looked at.
    process::signal(worker, "STOP");
    let middle = api.get(&format!("/imports/{import}")).await;
    assert_eq!(
        middle["finished_at"],
        Value::Null,
        "over too soon: {middle:#}"
    );
    process::signal(worker, "KILL");

    let done = stage::imported(&api, &import).await;
    assert_eq!(done["state"], "succeeded", "{done:#}");
    assert_eq!(
        (&done["good"], &done["invalid"]),
        (&json!(ROWS), &json!(0)),
        "{done:#}"
    );
    let page = api
        .get(&format!("/leads?batch_id={batch}&limit=1&count=exact"))
        .await;
    assert_eq!(page["count"], ROWS);
    let next = self::worker(&server).await;
    assert_ne!(next, worker, "it was not killed");
}

async fn worker(server: &Server) -> u32 {
    let id = server.id();
    wait::until("a worker", Duration::from_secs(60), || async move {
        Server::worker_of(id)
    })
    .await
}
