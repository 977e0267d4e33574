//! Who is in a queue and what it says of each is set on the queue's page; a route is made again what it was.

use serde_json::{Value, json};

use crate::{
    console::Console,
    kit::{baresip::Baresip, client::Client, furniture::furnish, server::House, stage, wait},
};

const MEMBER: &str = "#member form";

async fn member(api: &Client, agent: &str) -> Value {
    let all = api.get("/queues/sales/agents").await;
    let mut all = all["data"].as_array().expect("members").iter();
    let found = all.find(|member| member["agent_id"] == agent);
    found.map_or(Value::Null, |member| member["settings"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_are_put_in_a_queue_changed_there_and_taken_out() {
    let house = House::new();
    let _server = house.start();
    let api = house.admin().await;
    furnish(&api).await;
    for id in ["8002", "8003"] {
        api.put(&format!("/extensions/{id}"), json!({})).await;
        let agent = json!({ "name": format!("Agent {id}"), "extension": id });
        api.put(&format!("/agents/a{id}"), agent).await;
    }
    let mut console = Console::sign_in(&api, "admin", "zh-CN", async |_| {}).await;
    console.open("/queues/sales").await;
    let choose = "(() => {
        const form = document.getElementById('add');
        for (const one of form.elements.agents.options) one.selected = true;
        form.requestSubmit();
    })()";
    console.browser.leave(choose).await;
    for agent in ["a8001", "a8002", "a8003"] {
        let settings = member(&api, agent).await;
        let told = json!([
            settings["level"],
            settings["position"],
            settings["reject_delay_ms"],
            settings["busy_delay_ms"],
            settings["ring_ms"],
        ]);
        assert_eq!(told, json!([1, 1, 10_000, 60_000, null]), "{agent}");
    }

    let filled = |name: &str, value: &str| {
        format!("document.querySelector('{MEMBER}')?.elements['{name}'].value === '{value}'")
    };
    console.click("[data-member=a8002]").await;
    console.browser.until(&filled("@agent", "a8002")).await;
    let values = [("level", "2"), ("position", "5"), ("ring_ms", "7.5")];
    console.send_and_leave(MEMBER, &values).await;
    let changed = member(&api, "a8002").await;
    assert_eq!(
        json!([changed["level"], changed["position"], changed["ring_ms"]]),
        json!([2, 5, 7_500])
    );
    assert_eq!(changed["wrap_up_ms"], Value::Null, "as the queue says");
    assert_eq!(member(&api, "a8001").await["level"], 1);
    let in_effect = wait::until_seen(
        "the floor to work by it",
        stage::WORK,
        || async { api.get("/queues/sales").await },
        |queue| queue["in_effect"] == true,
    )
    .await;
    assert_eq!(in_effect["agents"], json!(["a8001", "a8002", "a8003"]));

    // What is refused is said in the page's language, at its place.
    console.click("[data-member=a8002]").await;
    console.browser.until(&filled("ring_ms", "7.5")).await;
    console
        .browser
        .run(&format!(
            "(() => {{
                const form = document.querySelector('{MEMBER}');
                form.noValidate = true;
                form.elements.ring_ms.value = '1';
                form.requestSubmit();
            }})()"
        ))
        .await;
    let said =
        "document.querySelector('#member .fault-text')?.textContent === '超出范围 5000 – 120000'";
    console.browser.until(said).await;
    assert_eq!(member(&api, "a8002").await["ring_ms"], 7_500);
    // That refusal is what the browser notes of an answer of 422.
    let faults = console.browser.faults().await;
    assert!(
        faults.iter().all(|fault| fault.contains("422")),
        "{faults:?}"
    );

    console.open("/queues/sales").await;
    console.browser.run("window.confirm = () => true").await;
    let out = "document.querySelector('[data-api$=\"/agents/a8003\"]').click()";
    console.browser.leave(out).await;
    assert_eq!(member(&api, "a8003").await, Value::Null);
    let other =
        "[...document.querySelectorAll('#add option')].map((one) => one.value).join() === 'a8003'";
    console.browser.until(other).await;
    assert_eq!(console.browser.faults().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_is_made_again_what_it_was() {
    let house = House::new();
    let _server = house.start();
    let api = house.admin().await;
    furnish(&api).await;
    stage::gateway_at(&api, 10, 10.0).await;
    let route = async || {
        let all = api.get("/routes").await;
        let mut all = all["data"].as_array().expect("routes").iter();
        all.find(|route| route["id"] == "hotline")
            .expect("it")
            .clone()
    };
    let first = route().await;
    let mut console = Console::sign_in(&api, "admin", "en", async |_| {}).await;
    let form = "[data-api='PUT /api/v1/routes/{id}']";
    console.open("/setup").await;
    console
        .click("[data-edit='/api/v1/routes'][data-id=hotline]")
        .await;
    let shown = format!("document.querySelector(\"{form}\").kept?.number === '4008001234'");
    console.browser.until(&shown).await;
    let values = [
        ("rule.type", "outbound"),
        ("rule.gateway", "carrier-9"),
        ("rule.fallback_gateways.0", "carrier-10"),
    ];
    console.send_and_leave(form, &values).await;
    let rule = &route().await["rule"];
    assert_eq!(rule["gateway"], "carrier-9", "{rule:#}");
    assert_eq!(rule["fallback_gateways"], json!(["carrier-10"]));

    console
        .click("[data-edit='/api/v1/routes'][data-id=hotline]")
        .await;
    let shown = format!(
        "document.querySelector(\"{form}\").elements['rule.gateway'].value === 'carrier-9'"
    );
    console.browser.until(&shown).await;
    let values = [
        ("rule.type", "inbound"),
        ("rule.to", "200"),
        ("rule.office.spans", "1-5 09:00-18:00"),
        ("rule.office.shut", "2027-02-05\n2027-02-06"),
        ("rule.office.open", "2027-02-20"),
    ];
    console.send_and_leave(form, &values).await;
    let office = &route().await["rule"]["office"];
    assert_eq!(
        office["shut"],
        json!(["2027-02-05", "2027-02-06"]),
        "{office:#}"
    );
    assert_eq!(office["open"], json!(["2027-02-20"]));
    let day = |day: &str| {
        format!("/route-look-up?number=4008001234&side=gateway&at={day}T10:00:00%2B08:00")
    };
    let end = async |on: &str| api.get(&day(on)).await["steps"][0]["verdict"].clone();
    assert_eq!(end("2027-02-05").await, "closed", "a Friday that is shut");
    assert_eq!(end("2027-02-12").await, "taken", "another Friday");

    console.open("/routes/hotline").await;
    console.browser.run("window.confirm = () => true").await;
    let restore = "document.querySelector('[data-api$=\"/versions/1/restore\"]').click()";
    console.browser.leave(restore).await;
    assert_eq!(route().await, first);
    let versions = "document.querySelectorAll('tbody tr').length === 4";
    console.browser.until(versions).await;

    // The text itself: what is no JSON is not sent, what is well is checked and saved.
    let text = "document.querySelector('#text').elements.document.value";
    console
        .browser
        .run(&format!(
            "{text} = '{{'; document.querySelector('#text').requestSubmit()"
        ))
        .await;
    let said = "document.querySelector('#text .fault-text')?.textContent === 'This is no JSON'";
    console.browser.until(said).await;
    let changed = json!({ "number": "4008001234", "queue_id": "sales", "position": 7 });
    console
        .browser
        .leave(&format!(
            "{text} = JSON.stringify({changed}); document.querySelector('#text').requestSubmit()"
        ))
        .await;
    assert_eq!(route().await["position"], 7);
    assert_eq!(console.browser.faults().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_row_on_the_floor_and_in_a_queue_is_no_wider_than_the_page() {
    let house = House::new();
    let server = house.start();
    let api = house.admin().await;
    furnish(&api).await;
    let agent = stage::queue(&api, "sales", &["8001"], json!({}))
        .await
        .remove(0);
    let _phone = Baresip::start(&agent.extension, &agent.secret, server.sip);
    agent.work(&api).await;
    for language in ["zh-CN", "en"] {
        let mut console = Console::sign_in(&api, "supervisor", language, async |_| {}).await;
        console.open("/floor").await;
        console
            .browser
            .until("document.querySelectorAll('[data-how]').length === 3")
            .await;
        let is_wide = "(() => {
            const part = document.querySelector('.scroll');
            return part.scrollWidth > part.clientWidth;
        })()";
        assert_eq!(console.browser.run(is_wide).await, false, "{language}");
        console.open("/queues/sales").await;
        assert_eq!(console.browser.run(is_wide).await, false, "{language}");
    }
}
