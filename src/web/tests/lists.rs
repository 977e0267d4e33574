//! Records, exports and pre-flights as people see them, on both databases.

use serde_json::{Value, json};
use store::{
    access::{FIRST_ORGI, Role},
    filter_runs, filters, imports,
    testing::{about, on_both},
};

use super::{kit::Kit, leads::batch};
use crate::clock::now;

#[tokio::test]
async fn every_count_of_a_record_opens_as_many_leads() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Marketer).await;
        let (batch, _, ids) = batch(&kit.db, "回访批次", 9).await;
        let run = run(&kit, &batch).await;
        let import = imports::list(&kit.db, &batch, None, 1).await.unwrap().remove(0);
        about(&kit.db, &import.id, "UPDATE imports SET good = 9, title = '一_2026-11-20 09:00:00' WHERE id = $1").await;
        about(&kit.db, &run, "INSERT INTO campaigns (id, orgi, creater, name, campaign_type, filter_id,
             extract_count, default_alloc, settings, state, created_at, updated_at)
             SELECT 'cmp_1', orgi, 'u', '回访', 'predictive', filter_id, 9, 0, '{}', 'stopped', 1, 1
             FROM filter_runs WHERE id = $1").await;
        about(&kit.db, &run, "INSERT INTO tasks (id, orgi, campaign_id, title, state, filter_run_id,
             filtered, to_agent, to_queue, unallocated, recycled, created_at)
             VALUES ('tsk_1', 'main', 'cmp_1', '回访_2026-11-20 10:00:00', 'ready', $1, 9, 2, 3, 4, 1, 1)").await;
        for (at, id) in ids.iter().enumerate() {
            let sql = match at {
                0 | 1 => "UPDATE leads SET task_id = 'tsk_1', alloc_status = 'agent' WHERE id = $1",
                2..=4 => "UPDATE leads SET task_id = 'tsk_1', alloc_status = 'queue' WHERE id = $1",
                5 => "UPDATE leads SET task_id = 'tsk_1', alloc_status = 'recycled' WHERE id = $1",
                _ => continue,
            };
            about(&kit.db, id, sql).await;
        }
        // All of them were free when the task began.
        let mut places = filter_runs::Places::default();
        places.extend(positions(&kit, &batch).await);
        let mut tx = kit.db.begin().await.unwrap();
        filter_runs::keep_drawn(&mut tx, "tsk_1", &run, &places, now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let get = async |path: &str| {
            let answer = kit.with(&token, "GET", path, None).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text);
            answer.body
        };
        for (list, checked) in [("imports", 1), ("filters", 9), ("tasks", 9)] {
            let page = get(&format!("/api/v1/records/{list}?batch_id={batch}")).await;
            assert_eq!((&page["count"], page["data"].as_array().unwrap().len()), (&json!(1), 1));
            let record = &page["data"][0];
            assert!(record["title"].as_str().unwrap().contains("_20"), "{record}");
            let mut seen = 0;
            for (count, path) in record["links"].as_object().unwrap() {
                if count == "invalid" {
                    continue;
                }
                let path = format!("{}&count=exact", path.as_str().unwrap());
                assert_eq!(get(&path).await["count"], record[count], "{list} {count}");
                seen += 1;
            }
            assert_eq!(seen, checked, "{list}");
        }
        // A run that no task drew from gave nothing away, whoever has its leads by another one.
        about(&kit.db, "tsk_1", "UPDATE tasks SET filter_run_id = NULL WHERE id = $1").await;
        let alone = get(&format!("/api/v1/records/filters?batch_id={batch}")).await["data"][0].clone();
        assert_eq!((&alone["task_id"], &alone["unallocated"]), (&Value::Null, &json!(9)));
        let opened = format!("{}&count=exact", alone["links"]["unallocated"].as_str().unwrap());
        assert_eq!(get(&opened).await["count"], 9);
        about(&kit.db, "tsk_1", "UPDATE tasks SET filter_run_id =
             (SELECT id FROM filter_runs WHERE purpose = 'hits') WHERE id = $1").await;
        let sums = get("/api/v1/records/tasks?campaign_id=cmp_1").await["data"][0].clone();
        let basis = &sums["basis"];
        assert_eq!(
            (&basis["today"], &basis["versions"][&batch], &basis["snapshot_version"]),
            (&json!("2026-11-20"), &json!(7), &json!(7)),
            "{basis}"
        );
        let today = &basis["conditions"][0]["value"];
        let fixed = &basis["resolved"][0]["value"];
        assert_eq!((today, fixed), (&json!("today"), &json!("2026-11-20")), "{basis}");
        let result = get(&format!("/api/v1/filter-runs/{run}")).await;
        assert_eq!(&result["basis"], basis);
        let of = |name: &str| sums[name].as_i64().unwrap();
        let parts = ["to_agent", "to_dept", "to_ai", "to_queue", "unallocated"];
        assert_eq!(of("filtered"), parts.map(of).iter().sum::<i64>());
        for empty in ["others", "tasks?campaign_id=cmp_2", "filters?batch_id=bat_2"] {
            assert_eq!(get(&format!("/api/v1/records/{empty}")).await["data"], json!([]));
        }
    })
    .await;
}

/// A run that selected every lead of the batch.
pub async fn run(kit: &Kit, batch: &str) -> String {
    let mut tx = kit.db.begin().await.unwrap();
    let new = filters::NewFilter {
        orgi: FIRST_ORGI,
        creater: "u",
        name: "回访批次的筛选",
        over: filters::Over::Batch(batch),
        description: "",
        form: &serde_json::from_value(created_on("today")).unwrap(),
        zone: filters::ZONE,
    };
    let filter = filters::create(&mut tx, &new, now()).await.unwrap();
    let run = filter_runs::create(&mut tx, FIRST_ORGI, &filter, now())
        .await
        .unwrap()
        .unwrap();
    let resolved = json!({"form": created_on("2026-11-20"), "today": "2026-11-20"});
    let resolved = serde_json::from_value(resolved).unwrap();
    let versions = [(batch.to_owned(), 7)].into();
    filter_runs::start(&mut tx, &run, &resolved, &versions)
        .await
        .unwrap();
    let positions = positions(kit, batch).await;
    filter_runs::add_hits(&mut tx, &run, batch, &positions)
        .await
        .unwrap();
    filter_runs::succeed(&mut tx, &run, 9, now()).await.unwrap();
    tx.commit().await.unwrap();
    run
}

fn created_on(day: &str) -> Value {
    json!([{"field": "created_at", "op": "eq", "value": day, "connector": "AND"}])
}

/// Of the batch's nine leads.
async fn positions(kit: &Kit, batch: &str) -> Vec<i64> {
    let import = imports::list(&kit.db, batch, None, 1)
        .await
        .unwrap()
        .remove(0);
    let rows = 2..11;
    rows.map(|row| imports::position(import.ordinal, row))
        .collect()
}

#[tokio::test]
async fn an_export_is_checked_first_and_fetched_when_it_is_done() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Marketer).await;
        let (batch, fields, _) = batch(&kit.db, "回访批次", 2).await;
        let path = format!("/api/v1/batches/{batch}/export");
        let post = async |body: Value| kit.with(&token, "POST", &path, Some(body)).await;
        for (body, pointer) in [
            (json!({"format": "pdf"}), "/format"),
            (json!({"columns": ["fnone"]}), "/columns/0"),
            (json!({"reveal": true}), "/reveal"),
            (json!({"search": {"tab": "lost"}}), "/tab"),
        ] {
            let answer = post(body).await;
            assert_eq!(
                answer.body["errors"][0]["pointer"], pointer,
                "{}",
                answer.text
            );
        }
        let good =
            json!({"format": "csv", "columns": [fields[0].code], "search": {"tab": "notcall"}});
        let answer = post(good).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        let export = answer.body["export_id"].as_str().unwrap().to_owned();
        let file = format!("/api/v1/exports/{export}/file");
        assert_eq!(
            kit.with(&token, "GET", &file, None).await.code(),
            "JOB_RUNNING"
        );
        let written = store::files::export(&home.data_dir, &export, "csv");
        std::fs::create_dir_all(written.parent().unwrap()).unwrap();
        std::fs::write(&written, "姓名\n").unwrap();
        let mut tx = kit.db.begin().await.unwrap();
        store::exports::succeed(&mut tx, &export, 2, now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let fetched = kit.with(&token, "GET", &file, None).await;
        assert_eq!(
            (fetched.status.as_u16(), fetched.text.as_str()),
            (200, "姓名\n")
        );
        assert_eq!(fetched.headers["content-type"], "text/csv; charset=utf-8");
        let one = kit
            .with(&token, "GET", &format!("/api/v1/exports/{export}"), None)
            .await;
        assert_eq!(
            (&one.body["rows"], &one.body["state"]),
            (&json!(2), &json!("succeeded"))
        );
        std::fs::remove_file(&written).unwrap();
        let expired = kit.with(&token, "GET", &file, None).await;
        assert_eq!(
            (expired.status.as_u16(), expired.code()),
            (410, "FILE_EXPIRED")
        );
    })
    .await;
}
