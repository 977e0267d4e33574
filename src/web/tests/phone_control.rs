//! Keys of desk phones: what may be set, what is never shown, and whose phone is asked.

use serde_json::json;
use store::{access::Role, testing::on_both};

use super::kit::Kit;

const PATH: &str = "/api/v1/extensions/8001/control";

#[tokio::test]
async fn an_address_leads_to_the_phone_and_its_password_is_never_shown() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Admin).await;
        let url = "http://{phone}/servlet?key={key}";
        let set = |url: &str| json!({"url": url, "username": "admin", "password": "s3cret-word"});
        let nobody = kit.with(&token, "PUT", PATH, Some(set(url))).await;
        assert_eq!(nobody.status, 404, "{}", nobody.text);
        let phone = "/api/v1/extensions/8001";
        kit.with(&token, "PUT", phone, Some(json!({}))).await;
        assert_eq!(kit.with(&token, "GET", PATH, None).await.status, 404);
        for bad in [
            "http://10.0.0.1/{key}",
            "http://{phone}@evil.example/{key}",
            "http://{phone}/",
        ] {
            let refused = kit.with(&token, "PUT", PATH, Some(set(bad))).await;
            assert_eq!(refused.body["errors"][0]["pointer"], "/url", "{bad}");
        }
        let put = kit.with(&token, "PUT", PATH, Some(set(url))).await;
        let shown = json!({"url": url, "username": "admin", "has_password": true});
        assert_eq!(put.body, shown);
        let boss = kit.token(Role::Supervisor).await;
        let seen = kit.with(&boss, "GET", PATH, None).await;
        assert_eq!(seen.body, shown);
        let refused = kit.with(&boss, "PUT", PATH, Some(set(url))).await;
        assert_eq!(refused.code(), "FORBIDDEN");
        let trail = kit.with(&token, "GET", "/api/v1/audit", None).await;
        for answer in [&put, &seen, &trail] {
            assert!(!answer.text.contains("s3cret"), "{}", answer.text);
        }
        let gone = kit.with(&token, "DELETE", PATH, None).await;
        assert_eq!(gone.status, 204);
        assert_eq!(kit.with(&token, "DELETE", PATH, None).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_key_is_one_of_those_that_there_are() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Admin).await;
        kit.with(&token, "PUT", "/api/v1/extensions/8001", Some(json!({})))
            .await;
        let agent = json!({"name": "Ann", "extension": "8001"});
        kit.with(&token, "PUT", "/api/v1/agents/1001", Some(agent))
            .await;
        let path = "/api/v1/agents/1001/phone";
        for bad in [json!({"key": "reboot"}), json!({"dial": "1&key=X"})] {
            let refused = kit.with(&token, "POST", path, Some(bad)).await;
            assert_eq!(refused.code(), "INVALID", "{}", refused.text);
        }
        // There is no floor here that knows a phone.
        let off_hook = json!({"key": "off_hook"});
        let refused = kit.with(&token, "POST", path, Some(off_hook)).await;
        assert_eq!(refused.code(), "PHONE_NOT_REGISTERED");
    })
    .await;
}
