//! The whole product from outside: the built binary, real SIP peers, both databases, and the house
//! rules.

mod acd;
mod allocation;
mod answers;
mod bad_input;
mod carrier;
mod console;
mod crash;
mod demo;
mod gate;
mod gateways;
mod in_call;
mod interrupted;
mod ivr;
mod killed;
mod kit;
mod lines;
mod menus;
mod modes;
mod robots;
mod simulate;
mod sound;
mod tidy;
mod trouble;
mod walk;
