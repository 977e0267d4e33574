//! `kill -9` of the worker while a campaign's leads are given away, and while they are taken back:
//! both end as if nobody had been killed.

use serde_json::{Value, json};
use store::{Db, leads, tasks};

use crate::{
    interrupted::{ended, interrupt},
    kit::{
        client::Client,
        server::{House, Server},
        sheet,
        stage::{self, text},
    },
};

const LEADS: usize = 30_000;

/// Who has which lead of a batch, without times and ids.
async fn held(db: &Db, batch: &str) -> Vec<String> {
    let leads = leads::page(db, batch, -1, 1_000_000).await.expect("leads");
    let text = |lead: &leads::Lead| {
        format!(
            "{} {} {:?} {:?} {}",
            lead.row_no, lead.alloc_status, lead.alloc_type, lead.alloc_target, lead.call_status
        )
    };
    leads.iter().map(text).collect()
}

/// A task's counts.
async fn sums(db: &Db, task: &str) -> [i64; 5] {
    let task = tasks::get(db, task)
        .await
        .expect("the database")
        .expect("the task");
    let given = task.to_agent + task.to_dept + task.to_ai + task.to_queue;
    assert_eq!(task.filtered, given + task.unallocated);
    [
        task.filtered,
        task.to_agent,
        task.unallocated,
        task.recycled,
        task.recycled_dept,
    ]
}

/// Before the start: every lead could be called now, and the numbers add up (B2).
async fn all_can_be_called(api: &Client, campaign: &str) {
    let path = format!("/campaigns/{campaign}/preflight");
    let mut look = api.get(&path).await;
    if look["total"].is_null() {
        let job = text(&look["job_id"]);
        ended(api, &job).await;
        look = api.get(&format!("{path}?job_id={job}")).await;
    }
    let of = |name: &str| look[name].as_u64().expect("a number");
    let not = look["not"].as_object().expect("reasons").values();
    let not: u64 = not.filter_map(Value::as_u64).sum();
    assert_eq!(of("total"), LEADS as u64, "{look:#}");
    assert_eq!(of("now") + of("later") + not, of("total"), "{look:#}");
    assert_eq!(of("now"), of("total"), "{look:#}");
}

/// Every count of the campaign's task can be opened (OUT-145).
async fn counts_open(api: &Client, campaign: &str) {
    for list in ["tasks", "filters"] {
        let path = format!("/records/{list}?campaign_id={campaign}");
        let record = api.get(&path).await["data"][0].clone();
        let links = record["links"].as_object().expect("links");
        assert_eq!(links.len(), 9, "{record:#}");
        for (count, link) in links {
            let link = link.as_str().and_then(|link| link.strip_prefix("/api/v1"));
            let path = format!("{}&limit=1&count=exact", link.expect("a path"));
            let opened = api.get(&path).await["count"].clone();
            assert_eq!(opened, record[count], "{list}: {count}");
        }
    }
}

/// A list of its own and a preview campaign over it. Its agents never sign in, so that nothing but the
/// job has a lead in hand.
async fn campaign(api: &Client, name: &str, gateway: &str) -> (String, String) {
    let (batch, _) = stage::empty_batch(api, name).await;
    let numbers: Vec<String> = (0..LEADS).map(|n| format!("138{n:08}")).collect();
    let bytes = sheet::xlsx(sheet::HEADER, &sheet::leads(&numbers));
    let path = format!("/batches/{batch}/imports");
    let answer = api
        .upload(
            &path,
            &[("dup_policy", "skip_in_batch")],
            "leads.xlsx",
            bytes,
        )
        .await;
    ended(api, &text(&answer.body["job_id"])).await;
    let filter = api
        .post("/filters", json!({"name": name, "batch_id": batch}))
        .await;
    let asked = json!({
        "name": name, "campaign_type": "preview", "filter_id": filter["id"],
        "extract_count": LEADS,
        "settings": {
            "gateway": gateway, "caller_ids": ["02110000"], "division": {"by": "even"},
            "window": {"zone": "Asia/Shanghai", "weekdays": [1, 2, 3, 4, 5, 6, 7],
                "ranges": [[0, 1440]]},
        },
    });
    let campaign = text(&api.post("/campaigns", asked).await["id"]);
    let agents = json!([{"target_type": "agent", "target_id": "a1001"},
        {"target_type": "agent", "target_id": "a1002", "quantity": 9_000}]);
    api.put(&format!("/campaigns/{campaign}/targets"), agents)
        .await;
    (batch, campaign)
}

async fn done(server: &Server, api: &Client, job: &Value, killed: bool) {
    let job = text(&job["job_id"]);
    if killed {
        interrupt(server, api, &job).await;
    } else {
        ended(api, &job).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_allocation_and_a_recycling_end_as_if_nobody_had_been_killed() {
    ends_as_if_nobody_had_been_killed(House::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_allocation_and_a_recycling_end_so_on_postgresql() {
    let database = store::testing::postgres().await;
    ends_as_if_nobody_had_been_killed(House::new().on(&database.place)).await;
}

async fn ends_as_if_nobody_had_been_killed(house: House) {
    let server = house.start();
    let api = house.admin().await;
    let db = house.db().await;
    let gateway = stage::gateway_at(&api, 5999, 5.0).await;
    stage::queue(&api, "sales", &["1001", "1002"], json!({})).await;
    let mut ends = Vec::new();
    for (name, killed) in [("calm", false), ("killed", true)] {
        let (batch, campaign) = campaign(&api, name, &gateway).await;
        all_can_be_called(&api, &campaign).await;
        let start = api
            .post(&format!("/campaigns/{campaign}/start"), json!({}))
            .await;
        done(&server, &api, &start, killed).await;
        let task = text(&start["task_id"]);
        assert_eq!(sums(&db, &task).await, [30_000, 30_000, 0, 0, 0]);
        let path = format!("/tasks/{task}/recycle");
        let back = api
            .post(&path, json!({"scope": "target", "target_id": "a1001"}))
            .await;
        done(&server, &api, &back, killed).await;
        let said = api.get(&format!("/jobs/{}", text(&back["job_id"]))).await;
        assert_eq!(said["result"]["recycled"], 21_000, "{said:#}");
        counts_open(&api, &campaign).await;
        ends.push((held(&db, &batch).await, sums(&db, &task).await));
    }
    assert!(ends[0] == ends[1]);
    assert_eq!(ends[0].1, [30_000, 9_000, 21_000, 21_000, 0]);
}
