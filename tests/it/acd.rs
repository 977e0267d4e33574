//! Callers of queues: what they hear, where their keys lead, who is rung, and what is left of it.

use std::{path::Path, time::Duration};

use serde_json::{Value, json};

use crate::kit::{
    baresip::Baresip,
    client::Client,
    person::Person,
    server::{House, Server},
    sound::{RATE, over_noise_db, read_stereo, tone, write_wav},
    stage::{self, Agent},
    wait,
};

pub const NUMBER: &str = "4008001234";
const SOON: Duration = Duration::from_secs(60);
const CLEAR_DB: f64 = 15.0;
const CALLER_HERTZ: f64 = 600.0;

/// A server, an agent at a phone who is signed in and takes no calls, and somebody outside.
pub struct Office {
    pub house: House,
    server: Server,
    pub api: Client,
    agent: Agent,
    _phone: Baresip,
    pub person: Person,
}

impl Office {
    async fn open(settings: Value) -> Self {
        Self::with_prompts(settings, &[]).await
    }

    /// `prompts`: tones in place of what is shipped, in hertz, 1.2 seconds each.
    pub async fn with_prompts(settings: Value, prompts: &[(&str, f64)]) -> Self {
        let house = House::new();
        let folder = house.data().join("prompts");
        std::fs::create_dir_all(&folder).expect("a folder");
        for (name, hertz) in prompts {
            let sound = tone(*hertz, 0.5, 0, RATE as usize * 6 / 5);
            write_wav(&folder.join(format!("{name}.wav")), &sound);
        }
        let server = house.start();
        let api = house.admin().await;
        let agent = stage::queue(&api, "sales", &["1001"], settings)
            .await
            .remove(0);
        let phone = Baresip::start(&agent.extension, &agent.secret, server.sip);
        let person = Person::new(server.sip).await;
        let gateway = stage::gateway_at(&api, person.port(), 10.0).await;
        let hotline = json!({ "number": NUMBER, "queue_id": "sales" });
        api.put("/routes/hotline", hotline).await;
        let out = json!({ "number": "^139", "rule": { "type": "outbound", "gateway": gateway } });
        api.put("/routes/out", out).await;
        agent.registered(&api).await;
        agent.order(&api, json!({ "order": "sign_in" })).await;
        Self {
            house,
            server,
            api,
            agent,
            _phone: phone,
            person,
        }
    }

    /// Waits until so many stand in the line, and gives it.
    pub async fn line(&self, queue: &str, count: usize) -> Vec<Value> {
        let path = format!("/queues/{queue}/waiting");
        let seen = wait::until_seen(
            "the line",
            SOON,
            || async { self.api.get(&path).await },
            |line| line["data"].as_array().map(Vec::len) == Some(count),
        )
        .await;
        seen["data"].as_array().expect("a line").clone()
    }

    /// Waits until so many calls are over, and gives them, oldest first.
    pub async fn closed(&self, count: usize) -> Vec<Value> {
        let is_closed = |call: &&Value| call["state"] == "closed";
        let mut calls = wait::until_seen(
            "the CDRs",
            SOON,
            || async { self.api.all("/calls").await },
            |calls| calls.iter().filter(is_closed).count() == count,
        )
        .await;
        calls.reverse();
        calls
    }

    pub async fn order(&self, order: &str) {
        let order = json!({ "order": order });
        self.agent.order(&self.api, order).await;
    }

    pub async fn talking(&self) {
        let path = format!("/agents/{}", self.agent.id);
        wait::until_seen(
            "the conversation",
            SOON,
            || async { self.api.get(&path).await },
            |agent| agent["sub_state"] == "answered" && agent["call"]["bridged_at"].is_string(),
        )
        .await;
    }

    /// Waits for a conversation long enough to ask about.
    async fn talked(&self) {
        self.talking().await;
        let path = format!("/agents/{}", self.agent.id);
        let busy = |agent: &Value| agent["busy_ms"].as_i64().expect("a time");
        let begun = busy(&self.api.get(&path).await);
        wait::until_seen(
            "some conversation",
            SOON,
            || async { self.api.get(&path).await },
            |agent| busy(agent) > begun + 2_000,
        )
        .await;
    }

    pub async fn in_effect(&self) {
        let reload = self.api.ask(reqwest::Method::POST, "/queues/reload", None);
        let answer = reload.await;
        assert_eq!(answer.status, 204, "{}", answer.body);
        wait::until_seen(
            "the floor to take it over",
            SOON,
            || async { self.api.get("/queues/sales").await },
            |queue| queue["in_effect"] == true,
        )
        .await;
    }
}

/// A waiting caller is told the place, and a key leads to the mailbox: VOX-034, VOX-035, VOX-046.
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_hears_the_place_and_leaves_a_message() {
    let settings = json!({
        "max_wait_ms": 0, "music": "silence",
        "announcement": { "every_s": 10, "place": true },
        "exit_keys": [{ "key": "1", "to": { "type": "voicemail", "mailbox": "sales" } }],
    });
    let prompts = [
        ("place", 700.0),
        ("number-1", 1_000.0),
        ("place-end", 1_300.0),
        ("voicemail", 1_600.0),
        ("thanks", 1_900.0),
    ];
    let mut office = Office::with_prompts(settings, &prompts).await;
    let kept = office.house.data().join("heard.wav");
    let leg = office.person.call(NUMBER, "13900001111").await;
    office.person.keep(leg, &kept);
    wait::until("the announcement to be over", SOON, || async {
        let line = office.line("sales", 1).await;
        (line[0]["waited_ms"].as_i64() > Some(15_000)).then_some(())
    })
    .await;
    office.person.press(leg, "1");
    office.line("sales", 0).await;
    let folder = office.house.data().join("voicemails");
    wait::until("the recording to begin", SOON, || async {
        has_sound(&folder).then_some(())
    })
    .await;
    office.person.say(leg, "tone:600:3000").await;
    office.person.press(leg, "#");
    office.person.until_over(leg).await;
    office.person.until_kept(leg).await;

    let told: Vec<f64> = prompts.iter().map(|(_, hertz)| *hertz).collect();
    assert_eq!(tones(&read_stereo(&kept)[0], &told), told);
    let api = &office.api;
    let message = wait::until("the message", SOON, || async {
        api.all("/voicemails").await.pop()
    })
    .await;
    assert_eq!(message["mailbox"], "sales", "{message:#}");
    assert_eq!(message["caller"], "13900001111", "{message:#}");
    assert!(message["ms"].as_i64() > Some(2_500), "{message:#}");
    let id = stage::text(&message["id"]);
    let sound = api.download(&format!("/voicemails/{id}/audio")).await;
    let copy = office.house.data().join("message.wav");
    std::fs::write(&copy, sound).expect("it is writable");
    let said = &read_stereo(&copy)[0];
    let middle = &said[said.len() / 4..said.len() / 4 * 3];
    assert!(over_noise_db(middle, CALLER_HERTZ) > CLEAR_DB);
    let call = office.closed(1).await.remove(0);
    let (outcome, key, to) = (&call["outcome"], &call["exit_key"], &call["exit_to"]);
    assert_eq!(
        (outcome, key, to),
        (&json!("exited"), &json!("1"), &json!("voicemail"))
    );
    assert_eq!(call["abandoned"], false, "{call:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_outlives_the_server_that_takes_it() {
    let settings = json!({
        "max_wait_ms": 0,
        "exit_keys": [{ "key": "1", "to": { "type": "voicemail", "mailbox": "sales" } }],
    });
    let mut office = Office::with_prompts(settings, &[("voicemail", 700.0)]).await;
    let leg = office.person.call(NUMBER, "13900001111").await;
    office.line("sales", 1).await;
    office.person.press(leg, "1");
    let folder = office.house.data().join("voicemails");
    wait::until("the recording to begin", SOON, || async {
        has_sound(&folder).then_some(())
    })
    .await;
    office.person.say(leg, "tone:600:3000").await;
    assert_eq!(
        office.api.all("/voicemails").await,
        [] as [Value; 0],
        "not yet left"
    );
    office.server.kill();
    let _server = office.house.start();
    let api = office.house.admin().await;
    let message = api.all("/voicemails").await.pop().expect("what was said");
    assert_eq!(
        (&message["mailbox"], &message["state"]),
        (&json!("sales"), &json!("unread"))
    );
    // The writer has the sound of a second at once.
    assert!(message["ms"].as_i64() >= Some(1_900), "{message:#}");
    let id = stage::text(&message["id"]);
    let copy = office.house.data().join("message.wav");
    std::fs::write(
        &copy,
        api.download(&format!("/voicemails/{id}/audio")).await,
    )
    .expect("room");
    let said = &read_stereo(&copy)[0];
    assert_eq!(
        message["ms"].as_u64(),
        Some(said.len() as u64 / 8),
        "playable to its end"
    );
    let middle = &said[said.len() / 4..said.len() / 4 * 3];
    assert!(over_noise_db(middle, CALLER_HERTZ) > CLEAR_DB);
    let calls = api.all("/calls").await;
    assert_eq!(calls[0]["outcome"], "recovered", "{calls:#?}");
    assert!(calls[0]["recording"].is_string(), "{calls:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_does_not_want_to_wait_is_called_back() {
    let settings = json!({
        "max_wait_ms": 0, "wrap_up_ms": 0,
        "exit_keys": [{ "key": "3", "to": { "type": "callback" } }],
    });
    let mut office = Office::with_prompts(settings, &[("callback", 700.0)]).await;
    let leg = office.person.call(NUMBER, "13900002222").await;
    office.line("sales", 1).await;
    office.person.press(leg, "3");
    office.person.until_over(leg).await;
    let line = office.line("sales", 1).await;
    assert_eq!(line[0]["direction"], "outbound", "{line:#?}");
    assert_eq!(line[0]["number"], "13900002222", "{line:#?}");
    office.order("ready").await;
    let back = office.person.pick_up().await;
    office.talking().await;
    office.person.hang_up(back).await;
    let calls = office.closed(2).await;
    let of = |mode: &str| {
        let mut calls = calls.iter();
        calls.find(|call| call["mode"] == mode).expect("a call")
    };
    let (first, second) = (of("inbound"), of("callback"));
    assert_eq!(first["exit_to"], "callback", "{first:#}");
    assert_eq!(second["outcome"], "connected", "{second:#}");
    assert_eq!(second["agent_id"], *office.agent.id, "{second:#}");
    assert_eq!(second["caller"], NUMBER, "{second:#}");
    assert_eq!(second["callee"], "13900002222", "{second:#}");
}

/// An agent of several queues is reserved by one of them at a time: VOX-032, VOX-093.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_of_two_queues_has_one_call_at_a_time() {
    let mut office = Office::open(json!({ "max_wait_ms": 0, "wrap_up_ms": 0 })).await;
    let settings = json!({ "max_wait_ms": 0, "wrap_up_ms": 0, "strategy": "ring_all" });
    let other = json!({ "name": "care", "agents": [office.agent.id], "settings": settings });
    office.api.put("/queues/care", other).await;
    let route = json!({ "number": "4008005678", "queue_id": "care" });
    office.api.put("/routes/care", route).await;
    let first = office.person.call(NUMBER, "13900001111").await;
    let second = office.person.call("4008005678", "13900002222").await;
    office.line("sales", 1).await;
    office.line("care", 1).await;
    office.order("ready").await;
    office.talking().await;
    office.line("care", 1).await;
    office.person.hang_up(first).await;
    office.agent.until(&office.api, "acw", SOON).await;
    office.order("finish_wrap_up").await;
    office.talking().await;
    office.person.hang_up(second).await;
    let calls = office.closed(2).await;
    for call in &calls {
        assert_eq!(call["outcome"], "connected", "{call:#}");
        assert_eq!(call["agent_id"], *office.agent.id, "{call:#}");
    }
    let moment = |call: &Value, at: &str| stage::text(&call[at]);
    let (over, begun) = (
        moment(&calls[0], "ended_at"),
        moment(&calls[1], "offered_at"),
    );
    assert!(over <= begun, "{calls:#?}");
}

/// What is changed in a queue is in effect when it says so, and drops nobody; whoever has talked is asked how it
/// was: VOX-065, VOX-078, VOX-079, VOX-092.
#[tokio::test(flavor = "multi_thread")]
async fn a_queue_changes_under_its_caller_who_then_says_how_it_was() {
    let settings = json!({ "max_wait_ms": 0, "wrap_up_ms": 0 });
    let prompts = [("how", 700.0), ("bye", 1_600.0)];
    let mut office = Office::with_prompts(settings, &prompts).await;
    let survey = json!({ "name": "five", "survey": { "prompt": "how", "thanks": "bye",
        "wait_ms": 3_000, "keys": [{ "key": "5", "score": 1 }, { "key": "2", "score": 3 }] } });
    office.api.put("/surveys/five", survey).await;
    let leg = office.person.call(NUMBER, "13900001111").await;
    let kept = office.house.data().join("heard.wav");
    office.person.keep(leg, &kept);
    office.line("sales", 1).await;
    let settings = json!({ "max_wait_ms": 0, "wrap_up_ms": 0, "survey": "five",
        "strategy": "ring_all", "music": "silence" });
    let changed = json!({ "name": "sales", "agents": [office.agent.id], "settings": settings });
    office.api.put("/queues/sales", changed).await;
    office.in_effect().await;
    office.line("sales", 1).await;
    office.order("ready").await;
    office.talking().await;
    office.in_effect().await;
    office.talked().await;
    office.order("hangup").await;
    office.agent.until(&office.api, "acw", SOON).await;
    // A key of the standard survey means nothing here.
    office.person.press(leg, "1");
    office.person.press(leg, "2");
    office.person.until_over(leg).await;
    office.person.until_kept(leg).await;
    assert_eq!(tones(&read_stereo(&kept)[0], &[1_600.0]), [1_600.0]);
    let call = office.closed(1).await.remove(0);
    assert_eq!(call["outcome"], "connected", "{call:#}");
    let answered = [&call["survey"], &call["survey_key"], &call["score"]];
    let expected = [json!("five"), json!("2"), json!(3)];
    assert_eq!(answered, expected.each_ref(), "{call:#}");
    assert_eq!(call["agent_id"], *office.agent.id, "{call:#}");

    // Who says nothing has heard the question all the same.
    let leg = office.person.call(NUMBER, "13900002222").await;
    let kept = office.house.data().join("asked.wav");
    office.person.keep(leg, &kept);
    office.order("finish_wrap_up").await;
    office.talked().await;
    office.order("hangup").await;
    office.person.until_over(leg).await;
    office.person.until_kept(leg).await;
    assert_eq!(tones(&read_stereo(&kept)[0], &[700.0]), [700.0]);
    let call = office.closed(2).await.remove(1);
    let answered = [&call["survey"], &call["survey_key"], &call["score"]];
    let expected = [json!("five"), Value::Null, Value::Null];
    assert_eq!(answered, expected.each_ref(), "{call:#}");
}

/// Whether a sound file has been begun in a folder of days.
pub fn has_sound(folder: &Path) -> bool {
    let days = std::fs::read_dir(folder).into_iter().flatten().flatten();
    days.flat_map(|day| std::fs::read_dir(day.path()).into_iter().flatten())
        .flatten()
        .any(|file| file.path().extension().is_some_and(|end| end == "wav"))
}

/// Which of these tones are heard, one after the other: each for 200 ms without a break, wherever they
/// begin.
pub fn tones(samples: &[i16], hertz: &[f64]) -> Vec<f64> {
    let mut heard = Vec::new();
    let step = RATE as usize / 50;
    for window in samples.windows(RATE as usize / 5).step_by(step) {
        let is_clear = |hz: &&f64| over_noise_db(window, **hz) > CLEAR_DB;
        if let Some(hz) = hertz.iter().find(is_clear)
            && heard.last() != Some(hz)
        {
            heard.push(*hz);
        }
    }
    heard
}
