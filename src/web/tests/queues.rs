//! Queues and what they say of their agents.

use engine::time::Millis;
use serde_json::{Value, json};
use store::{access::Role, extensions, queues, testing::on_both};

use super::kit::Kit;

const QUEUE: &str = "/api/v1/queues/sales";

async fn staffed(kit: &Kit, token: &str) {
    for agent in ["1001", "1002"] {
        let asked = json!({"name": agent, "extension": agent});
        let path = format!("/api/v1/agents/{agent}");
        let extension = format!("/api/v1/extensions/{agent}");
        kit.with(token, "PUT", &extension, Some(json!({}))).await;
        let answer = kit.with(token, "PUT", &path, Some(asked)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let asked = json!({"name": "sales", "agents": ["1001"],
        "settings": {"strategy": "by_agent_order", "max_wait_ms": 0, "tiers": {"apply": true}}});
    let answer = kit.with(token, "PUT", QUEUE, Some(asked)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.body["settings"]["strategy"], "by_agent_order");
    assert_eq!(answer.body["settings"]["tiers"]["wait_ms"], 300_000);
    // There is no floor here that could have taken it over.
    assert_eq!(answer.body["in_effect"], false);
}

#[tokio::test]
async fn agents_are_added_changed_and_taken_out() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Admin).await;
        staffed(&kit, &token).await;
        let path = format!("{QUEUE}/agents");
        let asked = json!({"level": 2, "ring_ms": 7000});
        let one = format!("{path}/1001");
        let put = kit.with(&token, "PUT", &one, Some(asked)).await;
        assert_eq!(
            put.body["settings"]["busy_delay_ms"], 60_000,
            "{}",
            put.text
        );
        let asked = json!({"agents": ["1001", "1002"]});
        let added = kit.with(&token, "POST", &path, Some(asked)).await;
        let levels = |body: &Value| -> Vec<i64> {
            let rows = body["data"].as_array().unwrap().iter();
            rows.map(|row| row["settings"]["level"].as_i64().unwrap())
                .collect()
        };
        assert_eq!(levels(&added.body), [2, 1], "{}", added.text);
        let gone = kit.with(&token, "DELETE", &one, None).await;
        assert_eq!(gone.status, 204);
        let left = kit.with(&token, "GET", &path, None).await;
        assert_eq!(levels(&left.body), [1]);
        let line = kit
            .with(&token, "GET", &format!("{QUEUE}/waiting"), None)
            .await;
        assert_eq!(line.body["data"], json!([]));
        let told = || store::configuration::revision(&kit.db);
        let before = told().await.unwrap();
        assert!(before > 0, "other nodes are told of what was saved");
        let reload = kit
            .with(&token, "POST", "/api/v1/queues/reload", None)
            .await;
        assert_eq!(reload.status, 204, "{}", reload.text);
        assert_eq!(told().await.unwrap(), before + 1);
    })
    .await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_its_place() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Admin).await;
        staffed(&kit, &token).await;
        let queue = |settings: Value| json!({"name": "sales", "settings": settings});
        let agent = format!("{QUEUE}/agents/1001");
        let table = [
            (
                QUEUE,
                queue(json!({"max_wait_ms": 1})),
                "/settings/max_wait_ms",
            ),
            (
                QUEUE,
                queue(json!({"tiers": {"wait_ms": -1}})),
                "/settings/tiers/wait_ms",
            ),
            (
                QUEUE,
                queue(json!({"strategy": "dice"})),
                "/settings/strategy",
            ),
            (QUEUE, queue(json!({"priority": 10})), "/settings/priority"),
            (
                QUEUE,
                queue(json!({"recording_name": "archive/../{call_id}"})),
                "/settings/recording_name",
            ),
            (
                QUEUE,
                queue(json!({"recording_name": "{colour}"})),
                "/settings/recording_name",
            ),
            (&agent, json!({"level": 0}), "/level"),
            (&agent, json!({"ring_ms": 1}), "/ring_ms"),
        ];
        for (path, asked, pointer) in table {
            let answer = kit.with(&token, "PUT", path, Some(asked)).await;
            assert_eq!(answer.status, 422, "{path}: {}", answer.text);
            assert_eq!(answer.body["errors"][0]["pointer"], pointer);
        }
        let nowhere = json!([{"key": "1", "to": {"type": "queue", "queue": "none"}}]);
        let asked = queue(json!({"exit_keys": nowhere}));
        let answer = kit.with(&token, "PUT", QUEUE, Some(asked)).await;
        assert_eq!(answer.code(), "NO_SUCH_QUEUE");
        let overflow = json!({"overflow": {"type": "queue", "queue": "sales"}});
        let other = json!({"name": "other", "settings": overflow});
        for (path, asked) in [(QUEUE, queue(json!({}))), ("/api/v1/queues/other", other)] {
            let answer = kit.with(&token, "PUT", path, Some(asked)).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
        let kept = kit.with(&token, "DELETE", QUEUE, None).await;
        assert_eq!((kept.status.as_u16(), kept.code()), (409, "QUEUE_IN_USE"));
        let nobody = format!("{QUEUE}/agents/9999");
        let answer = kit.with(&token, "PUT", &nobody, Some(json!({}))).await;
        assert_eq!(answer.code(), "NO_SUCH_AGENT");
        let nowhere = "/api/v1/queues/none/agents";
        let answer = kit.with(&token, "GET", nowhere, None).await;
        assert_eq!(answer.status, 404);
    })
    .await;
}

#[tokio::test]
async fn what_another_tenant_has_is_taken() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Admin).await;
        let mut tx = kit.db.begin().await.unwrap();
        let queue = queues::Queue {
            id: "sales".into(),
            name: "theirs".into(),
            code: String::new(),
            settings: engine::queue::Settings::default(),
            agents: Vec::new(),
        };
        queues::put(&mut tx, "other", &queue, Millis(1))
            .await
            .unwrap();
        let phone = extensions::Extension {
            extension: "9001".into(),
            ha1_md5: "theirs".into(),
            ha1_sha256: "theirs".into(),
        };
        extensions::put(&mut tx, "other", &phone, Millis(1))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let asked = json!({"name": "ours", "agents": []});
        let answer = kit.with(&token, "PUT", QUEUE, Some(asked)).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (409, "ID_TAKEN"));
        let secret = json!({"secret": "a long enough one"});
        let path = "/api/v1/extensions/9001";
        let answer = kit.with(&token, "PUT", path, Some(secret)).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        let fault = &answer.body["errors"][0];
        assert_eq!(fault["pointer"], "/extension");
        assert_eq!(fault["code"], "taken");
        let kept = extensions::list(&kit.db).await.unwrap();
        assert_eq!(kept, [phone], "their phone keeps its secret");
    })
    .await;
}
