//! Satisfaction surveys, and who wants them.

use serde_json::{Value, json};
use store::{access::Role, testing::on_both};

use super::{kit::Kit, leads::batch};

const FIVE: &str = "/api/v1/surveys/five";
/// A tone needs no file.
const QUESTION: &str = "tone:700:2000";

fn five() -> Value {
    json!({"name": "五分制", "survey": {"prompt": QUESTION,
        "keys": [{"key": "5", "score": 1}, {"key": "1", "score": 3}]}})
}

#[tokio::test]
async fn a_survey_is_made_wanted_by_a_queue_and_kept_until_nobody_wants_it() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Supervisor).await;
        let put = kit.with(&token, "PUT", FIVE, Some(five())).await;
        assert_eq!(put.status, 200, "{}", put.text);
        let told = &put.body["survey"];
        assert_eq!(
            (&told["wait_ms"], &told["thanks"]),
            (&json!(10_000), &Value::Null)
        );
        let listed = kit.with(&token, "GET", "/api/v1/surveys", None).await;
        assert_eq!(listed.body["data"], json!([put.body]));

        let path = "/api/v1/queues/sales";
        let queue = |survey: Value| json!({"name": "sales", "settings": {"survey": survey}});
        for odd in [json!("none-such"), json!(""), json!(5)] {
            let said = odd.to_string();
            let refused = kit.with(&token, "PUT", path, Some(queue(odd))).await;
            let pointer = &refused.body["errors"][0]["pointer"];
            assert_eq!(pointer, "/settings/survey", "{said}: {}", refused.text);
        }
        let wanted = kit
            .with(&token, "PUT", path, Some(queue(json!("five"))))
            .await;
        assert_eq!(wanted.body["settings"]["survey"], "five", "{}", wanted.text);
        let kept = kit.with(&token, "DELETE", FIVE, None).await;
        assert_eq!(
            (kept.status.as_u16(), kept.code()),
            (409, "SURVEY_IN_USE"),
            "{}",
            kept.text
        );
        let switched = kit
            .with(&token, "PUT", path, Some(queue(json!(true))))
            .await;
        assert_eq!(switched.body["settings"]["survey"], "standard");
        assert_eq!(kit.with(&token, "DELETE", FIVE, None).await.status, 204);
        assert_eq!(kit.with(&token, "GET", FIVE, None).await.status, 404);
        assert_eq!(kit.with(&token, "DELETE", FIVE, None).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn the_tenant_says_what_is_asked_where_nobody_nearer_does() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Supervisor).await;
        let path = "/api/v1/settings/surveys";
        let put = async |survey: &str| {
            let asked = json!({"survey": survey});
            kit.with(&token, "PUT", path, Some(asked)).await
        };
        let unset = kit.with(&token, "GET", path, None).await;
        assert_eq!(unset.body, json!({"survey": "none"}));
        let unknown = put("five").await;
        let pointer = &unknown.body["errors"][0]["pointer"];
        assert_eq!(pointer, "/survey", "{}", unknown.text);
        let made = kit.with(&token, "PUT", FIVE, Some(five())).await;
        assert_eq!(made.status, 200, "{}", made.text);
        assert_eq!(put("five").await.body, json!({"survey": "five"}));
        let kept = kit.with(&token, "DELETE", FIVE, None).await;
        assert_eq!(kept.code(), "SURVEY_IN_USE", "{}", kept.text);

        // A queue that says nothing follows the tenant; one that says none does not.
        let queue = async |settings: Value| {
            let asked = json!({"name": "sales", "settings": settings});
            let path = "/api/v1/queues/sales";
            let put = kit.with(&token, "PUT", path, Some(asked)).await;
            assert_eq!(put.status, 200, "{}", put.text);
            let spec = store::queues::specs(&kit.db).await.unwrap().remove(0);
            (
                put.body["settings"]["survey"].clone(),
                spec.settings.survey.map(String::from),
            )
        };
        let five = || Some("five".to_owned());
        assert_eq!(queue(json!({})).await, (Value::Null, five()));
        let silent = json!({"survey": null});
        assert_eq!(queue(silent).await, (Value::Null, five()));
        let none = queue(json!({"survey": "none"})).await;
        assert_eq!(none, (json!("none"), Some("none".to_owned())));

        assert_eq!(put("standard").await.status, 200);
        let gone = kit.with(&token, "DELETE", FIVE, None).await;
        assert_eq!(gone.status, 204, "{}", gone.text);
    })
    .await;
}

#[tokio::test]
async fn a_survey_that_makes_no_sense_is_refused_at_its_place() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Supervisor).await;
        for (bad, pointer) in [
            (json!({"keys": []}), "/survey/keys"),
            (json!({"keys": [{"key": "1", "score": 9}]}), "/survey/keys"),
            (
                json!({"keys": [{"key": "12", "score": 1}]}),
                "/survey/keys/0/key",
            ),
            (json!({"wait_ms": 1}), "/survey/wait_ms"),
            (json!({"prompt": "../x"}), "/survey/prompt"),
            (json!({"prompt": "how-likely"}), "/survey/prompt"),
            (json!({"thanks": "bye-bye"}), "/survey/thanks"),
            (json!({"colour": 1}), "/survey/colour"),
        ] {
            let said = bad.to_string();
            let asked = json!({"name": "bad", "survey": bad});
            let refused = kit.with(&token, "PUT", FIVE, Some(asked)).await;
            let told = (refused.code(), &refused.body["errors"][0]["pointer"]);
            assert_eq!(
                told,
                ("INVALID", &json!(pointer)),
                "{said}: {}",
                refused.text
            );
        }
        for reserved in ["none", "standard"] {
            let path = format!("/api/v1/surveys/{reserved}");
            let refused = kit.with(&token, "PUT", &path, Some(five())).await;
            assert_eq!(
                refused.body["errors"][0]["pointer"], "/id",
                "{}",
                refused.text
            );
        }
        let listed = kit.with(&token, "GET", "/api/v1/surveys", None).await;
        assert_eq!(listed.body["data"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_campaign_says_which_survey_follows_its_calls() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Admin).await;
        let ask = async |method: &str, path: &str, body: Value| {
            let body = Some(body).filter(|body| !body.is_null());
            let path = format!("/api/v1{path}");
            kit.with(&token, method, &path, body).await
        };
        let (batch, _, _) = batch(&kit.db, "一", 1).await;
        let filter = json!({"name": "f", "batch_id": batch});
        let filter = ask("POST", "/filters", filter).await.id();
        let campaign = json!({"name": "回访", "campaign_type": "predictive",
            "filter_id": filter, "settings": {"survey": "five"}});
        let unknown = ask("POST", "/campaigns", campaign.clone()).await;
        let pointer = &unknown.body["errors"][0]["pointer"];
        assert_eq!(pointer, "/settings/survey", "{}", unknown.text);

        let put = kit.with(&token, "PUT", FIVE, Some(five())).await;
        assert_eq!(put.status, 200, "{}", put.text);
        let made = ask("POST", "/campaigns", campaign).await;
        assert_eq!(made.body["settings"]["survey"], "five", "{}", made.text);
        let kept = kit.with(&token, "DELETE", FIVE, None).await;
        assert_eq!(kept.code(), "SURVEY_IN_USE", "{}", kept.text);

        let path = format!("/campaigns/{}", made.id());
        let mut settings = made.body["settings"].clone();
        settings["survey"] = Value::Null;
        let change = json!({"revision": made.body["revision"], "settings": settings});
        let changed = ask("PATCH", &path, change).await;
        assert_eq!(changed.body["settings"]["survey"], Value::Null);
        let gone = kit.with(&token, "DELETE", FIVE, None).await;
        assert_eq!(gone.status, 204, "{}", gone.text);
    })
    .await;
}
