//! Every wake-up of the floor has a name.

use std::collections::BTreeSet;

use crate::{
    ids::{AgentId, CallId, CampaignId, GatewayId, LegId},
    time::Millis,
};

/// What a wake-up is for. A wake-up that has been overtaken by events does nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    PacingDue(CampaignId),
    /// A dialled person has waited as long as the law and the queue allow.
    CallWouldBeAbandoned(CallId),
    /// An inbound caller has waited as long as the queue lets them.
    WaitIsOver(CallId),
    /// An inbound caller has waited as long as the queue lets them while nobody is signed in.
    NobodyIsThere(CallId),
    /// A waiting call may ask the agents of another tier.
    TierOpens(CallId),
    /// Who or what answered ought to be known.
    VerdictIsDue(CallId),
    /// A machine has not begun to record.
    BeepIsDue(CallId),
    /// A waiting caller is told where they stand.
    AnnouncementDue(CallId),
    /// A phone that is rung for a caller must have told how its ringing ended.
    ReachingIsOver(CallId, LegId),
    /// A message has become as long as messages may be.
    MessageIsLong(CallId),
    /// A caller was asked how it was, and has had time to answer.
    SurveyIsOver(CallId),
    /// A caller in a voice menu has had time to press a key, or has been in the menus too long.
    ChoiceIsDue(CallId),
    /// Nobody has spoken to a robot, or somebody speaks on and on.
    SpeechIsDue(CallId),
    /// The next key of a code that is pressed at a phone has not come.
    CodeIsOver(CallId),
    /// The next key of a number that is dialled after a hook flash has not come.
    NumberIsDialled(CallId),
    /// A call back, or the telephone outside of an agent for a call, may have found a line.
    CallBackDue(CallId),
    /// A call back was promised too long ago.
    CallBackIsOld(CallId),
    OfferIsOver(CallId, AgentId),
    /// The phone of somebody who was called for a call has rung long enough.
    RingingIsOver(CallId, LegId),
    /// An agent whose phone did not take a call may be offered one again.
    RestIsOver(AgentId),
    /// A gateway that failed most calls is dialled through again.
    GatewayRested(GatewayId),
    WrapUpOver(AgentId),
    PreviewDue(AgentId),
    /// The agent's event channel has been down for half a minute.
    AgentAbsent(AgentId),
}

#[derive(Debug, Clone, Default)]
pub(super) struct Timers(BTreeSet<(Millis, Why)>);

impl Timers {
    pub fn set(&mut self, at: Millis, why: Why) {
        self.0.insert((at, why));
    }

    /// Every wake-up comes so much later, or earlier.
    pub fn shift(&mut self, by_ms: i64) {
        let shifted = std::mem::take(&mut self.0).into_iter();
        self.0 = shifted.map(|(at, why)| (at.plus(by_ms), why)).collect();
    }

    pub fn first(&self) -> Option<(Millis, Why)> {
        self.0.first().cloned()
    }

    pub fn pop_due(&mut self, now: Millis) -> Option<Why> {
        if self.0.first()?.0 > now {
            return None;
        }
        self.0.pop_first().map(|(_, why)| why)
    }
}
