//! Leads that earlier rows of the file would have become by now, had it been imported.

use std::{
    collections::{BTreeMap, HashSet},
    hash::{BuildHasher, RandomState},
    ops::RangeInclusive,
};

use store::{
    Doc,
    imports::{Import, OnDuplicate},
    leads::{self, Known, id_of},
};

use crate::import_batch::{read::Row, sort::Facts};

pub struct Earlier {
    /// Their keys, as hashes: a million of them are 16 MB.
    seen: HashSet<u64>,
    hash: RandomState,
    positions: RangeInclusive<i64>,
    keeps_all: bool,
}

impl Earlier {
    pub fn new(import: &Import) -> Self {
        Self {
            seen: HashSet::new(),
            hash: RandomState::new(),
            positions: import.positions(),
            keeps_all: import.options.on_duplicate() == OnDuplicate::Keep,
        }
    }

    /// These keys have become leads.
    pub fn note<'a>(&mut self, keys: impl Iterator<Item = &'a String>) {
        if !self.keeps_all {
            self.seen.extend(keys.map(|key| self.hash.hash_one(key)));
        }
    }

    /// Adds what the database would know of the rows. All stand for one lead: what it holds matters
    /// to nobody, and nobody dials it.
    pub fn add_to(&self, facts: &mut Facts, rows: &[Row]) {
        let position = *self.positions.start();
        let id = id_of(position);
        let keys = rows.iter().map(|row| &row.lead.key_value);
        for key in keys.filter(|key| self.seen.contains(&self.hash.hash_one(*key))) {
            let own = || Known {
                id: id.clone(),
                position,
            };
            facts.known.entry(key.clone()).or_insert_with(own);
            facts
                .held
                .entry(id.clone())
                .or_insert_with(|| nobody(&id, position));
        }
    }

    /// Whether a lead is one of the file's.
    pub fn is_own(&self, lead: &str) -> bool {
        let (first, last) = (id_of(*self.positions.start()), id_of(*self.positions.end()));
        (first.as_str()..=last.as_str()).contains(&lead)
    }
}

/// How many of these rows have a lead that was there before.
pub fn known_of(rows: &[Row], facts: &Facts) -> i64 {
    let met = rows.iter();
    let met = met.filter(|row| facts.known.contains_key(&row.lead.key_value));
    i64::try_from(met.count()).unwrap_or(i64::MAX)
}

fn nobody(id: &str, position: i64) -> leads::Earlier {
    leads::Earlier {
        id: id.into(),
        position,
        phone: String::new(),
        phone_raw: String::new(),
        key_value: String::new(),
        phones: Doc(Vec::new()),
        data: Doc(BTreeMap::new()),
        dnc: false,
        dial_count: 0,
        preview_count: 0,
        edited_at: None,
        updated_at: 0,
        busy: false,
    }
}
