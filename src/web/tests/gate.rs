//! What the gate stands on, managed over REST, on both databases.

use serde_json::{Value, json};
use store::{access::Role, imports, testing::on_both};

use super::{kit::Kit, leads::batch};

#[tokio::test]
async fn dnc_lists_are_made_filled_asked_and_emptied() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let (seller, lead) = (
            kit.token(Role::Marketer).await,
            kit.token(Role::Supervisor).await,
        );
        let ask = async |token: &str, method: &str, path: &str, body: Value| {
            let body = Some(body).filter(|body| !body.is_null());
            kit.with(token, method, path, body).await
        };
        let register = json!({"name": "Register", "source": "monthly file"});
        let path = "/api/v1/dnc-lists/register";
        assert_eq!(
            ask(&seller, "PUT", path, register.clone()).await.status,
            403
        );
        let made = ask(&lead, "PUT", path, register).await;
        assert_eq!(
            (made.status.as_u16(), &made.body["scope"]),
            (200, &json!("house"))
        );
        let bound = json!({"name": "x", "campaigns": ["cmp_nowhere"]});
        let wrong = ask(&lead, "PUT", "/api/v1/dnc-lists/own", bound).await;
        assert_eq!(wrong.body["errors"][0]["pointer"], "/campaigns/0");
        let house = json!({"name": "house", "campaigns": []});
        let wrong = ask(&lead, "PUT", "/api/v1/dnc-lists/house", house).await;
        assert_eq!(wrong.code(), "HOUSE_LIST");

        let entries = json!({"entries": [
            {"number": "138 0013 8000", "reason": "register"},
            {"number": "+86 13800138000"},
            {"number": "+1900", "is_prefix": true, "expires_at": "2099-01-01T00:00:00Z"},
            {"number": "call me"},
            {"number": "13900139000", "expires_at": "tomorrow"},
            {"number": "", "is_prefix": true}]});
        let path = "/api/v1/dnc-lists/register/entries";
        let told = ask(&seller, "POST", path, entries).await;
        assert_eq!(told.status, 200, "{}", told.text);
        let of = |name: &str| told.body[name].as_u64().unwrap();
        assert_eq!((of("added"), of("known"), of("rejected")), (2, 1, 3));
        let rows = told.body["rows"].as_array().unwrap();
        assert_eq!(rows[3]["code"], "PHONE_CHARACTERS");
        assert_eq!(rows[5]["status"], "rejected");
        let none = ask(&seller, "POST", path, json!({"entries": []})).await;
        assert_eq!(none.body["errors"][0]["pointer"], "/entries");
        let nowhere = "/api/v1/dnc-lists/nowhere/entries";
        let one = json!({"entries": [{"number": "13800138000"}]});
        assert_eq!(ask(&seller, "POST", nowhere, one).await.status, 404);
        let listed = ask(&seller, "GET", path, Value::Null).await;
        assert_eq!(listed.body["data"].as_array().unwrap().len(), 2);

        let found = "/api/v1/dnc-look-up?number=13800138000";
        let found = ask(&seller, "GET", found, Value::Null).await;
        assert_eq!(found.body["entries"][0]["list_id"], "register");
        let removal = json!({"number": "13800138000", "reason": " "});
        let path = "/api/v1/dnc-lists/register/entries/remove";
        assert_eq!(
            ask(&seller, "POST", path, removal.clone()).await.status,
            403
        );
        let wrong = ask(&lead, "POST", path, removal).await;
        assert_eq!(wrong.body["errors"][0]["pointer"], "/reason");
        let removal = json!({"number": "13800138000", "reason": "a mistake"});
        assert_eq!(ask(&lead, "POST", path, removal.clone()).await.status, 204);
        assert_eq!(ask(&lead, "POST", path, removal).await.status, 404);
        let found = "/api/v1/dnc-look-up?number=13800138000";
        let found = ask(&seller, "GET", found, Value::Null).await;
        assert_eq!(
            (&found.body["entries"], &found.body["removed"]),
            (&json!([]), &json!(1))
        );
        let house = "/api/v1/dnc-lists/house";
        let admin = kit.token(Role::Admin).await;
        assert_eq!(
            ask(&admin, "DELETE", house, Value::Null).await.code(),
            "HOUSE_LIST"
        );
        let gone = ask(&admin, "DELETE", "/api/v1/dnc-lists/register", Value::Null).await;
        assert_eq!(gone.status, 204);
    })
    .await;
}

#[tokio::test]
async fn a_number_leaves_the_house_s_list_only_with_a_reason() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let lead = kit.token(Role::Supervisor).await;
        let path = "/api/v1/dnc/13800138000";
        let put = kit
            .with(&lead, "PUT", path, Some(json!({"reason": "asked"})))
            .await;
        assert_eq!(put.status, 204);
        assert_eq!(kit.with(&lead, "DELETE", path, None).await.status, 400);
        let path = "/api/v1/dnc/13800138000?reason=mistake";
        let seller = kit.token(Role::Marketer).await;
        assert_eq!(kit.with(&seller, "DELETE", path, None).await.status, 403);
        assert_eq!(kit.with(&lead, "DELETE", path, None).await.status, 204);
    })
    .await;
}

#[tokio::test]
async fn holidays_consents_and_packs_are_there_to_be_read_and_set() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Admin).await;
        let ask = async |method: &str, path: &str, body: Value| {
            let body = Some(body).filter(|body| !body.is_null());
            kit.with(&token, method, path, body).await
        };
        let day = "/api/v1/holidays/2027-02-06";
        assert_eq!(ask("PUT", day, json!({"name": "春节"})).await.status, 204);
        let wrong = ask("PUT", "/api/v1/holidays/soon", json!({"name": "x"})).await;
        assert_eq!(wrong.body["errors"][0]["pointer"], "/day");
        let all = ask("GET", "/api/v1/holidays", Value::Null).await;
        assert_eq!(
            all.body["data"],
            json!([{"day": "2027-02-06", "name": "春节"}])
        );
        assert_eq!(ask("DELETE", day, Value::Null).await.status, 204);
        assert_eq!(ask("DELETE", day, Value::Null).await.status, 404);

        let packs = ask("GET", "/api/v1/jurisdictions", Value::Null).await;
        let packs = packs.body["data"].as_array().unwrap().clone();
        let florida = packs.iter().find(|pack| pack["id"] == "us-fl").unwrap();
        assert_eq!(florida["hours"][0]["to"], "20:00");
        assert_eq!(florida["caps"]["day"], 3);
        assert!(packs.iter().all(|pack| pack["sources"][0].is_string()));

        let (batch, _, _) = batch(&kit.db, "同意", 1).await;
        let import = imports::list(&kit.db, &batch, None, 1)
            .await
            .unwrap()
            .remove(0)
            .id;
        let path = format!("/api/v1/imports/{import}/consent");
        assert_eq!(ask("GET", &path, Value::Null).await.status, 404);
        let consent = json!({"basis": "written", "source": "archive 7",
            "at": "2026-01-02T03:04:05Z", "text_version": "3"});
        assert_eq!(ask("PUT", &path, consent).await.status, 200);
        let kept = ask("GET", &path, Value::Null).await;
        assert_eq!(kept.body["at"], "2026-01-02T03:04:05.000Z");
        let wrong = json!({"basis": "written", "source": "x", "at": "then"});
        let wrong = ask("PUT", &path, wrong).await;
        assert_eq!(wrong.body["errors"][0]["pointer"], "/at");
        assert_eq!(ask("DELETE", &path, Value::Null).await.status, 204);
        assert_eq!(ask("GET", &path, Value::Null).await.status, 404);

        let health = ask("GET", "/api/v1/caller-ids?hours=48", Value::Null).await;
        assert_eq!(health.body["data"], json!([]));
        let wrong = ask("GET", "/api/v1/caller-ids?hours=0", Value::Null).await;
        assert_eq!(wrong.body["errors"][0]["pointer"], "/hours");
    })
    .await;
}
