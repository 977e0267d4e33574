//! What agents may ask for in a call.

use super::{Floor, MemberOrder, OrderRefused};
use crate::{
    destination::Destination,
    ids::{AgentId, CallId},
    time::Millis,
};

/// One order about the call that the agent talks in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallOrder {
    /// 保持
    Hold,
    /// 取回
    Retrieve,
    /// 静音
    Mute { on: bool },
    /// Press keys at whoever is heard.
    Press { digits: String },
    /// 转接: send the customer on, and be done.
    Transfer { to: Destination },
    /// 咨询: call somebody while the customer waits.
    Consult { to: Destination },
    /// 切换: to the other of the two.
    Swap,
    /// 三方: all hear one another. `ends_all`: it is over for all when the agent hangs up (AGT-160).
    Confer { ends_all: bool },
    /// 多方: call somebody into the talk, heard by all from the answer on (AGT-159).
    Invite { to: Destination, ends_all: bool },
    /// Something about one party of the call that the agent has.
    Member { call: CallId, order: MemberOrder },
    /// 完成转接: the customer goes to the second party. In a conference: leave it.
    Complete,
    /// 取消咨询: let the second party go.
    Cancel,
}

impl Floor {
    pub(super) fn in_call(
        &mut self,
        agent: &AgentId,
        order: CallOrder,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        match order {
            CallOrder::Hold => self.hold(agent, now),
            CallOrder::Retrieve => self.retrieve(agent, now),
            CallOrder::Mute { on } => self.mute(agent, on),
            CallOrder::Press { digits } => self.press(agent, &digits),
            CallOrder::Transfer { to } => self.transfer(agent, to, now),
            CallOrder::Consult { to } => self.consult(agent, to, now),
            CallOrder::Swap => self.swap(agent, now),
            CallOrder::Confer { ends_all } => self.confer(agent, ends_all, now),
            CallOrder::Invite { to, ends_all } => self.invite(agent, to, ends_all, now),
            CallOrder::Member { call, order } => self.change_own_talk(agent, call, order, now),
            CallOrder::Complete => self.complete(agent, now),
            CallOrder::Cancel => self.cancel_second(agent, now),
        }
    }
}
