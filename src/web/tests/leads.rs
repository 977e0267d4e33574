//! Lists of leads as people see them, on both databases.

use engine::{field::Field, import_row::NewLead};
use serde_json::{Value, json};
use store::{
    Db,
    access::{FIRST_ORGI, Role, audit},
    agents, batches, fields,
    imports::{self, NewImport},
    leads::{self, NewRow, Origin},
    testing::{about as set, on_both},
};

use super::kit::{Answer, Kit};
use crate::clock::{At, now};

/// A batch with hidden numbers and so many leads; the leads' ids in order.
pub async fn batch(db: &Db, name: &str, count: i64) -> (String, Vec<Field>, Vec<String>) {
    let mut tx = db.begin().await.unwrap();
    let new = batches::NewBatch {
        orgi: FIRST_ORGI,
        creater: "u",
        name,
        batch_type: "temporary",
        description: "",
    };
    let batch = batches::create(&mut tx, &new, now()).await.unwrap();
    let titles = ["姓名", "号码"].map(String::from);
    fields::add_titles(&mut tx, &batch, &titles, now())
        .await
        .unwrap();
    let phone = Field {
        is_phone: true,
        hidden: true,
        ..fields::list_in(&mut tx, &batch).await.unwrap().remove(1)
    };
    fields::update(&mut tx, &batch, &phone, now())
        .await
        .unwrap();
    batches::save_template(&mut tx, &batch, now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let fields = fields::list(db, &batch).await.unwrap();
    import(db, &batch, &fields, count).await;
    let rows = leads::page(db, &batch, -1, count).await.unwrap();
    (
        batch,
        fields,
        rows.into_iter().map(|lead| lead.id).collect(),
    )
}

/// So many leads more, which nobody has.
pub async fn import(db: &Db, batch: &str, fields: &[Field], count: i64) {
    let id = imports::new_import_id();
    let new = NewImport {
        id: &id,
        orgi: FIRST_ORGI,
        batch_id: batch,
        creater: "u",
        title: "导入",
        file_name: "a.csv",
        file_path: "uploads/a.csv",
        sha256: "",
        bytes: 1,
        options: &imports::Options::keeping_all(),
    };
    let mut tx = db.begin().await.unwrap();
    imports::create(&mut tx, &new, now()).await.unwrap();
    tx.commit().await.unwrap();
    let found = imports::get(db, &id).await.unwrap().unwrap();
    let origin = Origin {
        orgi: FIRST_ORGI,
        creater: "u",
        batch_id: batch,
        import_id: &id,
        ordinal: found.ordinal,
    };
    let rows = (2..2 + count).map(|row_no| {
        let phone = (13_800_000_000 + row_no).to_string();
        let name = format!("客户{row_no}");
        NewRow {
            row_no,
            lead: NewLead {
                phone: phone.clone(),
                phone_raw: phone.clone(),
                phones: vec![phone.clone()],
                key_value: phone.clone(),
                data: [
                    (fields[0].code.clone(), name),
                    (fields[1].code.clone(), phone),
                ]
                .into(),
            },
            dnc: false,
        }
    });
    let mut tx = db.begin().await.unwrap();
    leads::add(&mut tx, &origin, rows.collect(), now())
        .await
        .unwrap();
    imports::succeed(&mut tx, &id, &[], now()).await.unwrap();
    tx.commit().await.unwrap();
}

/// An agent with the number 1001, and the token of the user who is it.
async fn agent(kit: &Kit) -> String {
    let token = kit.token(Role::Agent).await;
    let agent = agents::Agent {
        id: "1001".into(),
        user_id: Some("usr_agent".into()),
        name: "韩梅梅".into(),
        extension: "8001".into(),
        wrap_up_s: None,
        auto_ready: false,
        keep_leg: false,
    };
    let mut tx = kit.db.begin().await.unwrap();
    agents::put(&mut tx, FIRST_ORGI, &agent, now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    token
}

pub fn ids(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let rows = answer.body["data"].as_array().unwrap();
    let id = |row: &Value| row["id"].as_str().unwrap().to_owned();
    rows.iter().map(id).collect()
}

const MINE: &str = "UPDATE leads SET alloc_status = 'agent', alloc_type = 'agent',
    alloc_target = '1001', campaign_id = 'cmp_1', next_dial_at = 1 WHERE id = $1";

#[tokio::test]
async fn an_agent_sees_the_own_list_and_nothing_else() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let (_, _, all) = batch(&kit.db, "一", 6).await;
        let token = agent(&kit).await;
        for id in &all[..3] {
            set(&kit.db, id, MINE).await;
        }
        set(
            &kit.db,
            &all[1],
            "UPDATE leads SET call_status = 'success' WHERE id = $1",
        )
        .await;
        let list = async |query: &str| {
            let path = format!("/api/v1/leads?{query}");
            kit.with(&token, "GET", &path, None).await
        };
        assert_eq!(ids(&list("").await), all[..3]);
        assert_eq!(
            ids(&list("tab=notcall").await),
            [&all[0], &all[2]].map(Clone::clone)
        );
        assert_eq!(ids(&list("tab=success").await), all[1..2]);
        let task = store::testing::task_of_department(&kit.db, FIRST_ORGI, &[], "d").await;
        store::testing::started_by(&kit.db, &task, &all[0], "usr_lead").await;
        let row = list("tab=notcall").await.body["data"][0].clone();
        assert_eq!(
            (&row["alloc_by"], &row["task_title"]),
            (&json!("usr_lead"), &json!("task"))
        );
        assert!(ids(&list("agent_id=1002").await).is_empty());
        let one = list("keyword=13800000004").await;
        assert_eq!(one.body["data"][0]["phone"], "138****0004");
        let get = async |id: &str| {
            let path = format!("/api/v1/leads/{id}");
            kit.with(&token, "GET", &path, None).await.status.as_u16()
        };
        assert_eq!((get(&all[0]).await, get(&all[4]).await), (200, 404));
        let numbers = kit
            .with(&token, "GET", "/api/v1/agents/me/overview", None)
            .await
            .body;
        assert_eq!(numbers["assigned"], 3);
        for (tab, number) in [("notcall", 2), ("appointed", 0), ("overdue", 0)] {
            let answer = list(&format!("tab={tab}&count=exact")).await;
            assert_eq!(
                (&answer.body["count"], &numbers[tab]),
                (&json!(number), &json!(number))
            );
            assert_eq!(answer.body["count_is"], "exact");
        }
        let results = kit
            .with(&token, "GET", "/api/v1/agents/me/results", None)
            .await;
        assert_eq!(results.body["data"], json!([]));
        let others = kit
            .with(&token, "GET", "/api/v1/agents/1002/overview", None)
            .await;
        assert_eq!(others.code(), "FORBIDDEN");
    })
    .await;
}

#[tokio::test]
async fn a_cursor_belongs_to_its_search() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let (batch, fields, all) = batch(&kit.db, "一", 7).await;
        let token = kit.token(Role::Marketer).await;
        let list = async |query: &str| {
            let path = format!("/api/v1/leads?{query}");
            kit.with(&token, "GET", &path, None).await
        };
        let first = list(&format!("batch_id={batch}&limit=3")).await;
        let cursor = first.body["next_cursor"].as_str().unwrap().to_owned();
        let next = list(&format!("batch_id={batch}&limit=4&cursor={cursor}")).await;
        assert_eq!([ids(&first), ids(&next)].concat(), all);
        for other in ["", "sort=last_dial&", "keyword=1380&"] {
            let answer = list(&format!("{other}limit=3&cursor={cursor}")).await;
            assert_eq!(answer.code(), "BAD_CURSOR", "{other}");
        }
        let code = &fields[0].code;
        let query = "op=like&value=%E5%AE%A2%E6%88%B73&sort=-created";
        let found = list(&format!("batch_id={batch}&field={code}&{query}")).await;
        assert_eq!(ids(&found), all[1..2]);
        let bad = list(&format!("field={code}&tab=lost&call_status=asleep")).await;
        let pointers: Vec<_> = bad.body["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| fault["pointer"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(pointers, ["/call_status", "/field", "/tab", "/tab"]);
        assert_eq!(list("colour=red").await.code(), "MALFORMED");
        assert_eq!(list("batch_id=bat_other").await.code(), "NOT_FOUND");
        assert_eq!(list("filter_id=flt_other").await.code(), "NOT_FOUND");
    })
    .await;
}

#[tokio::test]
async fn an_agent_appoints_and_takes_out_and_a_supervisor_takes_in() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let (_, _, all) = batch(&kit.db, "一", 2).await;
        let token = agent(&kit).await;
        set(&kit.db, &all[0], MINE).await;
        let post = async |token: &str, id: &str, what: &str, body: Value| {
            let path = format!("/api/v1/leads/{id}/{what}");
            kit.with(token, "POST", &path, Some(body)).await
        };
        let at = |ms: i64| json!({"at": At(now().0 + ms).text(), "note": "下午"});
        let late = post(&token, &all[0], "appointment", at(-1_000)).await;
        assert_eq!(late.body["errors"][0]["pointer"], "/at");
        let made = post(&token, &all[0], "appointment", at(3_600_000)).await;
        assert_eq!(
            (&made.body["appointed"], &made.body["appoint_note"]),
            (&json!(true), &json!("下午"))
        );
        assert_eq!(made.body["next_dial_at"], made.body["appoint_at"]);
        assert_eq!(
            post(&token, &all[1], "appointment", at(3_600_000))
                .await
                .code(),
            "NOT_FOUND"
        );
        let path = format!("/api/v1/leads/{}/appointment", all[0]);
        let forgotten = kit.with(&token, "DELETE", &path, None).await;
        assert_eq!(forgotten.body["appointed"], false);
        let out = post(&token, &all[0], "void", json!({"reason": "空号"})).await;
        assert_eq!(
            (&out.body["voided"], &out.body["next_dial_at"]),
            (&json!(true), &Value::Null)
        );
        assert_eq!(
            post(&token, &all[0], "appointment", at(1_000_000))
                .await
                .code(),
            "LEAD_VOIDED"
        );
        assert_eq!(
            post(&token, &all[0], "restore", json!({})).await.code(),
            "FORBIDDEN"
        );
        let lead = kit.token(Role::Supervisor).await;
        let back = post(&lead, &all[0], "restore", json!({})).await;
        assert_eq!(back.body["voided"], false);
        assert!(back.body["next_dial_at"].is_string(), "{}", back.text);
    })
    .await;
}

#[tokio::test]
async fn ticked_leads_are_deleted_one_by_one() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let (batch, _, all) = batch(&kit.db, "一", 3).await;
        let token = kit.token(Role::Marketer).await;
        set(&kit.db, &all[1], MINE).await;
        let asked = json!({"ids": [&all[0], &all[1], "led_gone"]});
        let answer = kit
            .with(&token, "POST", "/api/v1/leads/delete", Some(asked))
            .await;
        let results: Vec<_> = answer.body["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["result"].as_str().unwrap())
            .collect();
        assert_eq!(results, ["deleted", "ROW_IN_USE", "NOT_FOUND"]);
        assert_eq!(answer.body["deleted"], 1);
        let left = kit
            .with(
                &token,
                "GET",
                &format!("/api/v1/leads?batch_id={batch}"),
                None,
            )
            .await;
        assert_eq!(ids(&left), all[1..]);
        let none = kit
            .with(
                &token,
                "POST",
                "/api/v1/leads/delete",
                Some(json!({"ids": []})),
            )
            .await;
        assert_eq!(none.code(), "INVALID");
    })
    .await;
}

#[tokio::test]
async fn agents_see_numbers_as_the_narrowest_setting_says() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let (batch, fields, all) = batch(&kit.db, "一", 2).await;
        let plain = Field {
            hidden: false,
            ..fields[1].clone()
        };
        let mut tx = kit.db.begin().await.unwrap();
        fields::update(&mut tx, &batch, &plain, now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let token = agent(&kit).await;
        set(&kit.db, &all[0], MINE).await;
        let supervisor = kit.token(Role::Supervisor).await;
        let settings = async |query: &str, value: Value| {
            let path = format!("/api/v1/settings/outbound{query}");
            let answer = kit.with(&supervisor, "PUT", &path, Some(value)).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
        };
        let seen = async |token: &str| {
            let lead = format!("/api/v1/leads/{}", all[0]);
            let note = json!({"data": {fields[0].code.clone(): "改"}});
            let one = kit.with(token, "GET", &lead, None).await.body;
            let list = kit.with(token, "GET", "/api/v1/leads", None).await.body;
            let changed = kit.with(token, "PATCH", &lead, Some(note)).await.body;
            let values = [
                &one["phone"],
                &one["data"][&fields[1].code],
                &one["fields"][1]["value"],
                &list["data"][0]["phone"],
                &changed["phone"],
            ];
            let mut values: Vec<String> = values
                .map(|value| value.as_str().unwrap().to_owned())
                .into();
            values.dedup();
            assert_eq!(values.len(), 1, "{values:?}");
            values.remove(0)
        };
        let (full, masked) = ("13800000002", "138****0002");
        assert_eq!(seen(&token).await, full);
        settings("", json!({"phone_mask": true})).await;
        assert_eq!(seen(&token).await, masked);
        assert_eq!(seen(&supervisor).await, full);
        let department = store::access::departments::Department {
            id: "dep_1".into(),
            orgi: FIRST_ORGI.into(),
            name: "销售".into(),
        };
        store::access::departments::add(&kit.db, &department)
            .await
            .unwrap();
        settings("?scope=department&id=dep_1", json!({"phone_mask": false})).await;
        assert_eq!(seen(&token).await, masked, "not the agent's department");
        set(
            &kit.db,
            "usr_agent",
            "UPDATE users SET department_id = 'dep_1' WHERE id = $1",
        )
        .await;
        assert_eq!(seen(&token).await, full);
    })
    .await;
}

#[tokio::test]
async fn a_priority_is_set_by_those_who_plan_and_not_by_agents() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let (_, _, all) = batch(&kit.db, "一", 1).await;
        let agent = agent(&kit).await;
        set(&kit.db, &all[0], MINE).await;
        let marketer = kit.token(Role::Marketer).await;
        let path = format!("/api/v1/leads/{}", all[0]);
        let change = async |token: &str, priority: i64| {
            let asked = json!({"priority": priority});
            kit.with(token, "PATCH", &path, Some(asked)).await
        };
        assert_eq!(change(&marketer, 7).await.body["priority"], 7);
        for (token, priority) in [(&marketer, 10), (&marketer, -1), (&agent, 3)] {
            let refused = change(token, priority).await;
            assert_eq!(refused.body["errors"][0]["pointer"], "/priority");
        }
        let seen = kit.with(&agent, "GET", &path, None).await;
        assert_eq!(seen.body["priority"], 7);
    })
    .await;
}

#[tokio::test]
async fn an_agent_picks_from_the_own_list_and_sees_what_it_is_about() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let (_, _, all) = batch(&kit.db, "一", 3).await;
        let agent = agent(&kit).await;
        set(&kit.db, &all[0], MINE).await;
        set(&kit.db, &all[1], MINE).await;
        let over = "UPDATE leads SET next_dial_at = NULL WHERE id = $1";
        set(&kit.db, &all[1], over).await;
        let ask = async |method: &str, lead: &str, what: &str| {
            let path = format!("/api/v1/leads/{lead}/{what}");
            kit.with(&agent, method, &path, None).await
        };
        for what in ["preview", "dial"] {
            // The floor is not there in this house.
            assert_eq!(ask("POST", &all[0], what).await.code(), "DRAINING");
            assert_eq!(
                ask("POST", &all[1], what).await.code(),
                "LEAD_NOT_DIALLABLE"
            );
            assert_eq!(ask("POST", &all[2], what).await.code(), "NOT_FOUND");
        }
        let earlier = ask("GET", &all[0], "attempts").await;
        assert_eq!(earlier.body["data"], json!([]));
        assert_eq!(ask("GET", &all[2], "attempts").await.status, 404);
        assert_eq!(
            ask("GET", &all[0], "plan").await.status,
            404,
            "no such campaign"
        );
        assert_eq!(ask("GET", &all[2], "plan").await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn an_agent_changes_what_the_template_lets_and_loses_nothing_hidden() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let (batch, all_fields, all) = batch(&kit.db, "一", 1).await;
        let token = agent(&kit).await;
        set(&kit.db, &all[0], MINE).await;
        let code = all_fields[0].code.clone();
        let field = async |change: Field| {
            let mut tx = kit.db.begin().await.unwrap();
            fields::update(&mut tx, &batch, &change, now())
                .await
                .unwrap();
            tx.commit().await.unwrap();
        };
        let path = format!("/api/v1/leads/{}", all[0]);
        let say = async |asked: Value| kit.with(&token, "PATCH", &path, Some(asked)).await;
        let kept = async || {
            let lead = leads::find(&kit.db, &all[0]).await.unwrap().unwrap();
            lead.data.0[&code].clone()
        };
        field(Field {
            hidden: true,
            ..all_fields[0].clone()
        })
        .await;
        let shown = kit.with(&token, "GET", &path, None).await.body;
        assert_eq!(shown["data"][&code], "客**");
        assert_eq!(shown["fields"][0]["editable"], true);
        assert_eq!(
            say(json!({"data": {code.clone(): "客**"}})).await.status,
            200
        );
        assert_eq!(kept().await, "客户2", "what was shown masked came back");
        assert_eq!(say(json!({"data": {code.clone(): "改"}})).await.status, 200);
        assert_eq!(kept().await, "改");
        field(Field {
            positions: vec![engine::field::Position::Detail],
            ..all_fields[0].clone()
        })
        .await;
        let refused = say(json!({"data": {code.clone(): "又"}})).await;
        assert_eq!(refused.body["errors"][0]["code"], "read_only");
        assert_eq!(kept().await, "改");

        let status = say(json!({"business_status": "有意向"})).await;
        assert_eq!(status.body["business_status"], "有意向", "{}", status.text);
        let gone = say(json!({"business_status": ""})).await;
        assert_eq!(gone.body["business_status"], Value::Null);
        let long = say(json!({"business_status": "长".repeat(101)})).await;
        assert_eq!(long.body["errors"][0]["pointer"], "/business_status");
    })
    .await;
}

#[tokio::test]
async fn values_are_among_the_choices_of_their_dictionaries() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let (batch, all_fields, all) = batch(&kit.db, "一", 1).await;
        let token = agent(&kit).await;
        set(&kit.db, &all[0], MINE).await;
        let supervisor = kit.token(Role::Supervisor).await;
        let asked = json!({"name": "客户意向", "items": [
            {"code": "yes", "label": "意向客户"}, {"code": "no", "label": "失败客户"}]});
        let made = kit.with(&supervisor, "POST", "/api/v1/dictionaries", Some(asked));
        let dictionary = made.await.id();
        let code = all_fields[0].code.clone();
        let field = Field {
            dictionary: Some(dictionary.clone()),
            element: engine::field::Element::Radio,
            replace: true,
            positions: vec![engine::field::Position::Edit],
            ..all_fields[0].clone()
        };
        let mut tx = kit.db.begin().await.unwrap();
        fields::update(&mut tx, &batch, &field, now())
            .await
            .unwrap();
        tx.commit().await.unwrap();

        let path = format!("/api/v1/leads/{}", all[0]);
        let say = async |asked: Value| kit.with(&token, "PATCH", &path, Some(asked)).await;
        let bad = say(json!({"data": {code.clone(): "也许"}})).await;
        let pointer = format!("/data/{code}");
        assert_eq!(
            (bad.status.as_u16(), &bad.body["errors"][0]["pointer"]),
            (422, &json!(pointer)),
            "{}",
            bad.text
        );
        let kept = leads::find(&kit.db, &all[0]).await.unwrap().unwrap();
        assert_eq!(kept.data.0[&code], "客户2", "nothing was changed");
        let good = say(json!({"data": {code.clone(): "意向客户"}})).await;
        assert_eq!(good.body["data"][&code], "yes", "{}", good.text);
        let shown = kit.with(&token, "GET", &path, None).await.body["fields"][0].clone();
        assert_eq!(
            (&shown["element"], &shown["positions"]),
            (&json!("radio"), &json!(["edit"]))
        );
        assert_eq!(
            shown["choices"][1],
            json!({"code": "no", "label": "失败客户"})
        );

        // A campaign whose business status is that dictionary.
        let filter = json!({"name": "f", "batch_id": batch});
        let filter = kit.with(&supervisor, "POST", "/api/v1/filters", Some(filter));
        let filter = filter.await.id();
        let asked = json!({"name": "回访", "campaign_type": "preview", "filter_id": filter,
            "business_status": dictionary});
        let campaign = kit.with(&supervisor, "POST", "/api/v1/campaigns", Some(asked));
        let campaign = campaign.await.id();
        store::testing::into_campaign(&kit.db, &all[0], &campaign).await;
        let bad = say(json!({"business_status": "也许"})).await;
        assert_eq!(bad.body["errors"][0]["pointer"], "/business_status");
        let good = say(json!({"business_status": "失败客户"})).await;
        assert_eq!(good.body["business_status"], "no", "{}", good.text);
    })
    .await;
}

/// OUT-057: what a field names is there, and people see its chosen column.
#[tokio::test]
async fn a_field_that_names_a_contact_shows_who_it_is() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let (batch, all_fields, all) = batch(&kit.db, "一", 1).await;
        let token = kit.token(Role::Supervisor).await;
        let asked = json!({"name": "王五", "phone": "13900139000"});
        let made = kit
            .with(&token, "POST", "/api/v1/contacts", Some(asked))
            .await;
        let contact = made.id();
        let code = all_fields[0].code.clone();
        let fields = format!("/api/v1/batches/{batch}/fields/{code}");
        let put = async |table: &str, column: &str| {
            let association = json!({"table": table, "column": column});
            let asked = json!({"association": association});
            kit.with(&token, "PATCH", &fields, Some(asked)).await
        };
        assert_eq!(
            put("customers", "name").await.body["errors"][0]["pointer"],
            "/association/table"
        );
        // The lead's value is no contact.
        assert_eq!(put("contacts", "name").await.code(), "FIELD_VALUES_UNFIT");
        let path = format!("/api/v1/leads/{}", all[0]);
        let say = async |value: &str| {
            let asked = json!({"data": {code.clone(): value}});
            kit.with(&token, "PATCH", &path, Some(asked)).await
        };
        assert_eq!(say("").await.status, 200);
        assert_eq!(put("contacts", "name").await.status, 200);
        let bad = say("con_none").await;
        let fault = &bad.body["errors"][0];
        assert_eq!(
            (&fault["pointer"], &fault["code"]),
            (&json!(format!("/data/{code}")), &json!("NO_SUCH_RECORD")),
            "{}",
            bad.text
        );
        let good = say(&contact).await;
        assert_eq!(good.body["related"][&code], "王五", "{}", good.text);
        let detail = kit.with(&token, "GET", &path, None).await;
        let field = &detail.body["fields"][0];
        assert_eq!(
            (&field["value"], &field["shown"]),
            (&json!(contact), &json!("王五"))
        );
        let list = format!("/api/v1/leads?batch_id={batch}");
        let list = kit.with(&token, "GET", &list, None).await;
        assert_eq!(
            list.body["data"][0]["related"][&code], "王五",
            "{}",
            list.text
        );
    })
    .await;
}

#[tokio::test]
async fn no_search_tells_an_agent_a_masked_number_digit_by_digit() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let (batch, all_fields, all) = batch(&kit.db, "一", 2).await;
        let token = agent(&kit).await;
        set(&kit.db, &all[0], MINE).await;
        let marketer = kit.token(Role::Marketer).await;
        let list = async |token: &str, query: &str| {
            let path = format!("/api/v1/leads?{query}");
            kit.with(token, "GET", &path, None).await
        };
        for part in ["138", "1380000000", "00", "8000", "2"] {
            let query = format!("keyword={part}");
            let name_has_it = part == "2";
            let found = ids(&list(&token, &query).await);
            assert_eq!(found.len(), usize::from(name_has_it), "{part}");
        }
        let query = "keyword=13800000002";
        assert_eq!(ids(&list(&token, query).await), all[..1]);
        assert_eq!(ids(&list(&marketer, "keyword=1380").await), all);
        let field = format!("batch_id={batch}&field={}", all_fields[1].code);
        for op in ["prefix&value=138", "like&value=80", "gt&value=1"] {
            let refused = list(&token, &format!("{field}&op={op}")).await;
            assert_eq!(refused.body["errors"][0]["pointer"], "/op", "{op}");
        }
        let whole = list(&token, &format!("{field}&op=eq&value=13800000002")).await;
        assert_eq!(ids(&whole), all[..1]);

        // Nothing is hidden any more: then the beginning is enough.
        let plain = Field {
            hidden: false,
            ..all_fields[1].clone()
        };
        let mut tx = kit.db.begin().await.unwrap();
        fields::update(&mut tx, &batch, &plain, now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(ids(&list(&token, "keyword=1380").await), all[..1]);
        let supervisor = kit.token(Role::Supervisor).await;
        let mask = json!({"phone_mask": true});
        let place = "/api/v1/settings/outbound";
        kit.with(&supervisor, "PUT", place, Some(mask)).await;
        assert!(ids(&list(&token, "keyword=1380").await).is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_agent_looks_for_few_whole_numbers_that_are_masked_and_each_is_written_down() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let (batch, all_fields, all) = batch(&kit.db, "一", 2).await;
        let token = agent(&kit).await;
        set(&kit.db, &all[0], MINE).await;
        let list = async |token: &str, query: &str| {
            let path = format!("/api/v1/leads?{query}");
            kit.with(token, "GET", &path, None).await
        };
        // Two ways to ask for a number, and what asks for none.
        let field = format!("batch_id={batch}&field={}", all_fields[1].code);
        let name = format!("batch_id={batch}&field={}", all_fields[0].code);
        for guess in 0..15 {
            let number = 13_800_000_000_i64 + guess;
            let found = ids(&list(&token, &format!("keyword={number}")).await);
            assert_eq!(found.len(), usize::from(guess == 2));
            let found = ids(&list(&token, &format!("{field}&value={number}")).await);
            assert_eq!(found.len(), usize::from(guess == 2));
            ids(&list(&token, "keyword=abc").await);
            ids(&list(&token, &format!("{name}&value=abc")).await);
        }
        for again in [
            "keyword=13800000002".to_owned(),
            format!("{field}&op=eq&value=1"),
        ] {
            let refused = list(&token, &again).await;
            assert_eq!((refused.status.as_u16(), refused.code()), (429, "TOO_MANY"));
            assert_eq!(refused.headers["retry-after"], "120");
        }
        // Another session is no other person.
        let second = kit.sign_in("agent").await;
        assert_eq!(
            list(&second, "keyword=13800000002").await.code(),
            "TOO_MANY"
        );
        ids(&list(&token, "keyword=abc").await);
        let supervisor = kit.token(Role::Supervisor).await;
        assert_eq!(
            ids(&list(&supervisor, "keyword=13800000002").await),
            all[..1]
        );

        let trail = audit::list(&kit.db, FIRST_ORGI, None, 50).await.unwrap();
        let looked: Vec<&str> = trail
            .iter()
            .filter(|entry| entry.action == "GET leads")
            .map(|entry| entry.detail.as_str())
            .collect();
        assert_eq!(looked.len(), 30);
        let last: Value = serde_json::from_str(looked[1]).unwrap();
        assert_eq!(last["note"]["keyword"], "13800000014");
        let last: Value = serde_json::from_str(looked[0]).unwrap();
        assert_eq!(last["note"]["value"], "13800000014");
    })
    .await;
}
