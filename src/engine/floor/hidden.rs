//! Functions that a tenant hides from its agents (AGT-088 to AGT-090). What is hidden is refused where an
//! agent asks for it at the desk or by the interface; supervisors give any order, and what a telephone
//! does by itself is the telephone's.

use std::collections::BTreeSet;

use super::{AgentOrder, CallOrder, Floor, MemberOrder, OrderRefused, agents::Agent};
use crate::{desk::Function, destination::Destination, ids::AgentId, phone::REMOTE, time::Millis};

impl Floor {
    /// Carries out what an agent who is no supervisor asks for.
    ///
    /// # Errors
    /// `FUNCTION_HIDDEN`, and as [`Self::order`].
    pub fn own_order(
        &mut self,
        id: &AgentId,
        order: AgentOrder,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let hidden = self.agents.get(id).map(hidden_from);
        let function = function_of(&order);
        match function.filter(|one| hidden.is_some_and(|all| all.contains(one))) {
            Some(function) => {
                let text = format!("{} is hidden from such agents", function.as_str());
                Err(OrderRefused::new("FUNCTION_HIDDEN", text))
            }
            None => self.order(id, order, now),
        }
    }
}

/// What this agent does not have at the telephone that it works at.
pub(super) fn hidden_from(agent: &Agent) -> &BTreeSet<Function> {
    let remote = agent.extension.starts_with(REMOTE);
    agent.spec.desk.hidden_at(remote)
}

/// `None`: it cannot be hidden, because what has begun must be ended.
fn function_of(order: &AgentOrder) -> Option<Function> {
    Some(match order {
        AgentOrder::SignIn { .. } => Function::SignIn,
        AgentOrder::SignOut => Function::SignOut,
        AgentOrder::Ready => Function::Ready,
        AgentOrder::NotReady { .. } => Function::NotReady,
        AgentOrder::NextPreview { .. } | AgentOrder::Pick { dial: false, .. } => Function::Preview,
        AgentOrder::DialPreview | AgentOrder::Pick { dial: true, .. } => Function::DialPreview,
        AgentOrder::SkipPreview => Function::SkipPreview,
        AgentOrder::PickUp { .. } => Function::PickUp,
        AgentOrder::Survey => Function::Survey,
        AgentOrder::InCall(order) => in_call(order),
        AgentOrder::Hangup => Function::HangUp,
        AgentOrder::FinishWrapUp => Function::FinishWrapUp,
        AgentOrder::Dispose { .. } => return None,
    })
}

fn in_call(order: &CallOrder) -> Function {
    match order {
        CallOrder::Hold => Function::Hold,
        CallOrder::Retrieve => Function::Retrieve,
        CallOrder::Mute { on: true } => Function::Mute,
        CallOrder::Mute { on: false } => Function::Unmute,
        CallOrder::Press { .. } => Function::Press,
        CallOrder::Transfer { to } => match to {
            Destination::Number { .. } => Function::TransferOutside,
            Destination::Ivr { .. } => Function::TransferMenu,
            _ => Function::TransferInside,
        },
        CallOrder::Consult { to } => match to {
            Destination::Number { .. } => Function::ConsultOutside,
            _ => Function::ConsultInside,
        },
        CallOrder::Swap => Function::Swap,
        CallOrder::Confer { .. } => Function::Confer,
        CallOrder::Invite { .. } => Function::Invite,
        CallOrder::Member { order, .. } => match order {
            MemberOrder::Mute { .. } => Function::MuteMember,
            MemberOrder::Drop { .. } => Function::DropMember,
            MemberOrder::Invite { .. } => Function::Invite,
        },
        CallOrder::Complete => Function::Complete,
        CallOrder::Cancel => Function::EndConsultation,
    }
}
