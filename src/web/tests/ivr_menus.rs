//! Voice menus, what leads to them, and what they lead to.

use serde_json::{Value, json};
use store::{access::Role, testing::on_both};

use super::kit::{Answer, Kit};

async fn put(kit: &Kit, token: &str, path: &str, asked: Value) -> Answer {
    let path = format!("/api/v1/{path}");
    kit.with(token, "PUT", &path, Some(asked)).await
}

/// A menu with these nodes.
fn menu(nodes: Value) -> Value {
    json!({"name": "Main", "menu": {"greet_long": "hello", "nodes": nodes}})
}

fn submenu(id: &str) -> Value {
    menu(json!([{"keys": "1", "action": {"type": "submenu", "menu": id}}]))
}

/// A house with a prompt `hello`.
fn with_prompt(home: &store::testing::Home) -> Kit {
    let folder = home.data_dir.join("prompts");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("hello.wav"), b"RIFF").expect("a file");
    Kit::new(home)
}

#[tokio::test]
async fn a_menu_is_kept_with_the_defaults_and_a_route_leads_to_it() {
    on_both(|home| async move {
        let kit = with_prompt(&home);
        let token = kit.token(Role::Supervisor).await;
        put(&kit, &token, "queues/sales", json!({"name": "sales"})).await;
        let nodes = json!([
            {"name": "Sales", "keys": "1", "action": {"type": "queue", "queue": "sales"}},
            {"keys": "0", "action": {"type": "hangup"}},
        ]);
        let made = put(&kit, &token, "ivr-menus/main", menu(nodes)).await;
        assert_eq!(made.status, 200, "{}", made.text);
        let kept = kit
            .with(&token, "GET", "/api/v1/ivr-menus/main", None)
            .await;
        assert_eq!(kept.body, made.body);
        let shown = &kept.body["menu"];
        assert_eq!(shown["timeout_ms"], 10_000);
        assert_eq!(shown["confirm_key"], "#");
        assert_eq!(shown["nodes"][0]["action"]["queue"], "sales");
        let all = kit.with(&token, "GET", "/api/v1/ivr-menus", None).await;
        assert_eq!(all.body["data"], json!([kept.body]));

        let nowhere = json!({"number": "200", "rule": {"type": "ivr", "menu": "none"}});
        let refused = put(&kit, &token, "routes/ivr", nowhere).await;
        assert_eq!(refused.code(), "NO_SUCH_MENU");
        let route = json!({"number": "200", "rule": {"type": "ivr", "menu": "main"}});
        let made = put(&kit, &token, "routes/ivr", route).await;
        assert_eq!(made.status, 200, "{}", made.text);
        let callin = json!({"number": "62620668", "rule": {"type": "inbound", "to": "200"}});
        put(&kit, &token, "routes/callin", callin).await;
        let path = "/api/v1/route-look-up?number=62620668";
        let found = kit.with(&token, "GET", path, None).await;
        assert_eq!(found.body["to"], json!({"type": "ivr", "menu": "main"}));
        let taken = found.body["steps"].as_array().unwrap().last().unwrap();
        assert_eq!(
            (&taken["kind"], &taken["verdict"]),
            (&json!("ivr"), &json!("taken"))
        );

        let agent = kit.token(Role::Agent).await;
        let refused = put(&kit, &agent, "ivr-menus/main", menu(json!([]))).await;
        assert_eq!(refused.code(), "FORBIDDEN");
    })
    .await;
}

#[tokio::test]
async fn what_makes_no_sense_in_a_menu_is_refused_with_its_place() {
    on_both(|home| async move {
        let kit = with_prompt(&home);
        let token = kit.token(Role::Supervisor).await;
        let node = |keys: &str, action: Value| menu(json!([{"keys": keys, "action": action}]));
        let settings = |settings: Value| json!({"menu": settings});
        let table = [
            (settings(json!({})), "/menu/greet_long"),
            (
                settings(json!({"greet_long": "hello", "timeout_ms": 500})),
                "/menu/timeout_ms",
            ),
            (
                settings(json!({"greet_long": "hello", "colour": 1})),
                "/menu/colour",
            ),
            (
                settings(
                    json!({"greet_long": "hello", "then": {"type": "queue", "queue": "none"}}),
                ),
                "/menu/then/queue",
            ),
            (node("x", json!({"type": "hangup"})), "/menu/nodes/0/keys"),
            (
                node("1", json!({"type": "queue", "queue": "none"})),
                "/menu/nodes/0/action/queue",
            ),
            (
                node("1", json!({"type": "submenu", "menu": "none"})),
                "/menu/nodes/0/action/menu",
            ),
            (
                node("1", json!({"type": "extension", "extension": "9999"})),
                "/menu/nodes/0/action/extension",
            ),
            (
                node("1", json!({"type": "number", "number": "none"})),
                "/menu/nodes/0/action/number",
            ),
        ];
        for (asked, pointer) in table {
            let said = asked.to_string();
            let answer = put(&kit, &token, "ivr-menus/main", asked).await;
            assert_eq!(answer.status, 422, "{said}: {}", answer.text);
            assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{said}");
        }
        let all = kit.with(&token, "GET", "/api/v1/ivr-menus", None).await;
        assert_eq!(all.body["data"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn menus_lead_in_no_circle_and_stay_while_something_leads_to_them() {
    on_both(|home| async move {
        let kit = with_prompt(&home);
        let token = kit.token(Role::Supervisor).await;
        let own = put(&kit, &token, "ivr-menus/main", submenu("main")).await;
        assert_eq!(own.code(), "MENU_CIRCLE", "{}", own.text);
        put(&kit, &token, "ivr-menus/more", menu(json!([]))).await;
        let made = put(&kit, &token, "ivr-menus/main", submenu("more")).await;
        assert_eq!(made.status, 200, "{}", made.text);
        let circle = put(&kit, &token, "ivr-menus/more", submenu("main")).await;
        assert_eq!(circle.code(), "MENU_CIRCLE", "{}", circle.text);
        for level in 0..8 {
            let below = match level {
                0 => "main".to_owned(),
                level => format!("level-{}", level - 1),
            };
            let path = format!("ivr-menus/level-{level}");
            let made = put(&kit, &token, &path, submenu(&below)).await;
            assert_eq!(made.status, 200, "{}", made.text);
        }
        let deep = put(&kit, &token, "ivr-menus/level-8", submenu("level-7")).await;
        assert_eq!(deep.code(), "MENU_TOO_DEEP", "{}", deep.text);

        let path = "/api/v1/ivr-menus/more";
        let kept = kit.with(&token, "DELETE", path, None).await;
        assert_eq!((kept.status.as_u16(), kept.code()), (409, "MENU_IN_USE"));
        put(&kit, &token, "ivr-menus/main", menu(json!([]))).await;
        let overflow =
            json!({"name": "sales", "settings": {"overflow": {"type": "ivr", "menu": "more"}}});
        let made = put(&kit, &token, "queues/sales", overflow).await;
        assert_eq!(made.status, 200, "{}", made.text);
        let kept = kit.with(&token, "DELETE", path, None).await;
        assert_eq!(kept.code(), "MENU_IN_USE", "{}", kept.text);
        let to_queue = menu(json!([{"keys": "1", "action": {"type": "queue", "queue": "sales"}}]));
        put(&kit, &token, "queues/sales", json!({"name": "sales"})).await;
        put(&kit, &token, "ivr-menus/main", to_queue).await;
        let kept = kit
            .with(&token, "DELETE", "/api/v1/queues/sales", None)
            .await;
        assert_eq!(kept.code(), "QUEUE_IN_USE", "{}", kept.text);
        let gone = kit.with(&token, "DELETE", path, None).await;
        assert_eq!(gone.status, 204, "{}", gone.text);
        let gone = kit.with(&token, "DELETE", path, None).await;
        assert_eq!(gone.status, 404);
    })
    .await;
}
