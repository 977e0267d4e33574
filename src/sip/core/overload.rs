//! Which new calls are let in when there are many. Calls in progress come first: nothing inside a
//! dialog is ever refused for load.

use super::Core;

/// What a refused caller is told to wait, in seconds.
const RETRY_AFTER_S: u64 = 10;
const SECOND_US: u64 = 1_000_000;

#[derive(Debug, Default)]
pub(super) struct Admission {
    /// The house says that it cannot keep up.
    pub(super) overloaded: bool,
    /// When the next new call would be due if all kept the pace, in UTC microseconds.
    due_us: u64,
}

impl Core {
    /// Seconds after which a new call may be tried again; `None` when this one is let in.
    pub(super) fn turned_away(&mut self) -> Option<u64> {
        let full = self.calls.len() >= self.config.max_calls;
        if self.draining || self.admission.overloaded || full {
            return Some(RETRY_AFTER_S);
        }
        let rate = u64::from(self.config.max_new_calls_per_s);
        if rate == 0 {
            return None;
        }
        let (now_us, pace_us) = (self.now_ms * 1000, SECOND_US / rate);
        let due_us = self.admission.due_us.max(now_us);
        if due_us - now_us > SECOND_US - pace_us {
            return Some(1);
        }
        self.admission.due_us = due_us + pace_us;
        None
    }
}
