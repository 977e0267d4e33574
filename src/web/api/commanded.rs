//! Whom the caller may give orders: agents themselves, supervisors the agents of the departments that are
//! granted to their role, or of their own (AGT-153); and what agents may not ask for, because it is hidden from them (AGT-088).

use engine::{
    desk::Function,
    floor::AgentOrder,
    ids::{AgentId, CallId},
};
use store::{
    access::{Role, members},
    tenant_settings::{self, Supervision},
};

use super::agents::named;
use crate::{caller::Caller, house::House, problem::Problem};

/// The agent that a path names, if the caller may give it orders.
///
/// # Errors
/// `NO_SUCH_AGENT`; `FORBIDDEN` for agents who name another, and for supervisors who name one of a
/// department that is not theirs.
pub async fn commanded(house: &House, caller: &Caller, id: &str) -> Result<AgentId, Problem> {
    let id = named(caller, id)?;
    let is_own = caller.session.agent_id.as_deref() == Some(id.as_str());
    let member = members::find(&house.db, caller.orgi(), id.as_str()).await?;
    let member = member.ok_or_else(|| Problem::of("NO_SUCH_AGENT"))?;
    if is_own || caller.role() == Role::Admin {
        return Ok(id);
    }
    let own = caller.session.department_id.as_deref();
    let granted: Supervision = tenant_settings::get(&house.db, caller.orgi()).await?;
    if granted.covers(own, member.department.as_deref()) {
        return Ok(id);
    }
    let text = "that agent belongs to another department";
    Err(Problem::because("FORBIDDEN", text))
}

/// Whether the caller may give orders to the agent who has the call, if an agent has it.
///
/// # Errors
/// As [`commanded`].
pub async fn commands_call(house: &House, caller: &Caller, call: CallId) -> Result<(), Problem> {
    let view = house.live.view();
    let has_it = view.agents.iter().find(|agent| {
        let current = agent.call.as_ref();
        current.is_some_and(|current| current.id == call && !current.consulted)
    });
    if let Some(agent) = has_it {
        commanded(house, caller, agent.id.as_str()).await?;
    }
    Ok(())
}

/// Carries an order of, or for, an agent out.
///
/// # Errors
/// `FUNCTION_HIDDEN`, and what the floor refuses.
pub async fn give(
    house: &House,
    caller: &Caller,
    agent: AgentId,
    order: AgentOrder,
) -> Result<(), Problem> {
    match caller.is_agent_only() {
        true => house.live.own_order(agent, order).await?,
        false => house.live.agent(agent, order).await?,
    };
    Ok(())
}

/// Whether the caller has a function that is not of the floor.
///
/// # Errors
/// `FUNCTION_HIDDEN`.
pub fn has(house: &House, caller: &Caller, function: Function) -> Result<(), Problem> {
    let own = caller.session.agent_id.as_deref();
    let view = house.live.view();
    let me = view
        .agents
        .iter()
        .find(|seen| Some(seen.id.as_str()) == own);
    let hides = me.is_some_and(|me| me.hidden.contains(&function));
    match hides && caller.is_agent_only() {
        true => Err(Problem::of("FUNCTION_HIDDEN")),
        false => Ok(()),
    }
}
