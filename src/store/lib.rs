//! Remembers. Nothing else knows sqlx.
//!
//! One SQL text serves SQLite and PostgreSQL: `$1` parameters, `RETURNING`, `ON CONFLICT`; times are
//! UTC milliseconds, ids opaque prefixed text, JSON is text. One file an aggregate, plain functions.
//!
//! Adding a query: write a function that takes `&Db` when it reads (or writes one statement), and
//! `&mut Tx` when it is a part of a larger write. Run the statement through [`on!`]:
//!
//! ```ignore
//! pub async fn name(db: &Db, id: &str) -> Result<Option<String>> {
//!     Ok(on!(db.read(), c => sqlx::query_scalar("SELECT name FROM batches WHERE id = $1")
//!         .bind(id)
//!         .fetch_optional(c)
//!         .await)?)
//! }
//!
//! pub async fn rename(tx: &mut Tx, id: &str, name: &str) -> Result<bool> {
//!     let rows = on!(tx.conn(), c => sqlx::query("UPDATE batches SET name = $2 WHERE id = $1")
//!         .bind(id)
//!         .bind(name)
//!         .execute(c)
//!         .await
//!         .map(|done| done.rows_affected()))?;
//!     Ok(rows == 1)
//! }
//! ```
//!
//! Not found is `Ok(None)` or `Ok(false)`, not an error. Every function is tested on both databases
//! with [`testing::on_both`].

pub mod access;
pub mod agent_list;
pub mod agents;
pub mod associations;
pub mod attempts;
pub mod batches;
pub mod books;
pub mod business_statuses;
pub mod call_backs;
pub mod call_legs;
pub mod call_quality;
pub mod callers;
pub mod calls;
pub mod campaign_report;
pub mod campaigns;
pub mod configuration;
pub mod contacts;
pub mod daily;
pub mod db;
pub mod desk;
pub mod dials;
pub mod dictionaries;
pub mod dnc;
pub mod doc;
pub mod duplicates;
pub mod error;
pub mod exports;
pub mod extensions;
pub mod fields;
pub mod files;
pub mod filter_runs;
pub mod filters;
pub mod gateways;
pub mod grants;
pub mod holidays;
pub mod hopper;
pub mod house_settings;
pub mod imports;
pub mod ivr_menus;
pub mod jobs;
pub mod journal;
pub mod kept_files;
pub mod lead_marks;
pub mod lead_search;
pub mod leads;
pub mod learned;
pub mod mappings;
pub mod messages;
pub mod node;
pub mod numbers;
pub mod own_settings;
pub mod owners;
pub mod past;
pub mod phone_control;
pub mod preflight;
pub mod previews;
pub mod products;
pub mod prompts;
pub mod queues;
pub mod recording_moves;
pub mod recordings;
pub mod records;
pub mod recover;
pub mod rejects;
pub mod removal;
mod reservations;
pub mod robots;
pub mod routes;
pub mod rows;
pub mod sales;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod sample_floor;
pub mod segments;
pub mod settings;
pub mod sources;
pub mod surveys;
pub mod targets;
pub mod task_draws;
pub mod tasks;
pub mod tenant_settings;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod undo;
pub mod voicemails;
pub mod work;
mod writers;

pub use db::{Conn, Db, Either, Reading, Tx};
pub use doc::Doc;
pub use error::{Error, Result};

/// A new id: the prefix of its kind and a UUID version 7, so ids sort by creation.
#[must_use]
pub fn new_id(prefix: &str) -> String {
    format!("{prefix}_{}", uuid::Uuid::now_v7().simple())
}

/// Runs one expression on whichever database there is. `$c` is the pool or connection in it.
#[macro_export]
macro_rules! on {
    ($target:expr, $c:ident => $run:expr) => {
        match $target {
            $crate::Either::Lite($c) => $run,
            $crate::Either::Pg($c) => $run,
        }
    };
}
