//! The console in a browser: every page in both languages without an error of a script, a refusal of
//! the content security policy or a missing text; and what is set there is what the product then does.

use serde_json::{Value, json};

use crate::kit::{
    baresip::Baresip,
    browser::Browser,
    carrier::Fate,
    client::Client,
    furniture::furnish,
    person::Person,
    server::House,
    sipp::Sipp,
    stage::{self, text},
    wait,
};

pub const PASSWORD: &str = "somebody-of-the-house";

pub struct Console {
    pub browser: Browser,
    base: String,
}

impl Console {
    /// A new person of this role signs in by the form; `user` is told their id before.
    pub async fn sign_in(
        api: &Client,
        role: &str,
        language: &str,
        user: impl AsyncFnOnce(&str),
    ) -> Self {
        let name = format!("{role}-{language}");
        let person = json!({
            "username": name, "password": PASSWORD, "display_name": "Person", "role": role,
        });
        user(&text(&api.post("/users", person).await["id"])).await;
        let base = api.base().trim_end_matches("/api/v1").to_owned();
        let mut browser = Browser::start(1280, 900).await;
        browser.open(&format!("{base}/language/{language}")).await;
        let fill = format!(
            "for (const [name, value] of [['username', '{name}'], ['password', '{PASSWORD}']])
                 document.querySelector(`[name=${{name}}]`).value = value;
             document.querySelector('form').requestSubmit()"
        );
        browser.leave(&fill).await;
        Self { browser, base }
    }

    pub async fn open(&mut self, path: &str) {
        self.browser.open(&format!("{}{path}", self.base)).await;
    }

    /// Sends the form `selector` filled with these values; it may be one that reloads the page.
    pub async fn send(&mut self, selector: &str, values: &[(&str, &str)]) {
        self.browser.run(&sending(selector, values)).await;
    }

    /// Sends a form that leads to another page, or to this one anew, and waits for that.
    pub async fn send_and_leave(&mut self, selector: &str, values: &[(&str, &str)]) {
        self.browser.leave(&sending(selector, values)).await;
    }

    /// Clicks as soon as it is to be seen; between a look and a click the page may draw it anew.
    pub async fn click(&mut self, selector: &str) {
        let script = format!(
            "(() => {{
                const one = document.querySelector({selector:?});
                const is_seen = one?.checkVisibility() === true && !one.disabled;
                if (is_seen) one.click();
                return is_seen;
            }})()"
        );
        self.browser.until(&script).await;
    }

    async fn is_well(&mut self, path: &str, language: &str) {
        self.open(path).await;
        assert_eq!(self.browser.faults().await, [""; 0], "{path} in {language}");
        let page = "document.body.innerHTML";
        let missing = self
            .browser
            .run(&format!("{page}.match(/⟦.*?⟧/g) ?? []"))
            .await;
        assert_eq!(missing, json!([]), "{path} in {language}");
        let shown = self.browser.run("document.documentElement.lang").await;
        assert_eq!(shown, language, "{path}");
        let wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth";
        assert_eq!(
            self.browser.run(wide).await,
            false,
            "{path} in {language} is too wide"
        );
        if language == "en" {
            let chinese = "[...document.querySelectorAll('main, nav')]
                .map((part) => part.innerText).join('').match(/[\\u4e00-\\u9fff]+/g) ?? []";
            assert_eq!(
                self.browser.run(chinese).await,
                json!([]),
                "{path} in {language}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_well_in_both_languages() {
    let house = House::new();
    let _server = house.start();
    let api = house.admin().await;
    let pages = furnish(&api).await;
    for language in ["zh-CN", "en"] {
        let mut console = Console::sign_in(&api, "admin", language, async |_| {}).await;
        for path in &pages {
            console.is_well(path, language).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_set_in_the_console_is_set() {
    let house = House::new();
    let _server = house.start();
    let api = house.admin().await;
    furnish(&api).await;
    let keep = json!({ "name": "sales", "agents": ["a8001"], "settings": { "max_wait_ms": 60_000, "resume_within_ms": 5_000 } });
    api.put("/queues/sales", keep).await;
    let mut console = Console::sign_in(&api, "admin", "en", async |_| {}).await;

    console.open("/setup").await;
    console.click("[data-edit='/api/v1/queues/sales']").await;
    let filled = "document.querySelector('[data-keep=\"name code agents settings\"]').elements['settings.max_wait_ms'].value === '60'";
    console.browser.until(filled).await;
    let changes = [
        ("settings.ring_ms", "12"),
        ("settings.exit_keys.0.key", "1"),
        ("settings.exit_keys.0.to.type", "voicemail"),
        ("settings.exit_keys.0.to.mailbox", "sales"),
        ("settings.announcement.every_s", "30"),
    ];
    console
        .send_and_leave("[data-keep='name code agents settings']", &changes)
        .await;
    let queue = wait::until_seen(
        "the queue to be changed",
        stage::WORK,
        || async { api.get("/queues/sales").await },
        |queue| queue["settings"]["ring_ms"] == 12_000,
    )
    .await;
    let settings = &queue["settings"];
    assert_eq!(settings["max_wait_ms"], 60_000, "{settings:#}");
    assert_eq!(
        settings["resume_within_ms"], 5_000,
        "what the form does not show stays"
    );
    let mailbox = json!([{ "key": "1", "to": { "type": "voicemail", "mailbox": "sales" } }]);
    assert_eq!(settings["exit_keys"], mailbox);
    assert_eq!(settings["announcement"]["every_s"], 30);
    assert_eq!(queue["agents"], json!(["a8001"]));

    console.open("/setup").await;
    console.send("#where", &[("number", "4008001234")]).await;
    console
        .browser
        .until("document.querySelector('#where-answer .note').textContent === 'Queue sales'")
        .await;
    console.send("#where", &[("number", "99")]).await;
    console
        .browser
        .until("document.querySelector('#where-answer .note').textContent.includes('No rule')")
        .await;

    let values = [
        ("@id", "closed"),
        ("number", "4008"),
        ("rule.type", "inbound"),
        ("rule.to", "4008001234"),
        ("rule.office.spans", "1-5 09:00-18:00; 6 09:00-12:00"),
    ];
    console
        .send_and_leave("[data-api='PUT /api/v1/routes/{id}']", &values)
        .await;
    let spans = json!([
        { "weekdays": [1, 2, 3, 4, 5], "from": 540, "to": 1080 },
        { "weekdays": [6], "from": 540, "to": 720 },
    ]);
    wait::until_seen(
        "the route to be there",
        stage::WORK,
        || async { api.get("/routes").await },
        |routes| {
            let mut all = routes["data"].as_array().into_iter().flatten();
            all.any(|route| route["rule"]["office"]["spans"] == spans && route["enabled"] == true)
        },
    )
    .await;

    console
        .click("[data-edit='/api/v1/routes'][data-id='closed']")
        .await;
    let filled = "document.querySelector('[data-api=\"PUT /api/v1/routes/{id}\"]').elements['rule.to'].value === '4008001234'";
    console.browser.until(filled).await;
    let values = [("rule.type", "outbound"), ("rule.prefix", "9")];
    console
        .send_and_leave("[data-api='PUT /api/v1/routes/{id}']", &values)
        .await;
    let routes = api.get("/routes").await;
    let all = routes["data"].as_array().expect("routes");
    let route = all
        .iter()
        .find(|route| route["id"] == "closed")
        .expect("it");
    let rule = &route["rule"];
    assert_eq!(
        (&rule["type"], &rule["prefix"]),
        (&json!("outbound"), &json!("9"))
    );
    assert_eq!(rule["record"], true, "as in a new one: {rule:#}");
    let values = [("@id", "closed"), ("number", "1"), ("rule.type", "basic")];
    console
        .send("[data-api='PUT /api/v1/routes/{id}']", &values)
        .await;
    let refused = "document.querySelector('[data-api=\"PUT /api/v1/routes/{id}\"]').elements['@id'].validity.customError";
    console.browser.until(refused).await;

    console.open("/dnc/house").await;
    let numbers = "13900000001,asked\n13900000002\nnonsense 1";
    console
        .send(
            "#entries",
            &[("numbers", numbers), ("expires", "2099-01-01")],
        )
        .await;
    console.browser.until("document.querySelector('#told .note').textContent.startsWith('Added 2, known 0, rejected 1')").await;
    let entries: Value = api.get("/dnc-lists/house/entries").await;
    assert_eq!(entries["data"][0]["reason"], "asked", "{entries:#}");
    console.open("/dnc").await;
    console.send("#look", &[("number", "13900000002")]).await;
    console
        .browser
        .until("document.querySelector('#look-answer .note').textContent.includes('stands in 1')")
        .await;
    assert_eq!(console.browser.faults().await, [""; 0]);
}

pub const ANSWERS: &[(char, Fate)] = &[(
    '0',
    Fate::Answers {
        ring_ms: 100,
        talk_ms: 150_000,
    },
)];

/// The script that fills a form and sends it.
fn sending(selector: &str, values: &[(&str, &str)]) -> String {
    format!(
            "(() => {{
                const form = document.querySelector({selector:?});
                for (let place = form.closest('details'); place; place = place.parentElement.closest('details')) place.open = true;
                for (const [name, value] of {}) {{
                    const one = form.elements[name];
                    one.value = value;
                    (one instanceof Element ? one : form).dispatchEvent(new Event('input', {{ bubbles: true }}));
                }}
                form.requestSubmit();
            }})()",
            json!(values)
        )
}

/// The condition that an element of the page is to be seen.
pub fn seen(selector: &str) -> String {
    format!("document.querySelector({selector:?})?.checkVisibility() === true")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_works_from_the_desk() {
    let carrier = Sipp::carrier(ANSWERS);
    let house = House::new();
    let server = house.start();
    let api = house.admin().await;
    let queue = json!({ "wrap_up_ms": 600_000 });
    let agents = stage::queue(&api, "sales", &["8001"], queue).await;
    let agent = &agents[0];
    let mut desk = Console::sign_in(&api, "agent", "en", async |user| {
        let who = json!({ "name": "Ann", "extension": "8001", "user_id": user });
        api.put(&format!("/agents/{}", agent.id), who).await;
    })
    .await;
    let _phone = Baresip::start(&agent.extension, &agent.secret, server.sip);
    agent.registered(&api).await;

    desk.open("/desk").await;
    for order in ["sign_in", "ready"] {
        desk.click(&format!("[data-order={order}]")).await;
    }
    agent.until(&api, "ready", stage::WORK).await;
    let batch = stage::batch(&api, "one", &["13800138000"]).await;
    let gateway = stage::gateway(&api, &carrier, 10.0).await;
    let settings = stage::settings(&gateway);
    let campaign = stage::start(&api, "predictive", &batch, ("queue", "sales"), settings).await;
    for (order, then) in [
        ("hold", "retrieve"),
        ("retrieve", "hold"),
        ("mute", "unmute"),
        ("unmute", "mute"),
    ] {
        desk.click(&format!("[data-in-call={order}]")).await;
        desk.browser
            .until(&seen(&format!("[data-in-call={then}]")))
            .await;
    }
    let shown = desk
        .browser
        .run("document.querySelector('#call').innerText")
        .await;
    assert!(
        text(&shown).contains("Lead 0"),
        "the lead's fields: {shown}"
    );
    desk.click("[data-order=hangup]").await;
    desk.browser
        .until(&seen("[data-order=finish_wrap_up]"))
        .await;
    desk.send(
        "#disposition",
        &[("code", "interested"), ("note", "call in May")],
    )
    .await;
    let call = wait::until_seen(
        "the call to have a disposition",
        stage::WORK,
        || async { campaign.calls(&api).await },
        |calls| calls.iter().any(|call| call["disposition"] == "interested"),
    )
    .await;
    assert_eq!(call[0]["agent_id"], agent.id.as_str(), "{call:#?}");
    assert_eq!(desk.browser.faults().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_takes_a_colleagues_ringing_call_from_the_desk() {
    let house = House::new();
    let server = house.start();
    let api = house.admin().await;
    let queue = json!({ "max_wait_ms": 0, "ring_ms": 60_000 });
    let agents = stage::queue(&api, "sales", &["8001", "8002"], queue).await;
    let (ann, bob) = (&agents[0], &agents[1]);
    let mut desk = Console::sign_in(&api, "agent", "en", async |user| {
        let who = json!({ "name": "Ann", "extension": "8001", "user_id": user });
        api.put(&format!("/agents/{}", ann.id), who).await;
    })
    .await;
    let _phone = Baresip::start(&ann.extension, &ann.secret, server.sip);
    let _rings = Baresip::ringing(&bob.extension, &bob.secret, server.sip);
    ann.registered(&api).await;
    bob.work(&api).await;
    let hotline = json!({ "number": "4008001234", "queue_id": "sales" });
    api.put("/routes/hotline", hotline).await;
    let mut person = Person::new(server.sip).await;
    stage::gateway_at(&api, person.port(), 10.0).await;

    desk.open("/desk").await;
    desk.click("[data-order=sign_in]").await;
    ann.until(&api, "unready", stage::WORK).await;
    let leg = person.call("4008001234", "13900001111").await;
    wait::until_seen(
        "the call to have rung for five seconds",
        stage::WORK,
        || async { api.get("/queues/sales/waiting").await },
        |line| line["data"][0]["waited_ms"].as_i64() > Some(6_000),
    )
    .await;
    desk.click("#pick-up").await;
    desk.browser.until(&seen("[data-in-call=hold]")).await;
    bob.until(&api, "ready", stage::WORK).await;
    person.hang_up(leg).await;
    desk.browser
        .until(&seen("[data-order=finish_wrap_up]"))
        .await;
    assert_eq!(desk.browser.faults().await, [""; 0]);
}

/// The condition that a form shows what is to be changed: it is asked for first.
pub fn filled(form: &str, input: &str, value: &str) -> String {
    format!(
        "(() => {{
            const form = document.querySelector({form:?});
            return Boolean(form.kept) && form.elements['{input}'].value === '{value}';
        }})()"
    )
}
