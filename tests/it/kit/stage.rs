//! What most tests set up over the API before anything is dialled.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::{
    client::{Answer, Client},
    sheet,
    sipp::Sipp,
    wait,
};

/// Batch work on a busy machine.
pub const WORK: Duration = Duration::from_secs(120);

/// A batch with leads under [`sheet::HEADER`].
#[derive(Debug, Clone)]
pub struct Batch {
    pub id: String,
}

/// A batch with a saved template, and its field codes in the order of [`sheet::HEADER`]: `phone` is
/// dialled, `age` a number.
///
/// # Panics
/// When the server refuses anything.
pub async fn empty_batch(api: &Client, name: &str) -> (String, Vec<String>) {
    let batch = api.post("/batches", json!({ "name": name })).await;
    let id = text(&batch["id"]);
    let template = sheet::xlsx::<&str>(sheet::HEADER, &[]);
    let answer = api
        .upload(
            &format!("/batches/{id}/template"),
            &[],
            "template.xlsx",
            template,
        )
        .await;
    let found = in_time_or_later(api, answer, async |_| {
        api.get(&format!("/batches/{id}/fields")).await
    });
    let mut fields = found.await["data"].as_array().expect("fields").clone();
    for field in &mut fields {
        match field["title"].as_str() {
            Some("phone") => field["is_phone"] = json!(true),
            Some("age") => field["data_type"] = json!("int"),
            _ => {}
        }
    }
    let codes = fields.iter().map(|field| text(&field["code"])).collect();
    api.put(&format!("/batches/{id}/fields"), json!(fields))
        .await;
    api.post(&format!("/batches/{id}/template/save"), json!({}))
        .await;
    (id, codes)
}

/// What was asked for, where it was there soon; otherwise what `later` finds when its job is done, which
/// it is given.
///
/// # Panics
/// When the server refuses or the job fails.
pub async fn in_time_or_later(
    api: &Client,
    answer: Answer,
    later: impl AsyncFnOnce(Value) -> Value,
) -> Value {
    if answer.status == 200 {
        return answer.body;
    }
    assert_eq!(answer.status, 202, "{}", answer.body);
    let path = format!("/jobs/{}", text(&answer.body["job_id"]));
    let job = wait::until_seen(
        "the job to end",
        WORK,
        || async { api.get(&path).await },
        |job| !job["finished_at"].is_null(),
    )
    .await;
    assert_eq!(job["state"], "succeeded", "{job:#}");
    later(job).await
}

/// Uploads a file of data; gives the answer whatever it is.
pub async fn upload(api: &Client, batch: &str, file_name: &str, bytes: Vec<u8>) -> Answer {
    let fields = [("dup_policy", "skip_in_batch")];
    api.upload(
        &format!("/batches/{batch}/imports"),
        &fields,
        file_name,
        bytes,
    )
    .await
}

/// Waits until an import is over and gives it.
///
/// # Panics
/// When it is not over in time.
pub async fn imported(api: &Client, import: &str) -> Value {
    wait::until_seen(
        "the import to end",
        WORK,
        || async { api.get(&format!("/imports/{import}")).await },
        |import| matches!(import["state"].as_str(), Some("succeeded" | "failed")),
    )
    .await
}

/// A batch with one lead for each number.
///
/// # Panics
/// When the server refuses anything or the import fails.
pub async fn batch<S: AsRef<str>>(api: &Client, name: &str, numbers: &[S]) -> Batch {
    let (id, _) = empty_batch(api, name).await;
    let bytes = sheet::xlsx(sheet::HEADER, &sheet::leads(numbers));
    let answer = upload(api, &id, "leads.xlsx", bytes).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let import = text(&answer.body["import_id"]);
    let done = imported(api, &import).await;
    assert_eq!(done["state"], "succeeded", "{done:#}");
    assert_eq!(done["good"], numbers.len(), "{done:#}");
    Batch { id }
}

/// A gateway to SIPp that is never the bottleneck.
///
/// # Panics
/// When the server refuses it.
pub async fn gateway(api: &Client, carrier: &Sipp, calls_per_second: f64) -> String {
    gateway_at(api, carrier.port, calls_per_second).await
}

/// The same to any port on loopback.
///
/// # Panics
/// When the server refuses it.
pub async fn gateway_at(api: &Client, port: u16, calls_per_second: f64) -> String {
    let id = format!("carrier-{port}");
    let gateway = json!({
        "name": id, "host": "127.0.0.1", "port": port,
        "settings": { "max_channels": 10_000, "max_cps": calls_per_second, "inbound_reserved": 0.0 },
    });
    api.put(&format!("/gateways/{id}"), gateway).await;
    id
}

/// Campaign settings that let every test run at any hour, each lead once, and no agent has to say what
/// came of a call.
pub fn settings(gateway: &str) -> Value {
    json!({
        "gateway": gateway,
        "caller_ids": ["02580001111"],
        "window": { "zone": "Asia/Shanghai", "weekdays": [1, 2, 3, 4, 5, 6, 7], "ranges": [[0, 1440]] },
        "ring_timeout_s": 10,
        "retry": { "max_attempts": 1 },
        "disposition_required": false,
    })
}

/// A filter that matches a whole batch.
///
/// # Panics
/// When the server refuses it.
pub async fn filter(api: &Client, batch: &Batch) -> String {
    let name = format!("all of {}", batch.id);
    let filter = api
        .post("/filters", json!({ "name": name, "batch_id": batch.id }))
        .await;
    text(&filter["id"])
}

/// A running campaign.
#[derive(Debug, Clone)]
pub struct Campaign {
    pub id: String,
    pub task: String,
}

/// Creates a campaign over a whole batch and starts it.
///
/// # Panics
/// When the server refuses anything.
pub async fn start(
    api: &Client,
    mode: &str,
    batch: &Batch,
    target: (&str, &str),
    settings: Value,
) -> Campaign {
    let filter = filter(api, batch).await;
    start_over(api, mode, &filter, target, settings).await
}

/// Creates a campaign over what a filter matches and starts it.
///
/// # Panics
/// When the server refuses anything.
pub async fn start_over(
    api: &Client,
    mode: &str,
    filter: &str,
    target: (&str, &str),
    settings: Value,
) -> Campaign {
    let campaign = json!({
        "name": format!("{mode} {filter}"), "campaign_type": mode, "filter_id": filter,
        "extract_count": 1_000_000, "settings": settings,
    });
    let id = text(&api.post("/campaigns", campaign).await["id"]);
    let (target_type, target_id) = target;
    let targets = json!([{ "target_type": target_type, "target_id": target_id, "quantity": 0 }]);
    api.put(&format!("/campaigns/{id}/targets"), targets).await;
    let started = api.post(&format!("/campaigns/{id}/start"), json!({})).await;
    Campaign {
        id,
        task: text(&started["task_id"]),
    }
}

impl Campaign {
    /// Waits until its statistics are as `holds` says.
    ///
    /// # Panics
    /// When they are not in time.
    pub async fn until(
        &self,
        api: &Client,
        what: &str,
        limit: Duration,
        holds: impl Fn(&Value) -> bool,
    ) -> Value {
        let path = format!("/campaigns/{}/stats", self.id);
        wait::until_seen(what, limit, || async { api.get(&path).await }, holds).await
    }

    pub async fn attempts(&self, api: &Client) -> Vec<Value> {
        api.all(&format!("/attempts?campaign_id={}", self.id)).await
    }

    pub async fn calls(&self, api: &Client) -> Vec<Value> {
        api.all(&format!("/calls?campaign_id={}", self.id)).await
    }

    pub async fn leads(&self, api: &Client) -> Vec<Value> {
        api.all(&format!("/leads?task_id={}", self.task)).await
    }

    /// Waits until as many attempts as there are leads have been made, and all are over.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn dialled_out(&self, api: &Client, leads: usize, limit: Duration) {
        let dialled = |stats: &Value| stats["dialled"].as_u64() >= Some(leads as u64);
        self.until(api, "every lead to be dialled", limit, dialled)
            .await;
        let path = format!("/campaigns/{}/report", self.id);
        wait::until_seen(
            "every attempt to be over",
            limit,
            || async { api.get(&path).await },
            |report| {
                let attempts = &report["attempts"];
                attempts["dialled"].as_u64() >= Some(leads as u64) && attempts["open"] == 0
            },
        )
        .await;
    }
}

/// An agent with a phone's extension, in a queue of its own name.
#[derive(Debug, Clone)]
pub struct Agent {
    pub id: String,
    pub extension: String,
    pub secret: String,
}

/// A queue served by one new agent for each extension.
///
/// # Panics
/// When the server refuses anything.
pub async fn queue(api: &Client, name: &str, extensions: &[&str], settings: Value) -> Vec<Agent> {
    let mut agents = Vec::new();
    for extension in extensions {
        agents.push(agent(api, extension).await);
    }
    let ids: Vec<&str> = agents.iter().map(|agent| agent.id.as_str()).collect();
    let queue = json!({ "name": name, "settings": settings, "agents": ids });
    api.put(&format!("/queues/{name}"), queue).await;
    agents
}

async fn agent(api: &Client, extension: &str) -> Agent {
    let secret = format!("secret-of-{extension}");
    let path = format!("/extensions/{extension}");
    api.put(&path, json!({ "secret": secret })).await;
    let id = format!("a{extension}");
    let agent = json!({ "name": format!("Agent {extension}"), "extension": extension });
    api.put(&format!("/agents/{id}"), agent).await;
    Agent {
        id,
        extension: extension.to_owned(),
        secret,
    }
}

impl Agent {
    /// Waits for the phone, signs in and becomes ready.
    ///
    /// # Panics
    /// When the phone does not register or the server refuses.
    pub async fn work(&self, api: &Client) {
        self.registered(api).await;
        self.order(api, json!({ "order": "sign_in" })).await;
        self.order(api, json!({ "order": "ready" })).await;
    }

    /// # Panics
    /// When the phone does not register in time.
    pub async fn registered(&self, api: &Client) {
        let path = format!("/agents/{}", self.id);
        wait::until_seen(
            "the phone to register",
            Duration::from_secs(60),
            || async { api.get(&path).await },
            |agent| agent["registered"] == true,
        )
        .await;
    }

    /// # Panics
    /// When the server refuses.
    pub async fn order(&self, api: &Client, order: Value) -> Value {
        api.post(&format!("/agents/{}/state", self.id), order).await
    }

    /// Waits until the agent is in this state.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn until(&self, api: &Client, state: &str, limit: Duration) -> Value {
        let path = format!("/agents/{}", self.id);
        wait::until_seen(
            &format!("the agent to be {state}"),
            limit,
            || async { api.get(&path).await },
            |agent| agent["state"] == state,
        )
        .await
    }
}

/// How often each value of `key` occurs.
pub fn tally(rows: &[Value], key: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        let value = row[key].as_str().unwrap_or("none").to_owned();
        *counts.entry(value).or_default() += 1;
    }
    counts
}

/// A text in an answer.
///
/// # Panics
/// When it is none.
pub fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}
