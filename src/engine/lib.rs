//! Every decision of the house: which row becomes a lead, who is called and when, how many lines,
//! who takes the call, and what came of it.
//!
//! Nothing here does IO, reads a clock or awaits. What happened comes in as an
//! [`Input`](floor::Input) with the time it happened; what is to be done goes out as a
//! [`Command`](floor::Command). A command returns nothing: its effect is the next input.
//!
//! The modules stand in the order of a lead's life.

pub mod agent;
pub mod campaign;
pub mod caps;
pub mod classification;
pub mod control;
pub mod desk;
pub mod destination;
pub mod dictionary;
pub mod disposition;
pub mod draw;
pub mod field;
pub mod filter;
pub mod floor;
pub mod gate;
pub mod gateway;
pub mod ids;
pub mod import_row;
pub mod ivr;
pub mod jurisdiction;
pub mod lead_query;
pub mod ledger;
pub mod mapping;
pub mod outcome;
pub mod pacing;
pub mod phone;
pub mod phone_control;
pub mod place;
pub mod preflight;
pub mod queue;
pub mod retry;
pub mod robot;
pub mod route;
pub mod settings;
pub mod speech;
pub mod survey;
pub mod time;
pub mod window;
