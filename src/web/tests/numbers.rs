//! The number pool and who shows its numbers.

use serde_json::{Value, json};
use store::{access::Role, testing::on_both};

use super::{kit::Kit, leads::batch};

const NUMBERS: &str = "/api/v1/numbers";

fn numbers(body: &Value) -> Vec<&str> {
    let rows = body["data"].as_array().unwrap().iter();
    rows.map(|row| row["number"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn several_numbers_are_added_at_once_or_none() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Supervisor).await;
        let asked = json!({"numbers": "62620668, 62620669，+862162620670", "daily_limit": 50});
        let added = kit.with(&token, "POST", NUMBERS, Some(asked)).await;
        assert_eq!(added.status, 201, "{}", added.text);
        let all = ["+862162620670", "62620668", "62620669"];
        assert_eq!(numbers(&added.body), all);
        assert_eq!(added.body["data"][1]["daily_limit"], 50);
        let twice = json!({"numbers": "62620671,62620668"});
        let refused = kit.with(&token, "POST", NUMBERS, Some(twice)).await;
        assert_eq!(
            (refused.status.as_u16(), refused.code()),
            (409, "NUMBER_TAKEN")
        );
        for (asked, pointer) in [
            (json!({"numbers": "62620671, hotline"}), "/numbers"),
            (json!({"numbers": " , "}), "/numbers"),
            (
                json!({"numbers": "62620671", "daily_limit": 0}),
                "/daily_limit",
            ),
            (
                json!({"numbers": "62620671", "gateway_id": "none"}),
                "/gateway_id",
            ),
        ] {
            let refused = kit.with(&token, "POST", NUMBERS, Some(asked)).await;
            assert_eq!(refused.status, 422, "{}", refused.text);
            assert_eq!(refused.body["errors"][0]["pointer"], pointer);
        }
        let listed = kit.with(&token, "GET", NUMBERS, None).await;
        assert_eq!(numbers(&listed.body), all, "nothing else was added");
        let agent = kit.token(Role::Agent).await;
        assert_eq!(kit.with(&agent, "GET", NUMBERS, None).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn a_number_is_changed_and_stays_while_somebody_shows_it() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Admin).await;
        let asked = json!({"numbers": "62620668,+862162620670"});
        kit.with(&token, "POST", NUMBERS, Some(asked)).await;
        let plus = format!("{NUMBERS}/%2B862162620670");
        let changed = json!({"area": " 上海 ", "enabled": false});
        let put = kit.with(&token, "PUT", &plus, Some(changed)).await;
        assert_eq!(put.body["area"], "上海", "{}", put.text);
        assert_eq!(put.body["enabled"], false);
        let nobody = format!("{NUMBERS}/1234");
        let missing = kit.with(&token, "PUT", &nobody, Some(json!({}))).await;
        assert_eq!(missing.status, 404);

        let phone = "/api/v1/extensions/8001";
        kit.with(&token, "PUT", phone, Some(json!({}))).await;
        let bound = format!("{phone}/caller-ids");
        let asked = json!({"caller_ids": ["+862162620670"]});
        let done = kit.with(&token, "PUT", &bound, Some(asked)).await;
        assert_eq!(done.status, 204, "{}", done.text);
        let listed = kit.with(&token, "GET", "/api/v1/extensions", None).await;
        assert_eq!(listed.body["data"][0]["caller_ids"][0], "+862162620670");
        let stranger = json!({"caller_ids": ["110"]});
        let refused = kit
            .with(&token, "PUT", &bound, Some(stranger.clone()))
            .await;
        assert_eq!(refused.body["errors"][0]["pointer"], "/caller_ids");
        let queue = json!({"name": "sales", "settings": {"caller_ids": ["62620668"]}});
        let path = "/api/v1/queues/sales";
        let put = kit.with(&token, "PUT", path, Some(queue)).await;
        assert_eq!(put.status, 200, "{}", put.text);
        let odd = json!({"name": "sales", "settings": stranger});
        let refused = kit.with(&token, "PUT", path, Some(odd)).await;
        assert_eq!(refused.body["errors"][0]["pointer"], "/settings/caller_ids");

        let one = format!("{NUMBERS}/62620668");
        for path in [&one, &plus] {
            let kept = kit.with(&token, "DELETE", path, None).await;
            assert_eq!(kept.code(), "NUMBER_IN_USE", "{}", kept.text);
        }
        let free = kit.with(&token, "PUT", &bound, Some(json!({}))).await;
        assert_eq!(free.status, 204, "{}", free.text);
        assert_eq!(kit.with(&token, "DELETE", &plus, None).await.status, 204);
        assert_eq!(kit.with(&token, "GET", &plus, None).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_number_stays_while_a_route_or_a_campaign_shows_it() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Admin).await;
        let asked = json!({"numbers": "62620668,62620669,62620670"});
        kit.with(&token, "POST", NUMBERS, Some(asked)).await;
        let shows =
            |number: &str| json!({"number": "^9", "rule": {"type": "outbound", "caller": number}});
        let route = "/api/v1/routes/callout";
        let put = kit
            .with(&token, "PUT", route, Some(shows("62620668")))
            .await;
        assert_eq!(put.status, 200, "{}", put.text);
        let (batch, _, _) = batch(&kit.db, "leads", 1).await;
        let asked = json!({"name": "all", "batch_id": batch});
        let filter = kit
            .with(&token, "POST", "/api/v1/filters", Some(asked))
            .await;
        let spring = json!({"name": "spring", "campaign_type": "preview", "filter_id": filter.id(),
            "settings": {"caller_ids": ["62620670", "62620669"]}});
        let made = kit
            .with(&token, "POST", "/api/v1/campaigns", Some(spring))
            .await;
        assert_eq!(made.status, 201, "{}", made.text);
        for (number, who) in [
            ("62620668", "the route callout"),
            ("62620669", "the campaign spring"),
        ] {
            let one = format!("{NUMBERS}/{number}");
            let kept = kit.with(&token, "DELETE", &one, None).await;
            assert_eq!((kept.status.as_u16(), kept.code()), (409, "NUMBER_IN_USE"));
            assert!(kept.text.contains(who), "{}", kept.text);
        }
        let put = kit
            .with(&token, "PUT", route, Some(shows("62620670")))
            .await;
        assert_eq!(put.status, 200, "{}", put.text);
        let one = format!("{NUMBERS}/62620668");
        assert_eq!(kit.with(&token, "DELETE", &one, None).await.status, 204);
    })
    .await;
}
