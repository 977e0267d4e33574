//! `/events`: the event channel (RST-019).
//!
//! The client says `{"subscribe": [topics], "unsubscribe": [topics], "since_seq": n}`, as often as it
//! likes. The server sends `{topic, event, data, ts, seq}`, and about the channel itself
//! `{"event": "subscribed", "topics", "denied", "seq"}` and `{"event": "resync"}`: events were lost,
//! read the state anew.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use axum::{
    extract::{
        State,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    response::Response,
};
use live::Envelope;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::access::sessions;
use tokio::{
    sync::broadcast::error::RecvError,
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    caller::Caller,
    clock::{At, now},
    house::House,
    topics,
};

/// Most topics of one connection.
const MOST: usize = 200;
const MESSAGE_LIMIT: usize = 64 * 1024;
const PING: Duration = Duration::from_secs(20);
/// A client that answers no ping for this long is gone.
const SILENT: Duration = Duration::from_secs(60);

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(channel))
}

/// 事件通道 · A WebSocket. Send `{"subscribe": ["campaign:cmp_…", "agent:me"], "since_seq": 17}`;
/// events come as `{topic, event, data, ts, seq}`. Topics: job, campaign, agent, queue, call,
/// gateway, security, each with `:id` or `:*`; of agents, campaigns, queues, jobs and calls those of the own
/// tenant. Events of the last five minutes can be asked for again.
#[utoipa::path(get, path = "/api/v1/events", tag = "events", responses((status = 101)))]
async fn channel(
    State(house): State<House>,
    caller: Caller,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade
        .max_message_size(MESSAGE_LIMIT)
        .on_upgrade(move |socket| async move {
            let here = Presence::enter(&house, &caller).await;
            Channel::new(socket, &house, caller).run().await;
            here.leave().await;
        })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    #[serde(default)]
    subscribe: Vec<String>,
    #[serde(default)]
    unsubscribe: Vec<String>,
    since_seq: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Told<'a> {
    topic: &'a str,
    event: &'a str,
    data: &'a Value,
    ts: At,
    seq: u64,
}

/// The client is gone or has to go.
struct Over;

struct Channel<'a> {
    socket: WebSocket,
    house: &'a House,
    caller: Caller,
    topics: BTreeSet<String>,
    /// The last event this client was told or did not want.
    seen: u64,
    heard: Instant,
}

impl<'a> Channel<'a> {
    fn new(socket: WebSocket, house: &'a House, caller: Caller) -> Self {
        Self {
            socket,
            house,
            caller,
            topics: BTreeSet::new(),
            seen: 0,
            heard: Instant::now(),
        }
    }

    async fn run(mut self) {
        let mut events = self.house.live.bus().subscribe();
        let mut ping = interval(PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let step = tokio::select! {
                message = self.socket.recv() => match message {
                    Some(Ok(message)) => self.hear(message).await,
                    _ => Err(Over),
                },
                event = events.recv() => match event {
                    Ok(event) => self.tell(&event).await,
                    Err(RecvError::Lagged(_)) => self.catch_up(self.seen).await,
                    Err(RecvError::Closed) => Err(Over),
                },
                _ = ping.tick() => self.check().await,
                () = self.house.draining() => Err(Over),
            };
            if step.is_err() {
                // It may be gone already.
                let _ = self.send(Message::Close(None)).await;
                return;
            }
        }
    }

    async fn hear(&mut self, message: Message) -> Result<(), Over> {
        self.heard = Instant::now();
        match message {
            Message::Text(text) => match serde_json::from_str::<Wish>(&text) {
                Ok(wish) => self.take(wish).await,
                Err(error) => {
                    self.say(&json!({"event": "error", "code": "MALFORMED", "detail": error.to_string()}))
                        .await
                }
            },
            Message::Close(_) => Err(Over),
            Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => Ok(()),
        }
    }

    async fn take(&mut self, wish: Wish) -> Result<(), Over> {
        for topic in &wish.unsubscribe {
            self.topics.remove(&topics::named(topic, &self.caller));
        }
        let mut denied = Vec::new();
        for topic in wish.subscribe {
            let full = topics::named(&topic, &self.caller);
            if self.topics.len() < MOST && topics::allowed(&full, &self.caller) {
                self.topics.insert(full);
            } else {
                denied.push(topic);
            }
        }
        let seq = self.house.live.bus().last_seq();
        self.say(&json!({
            "event": "subscribed", "topics": self.topics, "denied": denied, "seq": seq
        }))
        .await?;
        match wish.since_seq {
            Some(since) => self.catch_up(since).await,
            None => {
                self.seen = self.seen.max(seq);
                Ok(())
            }
        }
    }

    /// Tells what happened after `since`, or that it is no longer known.
    async fn catch_up(&mut self, since: u64) -> Result<(), Over> {
        match self.house.live.bus().since(since) {
            Ok(missed) => {
                self.seen = since;
                for event in missed {
                    self.tell(&event).await?;
                }
                Ok(())
            }
            Err(_gap) => {
                self.seen = self.house.live.bus().last_seq();
                self.say(&json!({"event": "resync", "seq": self.seen}))
                    .await
            }
        }
    }

    async fn tell(&mut self, event: &Arc<Envelope>) -> Result<(), Over> {
        if event.seq <= self.seen {
            return Ok(());
        }
        self.seen = event.seq;
        let is_wanted = |wanted: &String| topics::covers(wanted, &event.topic);
        if !self.topics.iter().any(is_wanted)
            || !may_hear(self.house, &self.caller, &event.topic).await
        {
            return Ok(());
        }
        let told = Told {
            topic: &event.topic,
            event: &event.event,
            data: &event.data,
            ts: event.ts.into(),
            seq: event.seq,
        };
        self.say(&told).await
    }

    /// Whether the client is still there and still signed in.
    async fn check(&mut self) -> Result<(), Over> {
        if self.heard.elapsed() > SILENT {
            return Err(Over);
        }
        let hash = &self.caller.session.token_hash;
        match sessions::find(&self.house.db, hash, now().0).await {
            Ok(None) => return Err(Over),
            Ok(Some(session)) => {
                // Whoever has become somebody else hears what that one may.
                self.caller.session = session;
                let caller = &self.caller;
                self.topics.retain(|topic| topics::allowed(topic, caller));
            }
            // The database may be back at the next look.
            Err(error) => tracing::warn!(%error, "a session could not be looked up"),
        }
        self.send(Message::Ping(bytes::Bytes::new())).await
    }

    async fn say<T: Serialize>(&mut self, what: &T) -> Result<(), Over> {
        let text = serde_json::to_string(what).map_err(|_| Over)?;
        self.send(Message::text(text)).await
    }

    /// Who reads nothing for so long is gone.
    async fn send(&mut self, message: Message) -> Result<(), Over> {
        match timeout(SILENT, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Over),
        }
    }
}

/// Whether what happened is of the caller's tenant.
async fn may_hear(house: &House, caller: &Caller, topic: &str) -> bool {
    topics::is_open(topic, caller) || house.owners.is_of(&house.db, topic, caller.orgi()).await
}

/// Tells the floor that an agent's client is there (AGT-024). Of several pages the last one counts.
struct Presence {
    house: House,
    agent: Option<engine::ids::AgentId>,
}

impl Presence {
    async fn enter(house: &House, caller: &Caller) -> Self {
        let agent = caller.agent().ok();
        let here = |agent| house.live.presence(agent, true);
        house.channels.enter(agent.as_ref(), here).await;
        Self {
            house: house.clone(),
            agent,
        }
    }

    async fn leave(self) {
        let gone = |agent| self.house.live.presence(agent, false);
        self.house.channels.leave(self.agent, gone).await;
    }
}
