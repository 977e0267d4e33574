//! What waiting callers are told: a welcome, and now and then where they stand.

use super::{Command, Floor, Why};
use crate::{
    campaign::Mode,
    ids::{CallId, LegId, SoundId},
    speech,
    time::Millis,
};

impl Floor {
    /// The caller has entered a queue.
    pub(super) fn begin_announcing(&mut self, id: CallId, now: Millis) {
        let Some((call, settings)) = self.told(id) else {
            return;
        };
        let welcome = settings.welcome.clone();
        let every = settings.announcement.as_ref().map(|one| one.every_s);
        self.announce_after(call, every, now);
        self.say(id, welcome.into_iter().collect());
    }

    /// The caller waits on, and is told where they stand as before.
    pub(super) fn go_on_announcing(&mut self, id: CallId, now: Millis) {
        let is_told = |call: &super::Call| call.way.told_at.is_some_and(|at| at > now);
        if self.calls.get(&id).is_some_and(is_told) {
            return;
        }
        if let Some((call, settings)) = self.told(id) {
            let every = settings.announcement.as_ref().map(|one| one.every_s);
            self.announce_after(call, every, now);
        }
    }

    /// One announcement follows the other; an earlier wake-up finds out that it is not due.
    fn announce_after(&mut self, id: CallId, every_s: Option<u32>, now: Millis) {
        let at = every_s.map(|every| now.plus(i64::from(every) * 1000));
        if let Some(at) = at {
            self.timers.set(at, Why::AnnouncementDue(id));
        }
        if let Some(call) = self.calls.get_mut(&id) {
            call.way.told_at = at;
        }
    }

    pub(super) fn announcement_due(&mut self, id: CallId, now: Millis) {
        let Some((_, settings)) = self.told(id) else {
            return;
        };
        let Some(announcement) = settings.announcement.clone() else {
            return;
        };
        let is_due = |call: &super::Call| call.way.told_at.is_some_and(|at| at <= now);
        if !self.calls.get(&id).is_some_and(is_due) {
            return;
        }
        self.announce_after(id, Some(announcement.every_s), now);
        let is_busy = |call: &super::Call| call.way.saying.is_some() || !call.is_waiting();
        if self.calls.get(&id).is_some_and(is_busy) {
            return;
        }
        let mut words: Vec<String> = announcement.prompt.into_iter().collect();
        let place = self.place_of(id, now);
        if let Some(place) = place.filter(|_| announcement.place) {
            words.extend(speech::place(place));
        }
        let wait = place.and_then(|place| self.expected_wait(id, place));
        if let Some(wait) = wait.filter(|_| announcement.wait) {
            words.extend(speech::wait(wait));
        }
        self.say(id, words);
    }

    /// A caller who waits, with the settings of the queue; none of a call that we dialled.
    fn told(&self, id: CallId) -> Option<(CallId, &crate::queue::Settings)> {
        let call = self.calls.get(&id).filter(|call| call.is_in_line())?;
        let may_be_told = call.customer.is_some() && call.mode != Some(Mode::Predictive);
        let queue = self.queues.get(call.queue.as_ref()?)?;
        may_be_told.then_some((id, &queue.settings))
    }

    fn place_of(&self, id: CallId, now: Millis) -> Option<u32> {
        let queue = self.calls.get(&id)?.queue.clone()?;
        let line = self.line_of(&queue, now);
        let ahead = line.iter().position(|call| *call == id)?;
        u32::try_from(ahead + 1).ok()
    }

    /// How long the caller at this place will wait: what calls of the queue have taken lately, shared
    /// among those who take calls. `None` before the first call is over, or while nobody takes any.
    fn expected_wait(&self, id: CallId, place: u32) -> Option<i64> {
        let queue_id = self.calls.get(&id)?.queue.as_ref()?;
        let handled = self.queues.get(queue_id)?.handled_ms?;
        let staff = self.staff(queue_id);
        let serving = staff.filter(|agent| agent.machine.takes_calls()).count();
        let serving = i64::try_from(serving).ok().filter(|count| *count > 0)?;
        Some(handled.saturating_mul(place.into()) / serving)
    }

    pub(super) fn say(&mut self, id: CallId, words: Vec<String>) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.way.words = words.into();
            self.say_next(id);
        }
    }

    /// Goes on with what is being said.
    pub(super) fn say_next(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.way.saying = None;
        let (Some(prompt), Some(leg)) = (call.way.words.pop_front(), call.customer) else {
            return;
        };
        let sound = SoundId(self.numbers.take());
        call.way.saying = Some(sound);
        let play = Command::Play { leg, sound, prompt };
        self.commands.push_back(play);
    }

    /// Whatever is being said ends here.
    pub(super) fn hush(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.way.words.clear();
        let (sound, leg): (Option<SoundId>, Option<LegId>) =
            (call.way.saying.take(), call.customer);
        if let (Some(sound), Some(leg)) = (sound, leg) {
            self.commands.push_back(Command::StopPlay { leg, sound });
        }
    }
}
