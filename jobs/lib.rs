//! Acts, by the minute: the batch work of the house, carried out by apalis workers in a process of
//! its own.
//!
//! One file a job. [`run_worker`] is the process; [`House::perform`] is the list of every job there
//! is. A job may run twice: what it did is in the same write as how far it is.

mod allocate;
mod allocate_contacts;
mod build_snapshot;
mod clock;
mod delete_batch;
mod delete_import;
mod dry_run;
mod error;
mod export;
mod filter;
mod frame;
mod house;
mod import_batch;
mod import_source;
mod preflight;
mod pull_source;
mod reading;
mod recycle;
mod recycle_stale;
mod rejects_sheet;
mod report;
mod settings;
pub mod sheet;
mod snapshot;
mod sweep_files;
mod template;
#[cfg(test)]
mod testing;
mod undo_import;
mod worker;
mod write_sheet;

pub use error::JobError;
pub use house::{House, Ticket};
pub use settings::{Settings, Sources};
pub use worker::{run_worker, run_worker_with};
