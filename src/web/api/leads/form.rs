//! What a form says of a lead: its fields, its priority, its business status.

use std::collections::BTreeMap;

use engine::{
    dictionary::Dictionary,
    field::{Check, Field, Position},
    import_row::{self, Cell},
};
use store::{
    associations::{self, Astray},
    business_statuses, campaigns, dictionaries,
    leads::Lead,
};

use crate::{
    api::{check, shown::mask_text},
    caller::Caller,
    house::House,
    problem::{Fault, Problem},
};

/// Longest business status, in characters.
const STATUS_MAX: usize = 100;

/// Reads what a form says of a lead, as its fields want it.
pub struct Reader<'a> {
    fields: &'a [Field],
    dictionaries: Vec<Dictionary>,
    lead: &'a Lead,
    is_agent: bool,
}

impl<'a> Reader<'a> {
    /// # Errors
    /// When the database fails.
    pub async fn of(
        house: &House,
        caller: &Caller,
        lead: &'a Lead,
        fields: &'a [Field],
    ) -> Result<Self, Problem> {
        Ok(Self {
            dictionaries: dictionaries::for_fields(&house.db, fields).await?,
            is_agent: caller.is_agent_only(),
            fields,
            lead,
        })
    }

    /// # Errors
    /// `INVALID` with every value that cannot be taken.
    pub async fn read(
        &self,
        house: &House,
        data: BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, Problem> {
        let mut faults = Vec::new();
        let mut changes = BTreeMap::new();
        for (code, text) in data {
            match self.value(&code, &text) {
                Ok(Some(value)) => drop(changes.insert(code, value)),
                Ok(None) => {}
                Err((kind, why)) => {
                    faults.push(Fault::new(&format!("/data/{code}"), &kind, why));
                }
            }
        }
        let (orgi, fields) = (&self.lead.orgi, self.fields);
        let mut conn = house.db.reading().await?;
        let rows = std::slice::from_ref(&changes);
        let astray = associations::astray(&mut conn, orgi, fields, rows).await?;
        for astray in astray.into_iter().flatten() {
            let field = fields.iter().find(|field| field.title == astray.column);
            let code = field.map_or("", |field| field.code.as_str());
            let pointer = format!("/data/{code}");
            faults.push(Fault::new(&pointer, Astray::CODE, astray.reason()));
        }
        if faults.is_empty() {
            Ok(changes)
        } else {
            Err(Problem::invalid(faults))
        }
    }

    /// The value to keep; `None`: what was shown came back as it was shown.
    fn value(&self, code: &str, text: &str) -> Result<Option<String>, (String, String)> {
        let no = |code: &str, why: &str| Err((code.to_owned(), why.to_owned()));
        let Some(field) = self.fields.iter().find(|field| field.code == code) else {
            return no("unknown_field", "the batch has no such field");
        };
        let old = self.lead.data.get(code).map_or("", String::as_str);
        if field.hidden && !field.is_phone && !old.is_empty() && text == mask_text(old) {
            return Ok(None);
        }
        if field.is_phone {
            return no("read_only", "phone fields cannot be changed");
        }
        if field.is_key {
            return no("read_only", "the key field cannot be changed");
        }
        // What agents may change is set in the template (OUT-055, OUT-199).
        if self.is_agent && !field.positions.contains(&Position::Edit) {
            return no("read_only", "agents may not change this field");
        }
        let bound = field.dictionary.as_deref();
        let dictionary = bound.and_then(|id| self.dictionaries.iter().find(|one| one.id == id));
        match import_row::value_among(field, dictionary, &Cell::Text(text.to_owned())) {
            Ok(None) if field.has(Check::NotEmpty) => no("EMPTY", "a value is required"),
            Ok(value) => Ok(Some(value.unwrap_or_default())),
            Err(bad) => Err((bad.code.into(), bad.reason)),
        }
    }
}

/// A business status that the lead's campaign or its business type knows (OUT-113).
///
/// # Errors
/// `INVALID`.
pub async fn status_of(
    house: &House,
    caller: &Caller,
    lead: &Lead,
    text: String,
) -> Result<String, Problem> {
    let text = check::text("/business_status", text, STATUS_MAX)?;
    let (db, orgi) = (&house.db, caller.orgi());
    let campaign = match &lead.campaign_id {
        Some(id) => campaigns::get(db, orgi, id).await?,
        None => None,
    };
    let known = match campaign.filter(|_| !text.is_empty()) {
        Some(campaign) => business_statuses::of_campaign(db, &campaign).await?,
        None => None,
    };
    let Some(known) = known.map(|kept| kept.offered()) else {
        return Ok(text);
    };
    let item = known.coded(&text).or_else(|| known.labelled(&text));
    item.map(|item| item.code.clone()).ok_or_else(|| {
        let message = "is no status of the lead's campaign";
        Problem::at("/business_status", "choice", message)
    })
}

/// A priority that the caller may give.
///
/// # Errors
/// `INVALID`.
pub fn ranked(caller: &Caller, priority: i64) -> Result<i64, Problem> {
    if caller.is_agent_only() {
        let message = "agents do not say which leads come first";
        return Err(Problem::at("/priority", "forbidden", message));
    }
    if (0..=9).contains(&priority) {
        Ok(priority)
    } else {
        Err(Problem::at("/priority", "range", "must be 0 to 9"))
    }
}
