//! Who hears whom, where that is more than two.
//!
//! A mix is nothing but its ears: each leg that takes part is told which voices it hears and how
//! loud. Every mode of supervision, a three-way call and a hold are such lists, so one turns into
//! another by sending the next list, with no new leg and no gap.

use std::sync::Arc;

use crate::{LegId, Prompt};

/// Voices in one ear: a conference of 32 and its supervisors. More are not taken.
pub const MOST_VOICES: usize = 40;

/// How loud a voice is, in 256ths of its own level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gain(u16);

impl Gain {
    /// As loud as it is.
    pub const FULL: Self = Self(256);

    /// A gain in decibels, between silence and +12 dB.
    #[must_use]
    pub fn db(db: f32) -> Self {
        Self((256.0 * 10_f32.powf(db.min(12.0) / 20.0)).round() as u16)
    }

    /// `sample` at this gain.
    #[must_use]
    pub(crate) fn of(self, sample: i16) -> i32 {
        i32::from(sample) * i32::from(self.0) / 256
    }
}

/// What one leg hears.
#[derive(Debug, Clone)]
pub struct Ear {
    pub leg: LegId,
    /// Whose voices, its own not among them.
    pub voices: Vec<(LegId, Gain)>,
    /// A prompt under the voices, round and round.
    pub music: Option<Arc<Prompt>>,
}

impl Ear {
    /// A leg that hears `voices`, each in full.
    #[must_use]
    pub fn of(leg: LegId, voices: &[LegId]) -> Self {
        Self {
            leg,
            voices: voices.iter().map(|&voice| (voice, Gain::FULL)).collect(),
            music: None,
        }
    }

    /// A leg that hears nobody, and `music` if there is some.
    #[must_use]
    pub fn held(leg: LegId, music: Option<Arc<Prompt>>) -> Self {
        Self {
            leg,
            voices: Vec::new(),
            music,
        }
    }
}

/// How a supervisor takes part in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Monitor {
    /// Hears both, is heard by nobody.
    Listen,
    /// Hears both, is heard by the agent.
    Whisper,
    /// Hears both, is heard by both.
    Barge,
}

/// The ears of everybody in a conference: each hears all the others.
#[must_use]
pub fn conference(members: &[LegId]) -> Vec<Ear> {
    let others =
        |leg: LegId| -> Vec<LegId> { members.iter().copied().filter(|&it| it != leg).collect() };
    members
        .iter()
        .map(|&leg| Ear::of(leg, &others(leg)))
        .collect()
}

/// The ears of a supervised call.
#[must_use]
pub fn supervised(customer: LegId, agent: LegId, supervisor: LegId, how: Monitor) -> Vec<Ear> {
    let to_agent: &[LegId] = match how {
        Monitor::Listen => &[customer],
        Monitor::Whisper | Monitor::Barge => &[customer, supervisor],
    };
    let to_customer: &[LegId] = match how {
        Monitor::Listen | Monitor::Whisper => &[agent],
        Monitor::Barge => &[agent, supervisor],
    };
    vec![
        Ear::of(customer, to_customer),
        Ear::of(agent, to_agent),
        Ear::of(supervisor, &[customer, agent]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_are_decibels() {
        assert_eq!(Gain::FULL.of(-1_000), -1_000);
        assert_eq!(Gain::db(-6.02).of(1_000), 500);
        assert_eq!(Gain::db(f32::NEG_INFINITY).of(i16::MAX), 0);
        assert_eq!(Gain::db(500.0).of(100), Gain::db(12.0).of(100));
    }

    #[test]
    fn nobody_hears_himself() {
        let legs = [LegId(1), LegId(2), LegId(3)];
        let modes = [Monitor::Listen, Monitor::Whisper, Monitor::Barge];
        let supervised = modes.map(|how| supervised(legs[0], legs[1], legs[2], how));
        for ear in supervised.iter().flatten().chain(&conference(&legs)) {
            assert!(ear.voices.iter().all(|(voice, _)| *voice != ear.leg));
        }
    }
}
