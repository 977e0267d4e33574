//! Who may give leads to whom, and contacts.

use engine::draw::{Target, TargetType};
use serde_json::{Value, json};
use store::{
    access::{FIRST_ORGI, Role, departments, users},
    agents, queues, targets,
    testing::{about as set, on_both},
};

use super::kit::Kit;
use crate::clock::now;

const GRANTS: &str = "/api/v1/grants/supervisor";

/// A department with an agent, an agent outside it, and a queue.
async fn floor(kit: &Kit) {
    for id in ["dep_1", "dep_2"] {
        let department = departments::Department {
            id: id.into(),
            orgi: FIRST_ORGI.into(),
            name: id.into(),
        };
        departments::add(&kit.db, &department).await.unwrap();
    }
    let mut tx = kit.db.begin().await.unwrap();
    for (id, user) in [("1001", Some("usr_agent")), ("1002", None)] {
        let agent = agents::Agent {
            id: id.into(),
            user_id: user.map(Into::into),
            name: id.into(),
            extension: id.into(),
            wrap_up_s: None,
            auto_ready: false,
            keep_leg: false,
        };
        agents::put(&mut tx, FIRST_ORGI, &agent, now())
            .await
            .unwrap();
    }
    let queue = queues::Queue {
        id: "sales".into(),
        name: "sales".into(),
        code: String::new(),
        settings: engine::queue::Settings::default(),
        agents: Vec::new(),
    };
    queues::put(&mut tx, FIRST_ORGI, &queue, now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// A campaign that gives leads to everybody there.
async fn campaign(kit: &Kit, token: &str) -> String {
    let (batch, _, _) = super::leads::batch(&kit.db, "名单", 1).await;
    let asked = json!({"name": "全部", "batch_id": batch});
    let filter = kit
        .with(token, "POST", "/api/v1/filters", Some(asked))
        .await;
    let asked = json!({"name": "回访", "campaign_type": "preview", "filter_id": filter.id()});
    let made = kit
        .with(token, "POST", "/api/v1/campaigns", Some(asked))
        .await;
    assert_eq!(made.status, 201, "{}", made.text);
    let targets = [
        (TargetType::Queue, "sales"),
        (TargetType::Agent, "1001"),
        (TargetType::Agent, "1002"),
        (TargetType::Department, "dep_1"),
        (TargetType::Department, "dep_2"),
    ];
    let targets = targets.map(|(kind, id)| Target::new(kind, id, 0));
    let mut tx = kit.db.begin().await.unwrap();
    targets::replace(&mut tx, &made.id(), &targets, now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    made.id()
}

async fn into_department(kit: &Kit, user: &str, department: &str) {
    let mut user = users::get(&kit.db, FIRST_ORGI, user)
        .await
        .unwrap()
        .unwrap();
    user.department_id = Some(department.into());
    users::update(&kit.db, &user).await.unwrap();
}

#[tokio::test]
async fn leads_are_given_only_to_those_one_may_give_to() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let admin = kit.token(Role::Admin).await;
        kit.user(Role::Agent).await;
        floor(&kit).await;
        into_department(&kit, "usr_agent", "dep_1").await;
        let supervisor = kit.token(Role::Supervisor).await;
        let campaign = campaign(&kit, &admin).await;
        let give = async |kind: &str, id: &str| {
            let asked = json!({"all": true, "campaign_id": campaign, "target_type": kind,
                "target_id": id});
            let answer = kit.with(
                &supervisor,
                "POST",
                "/api/v1/contacts/allocate",
                Some(asked),
            );
            answer.await
        };
        // A new house: nobody has set grants, and the account is in no department.
        assert_eq!(give("queue", "sales").await.status, 202);
        assert_eq!(
            kit.with(&admin, "GET", GRANTS, None).await.body["targets"],
            Value::Null
        );
        // In a department: it and its members alone.
        into_department(&kit, "usr_supervisor", "dep_1").await;
        assert_eq!(give("department", "dep_1").await.status, 202);
        assert_eq!(give("agent", "1001").await.status, 202);
        for (kind, id) in [
            ("queue", "sales"),
            ("agent", "1002"),
            ("department", "dep_2"),
        ] {
            let answer = give(kind, id).await;
            assert_eq!(
                (answer.status.as_u16(), answer.code()),
                (403, "ALLOC_FORBIDDEN")
            );
            assert_eq!(answer.body["errors"][0]["message"], format!("{kind} {id}"));
        }
        // Granted, the queue may be given to as well; the rest may still not.
        let grants = json!({"targets": [{"target_type": "queue", "target_id": "*"}]});
        assert_eq!(
            kit.with(&supervisor, "PUT", GRANTS, Some(grants.clone()))
                .await
                .status,
            403
        );
        assert_eq!(
            kit.with(&admin, "PUT", GRANTS, Some(grants)).await.status,
            200
        );
        assert_eq!(give("queue", "sales").await.status, 202);
        assert_eq!(give("agent", "1002").await.code(), "ALLOC_FORBIDDEN");
        let unknown = json!({"targets": [{"target_type": "agent", "target_id": "nobody"}]});
        let answer = kit.with(&admin, "PUT", GRANTS, Some(unknown)).await;
        assert_eq!(answer.body["errors"][0]["pointer"], "/targets/0/target_id");
        let nothing = kit.with(&admin, "GET", "/api/v1/grants/nobody", None).await;
        assert_eq!(nothing.status, 404);
    })
    .await;
}

#[tokio::test]
async fn contacts_are_kept_once_a_number() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Supervisor).await;
        let all = "/api/v1/contacts";
        let add = async |name: &str, phone: &str| {
            kit.with(
                &token,
                "POST",
                all,
                Some(json!({"name": name, "phone": phone})),
            )
            .await
        };
        let first = add("李雷", "186-1861 6000").await;
        assert_eq!(
            (first.status.as_u16(), &first.body["phone"]),
            (201, &json!("18618616000"))
        );
        assert_eq!(add("韩", "18618616000").await.code(), "CONTACT_EXISTS");
        assert_eq!(add("韩", "no number").await.code(), "INVALID");
        let second = add("韩_梅梅", "18618616001").await.id();
        let page = kit
            .with(&token, "GET", "/api/v1/contacts?limit=1", None)
            .await;
        assert_eq!(page.body["data"][0]["name"], "李雷");
        let next = page.body["next_cursor"].as_str().unwrap();
        let next = kit
            .with(&token, "GET", &format!("{all}?limit=1&cursor={next}"), None)
            .await;
        assert_eq!(next.body["data"][0]["id"], second);
        assert_eq!(next.body["has_more"], false);
        let found = kit.with(&token, "GET", &format!("{all}?q=_"), None).await;
        assert_eq!(
            found.body["data"].as_array().unwrap().len(),
            1,
            "a plain character"
        );
        let one = format!("{all}/{second}");
        let change = json!({"phone": "18618616000"});
        assert_eq!(
            kit.with(&token, "PATCH", &one, Some(change)).await.code(),
            "CONTACT_EXISTS"
        );
        let change = json!({"note": "晚上"});
        assert_eq!(
            kit.with(&token, "PATCH", &one, Some(change)).await.body["note"],
            "晚上"
        );
        assert_eq!(kit.with(&token, "DELETE", &one, None).await.status, 204);
        assert_eq!(kit.with(&token, "GET", &one, None).await.status, 404);
        kit.user(Role::Agent).await;
        floor(&kit).await;
        let campaign = campaign(&kit, &token).await;
        let allocate = async |asked: Value| {
            kit.with(&token, "POST", "/api/v1/contacts/allocate", Some(asked))
                .await
        };
        let asked = json!({"contact_ids": [], "campaign_id": campaign});
        let answer = allocate(asked).await;
        assert_eq!(answer.body["errors"][0]["pointer"], "/contact_ids");
        // Nobody could call them without a campaign, or where the campaign does not send them.
        let asked = json!({"all": true, "target_type": "queue", "target_id": "sales"});
        assert_eq!(allocate(asked).await.status, 422);
        let asked = json!({"all": true, "campaign_id": campaign, "target_type": "agent",
            "target_id": "1003"});
        let answer = allocate(asked).await;
        assert_eq!(answer.body["errors"][0]["pointer"], "/target_id");
        let asked = json!({"all": true, "campaign_id": campaign, "target_type": "agent"});
        assert_eq!(allocate(asked).await.code(), "MALFORMED");
    })
    .await;
}

#[tokio::test]
async fn a_queue_that_a_campaign_hands_calls_to_stays() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Admin).await;
        kit.user(Role::Agent).await;
        floor(&kit).await;
        let campaign = campaign(&kit, &token).await;
        let kept = kit
            .with(&token, "DELETE", "/api/v1/queues/sales", None)
            .await;
        assert_eq!((kept.status.as_u16(), kept.code()), (409, "QUEUE_IN_USE"));
        assert!(kept.text.contains("回访"), "{}", kept.text);
        // Were it gone all the same, nobody would be called for it.
        let mut tx = kit.db.begin().await.unwrap();
        assert!(queues::delete(&mut tx, FIRST_ORGI, "sales").await.unwrap());
        tx.commit().await.unwrap();
        let path = format!("/api/v1/campaigns/{campaign}/start");
        let refused = kit.with(&token, "POST", &path, Some(json!({}))).await;
        assert_eq!(refused.code(), "NO_TARGETS", "{}", refused.text);
        assert!(refused.text.contains("sales"), "{}", refused.text);
    })
    .await;
}

#[tokio::test]
async fn leads_are_taken_back_from_whom_one_names() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Supervisor).await;
        let ask = async |path: &str, body: Value| {
            kit.with(&token, "POST", path, Some(body))
                .await
                .status
                .as_u16()
        };
        let leads = "/api/v1/leads/recycle";
        assert_eq!(
            ask(leads, json!({"target_type": "agent", "target_id": "1"})).await,
            202
        );
        assert_eq!(
            ask(leads, json!({"lead_ids": ["led_1"], "to": "department"})).await,
            202
        );
        assert_eq!(ask(leads, json!({"lead_ids": []})).await, 422);
        assert_eq!(
            ask(leads, json!({"target_type": "nobody", "target_id": "1"})).await,
            422
        );
        assert_eq!(ask(leads, json!({"target_type": "agent"})).await, 400);
        assert_eq!(ask("/api/v1/robots/201/recycle", json!({})).await, 202);
        assert_eq!(
            ask(
                "/api/v1/tasks/tsk_no/hand-on",
                json!({"department_id": "d", "agent_id": "1"})
            )
            .await,
            404
        );
    })
    .await;
}

#[tokio::test]
async fn heads_see_what_their_department_has_and_hand_it_on() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let admin = kit.token(Role::Admin).await;
        let agent = kit.token(Role::Agent).await;
        floor(&kit).await;
        let (_, _, ids) = super::leads::batch(&kit.db, "一", 4).await;
        let task =
            store::testing::task_of_department(&kit.db, FIRST_ORGI, &ids[..3], "dep_2").await;
        kit.user(Role::Marketer).await;
        set(
            &kit.db,
            "1002",
            "UPDATE agents SET user_id = 'usr_marketer' WHERE id = $1",
        )
        .await;
        into_department(&kit, "usr_marketer", "dep_2").await;
        into_department(&kit, "usr_agent", "dep_1").await;

        let place = "/api/v1/departments/dep_2";
        let list = "/api/v1/leads?department_id=dep_2";
        let get = async |path: &str| kit.with(&agent, "GET", path, None).await;
        let hand_on = async |token: &str, department: &str, count: i64| {
            let path = format!("/api/v1/tasks/{task}/hand-on");
            let asked = json!({"department_id": department, "agent_id": "1002", "count": count});
            kit.with(token, "POST", &path, Some(asked)).await
        };
        let one = format!("/api/v1/leads/{}", ids[0]);
        let none = json!([]);
        assert_eq!(get(place).await.status, 404);
        assert_eq!(get(list).await.body["data"], none);
        assert_eq!(get(&one).await.status, 404);
        assert_eq!(hand_on(&agent, "dep_2", 1).await.code(), "ALLOC_FORBIDDEN");

        let heads = format!("{place}/heads");
        let make = async |users: Value| {
            let asked = json!({"user_ids": users});
            kit.with(&admin, "PUT", &heads, Some(asked)).await
        };
        assert_eq!(make(json!(["usr_nobody"])).await.status, 422);
        let made = make(json!(["usr_agent", "usr_agent"])).await;
        assert_eq!(
            made.body["heads"][0]["user_id"], "usr_agent",
            "{}",
            made.text
        );
        assert_eq!(
            made.body["members"],
            json!([{"agent_id": "1002", "name": "1002"}])
        );
        assert_eq!(
            (&made.body["leads"], made.status.as_u16()),
            (&json!(3), 200)
        );
        assert_eq!(get("/api/v1/auth/me").await.body["heads"], json!(["dep_2"]));

        assert_eq!(get(place).await.status, 200);
        assert_eq!(get(list).await.body["data"].as_array().unwrap().len(), 3);
        assert_eq!(
            get("/api/v1/leads").await.body["data"],
            none,
            "the own list is empty"
        );
        assert_eq!(get(&one).await.status, 200);
        assert_eq!(get(&format!("/api/v1/leads/{}", ids[3])).await.status, 404);
        for (method, path, body) in [
            ("PATCH", one.clone(), json!({"data": {}})),
            ("POST", format!("{one}/void"), json!({})),
        ] {
            let answer = kit.with(&agent, method, &path, Some(body)).await;
            assert_eq!(answer.status, 404, "{method} {path}: no more than to look");
        }
        assert_eq!(get("/api/v1/departments/dep_1").await.status, 404);
        assert_eq!(hand_on(&agent, "dep_1", 1).await.code(), "ALLOC_FORBIDDEN");
        let handed = hand_on(&agent, "dep_2", 2).await;
        assert_eq!(handed.body["handed_on"], 2, "{}", handed.text);
        assert_eq!(get(list).await.body["data"].as_array().unwrap().len(), 1);
        let by = "/api/v1/leads?agent_id=1002";
        let given = kit.with(&admin, "GET", by, None).await;
        let given = given.body["data"].as_array().unwrap().clone();
        assert_eq!(given.len(), 2);
        assert!(given.iter().all(|lead| lead["alloc_by"] == "usr_agent"));

        make(json!([])).await;
        assert_eq!(get(list).await.body["data"], none);
        assert_eq!(hand_on(&agent, "dep_2", 1).await.code(), "ALLOC_FORBIDDEN");
    })
    .await;
}

#[tokio::test]
async fn who_sets_up_batches_belongs_to_a_department_where_there_are_any() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let admin = kit.token(Role::Admin).await;
        let marketer = kit.token(Role::Marketer).await;
        let add = async |token: &str, name: &str| {
            let asked = json!({"name": name});
            let answer = kit
                .with(token, "POST", "/api/v1/batches", Some(asked))
                .await;
            (answer.status.as_u16(), answer.code().to_owned(), answer)
        };
        let (status, _, made) = add(&marketer, "一").await;
        assert_eq!(status, 201, "a house that is not divided");
        let batch = format!("/api/v1/batches/{}", made.id());
        kit.user(Role::Agent).await;
        floor(&kit).await;
        let (status, code, _) = add(&marketer, "二").await;
        assert_eq!((status, code.as_str()), (403, "NO_DEPARTMENT"));
        for (method, body) in [("PATCH", Some(json!({"name": "三"}))), ("DELETE", None)] {
            let answer = kit.with(&marketer, method, &batch, body).await;
            assert_eq!(answer.code(), "NO_DEPARTMENT", "{method}");
        }
        assert_eq!(kit.with(&marketer, "GET", &batch, None).await.status, 200);
        assert_eq!(add(&admin, "四").await.0, 201);
        into_department(&kit, "usr_marketer", "dep_1").await;
        assert_eq!(add(&marketer, "五").await.0, 201);

        let one = "/api/v1/departments/dep_1";
        let used = kit.with(&admin, "DELETE", one, None).await;
        assert_eq!(used.code(), "DEPARTMENT_IN_USE");
        let named = json!({"name": "销售"});
        let named = kit.with(&admin, "PATCH", one, Some(named)).await;
        assert_eq!(named.body["name"], "销售", "{}", named.text);
        let other = "/api/v1/departments/dep_2";
        assert_eq!(kit.with(&admin, "DELETE", other, None).await.status, 204);
        assert_eq!(kit.with(&admin, "DELETE", other, None).await.status, 404);
    })
    .await;
}
