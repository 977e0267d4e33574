//! `/messages` (座席消息): what agents write to each other (AGT-156, AGT-157).

use axum::{Json, extract::State, http::StatusCode};
use engine::{desk::Function, time::Millis};
use serde::{Deserialize, Serialize};
use store::{
    agents,
    messages::{self, Message, NewMessage},
    queues,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{commanded::has, shown::shown};
use crate::{
    caller::Caller,
    clock::{At, now},
    house::House,
    input::{Body, Params},
    paging::{self, List},
    problem::Problem,
};

/// Characters of a message.
const LONGEST: usize = 1_000;
const EVENT: &str = "agent.message";

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(list, send))
}

shown! {
    MessageOut of Message {
        id: String,
        /// None: somebody who is no agent.
        from_agent: Option<String>,
        from_name: String,
        /// agent, queue or all.
        to_kind: String,
        /// The agent or the queue.
        to_id: Option<String>,
        text: String,
        sent_at: At,
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    limit: Option<u32>,
    cursor: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageIn {
    to: ToIn,
    /// 1 to 1,000 characters.
    text: String,
}

/// Whom a message is for: exactly one of these.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ToIn {
    /// An agent's number.
    Agent(String),
    /// Everybody in a queue.
    Queue(String),
    /// Every agent of the tenant.
    All {},
}

/// What whoever listens to `agent:<id>` is told.
#[derive(Serialize)]
struct Told<'a> {
    id: &'a str,
    from_agent: Option<&'a str>,
    from_name: &'a str,
    to_kind: &'a str,
    to_id: Option<&'a str>,
    text: &'a str,
    sent_at: At,
}

/// 座席消息 · Messages of the last 90 days, newest first. Agents see those that they have sent, and that
/// went to them, to one of their queues, or to all.
#[utoipa::path(get, path = "/api/v1/messages", tag = "agents", params(Which),
    responses((status = 200, body = List<MessageOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(asked): Params<Which>,
) -> Result<Json<List<MessageOut>>, Problem> {
    let limit = paging::limit(asked.limit)?;
    let before = asked.cursor.as_deref().map(paging::open).transpose()?;
    let agent = match caller.is_agent_only() {
        true => Some(caller.agent()?),
        false => None,
    };
    let agent = agent.as_ref().map(|agent| agent.as_str());
    let (orgi, most) = (caller.orgi(), limit as u32 + 1);
    let rows = messages::page(&house.db, orgi, agent, before.as_deref(), most, now()).await?;
    Ok(Json(List::of(
        rows,
        limit,
        |row| row.id.clone(),
        Into::into,
    )))
}

/// 发送座席消息 · Write to an agent, to everybody in a queue, or to all. It is kept for 90 days, and told
/// at once under `agent:<id>` as `agent.message`.
#[utoipa::path(post, path = "/api/v1/messages", tag = "agents",
    request_body(content = MessageIn, example = json!({"to": {"queue": "sales"}, "text": "三线客户请优先接听"})),
    responses((status = 201, body = MessageOut)))]
async fn send(
    State(house): State<House>,
    caller: Caller,
    Body(asked): Body<MessageIn>,
) -> Result<(StatusCode, Json<MessageOut>), Problem> {
    has(&house, &caller, Function::Message)?;
    let text = asked.text.trim();
    if !(1..=LONGEST).contains(&text.chars().count()) {
        let why = "must have 1 to 1,000 characters";
        return Err(Problem::at("/text", "length", why));
    }
    let (to_kind, to_id, receivers) = receivers(&house, &caller, asked.to).await?;
    let new = NewMessage {
        from_agent: caller.session.agent_id.as_deref(),
        from_name: &caller.session.display_name,
        to_kind,
        to_id: to_id.as_deref(),
        text,
    };
    let at = now();
    let mut tx = house.db.begin().await?;
    let message = messages::add(&mut tx, caller.orgi(), new, at).await?;
    tx.commit().await?;
    tell(&house, &message, &receivers, at)?;
    Ok((StatusCode::CREATED, Json(message.into())))
}

type Receivers = (&'static str, Option<String>, Vec<String>);

/// The kind, the id, and the agents of the caller's own tenant whom that means.
async fn receivers(house: &House, caller: &Caller, to: ToIn) -> Result<Receivers, Problem> {
    let (db, orgi) = (&house.db, caller.orgi());
    match to {
        ToIn::Agent(id) => {
            let all = agents::list(db, orgi).await?;
            match all.iter().any(|agent| agent.id == id) {
                true => Ok(("agent", Some(id.clone()), vec![id])),
                false => Err(Problem::of("NO_SUCH_AGENT")),
            }
        }
        ToIn::Queue(id) => {
            let mut all = queues::list(db, orgi).await?.into_iter();
            match all.find(|queue| queue.id == id) {
                Some(queue) => Ok(("queue", Some(id), queue.agents)),
                None => Err(Problem::of("NO_SUCH_QUEUE")),
            }
        }
        ToIn::All {} => {
            let all = agents::list(db, orgi).await?;
            let ids = all.into_iter().map(|agent| agent.id);
            Ok(("all", None, ids.collect()))
        }
    }
}

fn tell(house: &House, message: &Message, receivers: &[String], at: Millis) -> Result<(), Problem> {
    let told = Told {
        id: &message.id,
        from_agent: message.from_agent.as_deref(),
        from_name: &message.from_name,
        to_kind: &message.to_kind,
        to_id: message.to_id.as_deref(),
        text: &message.text,
        sent_at: At(message.sent_at),
    };
    let data = serde_json::to_value(told).map_err(|error| Problem::internal(&error))?;
    let sender = message.from_agent.as_ref();
    for agent in receivers.iter().filter(|agent| Some(*agent) != sender) {
        let topic = format!("agent:{agent}");
        house.live.bus().publish(topic, EVENT, data.clone(), at);
    }
    Ok(())
}
