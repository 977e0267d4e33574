//! A leg rang, was answered, was bridged, or heard its prompt to the end.

use super::{AnswerClass, Call, Cause, Command, Floor, Heard, Message, Phase, Role};
use crate::{
    campaign::{self, Mode},
    ids::{CallId, LegId, SoundId},
    time::Millis,
};

impl Floor {
    pub(super) fn leg_answered(&mut self, leg: LegId, now: Millis) {
        let role = self.legs.get(&leg).cloned();
        self.remote_answered(leg);
        match role {
            Some(Role::Customer(call)) => self.customer_answered(call, now),
            Some(Role::AgentFor(call)) => self.agent_answered(call, leg, now),
            Some(Role::NailedUp(agent)) => {
                if let Some(agent) = self.agents.get_mut(&agent) {
                    agent.nailed_up = Some((leg, true));
                }
                self.commands.push_back(Command::Park { leg, music: None });
            }
            Some(Role::Party(call)) => self.party_answered(call, leg, now),
            Some(Role::Own(call)) => self.own_answered(call, leg),
            Some(Role::TakesOver(old)) => self.takes_over(leg, old, now),
            Some(Role::Supervisor) => self.supervisor_answered(leg, now),
            // Answered after we had let go of it.
            None => self.commands.push_back(Command::Hangup {
                leg,
                cause: Cause::Normal,
            }),
        }
    }

    fn customer_answered(&mut self, id: CallId, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if call.phase == Phase::PickedUp {
            call.times.answered = Some(now);
            call.class = AnswerClass::Person;
            self.begin_recording(id, now);
            return self.join(id, now);
        }
        if call.phase == Phase::Leaving && call.is_unanswered() {
            // Who was rung has gone again meanwhile.
            call.times.answered = Some(now);
        }
        if !matches!(call.phase, Phase::Dialling | Phase::Answering) {
            return;
        }
        call.times.answered = Some(now);
        let answered = call.clone();
        self.begin_recording(id, now);
        self.line_picked_up(&answered, now);
        if !self.listen(id, now) {
            if let Some(call) = self.calls.get_mut(&id) {
                call.class = AnswerClass::Person;
            }
            self.person_is_there(id, now);
        }
        self.touch_all(now);
    }

    /// A person has answered, or what passes for one.
    pub(super) fn person_is_there(&mut self, id: CallId, now: Millis) {
        if let Some(call) = self.calls.get(&id).cloned() {
            self.line_was_person(&call, now);
        }
        self.go_on(id, now);
    }

    /// What an answered call was for.
    pub(super) fn go_on(&mut self, id: CallId, now: Millis) {
        let Some((mode, queue)) = self
            .calls
            .get(&id)
            .map(|call| (call.mode, call.queue.clone()))
        else {
            return;
        };
        match mode {
            None if self.is_call_back(id) => self.join(id, now),
            None => {
                if let Some(queue) = &queue {
                    self.inbound_came(queue, now);
                }
                self.set_out(id, now);
            }
            Some(Mode::Predictive) => self.enter_queue(id, queue, now),
            Some(Mode::Robot) => self.robot_speaks(id, now),
            Some(Mode::Preview) => {
                self.pop_up_dialled(id, false);
                self.join(id, now);
            }
        }
    }

    fn agent_answered(&mut self, id: CallId, leg: LegId, now: Millis) {
        match self.calls.get(&id).map(|call| call.phase.clone()) {
            Some(Phase::AgentFirst) => self.agent_first_answered(id, now),
            Some(Phase::Offered { .. }) if self.won_by(id, leg, now) => self.taken_up(id, now),
            Some(Phase::Reaching | Phase::Transferring) => self.join(id, now),
            _ => {}
        }
    }

    /// Both legs are up: let them hear each other.
    pub(super) fn join(&mut self, id: CallId, now: Millis) {
        self.hush(id);
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.way.picked_from = None;
        if call.way.is_call_back && call.customer.is_none() {
            self.call_back(id, now);
            return;
        }
        let (Some(customer), Some(agent_leg)) = (call.customer, call.agent_leg) else {
            return;
        };
        if self.answers_caller(id, agent_leg, now) {
            return;
        }
        if self.calls.get(&id).is_some_and(Call::calls_out) {
            self.begin_recording(id, now);
        }
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        // Who has been announced has the customer already.
        let was_announced = call.phase == Phase::Introducing;
        call.phase = Phase::Joining;
        call.way.is_served |= call.agent.is_none();
        let agent = call.agent.clone().filter(|_| !was_announced);
        self.leg_up(id, agent_leg, now);
        self.commands.push_back(Command::Bridge {
            a: customer,
            b: agent_leg,
        });
        let Some(agent) = agent else { return };
        self.has_customer(id, &agent);
        let _ = self.step(&agent, now, |machine| machine.answer(now));
    }

    pub(super) fn bridged(&mut self, leg: LegId, now: Millis) {
        let Some(Role::Customer(call)) = self.legs.get(&leg) else {
            return;
        };
        let Some(call) = self.calls.get_mut(call) else {
            return;
        };
        if call.phase != Phase::Joining {
            return;
        }
        call.phase = Phase::Talking;
        call.way.taken_from = None;
        call.parties.from = None;
        let (id, own) = (call.id, call.own_leg());
        if let Some(own) = own {
            self.leg_joined(id, own, now);
        }
        self.tell_call(id);
        self.attend(id);
        self.first_bridged(id, now);
        self.void_promise_to(id, now);
        self.touch_all(now);
    }

    /// The customer has an agent for the first time.
    fn first_bridged(&mut self, id: CallId, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if call.times.bridged.is_some() {
            return;
        }
        call.times.bridged = Some(now);
        let bridged = call.clone();
        self.is_to_be_judged(&bridged);
        self.book_connected(&bridged, now);
    }

    fn robot_speaks(&mut self, id: CallId, now: Millis) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let campaign = call.campaign.as_ref().and_then(|id| self.campaigns.get(id));
        let settings = match &call.test {
            Some(test) => Some(&test.settings),
            None => campaign.map(|campaign| &campaign.spec.settings),
        };
        let robot = settings.map(|settings| settings.robot.clone());
        let listening = robot.as_ref().and_then(campaign::Robot::listening);
        if let (Some(robot), Some(listening)) = (&robot, listening) {
            return self.robot_asks_called(id, robot.clone(), listening, now);
        }
        let sound = SoundId(self.numbers.take());
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.phase = Phase::Robot { sound };
        if let (Some(leg), Some(robot)) = (call.customer, robot) {
            let prompt = robot.prompt;
            self.commands
                .push_back(Command::Play { leg, sound, prompt });
        }
    }

    /// Nobody came in time: the person hears a message, not silence.
    pub(super) fn waited_too_long(&mut self, id: CallId, now: Millis) {
        let Some(call) = self.calls.get(&id).filter(|call| call.is_waiting()) else {
            return;
        };
        if call.class.is_no_person() {
            self.withdraw_offer(id, now);
            return self.let_go(id, now);
        }
        let queue = call.queue.clone();
        self.hush(id);
        self.withdraw_offer(id, now);
        match queue {
            Some(queue) => self.overflow(id, &queue, now),
            None => self.say_sorry(id, None, now),
        }
        self.touch_all(now);
    }

    pub(super) fn say_sorry(&mut self, id: CallId, prompt: Option<String>, now: Millis) {
        let sound = SoundId(self.numbers.take());
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        // Who has had an agent is not abandoned.
        let is_lost = call.times.bridged.is_none();
        call.abandoned |= is_lost;
        call.gave_up = is_lost.then_some(now);
        let lost = call.clone();
        if is_lost {
            self.book_lost(&lost, now);
        }
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let own = lost.campaign.as_ref().and_then(|id| {
            let campaign = self.campaigns.get(id)?;
            campaign.spec.settings.abandon_prompt.clone()
        });
        match (call.customer, own.or(prompt)) {
            (Some(leg), Some(prompt)) => {
                call.phase = Phase::Sorry { sound };
                call.message = Some(Message {
                    prompt: prompt.clone(),
                    heard: Heard::CutShort,
                });
                self.commands
                    .push_back(Command::Play { leg, sound, prompt });
            }
            _ => self.leave(id, Cause::Normal, now),
        }
    }

    /// A prompt was heard to its end, or could not be played.
    pub(super) fn play_over(&mut self, leg: LegId, sound: SoundId, heard: Heard, now: Millis) {
        let Some(Role::Customer(id)) = self.legs.get(&leg).cloned() else {
            return;
        };
        let said = self.calls.get(&id).and_then(|call| call.way.saying);
        if said == Some(sound) {
            self.say_next(id);
            self.go_on_introducing(id, now);
            return;
        }
        match self.calls.get(&id).map(|call| call.phase.clone()) {
            Some(Phase::Hearing {
                sound: played,
                then,
            }) if played == sound => self.send(id, then, now),
            Some(Phase::Greeting {
                sound: played,
                mailbox,
            }) if played == sound => self.take_message(id, mailbox, now),
            Some(Phase::Survey { sound: played, .. }) if played == sound => self.asked(id, now),
            Some(Phase::Choosing {
                sound: Some(played),
            }) if played == sound => self.menu_said(id, heard == Heard::Played, now),
            Some(Phase::Dialogue {
                sound: Some(played),
            }) if played == sound => self.robot_said(id, heard, now),
            Some(Phase::Robot { sound: played }) if played == sound => {
                self.robot_done(id, heard, now)
            }
            Some(Phase::Sorry { sound: played } | Phase::LeavingMessage { sound: played })
                if played == sound =>
            {
                let call = self.calls.get_mut(&id);
                if let Some(message) = call.and_then(|call| call.message.as_mut()) {
                    message.heard = heard;
                }
                self.leave(id, Cause::Normal, now);
            }
            _ => {}
        }
    }

    fn robot_done(&mut self, id: CallId, heard: Heard, now: Millis) {
        let then_queue = self
            .calls
            .get(&id)
            .and_then(|call: &Call| call.campaign.as_ref())
            .and_then(|id| self.campaigns.get(id))
            .and_then(|campaign| campaign.spec.settings.robot.then_queue.clone());
        match then_queue {
            Some(queue) => self.enter_queue(id, Some(queue), now),
            // Nobody was told anything.
            None if heard == Heard::Failed => self.let_go(id, now),
            None => self.leave(id, Cause::Normal, now),
        }
    }
}
