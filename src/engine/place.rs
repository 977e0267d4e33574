//! Where a called party is, as far as that can be told: countries, states and IANA time zones, each
//! from evidence (OUT-259).
//!
//! A zone is a name and never an offset, so that the hours that follow from it are right on the day on
//! which clocks change. Pieces of evidence that agree narrow each other; where they conflict, the
//! zones of all of them hold, and a call has to be allowed in each.

mod numbering;

use std::collections::BTreeSet;

use chrono_tz::Tz;
use numbering::{NUMBERING, Spot};

/// What is known of a lead. Text is as its columns have it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Evidence<'a> {
    /// With a leading `+` or `00` when it is a foreign number.
    pub number: &'a str,
    /// Country whose numbers are written without a country code; ISO 3166-1, two letters.
    pub home: &'a str,
    /// A country of a column; two letters.
    pub country: Option<&'a str>,
    /// A state or province: its code or its English name.
    pub state: Option<&'a str>,
    pub zip: Option<&'a str>,
    /// An IANA name.
    pub zone: Option<&'a str>,
}

/// Where the evidence leads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// Two letters each.
    pub countries: BTreeSet<String>,
    /// `US-FL`: every state that a piece of evidence names.
    pub states: BTreeSet<String>,
    /// Empty: nothing is known.
    pub zones: Vec<Tz>,
}

/// A column names a time zone that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no time zone")]
pub struct NoSuchZone(pub String);

/// # Errors
/// When the lead's own zone cannot be read: then nobody can tell what time it is there.
pub fn locate(evidence: &Evidence<'_>) -> Result<Place, NoSuchZone> {
    let mut place = Place::default();
    let home = evidence.home.trim().to_ascii_uppercase();
    let of_number = NUMBERING.of_number(evidence.number, &home);
    let said = evidence.country.map(str::trim).map(str::to_ascii_uppercase);
    let said = said.filter(|country| NUMBERING.country(country).is_some());
    let around = said
        .clone()
        .or_else(|| of_number.as_ref().map(|spot| spot.country.clone()))
        .unwrap_or(home);
    let zone = match evidence.zone.map(str::trim).filter(|zone| !zone.is_empty()) {
        Some(name) => Some(name.parse::<Tz>().map_err(|_| NoSuchZone(name.into()))?),
        None => None,
    };
    let spots = [
        of_number,
        said.and_then(|country| NUMBERING.country(&country)),
        evidence.zip.and_then(|zip| NUMBERING.of_zip(zip, &around)),
        evidence
            .state
            .and_then(|state| NUMBERING.of_state(state, &around)),
    ];
    for spot in spots.into_iter().flatten() {
        place.add(spot);
    }
    if let Some(zone) = zone {
        place.narrow(&[zone]);
    }
    Ok(place)
}

impl Place {
    fn add(&mut self, spot: Spot) {
        self.countries.insert(spot.country);
        self.states.extend(spot.state);
        self.narrow(&spot.zones);
    }

    /// What both say holds; where they agree on nothing, either may be true.
    fn narrow(&mut self, zones: &[Tz]) {
        if self.zones.is_empty() {
            self.zones = zones.to_vec();
            return;
        }
        let both = self.zones.iter().filter(|zone| zones.contains(zone));
        let both: Vec<Tz> = both.copied().collect();
        if both.is_empty() {
            let new = zones.iter().filter(|zone| !self.zones.contains(zone));
            let new: Vec<Tz> = new.copied().collect();
            self.zones.extend(new);
        } else {
            self.zones = both;
        }
    }
}

/// Whether a country is known by this two-letter code.
#[must_use]
pub fn is_country(code: &str) -> bool {
    NUMBERING.country(code).is_some()
}

/// Version of the numbering data, for a verdict.
#[must_use]
pub fn version() -> &'static str {
    &NUMBERING.version
}

#[cfg(test)]
mod tests;
