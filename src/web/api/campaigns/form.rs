//! A campaign as somebody wants it, checked as a whole.

use std::collections::BTreeSet;

use engine::{
    campaign::{Mode, Settings},
    draw::Share,
    settings::Own,
};
use store::campaigns::Draft;

use super::{super::check, mode_of};
use crate::problem::{Fault, Problem};

/// A campaign as it is to be.
pub struct Form {
    pub name: String,
    pub campaign_type: String,
    pub filter_id: String,
    pub business_type: String,
    pub business_status: String,
    pub extract_count: i64,
    pub default_alloc: i64,
    pub alloc_mode: String,
    pub description: String,
    pub settings: Settings,
    pub own_settings: BTreeSet<Own>,
}

impl Form {
    /// # Errors
    /// `INVALID`, with every value that cannot be taken.
    pub fn checked(mut self) -> Result<Self, Problem> {
        let mut faults = Vec::new();
        let mut take = |problem: Problem| faults.extend(problem.errors);
        match check::name("/name", &self.name) {
            Ok(name) => self.name = name,
            Err(problem) => take(problem),
        }
        let words: [(&str, &str, &[&'static str]); 3] = [
            (
                "/campaign_type",
                &self.campaign_type,
                &["preview", "predictive", "robot"],
            ),
            (
                "/business_type",
                &self.business_type,
                &["followup", "marketing"],
            ),
            ("/alloc_mode", &self.alloc_mode, &["all", "75", "50", "25"]),
        ];
        for (at, word, choice) in words {
            if let Err(problem) = check::one_of(at, word, choice) {
                take(problem);
            }
        }
        let mut range = |at: &str, value: i64, least: i64| {
            if !(least..=1_000_000).contains(&value) {
                take(Problem::at(
                    at,
                    "range",
                    format!("must be {least} to 1,000,000"),
                ));
            }
        };
        range("/extract_count", self.extract_count, 1);
        range("/default_alloc", self.default_alloc, 0);
        for (at, text) in [
            ("/description", &self.description),
            ("/business_status", &self.business_status),
        ] {
            if let Err(problem) = check::text(at, text.clone(), 2_000) {
                take(problem);
            }
        }
        if let Err(bad) = self.settings.validate() {
            let bad = bad.into_iter();
            faults.extend(bad.map(|bad| Fault::new(bad.pointer, "range", bad.message)));
        }
        if faults.is_empty() {
            Ok(self)
        } else {
            Err(Problem::invalid(faults))
        }
    }

    /// The prompts that it names, each with its JSON pointer.
    pub fn prompts(&self) -> Vec<(&'static str, &str)> {
        let mode = mode_of(&self.campaign_type);
        mode.map_or_else(Vec::new, |mode| self.settings.prompts(mode))
    }

    /// # Errors
    /// When the type is none, which [`Self::checked`] has found.
    pub fn draft(&self) -> Result<Draft<'_>, Problem> {
        let mode: Mode = serde_json::from_value(self.campaign_type.clone().into())
            .map_err(|error| Problem::internal(&error))?;
        Ok(Draft {
            name: &self.name,
            campaign_type: mode,
            filter_id: &self.filter_id,
            business_type: &self.business_type,
            business_status: &self.business_status,
            extract_count: self.extract_count,
            default_alloc: self.default_alloc,
            alloc_mode: Share::parse(&self.alloc_mode).unwrap_or_default(),
            description: &self.description,
            settings: &self.settings,
            own_settings: &self.own_settings,
        })
    }
}
