//! Scripts on a virtual clock, and whole shifts of chance held against what must always be true.

mod campaigns;
mod dialling;
mod handing_over;
mod invariants;
mod previewing;
mod races;
mod script;
mod shift;
mod stage;
mod store;
