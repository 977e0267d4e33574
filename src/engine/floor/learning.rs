//! What the pacers are told of calls and agents, and what the books are told of answers.

use serde::{Deserialize, Serialize};

use super::{AnswerClass, Call, Floor, agents::Agent};
use crate::{
    agent::{Busy, Machine, State},
    campaign::Mode,
    ids::{AgentId, CampaignId, QueueId},
    ledger::Tally,
    pacing::{Pacer, predictive::Fact},
    time::Millis,
};

/// What a campaign has learned so far, to be kept for its next day. Another version is not read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Learned {
    pub version: u32,
    pub pacer: Pacer,
}

impl Learned {
    pub const VERSION: u32 = 2;
}

impl Floor {
    /// What to keep of a campaign; `None` for one that has learned nothing.
    pub fn learned(&mut self, campaign: &CampaignId) -> Option<Learned> {
        let campaign = self.campaigns.get_mut(campaign)?;
        (!campaign.pacer.is_fresh()).then(|| Learned {
            version: Learned::VERSION,
            pacer: campaign.pacer.kept(),
        })
    }

    /// What was kept comes back, before the campaign has learned anything itself.
    pub(super) fn remember(&mut self, campaign: &CampaignId, learned: Learned) {
        if let Some(campaign) = self.campaigns.get_mut(campaign)
            && learned.version == Learned::VERSION
            && campaign.pacer.is_fresh()
        {
            campaign.pacer = learned.pacer;
        }
    }

    /// A dialled line was answered.
    pub(super) fn line_picked_up(&mut self, call: &Call, now: Millis) {
        let ring_s = now.since(call.times.started) as f64 / 1000.0;
        let call_no = call.id.0;
        self.tell_own(
            call,
            Fact::PickedUp {
                call: call_no,
                ring_s,
            },
            now,
        );
    }

    /// What answered wants an agent.
    pub(super) fn line_was_person(&mut self, call: &Call, now: Millis) {
        self.tell_own(call, Fact::Person { call: call.id.0 }, now);
    }

    /// What answered wants none.
    pub(super) fn line_was_no_person(&mut self, call: &Call, now: Millis) {
        let after_s = now.since(call.times.started) as f64 / 1000.0;
        let call_no = call.id.0;
        self.tell_own(
            call,
            Fact::Over {
                call: call_no,
                after_s,
            },
            now,
        );
    }

    /// A dial came to its end without an answer. One that we gave up says nothing about answers.
    pub(super) fn line_over(&mut self, call: &Call, now: Millis) {
        let was_dialled = call.invites > 0 || call.way.out.is_some();
        if call.times.answered.is_some() || call.cancelled || !was_dialled {
            return;
        }
        let after_s = now.since(call.times.started) as f64 / 1000.0;
        self.tell_own(
            call,
            Fact::Over {
                call: call.id.0,
                after_s,
            },
            now,
        );
    }

    fn tell_own(&mut self, call: &Call, fact: Fact, now: Millis) {
        if let Some(campaign) = call
            .campaign
            .as_ref()
            .and_then(|id| self.campaigns.get_mut(id))
            && campaign.spec.mode == Mode::Predictive
        {
            campaign.learn(fact, now);
        }
    }

    /// An inbound call entered a queue: it takes an agent that pacers may have counted on.
    pub(super) fn inbound_came(&mut self, queue: &QueueId, now: Millis) {
        self.tell_queue(|other| other == queue, Fact::Inbound, now);
    }

    /// An agent's state changed: talks and after-call work have their lengths, and agents leave.
    pub(super) fn agent_changed(&mut self, id: &AgentId, before: &Machine, now: Millis) {
        let Some(agent) = self.agents.get(id) else {
            return;
        };
        let s = now.since(before.since()) as f64 / 1000.0;
        let talking_since = before.talking_since().unwrap_or(before.since());
        let talk_s = now.since(talking_since) as f64 / 1000.0;
        let talked = matches!(before.state(), State::Busy { sub, .. } if *sub != Busy::Ringing && *sub != Busy::Calling);
        let over = !matches!(agent.machine.state(), State::Busy { .. });
        let wrapped_up = matches!(before.state(), State::WrapUp { .. });
        let was_here = wrapped_up || talked || before.is_ready();
        let is_away = matches!(
            agent.machine.state(),
            State::LoggedOut | State::Unready { .. }
        );
        let facts = [
            (talked && over).then_some(Fact::TalkOver { s: talk_s }),
            wrapped_up.then_some(Fact::WrapUpOver { s }),
            (was_here && is_away).then_some(Fact::AgentLeft),
        ];
        let queues = agent.spec.queues.clone();
        for fact in facts.into_iter().flatten() {
            self.tell_queue(|queue| queues.contains(queue), fact, now);
        }
    }

    fn tell_queue(&mut self, is_one: impl Fn(&QueueId) -> bool, fact: Fact, now: Millis) {
        for campaign in self.campaigns.values_mut() {
            if campaign.spec.mode == Mode::Predictive
                && campaign.spec.queue.as_ref().is_some_and(&is_one)
            {
                campaign.learn(fact, now);
            }
        }
    }

    /// A person who was dialled has an agent. One that was taken for a machine is booked when the
    /// agent has said what it was.
    pub(super) fn book_connected(&mut self, call: &Call, now: Millis) {
        if call.class.is_no_person() {
            return;
        }
        let (answered, connected) = (1, 1);
        self.book(
            call,
            Tally {
                answered,
                connected,
                ..Tally::default()
            },
            now,
        );
    }

    /// A person who was dialled had nobody in time.
    pub(super) fn book_lost(&mut self, call: &Call, now: Millis) {
        let (answered, lost) = (1, 1);
        self.book(
            call,
            Tally {
                answered,
                lost,
                ..Tally::default()
            },
            now,
        );
    }

    /// A person who was dialled hung up before either; or it was taken for a machine.
    pub(super) fn book_gone(&mut self, call: &Call, now: Millis) {
        let met = call.times.bridged.is_some() || call.gave_up.is_some();
        if call.times.answered.is_none() || met {
            return;
        }
        let what = match call.class {
            AnswerClass::Machine => Tally {
                turned_away: 1,
                ..Tally::default()
            },
            AnswerClass::Fax | AnswerClass::Network => Tally::default(),
            AnswerClass::Person | AnswerClass::Unknown => Tally {
                answered: 1,
                ..Tally::default()
            },
        };
        self.book(call, what, now);
    }

    fn book(&mut self, call: &Call, what: Tally, now: Millis) {
        if let Some(campaign) = call
            .campaign
            .as_ref()
            .and_then(|id| self.campaigns.get_mut(id))
            && call.mode == Some(Mode::Predictive)
        {
            campaign.ledger.book(&what, now);
        }
    }
}

/// Signed in, but gone when this call is over.
pub(super) fn leaves(agent: &Agent) -> bool {
    let machine = &agent.machine;
    let busy = matches!(machine.state(), State::Busy { .. } | State::WrapUp { .. });
    agent.gone || agent.signs_out || (busy && !machine.takes_calls())
}
