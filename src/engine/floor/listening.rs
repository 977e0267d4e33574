//! An answered call is listened to before anybody takes it: a person goes on, a machine, a fax or an
//! announcement becomes what the campaign wants.
//!
//! The abandon clock of a person starts when the greeting is over, not when we have made up our mind
//! (16 CFR 310.4(b)(4)(ii)).

use super::{Call, Campaign, Cause, Command, Floor, Heard, Message, Phase, Role, Why};
use crate::{
    campaign::Mode,
    classification::{Answerer, Finding, Settings, Treatment},
    ids::{CallId, LegId, SoundId},
    time::Millis,
};

/// A listener has so much longer than its budget before we go on without it; milliseconds.
const LATE_MS: i64 = 300;
/// Checks that come due while no agent is idle are made up for, at most so many.
const MOST_OWED: f64 = 3.0;

impl Floor {
    /// Begins to listen to an answered call; false where the campaign does not want it.
    pub(super) fn listen(&mut self, id: CallId, now: Millis) -> bool {
        let Some(thresholds) = self.classifies(id).map(|settings| settings.thresholds) else {
            return false;
        };
        let awaits_beep = self
            .classifies(id)
            .is_some_and(|settings| settings.machine == Treatment::Message);
        let Some(call) = self.calls.get_mut(&id) else {
            return false;
        };
        let Some(leg) = call.customer else {
            return false;
        };
        call.phase = Phase::Listening;
        let budget = i64::from(thresholds.budget_ms) + LATE_MS;
        self.timers.set(now.plus(budget), Why::VerdictIsDue(id));
        self.commands.push_back(Command::Classify {
            leg,
            thresholds,
            awaits_beep,
        });
        true
    }

    /// How the campaign of a call listens, if it does.
    pub(super) fn classifies(&self, id: CallId) -> Option<&Settings> {
        let call = self.calls.get(&id)?;
        let settings = &self
            .campaigns
            .get(call.campaign.as_ref()?)?
            .spec
            .settings
            .classification;
        let listens = matches!(call.mode, Some(Mode::Predictive | Mode::Robot));
        (settings.enabled && listens).then_some(settings)
    }

    /// The listener has made up its mind. One that comes too late is not heard.
    pub(super) fn classified(&mut self, leg: LegId, finding: Finding, now: Millis) {
        if let Some(Role::Customer(id)) = self.legs.get(&leg).cloned() {
            let call = self.calls.get(&id);
            match call.is_some_and(|call| call.phase == Phase::Dialling) {
                true => self.announced(id, finding, now),
                false => self.judge(id, finding, now),
            }
        }
    }

    /// The listener said nothing in its time.
    pub(super) fn verdict_is_due(&mut self, id: CallId, now: Millis) {
        let answered = self.calls.get(&id).and_then(|call| call.times.answered);
        let after = answered.map_or(0, |at| u32::try_from(now.since(at)).unwrap_or(u32::MAX));
        self.judge(id, Finding::unsure("no verdict", after), now);
    }

    fn judge(&mut self, id: CallId, finding: Finding, now: Millis) {
        let is_listened_to = |call: &&mut Call| call.phase == Phase::Listening;
        let Some(call) = self.calls.get_mut(&id).filter(is_listened_to) else {
            return;
        };
        let answered = call.times.answered.unwrap_or(now);
        let greeted = finding
            .greeted_ms
            .map(|ms| answered.plus(i64::from(ms)).min(now));
        let answerer = finding.answerer;
        call.class = answerer.into();
        call.times.greeted = answerer.is_person().then_some(greeted.unwrap_or(now));
        call.finding = Some(finding);
        // Settings may have changed since; then a person is what we were told.
        let treatment = self
            .classifies(id)
            .map_or(Treatment::Connect, |settings| settings.treatment(answerer));
        match treatment {
            Treatment::Connect => self.person_is_there(id, now),
            _ if answerer == Answerer::Machine && self.is_checked(id, now) => {
                self.machine_is_there(id, now);
                self.go_on(id, now);
            }
            Treatment::Message => {
                self.machine_is_there(id, now);
                self.await_beep(id, now);
            }
            Treatment::HangUp => {
                self.machine_is_there(id, now);
                self.let_go(id, now);
            }
        }
        self.touch_all(now);
    }

    /// It is no person: the pacer reckons with none.
    fn machine_is_there(&mut self, id: CallId, now: Millis) {
        if let Some(call) = self.calls.get(&id).cloned() {
            self.line_was_no_person(&call, now);
        }
    }

    /// Whether an idle agent is to see for themselves what was taken for a machine. Nobody who waits
    /// is kept waiting for that.
    fn is_checked(&mut self, id: CallId, now: Millis) -> bool {
        let Some((campaign, queue)) = self.calls.get(&id).and_then(|call| {
            let queue = call
                .queue
                .clone()
                .filter(|_| call.mode == Some(Mode::Predictive));
            Some((call.campaign.clone()?, queue?))
        }) else {
            return false;
        };
        let waits = |call: &Call| call.is_waiting() && call.queue.as_ref() == Some(&queue);
        let is_free =
            !self.calls.values().any(waits) && !self.idle_agents(&queue, 0, now).is_empty();
        let campaign = self.campaigns.get_mut(&campaign);
        campaign.is_some_and(|campaign| campaign.owes_check(is_free))
    }

    /// We let go of it.
    pub(super) fn let_go(&mut self, id: CallId, now: Millis) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.let_go = true;
        }
        self.leave(id, Cause::Normal, now);
    }

    fn await_beep(&mut self, id: CallId, now: Millis) {
        let wait = self
            .classifies(id)
            .map_or(0, |settings| settings.thresholds.beep_budget_ms);
        if let Some(call) = self.calls.get_mut(&id) {
            call.let_go = true;
            call.phase = Phase::AwaitingBeep;
            let until = now.plus(i64::from(wait));
            self.timers.set(until, Why::BeepIsDue(id));
        }
    }

    /// The machine records from now on.
    pub(super) fn beep(&mut self, leg: LegId, now: Millis) {
        let Some(Role::Customer(id)) = self.legs.get(&leg).cloned() else {
            return;
        };
        let prompt = self
            .classifies(id)
            .and_then(|settings| settings.message.clone());
        let sound = SoundId(self.numbers.take());
        let waits = |call: &&mut Call| call.phase == Phase::AwaitingBeep;
        let Some(call) = self.calls.get_mut(&id).filter(waits) else {
            return;
        };
        let Some(prompt) = prompt else {
            return self.leave(id, Cause::Normal, now);
        };
        call.phase = Phase::LeavingMessage { sound };
        call.message = Some(Message {
            prompt: prompt.clone(),
            heard: Heard::CutShort,
        });
        self.commands
            .push_back(Command::Play { leg, sound, prompt });
    }

    /// No beep came: what was said into its greeting would be a torso, so nothing is.
    pub(super) fn beep_is_due(&mut self, id: CallId, now: Millis) {
        let waits = |call: &Call| call.phase == Phase::AwaitingBeep;
        if self.calls.get(&id).is_some_and(waits) {
            self.leave(id, Cause::Normal, now);
        }
    }
}

impl Campaign {
    /// Counts one answer that was taken for a machine; true when it is one to be checked now.
    fn owes_check(&mut self, is_free: bool) -> bool {
        let share = self.spec.settings.classification.checked_share;
        self.checks_owed = (self.checks_owed + share).min(MOST_OWED);
        // So many tenths do not add up to a whole one, quite.
        let is_due = is_free && self.checks_owed > 1.0 - 1e-9;
        if is_due {
            self.checks_owed -= 1.0;
        }
        is_due
    }
}
