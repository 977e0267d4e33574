//! A walk through the interface, on both databases. Every answer is one that the document declares.
//! What a worker does is done here by hand.

use serde_json::{Value, json};
use store::{access::Role, fields, testing::on_both};

use super::{
    contract::document,
    kit::{Answer, Kit},
};
use crate::clock::now;

struct Walk {
    kit: Kit,
    token: String,
    document: Value,
}

impl Walk {
    /// Asks, and holds the answer against the document.
    async fn ask(&self, method: &str, template: &str, ids: &[&str], body: Value) -> Answer {
        let mut path = template.to_owned();
        for id in ids {
            let from = path.find('{').expect("a parameter");
            let to = path.find('}').expect("a parameter");
            path.replace_range(from..=to, id);
        }
        let body = Some(body).filter(|body| !body.is_null());
        let answer = self.kit.with(&self.token, method, &path, body).await;
        let template = template.split('?').next().expect("a path");
        self.declared(method, template, &answer);
        answer
    }

    fn declared(&self, method: &str, template: &str, answer: &Answer) {
        let responses = &self.document["paths"][template][method.to_lowercase()]["responses"];
        let status = answer.status.as_u16();
        let problem = answer.headers.get("content-type").map(|t| t.as_bytes())
            == Some(b"application/problem+json");
        if status >= 400 {
            assert!(
                problem && status != 500,
                "{method} {template}: {}",
                answer.text
            );
            return;
        }
        let declared = &responses[status.to_string()];
        assert!(
            declared.is_object(),
            "{method} {template}: {status} is not declared"
        );
        if status != 204 {
            let schema = &declared["content"]["application/json"]["schema"];
            self.fits(schema, &answer.body, template);
        }
    }

    /// Every member that the schema requires is there, and none that it does not know.
    fn fits(&self, schema: &Value, value: &Value, at: &str) {
        if let Some(reference) = schema["$ref"].as_str() {
            let target = self.document.pointer(reference.trim_start_matches('#'));
            return self.fits(target.expect("a schema"), value, at);
        }
        if let Some(items) = schema.get("items") {
            for value in value.as_array().into_iter().flatten() {
                self.fits(items, value, at);
            }
            return;
        }
        let Some(properties) = schema["properties"].as_object() else {
            return;
        };
        let object = value
            .as_object()
            .unwrap_or_else(|| panic!("{at}: {value} is no object"));
        for name in schema["required"].as_array().into_iter().flatten() {
            assert!(
                object.contains_key(name.as_str().unwrap()),
                "{at}: {name} is missing"
            );
        }
        for (name, value) in object {
            let known = properties.get(name);
            assert!(known.is_some(), "{at}: {name} is not in the schema");
            self.fits(known.unwrap(), value, &format!("{at}.{name}"));
        }
    }
}

#[tokio::test]
async fn from_a_batch_to_a_running_campaign() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let walk = Walk {
            token: kit.token(Role::Admin).await,
            document: document(&kit).await,
            kit,
        };
        let batch = batch_with_leads(&walk).await;
        let filter = filter(&walk, &batch).await;
        let campaign = campaign(&walk, &filter).await;
        starts(&walk, &campaign).await;
        reads(&walk, &batch, &campaign).await;
    })
    .await;
}

async fn batch_with_leads(walk: &Walk) -> String {
    let asked = json!({"name": "回访批次", "description": "测试"});
    let batch = walk.ask("POST", "/api/v1/batches", &[], asked).await.id();
    let save = "/api/v1/batches/{id}/template/save";
    let answer = walk.ask("POST", save, &[&batch], Value::Null).await;
    assert_eq!(
        (answer.status.as_u16(), answer.code()),
        (422, "NO_PHONE_FIELD")
    );

    let path = format!("/api/v1/batches/{batch}/template");
    let sheet = "姓名,号码,客户意向\n".as_bytes();
    let answer = walk.kit.upload(&walk.token, &path, "名单.csv", sheet).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    walk.declared("POST", "/api/v1/batches/{id}/template", &answer);
    titles(&walk.kit, &batch).await;

    let all = "/api/v1/batches/{id}/fields";
    let mut fields = walk.ask("GET", all, &[&batch], Value::Null).await.body["data"].clone();
    fields[1]["is_phone"] = json!(true);
    fields[1]["hidden"] = json!(true);
    let answer = walk.ask("PUT", all, &[&batch], fields.clone()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let mut wrong = fields.clone();
    wrong[0]["max_len"] = json!(0);
    wrong[0]["title"] = json!("");
    let answer = walk.ask("PUT", all, &[&batch], wrong).await;
    assert_eq!(answer.code(), "INVALID");
    fields[0]["colour"] = json!(1);
    let answer = walk.ask("PUT", all, &[&batch], fields).await;
    assert_eq!(answer.body["errors"][0]["pointer"], "/0/colour");

    let import = format!("/api/v1/batches/{batch}/imports");
    let rows = "姓名,号码\n李雷,18618616001\n".as_bytes();
    let early = walk.kit.upload(&walk.token, &import, "a.csv", rows).await;
    assert_eq!(early.code(), "BATCH_NOT_READY");
    assert_eq!(
        walk.ask("POST", save, &[&batch], Value::Null).await.status,
        200
    );
    let answer = walk.kit.upload(&walk.token, &import, "a.csv", rows).await;
    walk.declared("POST", "/api/v1/batches/{id}/imports", &answer);
    let import = answer.body["import_id"].as_str().unwrap().to_owned();
    imported(&walk.kit, &batch, &import).await;
    let path = format!("/api/v1/leads?batch_id={batch}&count=exact");
    let leads = walk.ask("GET", &path, &[], Value::Null).await.body;
    assert_eq!(leads["count"], 1);
    assert_eq!(leads["data"][0]["phone"], "186****6001");
    batch
}

/// What a `read_template` job does.
async fn titles(kit: &Kit, batch: &str) {
    let titles = ["姓名", "号码", "客户意向"].map(String::from);
    let mut tx = kit.db.begin().await.unwrap();
    fields::add_titles(&mut tx, batch, &titles, now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// What an `import_batch` job does with one row.
async fn imported(kit: &Kit, batch: &str, import: &str) {
    use store::{imports, leads};
    let found = imports::get(&kit.db, import).await.unwrap().unwrap();
    let fields = fields::list(&kit.db, batch).await.unwrap();
    let origin = leads::Origin {
        orgi: &found.orgi,
        creater: &found.creater,
        batch_id: batch,
        import_id: import,
        ordinal: found.ordinal,
    };
    let phone = "18618616001".to_owned();
    let row = leads::NewRow {
        row_no: 2,
        lead: engine::import_row::NewLead {
            phone: phone.clone(),
            phone_raw: phone.clone(),
            phones: vec![phone.clone()],
            key_value: phone.clone(),
            data: [(fields[1].code.clone(), phone)].into(),
        },
        dnc: false,
    };
    let mut tx = kit.db.begin().await.unwrap();
    leads::add(&mut tx, &origin, vec![row], now())
        .await
        .unwrap();
    imports::succeed(&mut tx, import, &[], now()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn filter(walk: &Walk, batch: &str) -> String {
    let asked = json!({"name": "有意向", "batch_id": batch});
    let filter = walk.ask("POST", "/api/v1/filters", &[], asked).await.id();
    let conditions = "/api/v1/filters/{id}/conditions";
    let bad = json!([{"field": "phone", "op": "greater", "value": "1"}]);
    let answer = walk.ask("PUT", conditions, &[&filter], bad).await;
    assert_eq!(answer.body["errors"][0]["pointer"], "/0", "{}", answer.text);
    let good = json!([{"field": "phone", "op": "gt", "value": "1", "connector": "AND"}, {}, {}]);
    let answer = walk.ask("PUT", conditions, &[&filter], good).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = walk
        .ask(
            "POST",
            "/api/v1/filters/{id}/query",
            &[&filter],
            Value::Null,
        )
        .await;
    assert_eq!(answer.status, 202);
    filter
}

async fn campaign(walk: &Walk, filter: &str) -> String {
    let agent = json!({"name": "韩梅梅", "extension": "8001"});
    let answer = walk
        .ask("PUT", "/api/v1/agents/{id}", &["1001"], agent)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let queue = json!({"name": "销售", "agents": ["1001"], "settings": {"wrap_up_ms": 5000}});
    let answer = walk
        .ask("PUT", "/api/v1/queues/{id}", &["sales"], queue)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let gateway =
        json!({"name": "线路一", "host": "127.0.0.1", "port": 5080, "password": "geheim-7"});
    let answer = walk
        .ask("PUT", "/api/v1/gateways/{id}", &["gw1"], gateway)
        .await;
    assert_eq!(answer.body["has_password"], true, "{}", answer.text);
    assert!(!answer.text.contains("geheim-7"), "{}", answer.text);
    let wrong = json!({"name": "回访", "campaign_type": "guess", "filter_id": filter,
        "extract_count": 0, "settings": {"ring_timeout_s": 5}});
    let answer = walk.ask("POST", "/api/v1/campaigns", &[], wrong).await;
    let faults = answer.body["errors"].as_array().unwrap();
    let pointers: Vec<_> = faults
        .iter()
        .map(|fault| fault["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(
        pointers,
        [
            "/campaign_type",
            "/extract_count",
            "/settings/ring_timeout_s"
        ]
    );
    let asked = json!({"name": "回访", "campaign_type": "predictive", "filter_id": filter,
        "settings": {"pacing": {"mode": "ratio", "lines": 1.5}}});
    walk.ask("POST", "/api/v1/campaigns", &[], asked).await.id()
}

async fn starts(walk: &Walk, campaign: &str) {
    let start = "/api/v1/campaigns/{id}/start";
    let order = async |order: &str, expected: (u16, &str)| {
        let template = format!("/api/v1/campaigns/{{id}}/{order}");
        let answer = walk.ask("POST", &template, &[campaign], Value::Null).await;
        assert_eq!((answer.status.as_u16(), answer.code()), expected, "{order}");
    };
    order("start", (409, "NO_TARGETS")).await;
    let targets = "/api/v1/campaigns/{id}/targets";
    let wrong = json!([{"target_type": "agent", "target_id": "1001"},
        {"target_type": "queue", "target_id": "nowhere"}]);
    let answer = walk.ask("PUT", targets, &[campaign], wrong).await;
    assert_eq!(answer.body["errors"][0]["pointer"], "/0/target_type");
    assert_eq!(answer.body["errors"][1]["pointer"], "/1/target_id");
    let right = json!([{"target_type": "queue", "target_id": "sales", "quantity": 0}]);
    assert_eq!(
        walk.ask("PUT", targets, &[campaign], right).await.status,
        200
    );
    order("start", (422, "GATEWAY_MISSING")).await;
    let one = "/api/v1/campaigns/{id}";
    let read = walk.ask("GET", one, &[campaign], Value::Null).await.body;
    let change = json!({"revision": read["revision"],
        "settings": {"gateway": "gw1", "caller_ids": ["02110000"]}});
    let answer = walk.ask("PATCH", one, &[campaign], change.clone()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let late = walk.ask("PATCH", one, &[campaign], change).await;
    assert_eq!(late.code(), "REVISION_CONFLICT");
    order("pause", (409, "NOT_RUNNING")).await;
    let answer = walk.ask("POST", start, &[campaign], Value::Null).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let task = answer.body["task_id"].as_str().unwrap().to_owned();
    order("start", (409, "ALREADY_RUNNING")).await;
    order("pause", (200, "")).await;
    order("resume", (200, "")).await;
    let all = json!({"scope": "all"});
    let answer = walk
        .ask("POST", "/api/v1/tasks/{id}/recycle", &[&task], all)
        .await;
    assert_eq!(answer.status, 202);
    order("stop", (200, "")).await;
    assert_eq!(
        walk.ask("DELETE", one, &[campaign], Value::Null)
            .await
            .code(),
        "NOT_DRAFT"
    );
}

async fn reads(walk: &Walk, batch: &str, campaign: &str) {
    let get = async |template: &str, ids: &[&str]| {
        let answer = walk.ask("GET", template, ids, Value::Null).await;
        assert_eq!(answer.status, 200, "{template}: {}", answer.text);
        answer.body
    };
    get("/api/v1/batches", &[]).await;
    get("/api/v1/batches/{id}", &[batch]).await;
    get(&format!("/api/v1/imports?batch_id={batch}"), &[]).await;
    get("/api/v1/filters", &[]).await;
    get("/api/v1/campaigns", &[]).await;
    get("/api/v1/campaigns/{id}/stats", &[campaign]).await;
    get("/api/v1/campaigns/{id}/report", &[campaign]).await;
    get("/api/v1/campaigns/{id}/decisions", &[campaign]).await;
    let uncounted = get("/api/v1/campaigns/{id}/why?count=false", &[campaign]).await;
    assert_eq!(
        (&uncounted["leads"], &uncounted["job_id"]),
        (&Value::Null, &Value::Null)
    );
    let tasks = get(&format!("/api/v1/tasks?campaign_id={campaign}"), &[]).await;
    assert_eq!(tasks["data"].as_array().unwrap().len(), 1);
    let jobs = get(&format!("/api/v1/jobs?batch_id={batch}"), &[]).await;
    let job = jobs["data"][0]["id"].as_str().unwrap().to_owned();
    get("/api/v1/jobs/{id}", &[&job]).await;
    for list in [
        "agents",
        "queues",
        "gateways",
        "routes",
        "extensions",
        "dnc",
        "calls",
        "attempts",
        "users",
        "departments",
        "audit",
    ] {
        get(&format!("/api/v1/{list}"), &[]).await;
    }
    let route = json!({"number": "*", "queue_id": "sales"});
    assert_eq!(
        walk.ask("PUT", "/api/v1/routes/{id}", &["all"], route)
            .await
            .status,
        200
    );
    let used = walk
        .ask("DELETE", "/api/v1/queues/{id}", &["sales"], Value::Null)
        .await;
    assert_eq!(used.code(), "QUEUE_IN_USE");
    let made = walk
        .ask(
            "PUT",
            "/api/v1/extensions/{extension}",
            &["8001"],
            json!({}),
        )
        .await;
    assert_eq!(made.body["secret"].as_str().unwrap().len(), 19);
    let listed = walk
        .ask("PUT", "/api/v1/dnc/{number}", &["18618616001"], json!({}))
        .await;
    assert_eq!(listed.status, 204);
    let order = walk.ask(
        "POST",
        "/api/v1/agents/{id}/state",
        &["1001"],
        json!({"order": "ready"}),
    );
    assert_eq!(order.await.code(), "DRAINING");
}
