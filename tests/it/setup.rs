//! What is set up in the console is stored as it was written there, and shown again as it was.

use serde_json::{Value, json};

use crate::{
    console::{Console, filled, seen},
    kit::{furniture::furnish, server::House, stage::text},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_and_a_queue_keep_what_the_console_wrote() {
    let house = House::new();
    let _server = house.start();
    let api = house.admin().await;
    furnish(&api).await;
    let mut console = Console::sign_in(&api, "admin", "en", async |_| {}).await;
    console.open("/setup").await;
    let form =
        "form[data-keep='name remark kind host port transport username enabled settings trunk']";
    let values = [
        ("@id", "peer"),
        ("name", "Peer"),
        ("remark", "Rack three"),
        ("host", "192.0.2.1"),
        ("username", "we"),
        ("password", "secret-of-ours"),
        ("settings.inbound_reserved", "0.25"),
        ("trunk.called_rules", "0 = +49\n 00=+"),
    ];
    console.send_and_leave(form, &values).await;
    let rules = json!([{ "from": "0", "to": "+49" }, { "from": "00", "to": "+" }]);
    let told = async || {
        let gateway = api.get("/gateways/peer").await;
        let trunk = &gateway["trunk"];
        json!([
            gateway["name"],
            gateway["username"],
            gateway["settings"]["inbound_reserved"],
            trunk["called_rules"],
        ])
    };
    assert_eq!(told().await, json!(["Peer", "we", 0.25, rules]));
    let listed = "document.querySelector('section[aria-labelledby=gateways] table')
        .textContent.includes('PeerRack three')";
    console.browser.until(listed).await;
    console.click("[data-edit='/api/v1/gateways/peer']").await;
    let shown = filled(form, "settings.inbound_reserved", "0.25");
    console.browser.until(&shown).await;
    console.send_and_leave(form, &[("name", "Other")]).await;
    assert_eq!(told().await, json!(["Other", "we", 0.25, rules]));

    let queue = "form[data-keep='name code agents settings']";
    console.click("[data-edit='/api/v1/queues/sales']").await;
    console
        .browser
        .until(&filled(queue, "settings.time_base", "queue"))
        .await;
    let values = [
        ("name", "sales-east"),
        ("code", "销售一部"),
        ("settings.time_base", "system"),
        ("settings.resume_within_ms", "90"),
        ("settings.tiers.wait_ms", "20"),
        ("settings.abandon_after_ms", "1.5"),
        ("settings.recording_name", "archive/{queue}/{call_id}"),
    ];
    console.send_and_leave(queue, &values).await;
    let told = api.get("/queues/sales").await;
    let named = json!([told["name"], told["code"], told["agents"]]);
    assert_eq!(named, json!(["sales-east", "销售一部", ["a8001"]]));
    let settings = &told["settings"];
    let told = json!([
        settings["time_base"],
        settings["resume_within_ms"],
        settings["tiers"]["wait_ms"],
        settings["tiers"]["multiply"],
        settings["abandon_after_ms"],
        settings["recording_name"],
    ]);
    let pattern = "archive/{queue}/{call_id}";
    assert_eq!(
        told,
        json!(["system", 90_000, 20_000, true, 1_500, pattern])
    );
    console.click("[data-edit='/api/v1/queues/sales']").await;
    let shown = filled(queue, "settings.recording_name", pattern);
    console.browser.until(&shown).await;
    assert_eq!(console.browser.faults().await, [""; 0]);
    let outside = [("settings.recording_name", "../{call_id}")];
    console.send(queue, &outside).await;
    let refused = "document.querySelector('[name=\"settings.recording_name\"].fault') !== null";
    console.browser.until(refused).await;
    console
        .send_and_leave(queue, &[("settings.recording_name", "")])
        .await;
    let left = api.get("/queues/sales").await["settings"]["recording_name"].clone();
    assert_eq!(left, json!(null));
}

#[tokio::test(flavor = "multi_thread")]
async fn how_long_things_are_kept_is_set_in_the_console() {
    let house = House::new();
    let _server = house.start();
    let api = house.admin().await;
    let mut console = Console::sign_in(&api, "admin", "en", async |_| {}).await;
    console.open("/setup").await;
    let recordings = "form[data-api='PUT /api/v1/settings/recordings']";
    let files = "form[data-api='PUT /api/v1/settings/files']";
    let shown = |form: &str, input: &str| {
        format!("document.querySelector(\"{form}\").elements['{input}'].value")
    };
    let days = console.browser.run(&shown(files, "keep_days")).await;
    assert_eq!(days, "30");
    console.send_and_leave(files, &[("keep_days", "7")]).await;
    let values = [("keep_days", "90"), ("keep_message_days", "0")];
    console.send_and_leave(recordings, &values).await;
    assert_eq!(api.get("/settings/files").await["keep_days"], 7);
    let set = api.get("/settings/recordings").await;
    assert_eq!(
        (&set["keep_days"], &set["keep_message_days"]),
        (&json!(90), &json!(0))
    );
    for (form, input, days) in [
        (files, "keep_days", "7"),
        (recordings, "keep_days", "90"),
        (recordings, "keep_message_days", "0"),
    ] {
        assert_eq!(console.browser.run(&shown(form, input)).await, days);
    }
    assert_eq!(console.browser.faults().await, [""; 0]);

    let mut supervisor = Console::sign_in(&api, "supervisor", "en", async |_| {}).await;
    supervisor.open("/setup").await;
    let form = format!("document.querySelector(\"{files}\") === null");
    assert_eq!(supervisor.browser.run(&form).await, true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_robot_listens_as_the_console_says_and_no_longer() {
    let house = House::new();
    let _server = house.start();
    let api = house.admin().await;
    furnish(&api).await;
    let mut console = Console::sign_in(&api, "admin", "zh-CN", async |_| {}).await;
    console.open("/setup").await;
    let form = "[data-api='PUT /api/v1/routes/{id}']";
    let told = async || {
        let routes = api.get("/routes").await;
        let mut routes = routes["data"].as_array().expect("routes").iter();
        let robot = routes.find(|route| route["id"] == "robot1");
        robot.map_or(Value::Null, |route| route["rule"].clone())
    };
    let values = [
        ("@id", "robot1"),
        ("number", "201"),
        ("rule.type", "robot"),
        ("rule.prompt", "robot"),
        ("rule.then.type", "queue"),
        ("rule.then.queue", "sales"),
        ("rule.listens.voice_level", "500"),
        ("rule.listens.pause_ms", "400"),
        ("rule.otherwise.type", "voicemail"),
        ("rule.otherwise.mailbox", "sales"),
    ];
    console.send_and_leave(form, &values).await;
    let rule = told().await;
    let listens = json!({ "voice_level": 500, "silence_level": 200, "pause_ms": 400, "wait_s": 3,
        "interruptible": true, "silent": null });
    assert_eq!(rule["listens"], listens, "{rule:#}");
    let otherwise = json!({ "type": "voicemail", "mailbox": "sales" });
    assert_eq!(rule["otherwise"], otherwise, "{rule:#}");

    let edit = "[data-edit='/api/v1/routes'][data-id=robot1]";
    console.click(edit).await;
    let shown = filled(form, "rule.listens.voice_level", "500");
    console.browser.until(&shown).await;
    let louder = [("rule.listens.silence_level", "600")];
    console.send(form, &louder).await;
    let marked = format!(
        "document.querySelector({form:?}).elements['rule.listens.silence_level'].classList.contains('fault')"
    );
    console.browser.until(&marked).await;
    let refused = console.browser.faults().await;
    assert!(
        refused.iter().all(|fault| fault.contains("422")),
        "{refused:?}"
    );
    let deaf = [("rule.listens.voice_level", "")];
    console.send_and_leave(form, &deaf).await;
    let rule = told().await;
    let then = json!({ "type": "queue", "queue": "sales" });
    assert_eq!(
        rule,
        json!({ "type": "robot", "prompt": "robot", "then": then })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_robot_campaign_listens_as_its_form_says() {
    let house = House::new();
    let _server = house.start();
    let api = house.admin().await;
    furnish(&api).await;
    let mut console = Console::sign_in(&api, "admin", "zh-CN", async |_| {}).await;
    console.open("/campaigns/new").await;
    let form = "#campaign";
    let level = seen("[name='settings.robot.listens.voice_level']");
    let wait = seen("[name='settings.robot.listens.wait_s']");
    assert_eq!(console.browser.run(&level).await, false, "it is no robot's");
    // The thresholds contradict each other; nothing is made.
    let values = [
        ("name", "推广"),
        ("campaign_type", "robot"),
        ("settings.robot.then_queue", "sales"),
        ("settings.caller_ids", "02110000"),
        ("settings.robot.listens.voice_level", "500"),
        ("settings.robot.listens.silence_level", "600"),
        ("settings.robot.listens.silent", "more"),
        ("settings.robot.otherwise.type", "ivr"),
        ("settings.robot.otherwise.menu", "main"),
    ];
    console.send(form, &values).await;
    let marked =
        "document.querySelector(\"[name='settings.robot.listens.silence_level'].fault\") !== null";
    console.browser.until(marked).await;
    assert_eq!(console.browser.run(&wait).await, true);
    let right = [("settings.robot.listens.silence_level", "300")];
    console.send_and_leave(form, &right).await;
    let campaigns = api.get("/campaigns").await;
    let made = &campaigns["data"][0];
    assert_eq!(made["name"], "推广", "{made:#}");
    let robot = json!({
        "prompt": "robot", "then_queue": "sales",
        "listens": { "voice_level": 500, "silence_level": 300, "pause_ms": 200, "wait_s": 3,
            "interruptible": true, "silent": "more" },
        "otherwise": { "type": "ivr", "menu": "main" },
    });
    assert_eq!(made["settings"]["robot"], robot);
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_agents_supervisors_have_is_set_in_the_console() {
    let house = House::new();
    let _server = house.start();
    let api = house.admin().await;
    let mut ids = Vec::new();
    for name in ["East", "West"] {
        let made = api.post("/departments", json!({ "name": name })).await;
        ids.push(text(&made["id"]));
    }
    let mut console = Console::sign_in(&api, "admin", "en", async |_| {}).await;
    console.open("/setup").await;
    let form = "form[data-api='PUT /api/v1/settings/supervision']";
    let list = format!("document.querySelector(\"{form}\").elements.departments");
    let shown =
        format!("[{list}.checkVisibility(), [...{list}.selectedOptions].map((one) => one.text)]");
    assert_eq!(console.browser.run(&shown).await, json!([false, []]));
    let west = [("supervises", "granted"), ("departments", ids[1].as_str())];
    console.send_and_leave(form, &west).await;
    let set = async || api.get("/settings/supervision").await["departments"].clone();
    assert_eq!(set().await, json!([ids[1]]));
    assert_eq!(console.browser.run(&shown).await, json!([true, ["West"]]));
    // None is chosen: nobody is supervised, which is not the same as never set.
    console.send_and_leave(form, &[("departments", "")]).await;
    assert_eq!(set().await, json!([]));
    assert_eq!(console.browser.run(&shown).await, json!([true, []]));
    console.send_and_leave(form, &[("supervises", "own")]).await;
    assert_eq!(set().await, json!(null));
    assert_eq!(console.browser.run(&shown).await, json!([false, []]));
    assert_eq!(console.browser.faults().await, [""; 0]);

    let mut supervisor = Console::sign_in(&api, "supervisor", "en", async |_| {}).await;
    supervisor.open("/setup").await;
    let form = format!("document.querySelector(\"{form}\") === null");
    assert_eq!(supervisor.browser.run(&form).await, true);
}
