//! Orders in calls: who may give them, about whom, and to whom calls may go.

use engine::time::Millis;
use serde_json::{Value, json};
use store::{
    access::{FIRST_ORGI, Role, audit, departments, users},
    agents, desk, extensions, queues,
    testing::on_both,
};

use super::kit::Kit;

async fn agent(kit: &Kit, orgi: &str, id: &str, extension: &str, user: Option<&str>) {
    let mut tx = kit.db.begin().await.unwrap();
    let row = agents::Agent {
        id: id.into(),
        user_id: user.map(Into::into),
        name: format!("Agent {id}"),
        extension: extension.into(),
        wrap_up_s: None,
        auto_ready: false,
        keep_leg: false,
    };
    agents::put(&mut tx, orgi, &row, Millis(1)).await.unwrap();
    let phone = extensions::Extension {
        extension: extension.into(),
        ha1_md5: String::new(),
        ha1_sha256: String::new(),
    };
    extensions::put(&mut tx, orgi, &phone, Millis(1))
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn ask(kit: &Kit, token: &str, path: &str, body: Value) -> String {
    let answer = kit.with(token, "POST", path, Some(body)).await;
    match answer.code() {
        "" => answer.status.to_string(),
        code => code.to_owned(),
    }
}

#[tokio::test]
async fn a_call_goes_only_to_the_own_tenants_agents_queues_and_phones() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let user = kit.user(Role::Agent).await;
        agent(&kit, FIRST_ORGI, "1001", "8001", Some(&user)).await;
        agent(&kit, FIRST_ORGI, "1002", "8002", None).await;
        agent(&kit, "other", "2001", "9001", None).await;
        let queue = queues::Queue {
            id: "far".into(),
            name: "far".into(),
            code: String::new(),
            settings: engine::queue::Settings::default(),
            agents: Vec::new(),
        };
        let mut tx = kit.db.begin().await.unwrap();
        queues::put(&mut tx, "other", &queue, Millis(1))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let token = kit.sign_in("agent").await;
        let path = "/api/v1/agents/me/call";
        // What is known goes on to the floor, which has ended here.
        for (to, code) in [
            (json!({"agent": "1002"}), "DRAINING"),
            (json!({"agent": "2001"}), "NO_SUCH_AGENT"),
            (json!({"queue": "far"}), "NO_SUCH_QUEUE"),
            (json!({"extension": "8002"}), "DRAINING"),
            (json!({"extension": "9001"}), "INVALID"),
            // Nobody's in the house: it goes outside by itself.
            (json!({"extension": "13800138000"}), "DRAINING"),
            (json!({"extension": "nobody"}), "INVALID"),
            (json!({"number": "10010"}), "DRAINING"),
            (json!({"number": "1".repeat(41)}), "INVALID"),
            (json!({"ivr": "nowhere"}), "NO_SUCH_MENU"),
            (json!({"planet": "mars"}), "INVALID"),
            (json!({}), "INVALID"),
        ] {
            for order in ["transfer", "consult"] {
                let body = json!({"order": order, "to": to});
                assert_eq!(ask(&kit, &token, path, body).await, code, "{to}");
            }
        }
        let inside = engine::desk::Settings {
            numbers_lead_outside: false,
            ..engine::desk::Settings::default()
        };
        let mut tx = kit.db.begin().await.unwrap();
        let set = desk::put(&mut tx, FIRST_ORGI, &inside, "u", Millis(1));
        set.await.unwrap();
        tx.commit().await.unwrap();
        let body = json!({"order": "consult", "to": {"extension": "13800138000"}});
        assert_eq!(ask(&kit, &token, path, body).await, "INVALID");
        let path = "/api/v1/agents/me/state";
        for (extension, code) in [("8002", "DRAINING"), ("9001", "INVALID")] {
            let body = json!({"order": "sign_in", "extension": extension});
            assert_eq!(ask(&kit, &token, path, body).await, code, "{extension}");
        }
        let path = "/api/v1/agents/me/pick-up";
        for (from, code) in [
            (json!({}), "DRAINING"),
            (json!({"from": {"agent": "1002"}}), "DRAINING"),
            (json!({"from": {"agent": "2001"}}), "NO_SUCH_AGENT"),
            (json!({"from": {"queue": "far"}}), "NO_SUCH_QUEUE"),
            (json!({"from": {"extension": "8002"}}), "DRAINING"),
            (json!({"from": {"extension": "9001"}}), "INVALID"),
            (json!({"from": {"number": "10010"}}), "INVALID"),
        ] {
            assert_eq!(ask(&kit, &token, path, from.clone()).await, code, "{from}");
        }
        let of_another = "/api/v1/agents/1002/pick-up";
        assert_eq!(ask(&kit, &token, of_another, json!({})).await, "FORBIDDEN");
        let hold = json!({"order": "hold"});
        let of_another = "/api/v1/agents/1002/call";
        assert_eq!(ask(&kit, &token, of_another, hold).await, "FORBIDDEN");
        let path = "/api/v1/agents/me/colleagues";
        let seen = kit.with(&token, "GET", path, None).await;
        assert_eq!(seen.status, 200, "{}", seen.text);
        for kind in ["queues", "menus"] {
            assert!(seen.body[kind].as_array().unwrap().is_empty());
        }
    })
    .await;
}

#[tokio::test]
async fn supervisors_act_on_their_departments_agents_and_agents_on_nobody() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        for (id, name) in [("dep_a", "A"), ("dep_b", "B")] {
            let department = departments::Department {
                id: id.into(),
                orgi: FIRST_ORGI.into(),
                name: name.into(),
            };
            departments::add(&kit.db, &department).await.unwrap();
        }
        let user = kit.user(Role::Agent).await;
        let boss = kit.user(Role::Supervisor).await;
        for (id, department) in [(&user, "dep_a"), (&boss, "dep_a")] {
            let mut row = users::get(&kit.db, FIRST_ORGI, id).await.unwrap().unwrap();
            row.department_id = Some(department.into());
            users::update(&kit.db, &row).await.unwrap();
        }
        agent(&kit, FIRST_ORGI, "1001", "8001", Some(&user)).await;
        agent(&kit, FIRST_ORGI, "1002", "8002", None).await;
        agent(&kit, "other", "2001", "9001", None).await;
        let token = kit.sign_in("supervisor").await;
        let admin = kit.token(Role::Admin).await;
        let own = kit.sign_in("agent").await;
        let listen = json!({"how": "listen", "extension": "8002"});
        for (token, agent, body, code) in [
            (&token, "1001", listen.clone(), "DRAINING"),
            (&token, "1002", listen.clone(), "FORBIDDEN"),
            (&admin, "1002", listen.clone(), "DRAINING"),
            (&admin, "2001", listen.clone(), "NO_SUCH_AGENT"),
            (&admin, "1002", json!({"how": "release"}), "DRAINING"),
            (&admin, "1002", json!({"how": "listen"}), "NOT_AN_AGENT"),
            (
                &admin,
                "1002",
                json!({"how": "listen", "extension": "9001"}),
                "INVALID",
            ),
            (&admin, "1002", json!({"how": "sing"}), "INVALID"),
            (&own, "1001", listen.clone(), "FORBIDDEN"),
        ] {
            let path = format!("/api/v1/agents/{agent}/supervise");
            assert_eq!(
                ask(&kit, token, &path, body.clone()).await,
                code,
                "{agent} {body}"
            );
        }
        for (token, agent, body, code) in [
            (&token, "1001", json!({"how": "sign_out"}), "DRAINING"),
            (&token, "1002", json!({"how": "sign_out"}), "FORBIDDEN"),
            (
                &token,
                "1001",
                json!({"how": "work_mode", "mode": "away"}),
                "DRAINING",
            ),
            (&token, "1001", json!({"how": "work_mode"}), "INVALID"),
            (
                &token,
                "1001",
                json!({"how": "work_mode", "mode": "asleep"}),
                "INVALID",
            ),
            (
                &token,
                "1002",
                json!({"how": "work_mode", "mode": "away"}),
                "FORBIDDEN",
            ),
            (
                &token,
                "1001",
                json!({"how": "leave", "reason": "x".repeat(101)}),
                "INVALID",
            ),
        ] {
            let path = format!("/api/v1/agents/{agent}/supervise");
            assert_eq!(ask(&kit, token, &path, body).await, code);
        }
        for (path, body) in [
            ("state", json!({"order": "sign_out"})),
            ("call", json!({"order": "hold"})),
        ] {
            for (token, agent, code) in [
                (&token, "1001", "DRAINING"),
                (&token, "1002", "FORBIDDEN"),
                (&admin, "1002", "DRAINING"),
                (&admin, "2001", "NO_SUCH_AGENT"),
                (&own, "1001", "DRAINING"),
            ] {
                let path = format!("/api/v1/agents/{agent}/{path}");
                assert_eq!(ask(&kit, token, &path, body.clone()).await, code, "{path}");
            }
        }
        let phones = kit.with(&admin, "GET", "/api/v1/extensions", None).await;
        let phones = phones.body["data"].as_array().unwrap().iter();
        let phones: Vec<&Value> = phones.map(|row| &row["extension"]).collect();
        assert_eq!(phones, ["8001", "8002"], "those of the tenant");
        let path = "/api/v1/calls/77/release";
        assert_eq!(ask(&kit, &own, path, json!({})).await, "FORBIDDEN");
        assert_eq!(ask(&kit, &token, path, json!({})).await, "NOT_FOUND");
        for path in [
            "/api/v1/calls/77/members/leg_1/mute",
            "/api/v1/calls/77/members/leg_1/unmute",
        ] {
            for token in [&own, &token, &admin] {
                assert_eq!(ask(&kit, token, path, json!({})).await, "NOT_FOUND");
            }
        }
        let nobody = "/api/v1/calls/77/members/somebody/mute";
        assert_eq!(ask(&kit, &own, nobody, json!({})).await, "NO_SUCH_MEMBER");
        let marketer = kit.token(Role::Marketer).await;
        let invite = json!({"to": {"extension": "8002"}});
        let path = "/api/v1/calls/77/members";
        assert_eq!(
            ask(&kit, &marketer, path, invite.clone()).await,
            "FORBIDDEN"
        );
        assert_eq!(ask(&kit, &own, path, invite).await, "NOT_FOUND");
        let elsewhere = json!({"to": {"extension": "9001"}});
        assert_eq!(ask(&kit, &own, path, elsewhere).await, "INVALID");
        let two = json!({"first": {"extension": "8001"}, "second": {"number": "10010"}});
        let elsewhere = json!({"first": {"extension": "9001"}, "second": {"number": "10010"}});
        let shows = json!({"first": {"number": "1"}, "second": {"number": "2"}, "caller": "x"});
        for (token, body, code) in [
            // Nobody is signed in here, so no phone is the agent's own.
            (&own, &two, "FORBIDDEN"),
            (&marketer, &two, "FORBIDDEN"),
            (&token, &two, "DRAINING"),
            (&admin, &elsewhere, "INVALID"),
            (&admin, &shows, "INVALID"),
        ] {
            let answer = ask(&kit, token, "/api/v1/calls", body.clone()).await;
            assert_eq!(answer, code, "{body}");
        }
        let trail = audit::list(&kit.db, FIRST_ORGI, None, 50).await.unwrap();
        let tried = |entry: &&audit::Entry| {
            entry.action.contains("supervise") || entry.action.contains("release")
        };
        let tried: Vec<_> = trail.iter().filter(tried).collect();
        assert!(
            tried.len() >= 8,
            "who tried to supervise is kept: {trail:?}"
        );
        for entry in tried {
            assert!(entry.detail.contains("\"refused\":"), "{entry:?}");
        }
        let noted = |what: &str| trail.iter().any(|entry| entry.detail.contains(what));
        assert!(
            noted(r#""how":"sign_out""#),
            "in the words of the API: {trail:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn the_departments_that_are_granted_to_supervisors_are_theirs_and_no_others() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        for id in ["dep_a", "dep_b", "dep_c"] {
            let department = departments::Department {
                id: id.into(),
                orgi: FIRST_ORGI.into(),
                name: id.into(),
            };
            departments::add(&kit.db, &department).await.unwrap();
        }
        let user = kit.user(Role::Agent).await;
        let boss = kit.user(Role::Supervisor).await;
        for (id, department) in [(&user, "dep_b"), (&boss, "dep_a")] {
            let mut row = users::get(&kit.db, FIRST_ORGI, id).await.unwrap().unwrap();
            row.department_id = Some(department.into());
            users::update(&kit.db, &row).await.unwrap();
        }
        agent(&kit, FIRST_ORGI, "1001", "8001", Some(&user)).await;
        agent(&kit, FIRST_ORGI, "1002", "8002", None).await;
        let token = kit.sign_in("supervisor").await;
        let admin = kit.token(Role::Admin).await;
        let own = kit.sign_in("agent").await;
        let settings = "/api/v1/settings/supervision";
        let fresh = kit.with(&token, "GET", settings, None).await;
        assert_eq!(fresh.body, json!({"departments": null}), "{}", fresh.text);
        for (departments, theirs, nobodys) in [
            (json!(null), "FORBIDDEN", "FORBIDDEN"),
            (json!(["dep_b", "dep_c"]), "DRAINING", "FORBIDDEN"),
            (json!(["dep_a"]), "FORBIDDEN", "FORBIDDEN"),
            (json!([]), "FORBIDDEN", "FORBIDDEN"),
        ] {
            let set = json!({"departments": departments});
            let put = kit.with(&admin, "PUT", settings, Some(set.clone())).await;
            assert_eq!(put.body, set, "{}", put.text);
            let orders = [
                ("supervise", json!({"how": "sign_out"})),
                ("state", json!({"order": "sign_out"})),
            ];
            for (path, order) in orders {
                for (token, agent, code) in [
                    (&token, "1001", theirs),
                    (&token, "1002", nobodys),
                    (&admin, "1002", "DRAINING"),
                ] {
                    let path = format!("/api/v1/agents/{agent}/{path}");
                    let answer = ask(&kit, token, &path, order.clone()).await;
                    assert_eq!(answer, code, "{agent} under {departments}");
                }
            }
            let path = "/api/v1/agents/1001/state";
            let order = json!({"order": "sign_out"});
            assert_eq!(
                ask(&kit, &own, path, order).await,
                "DRAINING",
                "an agent's own"
            );
        }
        let unknown = json!({"departments": ["dep_a", "dep_x"]});
        let refused = kit.with(&admin, "PUT", settings, Some(unknown)).await;
        assert_eq!(refused.body["errors"][0]["pointer"], "/departments/1");
        let set = json!({"departments": null});
        let refused = kit.with(&token, "PUT", settings, Some(set)).await;
        assert_eq!(refused.code(), "FORBIDDEN");
    })
    .await;
}
