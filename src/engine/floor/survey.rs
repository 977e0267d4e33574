//! After the conversation the caller says how it was (满意度调查, VOX-205 to VOX-209).

use super::{Cause, Command, Floor, Phase, Why};
use crate::{
    destination::Destination,
    ids::{CallId, SoundId},
    time::Millis,
};

/// A key is waited for so long after the question.
const ANSWER_MS: i64 = 10_000;
/// Nobody is asked about less (VOX-092).
const LEAST_TALK_MS: i64 = 1_000;

impl Floor {
    /// The agent is done with the caller: the call ends, or the caller is asked how it was.
    pub(super) fn talk_over(&mut self, id: CallId, now: Millis) {
        if self.is_to_be_asked(id) && self.may_be_asked(id, now) {
            self.ask_how_it_was(id, now);
        } else {
            self.leave(id, Cause::Normal, now);
        }
    }

    fn is_to_be_asked(&self, id: CallId) -> bool {
        let queue = self.calls.get(&id).and_then(|call| call.queue.as_ref());
        let queue = queue.and_then(|queue| self.queues.get(queue));
        queue.is_some_and(|queue| queue.settings.survey)
    }

    /// Whether there was a conversation, and there is somebody to be asked.
    pub(super) fn may_be_asked(&self, id: CallId, now: Millis) -> bool {
        self.calls.get(&id).is_some_and(|call| {
            let talked = call.times.bridged.map_or(0, |since| now.since(since));
            let is_alone = call.parties.second.is_none();
            let talks = call.phase == Phase::Talking && call.customer.is_some();
            talks && is_alone && talked >= LEAST_TALK_MS
        })
    }

    /// The agent goes on to after-call work, the caller hears the question.
    pub(super) fn ask_how_it_was(&mut self, id: CallId, now: Millis) {
        let sound = SoundId(self.numbers.take());
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let Some(leg) = call.customer else { return };
        let before = call.clone();
        call.way.talked_until = Some(now);
        call.way.served_by = call.agent.take();
        let own = call.agent_leg.take();
        call.phase = Phase::Survey { sound };
        if let Some(own) = own {
            self.leg_over(id, own, "survey", now);
        }
        let prompt = "survey".to_owned();
        self.end_recording(id);
        self.commands.push_back(Command::Park { leg, music: None });
        self.release_agent(&before, now);
        let play = Command::Play { leg, sound, prompt };
        self.commands.push_back(play);
    }

    pub(super) fn asked(&mut self, id: CallId, now: Millis) {
        let over = Why::SurveyIsOver(id);
        self.timers.set(now.plus(ANSWER_MS), over);
    }

    /// 1, 2 or 3; another key is none.
    pub(super) fn score(&mut self, id: CallId, key: char) {
        let score = key.to_digit(10).and_then(|digit| u8::try_from(digit).ok());
        let Some(score) = score.filter(|score| (1..=3).contains(score)) else {
            return;
        };
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let (Some(leg), Phase::Survey { sound }) = (call.customer, &call.phase) else {
            return;
        };
        let sound = *sound;
        call.way.score = Some(score);
        self.commands.push_back(Command::StopPlay { leg, sound });
        self.hear(id, "thanks", Destination::Hangup);
    }

    pub(super) fn survey_due(&mut self, id: CallId, now: Millis) {
        let is_asked = |phase: &Phase| matches!(phase, Phase::Survey { .. });
        if self
            .calls
            .get(&id)
            .is_some_and(|call| is_asked(&call.phase))
        {
            self.leave(id, Cause::Normal, now);
        }
    }
}
