//! The floor: all agents, calls and queues now.

mod command;
mod event;
mod input;
mod view;

pub use command::*;
pub use event::Event;
pub use input::*;
pub use view::*;
