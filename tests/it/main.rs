//! The whole product from outside: the built binary, real SIP peers, both databases, and the house
//! rules.

mod tidy;
