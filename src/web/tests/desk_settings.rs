//! Which functions agents do not have: what may be set, and by whom.

use serde_json::json;
use store::{access::Role, testing::on_both};

use super::kit::{Desk, Kit};

const PATH: &str = "/api/v1/settings/desk";

#[tokio::test]
async fn functions_are_hidden_by_name_or_number_and_nothing_else_is() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Admin).await;
        let before = kit.with(&token, "GET", PATH, None).await;
        assert_eq!(before.body["hidden"], json!([]));
        assert_eq!(before.body["hidden_remote"].as_array().unwrap().len(), 9);
        let hold = json!({"name": "hold", "legacy_ids": [6]});
        let functions = before.body["functions"].as_array().unwrap();
        assert!(functions.contains(&hold), "{functions:?}");
        for (bad, pointer) in [
            (json!({"hidden": ["fly"]}), "/hidden/0"),
            (json!({"hidden": [63]}), "/hidden/0"),
            (json!({"hidden_remote": [6, -1]}), "/hidden_remote/1"),
            (json!({"hidden": "hold"}), "/hidden"),
            (json!({"shown": []}), "/shown"),
        ] {
            let answer = kit.with(&token, "PUT", PATH, Some(bad)).await;
            assert_eq!(answer.status, 422, "{}", answer.text);
            assert_eq!(answer.body["errors"][0]["pointer"], pointer);
        }
        let good = json!({"hidden": [34, "hold"], "hidden_remote": []});
        let set = kit.with(&token, "PUT", PATH, Some(good)).await;
        assert_eq!(set.status, 200, "{}", set.text);
        let after = kit.with(&token, "GET", PATH, None).await;
        assert_eq!(after.body, set.body);
        assert_eq!(after.body["hidden"], json!(["hold", "ready"]));
        assert_eq!(after.body["hidden_remote"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn supervisors_see_what_is_set_and_do_not_set_it() {
    on_both(|home| async move {
        let desk = Desk::new(&home).await;
        let seen = desk.ask("GET", "/settings/desk", json!(null)).await;
        assert_eq!(seen.status, 200);
        let refused = desk.ask("PUT", "/settings/desk", json!({})).await;
        assert_eq!(refused.code(), "FORBIDDEN");
    })
    .await;
}
