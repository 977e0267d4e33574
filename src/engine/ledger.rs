//! The abandonment ledger: of the persons who answered, how many met nobody (16 CFR 310.4(b)(4)).
//!
//! A call is lost when no agent has it two seconds after the greeting, or after the answer where no
//! greeting is listened for. Only persons count. Where machine detection lets machines through, an
//! agent finds them out later; a lost call has no agent to do so, so machines are taken out pro rata
//! as in Ofcom's formula: `D = lost - lost * machines / connected`.
//!
//! Where it takes persons for machines they met nobody either, so they are lost, and answered, as
//! well (OUT-248). How many of those turned away they were is measured: some answers that are taken
//! for machines are brought to an agent all the same, who says what they are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::time::Millis;

const HOUR_MS: i64 = 3_600_000;
/// Kept: thirty days of hours.
const KEPT_HOURS: i64 = 30 * 24;
/// A window is not judged as if its first few persons were all: so many more answers are lent to it.
const LENT: f64 = 60.0;
/// Losses in a window that stop everything are those that one line an agent should never lead to.
const TOO_MANY: f64 = 4.0;
const LENT_TO_STOP: f64 = 100.0;
/// What is expected of machines among the connected weighs as much as so many calls ...
pub const PRIOR_CALLS: f64 = 50.0;
/// ... and what is expected of persons among those taken for machines as much as so many checks.
pub const PRIOR_CHECKS: f64 = 20.0;

/// What was counted in some span of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tally {
    /// Answered and taken for persons.
    pub answered: u64,
    /// Of these, brought to an agent.
    pub connected: u64,
    /// Of these, lost: nobody in time.
    pub lost: u64,
    /// Of the connected, machines after all, as their agents said.
    pub machines: u64,
    /// Taken for machines and brought to nobody.
    pub turned_away: u64,
    /// Taken for machines, brought to an agent all the same, who said what they were.
    pub checked: u64,
    /// Of the checked, persons after all; they are among the answered and connected too.
    pub mistaken: u64,
    /// Of those turned away, persons, as the checks let expect; see [`Self::with_missed`].
    pub missed: u64,
}

impl Tally {
    /// What an agent's word on a call adds: whether it was a machine, and whether it was taken for one.
    #[must_use]
    pub fn said(as_machine: bool, is_machine: bool) -> Self {
        let person = u64::from(as_machine && !is_machine);
        Self {
            answered: person,
            connected: person,
            machines: u64::from(!as_machine && is_machine),
            checked: u64::from(as_machine),
            mistaken: person,
            ..Self::default()
        }
    }

    /// Share of persons among those taken for persons, 0 to 1.
    #[must_use]
    pub fn person_share(&self) -> f64 {
        if self.connected == 0 {
            return 1.0;
        }
        1.0 - (self.machines as f64 / self.connected as f64).min(1.0)
    }

    /// Persons who answered; a fraction, as machines are taken out pro rata.
    #[must_use]
    pub fn persons(&self) -> f64 {
        self.answered as f64 * self.person_share() + self.missed as f64
    }

    /// Persons who were lost.
    #[must_use]
    pub fn lost_persons(&self) -> f64 {
        self.lost as f64 * self.person_share() + self.missed as f64
    }

    /// Lost persons among those who answered, 0 to 1.
    #[must_use]
    pub fn rate(&self) -> f64 {
        let (answered, lost) = match self.person_share() {
            // Nothing but machines so far: what was lost may still have been persons.
            share if share > 0.0 => (self.persons(), self.lost_persons()),
            _ => (self.answered as f64, self.lost as f64),
        };
        if answered > 0.0 { lost / answered } else { 0.0 }
    }

    /// The same, with this share (0 to 1) of machines expected among the connected, until agents have
    /// said more of them: what they say weighs the more the more they have said.
    #[must_use]
    pub fn expecting_machines(self, share: f64) -> Self {
        let connected = self.connected as f64;
        let seen = self.machines as f64 + share * PRIOR_CALLS;
        Self {
            machines: (connected * seen / (connected + PRIOR_CALLS)).round() as u64,
            ..self
        }
    }

    /// Persons among those taken for machines, 0 to 1: what was expected (`prior`), and what checks
    /// have shown.
    #[must_use]
    pub fn mistaken_share(&self, prior: f64) -> f64 {
        (self.mistaken as f64 + prior * PRIOR_CHECKS) / (self.checked as f64 + PRIOR_CHECKS)
    }

    /// The same, with the persons among those turned away.
    #[must_use]
    pub fn with_missed(self, prior: f64) -> Self {
        Self {
            missed: (self.turned_away as f64 * self.mistaken_share(prior)).round() as u64,
            ..self
        }
    }

    /// What came to this since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            answered: self.answered.saturating_sub(earlier.answered),
            connected: self.connected.saturating_sub(earlier.connected),
            lost: self.lost.saturating_sub(earlier.lost),
            machines: self.machines.saturating_sub(earlier.machines),
            turned_away: self.turned_away.saturating_sub(earlier.turned_away),
            checked: self.checked.saturating_sub(earlier.checked),
            mistaken: self.mistaken.saturating_sub(earlier.mistaken),
            missed: self.missed.saturating_sub(earlier.missed),
        }
    }

    pub fn add(&mut self, other: &Self) {
        self.answered += other.answered;
        self.connected += other.connected;
        self.lost += other.lost;
        self.machines += other.machines;
        self.turned_away += other.turned_away;
        self.checked += other.checked;
        self.mistaken += other.mistaken;
        self.missed += other.missed;
    }
}

/// The span that a law or a rule of the house looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// The last 24 hours (Ofcom's old guideline, and the day's own aim).
    Day,
    /// The last 30 days, or the campaign while it is younger (16 CFR 310.4(b)(4)).
    ThirtyDays,
    /// Everything since the campaign began.
    Campaign,
}

impl Window {
    pub const ALL: [Self; 3] = [Self::Day, Self::ThirtyDays, Self::Campaign];
}

/// Whose rule the books are held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Every window there is.
    #[default]
    Strictest,
    /// 30 days, or the campaign while it is younger (16 CFR 310.4(b)(4)).
    Us,
    /// 24 hours (Ofcom 2008, 2010; no safe harbour since 2017, so keep the cap low).
    Uk,
    /// The campaign's whole life.
    Campaign,
}

impl Preset {
    #[must_use]
    pub fn windows(self) -> &'static [Window] {
        match self {
            Self::Strictest => &Window::ALL,
            Self::Us => &[Window::ThirtyDays],
            Self::Uk => &[Window::Day],
            Self::Campaign => &[Window::Campaign],
        }
    }
}

/// What the books still allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Allowed {
    #[default]
    Prediction,
    /// One more loss would break the cap: lines of which hardly one in a hundred is lost, or one for
    /// each idle agent.
    OneLineEach,
    /// Even that has lost too many: no line at all until old losses leave the window.
    Nothing,
}

/// The window that allows least.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Standing {
    pub allowed: Allowed,
    pub window: Window,
    pub tally: Tally,
}

/// The books of one campaign, hour by hour.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ledger {
    /// Hours since 1970-01-01 UTC, the last 30 days.
    hours: BTreeMap<i64, Tally>,
    life: Tally,
}

impl Ledger {
    /// Books that were kept elsewhere: the campaign's sum, and hours (since 1970-01-01 UTC) of it.
    #[must_use]
    pub fn of(life: Tally, hours: impl IntoIterator<Item = (i64, Tally)>) -> Self {
        Self {
            hours: hours.into_iter().collect(),
            life,
        }
    }

    /// The first hour that is kept at `now`, in hours since 1970-01-01 UTC.
    #[must_use]
    pub fn first_hour(now: Millis) -> i64 {
        now.0.div_euclid(HOUR_MS) - KEPT_HOURS
    }

    /// Books what happened at `at`. An older hour than those kept is booked to the campaign alone.
    pub fn book(&mut self, what: &Tally, at: Millis) {
        self.life.add(what);
        let hour = at.0.div_euclid(HOUR_MS);
        self.hours.entry(hour).or_default().add(what);
        let newest = self.hours.last_key_value().map_or(hour, |(hour, _)| *hour);
        self.hours = self.hours.split_off(&(newest - KEPT_HOURS));
    }

    /// What a window holds. It ends with this hour and is rounded up to whole hours.
    #[must_use]
    pub fn tally(&self, window: Window, now: Millis) -> Tally {
        let hours = match window {
            Window::Day => 24,
            Window::ThirtyDays => KEPT_HOURS,
            Window::Campaign => return self.life,
        };
        let from = now.0.div_euclid(HOUR_MS) - hours;
        let mut sum = Tally::default();
        self.hours.range(from..).for_each(|(_, hour)| sum.add(hour));
        sum
    }

    /// What the strictest of these windows allows under `cap` (lost persons among answered, 0 to 1).
    /// Without a window the last 24 hours count.
    #[must_use]
    pub fn standing(&self, cap: f64, windows: &[Window], now: Millis) -> Standing {
        self.standing_of(cap, windows, now, |tally| tally)
    }

    /// The same on `corrected` tallies.
    #[must_use]
    pub fn standing_of(
        &self,
        cap: f64,
        windows: &[Window],
        now: Millis,
        corrected: impl Fn(Tally) -> Tally,
    ) -> Standing {
        let of = |window: &Window| {
            let tally = corrected(self.tally(*window, now));
            Standing {
                allowed: allowed(&tally, cap),
                window: *window,
                tally,
            }
        };
        let strictest = windows.iter().map(of).max_by_key(|seen| seen.allowed);
        strictest.unwrap_or_else(|| of(&Window::Day))
    }
}

/// One more loss would break the cap. A list near its end lends no more than the persons it still
/// has `to_come`.
#[must_use]
pub fn is_full(tally: &Tally, cap: f64, to_come: Option<f64>) -> bool {
    let lent = to_come.map_or(LENT, |persons| persons.min(LENT));
    tally.lost_persons() + 1.0 > cap * (tally.persons() + lent)
}

/// What one window allows under `cap`.
#[must_use]
pub fn allowed(tally: &Tally, cap: f64) -> Allowed {
    let (persons, lost) = (tally.persons(), tally.lost_persons());
    if lost > TOO_MANY + 2.0 * cap.max(0.01) * (persons + LENT_TO_STOP) {
        Allowed::Nothing
    } else if is_full(tally, cap, None) {
        Allowed::OneLineEach
    } else {
        Allowed::Prediction
    }
}

#[cfg(test)]
mod tests;
