//! Robots and their tasks over REST, on both databases.

use serde_json::{Value, json};
use store::{
    access::Role,
    testing::{about as set, on_both},
};

use super::{
    kit::{Answer, Kit},
    leads::batch,
};

struct Desk {
    kit: Kit,
    token: String,
    filter: String,
    leads: Vec<String>,
}

impl Desk {
    async fn new(home: &store::testing::Home) -> Self {
        let kit = Kit::new(home);
        let token = kit.token(Role::Admin).await;
        let (batch, _, leads) = batch(&kit.db, "一", 4).await;
        let mut desk = Self {
            kit,
            token,
            filter: String::new(),
            leads,
        };
        let filter = json!({"name": "f", "batch_id": batch});
        desk.filter = desk.ask("POST", "/filters", filter).await.id();
        let gateway = json!({"name": "线路一", "host": "127.0.0.1", "port": 5080});
        let made = desk.ask("PUT", "/gateways/gw1", gateway).await;
        assert_eq!(made.status, 200, "{}", made.text);
        desk
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> Answer {
        let path = format!("/api/v1{path}");
        let body = Some(body).filter(|body| !body.is_null());
        self.kit.with(&self.token, method, &path, body).await
    }

    fn task(&self, name: &str, robot: &str) -> Value {
        json!({"name": name, "robot": robot, "filter_id": self.filter,
            "concurrency_enabled": true, "max_concurrency": 100,
            "settings": {"gateway": "gw1", "caller_ids": ["02110000"]}})
    }

    async fn order(&self, id: &str, order: &str) -> (u16, String, Value) {
        let path = format!("/robot-tasks/{id}/{order}");
        let answer = self.ask("POST", &path, Value::Null).await;
        let code = answer.code().to_owned();
        (answer.status.as_u16(), code, answer.body)
    }
}

#[tokio::test]
async fn a_robots_task_is_a_campaign_of_that_robot_alone() {
    on_both(|home| async move {
        let desk = Desk::new(&home).await;
        for (name, value, pointer) in [
            ("max_concurrency", json!(0), "/max_concurrency"),
            ("max_concurrency", Value::Null, "/max_concurrency"),
            ("concurrency_enabled", json!(false), "/max_concurrency"),
            ("robot", json!(""), "/robot"),
            ("name", json!(""), "/name"),
        ] {
            let mut asked = desk.task("推广活动", "201");
            asked[name] = value;
            let bad = desk.ask("POST", "/robot-tasks", asked).await;
            assert_eq!(bad.body["errors"][0]["pointer"], pointer, "{}", bad.text);
        }
        let made = desk.ask("POST", "/robot-tasks", desk.task("推广活动", "201"));
        let made = made.await;
        assert_eq!(made.status, 201, "{}", made.text);
        let (id, place) = (made.id(), format!("/robot-tasks/{}", made.id()));
        let campaign = desk
            .ask("GET", &format!("/campaigns/{id}"), Value::Null)
            .await;
        assert_eq!(
            (
                &campaign.body["campaign_type"],
                &campaign.body["settings"]["max_concurrency"]
            ),
            (&json!("robot"), &json!(100))
        );
        let seen = desk.ask("GET", &place, Value::Null).await.body;
        assert_eq!(
            (&seen["robot"], &seen["state"]),
            (&json!("201"), &json!("draft"))
        );
        let change = json!({"revision": seen["revision"], "robot": "202",
            "concurrency_enabled": false});
        let changed = desk.ask("PATCH", &place, change.clone()).await;
        assert_eq!(
            (&changed.body["robot"], &changed.body["max_concurrency"]),
            (&json!("202"), &Value::Null),
            "{}",
            changed.text
        );
        let late = desk.ask("PATCH", &place, change).await;
        assert_eq!(late.code(), "REVISION_CONFLICT");

        let other = desk.ask("POST", "/robot-tasks", desk.task("回访", "202"));
        let other = other.await.id();
        assert_eq!(desk.order(&id, "pause").await.1, "NOT_RUNNING");
        let (status, _, started) = desk.order(&id, "start").await;
        assert_eq!(status, 202, "{started}");
        assert!(started["task_id"].is_string() && started["job_id"].is_string());
        assert_eq!(desk.order(&other, "start").await.1, "ROBOT_BUSY");
        assert_eq!(desk.order(&id, "pause").await.2["state"], "paused");
        assert_eq!(desk.order(&other, "start").await.1, "ROBOT_BUSY");
        assert_eq!(desk.order(&id, "resume").await.2["state"], "running");
        let moved = json!({"revision": 0, "robot": "203"});
        assert_eq!(desk.ask("PATCH", &place, moved).await.code(), "NOT_DRAFT");
        assert_eq!(desk.order(&id, "stop").await.2["state"], "stopped");
        assert_eq!(desk.order(&other, "start").await.0, 202);
        assert_eq!(
            desk.ask("DELETE", &place, Value::Null).await.code(),
            "NOT_DRAFT"
        );

        let all = desk.ask("GET", "/robot-tasks", Value::Null).await;
        assert_eq!(all.body["data"].as_array().unwrap().len(), 2);
        let draft = desk.ask("POST", "/robot-tasks", desk.task("第三", "9"));
        let draft = format!("/robot-tasks/{}", draft.await.id());
        assert_eq!(desk.ask("DELETE", &draft, Value::Null).await.status, 204);
        assert_eq!(desk.ask("GET", &draft, Value::Null).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_robots_leads_are_counted_by_what_came_of_them() {
    on_both(|home| async move {
        let desk = Desk::new(&home).await;
        let made = desk.ask("POST", "/robot-tasks", desk.task("推广活动", "201"));
        let task = made.await.id();
        for (lead, sql) in desk.leads.iter().zip([
            "UPDATE leads SET call_status = 'notcall' WHERE id = $1",
            "UPDATE leads SET call_status = 'success' WHERE id = $1",
            "UPDATE leads SET call_status = 'failed' WHERE id = $1",
        ]) {
            set(&desk.kit.db, lead, sql).await;
            let held = "UPDATE leads SET alloc_status = 'ai', alloc_type = 'robot',
                alloc_target = '201' WHERE id = $1";
            set(&desk.kit.db, lead, held).await;
            store::testing::into_campaign(&desk.kit.db, lead, &task).await;
        }
        let robots = desk.ask("GET", "/robots", Value::Null).await;
        assert_eq!(
            robots.body["data"],
            json!([{"id": "201", "running_tasks": 0, "assigned": 3, "notcall": 1, "calling": 0,
                "success": 1, "failed": 1, "exception": 0}])
        );
        assert_eq!(desk.order(&task, "start").await.0, 202);
        let robots = desk.ask("GET", "/robots", Value::Null).await;
        assert_eq!(robots.body["data"][0]["running_tasks"], 1);
        let stats = format!("/robot-tasks/{task}/stats");
        let stats = desk.ask("GET", &stats, Value::Null).await;
        assert_eq!(stats.body["state"], "running", "{}", stats.text);
        assert_eq!(stats.body["leads"]["assigned"], 3);
        let agent = desk.kit.token(Role::Agent).await;
        let refused = desk.kit.with(&agent, "GET", "/api/v1/robots", None).await;
        assert_eq!(refused.code(), "FORBIDDEN");
    })
    .await;
}

#[tokio::test]
async fn a_stopped_task_goes_on_with_what_it_has_left() {
    on_both(|home| async move {
        let desk = Desk::new(&home).await;
        let made = desk.ask("POST", "/robot-tasks", desk.task("推广活动", "201"));
        let task = made.await.id();
        let gone = "UPDATE leads SET voided = TRUE WHERE id = $1";
        for lead in &desk.leads {
            set(&desk.kit.db, lead, gone).await;
        }
        assert_eq!(desk.order(&task, "start").await.1, "NOTHING_TO_ALLOCATE");
        let held = "UPDATE leads SET voided = FALSE, alloc_status = 'ai', alloc_type = 'robot',
            alloc_target = '201', next_dial_at = 1, call_rank = 1 WHERE id = $1";
        set(&desk.kit.db, &desk.leads[0], held).await;
        store::testing::into_campaign(&desk.kit.db, &desk.leads[0], &task).await;
        assert_eq!(desk.order(&task, "start").await.0, 202);
        let append = format!("/campaigns/{task}/append");
        let append = desk.ask("POST", &append, json!({})).await;
        assert_eq!(append.code(), "NOTHING_TO_ALLOCATE", "{}", append.text);
        let stop = format!("/robot-tasks/{task}/stop");
        let bad = desk.ask("POST", &stop, json!({"force": 1})).await;
        assert_eq!(bad.body["errors"][0]["pointer"], "/force", "{}", bad.text);
        let forced = desk.ask("POST", &stop, json!({"force": true})).await;
        assert_eq!(forced.body["state"], "stopped", "{}", forced.text);
        let again = desk.ask("POST", &stop, json!({"force": true})).await;
        assert_eq!(again.code(), "NOT_RUNNING");
        let robots = desk.ask("GET", "/robots", Value::Null).await;
        assert_eq!(robots.body["data"][0]["notcall"], 1, "they stay");
        assert_eq!(desk.order(&task, "start").await.0, 202);
    })
    .await;
}

#[tokio::test]
async fn a_test_call_wants_a_number_a_prompt_and_a_floor() {
    on_both(|home| async move {
        let desk = Desk::new(&home).await;
        let made = desk.ask("POST", "/robot-tasks", desk.task("推广活动", "201"));
        let task = made.await;
        let (id, place) = (task.id(), format!("/robot-tasks/{}/test", task.id()));
        let phone = |text: &str| json!({"phone": text});
        let bad = desk.ask("POST", &place, phone("12ab")).await;
        assert_eq!(bad.body["errors"][0]["pointer"], "/phone", "{}", bad.text);
        let over = desk.ask("POST", &place, phone("139 0000 1111")).await;
        assert_eq!(over.code(), "DRAINING", "this house has no floor");
        let silent = r#"UPDATE campaigns SET settings = '{"robot":{"prompt":""}}' WHERE id = $1"#;
        set(&desk.kit.db, &id, silent).await;
        let silent = desk.ask("POST", &place, phone("13900001111")).await;
        assert_eq!(silent.code(), "SCRIPT_INVALID", "{}", silent.text);
        let other = "/robot-tasks/cmp_gone/test";
        assert_eq!(desk.ask("POST", other, phone("139")).await.status, 404);
        let marketer = desk.kit.token(Role::Marketer).await;
        let path = format!("/api/v1{place}");
        let refused = desk
            .kit
            .with(&marketer, "POST", &path, Some(phone("139")))
            .await;
        assert_eq!(refused.code(), "FORBIDDEN");
    })
    .await;
}

/// Settings of a robot that listens.
fn listening(robot: Value) -> Value {
    json!({"gateway": "gw1", "caller_ids": ["02110000"], "robot": robot})
}

#[tokio::test]
async fn a_robot_that_calls_listens_as_a_route_s_does() {
    on_both(|home| async move {
        let desk = Desk::new(&home).await;
        desk.ask("PUT", "/queues/sales", json!({"name": "sales"}))
            .await;
        desk.ask("PUT", "/queues/care", json!({"name": "care"}))
            .await;
        let nodes = json!({"greet_long": "sorry", "nodes": []});
        let menu = json!({"name": "main", "menu": nodes});
        let made = desk.ask("PUT", "/ivr-menus/main", menu).await;
        assert_eq!(made.status, 200, "{}", made.text);
        let mut asked = desk.task("推广活动", "201");
        let to_care = json!({"type": "queue", "queue": "care"});
        asked["settings"] = listening(json!({"prompt": "robot", "then_queue": "sales",
            "listens": {"pause_ms": 400, "silent": "sorry"}, "otherwise": to_care}));
        let made = desk.ask("POST", "/robot-tasks", asked).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let campaign = format!("/campaigns/{}", made.id());
        let kept = desk.ask("GET", &campaign, Value::Null).await.body;
        let listens = json!({"voice_level": 200, "silence_level": 200, "pause_ms": 400, "wait_s": 3,
            "interruptible": true, "silent": "sorry"});
        assert_eq!(kept["settings"]["robot"]["listens"], listens);
        assert_eq!(kept["settings"]["robot"]["otherwise"], to_care);
        assert_eq!(kept["settings"]["retry"]["silent_minutes"], 240);
        for queue in ["sales", "care"] {
            let path = format!("/queues/{queue}");
            let stays = desk.ask("DELETE", &path, Value::Null).await;
            assert_eq!(stays.code(), "QUEUE_IN_USE", "{queue}: {}", stays.text);
        }
        let to_menu = json!({"prompt": "robot", "listens": {},
            "otherwise": {"type": "ivr", "menu": "main"}});
        let mut settings = kept["settings"].clone();
        settings["robot"] = to_menu;
        let change = json!({"revision": kept["revision"], "settings": settings});
        let changed = desk.ask("PATCH", &campaign, change).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
        let stays = desk.ask("DELETE", "/ivr-menus/main", Value::Null).await;
        assert_eq!(stays.code(), "MENU_IN_USE", "{}", stays.text);
        let goes = desk.ask("DELETE", "/queues/care", Value::Null).await;
        assert_eq!(goes.status, 204, "{}", goes.text);
    })
    .await;
}

#[tokio::test]
async fn a_robot_that_cannot_listen_so_is_refused_at_its_place() {
    on_both(|home| async move {
        let desk = Desk::new(&home).await;
        for (robot, code, pointer) in [
            (
                json!({"listens": {"voice_level": 10_001}}),
                "INVALID",
                "listens/voice_level",
            ),
            (
                json!({"listens": {"silence_level": 300}}),
                "INVALID",
                "listens/silence_level",
            ),
            (
                json!({"listens": {"pause_ms": 99}}),
                "INVALID",
                "listens/pause_ms",
            ),
            (
                json!({"listens": {"wait_s": 61}}),
                "INVALID",
                "listens/wait_s",
            ),
            (
                json!({"listens": {"volume": 1}}),
                "INVALID",
                "listens/volume",
            ),
            (
                json!({"listens": {"silent": "no-such-prompt"}}),
                "INVALID",
                "listens/silent",
            ),
            (
                json!({"otherwise": {"type": "hangup"}}),
                "INVALID",
                "otherwise",
            ),
            (
                json!({"listens": {}, "otherwise": {"type": "callback"}}),
                "INVALID",
                "otherwise",
            ),
            (
                json!({"listens": {}, "otherwise": {"type": "queue", "queue": "none"}}),
                "INVALID",
                "otherwise",
            ),
            (json!({"then_queue": "none"}), "INVALID", "then_queue"),
            (
                json!({"listens": {}, "otherwise": {"type": "ivr", "menu": "none"}}),
                "NO_SUCH_MENU",
                "",
            ),
        ] {
            let said = robot.to_string();
            let mut asked = desk.task("推广活动", "201");
            asked["settings"] = listening(robot);
            let bad = desk.ask("POST", "/robot-tasks", asked).await;
            assert_eq!(bad.code(), code, "{said}: {}", bad.text);
            let at = bad.body["errors"][0]["pointer"].as_str();
            let expected = Some(pointer).filter(|at| !at.is_empty());
            let expected = expected.map(|at| format!("/settings/robot/{at}"));
            assert_eq!(at, expected.as_deref(), "{said}: {}", bad.text);
        }
        let none = desk.ask("GET", "/robot-tasks", Value::Null).await;
        assert_eq!(none.body["data"], json!([]), "nothing was made");
    })
    .await;
}
