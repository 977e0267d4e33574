//! Routes, their versions, and where a number would go.

use serde_json::{Value, json};
use store::{access::Role, testing::on_both};

use super::kit::Kit;

async fn put(kit: &Kit, token: &str, id: &str, route: Value) -> Value {
    let path = format!("/api/v1/routes/{id}");
    let answer = kit.with(token, "PUT", &path, Some(route)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body
}

/// The rules of the manual.
async fn house(kit: &Kit, token: &str) {
    let queue = json!({"name": "queue1"});
    kit.with(token, "PUT", "/api/v1/queues/queue1", Some(queue))
        .await;
    let office = json!({"spans": [{"weekdays": [1, 2, 3, 4, 5], "from": 540, "to": 1080}],
        "holidays": true});
    let closed = json!({"type": "voicemail", "mailbox": "queue1"});
    let callin = json!({"number": "62620668", "rule": {"type": "inbound", "to": "301",
        "office": office, "closed_prompt": "closed", "closed_to": closed}});
    put(kit, token, "callin", callin).await;
    put(
        kit,
        token,
        "queue",
        json!({"number": "301", "queue_id": "queue1"}),
    )
    .await;
    let callout = json!({"number": r"^(\d{5,13})$", "rule": {"type": "outbound", "prefix": "9"}});
    assert_eq!(put(kit, token, "callout", callout).await["position"], 90);
    let local = json!({"number": r"^(\d{3,4})$", "rule": {"type": "basic"}});
    assert_eq!(put(kit, token, "local", local).await["position"], 100);
}

#[tokio::test]
async fn a_number_is_looked_up_rule_by_rule() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Supervisor).await;
        house(&kit, &token).await;
        let look = async |query: &str| {
            let path = format!("/api/v1/route-look-up?{query}");
            let answer = kit.with(&token, "GET", &path, None).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            answer.body
        };
        let open = look("number=62620668&at=2026-11-20T10:00:00%2B08:00").await;
        assert_eq!(open["to"], json!({"type": "queue", "queue": "queue1"}));
        let verdicts: Vec<_> = open["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| {
                (
                    step["route_id"].as_str().unwrap(),
                    step["verdict"].as_str().unwrap(),
                )
            })
            .collect();
        let expected = [
            ("callin", "taken"),
            ("callin", "no_match"),
            ("queue", "taken"),
        ];
        assert_eq!(verdicts, expected);

        let night = look("number=62620668&at=2026-11-20T22:00:00%2B08:00").await;
        assert_eq!(night["prompt"], "closed");
        assert_eq!(night["to"]["mailbox"], "queue1");
        let day = json!({"name": "holiday"});
        kit.with(&token, "PUT", "/api/v1/holidays/2026-11-20", Some(day))
            .await;
        let shut = look("number=62620668&at=2026-11-20T10:00:00%2B08:00").await;
        assert_eq!(shut["steps"][0]["verdict"], "closed");

        let out = look("number=13800138000&side=inside&caller=8001").await;
        assert_eq!(
            (&out["end"], &out["number"]),
            (&json!("out"), &json!("913800138000"))
        );
        assert_eq!(out["shown_caller"], "8001");
        let fraud = look("number=13800138000").await;
        assert_eq!(fraud["end"], "nowhere");
        assert_eq!(fraud["steps"][2]["verdict"], "wrong_side");
        let robot = json!({"number": "201", "rule": {"type": "robot", "prompt": "robot",
            "then": {"type": "queue", "queue": "queue1"}, "listens": {"pause_ms": 400},
            "otherwise": {"type": "voicemail", "mailbox": "queue1"}}});
        let kept = put(&kit, &token, "robot", robot).await;
        let listens = json!({"voice_level": 200, "silence_level": 200, "pause_ms": 400, "wait_s": 3,
            "interruptible": true, "silent": null});
        assert_eq!(kept["rule"]["listens"], listens);
        let asked = look("number=201").await;
        assert_eq!(asked["to"]["queue"], "queue1");
        assert_eq!(asked["otherwise"]["mailbox"], "queue1");
        let inside = look("number=8001&side=inside").await;
        assert_eq!(inside["to"]["extension"], "8001");
    })
    .await;
}

#[tokio::test]
async fn a_bad_rule_is_refused_and_nothing_changes() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Supervisor).await;
        house(&kit, &token).await;
        let table = [
            (
                json!({"number": "(", "queue_id": "queue1"}),
                "BAD_PATTERN",
                Value::Null,
            ),
            (
                json!({"number": "9{1,9999}", "queue_id": "queue1"}),
                "BAD_PATTERN",
                Value::Null,
            ),
            (
                json!({"number": "1", "queue_id": "none"}),
                "NO_SUCH_QUEUE",
                Value::Null,
            ),
            (json!({"number": "1"}), "INVALID", json!("/rule")),
            (
                json!({"number": "1", "rule": {"type": "inbound", "to": "x"}}),
                "INVALID",
                json!("/rule/to"),
            ),
            (
                json!({"number": "1", "rule": {"type": "basic", "colour": 1}}),
                "INVALID",
                json!("/rule/colour"),
            ),
            (
                json!({"number": "1", "rule": {"type": "robot", "prompt": "robot",
                    "then": {"type": "queue", "queue": "none"}}}),
                "NO_SUCH_QUEUE",
                Value::Null,
            ),
            (
                json!({"number": "1", "rule": {"type": "robot", "prompt": "robot", "listens": {},
                    "otherwise": {"type": "queue", "queue": "none"}}}),
                "NO_SUCH_QUEUE",
                Value::Null,
            ),
            (
                json!({"number": "1", "rule": {"type": "robot", "prompt": "robot",
                    "listens": {"voice_level": 200, "silence_level": 300}}}),
                "INVALID",
                json!("/rule/listens/silence_level"),
            ),
            (
                json!({"number": "1", "rule": {"type": "robot", "prompt": "robot",
                    "listens": {"voice_level": 10_001}}}),
                "INVALID",
                json!("/rule/listens/voice_level"),
            ),
            (
                json!({"number": "1", "rule": {"type": "robot", "prompt": "robot",
                    "listens": {"silent": "no-such-prompt"}}}),
                "INVALID",
                json!("/rule/listens/silent"),
            ),
            (
                json!({"number": "1", "rule": {"type": "robot", "prompt": "robot",
                    "listens": {"wait_s": 61}}}),
                "INVALID",
                json!("/rule/listens/wait_s"),
            ),
        ];
        for (route, code, pointer) in table {
            let said = route.to_string();
            let path = "/api/v1/routes/callin";
            let answer = kit.with(&token, "PUT", path, Some(route)).await;
            assert_eq!(answer.code(), code, "{said}: {}", answer.text);
            assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{said}");
        }
        let rows = kit.with(&token, "GET", "/api/v1/routes", None).await;
        assert_eq!(rows.body["data"][0]["number"], "62620668");
    })
    .await;
}

#[tokio::test]
async fn a_route_goes_back_to_what_it_was() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Admin).await;
        house(&kit, &token).await;
        put(
            &kit,
            &token,
            "queue",
            json!({"number": "302", "queue_id": "queue1"}),
        )
        .await;
        let path = "/api/v1/routes/queue/versions";
        let versions = kit.with(&token, "GET", path, None).await;
        let numbers: Vec<_> = versions.body["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|version| version["number"].as_str().unwrap())
            .collect();
        assert_eq!(numbers, ["302", "301"]);
        let restore = format!("{path}/1/restore");
        let back = kit.with(&token, "POST", &restore, Some(json!({}))).await;
        assert_eq!(back.body["number"], "301", "{}", back.text);
        let nothing = format!("{path}/9/restore");
        let nothing = kit.with(&token, "POST", &nothing, Some(json!({}))).await;
        assert_eq!(nothing.status, 404);
        let other = kit.token(Role::Supervisor).await;
        let back = kit.with(&other, "POST", &restore, Some(json!({}))).await;
        assert_eq!(
            back.status, 200,
            "who saves a route restores it: {}",
            back.text
        );
        let marketer = kit.token(Role::Marketer).await;
        let rule = json!({"number": "303", "queue_id": "queue1"});
        for (method, path, body) in [
            ("PUT", "/api/v1/routes/queue", Some(rule)),
            ("DELETE", "/api/v1/routes/queue", None),
            ("POST", &restore, Some(json!({}))),
        ] {
            let refused = kit.with(&marketer, method, path, body).await;
            assert_eq!(refused.code(), "FORBIDDEN", "{method} {path}");
        }
    })
    .await;
}
