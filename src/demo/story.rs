//! What the demo sets up, step by step, as a newcomer would over REST.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{
    Options,
    client::{Client, text},
    home::Home,
    people::Staff,
    screen::say,
    sheet,
    world::{HOTLINE, World},
};

pub struct Story {
    pub queue: String,
    pub predictive: String,
    pub robot: String,
}

/// # Errors
/// When the server refuses a step.
pub async fn set_up(
    client: &Client,
    world: &World,
    staff: &[Staff],
    home: &Home,
    options: &Options,
) -> Result<Story> {
    let file = home.directory.join("名单.xlsx");
    sheet::write(&file)?;
    let queue = queue(client, staff, options).await?;
    let gateway = gateway(client, world).await?;
    hotline(client).await?;
    let batch = import(client, &file).await?;
    let predictive = Kind::Predictive
        .campaign(client, &batch, &gateway, &queue, options)
        .await?;
    let robot = Kind::Robot
        .campaign(client, &batch, &gateway, &queue, options)
        .await?;
    Ok(Story {
        queue,
        predictive,
        robot,
    })
}

impl Story {
    pub fn campaigns(&self) -> [(&'static str, &str); 2] {
        [("predictive", &self.predictive), ("robot", &self.robot)]
    }

    /// Stops what is still running: leads with a later time keep it.
    ///
    /// # Errors
    /// When the server refuses for another reason than that a campaign has finished.
    pub async fn end(&self, client: &Client) -> Result<()> {
        for (_, campaign) in self.campaigns() {
            let state = client.get(&format!("/campaigns/{campaign}")).await?;
            if state["state"] == "running" {
                client
                    .post(&format!("/campaigns/{campaign}/stop"), &json!({}))
                    .await?;
            }
        }
        Ok(())
    }
}

async fn queue(client: &Client, staff: &[Staff], options: &Options) -> Result<String> {
    let agents: Vec<&str> = staff
        .iter()
        .map(|agent| agent.phone.extension.as_str())
        .collect();
    let wrap_up_ms = if options.fast { 1_000 } else { 3_000 };
    let queue = json!({
        "name": "销售",
        "agents": agents,
        "settings": {
            "wrap_up_ms": wrap_up_ms,
            "max_wait_ms": 30_000,
            "announcement": { "every_s": 10, "place": true },
            "exit_keys": [{ "key": "9", "to": mailbox() }],
            "overflow": mailbox(),
        },
    });
    text(&client.put("/queues/sales", &queue).await?, "id")
}

fn mailbox() -> Value {
    json!({ "type": "voicemail", "mailbox": "sales" })
}

/// A menu: 1 for an agent, 2 for the mailbox; who presses nothing comes to an agent too.
async fn hotline(client: &Client) -> Result<()> {
    client
        .upload_prompt("menu", include_bytes!("menu.wav"))
        .await?;
    let to_queue = json!({ "type": "queue", "queue": "sales" });
    let menu = json!({ "name": "热线", "menu": {
        "greet_long": "menu",
        "timeout_ms": 2_000,
        "max_timeouts": 1,
        "digit_len": 1,
        "nodes": [
            { "name": "销售", "keys": "1", "action": to_queue },
            { "name": "留言", "keys": "2", "action": mailbox() },
        ],
        "then": to_queue,
    }});
    client.put("/ivr-menus/hotline", &menu).await?;
    let rule = json!({ "type": "ivr", "menu": "hotline" });
    let route = json!({ "number": HOTLINE, "rule": rule, "position": 1 });
    client.put("/routes/hotline", &route).await?;
    Ok(())
}

async fn gateway(client: &Client, world: &World) -> Result<String> {
    let address = world.carrier.address();
    let gateway = json!({
        "name": "carrier",
        "host": address.ip().to_string(),
        "port": address.port(),
        "settings": { "max_channels": 60, "max_cps": 10.0, "inbound_reserved": 0.1 },
    });
    text(&client.put("/gateways/carrier", &gateway).await?, "id")
}

/// Template, phone field, save, data; returns the batch.
async fn import(client: &Client, file: &std::path::Path) -> Result<String> {
    let batch = json!({ "name": "回访批次", "batch_type": "temporary", "import_mode": "upload" });
    let batch = text(&client.post("/batches", &batch).await?, "id")?;
    let fields = client
        .upload(&format!("/batches/{batch}/template"), file)
        .await?;
    let mut phone = field(&fields, sheet::TITLES[1])?;
    phone["is_phone"] = json!(true);
    phone["phone_type"] = json!("mobile");
    client
        .put(&format!("/batches/{batch}/fields"), &json!([phone]))
        .await?;
    client
        .post(&format!("/batches/{batch}/template/save"), &json!({}))
        .await?;
    let accepted = client
        .upload(&format!("/batches/{batch}/imports"), file)
        .await?;
    client.finished(&text(&accepted, "job_id")?).await?;
    let imports = client.get(&format!("/imports?batch_id={batch}")).await?;
    let import = &imports["data"][0];
    say(&format!(
        "imported {} leads from {}, {} rows rejected with their reasons",
        import["good"],
        file.display(),
        import["invalid"],
    ));
    ensure!(
        import["good"] == sheet::LEADS,
        "the import is not what the sheet holds: {import}"
    );
    ensure!(
        import["invalid"] == sheet::BROKEN.len(),
        "the rejects are not as many: {import}"
    );
    Ok(batch)
}

fn field(fields: &Value, title: &str) -> Result<Value> {
    let found = fields["data"]
        .as_array()
        .and_then(|fields| fields.iter().find(|field| field["title"] == title).cloned());
    found.with_context(|| format!("the template has no column {title}: {fields}"))
}

#[derive(Clone, Copy)]
enum Kind {
    Predictive,
    Robot,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Predictive => "predictive",
            Self::Robot => "robot",
        }
    }

    fn group(self) -> &'static str {
        match self {
            Self::Predictive => sheet::PEOPLE,
            Self::Robot => sheet::ROBOT,
        }
    }

    /// Filter, campaign, target, start.
    async fn campaign(
        self,
        client: &Client,
        batch: &str,
        gateway: &str,
        queue: &str,
        options: &Options,
    ) -> Result<String> {
        let filter = self.filter(client, batch).await?;
        let campaign = json!({
            "name": format!("{} {}", self.group(), self.name()),
            "campaign_type": self.name(),
            "filter_id": filter,
            "extract_count": sheet::LEADS,
            "default_alloc": 0,
            "settings": self.settings(gateway, options),
        });
        let id = text(&client.post("/campaigns", &campaign).await?, "id")?;
        let target = match self {
            Self::Predictive => {
                json!({ "target_type": "queue", "target_id": queue, "quantity": 0 })
            }
            Self::Robot => json!({ "target_type": "robot", "target_id": "201", "quantity": 0 }),
        };
        client
            .put(&format!("/campaigns/{id}/targets"), &json!([target]))
            .await?;
        let started = client
            .post(&format!("/campaigns/{id}/start"), &json!({}))
            .await?;
        client.finished(&text(&started, "job_id")?).await?;
        Ok(id)
    }

    async fn filter(self, client: &Client, batch: &str) -> Result<String> {
        let fields = client.get(&format!("/batches/{batch}/fields")).await?;
        let group = text(&field(&fields, sheet::TITLES[4])?, "code")?;
        let filter = json!({ "name": format!("{}的筛选", self.group()), "batch_id": batch });
        let filter = text(&client.post("/filters", &filter).await?, "id")?;
        let conditions = json!([
            { "field": group, "op": "eq", "value": self.group(), "connector": "AND" }
        ]);
        client
            .put(&format!("/filters/{filter}/conditions"), &conditions)
            .await?;
        let found = client
            .post(&format!("/filters/{filter}/query"), &json!({}))
            .await?;
        say(&format!(
            "the filter {} selects {} leads",
            self.group(),
            found["matched"]
        ));
        Ok(filter)
    }

    fn settings(self, gateway: &str, options: &Options) -> Value {
        let mut settings = json!({
            "gateway": gateway,
            "caller_ids": ["02160001000", "02160001001"],
            "window": { "zone": "Asia/Shanghai", "weekdays": [1, 2, 3, 4, 5, 6, 7],
                        "ranges": [[0, 1440]] },
            "ring_timeout_s": if options.fast { 10 } else { 15 },
            "classification": { "enabled": true },
        });
        match self {
            Self::Predictive => settings["pacing"] = json!({ "mode": "progressive" }),
            Self::Robot => {
                settings["max_concurrency"] = json!(15);
                settings["classification"]["machine"] = json!("message");
                settings["classification"]["message"] = json!("robot");
            }
        }
        settings
    }
}
