//! Gateways at which the house registers, with one number and with several.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use crate::kit::{client::Client, crowd::Crowd, ports, server::House, stage, wait};

const LIMIT: Duration = Duration::from_secs(60);
const REALM: &str = "uni.test";

/// The far end of a UNI gateway: one account may register.
struct Registrar;

impl sip::PhoneBook for Registrar {
    fn secrets(&self, user: &str) -> Option<sip::Ha1> {
        (user == "trunk7").then(|| sip::ha1("trunk7", REALM, "right"))
    }
}

async fn registrar() -> Arc<embedded::Embedded> {
    let first = ports::range(100);
    let address = ([127, 0, 0, 1], ports::one()).into();
    let mut config = embedded::Config::new(address, REALM, first..=first + 99);
    config.phones = Arc::new(Registrar);
    config.overload = Duration::from_millis(100);
    embedded::Embedded::start(config)
        .await
        .expect("a free port")
}

async fn state(api: &Client, gateway: &str, is: &str) -> Value {
    let path = format!("/gateways/{gateway}");
    wait::until_seen(
        &format!("the gateway to be {is}"),
        LIMIT,
        || async { api.get(&path).await },
        |gateway| gateway["state"] == is,
    )
    .await
}

/// VOX-196, VOX-197
#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_wants_a_registration_has_it_and_tells_how_it_is() {
    let far = registrar().await;
    let house = House::new();
    let _server = house.start();
    let api = house.admin().await;
    let uni = |password: &str| {
        json!({
            "name": "uni", "kind": "uni", "host": "127.0.0.1", "port": far.sip_address().port(),
            "username": "trunk7", "password": password,
            "trunk": { "register_expire_s": 60, "options_ping_s": 5 },
        })
    };
    api.put("/gateways/uni", uni("wrong")).await;
    let failing = state(&api, "uni", "FAIL_WAIT").await;
    assert_eq!(failing["health"], "down", "{failing:#}");
    let why = failing["last_error"].as_str().expect("why");
    assert!(why.starts_with("REGISTER: 403"), "{why}");
    assert!(failing["since"].is_string() && failing["last_error_at"].is_string());
    assert!(!far.is_registered("trunk7"));
    api.put("/gateways/uni", uni("right")).await;
    let registered = state(&api, "uni", "REGED").await;
    assert_eq!(registered["health"], "up", "{registered:#}");
    assert!(far.is_registered("trunk7"));
    wait::until_seen(
        "the round trip of an OPTIONS",
        LIMIT,
        || async { api.get("/gateways/uni").await },
        |gateway| gateway["addresses"][0]["latency_ms"].is_u64(),
    )
    .await;
    assert!(!registered.to_string().contains("right"), "{registered:#}");
    // A change of another kind leaves the registration alone.
    let mut changed = uni("right");
    changed["trunk"]["called_rules"] = json!([{ "from": "0", "to": "+86" }]);
    let changed = api.put("/gateways/uni", changed).await;
    assert_eq!(changed["state"], "REGED", "{changed:#}");
    let nowhere = json!({ "name": "nowhere", "host": "nowhere.invalid" });
    api.put("/gateways/nowhere", nowhere).await;
    let down = wait::until_seen(
        "the name to be looked up",
        LIMIT,
        || async { api.get("/gateways/nowhere").await },
        |gateway| gateway["last_error"].is_string(),
    )
    .await;
    assert_eq!(
        (&down["state"], &down["addresses"]),
        (&json!("DOWN"), &json!([]))
    );
    assert_eq!(api.get("/gateways/uni").await["state"], "REGED");
    // Switched off, it takes its registration back.
    let mut off = uni("right");
    off["enabled"] = json!(false);
    api.put("/gateways/uni", off).await;
    wait::until("the registration to go", LIMIT, || async {
        (!far.is_registered("trunk7")).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_that_registers_has_several_numbers() {
    let far = registrar().await;
    let house = House::new();
    let server = house.start();
    let api = house.admin().await;
    let uni = json!({
        "name": "uni", "kind": "uni", "host": "127.0.0.1", "port": far.sip_address().port(),
        "username": "trunk7", "password": "right",
    });
    api.put("/gateways/uni", uni).await;
    state(&api, "uni", "REGED").await;
    let lines = [("sales", "62620668", "1001"), ("care", "62620669", "1002")];
    for (queue, number, extension) in lines {
        stage::queue(&api, queue, &[extension], json!({})).await;
        let route = json!({ "position": 1, "number": number, "queue_id": queue });
        api.put(&format!("/routes/to-{queue}"), route).await;
    }
    // Whoever knows the last of them knows what came before it.
    wait::until_seen(
        "the queues",
        LIMIT,
        || async { api.get("/queues/care").await },
        |queue| queue["in_effect"] == true,
    )
    .await;
    for (_, number, _) in lines {
        let mut caller = Crowd::retargeted(server.sip, "trunk7", number);
        caller.process.ended("the call", LIMIT).await;
        let answer = caller.answers().concat();
        assert_eq!(answer.trim(), "200", "{number}");
    }
    let calls = wait::until_seen(
        "both calls to be over",
        LIMIT,
        || async { json!(api.all("/calls?direction=inbound").await) },
        |calls| {
            let over = calls.as_array().expect("a list").iter();
            over.filter(|call| call["state"] == "closed").count() == 2
        },
    )
    .await;
    let calls = calls.as_array().expect("a list").iter();
    let mut led: Vec<_> = calls
        .map(|call| {
            ["callee", "queue_id", "gateway_id"].map(|name| call[name].as_str().unwrap_or_default())
        })
        .collect();
    led.sort_unstable();
    let expected = [["62620668", "sales", "uni"], ["62620669", "care", "uni"]];
    assert_eq!(led, expected);
}
