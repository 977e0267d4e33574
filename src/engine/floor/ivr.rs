//! A caller in the voice menus: what the visit says is done. The visit decides ([`crate::ivr`]).

use super::{Command, Floor, Phase, Why, way::Way};
use crate::{
    destination::Destination,
    ids::{CallId, MenuId, SoundId},
    ivr::{Choice, Next, Visit},
    route,
    time::Millis,
};

impl Floor {
    /// The caller comes to a menu.
    pub(super) fn enter_menu(&mut self, id: CallId, menu: &MenuId, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let path = call.way.choices().to_vec();
        let Some((visit, next)) = Visit::begin(&self.menus, menu, path, now) else {
            self.hear(id, "sorry", Destination::Hangup);
            return;
        };
        self.timers.set(visit.ends_at(), Why::ChoiceIsDue(id));
        call.way.is_served = true;
        call.way.ivr = Some(visit);
        call.phase = Phase::Choosing { sound: None };
        if let Some(leg) = call.customer {
            self.commands.push_back(Command::Park { leg, music: None });
        }
        self.go_on_in_menu(id, next, now);
    }

    /// The caller presses a key.
    pub(super) fn key_in_menu(&mut self, id: CallId, key: char, now: Millis) {
        self.in_menu(id, now, |floor, visit| {
            let is_extension = |number: &str| floor.is_extension(number);
            visit.key(key, is_extension, now)
        });
    }

    /// A prompt of the menu is over.
    pub(super) fn menu_said(&mut self, id: CallId, heard: bool, now: Millis) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.phase = Phase::Choosing { sound: None };
        }
        self.in_menu(id, now, |_, visit| visit.prompt_over(heard, now));
    }

    pub(super) fn choice_due(&mut self, id: CallId, now: Millis) {
        self.in_menu(id, now, |floor, visit| {
            let is_extension = |number: &str| floor.is_extension(number);
            visit.due(is_extension, now)
        });
    }

    /// Lets a caller who is in a menu go on as the visit says.
    fn in_menu(&mut self, id: CallId, now: Millis, step: impl FnOnce(&Self, &mut Visit) -> Next) {
        let call = self.calls.get_mut(&id);
        let call = call.filter(|call| matches!(call.phase, Phase::Choosing { .. }));
        let Some(mut visit) = call.and_then(|call| call.way.ivr.take()) else {
            return;
        };
        let next = step(self, &mut visit);
        if let Some(call) = self.calls.get_mut(&id) {
            call.way.ivr = Some(visit);
        }
        self.go_on_in_menu(id, next, now);
    }

    fn go_on_in_menu(&mut self, id: CallId, next: Next, now: Millis) {
        if next == Next::Stay {
            return;
        }
        self.hush_menu(id);
        match next {
            Next::Play(prompt) => self.say_in_menu(id, prompt),
            Next::Listen(until) => self.timers.set(until, Why::ChoiceIsDue(id)),
            Next::Go(to) => self.send(id, to, now),
            Next::Stay => {}
        }
    }

    fn say_in_menu(&mut self, id: CallId, prompt: String) {
        let sound = SoundId(self.numbers.take());
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.phase = Phase::Choosing { sound: Some(sound) };
        if let Some(leg) = call.customer {
            let play = Command::Play { leg, sound, prompt };
            self.commands.push_back(play);
        }
    }

    /// A prompt of the menu that is being heard ends here.
    fn hush_menu(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let Phase::Choosing { sound } = &mut call.phase else {
            return;
        };
        if let (Some(sound), Some(leg)) = (sound.take(), call.customer) {
            self.commands.push_back(Command::StopPlay { leg, sound });
        }
    }

    /// Whether a caller in a menu may dial this number.
    fn is_extension(&self, number: &str) -> bool {
        self.extensions.contains(number) && route::is_extension(&self.routes, number)
    }
}

impl Way {
    /// What the caller has chosen in the menus so far.
    pub fn choices(&self) -> &[Choice] {
        self.ivr.as_ref().map_or(&[], Visit::path)
    }
}
