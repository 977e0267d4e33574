//! Batches, their fields, dictionaries, settings and products.

use axum::http::StatusCode;
use engine::field::Field;
use serde_json::{Value, json};
use store::{access::Role, batches, fields, testing::on_both};

use super::kit::{Answer, Desk};
use crate::clock::now;

impl Desk {
    /// A batch with the fields 姓名 and 号码, saved. Returns its id and the codes.
    async fn batch(&self, name: &str) -> (String, Vec<String>) {
        let id = self
            .ask("POST", "/batches", json!({"name": name}))
            .await
            .id();
        let mut tx = self.kit.db.begin().await.unwrap();
        let titles = ["姓名".to_owned(), "号码".to_owned()];
        fields::add_titles(&mut tx, &id, &titles, now())
            .await
            .unwrap();
        let phone = fields::list_in(&mut tx, &id).await.unwrap().remove(1);
        let phone = Field {
            is_phone: true,
            ..phone
        };
        fields::update(&mut tx, &id, &phone, now()).await.unwrap();
        batches::save_template(&mut tx, &id, now()).await.unwrap();
        tx.commit().await.unwrap();
        let fields = fields::list(&self.kit.db, &id).await.unwrap();
        (id, fields.into_iter().map(|field| field.code).collect())
    }
}

fn refused(answer: &Answer, status: StatusCode, code: &str) {
    assert_eq!(
        (answer.status, answer.code()),
        (status, code),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn an_archived_batch_is_read_only_until_it_is_brought_back() {
    on_both(|home| async move {
        let desk = Desk::new(&home).await;
        let (id, codes) = desk.batch("一").await;
        let path = format!("/batches/{id}");
        let archived = desk.ask("PATCH", &path, json!({"archived": true})).await;
        assert_eq!(archived.body["state"], "archived");
        for (method, path, body) in [
            ("PATCH", path.clone(), json!({"name": "二"})),
            (
                "PATCH",
                format!("{path}/fields/{}", codes[0]),
                json!({"hidden": true}),
            ),
            (
                "POST",
                format!("{path}/fields"),
                json!({"title": "x", "local_only": true}),
            ),
            ("POST", format!("{path}/template/save"), Value::Null),
        ] {
            let answer = desk.ask(method, &path, body).await;
            refused(&answer, StatusCode::CONFLICT, "BATCH_ARCHIVED");
        }
        let back = desk.ask("PATCH", &path, json!({"archived": false})).await;
        assert_eq!(back.body["state"], "ready");
        let filter = json!({"name": "f", "batch_id": id});
        let filter = desk.ask("POST", "/filters", filter).await;
        assert_eq!(filter.status, 201, "{}", filter.text);
        refused(
            &desk.ask("DELETE", &path, Value::Null).await,
            StatusCode::CONFLICT,
            "BATCH_IN_USE",
        );
    })
    .await;
}

#[tokio::test]
async fn fields_are_edited_one_by_one_and_many_at_once() {
    on_both(|home| async move {
        let desk = Desk::new(&home).await;
        let (id, codes) = desk.batch("一").await;
        let path = format!("/batches/{id}/fields");
        let one = format!("{path}/{}", codes[0]);
        let changed = desk
            .ask("PATCH", &one, json!({"max_len": 20, "element": "textarea"}))
            .await;
        assert_eq!(changed.body["data"][0]["max_len"], 20, "{}", changed.text);
        assert_eq!(changed.body["data"][0]["title"], "姓名");
        assert_eq!(changed.body["system"][0]["code"], "id");
        let bad = desk.ask("PATCH", &one, json!({"max_len": 0})).await;
        assert_eq!(bad.body["errors"][0]["pointer"], "/max_len");
        let bad = desk.ask("PATCH", &one, json!({"colour": 1})).await;
        assert_eq!(bad.body["errors"][0]["code"], "unknown_field");
        let anew = desk.ask("PUT", &one, json!({"title": "称呼"})).await;
        assert_eq!(anew.body["data"][0]["max_len"], 100, "{}", anew.text);

        let local = json!({"title": "备注", "local_only": true});
        let added = desk.ask("POST", &path, local.clone()).await;
        assert_eq!(added.status, 201, "{}", added.text);
        let local_code = added.body["code"].as_str().unwrap().to_owned();
        refused(
            &desk.ask("POST", &path, local).await,
            StatusCode::CONFLICT,
            "TITLE_TAKEN",
        );
        let order = format!("/batches/{id}/field-order");
        let ordered = desk
            .ask("PUT", &order, json!({"codes": [local_code]}))
            .await;
        assert_eq!(ordered.body["data"][0]["title"], "备注", "{}", ordered.text);

        let many = json!({"codes": [local_code, codes[0]], "hidden": true,
            "positions": ["list"], "checks": ["not_empty"]});
        let all = desk.ask("PATCH", &path, many).await.body;
        for at in [0, 1] {
            let field = &all["data"][at];
            assert_eq!(
                (&field["hidden"], &field["positions"]),
                (&json!(true), &json!(["list"]))
            );
        }
        assert_eq!(all["data"][2]["hidden"], false);

        let delete = format!("{path}/delete");
        let system = desk
            .ask("POST", &delete, json!({"codes": [local_code, "orgi"]}))
            .await;
        refused(&system, StatusCode::CONFLICT, "FIELD_IN_USE");
        let form = json!({"name": "有称呼", "batch_id": id});
        let filter = desk.ask("POST", "/filters", form).await.id();
        let rows = json!([{"field": codes[0], "op": "not_null"}]);
        let set = desk
            .ask("PUT", &format!("/filters/{filter}/conditions"), rows)
            .await;
        assert_eq!(set.status, 200, "{}", set.text);
        let used = json!({"codes": [local_code, codes[0]]});
        let used = desk.ask("POST", &delete, used).await;
        refused(&used, StatusCode::CONFLICT, "FIELD_IN_USE");
        assert!(used.body["detail"].as_str().unwrap().contains("有称呼"));
        let still = desk.ask("GET", &path, Value::Null).await.body;
        assert_eq!(still["data"].as_array().unwrap().len(), 3, "all or none");
        let gone = desk
            .ask("POST", &delete, json!({"codes": [local_code]}))
            .await;
        assert_eq!(gone.status, 204, "{}", gone.text);
    })
    .await;
}

#[tokio::test]
async fn a_dictionary_is_bound_by_its_id_and_kept_while_it_is() {
    on_both(|home| async move {
        let desk = Desk::new(&home).await;
        let (id, codes) = desk.batch("一").await;
        let twice = json!({"name": "d", "items": [
            {"code": "1", "label": "a"}, {"code": "1", "label": "b"}]});
        let bad = desk.ask("POST", "/dictionaries", twice).await;
        assert_eq!(bad.body["errors"][0]["pointer"], "/items/1/code");
        let items =
            json!([{"code": "1", "label": "有意向"}, {"code": "0", "label": "无", "sort": 1}]);
        let asked = json!({"name": "客户意向", "items": items});
        let made = desk.ask("POST", "/dictionaries", asked).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let dictionary = made.id();
        let field = format!("/batches/{id}/fields/{}", codes[0]);
        let unknown = desk
            .ask("PATCH", &field, json!({"dictionary": "dic_0"}))
            .await;
        refused(&unknown, StatusCode::CONFLICT, "NO_SUCH_DICTIONARY");
        let bound = json!({"dictionary": dictionary, "element": "radio", "replace": true});
        assert_eq!(desk.ask("PATCH", &field, bound).await.status, 200);
        let path = format!("/dictionaries/{dictionary}");
        let in_use = desk.ask("DELETE", &path, Value::Null).await;
        refused(&in_use, StatusCode::CONFLICT, "DICTIONARY_IN_USE");
        let uses = desk.ask("GET", &format!("{path}/uses"), Value::Null).await;
        assert_eq!(uses.body["data"][0]["field"], "姓名");
        let fewer = json!({"name": "客户意向", "items": []});
        let fewer = desk.ask("PUT", &path, fewer).await;
        refused(&fewer, StatusCode::CONFLICT, "DICTIONARY_ITEM_IN_USE");
        let off = json!({"name": "意向", "items": [
            {"code": "1", "label": "有意向", "enabled": false}, {"code": "0", "label": "无"}]});
        let off = desk.ask("PUT", &path, off).await;
        assert_eq!(off.body["items"][0]["enabled"], false, "{}", off.text);
        let free = desk
            .ask(
                "PATCH",
                &field,
                json!({"dictionary": null, "replace": false}),
            )
            .await;
        assert_eq!(free.status, 200, "{}", free.text);
        assert_eq!(desk.ask("DELETE", &path, Value::Null).await.status, 204);
    })
    .await;
}

/// RST-007 and RST-009 call some things by other names than ours.
#[tokio::test]
async fn names_of_the_specification_are_understood() {
    on_both(|home| async move {
        let desk = Desk::new(&home).await;
        let (batch, _) = desk.batch("一").await;
        let form = json!({"name": "f", "batch_id": batch});
        let filter = desk.ask("POST", "/filters", form).await.id();
        let window = json!({"zone": "Asia/Shanghai", "weekdays": [1], "ranges": [[600, 660]]});
        let asked = json!({"name": "回访", "campaign_type": "robot", "filter_form": filter,
            "window": window});
        let made = desk.ask("POST", "/campaigns", asked).await;
        assert_eq!(made.status, 201, "{}", made.text);
        assert_eq!(made.body["filter_id"], filter);
        assert_eq!(
            made.body["settings"]["window"]["ranges"],
            json!([[600, 660]])
        );
        let path = format!("/campaigns/{}", made.id());
        let mut later = window.clone();
        later["ranges"] = json!([[700, 760]]);
        let ring = made.body["settings"]["ring_timeout_s"].clone();
        let asked = json!({"revision": made.body["revision"], "window": later});
        let changed = desk.ask("PATCH", &path, asked).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
        let settings = &changed.body["settings"];
        assert_eq!(
            (&settings["window"]["ranges"], &settings["ring_timeout_s"]),
            (&json!([[700, 760]]), &ring)
        );
        let both = json!({"name": "x", "campaign_type": "robot", "filter_form": filter,
            "window": window, "settings": {"window": window}});
        let both = desk.ask("POST", "/campaigns", both).await;
        assert_eq!(
            both.body["errors"][0]["pointer"], "/window",
            "{}",
            both.text
        );
        let campaign = made.id();
        for list in ["imports", "filters", "tasks", "others"] {
            let path = format!("/records/{list}?batch={batch}&filter={filter}&campaign={campaign}");
            let answer = desk.ask("GET", &path, Value::Null).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
    })
    .await;
}

#[tokio::test]
async fn a_campaign_follows_the_settings_in_what_it_does_not_set_itself() {
    on_both(|home| async move {
        let desk = Desk::new(&home).await;
        let (batch, _) = desk.batch("一").await;
        let form = json!({"name": "f", "batch_id": batch});
        let filter = desk.ask("POST", "/filters", form).await.id();
        let campaign = async |name: &str, settings: Value| {
            let asked = json!({"name": name, "campaign_type": "robot", "filter_id": filter,
                "settings": settings});
            let answer = desk.ask("POST", "/campaigns", asked).await;
            assert_eq!(answer.status, 201, "{}", answer.text);
            (answer.id(), answer.body["settings"].clone())
        };
        let (old, _) = campaign("旧", json!({})).await;
        let ring = json!({"ring_timeout_s": 30});
        let (own, before) = campaign("自己的", ring).await;
        let place = "/settings/outbound";
        let bad = desk.ask("PUT", place, json!({"ring_timeout": 61})).await;
        assert_eq!(bad.body["errors"][0]["pointer"], "/ring_timeout");
        let set = json!({"ring_timeout": 45, "retry_minutes": {"busy": 7}, "phone_mask": true});
        let tenant = desk.ask("PUT", place, set).await;
        assert_eq!(
            tenant.body["effective"]["ring_timeout"], 45,
            "{}",
            tenant.text
        );
        assert_eq!(tenant.body["sources"]["retry_minutes/busy"], "tenant");
        assert_eq!(tenant.body["sources"]["retry_minutes/no_answer"], "default");

        let asked = json!({"retry": {"max_attempts": 9}, "record": false});
        let (_, new) = campaign("新", asked).await;
        assert_eq!(new["disposition_required"], true, "the default is on");
        assert_eq!(new["ring_timeout_s"], 45);
        assert_eq!(
            (&new["retry"]["busy_minutes"], &new["retry"]["max_attempts"]),
            (&json!(7), &json!(9))
        );
        assert_eq!(new["record"], false);
        let now = async |id: &str| {
            let path = format!("/campaigns/{id}");
            desk.ask("GET", &path, Value::Null).await.body
        };
        let (followed, kept) = (now(&old).await, now(&own).await);
        assert_eq!(followed["settings"]["ring_timeout_s"], 45);
        assert_eq!(followed["settings"]["retry"]["busy_minutes"], 7);
        assert_eq!(followed["own_settings"], json!([]));
        assert_eq!(before["ring_timeout_s"], 30);
        assert_eq!(kept["settings"]["ring_timeout_s"], 30, "its own word");
        assert_eq!(kept["settings"]["retry"]["busy_minutes"], 7);
        assert_eq!(kept["own_settings"], json!(["ring_timeout"]));

        let of_old = format!("{place}?scope=campaign&id={old}");
        let seen = desk.ask("GET", &of_old, Value::Null).await;
        assert_eq!(seen.body["effective"]["ring_timeout"], 45);
        assert_eq!(seen.body["sources"]["ring_timeout"], "tenant");
        assert_eq!(seen.body["effective"]["phone_mask"], true);
        assert_eq!(seen.body["sources"]["phone_mask"], "tenant");
        let of_own = format!("{place}?scope=campaign&id={own}");
        let seen = desk.ask("GET", &of_own, Value::Null).await;
        assert_eq!(seen.body["effective"]["ring_timeout"], 30);
        assert_eq!(seen.body["sources"]["ring_timeout"], "campaign");

        // Sent back as it was read, with one change: that becomes the campaign's own.
        let mut settings = followed["settings"].clone();
        settings["retry"]["max_attempts"] = json!(5);
        let change = json!({"revision": followed["revision"], "settings": settings});
        let path = format!("/campaigns/{old}");
        let changed = desk.ask("PATCH", &path, change).await;
        assert_eq!(
            changed.body["own_settings"],
            json!(["max_attempts"]),
            "{}",
            changed.text
        );
        // And given back to the wider levels.
        let change = json!({"revision": kept["revision"], "own_settings": []});
        let path = format!("/campaigns/{own}");
        let given_back = desk.ask("PATCH", &path, change).await;
        assert_eq!(
            given_back.body["settings"]["ring_timeout_s"], 45,
            "{}",
            given_back.text
        );
        let unknown = json!({"revision": given_back.body["revision"], "own_settings": ["colour"]});
        assert_eq!(desk.ask("PATCH", &path, unknown).await.status, 422);
        let shorter = desk.ask("PUT", place, json!({"max_attempts": 2})).await;
        assert_eq!(shorter.status, 200, "{}", shorter.text);
        assert_eq!(now(&old).await["settings"]["retry"]["max_attempts"], 5);
        assert_eq!(
            now(&old).await["settings"]["ring_timeout_s"],
            30,
            "the default again"
        );
        assert_eq!(now(&own).await["settings"]["retry"]["max_attempts"], 2);
        let masked = desk.ask("PUT", place, json!({"phone_mask": true})).await;
        assert_eq!(masked.status, 200, "{}", masked.text);
        let elsewhere = desk.ask("PUT", &of_old, json!({"ring_timeout": 20})).await;
        assert_eq!(
            elsewhere.body["errors"][0]["code"], "elsewhere",
            "{}",
            elsewhere.text
        );
        let own = desk.ask("PUT", &of_old, json!({"phone_mask": false})).await;
        assert_eq!(own.body["sources"]["phone_mask"], "campaign");
        for wrong in ["scope=campaign", "scope=team", "id=x"] {
            let answer = desk
                .ask("GET", &format!("{place}?{wrong}"), Value::Null)
                .await;
            assert_eq!(answer.status, 422, "{wrong}");
        }
        let missing = desk
            .ask(
                "GET",
                &format!("{place}?scope=department&id=d"),
                Value::Null,
            )
            .await;
        assert_eq!(missing.status, 404);
    })
    .await;
}

/// A campaign is its maker's department's, and moves with its maker.
#[tokio::test]
async fn a_department_s_settings_win_over_the_tenant_s() {
    on_both(|home| async move {
        let desk = Desk::new(&home).await;
        let admin = desk.kit.token(Role::Admin).await;
        let admin = async |method: &str, path: &str, body: Value| {
            let path = format!("/api/v1{path}");
            let answer = desk.kit.with(&admin, method, &path, Some(body)).await;
            assert!(answer.status.is_success(), "{path}: {}", answer.text);
            answer
        };
        let (batch, _) = desk.batch("一").await;
        let form = json!({"name": "f", "batch_id": batch});
        let filter = desk.ask("POST", "/filters", form).await.id();
        let asked = json!({"name": "c", "campaign_type": "robot", "filter_id": filter});
        let campaign = desk.ask("POST", "/campaigns", asked).await.id();
        let ring = async || {
            let path = format!("/campaigns/{campaign}");
            desk.ask("GET", &path, Value::Null).await.body["settings"]["ring_timeout_s"].clone()
        };
        let sales = json!({"name": "销售"});
        let sales = admin("POST", "/departments", sales).await.id();
        let place = format!("/settings/outbound?scope=department&id={sales}");
        admin("PUT", "/settings/outbound", json!({"ring_timeout": 20})).await;
        admin("PUT", &place, json!({"ring_timeout": 50})).await;
        assert_eq!(ring().await, 20, "its maker is in no department yet");
        let maker = format!("/users/usr_{}", Role::Supervisor);
        admin("PATCH", &maker, json!({"department_id": sales})).await;
        assert_eq!(ring().await, 50);
        admin("PUT", &place, json!({})).await;
        assert_eq!(ring().await, 20, "the department says nothing any more");
    })
    .await;
}

#[tokio::test]
async fn products_have_a_price_and_a_stock() {
    on_both(|home| async move {
        let desk = Desk::new(&home).await;
        let asked = json!({"title": "宽带", "price": "100", "stock": 100, "category": "网络"});
        let made = desk.ask("POST", "/products", asked.clone()).await;
        assert_eq!(made.body["price"], "100.00", "{}", made.text);
        for (name, value, pointer) in [
            ("price", json!("1.234"), "/price"),
            ("stock", json!(-1), "/stock"),
            ("kind", json!("gift"), "/kind"),
            ("title", json!(""), "/title"),
            ("image", json!("javascript:x"), "/image"),
        ] {
            let mut asked = asked.clone();
            asked[name] = value;
            let bad = desk.ask("POST", "/products", asked).await;
            assert_eq!(bad.body["errors"][0]["pointer"], pointer, "{}", bad.text);
        }
        let path = format!("/products/{}", made.id());
        let mut service = json!({"title": "保修", "kind": "service", "price": "9.9"});
        let blind = desk.ask("PUT", &path, service.clone()).await;
        assert_eq!(blind.body["errors"][0]["pointer"], "/revision");
        service["revision"] = made.body["revision"].clone();
        let changed = desk.ask("PUT", &path, service.clone()).await;
        assert_eq!(
            (&changed.body["price"], &changed.body["stock"]),
            (&json!("9.90"), &json!(0))
        );
        let again = desk.ask("PUT", &path, service).await;
        refused(&again, StatusCode::CONFLICT, "REVISION_CONFLICT");
        let listed = desk.ask("GET", "/products?kind=service", Value::Null).await;
        assert_eq!(listed.body["data"].as_array().unwrap().len(), 1);
        assert_eq!(desk.ask("DELETE", &path, Value::Null).await.status, 204);
        assert_eq!(desk.ask("GET", &path, Value::Null).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_planned_batch_has_a_source_that_can_be_asked_at_once() {
    on_both(|home| async move {
        let desk = Desk::new(&home).await;
        let (other, _) = desk.batch("别的").await;
        let asked = json!({"name": "计划", "batch_type": "planned"});
        let id = desk.ask("POST", "/batches", asked).await.id();
        let path = format!("/batches/{id}/source");
        assert_eq!(desk.ask("GET", &path, Value::Null).await.status, 404);
        let spec = json!({"spec": {"cron": "0 2 * * *",
            "from": {"kind": "directory", "path": "/srv/lists", "pattern": "*.xlsx"}}});
        let wrong = desk
            .ask("PUT", &format!("/batches/{other}/source"), spec.clone())
            .await;
        refused(&wrong, StatusCode::CONFLICT, "BATCH_NOT_PLANNED");
        let mut bad = spec.clone();
        bad["spec"]["cron"] = json!("soon");
        let bad = desk.ask("PUT", &path, bad).await;
        assert_eq!(
            bad.body["errors"][0]["pointer"], "/spec/cron",
            "{}",
            bad.text
        );
        let kept = desk.ask("PUT", &path, spec).await;
        assert_eq!(kept.status, 200, "{}", kept.text);
        assert!(kept.body["next_at"].is_string());
        assert_eq!(kept.body["spec"]["zone"], "Asia/Shanghai");
        let run = format!("{path}/run");
        refused(
            &desk.ask("POST", &run, Value::Null).await,
            StatusCode::CONFLICT,
            "BATCH_NOT_READY",
        );
        let mut tx = desk.kit.db.begin().await.unwrap();
        fields::add_titles(&mut tx, &id, &["号码".to_owned()], now())
            .await
            .unwrap();
        let phone = Field {
            is_phone: true,
            ..fields::list_in(&mut tx, &id).await.unwrap().remove(0)
        };
        fields::update(&mut tx, &id, &phone, now()).await.unwrap();
        batches::save_template(&mut tx, &id, now()).await.unwrap();
        tx.commit().await.unwrap();
        let first = desk.ask("POST", &run, Value::Null).await;
        assert_eq!(first.status, 202, "{}", first.text);
        refused(
            &desk.ask("POST", &run, Value::Null).await,
            StatusCode::CONFLICT,
            "PULL_RUNNING",
        );
        let seen = desk.ask("GET", &path, Value::Null).await;
        assert_eq!(seen.body["last_job"], first.body["job_id"]);
        assert_eq!(desk.ask("DELETE", &path, Value::Null).await.status, 204);
    })
    .await;
}
