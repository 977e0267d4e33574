//! What a chunk's rows do: become leads, change leads, or nothing (OUT-080). Decides only.

use std::collections::{HashMap, HashSet};

use engine::{
    field::{self, Field},
    import_row::{NewLead, dialled},
};
use store::{
    imports::{Import, Mode, OnDuplicate, position},
    leads::{Change, Earlier, Known, NewRow, id_of},
    rejects::NewReject,
};

use super::read::Row;
use crate::reading::as_it_was;

/// What the batch's fields say about duplicates.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Codes of the phone fields in dialling order.
    phones: Vec<String>,
    /// Title of the field that duplicates are decided on.
    key_title: String,
}

/// What is known about a chunk's keys and numbers.
#[derive(Debug, Default)]
pub struct Facts {
    /// The batch's leads by key, in [`store::imports::DupScope::File`] those of the import.
    pub known: HashMap<String, Known>,
    /// Those of them that may be changed, by id.
    pub held: HashMap<String, Earlier>,
    /// Leads of other batches by number.
    pub elsewhere: HashMap<String, String>,
    /// Numbers of the rows, and of the leads that may be changed, that must not be called.
    pub listed: HashSet<String>,
}

impl Facts {
    /// Whether a lead is flagged whose number is this one by now; a flag stays while its number does.
    fn flags(&self, phone: &str, (was, flagged): (String, bool)) -> bool {
        self.listed.contains(phone) || (flagged && was == phone)
    }
}

/// What is to be done with a chunk's good rows.
#[derive(Debug, Default)]
pub struct Sorted {
    pub new: Vec<NewRow>,
    pub changes: Vec<Change>,
    /// Rows left out, with the lead that was first.
    pub duplicates: Vec<(i64, String)>,
    pub rejects: Vec<NewReject>,
    /// Rows that changed a lead.
    pub updated: i64,
    /// Rows taken whose lead's number must not be called.
    pub blacklisted: i64,
}

impl Rules {
    pub fn of(fields: &[Field]) -> Self {
        let phones = field::phones(fields);
        let key = fields.iter().find(|field| field.is_key);
        let key = key.or_else(|| phones.first().map(|&at| &fields[at]));
        Self {
            phones: phones.iter().map(|&at| fields[at].code.clone()).collect(),
            key_title: key.map(|field| field.title.clone()).unwrap_or_default(),
        }
    }
}

/// Decides about each row: within the chunk, and against what is there.
pub fn sort(
    rows: Vec<Row>,
    (import, rules, width): (&Import, &Rules, usize),
    facts: &Facts,
) -> Sorted {
    let mut desk = Desk {
        import,
        rules,
        width,
        facts,
        here: HashMap::new(),
        changed: HashMap::new(),
        sorted: Sorted::default(),
    };
    for row in rows {
        desk.take(row);
    }
    desk.sorted
}

struct Desk<'a> {
    import: &'a Import,
    rules: &'a Rules,
    width: usize,
    facts: &'a Facts,
    /// Key to index into `sorted.new`.
    here: HashMap<String, usize>,
    /// Lead to index into `sorted.changes`.
    changed: HashMap<String, usize>,
    sorted: Sorted,
}

impl Desk<'_> {
    fn take(&mut self, row: Row) {
        let options = &self.import.options.0;
        let on_duplicate = options.on_duplicate();
        if on_duplicate == OnDuplicate::Keep {
            return self.insert(row);
        }
        let merges = on_duplicate == OnDuplicate::Merge;
        if let Some(&at) = self.here.get(&row.lead.key_value) {
            if merges {
                return self.merge_here(at, row.lead);
            }
            let first = position(self.import.ordinal, self.sorted.new[at].row_no);
            return self.sorted.duplicates.push((row.no, id_of(first)));
        }
        if let Some(known) = self.known(&row.lead.key_value) {
            let id = known.id.clone();
            if merges {
                return self.merge_there(id, row);
            }
            return self.sorted.duplicates.push((row.no, id));
        }
        if options.mode == Mode::Update {
            let reason = "no lead of the batch has this value, so there is nothing to update";
            return self.refuse(row, "NO_MATCH", reason);
        }
        if let Some(id) = self.facts.elsewhere.get(&row.lead.phone) {
            return self.sorted.duplicates.push((row.no, id.clone()));
        }
        self.insert(row);
    }

    fn known(&self, key: &str) -> Option<&Known> {
        self.facts.known.get(key)
    }

    fn insert(&mut self, row: Row) {
        if row.lead.phone.is_empty() {
            return self.refuse(row, "PHONE_EMPTY", "the phone number is empty");
        }
        let dnc = self.facts.listed.contains(&row.lead.phone);
        self.sorted.blacklisted += i64::from(dnc);
        if self.import.options.on_duplicate() != OnDuplicate::Keep {
            let key = row.lead.key_value.clone();
            self.here.insert(key, self.sorted.new.len());
        }
        self.sorted.new.push(NewRow {
            row_no: row.no,
            lead: row.lead,
            dnc,
        });
    }

    fn merge_here(&mut self, at: usize, lead: NewLead) {
        let first = &mut self.sorted.new[at];
        let raw = (lead.phone, lead.phone_raw);
        let mut data = first.lead.data.to_map();
        data.extend(lead.data);
        let old = (first.lead.phone.clone(), first.lead.phone_raw.clone());
        let was = (old.0.clone(), first.dnc);
        if let Some(dialled) = dialled(&self.rules.phones, &data, [raw, old]) {
            (first.lead.phone, first.lead.phone_raw, first.lead.phones) = dialled;
        }
        first.lead.data = data.into();
        first.dnc = self.facts.flags(&first.lead.phone, was);
        self.sorted.blacklisted += i64::from(self.facts.listed.contains(&first.lead.phone));
        self.sorted.updated += 1;
    }

    fn merge_there(&mut self, id: String, row: Row) {
        // A lead that is gone by now cannot be: the batch is locked and its leads are held.
        let Some(earlier) = self.facts.held.get(&id) else {
            return self.refuse(row, "LEAD_BUSY", "the lead is being changed");
        };
        if earlier.busy {
            return self.refuse(
                row,
                "LEAD_BUSY",
                "the lead is being dialled; try again later",
            );
        }
        let at = *self.changed.entry(id).or_insert_with(|| {
            self.sorted.changes.push(unchanged(earlier));
            self.sorted.changes.len() - 1
        });
        let change = &mut self.sorted.changes[at];
        let raw = (row.lead.phone, row.lead.phone_raw);
        change.data.extend(row.lead.data);
        let old = (change.phone.clone(), change.phone_raw.clone());
        let was = (old.0.clone(), change.dnc);
        if let Some(dialled) = dialled(&self.rules.phones, &change.data, [raw, old]) {
            (change.phone, change.phone_raw, change.phones) = dialled;
        }
        change.dnc = self.facts.flags(&change.phone, was);
        self.sorted.blacklisted += i64::from(self.facts.listed.contains(&change.phone));
        self.sorted.updated += 1;
    }

    fn refuse(&mut self, row: Row, code: &'static str, reason: &str) {
        self.sorted.rejects.push(NewReject {
            row_no: row.no,
            column_title: self.rules.key_title.clone(),
            code,
            reason: reason.into(),
            cells: as_it_was(&row.cells, self.width),
        });
    }
}

fn unchanged(lead: &Earlier) -> Change {
    Change {
        id: lead.id.clone(),
        phone: lead.phone.clone(),
        phone_raw: lead.phone_raw.clone(),
        phones: lead.phones.0.clone(),
        data: lead.data.0.clone(),
        dnc: lead.dnc,
        updated_at: 0,
    }
}

#[cfg(test)]
mod tests;
