//! A voice menu is built in the console, submenu and all, and a route leads to it.

use serde_json::json;

use crate::{
    console::Console,
    kit::{furniture::furnish, server::House},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_menu_is_built_in_the_console() {
    let house = House::new();
    let _server = house.start();
    let api = house.admin().await;
    furnish(&api).await;
    let mut console = Console::sign_in(&api, "admin", "en", async |_| {}).await;

    console.open("/ivr").await;
    let values = [
        ("@id", "night"),
        ("name", "Night"),
        ("menu.greet_long", "closed"),
        ("menu.timeout_ms", "5"),
        ("menu.then.type", "voicemail"),
        ("menu.then.mailbox", "sales"),
    ];
    console.send_and_leave("#menu", &values).await;
    console.click("[data-node-of=night]:not([data-keys])").await;
    let values = [
        ("keys", "7"),
        ("name", "Deeper"),
        ("action.type", "submenu"),
        ("action.menu", "+"),
        ("new.id", "deeper"),
        ("new.greet_long", "thanks"),
    ];
    console.send_and_leave("#node form", &values).await;
    console
        .click("[data-node-of=deeper]:not([data-keys])")
        .await;
    let values = [
        ("keys", "1"),
        ("action.type", "queue"),
        ("action.queue", "sales"),
    ];
    console.send_and_leave("#node form", &values).await;
    console.click("[data-node-of=deeper][data-keys='1']").await;
    console.browser.until(&opened("1")).await;
    let offered = "document.querySelector('#node form').elements['action.menu'].value";
    assert_eq!(console.browser.run(offered).await, "+");
    console.send_and_leave("#node form", &[("keys", "2")]).await;

    let night = api.get("/ivr-menus/night").await;
    let menu = &night["menu"];
    assert_eq!(menu["timeout_ms"], 5_000, "{night:#}");
    let mailbox = json!({ "type": "voicemail", "mailbox": "sales" });
    assert_eq!(menu["then"], mailbox);
    let nodes = json!([{
        "name": "Deeper", "keys": "7", "action": { "type": "submenu", "menu": "deeper" },
    }]);
    assert_eq!(menu["nodes"], nodes);
    let deeper = api.get("/ivr-menus/deeper").await;
    let nodes = json!([{
        "name": "", "keys": "2", "action": { "type": "queue", "queue": "sales" },
    }]);
    assert_eq!(deeper["menu"]["nodes"], nodes, "{deeper:#}");

    // A refusal stands at its field.
    console.click("[data-node-of=night]:not([data-keys])").await;
    let values = [("keys", "7"), ("action.type", "hangup")];
    console.send("#node form", &values).await;
    let marked = "document.querySelector('#node form').elements.keys.classList.contains('fault')";
    console.browser.until(marked).await;
    let faults = console.browser.faults().await;
    let expected = |fault: &String| fault.contains("422");
    assert!(faults.iter().all(expected), "{faults:?}");

    console.open("/setup").await;
    let values = [
        ("@id", "night"),
        ("number", "201"),
        ("rule.type", "ivr"),
        ("rule.menu", "night"),
    ];
    console
        .send_and_leave("[data-api='PUT /api/v1/routes/{id}']", &values)
        .await;
    console.send("#where", &[("number", "201")]).await;
    let found = "document.querySelector('#where-answer .note').textContent === 'Voice menu night'";
    console.browser.until(found).await;
}

/// The condition that the node of these keys is shown for a change: it is asked for first.
fn opened(keys: &str) -> String {
    format!(
        "document.querySelector('#node').open
            && document.querySelector('#node form').elements.keys.value === '{keys}'"
    )
}
