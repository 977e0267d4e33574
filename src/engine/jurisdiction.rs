//! Rules of jurisdictions (OUT-259): hours, caps, consent, ringing. Presets with their sources, as a
//! data file that is part of the program; none claims more than its source.
//!
//! Several may hold for one call. Each is asked by itself, so the strictest wins.

use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::{caps::Limits, place::Place, window::hours::Hours};

static PACKS: LazyLock<Vec<Pack>> = LazyLock::new(|| read(include_str!("jurisdiction/packs.toml")));

/// The rules of one jurisdiction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    pub id: String,
    pub title: String,
    pub version: String,
    /// Two letters; empty: several countries.
    pub country: String,
    /// `US-FL`, when the pack is of a state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Holds wherever evidence places a number there; else only where a campaign names it.
    #[serde(default)]
    pub derived: bool,
    /// Empty: there is no rule about hours.
    #[serde(default)]
    pub hours: Vec<Span>,
    /// Days on which nobody is called.
    #[serde(default)]
    pub holidays: Vec<NaiveDate>,
    /// Of a number, and of a person.
    #[serde(default)]
    pub caps: Limits,
    /// Nobody is called without a consent.
    #[serde(default)]
    pub consent: bool,
    /// An unanswered call rings at least this long; seconds.
    #[serde(default)]
    pub min_ring_s: u32,
    /// A person for whom no agent is there hears the message after this; milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_within_ms: Option<i64>,
    /// Hours that a number rests after an abandoned call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_abandoned_hours: Option<u32>,
    /// What it stands on.
    pub sources: Vec<String>,
}

/// Hours of some weekdays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// ISO weekdays, 1 = Monday.
    pub days: Vec<u8>,
    /// `HH:MM`, inclusive.
    pub from: Clock,
    /// `HH:MM`, exclusive.
    pub to: Clock,
}

/// A time of day in minutes, written `HH:MM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Clock(pub u16);

impl TryFrom<String> for Clock {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let read = || -> Option<u16> {
            let (hour, minute) = text.split_once(':')?;
            let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
            (minute < 60 && hour * 60 + minute <= 24 * 60).then_some(hour * 60 + minute)
        };
        read()
            .map(Self)
            .ok_or_else(|| format!("\"{text}\" is no time of day"))
    }
}

impl From<Clock> for String {
    fn from(Clock(minutes): Clock) -> Self {
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

impl Hours for Pack {
    fn on(&self, day: NaiveDate) -> Vec<(u16, u16)> {
        if self.holidays.contains(&day) {
            return Vec::new();
        }
        if self.hours.is_empty() {
            return vec![(0, 24 * 60)];
        }
        let weekday = u8::try_from(day.weekday().number_from_monday()).unwrap_or_default();
        let of_day = self
            .hours
            .iter()
            .filter(|span| span.days.contains(&weekday));
        of_day.map(|span| (span.from.0, span.to.0)).collect()
    }
}

/// Every pack there is.
#[must_use]
pub fn all() -> &'static [Pack] {
    &PACKS
}

#[must_use]
pub fn find(id: &str) -> Option<&'static Pack> {
    PACKS.iter().find(|pack| pack.id == id)
}

/// A campaign names a pack that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no jurisdiction pack \"{0}\"")]
pub struct NoSuchPack(pub String);

/// The packs that hold for a call: those that the campaign names, and those of where the called party
/// may be.
///
/// # Errors
/// When one that is named does not exist.
pub fn of(named: &[String], place: &Place) -> Result<Vec<&'static Pack>, NoSuchPack> {
    for id in named {
        if find(id).is_none() {
            return Err(NoSuchPack(id.clone()));
        }
    }
    let holds = |pack: &&Pack| {
        let here = match &pack.state {
            Some(state) => place.states.contains(state),
            None => place.countries.contains(&pack.country),
        };
        named.contains(&pack.id) || (pack.derived && here)
    };
    Ok(PACKS.iter().filter(holds).collect())
}

#[derive(Deserialize)]
struct File {
    pack: Vec<Pack>,
}

/// The file is part of the program, and a test reads it: a fault in it is a fault in the program.
fn read(text: &str) -> Vec<Pack> {
    toml::from_str::<File>(text)
        .expect("packs.toml can be read")
        .pack
}

#[cfg(test)]
mod tests;
