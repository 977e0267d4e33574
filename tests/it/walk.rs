//! One list's whole walk through both processes, from the upload to the report, on each database.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::kit::{
    baresip::Baresip,
    carrier::Fate,
    channel::Channel,
    client::Client,
    server::House,
    sheet,
    sipp::Sipp,
    stage::{self, Agent, Campaign, tally, text},
    wait,
};

const FATES: &[(char, Fate)] = &[
    (
        '0',
        Fate::Answers {
            ring_ms: 100,
            talk_ms: 10_000,
        },
    ),
    ('1', Fate::Refused(486, "Busy Here")),
];

/// In Nanjing: two who answer and one who is busy. The last has no number.
const LIST: &[[&str; 4]] = &[
    ["Zhang", "13800000010", "Nanjing", "30"],
    ["Wang", "13800000020", "Suzhou", "31"],
    ["Li", "13800000031", "Nanjing", "32"],
    ["Zhao", "13800000040", "Nanjing", "33"],
    ["Qian", "13800000050", "Nanjing", "17"],
    ["Sun", "none", "Nanjing", "35"],
];
const PERSON: &str = "li-na";
const PASSWORD: &str = "Correct-horse-9-battery";

#[tokio::test(flavor = "multi_thread")]
async fn a_list_walks_from_the_upload_to_the_report_on_sqlite() {
    walk(House::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_walks_from_the_upload_to_the_report_on_postgresql() {
    let database = store::testing::postgres().await;
    walk(House::new().on(&database.place)).await;
}

async fn walk(house: House) {
    let carrier = Sipp::carrier(FATES);
    let server = house.start();
    let api = house.admin().await;
    let (batch, codes) = stage::empty_batch(&api, "spring").await;
    let rows: Vec<Vec<&str>> = LIST.iter().map(|row| row.to_vec()).collect();
    let file = sheet::xlsx(sheet::HEADER, &rows);
    let answer = stage::upload(&api, &batch, "spring.xlsx", file).await;
    let import = text(&answer.body["import_id"]);
    let done = stage::imported(&api, &import).await;
    assert_eq!(
        (&done["good"], &done["invalid"]),
        (&json!(5), &json!(1)),
        "{done:#}"
    );

    let filter = filter(&api, &batch, &codes).await;
    let agent = agent(&api).await;
    let phone = Baresip::start(&agent.extension, &agent.secret, server.sip);
    let person = house.person(PERSON, PASSWORD).await;
    let mut channel = Channel::open(&person, &["agent:me"]).await;
    agent.work(&person).await;

    let gateway = stage::gateway(&api, &carrier, 10.0).await;
    let settings = stage::settings(&gateway);
    let target = ("queue", "sales");
    let campaign = stage::start_over(&api, "predictive", &filter, target, settings).await;
    for _ in 0..2 {
        take_call(&person, &agent, &mut channel).await;
    }
    campaign.dialled_out(&api, 3, Duration::from_secs(60)).await;
    campaign
        .until(
            &api,
            "the campaign to finish",
            Duration::from_secs(60),
            |stats| stats["state"] == "finished",
        )
        .await;
    check_leads(&campaign.leads(&api).await);
    check_report(&api, &campaign).await;

    drop(phone);
    let before = campaign.calls(&api).await;
    server.stop().await;
    let _server = house.start();
    let api = house.admin().await;
    assert_eq!(campaign.calls(&api).await, before, "calls after a restart");
    assert_eq!(
        api.get(&format!("/imports/{import}")).await,
        done,
        "counts after a restart"
    );
    let rejects = api
        .download(&format!("/imports/{import}/invalid.xlsx"))
        .await;
    assert_eq!(sheet::read(rejects)[1][0], "Sun");
}

/// Grown-ups in Nanjing, and what it finds.
async fn filter(api: &Client, batch: &str, codes: &[String]) -> String {
    let conditions = json!([
        { "field": codes[2], "op": "eq", "value": "Nanjing", "connector": "AND" },
        { "field": codes[3], "op": "ge", "value": "18", "connector": "AND" },
    ]);
    let filter = json!({ "name": "grown-ups", "batch_id": batch, "conditions": conditions });
    let id = text(&api.post("/filters", filter).await["id"]);
    let query = format!("/filters/{id}/query");
    let answer = api.ask(Method::POST, &query, Some(json!({}))).await;
    let found = stage::in_time_or_later(api, answer, async |job| {
        let run = text(&job["subject"]);
        api.get(&format!("/filter-runs/{run}")).await
    });
    let found = found.await;
    assert_eq!(found["matched"], 3, "{found:#}");
    let names: Vec<&Value> = found["data"]
        .as_array()
        .expect("a page")
        .iter()
        .map(|lead| &lead["data"][&codes[0]])
        .collect();
    assert_eq!(names, ["Zhang", "Li", "Zhao"]);
    id
}

/// An agent who is a person that can sign in.
async fn agent(api: &Client) -> Agent {
    let agents = stage::queue(api, "sales", &["1001"], json!({ "wrap_up_ms": 0 })).await;
    let agent = agents.into_iter().next().expect("one extension");
    let user = json!({
        "username": PERSON, "password": PASSWORD, "display_name": "Li Na", "role": "agent",
    });
    let user = text(&api.post("/users", user).await["id"]);
    let agent_in = json!({ "name": "Li Na", "extension": agent.extension, "user_id": user });
    api.put(&format!("/agents/{}", agent.id), agent_in).await;
    agent
}

/// The pop-up comes with the call; the disposition ends the wrap-up, and the next call may come.
async fn take_call(person: &Client, agent: &Agent, channel: &mut Channel) {
    let popup = channel.until("call.popup", Duration::from_secs(60)).await;
    let shown: Vec<(&str, &str)> = popup["data"]["fields"]
        .as_array()
        .expect("the lead's fields")
        .iter()
        .map(|field| (text_of(&field["title"]), text_of(&field["value"])))
        .collect();
    assert!(shown.contains(&("city", "Nanjing")), "{popup:#}");
    let call = text(&popup["data"]["call_id"]);
    agent.until(person, "acw", Duration::from_secs(60)).await;
    let disposition = json!({ "code": "interested", "note": "call back in spring" });
    person
        .post(&format!("/calls/{call}/disposition"), disposition)
        .await;
}

fn check_leads(leads: &[Value]) {
    assert_eq!(
        tally(leads, "outcome"),
        [("busy".to_owned(), 1), ("connected".to_owned(), 2)].into()
    );
    assert_eq!(
        tally(leads, "disposition"),
        [("interested".to_owned(), 2), ("none".to_owned(), 1)].into()
    );
}

async fn check_report(api: &Client, campaign: &Campaign) {
    let path = format!("/campaigns/{}/report", campaign.id);
    let report = api.get(&path).await;
    assert_eq!(report["leads"]["allocated"], 3, "{report:#}");
    assert_eq!(report["attempts"]["dialled"], 3, "{report:#}");
    assert_eq!(report["calls"]["bridged"], 2, "{report:#}");
    assert_eq!(report["dispositions"]["interested"], 2, "{report:#}");
    let job = text(&api.post(&path, json!({})).await["job_id"]);
    wait::until_seen(
        "the report",
        Duration::from_secs(60),
        || async { api.get(&format!("/jobs/{job}")).await },
        |job| job["state"] == "succeeded",
    )
    .await;
    let sheet = sheet::read(api.download(&format!("/jobs/{job}/file")).await);
    let bridged = sheet
        .iter()
        .find(|row| row[0].contains("Bridged"))
        .expect("a row");
    assert_eq!(bridged[1], "2", "{sheet:?}");
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
