//! What a stolen phone password is worth at most.

use std::collections::{BTreeMap, VecDeque};

use super::Core;
use crate::SipEvent;

const HOUR_MS: u64 = 3_600_000;

/// When each phone called within the last hour.
#[derive(Debug, Default)]
pub(super) struct PhoneCalls(BTreeMap<String, VecDeque<u64>>);

impl Core {
    /// The status with which a phone's call is refused that breaks a limit; or counts the call.
    pub(super) fn limit_phone(&mut self, extension: &str, number: &str) -> Option<u16> {
        let limits = &self.config.phone_limits;
        let of_phone = |c: &&super::Call| c.phone.as_deref() == Some(extension);
        let at_once = self.calls.values().filter(of_phone).count();
        let now_ms = self.now_ms;
        let made = self.phone_calls.0.entry(extension.to_owned()).or_default();
        while made.front().is_some_and(|at| at + HOUR_MS <= now_ms) {
            made.pop_front();
        }
        let (status, why) = if limits.denied.iter().any(|p| number.starts_with(&**p)) {
            (403, "the number is barred")
        } else if at_once >= limits.at_once as usize {
            (486, "too many calls at once")
        } else if made.len() >= limits.per_hour as usize {
            (403, "too many calls within an hour")
        } else {
            made.push_back(now_ms);
            return None;
        };
        self.tell(SipEvent::PhoneLimited {
            extension: extension.to_owned(),
            why,
            at: self.at(),
        });
        Some(status)
    }

    /// Forgets phones that have not called for an hour.
    pub(super) fn sweep_phone_calls(&mut self) {
        let now_ms = self.now_ms;
        let recent = |made: &VecDeque<u64>| made.back().is_some_and(|at| at + HOUR_MS > now_ms);
        self.phone_calls.0.retain(|_, made| recent(made));
    }
}
