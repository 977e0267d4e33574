//! Somebody before a robot that listens, a caller or a person whom a campaign has called: what the dialogue
//! says is done. The dialogue decides ([`crate::robot`]).

use super::{Cause, Command, Floor, Heard, Phase, Role, Why};
use crate::{
    campaign::{self, Mode},
    classification::Answerer,
    destination::Destination,
    ids::{CallId, LegId, SoundId},
    robot::{Dialogue, Listening, Next, Speech},
    time::Millis,
};

/// A caller's dialogue, and where it leads.
#[derive(Debug, Clone)]
pub(super) struct AtRobot {
    pub dialogue: Dialogue,
    /// Who has spoken.
    then: Destination,
    /// Who has not.
    otherwise: Destination,
    /// Whether anything that it said was heard; `None`: nothing is over yet.
    was_heard: Option<bool>,
}

impl AtRobot {
    /// Nothing that it said could be played.
    pub fn is_mute(&self) -> bool {
        self.was_heard == Some(false)
    }
}

impl Floor {
    /// The robot of a route says its prompt to a caller and listens.
    pub(super) fn robot_asks(
        &mut self,
        id: CallId,
        prompt: String,
        listening: Listening,
        then: Destination,
    ) {
        let dialogue = Dialogue::begin(listening.listens);
        self.begin_dialogue(id, dialogue, prompt, [then, listening.otherwise]);
    }

    /// The robot of a campaign says its prompt to a person who was called, and listens. A test call leads
    /// nowhere.
    pub(super) fn robot_asks_called(
        &mut self,
        id: CallId,
        robot: campaign::Robot,
        listening: Listening,
        now: Millis,
    ) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        // Who was listened to before has greeted already.
        let finding = call.finding.as_ref();
        let has_greeted = finding.is_some_and(|finding| finding.answerer == Answerer::Human);
        let dialogue = match has_greeted {
            true => Dialogue::begin(listening.listens),
            false => Dialogue::begin_before_greeting(listening.listens, now),
        };
        let then = robot.then_queue.map(|queue| Destination::Queue { queue });
        let leads = [then.unwrap_or(Destination::Hangup), listening.otherwise];
        let leads = match call.test {
            Some(_) => [Destination::Hangup, Destination::Hangup],
            None => leads,
        };
        self.begin_dialogue(id, dialogue, robot.prompt, leads);
    }

    fn begin_dialogue(
        &mut self,
        id: CallId,
        dialogue: Dialogue,
        prompt: String,
        [then, otherwise]: [Destination; 2],
    ) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let can_be_interrupted = dialogue.can_be_interrupted();
        call.way.is_served = true;
        call.way.robot = Some(Box::new(AtRobot {
            dialogue,
            then,
            otherwise,
            was_heard: None,
        }));
        call.phase = Phase::Dialogue { sound: None };
        if can_be_interrupted {
            self.listen_for_speech(id);
        }
        self.robot_says(id, prompt);
    }

    /// The switch tells of a leg that it listens to.
    pub(super) fn speech(&mut self, leg: LegId, speech: Speech, now: Millis) {
        if let Some(Role::Customer(id)) = self.legs.get(&leg).cloned() {
            self.in_dialogue(id, now, |dialogue| dialogue.speech(speech, now));
        }
    }

    pub(super) fn robot_said(&mut self, id: CallId, heard: Heard, now: Millis) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.phase = Phase::Dialogue { sound: None };
            if let Some(robot) = &mut call.way.robot {
                let before = robot.was_heard.unwrap_or(false);
                robot.was_heard = Some(before || heard != Heard::Failed);
            }
        }
        self.in_dialogue(id, now, |dialogue| dialogue.said(now));
    }

    pub(super) fn key_at_robot(&mut self, id: CallId, now: Millis) {
        self.in_dialogue(id, now, Dialogue::key);
    }

    pub(super) fn speech_due(&mut self, id: CallId, now: Millis) {
        self.in_dialogue(id, now, |dialogue| dialogue.due(now));
    }

    /// Lets a call that is before a robot go on as the dialogue says.
    fn in_dialogue(&mut self, id: CallId, now: Millis, step: impl FnOnce(&mut Dialogue) -> Next) {
        let call = self.calls.get_mut(&id);
        let call = call.filter(|call| matches!(call.phase, Phase::Dialogue { .. }));
        let Some(robot) = call.and_then(|call| call.way.robot.as_mut()) else {
            return;
        };
        let next = step(&mut robot.dialogue);
        let is_heard_always = robot.dialogue.can_be_interrupted();
        match next {
            Next::Stay => {}
            Next::Say(prompt) => {
                if !is_heard_always {
                    self.stop_listening(id);
                }
                self.robot_says(id, prompt);
            }
            Next::Wait(until) => {
                self.timers.set(until, Why::SpeechIsDue(id));
                if !is_heard_always {
                    self.listen_for_speech(id);
                }
            }
            Next::Hear(until) => {
                self.timers.set(until, Why::SpeechIsDue(id));
                self.hush_robot(id);
            }
            Next::Over { spoke } => self.dialogue_over(id, spoke, now),
        }
    }

    fn dialogue_over(&mut self, id: CallId, spoke: bool, now: Millis) {
        self.hush_robot(id);
        self.stop_listening(id);
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let Some(robot) = call.way.robot.take() else {
            return;
        };
        let is_mute = robot.is_mute();
        let to = match spoke {
            true => robot.then,
            false => robot.otherwise,
        };
        match to {
            to if call.mode != Some(Mode::Robot) => self.send(id, to, now),
            // Nobody was told anything.
            Destination::Hangup if is_mute => self.let_go(id, now),
            Destination::Hangup => {
                call.silent = !spoke;
                self.leave(id, Cause::Normal, now);
            }
            // However full the line is: we have called them.
            Destination::Queue { queue } => self.enter_queue(id, Some(queue), now),
            to => self.send(id, to, now),
        }
    }

    fn robot_says(&mut self, id: CallId, prompt: String) {
        let sound = SoundId(self.numbers.take());
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.phase = Phase::Dialogue { sound: Some(sound) };
        if let Some(leg) = call.customer {
            let play = Command::Play { leg, sound, prompt };
            self.commands.push_back(play);
        }
    }

    /// What the robot is saying ends here.
    fn hush_robot(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let Phase::Dialogue { sound } = &mut call.phase else {
            return;
        };
        if let (Some(sound), Some(leg)) = (sound.take(), call.customer) {
            self.commands.push_back(Command::StopPlay { leg, sound });
        }
    }

    fn listen_for_speech(&mut self, id: CallId) {
        let call = self.calls.get(&id);
        let robot = call.and_then(|call| call.customer.zip(call.way.robot.as_ref()));
        if let Some((leg, robot)) = robot {
            let listens = Box::new(robot.dialogue.listens().clone());
            let listen = Command::ListenForSpeech { leg, listens };
            self.commands.push_back(listen);
        }
    }

    fn stop_listening(&mut self, id: CallId) {
        if let Some(leg) = self.calls.get(&id).and_then(|call| call.customer) {
            self.commands.push_back(Command::StopListening { leg });
        }
    }
}
