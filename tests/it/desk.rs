//! Functions that are hidden from agents: not at the desk, refused by REST, and not for supervisors.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    console::{ANSWERS, Console, PASSWORD, seen},
    kit::{
        baresip::Baresip,
        client::Client,
        server::House,
        sipp::Sipp,
        stage::{self, text},
        wait,
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_hidden_in_the_set_up_is_hidden_at_the_desk_and_refused() {
    let carrier = Sipp::carrier(ANSWERS);
    let house = House::new();
    let server = house.start();
    let api = house.admin().await;
    let agents = stage::queue(&api, "sales", &["8001"], json!({})).await;
    let agent = &agents[0];
    let mut desk = Console::sign_in(&api, "agent", "en", async |user| {
        let who = json!({ "name": "Ann", "extension": "8001", "user_id": user });
        api.put(&format!("/agents/{}", agent.id), who).await;
    })
    .await;
    let own = Client::sign_in(api.base(), "agent-en", PASSWORD).await;
    let mut admin = Console::sign_in(&api, "admin", "en", async |_| {}).await;
    admin.open("/setup").await;
    let form = "[data-api='PUT /api/v1/settings/desk']";
    admin.send_and_leave(form, &[("hidden", "hold")]).await;
    let set = api.get("/settings/desk").await;
    assert_eq!(set["hidden"], json!(["hold"]), "{set:#}");
    let of_old = set["hidden_remote"].as_array().map(Vec::len);
    assert_eq!(of_old, Some(9), "as it came: {set:#}");

    // Older softphones know them by number.
    let asked = json!({ "hidden": [6, "37", 3, "call_inside"] });
    let set = api.put("/settings/desk", asked).await;
    let hidden = json!(["call_outside", "call_inside", "hold", "message"]);
    assert_eq!(set["hidden"], hidden, "{set:#}");
    wait::until_seen(
        "the desk to know",
        stage::WORK,
        || async { own.get("/agents/me").await },
        |me| me["hidden"] == hidden,
    )
    .await;
    let message = json!({ "to": { "all": {} }, "text": "hello" });
    let call = |to: Value| json!({ "first": { "extension": "8001" }, "second": to });
    for (path, body) in [
        ("/messages", message),
        ("/calls", call(json!({ "extension": "8001" }))),
        ("/calls", call(json!({ "number": "13800138000" }))),
    ] {
        assert_eq!(refused(&own, path, body.clone()).await, "FUNCTION_HIDDEN");
        assert_ne!(refused(&api, path, body).await, "FUNCTION_HIDDEN");
    }

    let _phone = Baresip::start(&agent.extension, &agent.secret, server.sip);
    agent.registered(&api).await;
    desk.open("/desk").await;
    for order in ["sign_in", "ready"] {
        desk.click(&format!("[data-order={order}]")).await;
    }
    let batch = stage::batch(&api, "one", &["13800138000"]).await;
    let gateway = stage::gateway(&api, &carrier, 10.0).await;
    let settings = stage::settings(&gateway);
    stage::start(&api, "predictive", &batch, ("queue", "sales"), settings).await;
    desk.browser.until(&seen("[data-in-call=mute]")).await;
    let shown = desk.browser.run(&seen("[data-in-call=hold]")).await;
    assert_eq!(shown, false);
    let hold = || json!({ "order": "hold" });
    let code = refused(&own, "/agents/me/call", hold()).await;
    assert_eq!(code, "FUNCTION_HIDDEN");
    api.post(&format!("/agents/{}/call", agent.id), hold())
        .await;
    desk.click("[data-in-call=retrieve]").await;
    desk.browser
        .until("document.querySelector('[data-in-call=retrieve]').hidden")
        .await;
    let me = own.get("/agents/me").await;
    assert_eq!(me["call"]["held"], false, "{me:#}");
    assert_eq!(desk.browser.faults().await, [""; 0]);
}

/// The code with which something is refused.
async fn refused(who: &Client, path: &str, body: Value) -> String {
    let answer = who.ask(Method::POST, path, Some(body)).await;
    text(&json!(answer.code()))
}
