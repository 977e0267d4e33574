//! What a carrier saw.

use std::collections::BTreeMap;

use switch::{Ended, Side};

/// Everything a carrier counted since it started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// INVITEs by called number. A retransmission is no second INVITE.
    pub invites: BTreeMap<String, u32>,
    /// Calls it answered.
    pub answered: u32,
    /// Calls the house cancelled before an answer.
    pub cancelled: u32,
    /// Calls it refused, by status.
    pub refused: BTreeMap<u16, u32>,
    /// Answered calls that the house ended.
    pub ended_by_house: u32,
    /// Answered calls that the carrier's people ended.
    pub ended_by_people: u32,
    /// Calls it placed to the house.
    pub placed: u32,
    /// Of these, how many the house answered.
    pub placed_answered: u32,
    /// Calls that are up, in either direction.
    pub live: u32,
    /// The most that were up at once.
    pub most_live: u32,
}

impl Counts {
    /// All INVITEs received.
    #[must_use]
    pub fn invites_total(&self) -> u32 {
        self.invites.values().sum()
    }

    /// Counts an INVITE; gives back how many this number had before.
    pub(crate) fn invited(&mut self, number: &str) -> u32 {
        self.began();
        let count = self.invites.entry(number.to_owned()).or_default();
        *count += 1;
        *count - 1
    }

    pub(crate) fn began(&mut self) {
        self.live += 1;
        self.most_live = self.most_live.max(self.live);
    }

    pub(crate) fn ended(&mut self, ended: &Ended, incoming: bool) {
        self.live = self.live.saturating_sub(1);
        match (ended.sip_status, ended.side) {
            (None, Side::Us) => self.ended_by_people += 1,
            (None, _) => self.ended_by_house += 1,
            (Some(_), Side::Them) if incoming => self.cancelled += 1,
            (Some(status), _) if incoming => *self.refused.entry(status).or_default() += 1,
            (Some(_), _) => {}
        }
    }
}
