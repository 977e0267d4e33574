//! Scripts on a virtual clock, and whole shifts of chance held against what must always be true.

mod acd;
mod after_the_call;
mod campaigns;
mod clock;
mod consulting;
mod dialling;
mod gating;
mod handing_over;
mod invariants;
mod limits;
mod listening;
mod phones;
mod predicting;
mod previewing;
mod races;
mod script;
mod seven_days;
mod shift;
mod stage;
mod store;
mod supervising;
mod talking;
mod test_calls;
mod transferring;
mod ways;
mod ways_out;
