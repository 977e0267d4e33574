//! Digest authentication, both sides: RFC 2617, RFC 7616 and RFC 8760.

mod hash;

pub use hash::{Algorithm, ha1};
