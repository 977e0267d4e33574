//! A call centre whose phones and callers are SIPp's.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    carrier::{By, Fate},
    client::Client,
    customer::Customer,
    desk_phones::DeskPhones,
    server::{House, Server},
    sound::{RATE, tone, write_wav},
    stage::{self, Agent},
    wait,
};

const SOON: Duration = Duration::from_secs(60);
/// SIPp takes an OPTIONS that comes before its call for the one call it is to take.
const NO_PINGS: &str = "[sip]\nphone_ping_s = 0\n";

/// A house, its agents by extension, and their phones.
pub struct Centre {
    _house: House,
    pub server: Server,
    pub api: Client,
    pub agents: Vec<Agent>,
    pub phones: DeskPhones,
}

impl Centre {
    /// With an agent at each of these phones, nobody signed in, and no queue.
    pub async fn open(extensions: &[&str], by: By, fates: &[(char, Fate)]) -> Self {
        Self::saying(&[], extensions, by, fates).await
    }

    /// The same with tones in place of prompts, in hertz and milliseconds.
    pub async fn saying(
        prompts: &[(&str, f64, usize)],
        extensions: &[&str],
        by: By,
        fates: &[(char, Fate)],
    ) -> Self {
        let house = House::new().with_settings(NO_PINGS);
        let folder = house.data().join("prompts");
        std::fs::create_dir_all(&folder).expect("a folder");
        for (name, hertz, ms) in prompts {
            let sound = tone(*hertz, 0.5, 0, RATE as usize * ms / 1_000);
            write_wav(&folder.join(format!("{name}.wav")), &sound);
        }
        let server = house.start();
        let api = house.admin().await;
        // Calls are taken from gateways; everybody here calls from loopback.
        stage::gateway_at(&api, 9, 10.0).await;
        let agents = stage::queue(&api, "all", extensions, json!({})).await;
        let phones = DeskPhones::register(extensions, server.sip, by, fates).await;
        for agent in &agents {
            agent.registered(&api).await;
        }
        Self {
            _house: house,
            server,
            api,
            agents,
            phones,
        }
    }

    /// A queue that is called by its own number: its name. `members`: agents by their extension, with what
    /// the queue says of each.
    pub async fn queue(&self, number: &str, settings: Value, members: &[(&str, Value)]) {
        let queue = json!({ "name": number, "settings": settings });
        self.api.put(&format!("/queues/{number}"), queue).await;
        let ids: Vec<String> = members.iter().map(|(ext, _)| format!("a{ext}")).collect();
        let path = format!("/queues/{number}/agents");
        self.api.post(&path, json!({ "agents": ids })).await;
        for (id, (_, member)) in ids.iter().zip(members) {
            self.api.put(&format!("{path}/{id}"), member.clone()).await;
        }
        self.route(number, json!({ "type": "queue", "queue": number }))
            .await;
    }

    pub async fn route(&self, number: &str, rule: Value) {
        let route = json!({ "number": number, "rule": rule });
        self.api.put(&format!("/routes/r{number}"), route).await;
    }

    /// Waits until the queues are in effect as they are set up.
    pub async fn in_effect(&self, queues: &[&str]) {
        for queue in queues {
            let path = format!("/queues/{queue}");
            wait::until_seen(
                "the floor to take the queue over",
                SOON,
                || async { self.api.get(&path).await },
                |queue| queue["in_effect"] == true,
            )
            .await;
        }
    }

    pub fn agent(&self, extension: &str) -> &Agent {
        let mut agents = self.agents.iter();
        agents
            .find(|agent| agent.extension == extension)
            .expect("an agent at that phone")
    }

    /// Signs agents in and makes them ready, in this order.
    pub async fn work(&self, extensions: &[&str]) {
        for extension in extensions {
            self.agent(extension).work(&self.api).await;
        }
    }

    pub async fn order(&self, extension: &str, order: &str) {
        let order = json!({ "order": order });
        self.agent(extension).order(&self.api, order).await;
    }

    pub async fn away(&self, extension: &str) {
        let away = json!({ "order": "not_ready", "sub": "break" });
        self.agent(extension).order(&self.api, away).await;
    }

    pub async fn call(&self, from: &str, number: &str) -> Customer {
        Customer::call(self.server.sip, from, number).await
    }

    /// Waits until the line of a queue is made of these callers, in this order.
    pub async fn line(&self, queue: &str, callers: &[&str]) {
        let path = format!("/queues/{queue}/waiting");
        wait::until_seen(
            &format!("the line of {queue}"),
            SOON,
            || async {
                let line = self.api.get(&path).await;
                let line = line["data"].as_array().expect("a line").clone();
                line.iter()
                    .map(|one| one["number"].clone())
                    .collect::<Vec<_>>()
            },
            |line| line == callers,
        )
        .await;
    }

    /// Waits until the first in the line of a queue has waited for so long from now on.
    pub async fn waited(&self, queue: &str, ms: i64) {
        let path = format!("/queues/{queue}/waiting");
        let waited = async || self.api.get(&path).await["data"][0]["waited_ms"].as_i64();
        let begun = waited().await;
        wait::until_seen("a wait", SOON, waited, |now| {
            *now > begun.map(|begun| begun + ms)
        })
        .await;
    }

    /// Waits until the last call of this caller is over, and gives it.
    pub async fn closed(&self, caller: &str) -> Value {
        wait::until(&format!("the CDR of {caller}"), SOON, || async {
            let calls = self.api.all("/calls").await;
            let call = calls.into_iter().find(|call| call["caller"] == caller)?;
            (call["state"] == "closed").then_some(call)
        })
        .await
    }

    /// Waits until an agent and a customer have each other.
    pub async fn talking(&self, extension: &str) {
        let path = format!("/agents/{}", self.agent(extension).id);
        wait::until_seen(
            &format!("the talk at {extension}"),
            SOON,
            || async { self.api.get(&path).await },
            |agent| agent["call"]["bridged_at"].is_string(),
        )
        .await;
    }

    /// Waits until an agent is in this state.
    pub async fn until(&self, extension: &str, state: &str) -> Value {
        self.agent(extension).until(&self.api, state, SOON).await
    }

    /// Deletes something of the set-up.
    pub async fn delete(&self, path: &str) {
        let answer = self.api.ask(Method::DELETE, path, None).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.body);
    }
}
