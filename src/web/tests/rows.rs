use engine::field::Field;
use serde_json::{Value, json};
use store::{access::Role, batches, fields, leads, testing::on_both};

use super::kit::{Answer, Kit};
use crate::clock::now;

async fn batch(kit: &Kit, token: &str, kind: &str) -> String {
    let asked = json!({"name": kind, "batch_type": kind});
    let made = kit
        .with(token, "POST", "/api/v1/batches", Some(asked))
        .await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.id();
    let mut tx = kit.db.begin().await.unwrap();
    let titles = ["姓名".to_owned(), "号码".to_owned(), "年龄".to_owned()];
    fields::add_titles(&mut tx, &id, &titles, now())
        .await
        .unwrap();
    let mut all = fields::list_in(&mut tx, &id).await.unwrap();
    let age = Field {
        data_type: engine::field::DataType::Int,
        ..all.remove(2)
    };
    let phone = Field {
        is_phone: true,
        ..all.remove(1)
    };
    for field in [age, phone] {
        fields::update(&mut tx, &id, &field, now()).await.unwrap();
    }
    batches::save_template(&mut tx, &id, now()).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn push(kit: &Kit, token: &str, batch: &str, rows: Value) -> Answer {
    let path = format!("/api/v1/batches/{batch}/rows");
    kit.with(token, "POST", &path, Some(json!({"rows": rows})))
        .await
}

#[tokio::test]
async fn good_rows_are_stored_and_bad_ones_answered_for() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Marketer).await;
        let id = batch(&kit, &token, "external").await;
        let code = fields::list(&kit.db, &id).await.unwrap()[0].code.clone();
        let rows = json!([
            {"external_id": "c1", "data": {"姓名": "李", " 号码 ": 13800138000_u64, "年龄": 41}},
            {"external_id": "c2", "data": {(code): "王", "号码": "138 0013 8001"}},
            {"data": {"姓名": "无号"}},
            {"data": {"号码": "13800138002", "年龄": "四十"}},
            {"data": {"号码": "13800138003", "颜色": "红"}},
            {"data": {"号码": {"a": 1}}},
            {"external_id": "", "data": {"号码": "13800138004"}},
            {"data": {"号码": "13800138000"}},
        ]);
        let answer = push(&kit, &token, &id, rows.clone()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let told: Vec<(&str, Option<&str>)> = answer.body["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (row["status"].as_str().unwrap(), row["code"].as_str()))
            .collect();
        assert_eq!(told[0], ("created", None));
        assert_eq!(told[1], ("created", None));
        for row in &told[2..4] {
            assert!(row.0 == "rejected" && row.1.is_some(), "{row:?}");
        }
        assert_eq!(told[4], ("rejected", Some("UNKNOWN_FIELD")));
        assert_eq!(told[5], ("rejected", Some("BAD_VALUE")));
        assert_eq!(told[6], ("rejected", Some("BAD_EXTERNAL_ID")));
        assert_eq!(told[7], ("duplicate", None));
        let counts = ["created", "updated", "duplicate", "rejected"];
        let counts = counts.map(|name| answer.body[name].as_i64().unwrap());
        assert_eq!(counts, [2, 0, 1, 5]);
        let import = answer.body["import_id"].as_str().unwrap();
        let invalid = format!("/api/v1/imports/{import}/invalid");
        let kept = kit.with(&token, "GET", &invalid, None).await;
        let kept = kept.body["data"].as_array().unwrap().clone();
        assert_eq!(kept.len(), 5, "as many as were rejected");
        assert_eq!(kept[1]["cells"], json!(["", "", "13800138002", "四十"]));
        assert_eq!(kept[2]["code"], "UNKNOWN_FIELD");
        assert_eq!(kept[3]["cells"], json!(["", "", r#"{"a":1}"#, ""]));

        let again = push(&kit, &token, &id, rows).await;
        assert_eq!(
            (&again.body["created"], &again.body["updated"]),
            (&json!(0), &json!(2))
        );
        assert_eq!(again.body["import_id"], answer.body["import_id"]);
        let kept = leads::page(&kit.db, &id, -1, 10).await.unwrap();
        let phones: Vec<&str> = kept.iter().map(|lead| lead.phone.as_str()).collect();
        assert_eq!(phones, ["13800138000", "13800138001"]);
        assert_eq!(
            kept[0].id,
            answer.body["rows"][0]["lead_id"].as_str().unwrap()
        );
    })
    .await;
}

#[tokio::test]
async fn a_push_of_nothing_but_bad_rows_is_kept_as_rejects() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Marketer).await;
        let id = batch(&kit, &token, "external").await;
        let sheet = |import: &str| home.data_dir.join(store::files::rejects_of(import));
        let bad = json!([{"external_id": "c1", "data": {"姓名": "李"}}]);
        let answer = push(&kit, &token, &id, bad.clone()).await;
        assert_eq!(answer.body["rejected"], 1, "{}", answer.text);
        let import = answer.body["import_id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/imports/{import}");
        let day = kit.with(&token, "GET", &path, None).await;
        assert_eq!(
            (&day.body["invalid"], &day.body["good"]),
            (&json!(1), &json!(0))
        );
        // A sheet of the day's rejects that was written before tells too little now.
        std::fs::create_dir_all(sheet(&import).parent().unwrap()).unwrap();
        std::fs::write(sheet(&import), "old").unwrap();
        let again = push(&kit, &token, &id, bad).await;
        assert_eq!(again.body["import_id"], import.as_str());
        assert!(!sheet(&import).exists());
        let kept = kit
            .with(&token, "GET", &format!("{path}/invalid"), None)
            .await;
        let rows = kept.body["data"].as_array().unwrap().iter();
        let rows: Vec<(i64, &str)> = rows
            .map(|row| {
                (
                    row["row_no"].as_i64().unwrap(),
                    row["cells"][0].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(rows, [(1, "c1"), (2, "c1")]);
    })
    .await;
}

#[tokio::test]
async fn five_thousand_rows_go_in_once_under_one_key() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Marketer).await;
        let id = batch(&kit, &token, "external").await;
        let rows: Vec<Value> = (0..5_000_u64)
            .map(|n| {
                json!({"external_id": format!("e{n}"), "data": {
                    "号码": 13_900_000_000 + n, "姓名": "长".repeat(90)}})
            })
            .collect();
        let path = format!("/api/v1/batches/{id}/rows");
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", "k")];
        let body = json!({"rows": rows});
        let first = kit.ask("POST", &path, &headers, Some(body.clone())).await;
        assert_eq!(first.body["created"], 5_000, "{}", first.body["code"]);
        let again = kit.ask("POST", &path, &headers, Some(body)).await;
        assert_eq!(again.headers["idempotency-replayed"], "true");
        assert_eq!(again.body["created"], 5_000);
        assert_eq!(leads::count(&kit.db, &id).await.unwrap(), 5_000);
        let more: Vec<Value> = (0..5_001).map(|_| json!({"data": {}})).collect();
        assert_eq!(push(&kit, &token, &id, json!(more)).await.status, 422);
        assert_eq!(push(&kit, &token, &id, json!([])).await.status, 422);
    })
    .await;
}

#[tokio::test]
async fn only_an_external_batch_takes_rows() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Marketer).await;
        let id = batch(&kit, &token, "temporary").await;
        let rows = json!([{"data": {"号码": "13800138000"}}]);
        let refused = push(&kit, &token, &id, rows).await;
        assert_eq!(
            (refused.status.as_u16(), refused.code()),
            (409, "BATCH_NOT_EXTERNAL")
        );
    })
    .await;
}

#[tokio::test]
async fn rows_bring_a_priority_and_keep_it() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Marketer).await;
        let id = batch(&kit, &token, "external").await;
        let rows = json!([
            {"external_id": "a", "priority": 7, "data": {"号码": "13800138000"}},
            {"external_id": "b", "data": {"号码": "13800138001"}},
            {"external_id": "c", "priority": 10, "data": {"号码": "13800138002"}},
        ]);
        let answer = push(&kit, &token, &id, rows).await;
        assert_eq!(
            answer.body["rows"][2]["code"], "BAD_PRIORITY",
            "{}",
            answer.text
        );
        let priorities = async || {
            let rows = leads::page(&kit.db, &id, -1, 10).await.unwrap();
            rows.iter().map(|lead| lead.priority).collect::<Vec<_>>()
        };
        assert_eq!(priorities().await, [7, 0]);
        let again = json!([
            {"external_id": "a", "data": {"姓名": "李", "号码": "13800138000"}},
            {"external_id": "b", "priority": 2, "data": {"号码": "13800138001"}},
        ]);
        push(&kit, &token, &id, again).await;
        assert_eq!(priorities().await, [7, 2]);
    })
    .await;
}
