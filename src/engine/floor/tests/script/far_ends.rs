//! Store and switch, as far as no script plays them by hand; and the names of legs.

use super::{
    super::super::{Command, Ended, Input},
    Stage,
};
use crate::ids::LegId;

impl Stage {
    pub(super) fn carry(&mut self, command: &Command) {
        let hand = match command {
            Command::Draw { .. } => "draw",
            Command::DrawPreview { .. } => "preview",
            Command::Check { .. } => "check",
            Command::OpenAttempt(_) => "attempt",
            Command::CheckNumber { .. }
            | Command::TakeCallBack { .. }
            | Command::CheckPhone { .. } => "number",
            Command::Promise(_) => "promise",
            _ => "",
        };
        let answer = self.store.carry(command, self.now);
        if !self.by_hand.contains(hand) {
            self.pending.extend(answer);
        }
        self.switch(command);
    }

    pub(super) fn switch(&mut self, command: &Command) {
        let by_hand = |what: &str| self.by_hand.contains(what);
        match command {
            Command::Answer { leg } if !by_hand("answer") => {
                self.answered(*leg);
                self.pending.push_back(Input::LegAnswered { leg: *leg });
            }
            Command::Bridge { a, .. } if !by_hand("bridge") => {
                self.pending.push_back(Input::Bridged { leg: *a });
            }
            Command::Hangup { leg, .. } if !by_hand("hangup") => {
                let Some((_, answered)) = self.legs.remove(leg) else {
                    return;
                };
                let ended = Ended {
                    sip_status: (!answered).then_some(487),
                    ..Ended::default()
                };
                self.pending.push_back(Input::LegEnded { leg: *leg, ended });
            }
            Command::WithholdKeys { leg, on: true } => {
                self.withholding.insert(*leg);
            }
            Command::WithholdKeys { leg, on: false } => {
                self.withholding.remove(leg);
            }
            Command::Play { leg, sound, .. } => {
                self.sounds.insert(*leg, *sound);
            }
            _ => {}
        }
    }

    pub(super) fn answered(&mut self, leg: LegId) {
        if let Some((_, answered)) = self.legs.get_mut(&leg) {
            *answered = true;
        }
    }

    pub(super) fn leg(&self, name: &str) -> LegId {
        *self
            .named
            .get(name)
            .unwrap_or_else(|| panic!("no leg {name} yet:\n{}", self.shown.join("\n")))
    }

    pub(super) fn name(&mut self, leg: LegId, name: &str) {
        self.legs.insert(leg, (name.to_owned(), false));
        self.named.insert(name.to_owned(), leg);
    }

    pub(super) fn name_of(&self, leg: LegId) -> String {
        let name = self.named.iter().find(|(_, id)| **id == leg);
        name.map_or_else(|| "an old leg".to_owned(), |(name, _)| name.clone())
    }
}
