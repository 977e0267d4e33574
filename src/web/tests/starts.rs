//! What a campaign may be made of, and what keeps one from being started, on both databases.

use serde_json::{Value, json};
use store::{
    access::FIRST_ORGI,
    batches,
    testing::{about, on_both},
};

use super::{
    kit::{Answer, Desk},
    leads::batch,
};
use crate::clock::now;

/// A queue to give leads to and a gateway to call them through.
async fn furnished(desk: &Desk) {
    let mut tx = desk.kit.db.begin().await.unwrap();
    let queue = store::queues::Queue {
        id: "sales".into(),
        name: "sales".into(),
        code: String::new(),
        settings: engine::queue::Settings::default(),
        agents: Vec::new(),
    };
    store::queues::put(&mut tx, FIRST_ORGI, &queue, now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    about(
        &desk.kit.db,
        "gw1",
        "INSERT INTO gateways (id, orgi, name, host, port, settings, created_at)
         VALUES ($1, 'main', '线路一', '127.0.0.1', 5080, '{}', 1)",
    )
    .await;
}

/// A campaign with this filter and these settings beside gateway and number.
async fn campaign(desk: &Desk, filter: &str, settings: Value) -> Answer {
    let mut all = json!({"gateway": "gw1", "caller_ids": ["02110000"]});
    let more = settings.as_object().unwrap().clone();
    all.as_object_mut().unwrap().extend(more);
    let asked = json!({"name": "回访", "campaign_type": "predictive", "filter_id": filter,
        "settings": all});
    desk.ask("POST", "/campaigns", asked).await
}

async fn aimed(desk: &Desk, campaign: &str) {
    let targets = json!([{"target_type": "queue", "target_id": "sales"}]);
    let path = format!("/campaigns/{campaign}/targets");
    let put = desk.ask("PUT", &path, targets).await;
    assert_eq!(put.status, 200, "{}", put.text);
}

async fn start(desk: &Desk, campaign: &str) -> (u16, String) {
    let path = format!("/campaigns/{campaign}/start");
    let answer = desk.ask("POST", &path, Value::Null).await;
    (answer.status.as_u16(), answer.code().to_owned())
}

#[tokio::test]
async fn a_business_filter_without_free_leads_starts_nothing() {
    on_both(|home| async move {
        let desk = Desk::new(&home).await;
        furnished(&desk).await;
        let (one, _, first) = batch(&home.db, "一", 2).await;
        let (two, _, second) = batch(&home.db, "二", 1).await;
        let (_, _, other) = batch(&home.db, "三", 1).await;
        for id in [&one, &two] {
            let kind = json!({"business_type": "followup"});
            let path = format!("/batches/{id}");
            assert_eq!(desk.ask("PATCH", &path, kind).await.status, 200);
        }
        let filter = json!({"name": "回访", "business_type": "followup"});
        let filter = desk.ask("POST", "/filters", filter).await.id();
        let campaign = campaign(&desk, &filter, json!({})).await.id();
        aimed(&desk, &campaign).await;
        for lead in first.iter().chain(&second) {
            about(&home.db, lead, "UPDATE leads SET dnc = TRUE WHERE id = $1").await;
        }
        let nothing = (409, "NOTHING_TO_ALLOCATE".to_owned());
        assert_eq!(
            start(&desk, &campaign).await,
            nothing,
            "{other:?} is of no business"
        );
        about(
            &home.db,
            &second[0],
            "UPDATE leads SET dnc = FALSE WHERE id = $1",
        )
        .await;
        assert_eq!(start(&desk, &campaign).await.0, 202);
    })
    .await;
}

#[tokio::test]
async fn nothing_of_an_archived_batch_is_started_or_counted() {
    on_both(|home| async move {
        let desk = Desk::new(&home).await;
        furnished(&desk).await;
        let (id, ..) = batch(&home.db, "一", 2).await;
        let filter = json!({"name": "f", "batch_id": id});
        let filter = desk.ask("POST", "/filters", filter).await.id();
        let campaign = campaign(&desk, &filter, json!({})).await.id();
        aimed(&desk, &campaign).await;
        let mut tx = home.db.begin().await.unwrap();
        assert!(batches::archive(&mut tx, &id, now()).await.unwrap());
        tx.commit().await.unwrap();
        let archived = (409, "BATCH_ARCHIVED".to_owned());
        assert_eq!(start(&desk, &campaign).await, archived);
        let path = format!("/batches/{id}/filter/count");
        let count = desk.ask("POST", &path, json!({"conditions": []})).await;
        assert_eq!((count.status.as_u16(), count.code().to_owned()), archived);
        let mut tx = home.db.begin().await.unwrap();
        assert!(batches::unarchive(&mut tx, &id, now()).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(start(&desk, &campaign).await.0, 202);
    })
    .await;
}

#[tokio::test]
async fn a_campaign_names_fields_that_there_are_and_keeps_them() {
    on_both(|home| async move {
        let desk = Desk::new(&home).await;
        furnished(&desk).await;
        let (id, fields, _) = batch(&home.db, "一", 2).await;
        let name = fields[0].code.as_str();
        let filter = json!({"name": "f", "batch_id": id});
        let filter = desk.ask("POST", "/filters", filter).await.id();
        for (settings, pointer) in [
            (
                json!({"list_order": {"by": "field", "field": "fnone"}}),
                "/settings/list_order/field",
            ),
            (
                json!({"division": {"by": "owner", "field": "fnone"}}),
                "/settings/division/field",
            ),
            (
                json!({"columns": {"zone": name, "person": "fnone"}}),
                "/settings/columns/person",
            ),
        ] {
            let bad = campaign(&desk, &filter, settings).await;
            assert_eq!(bad.status, 422, "{}", bad.text);
            let faults = bad.body["errors"].as_array().unwrap();
            assert_eq!(faults.len(), 1, "{}", bad.text);
            assert_eq!(faults[0]["pointer"], pointer);
            assert!(faults[0]["message"].as_str().unwrap().contains("fnone"));
        }
        let settings = json!({"list_order": {"by": "field", "field": name}});
        let made = campaign(&desk, &filter, settings).await;
        assert_eq!(made.status, 201, "{}", made.text);

        let field = format!("/batches/{id}/fields/{name}");
        let kept = |answer: Answer| {
            assert_eq!(
                (answer.status.as_u16(), answer.code()),
                (409, "FIELD_IN_USE")
            );
            let told = answer.body["detail"].as_str().unwrap().to_owned();
            assert!(
                told.contains("回访") && told.contains("/settings/list_order/field"),
                "{told}"
            );
        };
        kept(desk.ask("DELETE", &field, Value::Null).await);
        let dates = json!({"to_date": true});
        about(&home.db, &id, "DELETE FROM leads WHERE batch_id = $1").await;
        kept(desk.ask("PATCH", &field, dates.clone()).await);
        let title = desk.ask("PATCH", &field, json!({"title": "称呼"})).await;
        assert_eq!(title.status, 200, "{}", title.text);

        let place = format!("/campaigns/{}", made.id());
        let mut settings = made.body["settings"].clone();
        settings["list_order"] = json!({"by": "field", "field": "fnone"});
        let bad = json!({"revision": made.body["revision"], "settings": settings});
        assert_eq!(desk.ask("PATCH", &place, bad).await.status, 422);
        settings["list_order"] = json!({"by": "creation"});
        let free = json!({"revision": made.body["revision"], "settings": settings});
        let free = desk.ask("PATCH", &place, free).await;
        assert_eq!(free.status, 200, "{}", free.text);
        assert_eq!(desk.ask("PATCH", &field, dates).await.status, 200);
        assert_eq!(desk.ask("DELETE", &field, Value::Null).await.status, 204);
    })
    .await;
}
