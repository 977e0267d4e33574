//! The numbering data: `numbering.toml`, read once.

use std::{collections::BTreeMap, sync::LazyLock};

use chrono_tz::Tz;
use serde::Deserialize;

pub(super) static NUMBERING: LazyLock<Numbering> =
    LazyLock::new(|| Numbering::read(include_str!("numbering.toml")));

/// Where one piece of evidence leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    pub country: String,
    pub state: Option<String>,
    pub zones: Vec<Tz>,
}

#[derive(Debug)]
pub(super) struct Numbering {
    pub version: String,
    countries: BTreeMap<String, Vec<Tz>>,
    /// Calling code to country.
    calling: BTreeMap<String, String>,
    states: BTreeMap<String, Vec<Tz>>,
    /// English name in lower case to code.
    names: BTreeMap<String, String>,
    areas: BTreeMap<String, Spot>,
    zips: BTreeMap<String, Spot>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: String,
    #[serde(rename = "sources")]
    _sources: Vec<String>,
    countries: Vec<CountryRow>,
    states: Vec<StateRow>,
    narrower: Vec<NarrowRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CountryRow {
    code: String,
    calling: Vec<String>,
    zones: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StateRow {
    code: String,
    name: String,
    zones: Vec<String>,
    areas: String,
    zips: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NarrowRow {
    areas: String,
    zips: String,
    zones: Vec<String>,
}

impl Numbering {
    /// The file is part of the program, and a test reads it: a fault in it is a fault in the program.
    fn read(text: &str) -> Self {
        let file: File = toml::from_str(text).expect("numbering.toml can be read");
        let mut numbering = Self {
            version: file.version,
            countries: BTreeMap::new(),
            calling: BTreeMap::new(),
            states: BTreeMap::new(),
            names: BTreeMap::new(),
            areas: BTreeMap::new(),
            zips: BTreeMap::new(),
        };
        for row in file.countries {
            for code in row.calling {
                numbering.calling.insert(code, row.code.clone());
            }
            numbering.countries.insert(row.code, zones(&row.zones));
        }
        for row in file.states {
            numbering.add(row);
        }
        for row in file.narrower {
            numbering.refine(&row);
        }
        numbering
    }

    fn add(&mut self, row: StateRow) {
        let spot = Spot {
            country: row.code[..2].into(),
            state: Some(row.code.clone()),
            zones: zones(&row.zones),
        };
        for area in row.areas.split_whitespace() {
            self.areas.insert(area.into(), spot.clone());
        }
        for zip in prefixes(&row.zips) {
            self.zips.insert(zip, spot.clone());
        }
        self.names.insert(row.name.to_lowercase(), row.code.clone());
        self.states.insert(row.code, spot.zones);
    }

    fn refine(&mut self, row: &NarrowRow) {
        let narrower = zones(&row.zones);
        for area in row.areas.split_whitespace() {
            if let Some(spot) = self.areas.get_mut(area) {
                spot.zones.clone_from(&narrower);
            }
        }
        for zip in prefixes(&row.zips) {
            if let Some(spot) = self.zips.get_mut(&zip) {
                spot.zones.clone_from(&narrower);
            }
        }
    }

    pub fn country(&self, code: &str) -> Option<Spot> {
        let zones = self.countries.get(code)?.clone();
        Some(Spot {
            country: code.into(),
            state: None,
            zones,
        })
    }

    /// `home` is the country whose numbers are written without a country code.
    pub fn of_number(&self, number: &str, home: &str) -> Option<Spot> {
        if number.is_empty() {
            return None;
        }
        let is_american = matches!(home, "US" | "CA");
        let abroad = number
            .strip_prefix('+')
            .or_else(|| number.strip_prefix("011").filter(|_| is_american))
            .or_else(|| number.strip_prefix("00"));
        if let Some(number) = abroad {
            return self.of_international(number);
        }
        if !is_american {
            return self.country(home);
        }
        match number.len() {
            10 => self.areas.get(&number[..3]).cloned(),
            11 => self.of_international(number),
            _ => None,
        }
    }

    /// Country code and number, without `+`.
    fn of_international(&self, number: &str) -> Option<Spot> {
        let longest = (1..=4).rev().filter_map(|length| number.get(..length));
        let mut codes = longest.filter_map(|code| self.calling.get(code));
        if let Some(country) = codes.next() {
            return self.country(country);
        }
        let national = number.strip_prefix('1')?;
        self.areas.get(national.get(..3)?).cloned()
    }

    /// `around` is the country that the code is of.
    pub fn of_zip(&self, zip: &str, around: &str) -> Option<Spot> {
        let zip = zip.trim().to_ascii_uppercase();
        let prefix = match around {
            "US" => zip.get(..3).filter(|prefix| is_digits(prefix))?,
            "CA" => zip.get(..1)?,
            _ => return None,
        };
        self.zips.get(prefix).cloned()
    }

    /// A code (`FL`, `US-FL`) or a name; without a country, one of that of `around`.
    pub fn of_state(&self, state: &str, around: &str) -> Option<Spot> {
        let asked = state.trim();
        let code = asked.to_ascii_uppercase();
        let named = self.names.get(&asked.to_lowercase());
        let named = named.filter(|code| code.starts_with(around)).cloned();
        let code = match code.len() {
            2 => format!("{around}-{code}"),
            _ => code,
        };
        let code = if self.states.contains_key(&code) {
            code
        } else {
            named?
        };
        Some(Spot {
            country: code[..2].into(),
            zones: self.states[&code].clone(),
            state: Some(code),
        })
    }
}

fn zones(names: &[String]) -> Vec<Tz> {
    let zone = |name: &String| name.parse().expect("a zone of numbering.toml");
    names.iter().map(zone).collect()
}

/// `"200 202-205"` and `"K L"`, each prefix by itself.
fn prefixes(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    for part in text.split_whitespace() {
        match part.split_once('-') {
            Some((from, to)) => {
                let number = |text: &str| text.parse::<u16>().expect("a prefix of numbering.toml");
                all.extend((number(from)..=number(to)).map(|prefix| format!("{prefix:03}")));
            }
            None => all.push(part.into()),
        }
    }
    all
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_area_code_and_prefix_stands_once() {
        let file: File = toml::from_str(include_str!("numbering.toml")).unwrap();
        let mut areas: Vec<&str> = file
            .states
            .iter()
            .flat_map(|row| row.areas.split_whitespace())
            .collect();
        let mut zips: Vec<String> = file
            .states
            .iter()
            .flat_map(|row| prefixes(&row.zips))
            .collect();
        assert!(areas.len() > 390, "{}", areas.len());
        assert!(areas.iter().all(|area| area.len() == 3 && is_digits(area)));
        let (areas_in_all, zips_in_all) = (areas.len(), zips.len());
        areas.sort_unstable();
        areas.dedup();
        zips.sort_unstable();
        zips.dedup();
        assert_eq!((areas.len(), zips.len()), (areas_in_all, zips_in_all));
        for row in &file.narrower {
            let known = |area: &str| NUMBERING.areas.contains_key(area);
            assert!(row.areas.split_whitespace().all(known), "{}", row.areas);
            let known = |zip: &String| NUMBERING.zips.contains_key(zip);
            assert!(prefixes(&row.zips).iter().all(known), "{}", row.zips);
        }
    }
}
