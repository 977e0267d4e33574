//! Leads that go to the agent whom one of their fields names.

use std::collections::BTreeMap;

use super::Taker;

/// Who may get leads under which names.
#[derive(Debug, Clone, Default)]
pub struct Owners {
    /// Name in small letters to takers' places; a name that several bear is nobody's.
    names: BTreeMap<String, Vec<usize>>,
    takers: Vec<Taker>,
    given: Vec<u64>,
}

/// Why a lead is given to nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Undealt {
    /// The field is empty.
    NoOwner,
    /// Nobody among the targets has this name.
    UnknownOwner,
    /// More than one has.
    AmbiguousOwner,
    /// The agent has as many as it may.
    TargetFull,
}

impl Undealt {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoOwner => "no_owner",
            Self::UnknownOwner => "unknown_owner",
            Self::AmbiguousOwner => "ambiguous_owner",
            Self::TargetFull => "target_full",
        }
    }
}

impl Owners {
    /// Adds the next taker with everything it is called. Its place is the number of those before.
    pub fn add<'a>(&mut self, names: impl IntoIterator<Item = &'a str>, taker: Taker) {
        let place = self.takers.len();
        self.takers.push(taker);
        self.given.push(0);
        for name in names {
            let places = self.names.entry(known_as(name)).or_default();
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }

    /// Who gets the next lead, by what its field says.
    ///
    /// # Errors
    /// Why nobody does.
    pub fn deal(&mut self, value: Option<&str>) -> Result<usize, Undealt> {
        let name = value.map(known_as).unwrap_or_default();
        if name.is_empty() {
            return Err(Undealt::NoOwner);
        }
        let place = match self.names.get(&name).map(Vec::as_slice) {
            Some([place]) => *place,
            Some([_, ..]) => return Err(Undealt::AmbiguousOwner),
            Some([]) | None => return Err(Undealt::UnknownOwner),
        };
        if self.given[place] >= self.takers[place].most {
            return Err(Undealt::TargetFull);
        }
        self.given[place] += 1;
        Ok(place)
    }
}

fn known_as(name: &str) -> String {
    name.trim().to_lowercase()
}
