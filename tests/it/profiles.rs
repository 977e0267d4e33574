//! How gateways are spoken to, as SIPp sees it: peers, accounts, an IMS core, and each knob of a trunk.

use std::time::Duration;

use serde_json::{Value, json};

use crate::kit::{
    carrier::Fate,
    client::Client,
    crowd::Crowd,
    ports,
    registrar::{self, Account},
    server::{House, Server},
    sipp::Sipp,
    sipp_phone::SippPhone,
    stage, wait,
};

const SOON: Duration = Duration::from_secs(60);
const SECRET: &str = "secret-of-1009";
/// The house's number, as its routes show it.
const OURS: &str = "02580001111";
const FATES: &[(char, Fate)] = &[
    ('1', Fate::Refused(486, "Busy Here")),
    ('2', Fate::BusyReliably),
];

/// A house with a phone that calls outside: `131…` goes through the gateway `g131`, and so on.
struct Office {
    _house: House,
    server: Server,
    api: Client,
    phone: SippPhone,
    /// Calls so far.
    calls: u32,
}

impl Office {
    /// Gateways have this SIP port for themselves.
    async fn open(trunk_port: u16) -> Self {
        let settings = format!("[sip]\nphone_ping_s = 0\ntrunk_port = {trunk_port}\n");
        let house = House::new().with_settings(&settings);
        let server = house.start();
        let api = house.admin().await;
        api.put("/extensions/1009", json!({ "secret": SECRET }))
            .await;
        let phone = SippPhone::register("1009", SECRET, server.sip).await;
        Self {
            _house: house,
            server,
            api,
            phone,
            calls: 1,
        }
    }

    /// A gateway, and the route of the numbers that begin with `start`, through it.
    async fn gateway(&self, start: &str, mut gateway: Value) {
        let id = format!("g{}", start.trim_start_matches('0'));
        gateway["name"] = json!(id);
        self.api.put(&format!("/gateways/{id}"), gateway).await;
        let rule = json!({ "type": "outbound", "gateway": id, "caller": OURS });
        let route = json!({ "number": format!("^{start}"), "rule": rule });
        self.api.put(&format!("/routes/out{start}"), route).await;
    }

    /// Waits until the floor works by what was set up.
    async fn settled(&self) {
        stage::queue(&self.api, "sales", &[], json!({})).await;
        let seen = async || self.api.get("/queues/sales").await;
        let holds = |queue: &Value| queue["in_effect"] == true;
        wait::until_seen("the floor to know it", SOON, seen, holds).await;
    }

    /// The phone calls a number outside, and is told so.
    async fn call(&mut self, number: &str, status: u16) {
        self.calls += 1;
        let script = self.phone.script().calls(self.calls, number, "", status);
        let sounds = vec![9; self.calls as usize];
        let mut playing = self.phone.run(&script, &sounds);
        self.phone.ended(&mut playing).await;
    }
}

fn peer(port: u16, trunk: Value) -> Value {
    json!({ "host": "127.0.0.1", "port": port, "trunk": trunk })
}

/// VOX-184, VOX-186, VOX-187, VOX-191, VOX-193
#[tokio::test(flavor = "multi_thread")]
async fn a_peer_is_spoken_to_from_the_port_of_gateways_and_as_its_knobs_say() {
    let carrier = Sipp::witness("u1", FATES);
    let streams = Sipp::witness("t1", FATES);
    let own = ports::one();
    let mut office = Office::open(own).await;
    office.gateway("131", peer(carrier.port, json!({}))).await;
    let knobs = json!({
        "called_rules": [{ "from": "00", "to": "+" }, { "from": "0", "to": "+86" }],
        "caller_rules": [{ "from": "0", "to": "+86" }],
        "identity": "asserted", "withhold_caller": true, "user_phone": true,
        "codecs": ["g722", "pcmu"], "ptime_ms": 30,
        "reliable": "never", "session_timer_s": 1_800,
    });
    office.gateway("0132", peer(carrier.port, knobs)).await;
    let mut over_tcp = peer(streams.port, json!({ "codecs": ["pcmu", "pcma"] }));
    over_tcp["transport"] = json!("tcp");
    office.gateway("133", over_tcp).await;
    let mut off = peer(carrier.port, json!({}));
    off["enabled"] = json!(false);
    office.gateway("134", off).await;
    office.settled().await;

    office.call("13100000001", 486).await;
    let plain = carrier.invite("13100000001");
    let (us, them) = (
        format!("127.0.0.1:{own}"),
        format!("127.0.0.1:{}", carrier.port),
    );
    assert_eq!(
        plain.first(),
        format!("INVITE sip:13100000001@{them} SIP/2.0")
    );
    let via = plain.header("Via");
    assert!(via.starts_with(&format!("SIP/2.0/UDP {us};")), "{plain:#?}");
    let from = format!("<sip:{OURS}@{us}>");
    assert!(plain.header("From").contains(&from), "{plain:#?}");
    assert_eq!(plain.header("Contact"), from, "{plain:#?}");
    assert_eq!(plain.header("Supported"), "100rel, replaces, timer");
    for absent in [
        "Authorization",
        "Privacy",
        "P-Asserted-Identity",
        "Session-Expires",
    ] {
        assert_eq!(plain.header(absent), "", "{plain:#?}");
    }
    assert_eq!(plain.described("a=ptime:"), "20", "{plain:#?}");
    assert!(carrier.received("REGISTER").is_empty(), "a peer");
    // What rings reliably is acknowledged so, or the busy carrier would not say that it is.
    office.call("13100000002", 486).await;
    assert_eq!(carrier.received("PRACK").len(), 1);

    office.call("013200000001", 486).await;
    let peculiar = carrier.invite("+8613200000001");
    assert_eq!(
        peculiar.first(),
        format!("INVITE sip:+8613200000001@{them};user=phone SIP/2.0")
    );
    let from = peculiar.header("From");
    assert!(from.contains("sip:anonymous@anonymous.invalid"), "{from}");
    let identity = format!("<sip:+862580001111@{us};user=phone>");
    assert_eq!(peculiar.header("P-Asserted-Identity"), identity);
    assert_eq!(peculiar.header("Privacy"), "id");
    assert_eq!(peculiar.header("Supported"), "replaces, timer");
    assert_eq!(peculiar.header("Session-Expires"), "1800");
    assert_eq!(peculiar.payloads()[..2], ["9", "0"], "{peculiar:#?}");
    assert!(!peculiar.payloads().contains(&"8"), "{peculiar:#?}");
    assert_eq!(peculiar.described("a=ptime:"), "30");

    office.call("13300000001", 486).await;
    let over_tcp = streams.invite("13300000001");
    let called = over_tcp.header("To");
    assert!(called.contains(";transport=tcp"), "{over_tcp:#?}");
    assert!(
        over_tcp.header("Via").starts_with("SIP/2.0/TCP "),
        "{over_tcp:#?}"
    );
    assert_eq!(over_tcp.payloads()[..2], ["0", "8"], "{over_tcp:#?}");

    let before = carrier.received("INVITE").len();
    office.call("13400000001", 503).await;
    assert_eq!(
        carrier.received("INVITE").len(),
        before,
        "it is switched off"
    );

    // The far end calls the port that gateways have; the other one takes them, too. Of several at one
    // address it is the first by name.
    let route = json!({ "number": "62620668", "queue_id": "sales" });
    office.api.put("/routes/callin", route).await;
    office.settled().await;
    for port in [own, office.server.sip] {
        let mut caller = Crowd::call(port, "62620668", 1, 1);
        caller.process.ended("the call", SOON).await;
        assert_eq!(caller.answers().concat().trim(), "200", "{port}");
    }
}

async fn state(api: &Client, gateway: &str, is: &str) -> Value {
    let path = format!("/gateways/{gateway}");
    let seen = async || api.get(&path).await;
    let what = format!("{gateway} to be {is}");
    wait::until_seen(&what, SOON, seen, |seen| seen["state"] == is).await
}

/// VOX-185, VOX-188, VOX-189, VOX-191
#[tokio::test(flavor = "multi_thread")]
async fn we_register_at_a_carrier_and_at_an_ims_core_and_call_as_what_we_are_there() {
    let uni = Sipp::playing(
        "u1",
        &registrar::scenario(Account {
            of_record: "6001@127.0.0.1",
            domain: "127.0.0.1",
            username: "6001",
            password: "123456",
        }),
    );
    let ims = Sipp::playing(
        "u1",
        &registrar::scenario(Account {
            of_record: "+8651262620668@ims.example.cn",
            domain: "ims.example.cn",
            username: "+8651262620668@private.example.cn",
            password: "654321",
        }),
    );
    let mut office = Office::open(0).await;
    let at_uni = |enabled: bool| {
        json!({
            "name": "g131", "kind": "uni", "host": "127.0.0.1", "port": uni.port,
            "username": "6001", "password": "123456", "enabled": enabled,
            "trunk": { "register_expire_s": 120, "options_ping_s": 0 },
        })
    };
    office.gateway("131", at_uni(true)).await;
    let proxy = format!("127.0.0.1:{}", ims.port);
    let at_ims = json!({
        "kind": "ims", "host": "ims.example.cn",
        "username": "+8651262620668@private.example.cn", "password": "654321",
        "trunk": {
            "home_user": "+8651262620668", "home_domain": "ims.example.cn",
            "outbound_proxy": proxy, "register_proxy": proxy, "options_ping_s": 0,
        },
    });
    office.gateway("132", at_ims).await;
    office.settled().await;
    state(&office.api, "g131", "REGED").await;
    state(&office.api, "g132", "REGED").await;
    let asked = |sipp: &Sipp| sipp.received("REGISTER")[0].header("Expires").to_owned();
    assert_eq!([asked(&uni), asked(&ims)], ["120", "3600"]);

    office.call("13100000001", 486).await;
    let called = uni.invite("13100000001");
    assert!(
        called.header("From").contains(&format!("<sip:{OURS}@")),
        "{called:#?}"
    );
    assert!(
        called.header("Contact").starts_with("<sip:6001@"),
        "{called:#?}"
    );
    assert_eq!(called.header("P-Preferred-Identity"), "", "{called:#?}");

    office.call("13200000001", 486).await;
    let called = ims.invite("13200000001");
    assert!(called.first().contains("@ims.example.cn"), "{called:#?}");
    let account = "<sip:+8651262620668@ims.example.cn>";
    assert!(called.header("From").starts_with(account), "{called:#?}");
    let identity = format!("<sip:{OURS}@ims.example.cn;user=phone>");
    assert_eq!(called.header("P-Preferred-Identity"), identity);
    assert_eq!(called.header("Route"), "<sip:orig@home.test;lr>");

    // Switched off, a gateway takes its registration back.
    office.api.put("/gateways/g131", at_uni(false)).await;
    wait::until("the registration to go", SOON, async || {
        let last = uni.received("REGISTER").pop()?;
        (last.header("Expires") == "0").then_some(())
    })
    .await;
}
