//! One queue and who is in it.

use axum::{
    Router,
    extract::{Path, State},
    http::HeaderMap,
    routing::get,
};
use engine::queue::Settings;
use render::pages::{Choice, Figure, MemberRow, Queue};
use store::queues::{self, InQueue};

use super::{Shown, page};
use crate::{
    api::{AgentOut, all_agents, all_queues, find},
    caller::Caller,
    house::House,
};

pub fn routes() -> Router<House> {
    Router::new().route("/queues/{id}", get(one))
}

async fn one(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    asked: HeaderMap,
) -> Shown {
    let mut all = all_queues(&house, &caller).await?.into_iter();
    let queue = find::there(all.find(|queue| queue.id == id))?;
    let agents = all_agents(&house, &caller).await?;
    let members = queues::members(&house.db, &id).await?;
    let is_in = |agent: &&AgentOut| members.iter().any(|member| member.agent_id == agent.id);
    let others = agents.iter().filter(|agent| !is_in(agent));
    let others = others
        .map(|agent| {
            let text = format!("{} {} ({})", agent.id, agent.name, agent.home_extension);
            Choice::new(&*agent.id, text)
        })
        .collect();
    let settings = &queue.settings;
    let rows = members.iter().filter_map(|member| {
        let agent = agents.iter().find(|agent| agent.id == member.agent_id)?;
        Some(row(member, agent, settings))
    });
    let shown = Queue {
        members: rows.collect(),
        others,
        strategy: settings.strategy().as_str(),
        has_tiers: settings.tiers.apply && !settings.fifo,
        max_no_answer: settings.max_no_answer.to_string(),
        wrap_up: seconds(settings.wrap_up_ms),
        ring: seconds(settings.ring_ms),
        in_effect: queue.in_effect,
        waiting: queue.waiting,
        ready: queue.ready,
        signed_in: queue.signed_in,
        id: queue.id,
        name: queue.name,
        code: queue.code,
    };
    page(&caller, &asked, "/setup", &shown)
}

fn row(member: &InQueue, agent: &AgentOut, queue: &Settings) -> MemberRow {
    let own = &member.settings;
    let of_agent = agent.wrap_up_s.map(|s| s * 1_000);
    let elsewhere = of_agent.unwrap_or(queue.wrap_up_ms);
    MemberRow {
        agent_id: agent.id.clone(),
        name: agent.name.clone(),
        extension: agent.extension.clone(),
        registered: agent.now.registered,
        state: agent.now.state.clone(),
        level: own.level,
        position: own.position,
        max_no_answer: Figure {
            number: own.max_no_answer.unwrap_or(queue.max_no_answer).to_string(),
            is_own: own.max_no_answer.is_some(),
        },
        wrap_up: figure(own.wrap_up_ms, elsewhere),
        ring: figure(own.ring_ms, queue.ring_ms),
        reject_delay: seconds(own.reject_delay_ms),
        busy_delay: seconds(own.busy_delay_ms),
    }
}

fn figure(own: Option<i64>, elsewhere: i64) -> Figure {
    Figure {
        number: seconds(own.unwrap_or(elsewhere)),
        is_own: own.is_some(),
    }
}

/// With a fraction only where there is one.
fn seconds(ms: i64) -> String {
    (ms as f64 / 1_000.0).to_string()
}
