//! What every request passes before its handler, outermost first: [`seal`] gives it an id and its
//! answer the headers, [`guard`] asks who comes and whether that role may, [`repeat`] answers a
//! request that comes twice, [`trail`] writes down what was changed.

pub mod cookie;
pub mod guard;
pub mod repeat;
pub mod seal;
pub mod trail;
