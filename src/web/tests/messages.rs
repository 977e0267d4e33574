//! What agents write to each other.

use serde_json::{Value, json};
use store::{access::Role, testing::on_both};

use super::kit::Kit;

const MESSAGES: &str = "/api/v1/messages";

/// Agent 1001 is the user `agent` and in the queue sales, 1002 is nobody.
async fn staffed(kit: &Kit, token: &str) {
    let user = kit.user(Role::Agent).await;
    for (id, user) in [("1001", Some(user)), ("1002", None)] {
        let agent = json!({"name": id, "extension": id, "user_id": user});
        let path = format!("/api/v1/agents/{id}");
        let made = kit.with(token, "PUT", &path, Some(agent)).await;
        assert_eq!(made.status, 200, "{}", made.text);
    }
    let queue = json!({"name": "sales", "agents": ["1001"]});
    let path = "/api/v1/queues/sales";
    kit.with(token, "PUT", path, Some(queue)).await;
}

fn texts(body: &Value) -> Vec<&str> {
    let rows = body["data"].as_array().unwrap().iter();
    rows.map(|row| row["text"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_message_is_kept_and_told_to_whom_it_is_for() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let boss = kit.token(Role::Admin).await;
        staffed(&kit, &boss).await;
        let agent = kit.sign_in("agent").await;
        for (token, to, text) in [
            (&boss, json!({"queue": "sales"}), "to sales"),
            (&boss, json!({"agent": "1002"}), "to another"),
            (&agent, json!({"all": {}}), "to all"),
        ] {
            let asked = json!({"to": to, "text": text});
            let sent = kit.with(token, "POST", MESSAGES, Some(asked)).await;
            assert_eq!(sent.status, 201, "{}", sent.text);
        }
        let mine = kit.with(&agent, "GET", MESSAGES, None).await;
        assert_eq!(texts(&mine.body), ["to all", "to sales"]);
        assert_eq!(mine.body["data"][0]["from_agent"], "1001");
        let all = kit.with(&boss, "GET", MESSAGES, None).await;
        assert_eq!(texts(&all.body), ["to all", "to another", "to sales"]);
        let told = kit.live.bus().since(0).unwrap();
        let told = told.iter().filter(|told| told.event == "agent.message");
        let told: Vec<String> = told
            .map(|told| format!("{} {}", told.topic, told.data["text"].as_str().unwrap()))
            .collect();
        let expected = [
            "agent:1001 to sales",
            "agent:1002 to another",
            "agent:1002 to all",
        ];
        assert_eq!(told, expected, "the sender is not told");
    })
    .await;
}

#[tokio::test]
async fn a_message_to_nobody_or_without_an_end_is_refused() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let boss = kit.token(Role::Supervisor).await;
        let long = "长".repeat(1_001);
        for (asked, status, code) in [
            (
                json!({"to": {"agent": "9"}, "text": "x"}),
                404,
                "NO_SUCH_AGENT",
            ),
            (
                json!({"to": {"queue": "9"}, "text": "x"}),
                404,
                "NO_SUCH_QUEUE",
            ),
            (json!({"to": {"all": {}}, "text": " "}), 422, "INVALID"),
            (json!({"to": {"all": {}}, "text": long}), 422, "INVALID"),
        ] {
            let refused = kit.with(&boss, "POST", MESSAGES, Some(asked)).await;
            assert_eq!((refused.status.as_u16(), refused.code()), (status, code));
        }
        let marketer = kit.token(Role::Marketer).await;
        let refused = kit.with(&marketer, "GET", MESSAGES, None).await;
        assert_eq!(refused.status, 403);
    })
    .await;
}
