//! After the conversation the caller says how it was (满意度调查, VOX-205 to VOX-209).

use std::sync::Arc;

use super::{Call, Cause, Command, Floor, Phase, Why};
use crate::{
    destination::Destination,
    ids::{CallId, SoundId},
    survey::{Asked, Choice, STANDARD, Survey},
    time::Millis,
};

/// Nobody is asked about less (VOX-092).
const LEAST_TALK_MS: i64 = 1_000;

impl Floor {
    /// The agent is done with the caller: the call ends, or the caller is asked how it was.
    pub(super) fn talk_over(&mut self, id: CallId, now: Millis) {
        let wanted = self.survey_wanted(id);
        if wanted != Choice::None && self.may_be_asked(id, now) {
            self.ask_how_it_was(id, &wanted, now);
        } else {
            self.leave(id, Cause::Normal, now);
        }
    }

    /// The survey of the nearest that says which: campaign, queue, tenant (VOX-209). What the tenant says
    /// comes with a queue that says nothing itself, and with each campaign.
    fn survey_wanted(&self, id: CallId) -> Choice {
        let Some(call) = self.calls.get(&id) else {
            return Choice::None;
        };
        let campaign = call.campaign.as_ref().and_then(|id| self.campaigns.get(id));
        let of_campaign = campaign.and_then(|campaign| campaign.spec.settings.survey.clone());
        let of_queue = || {
            let queue = call.queue.as_ref().and_then(|id| self.queues.get(id));
            queue.and_then(|queue| queue.settings.survey.clone())
        };
        let of_tenant = || campaign.map(|campaign| campaign.spec.rules.survey.clone());
        let nearest = of_campaign.or_else(of_queue).or_else(of_tenant);
        nearest.unwrap_or_default()
    }

    /// The survey itself and its name. One that is gone is the standard one.
    fn survey_of(&self, wanted: &Choice) -> (String, Arc<Survey>) {
        let named = wanted.named().and_then(|id| self.surveys.get_key_value(id));
        named.map_or_else(
            || (STANDARD.to_owned(), Arc::new(Survey::default())),
            |(id, survey)| (id.clone(), Arc::clone(survey)),
        )
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

    /// The agent asks, whatever queue and campaign want by themselves.
    pub(super) fn ask_by_hand(&mut self, id: CallId, now: Millis) {
        let wanted = self.survey_wanted(id);
        self.ask_how_it_was(id, &wanted, now);
    }

    /// The agent goes on to after-call work, the caller hears the question.
    fn ask_how_it_was(&mut self, id: CallId, wanted: &Choice, now: Millis) {
        let sound = SoundId(self.numbers.take());
        let (name, survey) = self.survey_of(wanted);
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let Some(leg) = call.customer else { return };
        let before = call.clone();
        call.way.talked_until = Some(now);
        call.way.served_by = call.agent.take();
        let own = call.agent_leg.take();
        let prompt = survey.prompt.clone();
        call.phase = Phase::Survey { sound, survey };
        call.way.asked = Some(Asked {
            survey: name,
            answer: None,
        });
        if let Some(own) = own {
            self.leg_over(id, own, "survey", now);
        }
        self.end_recording(id);
        self.commands.push_back(Command::Park { leg, music: None });
        self.release_agent(&before, now);
        let play = Command::Play { leg, sound, prompt };
        self.commands.push_back(play);
    }

    pub(super) fn asked(&mut self, id: CallId, now: Millis) {
        let survey = self.calls.get(&id).and_then(Call::survey);
        let Some(wait_ms) = survey.map(|survey| survey.wait_ms) else {
            return;
        };
        let over = Why::SurveyIsOver(id);
        self.timers.set(now.plus(wait_ms), over);
    }

    /// A key that the survey does not know is none.
    pub(super) fn score(&mut self, id: CallId, key: char, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let (Some(leg), Phase::Survey { sound, survey }) = (call.customer, &call.phase) else {
            return;
        };
        let Some(answer) = survey.answer(key) else {
            return;
        };
        let (sound, thanks) = (*sound, survey.thanks.clone());
        if let Some(asked) = &mut call.way.asked {
            asked.answer = Some(answer);
        }
        self.commands.push_back(Command::StopPlay { leg, sound });
        match thanks {
            Some(thanks) => self.hear(id, &thanks, Destination::Hangup),
            None => self.leave(id, Cause::Normal, now),
        }
    }

    pub(super) fn survey_due(&mut self, id: CallId, now: Millis) {
        if self.calls.get(&id).and_then(Call::survey).is_some() {
            self.leave(id, Cause::Normal, now);
        }
    }
}

impl Call {
    /// What the caller is being asked.
    fn survey(&self) -> Option<&Survey> {
        match &self.phase {
            Phase::Survey { survey, .. } => Some(survey),
            _ => None,
        }
    }
}
