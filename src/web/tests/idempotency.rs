use serde_json::{Value, json};
use store::{access::Role, testing::on_both};

use super::kit::{Answer, Kit};

async fn post(kit: &Kit, token: &str, key: &str, body: Value) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
    kit.ask("POST", "/api/v1/batches", &headers, Some(body))
        .await
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Marketer).await;
        let first = post(&kit, &token, "k1", json!({"name": "a"})).await;
        let again = post(&kit, &token, "k1", json!({"name": "a"})).await;
        assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201));
        assert_eq!(first.body, again.body);
        assert_eq!(first.headers["location"], again.headers["location"]);
        assert!(!first.headers.contains_key("idempotency-replayed"));
        assert_eq!(again.headers["idempotency-replayed"], "true");
        let other = post(&kit, &token, "k1", json!({"name": "b"})).await;
        assert_eq!(
            (other.status.as_u16(), other.code()),
            (422, "IDEMPOTENCY_MISMATCH")
        );
        let all = kit.with(&token, "GET", "/api/v1/batches", None).await;
        assert_eq!(all.body["data"].as_array().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_key_is_its_users_own_and_a_refusal_gives_it_free() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let one = kit.token(Role::Marketer).await;
        let two = kit.token(Role::Supervisor).await;
        assert_eq!(post(&kit, &one, "k", json!({"name": ""})).await.status, 422);
        assert_eq!(
            post(&kit, &one, "k", json!({"name": "a"})).await.status,
            201
        );
        assert_eq!(
            post(&kit, &two, "k", json!({"name": "b"})).await.status,
            201
        );
    })
    .await;
}

#[tokio::test]
async fn two_at_once_make_one() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Marketer).await;
        let ask = || post(&kit, &token, "k", json!({"name": "a"}));
        let (one, two, three) = tokio::join!(ask(), ask(), ask());
        let mut statuses = [one, two, three].map(|answer| {
            let code = answer.code().to_owned();
            assert!(
                ["", "IDEMPOTENCY_IN_PROGRESS"].contains(&code.as_str()),
                "{code}"
            );
            answer.status.as_u16()
        });
        statuses.sort_unstable();
        assert_eq!(statuses[0], 201);
        let all = kit.with(&token, "GET", "/api/v1/batches", None).await;
        assert_eq!(all.body["data"].as_array().unwrap().len(), 1);
    })
    .await;
}
