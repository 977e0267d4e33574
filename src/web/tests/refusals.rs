//! What is refused of lists, so that nothing they hold is lost or wrong afterwards.

use engine::field::{Check, Field};
use serde_json::{Value, json};
use store::{
    access::FIRST_ORGI,
    batches, fields, filter_runs,
    filters::{self, NewFilter, Over},
    imports, previews,
    testing::{about, on_both},
};

use super::{kit::Desk, leads::batch};
use crate::clock::now;

async fn code(desk: &Desk, method: &str, path: &str, body: Value) -> (u16, String) {
    let answer = desk.ask(method, path, body).await;
    (answer.status.as_u16(), answer.code().to_owned())
}

fn no(code: &str) -> (u16, String) {
    (409, code.to_owned())
}

#[tokio::test]
async fn leads_of_an_archived_batch_are_neither_changed_nor_filtered() {
    on_both(|home| async move {
        let desk = Desk::new(&home).await;
        let (id, fields, ids) = batch(&home.db, "一", 2).await;
        let filter = json!({"name": "f", "batch_id": id});
        let filter = desk
            .kit
            .with(&desk.token, "POST", "/api/v1/filters", Some(filter))
            .await
            .id();
        let lead = store::leads::find(&home.db, &ids[0])
            .await
            .unwrap()
            .unwrap();
        let mut tx = home.db.begin().await.unwrap();
        assert!(batches::archive(&mut tx, &id, now()).await.unwrap());
        tx.commit().await.unwrap();
        let change = json!({"data": {fields[0].code.clone(): "改"}});
        for (method, path, body) in [
            ("PATCH", format!("/leads/{}", ids[0]), change),
            ("DELETE", format!("/leads/{}", ids[0]), Value::Null),
            (
                "DELETE",
                format!("/imports/{}", lead.import_id),
                Value::Null,
            ),
            (
                "POST",
                format!("/imports/{}/undo", lead.import_id),
                Value::Null,
            ),
            ("POST", format!("/filters/{filter}/query"), Value::Null),
        ] {
            let answer = code(&desk, method, &path, body).await;
            assert_eq!(answer, no("BATCH_ARCHIVED"), "{method} {path}");
        }
        let ticked = json!({"ids": [ids[1]]});
        let many = desk
            .kit
            .with(&desk.token, "POST", "/api/v1/leads/delete", Some(ticked))
            .await;
        assert_eq!(
            many.body["results"][0]["result"], "BATCH_ARCHIVED",
            "{}",
            many.text
        );
        assert_eq!(store::leads::count(&home.db, &id).await.unwrap(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_batch_of_rows_from_elsewhere_takes_no_uploads() {
    on_both(|home| async move {
        let desk = Desk::new(&home).await;
        let new = json!({"name": "推", "batch_type": "external"});
        let id = desk
            .kit
            .with(&desk.token, "POST", "/api/v1/batches", Some(new))
            .await
            .id();
        for path in ["imports", "imports/preview"] {
            let path = format!("/api/v1/batches/{id}/{path}");
            let answer = desk
                .kit
                .upload(&desk.token, &path, "a.csv", b"a\n1\n")
                .await;
            assert_eq!(
                (answer.status.as_u16(), answer.code()),
                (409, "BATCH_NOT_UPLOAD")
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_key_stays_and_what_must_be_filled_is_not_emptied() {
    on_both(|home| async move {
        let desk = Desk::new(&home).await;
        let (id, of, ids) = batch(&home.db, "一", 1).await;
        let update = async |field: Field| {
            let mut tx = home.db.begin().await.unwrap();
            fields::update(&mut tx, &id, &field, now()).await.unwrap();
            tx.commit().await.unwrap();
        };
        let path = format!("/leads/{}", ids[0]);
        let to = |value: &str| json!({"data": {of[0].code.clone(): value}});
        let checks = vec![Check::NotEmpty];
        update(Field {
            checks,
            ..of[0].clone()
        })
        .await;
        assert_eq!(code(&desk, "PATCH", &path, to("")).await.0, 422);
        assert_eq!(code(&desk, "PATCH", &path, to("改")).await.0, 200);
        let key = "UPDATE fields SET spec = REPLACE(spec, '\"is_key\":false', '\"is_key\":true')
                   WHERE code = $1";
        about(&home.db, &of[0].code, key).await;
        assert_eq!(code(&desk, "PATCH", &path, to("又改")).await.0, 422);
        let phone = json!({"is_phone": false});
        let path = format!("/batches/{id}/fields/{}", of[1].code);
        assert_eq!(code(&desk, "PATCH", &path, phone).await, no("PHONE_FIXED"));
    })
    .await;
}

#[tokio::test]
async fn a_run_whose_leads_are_gone_says_so_and_a_preflight_leaves_no_run() {
    on_both(|home| async move {
        let desk = Desk::new(&home).await;
        let (id, ..) = batch(&home.db, "一", 1).await;
        let mut tx = home.db.begin().await.unwrap();
        let new = NewFilter {
            orgi: FIRST_ORGI,
            creater: "u",
            name: "f",
            over: Over::Batch(&id),
            description: "",
            form: &engine::filter::Form::default(),
            zone: filters::ZONE,
        };
        let filter = filters::create(&mut tx, &new, now()).await.unwrap();
        let of = (FIRST_ORGI, filter.as_str());
        let run = filter_runs::create(&mut tx, of.0, of.1, now())
            .await
            .unwrap()
            .unwrap();
        filter_runs::succeed(&mut tx, &run, 1, now()).await.unwrap();
        let look = filter_runs::create_to_look(&mut tx, of.0, of.1, now())
            .await
            .unwrap()
            .unwrap();
        tx.commit().await.unwrap();
        let path = format!("/filter-runs/{run}");
        assert_eq!(
            code(&desk, "GET", &path, Value::Null).await,
            (410, "RUN_EXPIRED".into())
        );
        let path = format!("/leads?run_id={run}");
        assert_eq!(
            code(&desk, "GET", &path, Value::Null).await,
            (410, "RUN_EXPIRED".into())
        );
        let listed = filter_runs::list(&home.db, &filter, None, 9).await.unwrap();
        assert_eq!(listed.len(), 1);
        let mut tx = home.db.begin().await.unwrap();
        filter_runs::end_look(&mut tx, &look).await.unwrap();
        filter_runs::end_look(&mut tx, &run).await.unwrap();
        tx.commit().await.unwrap();
        assert!(filter_runs::get(&home.db, &look).await.unwrap().is_none());
        assert!(filter_runs::get(&home.db, &run).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn a_dry_run_is_done_again_in_another_way_without_another_upload() {
    on_both(|home| async move {
        let desk = Desk::new(&home).await;
        let (id, ..) = batch(&home.db, "一", 0).await;
        let path = format!("/api/v1/batches/{id}/imports/preview");
        let sheet = "x,y\n姓名,号码\n一,13800138000\n".as_bytes();
        let first = desk.kit.upload(&desk.token, &path, "a.csv", sheet).await;
        let earlier = first.body["preview_id"].as_str().unwrap().to_owned();
        let texts = [("preview_id", earlier.as_str()), ("header_row", "2")];
        let post = ("POST", path.as_str());
        let again = desk.kit.parts(&desk.token, post, &texts, None).await;
        assert_eq!(again.status, 202, "{}", again.text);
        let later = again.body["preview_id"].as_str().unwrap();
        let of = async |id: &str| previews::get(&home.db, id).await.unwrap().unwrap();
        let (before, after) = (of(&earlier).await, of(later).await);
        assert_eq!(after.file_path, before.file_path);
        assert_ne!(after.options.0, before.options.0);
        let both = desk
            .kit
            .parts(&desk.token, post, &texts, Some(("a.csv", sheet)))
            .await;
        assert_eq!(both.status, 422);
        let nowhere = [("preview_id", "prv_none")];
        let nowhere = desk.kit.parts(&desk.token, post, &nowhere, None).await;
        assert_eq!(nowhere.status, 404);
    })
    .await;
}

#[tokio::test]
async fn the_file_of_a_deleted_import_goes_once_nothing_names_it() {
    on_both(|home| async move {
        let desk = Desk::new(&home).await;
        let (id, ..) = batch(&home.db, "一", 0).await;
        let path = format!("/api/v1/batches/{id}/imports");
        let sheet = "姓名,号码\n一,13800138000\n".as_bytes();
        let look = format!("{path}/preview");
        let looked = desk.kit.upload(&desk.token, &look, "a.csv", sheet).await;
        let preview = looked.body["preview_id"].as_str().unwrap().to_owned();
        let texts = [("preview_id", preview.as_str())];
        let import = desk
            .kit
            .parts(&desk.token, ("POST", &path), &texts, None)
            .await;
        let of_preview = import.body["import_id"].as_str().unwrap().to_owned();
        let alone = desk.kit.upload(&desk.token, &path, "a.csv", sheet).await;
        let alone = alone.body["import_id"].as_str().unwrap().to_owned();
        for (import, goes) in [(of_preview, false), (alone, true)] {
            let file = imports::get(&home.db, &import)
                .await
                .unwrap()
                .unwrap()
                .file_path;
            let file = home.data_dir.join(file);
            let mut tx = home.db.begin().await.unwrap();
            imports::succeed(&mut tx, &import, &[], now())
                .await
                .unwrap();
            tx.commit().await.unwrap();
            assert!(file.exists());
            let path = format!("/imports/{import}");
            assert_eq!(code(&desk, "DELETE", &path, Value::Null).await.0, 200);
            assert_eq!(file.exists(), !goes);
        }
    })
    .await;
}
