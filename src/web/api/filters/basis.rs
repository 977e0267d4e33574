//! What a run was asked, and on what it ran (OUT-101).

use std::collections::BTreeMap;

use engine::filter::{Form, Resolved};
use serde::Serialize;
use store::filter_runs::FilterRun;
use utoipa::ToSchema;

use crate::problem::Problem;

/// What a run of a filter was asked and on what it ran: enough to understand it, and to repeat it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Basis {
    /// As they were when the run was asked for.
    #[schema(value_type = Object)]
    conditions: Form,
    /// The same with the days that were meant from today as dates; none before it has started.
    #[schema(value_type = Option<Object>)]
    resolved: Option<Form>,
    /// The day that was today, `yyyy-MM-dd` in `zone`.
    today: Option<String>,
    /// IANA time zone.
    zone: String,
    /// Batch to the version of its snapshot; it rises with every import and edit.
    versions: BTreeMap<String, i64>,
    /// The highest of these.
    snapshot_version: i64,
}

impl Basis {
    pub fn new(
        conditions: Form,
        resolved: Option<Resolved>,
        zone: String,
        versions: BTreeMap<String, i64>,
    ) -> Self {
        Self {
            today: resolved.as_ref().map(|resolved| resolved.today.to_string()),
            resolved: resolved.map(|resolved| resolved.form),
            snapshot_version: versions.values().copied().max().unwrap_or_default(),
            conditions,
            zone,
            versions,
        }
    }

    pub fn of(run: &FilterRun) -> Result<Self, Problem> {
        Ok(Self::new(
            run.conditions.0.clone(),
            run.resolved()?,
            run.zone.clone(),
            run.versions.0.clone(),
        ))
    }
}
