//! What pushed rows make of leads, one after the other. Decides only.

use std::collections::{HashMap, HashSet};

use engine::import_row::{NewLead, dialled};

use super::{Outcome, Push, Row, Status};
use crate::{
    imports,
    leads::{self, Earlier, NewRow},
};

/// What is there before, and what comes with the rows before.
pub struct Known {
    pub by_external: HashMap<String, String>,
    pub by_key: HashMap<String, String>,
    /// The leads that `by_external` names, kept from changing until the write ends.
    pub held: HashMap<String, Earlier>,
    pub dnc: HashSet<String>,
}

/// A lead as it is, or as a row makes it.
#[derive(Debug, Clone)]
pub struct Version {
    pub lead: NewLead,
    pub dnc: bool,
}

/// What is to be written.
#[derive(Default)]
pub struct Plan {
    pub new: Vec<NewRow>,
    /// Place in `new` of a lead that comes with this push.
    places: HashMap<String, usize>,
    pub named: Vec<(String, String)>,
    pub changed: Vec<(String, Version)>,
    /// Place in `changed` of a lead that was there before.
    changes: HashMap<String, usize>,
}

impl Plan {
    /// Decides about the next row, which would be stored as the `row_no`th of the import with this
    /// ordinal.
    pub fn place(
        &mut self,
        push: Push<'_>,
        row: Row,
        (ordinal, row_no): (i64, i64),
        known: &mut Known,
    ) -> Outcome {
        let Row {
            external_id, lead, ..
        } = row;
        let same = external_id
            .as_ref()
            .and_then(|id| known.by_external.get(id));
        let after = same.and_then(|id| {
            let was = self.version(id, known)?;
            Some((id.clone(), merged(push, was, lead.clone(), &known.dnc)))
        });
        let key = after
            .as_ref()
            .map_or(&lead.key_value, |(_, after)| &after.lead.key_value);
        let holder = known.by_key.get(key).cloned();
        match (after, holder) {
            (Some((id, _)), Some(other)) if id != other => Outcome {
                status: Status::KeyTaken,
                lead: other,
            },
            (Some((id, _)), _) if known.held.get(&id).is_some_and(|lead| lead.busy) => Outcome {
                status: Status::Busy,
                lead: id,
            },
            (Some((id, after)), _) => {
                known
                    .by_key
                    .insert(after.lead.key_value.clone(), id.clone());
                self.put(&id, after);
                Outcome {
                    status: Status::Updated,
                    lead: id,
                }
            }
            (None, Some(first)) => Outcome {
                status: Status::Duplicate,
                lead: first,
            },
            (None, None) => {
                let id = leads::id_of(imports::position(ordinal, row_no));
                known.by_key.insert(lead.key_value.clone(), id.clone());
                if let Some(external) = external_id {
                    known.by_external.insert(external.clone(), id.clone());
                    self.named.push((id.clone(), external));
                }
                self.places.insert(id.clone(), self.new.len());
                self.new.push(NewRow {
                    row_no,
                    dnc: known.dnc.contains(&lead.phone),
                    lead,
                });
                Outcome {
                    status: Status::Created,
                    lead: id,
                }
            }
        }
    }

    /// What a lead is after the rows so far; `None`: it is gone.
    fn version(&self, id: &str, known: &Known) -> Option<Version> {
        if let Some(&at) = self.places.get(id) {
            let row = &self.new[at];
            return Some(Version {
                lead: row.lead.clone(),
                dnc: row.dnc,
            });
        }
        match self.changes.get(id) {
            Some(&at) => Some(self.changed[at].1.clone()),
            None => known.held.get(id).map(Version::from),
        }
    }

    fn put(&mut self, id: &str, after: Version) {
        if let Some(&at) = self.places.get(id) {
            let row = &mut self.new[at];
            (row.lead, row.dnc) = (after.lead, after.dnc);
        } else if let Some(&at) = self.changes.get(id) {
            self.changed[at].1 = after;
        } else {
            self.changes.insert(id.to_owned(), self.changed.len());
            self.changed.push((id.to_owned(), after));
        }
    }
}

/// A lead's row over what was there; what the row leaves out stays. Key and flag are those of the
/// numbers that result, not of those in the row.
fn merged(push: Push<'_>, was: Version, row: NewLead, listed: &HashSet<String>) -> Version {
    let mut data = was.lead.data.to_map();
    data.extend(row.data);
    let old = (was.lead.phone.clone(), was.lead.phone_raw);
    let spelt = [(row.phone.clone(), row.phone_raw.clone()), old];
    let dialled = dialled(push.phones, &data, spelt);
    let (phone, phone_raw, phones) = dialled.unwrap_or((row.phone, row.phone_raw, row.phones));
    let key_value = if push.is_keyed {
        row.key_value
    } else {
        phone.clone()
    };
    Version {
        dnc: listed.contains(&phone) || (was.dnc && phone == was.lead.phone),
        lead: NewLead {
            phone,
            phone_raw,
            phones,
            key_value,
            data: data.into(),
        },
    }
}

impl From<&Earlier> for Version {
    fn from(lead: &Earlier) -> Self {
        Self {
            dnc: lead.dnc,
            lead: NewLead {
                phone: lead.phone.clone(),
                phone_raw: lead.phone_raw.clone(),
                phones: lead.phones.0.clone(),
                key_value: lead.key_value.clone(),
                data: lead.data.0.clone().into(),
            },
        }
    }
}
