//! A caller's way through the house: what is heard, where it leads, and where it ends without an agent.

use std::collections::VecDeque;

use super::{
    Cause, Command, Floor, Phase, recording::Recording, robot::AtRobot, taking::PickedFrom,
};
use crate::{
    destination::Destination,
    ids::{AgentId, CallId, GatewayId, LegId, QueueId, SoundId},
    ivr::Visit,
    robot::Listening,
    survey::Asked,
    time::Millis,
};

/// A call is sent on so often at most: overflows may lead in a circle.
const MOST_MOVES: u8 = 10;

/// What a call remembers of its way.
#[derive(Debug, Clone, Default)]
pub(super) struct Way {
    /// What the route wants heard first, and where the call goes then.
    pub entry: Option<(Option<String>, Destination)>,
    /// The route listens after its prompt.
    pub listening: Option<Box<Listening>>,
    /// The robot that the caller is before.
    pub robot: Option<Box<AtRobot>>,
    /// Prompts that a waiting caller is still to hear, and the one being heard.
    pub words: VecDeque<String>,
    pub saying: Option<SoundId>,
    /// The caller's way through the voice menus, last or now.
    pub ivr: Option<Visit>,
    /// The key that led out of a queue last.
    pub exit: Option<Exit>,
    pub left_at: Option<Millis>,
    /// The caller has what the house gives without an agent: whoever hangs up now is not lost.
    pub is_served: bool,
    pub moves: u8,
    /// One extension is rung, nobody else; the call goes back to no queue.
    pub is_direct: bool,
    /// The number outside that is called for it, or was.
    pub out: Option<Out>,
    /// The phone of ours that called, and the one without an agent that is called.
    pub from_phone: Option<String>,
    pub to_phone: Option<String>,
    /// Where it rang, while somebody takes it at another phone.
    pub picked_from: Option<PickedFrom>,
    /// The queue out of which an agent has taken it, until the two hear each other.
    pub taken_from: Option<QueueId>,
    /// When a waiting caller is told next where they stand.
    pub told_at: Option<Millis>,
    /// A caller who is not answered yet was sent a 183: what there is to hear reaches them.
    pub hears_early: bool,
    /// Since when a phone without an agent rings.
    pub rings_since: Option<Millis>,
    /// Calls between phones are not recorded, nor is what a route wants kept out.
    pub unrecorded: bool,
    pub recording: Recording,
    /// What is said now is no part of it.
    pub pauses: bool,
    /// We call back somebody who did not want to wait.
    pub is_call_back: bool,
    /// Somebody ordered it between two parties.
    pub is_ordered: bool,
    /// Whoever of such a call leaves it to others ends it for all.
    pub ends_all: bool,
    /// Whose call it is, where its queue does not say.
    pub tenant: Option<String>,
    /// The call that asks for it, and the key, until that one has heard of it.
    pub promised_to: Option<(CallId, char)>,
    /// Who talked, when the conversation is over and the caller is still there.
    pub served_by: Option<AgentId>,
    pub talked_until: Option<Millis>,
    /// How the call was, as the caller says.
    pub asked: Option<Asked>,
}

/// A number outside that is called for a caller, or an attempt's that goes by another gateway.
#[derive(Debug, Clone)]
pub(super) struct Out {
    pub leg: LegId,
    pub number: String,
    /// The gateway of which it has a channel; `None` while the store is asked, and of a call back or an
    /// attempt, whose channel is the call's.
    pub channel: Option<GatewayId>,
    /// The number of the pool that its party is to see.
    pub shows: Option<String>,
    /// Gateways that refused it.
    pub refused: Vec<GatewayId>,
}

/// How a caller left a queue (VOX-035).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    pub key: char,
    /// The kind of destination.
    pub to: &'static str,
}

impl Floor {
    /// A caller has been answered: what the route says is heard and done.
    pub(super) fn set_out(&mut self, id: CallId, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        match call.way.entry.take() {
            Some((Some(prompt), then)) => match call.way.listening.take() {
                Some(listening) => self.robot_asks(id, prompt, *listening, then),
                None => self.hear(id, &prompt, then),
            },
            Some((None, then)) => self.send(id, then, now),
            None => self.leave(id, Cause::Normal, now),
        }
    }

    /// The caller hears a prompt, then goes on.
    pub(super) fn hear(&mut self, id: CallId, prompt: &str, then: Destination) {
        if self.answers_first(id, Some(prompt), &then) {
            return;
        }
        let sound = SoundId(self.numbers.take());
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.phase = Phase::Hearing { sound, then };
        call.way.is_served = true;
        if let Some(leg) = call.customer {
            let prompt = prompt.to_owned();
            let play = Command::Play { leg, sound, prompt };
            self.commands.push_back(play);
        }
    }

    /// Sends the caller somewhere.
    pub(super) fn send(&mut self, id: CallId, to: Destination, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.way.moves += 1;
        if call.way.moves > MOST_MOVES {
            self.leave(id, Cause::Normal, now);
            return;
        }
        if self.answers_first(id, None, &to) {
            return;
        }
        match to {
            Destination::Queue { queue } if self.turns_away(&queue, id, now) => {
                self.overflow(id, &queue, now);
            }
            Destination::Queue { queue } => self.enter_queue(id, Some(queue), now),
            Destination::Agent { agent } => self.ring_one_agent(id, agent, now),
            Destination::Voicemail { mailbox } => self.greet(id, mailbox),
            Destination::Ivr { menu } => self.enter_menu(id, &menu, now),
            Destination::Extension { extension } => self.ring_extension(id, extension, now),
            Destination::Number { number } => self.put_through(id, &number, now),
            Destination::Callback => self.hear(id, "callback", Destination::Hangup),
            Destination::Hangup => self.leave(id, Cause::Normal, now),
        }
    }

    /// A queue has no place for the caller, or none any longer.
    pub(super) fn overflow(&mut self, id: CallId, queue: &QueueId, now: Millis) {
        let settings = self.queues.get(queue).map(|queue| &queue.settings);
        let (to, sorry) = settings.map_or((None, None), |settings| {
            (settings.overflow.clone(), Some(settings.sorry.clone()))
        });
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        match to.filter(|_| call.mode.is_none()) {
            Some(to) => {
                call.queue = Some(queue.clone());
                call.gave_up = Some(now);
                call.way.is_served = true;
                self.send(id, to, now);
            }
            None => self.say_sorry(id, sorry, now),
        }
    }
}
