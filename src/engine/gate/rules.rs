//! The rules of one call: the campaign's, and those of every jurisdiction where the called party may
//! be. Each is asked by itself, so the strictest wins.

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::{Basis, Block, Facts, No};
use crate::{
    campaign::Settings,
    caps::{History, Limits},
    jurisdiction::{self, Pack},
    place::{self, Evidence},
    time::Millis,
    window::hours::{self, Hours},
};

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Where the called party may be: the window must be open in each.
    pub zones: Vec<Tz>,
    pub states: Vec<String>,
    pub packs: Vec<&'static Pack>,
}

/// Every day but these.
struct NotOn<'a>(&'a [NaiveDate]);

impl Hours for NotOn<'_> {
    fn on(&self, day: NaiveDate) -> Vec<(u16, u16)> {
        if self.0.contains(&day) {
            Vec::new()
        } else {
            vec![(0, 24 * 60)]
        }
    }
}

impl Rules {
    /// # Errors
    /// When where the called party is, or what holds there, cannot be told; with what is at fault.
    pub fn of(facts: &Facts, settings: &Settings) -> Result<Self, (Block, String)> {
        let said = &facts.said;
        let place = place::locate(&Evidence {
            number: &facts.number,
            home: &settings.home_country,
            country: said.country.as_deref(),
            state: said.state.as_deref(),
            zip: said.zip.as_deref(),
            zone: said.zone.as_deref(),
        })
        .map_err(|fault| (Block::Zone, fault.to_string()))?;
        let packs = jurisdiction::of(&settings.packs, &place)
            .map_err(|fault| (Block::Jurisdiction, fault.to_string()))?;
        let zones = if place.zones.is_empty() {
            let own = settings.window.tz();
            vec![own.map_err(|fault| (Block::Window, fault.to_string()))?]
        } else {
            place.zones
        };
        Ok(Self {
            zones,
            states: place.states.into_iter().collect(),
            packs,
        })
    }

    /// # Errors
    /// The first rule that forbids the call now.
    pub(super) fn allow(&self, facts: &Facts, settings: &Settings, now: Millis) -> Result<(), No> {
        let no = |block, retry_at, basis| No {
            block,
            retry_at,
            basis: Some(basis),
        };
        if let Some(by) = self.wants_consent(settings)
            && !facts.has_consent()
        {
            let again = Block::Consent.retry_at(settings, now);
            return Err(no(Block::Consent, again, by));
        }
        if let Some((until, by)) = self.shut(&facts.of_number, settings.caps.number, now) {
            return Err(no(Block::NumberCap, Some(until), by));
        }
        if let Some((until, by)) = self.shut(&facts.of_person, settings.caps.person, now) {
            return Err(no(Block::PersonCap, Some(until), by));
        }
        if self.is_open(facts, settings, now) {
            return Ok(());
        }
        let block = match self.is_open(&without_holidays(facts), settings, now) {
            true => Block::Holiday,
            false => Block::Window,
        };
        Err(no(block, self.next_open(facts, settings, now), self.told()))
    }

    /// Whether every window is open in every zone.
    #[must_use]
    pub fn is_open(&self, facts: &Facts, settings: &Settings, now: Millis) -> bool {
        let days = NotOn(&facts.holidays);
        let all = self.hours(settings, &days);
        let mut zones = self.zones.iter();
        zones.all(|zone| all.iter().all(|hours| hours::is_open(*hours, *zone, now)))
    }

    /// `None`: not within two weeks.
    #[must_use]
    pub fn next_open(&self, facts: &Facts, settings: &Settings, now: Millis) -> Option<Millis> {
        let days = NotOn(&facts.holidays);
        hours::next_open_everywhere(&self.hours(settings, &days), &self.zones, now)
    }

    fn hours<'a>(&'a self, settings: &'a Settings, days: &'a NotOn<'a>) -> Vec<&'a dyn Hours> {
        let own: [&dyn Hours; 2] = [&settings.window, days];
        let packs = self.packs.iter().map(|pack| *pack as &dyn Hours);
        own.into_iter().chain(packs).collect()
    }

    /// Who asks for a consent.
    fn wants_consent(&self, settings: &Settings) -> Option<String> {
        if settings.consent_required {
            return Some("the campaign".into());
        }
        let pack = self.packs.iter().find(|pack| pack.consent);
        pack.map(|pack| told(pack))
    }

    /// Until when, and by which rule.
    fn shut(&self, history: &History, own: Limits, now: Millis) -> Option<(Millis, String)> {
        let own = own
            .shut_until(history, now)
            .map(|until| (until, "the campaign".to_owned()));
        let of_packs = self.packs.iter().filter_map(|pack| {
            let rest = pack
                .after_abandoned_hours
                .and_then(|hours| history.rests_until(hours, now));
            let until = pack.caps.shut_until(history, now).max(rest)?;
            Some((until, told(pack)))
        });
        own.into_iter().chain(of_packs).max()
    }

    /// An unanswered call rings at least this long; seconds.
    #[must_use]
    pub fn min_ring_s(&self) -> u32 {
        let rings = self.packs.iter().map(|pack| pack.min_ring_s);
        rings.max().unwrap_or_default()
    }

    /// When at the latest a person for whom nobody is there must hear the message; milliseconds.
    #[must_use]
    pub fn message_within_ms(&self) -> Option<i64> {
        let limits = self.packs.iter().filter_map(|pack| pack.message_within_ms);
        limits.min()
    }

    #[must_use]
    pub fn basis(&self) -> Basis {
        Basis {
            zones: self.zone_names(),
            states: self.states.clone(),
            packs: self.packs.iter().map(|pack| told(pack)).collect(),
            numbering: place::version().into(),
        }
    }

    fn zone_names(&self) -> Vec<String> {
        self.zones.iter().map(|zone| zone.name().into()).collect()
    }

    fn told(&self) -> String {
        let packs = self.packs.iter().map(|pack| told(pack));
        let parts: Vec<String> = self.zone_names().into_iter().chain(packs).collect();
        parts.join(", ")
    }
}

fn told(pack: &Pack) -> String {
    format!("{}@{}", pack.id, pack.version)
}

fn without_holidays(facts: &Facts) -> Facts {
    Facts {
        holidays: Vec::new(),
        ..facts.clone()
    }
}
