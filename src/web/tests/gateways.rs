//! Gateways as carriers want them, phones, bans and traces: what may be set, by whom, and what is shown.

use serde_json::{Value, json};
use store::{
    access::{FIRST_ORGI, Role},
    gateways,
    testing::{on_both, sqlite},
};

use super::{contract::document, kit::Kit};

fn ims() -> Value {
    json!({
        "name": "IMS", "kind": "ims", "host": "ims.example", "transport": "tcp",
        "username": "+86512@ims.example", "password": "s3cret", "remark": "省网",
        "trunk": {
            "home_domain": "ims.example", "home_user": "+86512", "outbound_proxy": "192.0.2.1:5070",
            "more": ["sbc2.example"], "lookup": "srv", "codecs": ["pcma", "g722"], "dtmf": "info",
            "reliable": "preferred", "session_timer_s": 1800, "withhold_caller": true,
            "srtp": "required", "options_ping_s": 30, "ptime_ms": 30,
            "called_rules": [{"from": "0", "to": "+86"}],
        },
    })
}

#[tokio::test]
async fn a_gateway_comes_back_as_it_was_set_up_but_for_its_secret() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Admin).await;
        let path = "/api/v1/gateways/ims1";
        let put = kit.with(&token, "PUT", path, Some(ims())).await;
        assert_eq!(put.status, 200, "{}", put.text);
        let list = kit.with(&token, "GET", "/api/v1/gateways", None).await;
        for text in [&put.text, &list.text] {
            assert!(!text.contains("s3cret"), "{text}");
        }
        let row = &list.body["data"][0];
        assert_eq!(
            (&row["kind"], &row["has_password"]),
            (&json!("ims"), &json!(true))
        );
        assert_eq!(row["trunk"]["called_rules"], ims()["trunk"]["called_rules"]);
        assert_eq!(row["trunk"]["register_expire_s"], 3_600);
        assert_eq!(row["port"], 5060);
        // No switch runs here.
        assert_eq!(
            (&row["state"], &row["health"]),
            (&json!("DOWN"), &json!("down"))
        );
        // The password stays when it is not sent, and goes when it is empty.
        let mut again = ims();
        again["password"].take();
        again.as_object_mut().expect("a body").remove("password");
        assert_eq!(kit.with(&token, "PUT", path, Some(again)).await.status, 200);
        let stored = || async { gateways::list(&kit.db).await.expect("a database").remove(0) };
        assert_eq!(stored().await.password.as_deref(), Some("s3cret"));
        let peer = json!({"name": "IMS", "host": "192.0.2.1", "password": ""});
        let put = kit.with(&token, "PUT", path, Some(peer)).await;
        assert_eq!(
            (put.status.as_u16(), &put.body["has_password"]),
            (200, &json!(false))
        );
        assert_eq!(stored().await.password, None);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_every_fault_is_named() {
    let home = sqlite().await;
    let kit = Kit::new(&home);
    let token = kit.token(Role::Admin).await;
    let cases = [
        (json!({"kind": "uni"}), vec!["/username", "/password"]),
        (json!({"kind": "h323"}), vec!["/kind"]),
        (json!({"host": "10.0.0.300"}), vec!["/host"]),
        (json!({"host": "sip:gw"}), vec!["/host"]),
        (json!({"port": 0}), vec!["/port"]),
        (json!({"transport": "ws"}), vec!["/transport"]),
        (
            json!({"trunk": {"codecs": ["opus"]}}),
            vec!["/trunk/codecs/0"],
        ),
        (
            json!({"trunk": {"codecs": ["pcma", "pcma"]}}),
            vec!["/trunk/codecs"],
        ),
        (json!({"trunk": {"color": 1}}), vec!["/trunk/color"]),
        (
            json!({"trunk": {"ptime_ms": 25, "session_timer_s": 30, "redirects": 9, "give_way_s": 0}}),
            vec![
                "/trunk/ptime_ms",
                "/trunk/session_timer_s",
                "/trunk/give_way_s",
                "/trunk/redirects",
            ],
        ),
        (
            json!({"trunk": {"more": ["ok", "a b"], "outbound_proxy": "x:0", "register_proxy": "x"}}),
            vec![
                "/trunk/register_proxy",
                "/trunk/more/1",
                "/trunk/outbound_proxy",
            ],
        ),
        (
            json!({"trunk": {"withhold_caller": true}}),
            vec!["/trunk/withhold_caller"],
        ),
        (
            json!({"trunk": {"caller_id_in_from": false}}),
            vec!["/trunk/caller_id_in_from"],
        ),
        (
            json!({"trunk": {"called_rules": [{"from": "0", "to": "+49;evil"}]}}),
            vec!["/trunk/called_rules/0"],
        ),
        (
            json!({"trunk": {"home_user": "a b", "home_domain": "a@b"}}),
            vec!["/trunk/home_domain", "/trunk/home_user"],
        ),
    ];
    for (change, pointers) in cases {
        let mut body = json!({"name": "g", "host": "192.0.2.1"});
        let fields = change.as_object().expect("a body").clone();
        body.as_object_mut().expect("a body").extend(fields);
        let refused = kit
            .with(&token, "PUT", "/api/v1/gateways/g", Some(body))
            .await;
        assert_eq!(
            (refused.status.as_u16(), refused.code()),
            (422, "INVALID"),
            "{change}"
        );
        let named: Vec<_> = refused.body["errors"]
            .as_array()
            .expect("faults")
            .iter()
            .map(|fault| fault["pointer"].as_str().unwrap_or_default())
            .collect();
        assert_eq!(named, pointers, "{change}");
    }
    assert_eq!(gateways::list(&kit.db).await.expect("a database"), []);
}

#[tokio::test]
async fn the_document_describes_every_knob_of_a_trunk() {
    let home = sqlite().await;
    let kit = Kit::new(&home);
    let document = document(&kit).await;
    let described = document["components"]["schemas"]["TrunkDoc"]["properties"]
        .as_object()
        .expect("properties")
        .clone();
    let known = serde_json::to_value(gateways::Trunk::default()).expect("a document");
    let known: Vec<_> = known.as_object().expect("knobs").keys().cloned().collect();
    let mut described: Vec<_> = described.into_iter().map(|(name, _)| name).collect();
    described.sort();
    assert_eq!(described, known);
}

#[tokio::test]
async fn only_an_administrator_pardons_and_who_watches_over_the_floor_may_look() {
    let home = sqlite().await;
    let kit = Kit::new(&home);
    let admin = kit.token(Role::Admin).await;
    let lead = kit.token(Role::Supervisor).await;
    let agent = kit.token(Role::Agent).await;
    for path in ["/api/v1/registrations", "/api/v1/bans"] {
        let list = kit.with(&lead, "GET", path, None).await;
        assert_eq!(
            (list.status.as_u16(), &list.body["data"]),
            (200, &json!([]))
        );
        assert_eq!(
            kit.with(&agent, "GET", path, None).await.code(),
            "FORBIDDEN"
        );
    }
    let ban = "/api/v1/bans/203.0.113.66";
    assert_eq!(
        kit.with(&lead, "DELETE", ban, None).await.code(),
        "FORBIDDEN"
    );
    assert_eq!(
        kit.with(&admin, "DELETE", ban, None).await.code(),
        "NOT_FOUND"
    );
    let slip = kit
        .with(&admin, "DELETE", "/api/v1/bans/nobody", None)
        .await;
    assert_eq!(slip.code(), "INVALID");
    let phone = "/api/v1/registrations/8001";
    assert_eq!(
        kit.with(&lead, "DELETE", phone, None).await.code(),
        "NOT_FOUND"
    );
    assert_eq!(
        kit.with(&agent, "DELETE", phone, None).await.code(),
        "FORBIDDEN"
    );
}

#[tokio::test]
async fn a_gateway_that_a_campaign_dials_through_stays() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Admin).await;
        let path = "/api/v1/gateways/gw1";
        let body = json!({"name": "gw1", "host": "192.0.2.1"});
        kit.with(&token, "PUT", path, Some(body)).await;
        let batch = kit
            .with(
                &token,
                "POST",
                "/api/v1/batches",
                Some(json!({"name": "b"})),
            )
            .await
            .id();
        let filter = json!({"name": "f", "batch_id": batch});
        let filter = kit
            .with(&token, "POST", "/api/v1/filters", Some(filter))
            .await
            .id();
        let settings = engine::campaign::Settings {
            fallback_gateways: vec!["gw1".into()],
            ..engine::campaign::Settings::default()
        };
        let draft = store::campaigns::Draft {
            name: "春季",
            campaign_type: engine::campaign::Mode::Robot,
            filter_id: &filter,
            business_type: "marketing",
            business_status: "",
            extract_count: 1,
            default_alloc: 1,
            alloc_mode: engine::draw::Share::All,
            description: "",
            settings: &settings,
            own_settings: &std::collections::BTreeSet::new(),
        };
        let mut tx = kit.db.begin().await.expect("a transaction");
        let now = crate::clock::now();
        store::campaigns::create(&mut tx, FIRST_ORGI, "usr_admin", &draft, now)
            .await
            .expect("a draft");
        tx.commit().await.expect("committed");
        let kept = kit.with(&token, "DELETE", path, None).await;
        assert_eq!((kept.status.as_u16(), kept.code()), (409, "GATEWAY_IN_USE"));
        assert!(kept.text.contains("春季"), "{}", kept.text);
        let nowhere = json!({"name": "出局", "number": "9.*", "rule": {"type": "outbound", "gateway": "typo"}});
        let refused = kit.with(&token, "PUT", "/api/v1/routes/out", Some(nowhere)).await;
        assert_eq!(refused.body["errors"][0]["pointer"], "/rule", "{}", refused.text);
        let route = json!({"name": "出局", "number": "9.*", "rule": {"type": "outbound", "gateway": "gw1", "fallback_gateways": ["gw9"]}});
        let gateway = json!({"name": "九", "host": "192.0.2.9"});
        for (path, body) in [("/api/v1/gateways/gw9", gateway), ("/api/v1/routes/out", route)] {
            let put = kit.with(&token, "PUT", path, Some(body)).await;
            assert_eq!(put.status.as_u16(), 200, "{}", put.text);
        }
        let kept = kit.with(&token, "DELETE", "/api/v1/gateways/gw9", None).await;
        assert_eq!((kept.status.as_u16(), kept.code()), (409, "GATEWAY_IN_USE"));
        assert!(kept.text.contains("出局"), "{}", kept.text);
    })
    .await;
}

#[tokio::test]
async fn queues_and_extensions_name_gateways_that_there_are_and_keep_them() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Admin).await;
        let put = async |path: &str, body: Value| {
            let answer = kit
                .with(&token, "PUT", &format!("/api/v1/{path}"), Some(body))
                .await;
            (answer.status.as_u16(), answer.code().to_owned())
        };
        let well = |answer: (u16, String)| assert!(answer.0 < 300, "{answer:?}");
        well(put("gateways/gw1", json!({"name": "一", "host": "192.0.2.1"})).await);
        well(put("extensions/8001", json!({})).await);
        let queue = |gateway: &str| {
            let settings = json!({"gateway": gateway});
            json!({"name": "sales", "agents": [], "settings": settings})
        };
        let unknown = (422, "INVALID".to_owned());
        assert_eq!(put("queues/sales", queue("gw2")).await, unknown);
        let bound = "extensions/8001/gateway";
        assert_eq!(put(bound, json!({"gateway": "gw2"})).await, unknown);
        let nobody = put("extensions/8002/gateway", json!({"gateway": "gw1"})).await;
        assert_eq!(nobody.0, 404);

        let gateway = "/api/v1/gateways/gw1";
        well(put("queues/sales", queue("gw1")).await);
        let kept = kit.with(&token, "DELETE", gateway, None).await;
        assert_eq!(kept.code(), "GATEWAY_IN_USE");
        let without = json!({"name": "sales", "agents": [], "settings": {}});
        well(put("queues/sales", without).await);
        well(put(bound, json!({"gateway": "gw1"})).await);
        let seen = kit.with(&token, "GET", "/api/v1/extensions", None).await;
        assert_eq!(seen.body["data"][0]["gateway"], "gw1", "{}", seen.text);
        let kept = kit.with(&token, "DELETE", gateway, None).await;
        assert_eq!(kept.code(), "GATEWAY_IN_USE");
        well(put(bound, json!({})).await);
        let gone = kit.with(&token, "DELETE", gateway, None).await;
        assert_eq!(gone.status, 204, "{}", gone.text);
    })
    .await;
}
