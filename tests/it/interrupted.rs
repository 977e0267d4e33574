//! `kill -9` of the worker in the middle of a job: the next one ends it as if nothing had been.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use store::{Db, fields, leads};

use crate::kit::{
    client::Client,
    process,
    server::{House, Server},
    sheet,
    stage::{self, text},
    wait,
};

const WORK: Duration = Duration::from_secs(180);
const LEADS: usize = 30_000;
/// A job starts three times at most.
const KILLS: usize = 2;

/// Kills the worker while the job is in its middle, once or as often as [`KILLS`] when the job lasts
/// that long, each time further on than the time before, and waits for the end. The worker stands still
/// while its job is looked at. Gives the job.
///
/// # Panics
/// When the job is over too soon, or not in time.
pub async fn interrupt(server: &Server, api: &Client, job: &str) -> Value {
    let path = format!("/jobs/{job}");
    let mut done = 0;
    for _ in 0..KILLS {
        let seen = wait::until_seen(
            "the job to be in its middle",
            WORK,
            || async { api.get(&path).await },
            |job| job["done"].as_u64() > Some(done) || job["state"] == "succeeded",
        )
        .await;
        if seen["state"] == "succeeded" {
            break;
        }
        let id = server.id();
        let worker = wait::until("a worker", WORK, || async move { Server::worker_of(id) }).await;
        process::signal(worker, "STOP");
        let seen = api.get(&path).await;
        process::signal(worker, "KILL");
        if seen["state"] == "succeeded" {
            break;
        }
        done = seen["done"].as_u64().expect("a number");
    }
    let seen = ended(api, job).await;
    assert!(
        seen["attempts"].as_i64() > Some(1),
        "it was over before the first kill: {seen:#}"
    );
    seen
}

/// Waits until a job is over and gives it.
///
/// # Panics
/// When it is not over in time, or has failed.
pub async fn ended(api: &Client, job: &str) -> Value {
    let path = format!("/jobs/{job}");
    let job = wait::until_seen(
        "the job to end",
        WORK,
        || async { api.get(&path).await },
        |job| !job["finished_at"].is_null(),
    )
    .await;
    assert_eq!(job["state"], "succeeded", "{job:#}");
    job
}

/// A batch's leads with all that is in them but for times and ids.
async fn dump(db: &Db, batch: &str) -> Vec<String> {
    let fields = fields::list(db, batch).await.expect("fields");
    let leads = leads::page(db, batch, -1, 1_000_000).await.expect("leads");
    let text = |lead: &leads::Lead| {
        let data: Vec<Option<&String>> = fields
            .iter()
            .map(|field| lead.data.get(&field.code))
            .collect();
        format!(
            "{} {} {} {} {:?} {data:?} {} {}",
            lead.row_no,
            lead.phone,
            lead.phone_raw,
            lead.key_value,
            lead.phones.0,
            lead.dnc,
            lead.alloc_status
        )
    };
    leads.iter().map(text).collect()
}

/// The same with times and ids.
async fn whole(db: &Db, batch: &str) -> Vec<String> {
    let leads = leads::page(db, batch, -1, 1_000_000).await.expect("leads");
    let text = |lead| serde_json::to_string(lead).expect("JSON");
    leads.iter().map(text).collect()
}

async fn upload(api: &Client, batch: &str, rows: &[Vec<String>], policy: &str) -> (String, String) {
    let bytes = sheet::xlsx(sheet::HEADER, rows);
    let path = format!("/batches/{batch}/imports");
    let fields = [("dup_policy", policy)];
    let answer = api.upload(&path, &fields, "leads.xlsx", bytes).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    (
        text(&answer.body["import_id"]),
        text(&answer.body["job_id"]),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_an_update_and_an_undo_end_as_if_nobody_had_been_killed() {
    end_as_if_nobody_had_been_killed(House::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_an_update_and_an_undo_end_so_on_postgresql() {
    let database = store::testing::postgres().await;
    end_as_if_nobody_had_been_killed(House::new().on(&database.place)).await;
}

async fn end_as_if_nobody_had_been_killed(house: House) {
    let server = house.start();
    let api = house.admin().await;
    let db = house.db().await;
    let (calm, _) = stage::empty_batch(&api, "calm").await;
    let (killed, _) = stage::empty_batch(&api, "killed").await;
    let numbers = |from: usize| -> Vec<String> {
        (from..from + LEADS).map(|n| format!("138{n:08}")).collect()
    };
    let first = sheet::leads(&numbers(0));
    let mut second = sheet::leads(&numbers(LEADS / 2));
    for row in &mut second {
        row[0] = format!("again {}", row[0]);
        row[2].clear();
    }

    let (_, job) = upload(&api, &calm, &first, "skip_in_batch").await;
    ended(&api, &job).await;
    let (_, job) = upload(&api, &killed, &first, "skip_in_batch").await;
    interrupt(&server, &api, &job).await;
    assert!(dump(&db, &calm).await == dump(&db, &killed).await, "import");
    let before = whole(&db, &killed).await;
    assert_eq!(before.len(), LEADS);

    let (one, job) = upload(&api, &calm, &second, "update_in_batch").await;
    ended(&api, &job).await;
    let (two, job) = upload(&api, &killed, &second, "update_in_batch").await;
    interrupt(&server, &api, &job).await;
    assert!(dump(&db, &calm).await == dump(&db, &killed).await, "update");
    for import in [&one, &two] {
        let import = api.get(&format!("/imports/{import}")).await;
        let counts = (&import["good"], &import["updated"]);
        assert_eq!(counts, (&json!(LEADS / 2), &json!(LEADS / 2)), "{import:#}");
    }

    let undo = async |import: &str| {
        let answer = api
            .post(&format!("/imports/{import}/undo"), json!({}))
            .await;
        text(&answer["job_id"])
    };
    let job = undo(&one).await;
    ended(&api, &job).await;
    let job = undo(&two).await;
    interrupt(&server, &api, &job).await;
    assert!(dump(&db, &calm).await == dump(&db, &killed).await, "undo");
    assert!(
        whole(&db, &killed).await == before,
        "undo leaves something behind"
    );
    let undone = api.get(&format!("/imports/{two}")).await;
    assert_eq!(undone["state"], "undone", "{undone:#}");

    let path = format!("/batches/{killed}");
    let deleting = async {
        let path = "/jobs?kind=delete_batch";
        let seen = wait::until_seen(
            "the deletion's job",
            WORK,
            || async { api.get(path).await },
            |jobs| jobs["data"][0]["id"].is_string(),
        )
        .await;
        interrupt(&server, &api, &text(&seen["data"][0]["id"])).await
    };
    let (answer, job) = tokio::join!(api.ask(Method::DELETE, &path, None), deleting);
    assert!(
        matches!(answer.status.as_u16(), 202 | 204),
        "{}",
        answer.body
    );
    assert_eq!(job["result"]["removed"], LEADS, "{job:#}");
    assert_eq!(leads::count(&db, &killed).await.expect("leads"), 0);
    let gone = api.ask(Method::GET, &path, None).await;
    assert_eq!(gone.status, 404, "{}", gone.body);
}
