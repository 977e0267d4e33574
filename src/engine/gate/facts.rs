//! What the gate is told: read from the books for one dial, and stored with its verdict.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{campaign::Columns, caps::History, ids::CampaignId, time::Millis};

/// What is to be read for one dial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Its own DNC lists hold beside those of the house.
    pub campaign: CampaignId,
    pub number: String,
    /// Every way in which DNC lists may write it.
    pub spellings: Vec<String>,
    /// Local midnight of the campaign, for today's attempts.
    pub day_start: Millis,
    pub columns: Columns,
    /// The pool of caller numbers, when its rule asks what they did; else empty.
    pub callers: Vec<String>,
}

/// What the house knows of a lead and its number, read freshly for this dial.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Flagged with the lead: at import, or because the person asked for it.
    pub dnc: bool,
    /// The entry of a DNC list that forbids the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listed: Option<Listed>,
    pub voided: bool,
    /// Attempts on this lead that count.
    pub attempts: u32,
    /// Attempts on this number since the campaign's local midnight, over all campaigns.
    pub attempts_today: u32,
    /// Another attempt on this number is up (OUT-241).
    pub live: bool,
    /// The number that is to be dialled; empty: it tells nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub number: String,
    #[serde(skip_serializing_if = "Said::is_empty")]
    pub said: Said,
    /// Of the whole import that brought the lead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
    pub of_number: History,
    /// Empty where no column tells who the person is.
    pub of_person: History,
    /// Days on which the house calls nobody, as far as they matter now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<NaiveDate>,
    /// What the campaign's caller numbers did; one that did nothing is left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub callers: Vec<Used>,
}

/// What the lead's own columns say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Said {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Who it is, over all batches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<String>,
}

impl Said {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// An entry of a DNC list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The list's id.
    pub list: String,
    /// The list's version when this was read.
    pub version: i64,
    /// The entry: a number, or the beginning of numbers with `*`.
    pub entry: String,
    /// From then on it forbids nothing; `None`: it has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Millis>,
}

impl Listed {
    pub(super) fn told(&self) -> String {
        format!(
            "list {} version {}: {}",
            self.list, self.version, self.entry
        )
    }
}

/// Evidence that the people of an import agreed to be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// Such as `written agreement`.
    pub basis: String,
    /// Where it is kept.
    pub source: String,
    /// When it was given.
    pub at: Millis,
    /// Version of the text that was agreed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_version: Option<String>,
}

/// What a caller number did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    pub caller: String,
    /// Dials since the campaign's local midnight.
    pub today: u32,
    pub last: Millis,
    /// The called number's side refused this caller as unwanted traffic.
    #[serde(default)]
    pub refused: bool,
}

impl Facts {
    /// Whether the person agreed to be called. A column that says no overrules the import.
    #[must_use]
    pub fn has_consent(&self) -> bool {
        match self.said.consent.as_deref().map(str::trim) {
            Some("") | None => self.consent.is_some(),
            Some(text) => {
                let no = [
                    "0",
                    "n",
                    "no",
                    "false",
                    "none",
                    "-",
                    "否",
                    "不",
                    "无",
                    "没有",
                    "不同意",
                ];
                !no.contains(&text.to_lowercase().as_str())
            }
        }
    }
}
