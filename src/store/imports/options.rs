//! What was asked for with an upload: what rows do, and what counts as a duplicate.

use std::{collections::BTreeMap, str::FromStr};

use engine::import_row::Choices;
use serde::{Deserialize, Serialize};

/// Values of one field of which an upload may say something.
const CHOICES_MAX: usize = 1_000;

/// How an import treats its file and its rows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    pub mode: Mode,
    /// What a row whose lead is there already does, in [`Mode::Insert`].
    pub dup_policy: DupPolicy,
    pub dup_scope: DupScope,
    /// With [`DupScope::Campaign`] and [`DupScope::All`]: of other batches' leads, only those imported
    /// or dialled so many days before the import count; 30, 90 or 180. `None`: all of them.
    pub dup_days: Option<u32>,
    /// Sheet row of the titles, from 1; 0: the sheet has none. `None`: it is looked for.
    pub header_row: Option<u32>,
    /// The sheet's name, or its number from 1. `None`: the first visible one that holds something.
    pub sheet: Option<String>,
    /// Title or letters of a column to field code; an empty code leaves the column out. A column that
    /// is not here goes to the field of the same title.
    pub mapping: BTreeMap<String, String>,
    /// What becomes of values of the file's columns of choices.
    pub choices: Choices,
    /// Of the leads that the import makes, 0 to 9; leads that are there already keep theirs.
    pub priority: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Rows become leads.
    #[default]
    Insert,
    /// Rows change the batch's leads with their key; a row without one is invalid.
    Update,
    /// Rows change the lead with their key, or become one.
    Upsert,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DupPolicy {
    KeepAll,
    #[default]
    #[serde(alias = "skip_in_batch")]
    Skip,
    #[serde(alias = "update_in_batch")]
    Update,
}

/// Where a row's lead is looked for. Each looks where the one before it does, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DupScope {
    /// Among the rows of the same import, by key.
    File,
    /// In the batch, by key.
    #[default]
    Batch,
    /// Among the leads of campaigns that run or pause, by number.
    Campaign,
    /// Everywhere in the tenant, by number.
    All,
}

/// What a row whose lead is there already does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDuplicate {
    Keep,
    Skip,
    Merge,
}

/// Options that contradict each other. `pointer` is the JSON pointer of the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {message}")]
pub struct BadOptions {
    pub pointer: &'static str,
    pub message: &'static str,
}

impl Options {
    #[must_use]
    pub fn keeping_all() -> Self {
        Self {
            dup_policy: DupPolicy::KeepAll,
            ..Self::default()
        }
    }

    #[must_use]
    pub fn on_duplicate(&self) -> OnDuplicate {
        match (self.mode, self.dup_policy) {
            (Mode::Insert, DupPolicy::KeepAll) => OnDuplicate::Keep,
            (Mode::Insert, DupPolicy::Skip) => OnDuplicate::Skip,
            _ => OnDuplicate::Merge,
        }
    }

    /// Whether a row without a lead becomes one.
    #[must_use]
    pub fn inserts(&self) -> bool {
        self.mode != Mode::Update
    }

    /// # Errors
    /// The first value that is out of range or contradicts another.
    pub fn validate(&self) -> Result<(), BadOptions> {
        let bad = |pointer, message| Err(BadOptions { pointer, message });
        if self.priority > 9 {
            return bad("/priority", "must be 0 to 9");
        }
        if self
            .choices
            .values()
            .any(|of_field| of_field.len() > CHOICES_MAX)
        {
            return bad("/choices", "at most 1,000 values of a field");
        }
        if let Some(days) = self.dup_days {
            if self.dup_scope < DupScope::Campaign {
                return bad("/dup_days", "only counts with dup_scope campaign or all");
            }
            if ![30, 90, 180].contains(&days) {
                return bad("/dup_days", "must be 30, 90 or 180");
            }
        }
        if self.mode != Mode::Insert && self.dup_policy == DupPolicy::KeepAll {
            return bad("/dup_policy", "keep_all only goes with mode insert");
        }
        if self.on_duplicate() == OnDuplicate::Merge && self.dup_scope == DupScope::File {
            return bad("/dup_scope", "an update looks in the batch at least");
        }
        Ok(())
    }
}

/// Reads the name that the options have in JSON.
macro_rules! named {
    ($type:ty, $pointer:literal, $message:literal) => {
        impl FromStr for $type {
            type Err = BadOptions;

            fn from_str(name: &str) -> Result<Self, BadOptions> {
                serde_json::from_value(name.into()).map_err(|_| BadOptions {
                    pointer: $pointer,
                    message: $message,
                })
            }
        }
    };
}

named!(Mode, "/mode", "must be insert, update or upsert");
named!(
    DupPolicy,
    "/dup_policy",
    "must be keep_all, skip (skip_in_batch) or update (update_in_batch)"
);
named!(
    DupScope,
    "/dup_scope",
    "must be file, batch, campaign or all"
);

impl DupPolicy {
    /// As the first version of the interface called it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::KeepAll => "keep_all",
            Self::Skip => "skip_in_batch",
            Self::Update => "update_in_batch",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_both_versions_are_read() {
        for (name, policy) in [
            ("keep_all", DupPolicy::KeepAll),
            ("skip", DupPolicy::Skip),
            ("skip_in_batch", DupPolicy::Skip),
            ("update_in_batch", DupPolicy::Update),
        ] {
            assert_eq!(name.parse(), Ok(policy));
            let options: Options =
                serde_json::from_str(&format!(r#"{{"dup_policy":"{name}"}}"#)).unwrap();
            assert_eq!(options.dup_policy, policy);
        }
        assert_eq!("x".parse::<Mode>().unwrap_err().pointer, "/mode");
        assert_eq!(
            serde_json::from_str::<Options>("{}").unwrap(),
            Options::default()
        );
    }

    #[test]
    fn contradictions_are_told() {
        let pointer = |options: Options| options.validate().unwrap_err().pointer;
        let default = Options::default;
        assert_eq!(default().validate(), Ok(()));
        assert_eq!(
            pointer(Options {
                dup_days: Some(30),
                ..default()
            }),
            "/dup_days"
        );
        let everywhere = Options {
            dup_scope: DupScope::All,
            dup_days: Some(31),
            ..default()
        };
        assert_eq!(pointer(everywhere.clone()), "/dup_days");
        assert_eq!(
            Options {
                dup_days: Some(90),
                ..everywhere
            }
            .validate(),
            Ok(())
        );
        let upsert = Options {
            mode: Mode::Upsert,
            ..default()
        };
        assert_eq!(
            pointer(Options {
                dup_scope: DupScope::File,
                ..upsert.clone()
            }),
            "/dup_scope"
        );
        assert_eq!(
            pointer(Options {
                dup_policy: DupPolicy::KeepAll,
                ..upsert
            }),
            "/dup_policy"
        );
    }
}
