//! Numbers outside, as phones call them: which route and which gateway carry them, as what they are dialled,
//! and which number of the house SIPp sees at the other end.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};

use crate::kit::{
    carrier::Fate,
    client::Client,
    server::{House, Server},
    sipp::Sipp,
    sipp_phone::{Script, SippPhone},
    stage::{self, text},
    wait,
};

const SOON: Duration = Duration::from_secs(60);
const SECRET: &str = "secret-of-1009";
/// What the routes show.
const OURS: &str = "02580001111";
const BUSY: (char, Fate) = ('1', Fate::Refused(486, "Busy Here"));

/// A house with two phones, and two carriers as the gateways `a` and `b`.
struct Office {
    _house: House,
    server: Server,
    api: Client,
    a: Sipp,
    b: Sipp,
    phone: SippPhone,
}

impl Office {
    async fn open() -> Self {
        let (ring_ms, talk_ms) = (50, 1_500);
        let a = Sipp::witness(
            "u1",
            &[
                BUSY,
                ('3', Fate::Refused(503, "Service Unavailable")),
                ('5', Fate::Rings),
                ('0', Fate::Answers { ring_ms, talk_ms }),
            ],
        );
        let b = Sipp::witness("u1", &[BUSY]);
        let house = House::new().with_settings("[sip]\nphone_ping_s = 0\n");
        let server = house.start();
        let api = house.admin().await;
        for (id, port, channels) in [("a", a.port, 30), ("b", b.port, 300)] {
            let settings = json!({ "max_channels": channels, "max_cps": 50.0 });
            let gateway =
                json!({ "name": id, "host": "127.0.0.1", "port": port, "settings": settings });
            api.put(&format!("/gateways/{id}"), gateway).await;
        }
        for extension in ["1008", "1009"] {
            let secret = json!({ "secret": format!("secret-of-{extension}") });
            api.put(&format!("/extensions/{extension}"), secret).await;
        }
        let phone = SippPhone::register("1009", SECRET, server.sip).await;
        Self {
            _house: house,
            server,
            api,
            a,
            b,
            phone,
        }
    }

    /// An outbound route for what a pattern takes, at its usual place.
    async fn out(&self, id: &str, pattern: &str, position: Option<u32>, rule: Value) {
        let mut rule = rule;
        rule["type"] = json!("outbound");
        let mut route = json!({ "number": pattern, "rule": rule });
        if let Some(position) = position {
            route["position"] = json!(position);
        }
        self.api.put(&format!("/routes/{id}"), route).await;
    }

    /// Waits until the floor works by what was set up.
    async fn settled(&self) {
        stage::queue(&self.api, "sales", &[], json!({})).await;
        let seen = async || self.api.get("/queues/sales").await;
        let holds = |queue: &Value| queue["in_effect"] == true;
        wait::until_seen("the floor to know it", SOON, seen, holds).await;
    }

    async fn play(&self, script: &Script) {
        let mut playing = self.phone.run(script, &[9; 20]);
        self.phone.ended(&mut playing).await;
    }

    /// So many CDRs that are closed, oldest first.
    async fn closed(&self, count: usize) -> Vec<Value> {
        let is_closed = |call: &&Value| call["state"] == "closed";
        let seen = async || self.api.all("/calls").await;
        let holds = |calls: &Vec<Value>| calls.iter().filter(is_closed).count() == count;
        let mut calls = wait::until_seen("the CDRs", SOON, seen, holds).await;
        calls.sort_by_key(|call| text(&call["started_at"]));
        calls
    }

    /// Where the house says that the phone's call would go.
    async fn would_go(&self, number: &str) -> [Value; 3] {
        let path = format!("/route-look-up?number={number}&side=inside&caller=1009");
        let told = self.api.get(&path).await;
        ["number", "gateway_id", "shown_caller"].map(|name| told[name].clone())
    }
}

/// The numbers that a carrier was asked for, in their order.
fn dialled(carrier: &Sipp) -> Vec<String> {
    let invites = carrier.invites().into_iter();
    invites.map(|invite| invite.number).collect()
}

/// What stands in From of a call to this number.
fn shown(carrier: &Sipp, number: &str) -> String {
    let invite = carrier.invite(number);
    let from = invite.header("From").split_once("sip:").expect("a URI").1;
    from.split_once('@').expect("a number").0.to_owned()
}

/// VOX-097, VOX-099, VOX-100, VOX-102, VOX-103, VOX-104, VOX-105, VOX-106, VOX-107
#[tokio::test(flavor = "multi_thread")]
async fn the_first_rule_that_takes_a_number_says_by_which_gateway_and_as_what_it_is_dialled() {
    let office = Office::open().await;
    let through = |gateway: &str| json!({ "gateway": gateway, "caller": OURS });
    let mut callout = through("a");
    callout["prefix"] = json!("9");
    // What is broad stands last, whenever it was set up.
    office.out("Callout", r"^(\d{5,13})$", None, callout).await;
    let local = json!({ "number": r"^(\d{3,4})$", "rule": { "type": "basic" } });
    office.api.put("/routes/Local", local).await;
    office
        .out("one", "13900000011", Some(10), through("b"))
        .await;
    office.out("older", "^1380", Some(20), through("b")).await;
    office.out("younger", "^138", Some(20), through("a")).await;
    let mut bound = through("a");
    bound["by_extension"] = json!(true);
    office.out("bound", "^137", Some(20), bound).await;
    office
        .out("widest", "^136", Some(20), json!({ "caller": OURS }))
        .await;
    let mut next = through("a");
    next["fallback_gateways"] = json!(["b"]);
    office.out("next", "^135", Some(20), next).await;
    let to_b = json!({ "gateway": "b" });
    office.api.put("/extensions/1009/gateway", to_b).await;
    office.settled().await;
    let told = office.would_go("13900000001").await;
    assert_eq!(json!(told), json!(["913900000001", "a", OURS]));
    let told = office.would_go("13900000011").await;
    assert_eq!(json!(told), json!(["13900000011", "b", OURS]));
    let told = office.would_go("13700000001").await;
    assert_eq!(json!(told), json!(["13700000001", "b", OURS]));

    let colleague = SippPhone::register("1008", "secret-of-1008", office.server.sip).await;
    let mut at_colleague = colleague.run(&colleague.script().refuses_a_call("603 Decline"), &[9]);
    let other = ("1008", "secret-of-1008");
    let script = office.phone.script();
    let script = script
        .calls(2, "13900000001", "", 486)
        .calls(3, "13900000011", "", 486)
        .calls(4, "139000000111", "", 486)
        .calls(5, "13800000001", "", 486)
        .calls(6, "13810000001", "", 486)
        .calls(7, "13700000001", "", 486)
        .calls_as(other, 8, "13700000011", "", 486)
        .calls(9, "13600000001", "", 486)
        .calls(10, "13500000003", "", 486)
        .calls(11, "1008", "", 603)
        .calls(12, "12", "", 404);
    office.play(&script).await;
    colleague.ended(&mut at_colleague).await;

    let by_a = [
        "913900000001",
        "9139000000111",
        "13810000001",
        "13700000011",
        "13500000003",
    ];
    assert_eq!(dialled(&office.a), by_a);
    let by_b = [
        "13900000011",
        "13800000001",
        "13700000001",
        "13600000001",
        "13500000003",
    ];
    assert_eq!(dialled(&office.b), by_b);
    let request = office.a.invite("913900000001").first().to_owned();
    let called = format!(
        "INVITE sip:913900000001@127.0.0.1:{} SIP/2.0",
        office.a.port
    );
    assert_eq!(request, called);
    assert_eq!(shown(&office.a, "913900000001"), OURS);
}

/// VOX-107, VOX-108
#[tokio::test(flavor = "multi_thread")]
async fn a_route_says_how_long_it_rings_outside_and_whether_that_is_recorded() {
    let office = Office::open().await;
    let briefly = json!({ "gateway": "a", "caller": OURS, "ring_timeout_s": 5 });
    office.out("briefly", "^134", None, briefly).await;
    let unheard = json!({ "gateway": "a", "caller": OURS, "record": false });
    office.out("unheard", "^133", None, unheard).await;
    let heard = json!({ "gateway": "a", "caller": OURS });
    office.out("heard", "^132", None, heard).await;
    office.settled().await;
    let script = office.phone.script();
    let script = script
        .calls(2, "13300000000", "", 200)
        .released()
        .calls(3, "13200000000", "", 200)
        .released()
        .calls_and_is_told(4, "13400000005", 180, 480);
    office.play(&script).await;

    assert_eq!(office.a.received("CANCEL").len(), 1);
    let calls = office.closed(3).await;
    let kept = |call: &Value| json!([call["outcome"], call["recording"].is_string()]);
    let kept: Vec<Value> = calls.iter().map(kept).collect();
    let expected = [
        json!(["connected", false]),
        json!(["connected", true]),
        json!(["no_answer", false]),
    ];
    assert_eq!(kept, expected, "{calls:#?}");
}

/// VOX-198, VOX-200
#[tokio::test(flavor = "multi_thread")]
async fn a_phone_shows_the_numbers_that_it_is_bound_to_while_they_may_be_shown() {
    let office = Office::open().await;
    for (start, gateway) in [("131", "a"), ("132", "b")] {
        let rule = json!({ "gateway": gateway, "caller": OURS });
        office.out(gateway, &format!("^{start}"), None, rule).await;
    }
    let all = ["62620668", "62620669", "62620670", "62620671"];
    let added = json!({ "numbers": all.join(", ") });
    office.api.post("/numbers", added).await;
    for (number, holds) in [
        ("62620668", json!({ "daily_limit": 1, "gateway_id": "a" })),
        ("62620669", json!({ "enabled": false })),
        ("62620670", json!({ "gateway_id": "b", "area": "Nanjing" })),
    ] {
        office.api.put(&format!("/numbers/{number}"), holds).await;
    }
    let bind = async |numbers: &[&str]| {
        let path = "/extensions/1009/caller-ids";
        let bound = json!({ "caller_ids": numbers });
        let answer = office.api.ask(reqwest::Method::PUT, path, Some(bound));
        assert_eq!(answer.await.status, 204);
        office.settled().await;
    };
    bind(&all[..3]).await;
    let script = office.phone.script();
    let script = script
        .calls(2, "13100000001", "", 486)
        .calls(3, "13200000001", "", 486)
        .calls(4, "13200000011", "", 486);
    office.play(&script).await;
    assert_eq!(shown(&office.a, "13100000001"), "62620668");
    assert_eq!(shown(&office.b, "13200000001"), "62620670");
    assert_eq!(shown(&office.b, "13200000011"), "62620670");

    // That number has been shown as often as it may be today: the route's is left.
    office.closed(3).await;
    office
        .play(&office.phone.script().calls(2, "13100000011", "", 486))
        .await;
    assert_eq!(shown(&office.a, "13100000011"), OURS);

    // Of several that may be shown it is any, as chance has it.
    bind(&all[2..]).await;
    let mut script = office.phone.script();
    let numbers: Vec<String> = (10..26).map(|nth| format!("13200001{nth}1")).collect();
    for (call, number) in (2..).zip(&numbers) {
        script = script.calls(call, number, "", 486);
    }
    office.play(&script).await;
    let shown: BTreeSet<_> = numbers
        .iter()
        .map(|called| shown(&office.b, called))
        .collect();
    assert_eq!(shown, all[2..].iter().map(ToString::to_string).collect());
}
