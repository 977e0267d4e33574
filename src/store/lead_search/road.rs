//! Which index a search walks along.
//!
//! PostgreSQL keeps figures of what is in a table and finds out by itself. SQLite is told: it
//! would take any index whose first column is compared, also where that is every row of the house.

use engine::lead_query::{Appointment, CallStatus, Keyword, Query, Sort, Span};

use super::{read_count, statement::Statement};
use crate::{Db, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Road {
    Phone,
    Owner,
    Batch,
    Task,
    Campaign,
    /// Those that are not to be dialled for the first time, by their status.
    Handled,
    Dialled,
    ToDial,
    Appointed,
    Voided,
    /// Every lead of the house, by its id.
    Created,
}

/// A road with so few leads is taken whatever the order: they are sorted afterwards.
const NARROW: i64 = 5_000;

impl Road {
    /// `timed`: for the part of the answer that has the time it goes by.
    pub async fn pick(db: &Db, orgi: &str, query: &Query, timed: bool) -> Result<Self> {
        let road = Self::in_order(query, timed);
        if matches!(db, Db::Pg(_)) {
            return Ok(road);
        }
        let mut narrowest = (road, NARROW + 1);
        for road in Self::narrow(query) {
            let most = narrowest.1;
            let count = read_count(db, Statement::probe(road, orgi, query, most)).await?;
            if count < most {
                narrowest = (road, count);
            }
        }
        Ok(narrowest.0)
    }

    /// Along which the leads come in the order of the answer.
    pub fn in_order(query: &Query, timed: bool) -> Self {
        match query {
            Query {
                sort: Sort::LastDial,
                ..
            } if timed => Self::Dialled,
            Query {
                sort: Sort::NextDial,
                ..
            } if timed => Self::ToDial,
            Query {
                sort: Sort::Appointment,
                ..
            } if timed => Self::Appointed,
            Query { targets, .. } if !targets.is_empty() => Self::Owner,
            Query { task: Some(_), .. } => Self::Task,
            query if query.batch.is_some() || query.run.is_some() => Self::Batch,
            _ => Self::Created,
        }
    }

    /// Along which there may be few.
    fn narrow(query: &Query) -> Vec<Self> {
        let has = |span: Span| span.from.is_some() || span.to.is_some();
        let appointed = has(query.appointed)
            || matches!(query.appointment, Some(appointment) if appointment != Appointment::None);
        [
            (
                matches!(query.keyword, Some(Keyword::Phone(_))),
                Self::Phone,
            ),
            (!query.targets.is_empty(), Self::Owner),
            (query.task.is_some(), Self::Task),
            (query.campaign.is_some(), Self::Campaign),
            (is_handled(query), Self::Handled),
            (has(query.dialled), Self::Dialled),
            (appointed, Self::Appointed),
            (query.voided == Some(true), Self::Voided),
        ]
        .into_iter()
        .filter_map(|(there, road)| there.then_some(road))
        .collect()
    }

    /// The conditions that the road's index answers.
    pub fn only(self, query: &Query) -> Query {
        let nothing = Query::default();
        let from = query.clone();
        match self {
            Self::Phone => Query {
                keyword: from.keyword,
                masked: from.masked,
                ..nothing
            },
            Self::Owner => Query {
                targets: from.targets,
                ..nothing
            },
            Self::Task => Query {
                task: from.task,
                ..nothing
            },
            Self::Campaign => Query {
                campaign: from.campaign,
                ..nothing
            },
            Self::Handled => Query {
                call_status: from.call_status,
                ..nothing
            },
            Self::Dialled => Query {
                dialled: from.dialled,
                ..nothing
            },
            Self::Appointed => Query {
                appointed: from.appointed,
                appointment: from.appointment.map(|made| match made {
                    Appointment::Overdue(_) => Appointment::Made,
                    other => other,
                }),
                ..nothing
            },
            Self::Voided => Query {
                voided: from.voided,
                ..nothing
            },
            Self::Batch | Self::ToDial | Self::Created => nothing,
        }
    }

    /// Whether a comparison of this column may choose an index.
    pub fn uses(self, column: &str) -> bool {
        let columns: &[&str] = match self {
            Self::Phone => &["orgi", "phone"],
            Self::Owner => &["alloc_type", "alloc_target", "position"],
            Self::Batch => &["batch_id", "position"],
            Self::Task => &["task_id", "position"],
            Self::Campaign => &["campaign_id"],
            Self::Handled => &["orgi", "call_status"],
            Self::Dialled => &["orgi", "last_dial_at"],
            Self::ToDial => &["orgi", "next_dial_at"],
            Self::Appointed => &["orgi", "appoint_at"],
            Self::Voided => &["orgi", "position"],
            Self::Created => &["id"],
        };
        columns.contains(&column)
    }
}

fn is_handled(query: &Query) -> bool {
    !query.call_status.is_empty() && !query.call_status.contains(&CallStatus::Notcall)
}
