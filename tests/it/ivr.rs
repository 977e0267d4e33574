//! Callers in the voice menus: whatever way their keys come, they end where the keys lead.

use std::{path::Path, time::Duration};

use embedded::Dtmf;
use serde_json::{Value, json};

use crate::kit::{
    baresip::Baresip,
    caller::{Caller, Keys},
    client::Client,
    person::Person,
    server::{House, Server},
    sound::{RATE, over_noise_db, read_stereo, tone, write_wav},
    stage::{self, Agent},
    wait,
};

const NUMBER: &str = "62620668";
const SOON: Duration = Duration::from_secs(60);
const CLEAR_DB: f64 = 15.0;
const GREETING_HERTZ: f64 = 700.0;

/// A house with a menu, under which there is another one that leads to an agent.
struct Office {
    house: House,
    server: Server,
    api: Client,
    agent: Agent,
    _phone: Baresip,
}

impl Office {
    async fn open() -> Self {
        let house = House::new();
        let prompts = house.data().join("prompts");
        std::fs::create_dir_all(&prompts).expect("a folder");
        // Longer than anybody listens.
        let greeting = tone(GREETING_HERTZ, 0.5, 0, 60 * RATE as usize);
        write_wav(&prompts.join("greeting.wav"), &greeting);
        let again = tone(1_300.0, 0.5, 0, RATE as usize / 2);
        write_wav(&prompts.join("again.wav"), &again);
        let server = house.start();
        let api = house.admin().await;
        let settings = json!({ "max_wait_ms": 0, "wrap_up_ms": 0 });
        let mut agents = stage::queue(&api, "sales", &["1001"], settings).await;
        let agent = agents.remove(0);
        let phone = Baresip::start(&agent.extension, &agent.secret, server.sip);
        // Calls are taken from gateways; everybody here calls from loopback.
        stage::gateway_at(&api, 9, 10.0).await;
        menus(&api, &prompts).await;
        agent.work(&api).await;
        Self {
            house,
            server,
            api,
            agent,
            _phone: phone,
        }
    }

    /// Waits until the agent talks, and hangs up.
    async fn talk(&self) {
        let path = format!("/agents/{}", self.agent.id);
        wait::until_seen(
            "the conversation",
            SOON,
            || async { self.api.get(&path).await },
            |agent| agent["call"]["bridged_at"].is_string(),
        )
        .await;
        self.order("hangup").await;
        self.agent.until(&self.api, "acw", SOON).await;
        self.order("finish_wrap_up").await;
    }

    async fn order(&self, order: &str) {
        let order = json!({ "order": order });
        self.agent.order(&self.api, order).await;
    }

    /// Waits until so many calls are over, and gives the last.
    async fn last_closed(&self, count: usize) -> Value {
        let is_closed = |call: &&Value| call["state"] == "closed";
        let calls = wait::until_seen(
            "the CDR",
            SOON,
            || async { self.api.all("/calls").await },
            |calls| calls.iter().filter(is_closed).count() == count,
        )
        .await;
        calls[0].clone()
    }
}

/// The greeting of the lower menu is there no longer.
async fn menus(api: &Client, prompts: &Path) {
    let nothing = prompts.join("nothing.wav");
    write_wav(&nothing, &[0; 800]);
    let more = json!({ "greet_long": "nothing", "greet_short": "again", "digit_len": 1, "nodes": [
        { "keys": "1", "action": { "type": "queue", "queue": "sales" } },
        { "keys": "0", "action": { "type": "back" } },
    ] });
    api.put("/ivr-menus/more", json!({ "menu": more })).await;
    std::fs::remove_file(nothing).expect("it was there");
    let main = json!({ "greet_long": "greeting", "digit_len": 1, "nodes": [
        { "keys": "2", "action": { "type": "submenu", "menu": "more" } },
    ] });
    api.put("/ivr-menus/main", json!({ "menu": main })).await;
    let ivr = json!({ "number": "200", "rule": { "type": "ivr", "menu": "main" } });
    api.put("/routes/ivr", ivr).await;
    let callin = json!({ "number": NUMBER, "rule": { "type": "inbound", "to": "200" } });
    api.put("/routes/callin", callin).await;
}

fn choice(menu: &str, keys: &str, led_to: &str) -> Value {
    json!({ "menu": menu, "keys": keys, "led_to": led_to })
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_lead_to_an_agent_however_they_come() {
    let office = Office::open().await;
    let way = json!([choice("main", "2", "submenu"), choice("more", "1", "queue")]);
    for (nth, how) in [Keys::Events, Keys::Info].into_iter().enumerate() {
        let mut caller = Caller::press(office.server.sip, NUMBER, "21", how);
        office.talk().await;
        let exit = caller.process.ended("the caller's call", SOON).await;
        assert!(exit.success(), "SIPp: {exit}");
        let call = office.last_closed(nth + 1).await;
        assert_eq!(call["outcome"], "connected", "{how:?}: {call:#}");
        assert_eq!(call["agent_id"], *office.agent.id, "{how:?}: {call:#}");
        assert_eq!(call["choices"], way, "{how:?}: {call:#}");
    }
    let mut person = Person::pressing(office.server.sip, Dtmf::Tones).await;
    let leg = person.call(NUMBER, "13900001111").await;
    person.press(leg, "21");
    office.talk().await;
    person.until_over(leg).await;
    let call = office.last_closed(3).await;
    assert_eq!(call["choices"], way, "as tones: {call:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_hears_the_menus_and_hangs_up_in_one() {
    let office = Office::open().await;
    let kept = office.house.data().join("heard.wav");
    let mut person = Person::new(office.server.sip).await;
    let leg = person.call(NUMBER, "13900001111").await;
    person.keep(leg, &kept);
    person.say(leg, "silence:3000").await;
    person.press(leg, "2");
    person.say(leg, "silence:5000").await;
    person.hang_up(leg).await;
    person.until_kept(leg).await;
    let call = office.last_closed(1).await;
    assert_eq!(call["outcome"], "exited", "{call:#}");
    assert_eq!(call["choices"], json!([choice("main", "2", "submenu")]));
    let heard = &read_stereo(&kept)[0];
    let window = RATE as usize / 5;
    let has = |hertz: f64, part: &[i16]| {
        let mut windows = part.chunks_exact(window);
        windows.any(|window| over_noise_db(window, hertz) > CLEAR_DB)
    };
    assert!(has(GREETING_HERTZ, heard), "the greeting");
    assert!(
        has(1_300.0, heard),
        "the short prompt, in place of what is not there"
    );
    let after = &heard[heard.len() - RATE as usize..];
    assert!(
        !has(GREETING_HERTZ, after),
        "the key has ended the greeting"
    );
}
