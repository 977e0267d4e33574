//! Numbers that a gateway delivers, as SIPp calls them: each kind of route leads where it says, in its hours
//! and outside them, and the house says beforehand where a number would go.

use std::time::Duration;

use serde_json::{Value, json};

use crate::kit::{
    caller::Caller,
    client::Client,
    server::{House, Server},
    sipp_phone::SippPhone,
    sound::{RATE, over_noise_db, tone, write_wav},
    stage,
    tone_end::ToneEnd,
    voice::Voice,
    wait,
};

pub const NUMBER: &str = "62620668";
const SOON: Duration = Duration::from_secs(60);
const CLEAR_DB: f64 = 15.0;
/// Prompts of 1.2 seconds: what callers hear says where they are.
pub const MENU: f64 = 700.0;
pub const ROBOT: f64 = 1_000.0;
pub const CLOSED: f64 = 1_300.0;
pub const NIGHT: f64 = 1_600.0;
const ALL: [f64; 4] = [MENU, ROBOT, CLOSED, NIGHT];

/// A house with a menu, a robot, a queue without agents and a phone, each with its internal number.
pub struct Office {
    pub house: House,
    pub server: Server,
    pub api: Client,
}

impl Office {
    pub async fn open(house: House) -> Self {
        let folder = house.data().join("prompts");
        std::fs::create_dir_all(&folder).expect("a folder");
        for (name, hertz) in ["menu", "robot", "closed", "night"].into_iter().zip(ALL) {
            let sound = tone(hertz, 0.5, 0, RATE as usize * 6 / 5);
            write_wav(&folder.join(format!("{name}.wav")), &sound);
        }
        let server = house.start();
        let api = house.admin().await;
        // Calls are taken from gateways; every SIPp here calls from loopback.
        stage::gateway_at(&api, 9, 10.0).await;
        api.put("/extensions/1009", json!({ "secret": "secret-of-1009" }))
            .await;
        // The second one ends by itself when nobody presses anything.
        for (name, timeout_ms) in [("menu", 10_000), ("night", 1_000)] {
            let end = json!([{ "keys": "5", "action": { "type": "hangup" } }]);
            let menu = json!({
                "greet_long": name, "digit_len": 1, "nodes": end,
                "timeout_ms": timeout_ms, "max_timeouts": 1,
            });
            let path = format!("/ivr-menus/{name}");
            api.put(&path, json!({ "menu": menu })).await;
        }
        let office = Self { house, server, api };
        office.settled().await;
        let ivr = json!({ "type": "ivr", "menu": "menu" });
        office.route("IVR", "200", ivr).await;
        let robot = json!({ "type": "robot", "prompt": "robot" });
        office.route("robot1", "201", robot).await;
        let queue = json!({ "type": "queue", "queue": "sales" });
        office.route("Queue", "301", queue).await;
        let local = json!({ "type": "basic" });
        office.route("Local", r"^(\d{3,4})$", local).await;
        office
    }

    pub async fn route(&self, id: &str, number: &str, rule: Value) {
        let route = json!({ "number": number, "rule": rule });
        self.api.put(&format!("/routes/{id}"), route).await;
    }

    /// Waits until the floor works by what was set up.
    pub async fn settled(&self) {
        let settings = json!({ "max_wait_ms": 5_000, "music": "silence" });
        stage::queue(&self.api, "sales", &[], settings).await;
        let seen = async || self.api.get("/queues/sales").await;
        let holds = |queue: &Value| queue["in_effect"] == true;
        wait::until_seen("the floor to know it", SOON, seen, holds).await;
    }

    /// What a caller of this number hears who presses these keys, until the house hangs up.
    pub async fn heard(&self, number: &str, keys: &str) -> Vec<f64> {
        let sound = ToneEnd::start(Voice::Clip(Vec::new()));
        let mut caller = Caller::hear(self.server.sip, number, keys, &sound);
        let exit = caller.process.ended("the caller's call", SOON).await;
        assert!(exit.success(), "SIPp: {exit}");
        let heard = sound.heard();
        let windows = || heard.chunks_exact(RATE as usize / 5);
        let is_heard = |hertz: &&f64| windows().any(|part| over_noise_db(part, **hertz) > CLEAR_DB);
        ALL.iter().filter(is_heard).copied().collect()
    }

    /// A caller of this number is refused so.
    async fn refused(&self, number: &str, status: u16) {
        let mut caller = Caller::refused(self.server.sip, number, status);
        let exit = caller.process.ended("the caller's call", SOON).await;
        assert!(exit.success(), "SIPp: {exit}");
    }

    /// Where the house says that a caller of this number would go now.
    pub async fn would_go(&self, number: &str) -> Value {
        let told = self
            .api
            .get(&format!("/route-look-up?number={number}"))
            .await;
        json!([told["end"], told["prompt"], told["to"]])
    }

    /// The last of so many CDRs, once they are closed.
    async fn closed(&self, count: usize) -> Value {
        let seen = async || self.api.all("/calls").await;
        let holds = |calls: &Vec<Value>| {
            calls.len() == count && calls.iter().all(|call| call["state"] == "closed")
        };
        wait::until_seen("the CDR", SOON, seen, holds).await[0].clone()
    }
}

/// VOX-036, VOX-097, VOX-100, VOX-101, VOX-102, VOX-103, VOX-109, VOX-110, VOX-113, VOX-114, VOX-115
#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_route_leads_a_caller_where_the_house_said_beforehand() {
    let office = Office::open(House::new().with_settings("[sip]\nphone_ping_s = 0\n")).await;
    for (id, number, to) in [
        ("Callin", NUMBER, "200"),
        ("Callin2", "62620669", "201"),
        ("Callin3", "62620670", "301"),
        ("Callin4", "62620671", "1009"),
    ] {
        let rule = json!({ "type": "inbound", "to": to });
        office.route(id, number, rule).await;
    }
    office.settled().await;
    let ivr = json!(["to", null, { "type": "ivr", "menu": "menu" }]);
    assert_eq!(office.would_go(NUMBER).await, ivr);
    assert_eq!(office.heard(NUMBER, "5").await, [MENU]);
    let robot = json!(["to", "robot", { "type": "hangup" }]);
    assert_eq!(office.would_go("62620669").await, robot);
    assert_eq!(office.heard("62620669", "").await, [ROBOT]);
    // Nobody is there: the wait ends.
    let queue = json!(["to", null, { "type": "queue", "queue": "sales" }]);
    assert_eq!(office.would_go("62620670").await, queue);
    assert_eq!(office.heard("62620670", "").await, [0.0; 0]);
    assert_eq!(office.closed(3).await["queue_id"], "sales");
    let phone = json!(["to", null, { "type": "extension", "extension": "1009" }]);
    assert_eq!(office.would_go("62620671").await, phone);
    let called = SippPhone::register("1009", "secret-of-1009", office.server.sip).await;
    let mut playing = called.run(&called.script().refuses_a_call("486 Busy Here"), &[9]);
    office.refused("62620671", 486).await;
    called.ended(&mut playing).await;

    // A number is itself and nothing longer; and what is outside stays there.
    let nowhere = json!(["nowhere", null, null]);
    for number in ["626206680", "13900000001"] {
        let out = json!({ "type": "outbound", "gateway": "carrier-9" });
        office.route("Callout", r"^(\d{5,13})$", out).await;
        assert_eq!(office.would_go(number).await, nowhere);
        office.refused(number, 404).await;
    }
    // A pattern that is none is refused, and the route stays what it was.
    for pattern in ["^(62", "^((1{1,99}){1,99}){1,99}$"] {
        let bad = json!({ "number": pattern, "rule": { "type": "inbound", "to": "201" } });
        let answer = office
            .api
            .ask(reqwest::Method::PUT, "/routes/Callin", Some(bad));
        assert_eq!(answer.await.code(), "BAD_PATTERN", "{pattern}");
    }
    assert_eq!(office.heard(NUMBER, "5").await, [MENU]);
}

/// VOX-099, VOX-118
#[tokio::test(flavor = "multi_thread")]
async fn a_route_leads_elsewhere_once_it_is_changed_and_back_once_it_is_restored() {
    let office = Office::open(House::new()).await;
    let inbound = |to: &str| json!({ "type": "inbound", "to": to });
    office.route("Callin", NUMBER, inbound("201")).await;
    office.settled().await;
    assert_eq!(office.heard(NUMBER, "").await, [ROBOT]);
    office.route("Callin", NUMBER, inbound("200")).await;
    office.settled().await;
    assert_eq!(office.heard(NUMBER, "5").await, [MENU]);
    let restore = "/routes/Callin/versions/1/restore";
    office.api.post(restore, json!({})).await;
    office.settled().await;
    assert_eq!(office.heard(NUMBER, "").await, [ROBOT]);
    // Another one that takes the number, and is asked before.
    let before = json!({ "number": "^6262", "position": 0, "rule": inbound("200") });
    office.api.put("/routes/Before", before).await;
    office.settled().await;
    assert_eq!(office.heard(NUMBER, "5").await, [MENU]);
}
