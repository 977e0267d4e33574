//! What a search for leads asks (OUT-188), checked and typed; the store turns it into SQL.
//!
//! Nothing of a [`Query`] is ever text of a statement: the store binds every value.

use serde::{Deserialize, Serialize};

use crate::{draw::TargetType, filter::Test, time::Millis};

mod read;

pub use read::{Asked, BadQuery, Clock, read, today};

/// Which leads, in which order. Every condition that is given has to hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    pub keyword: Option<Keyword>,
    /// Whoever asks sees numbers masked: a number is found as a whole alone, and no part of what a
    /// hidden field or one of numbers holds.
    pub masked: bool,
    pub batch: Option<String>,
    pub import: Option<String>,
    /// Places in the order of creation, both included: an import's.
    pub positions: Option<(i64, i64)>,
    /// The leads that a filter run selected.
    pub run: Option<String>,
    pub task: Option<String>,
    pub campaign: Option<String>,
    /// Leads given to somebody of this kind.
    pub alloc_type: Option<TargetType>,
    /// Leads that belong to each of these; two of different kinds exclude each other.
    pub targets: Vec<(TargetType, String)>,
    pub business_status: Option<String>,
    /// One of these; empty: any.
    pub call_status: Vec<CallStatus>,
    /// One of these; empty: any.
    pub alloc_status: Vec<AllocStatus>,
    /// When the last dial began.
    pub dialled: Span,
    pub appointment: Option<Appointment>,
    pub appointed: Span,
    pub voided: Option<bool>,
    /// One comparison of one field of the batch.
    pub field: Option<Test>,
    pub sort: Sort,
}

/// What is looked for in every lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keyword {
    /// The number begins so.
    Phone(String),
    /// One of the fields has it, letter by letter.
    Text(String),
}

/// From inclusive, to exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    pub from: Option<Millis>,
    pub to: Option<Millis>,
}

/// Where a lead's appointment stands (OUT-191).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appointment {
    None,
    /// It has one.
    Made,
    /// It is on this day.
    Today(Span),
    /// Its time has passed, and nobody dialled since.
    Overdue(Millis),
}

/// The order of the answer. Leads without the time it goes by come last, in order of creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// As they were created.
    #[default]
    Created,
    /// Newest first.
    CreatedDown,
    /// Dialled last first.
    LastDial,
    /// Due soonest first.
    NextDial,
    /// Appointed soonest first.
    Appointment,
}

/// What a column holds, as it is stored.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($variant),* }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == word)
            }
        }
    };
}

words! {
    /// 拨打状态.
    CallStatus {
        Notcall = "notcall",
        Calling = "calling",
        Success = "success",
        Failed = "failed",
        Exception = "exception",
    }
}

words! {
    /// 分配状态 (OUT-132).
    AllocStatus {
        Unallocated = "unallocated",
        Agent = "agent",
        Dept = "dept",
        Ai = "ai",
        Queue = "queue",
        Recycled = "recycled",
        RecycledDept = "recycled_dept",
    }
}

/// Where a page goes on: the last row's value of the sort's time (`None`: it had none) and its
/// place in the order of creation, which is also that of the ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub at: Option<i64>,
    pub position: i64,
    pub id: String,
}
