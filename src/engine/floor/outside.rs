//! Outside numbers that agents and phones call for a customer: what a desk is worth at most when
//! somebody else sits at it, and what the store's answer about a number leads to.

use std::collections::{BTreeMap, VecDeque};

use super::{Floor, OrderRefused, Role, party::Who};
use crate::{
    ids::{CallId, LegId},
    phone,
    time::Millis,
};

const HOUR_MS: i64 = 3_600_000;

/// Bounds on the outside numbers that one agent, or one phone, can have called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideLimits {
    /// Calls to outside numbers at once.
    pub at_once: u32,
    /// Calls to outside numbers within an hour.
    pub per_hour: u32,
    /// Starts of numbers that may not be called.
    pub denied: Vec<String>,
}

impl Default for OutsideLimits {
    fn default() -> Self {
        Self {
            at_once: 4,
            per_hour: 120,
            denied: Vec::new(),
        }
    }
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Outside {
    limits: OutsideLimits,
    /// When each agent or phone had outside numbers called within the last hour.
    made: BTreeMap<Who, VecDeque<Millis>>,
}

impl Outside {
    /// One call more within this hour.
    pub fn count(&mut self, by: &Who, now: Millis) {
        self.made.entry(by.clone()).or_default().push_back(now);
    }

    /// Whether an agent has calls left within this hour.
    pub fn is_within_hour(&mut self, by: &Who, now: Millis) -> bool {
        let Some(made) = self.made.get_mut(by) else {
            return true;
        };
        while made.front().is_some_and(|at| now.since(*at) >= HOUR_MS) {
            made.pop_front();
        }
        made.len() < self.limits.per_hour as usize
    }

    /// Every time in it.
    pub fn times(&mut self) -> impl Iterator<Item = &mut Millis> {
        self.made.values_mut().flatten()
    }
}

impl Floor {
    pub fn limit_outside(&mut self, limits: OutsideLimits) {
        self.outside.limits = limits;
    }

    /// Whether none of a number's spellings starts with what may not be called.
    pub(super) fn is_not_denied(&self, spellings: &[String]) -> Result<(), OrderRefused> {
        let denied = &self.outside.limits.denied;
        let starts = |number: &String| denied.iter().any(|start| number.starts_with(start));
        match spellings.iter().any(starts) {
            true => Err(OrderRefused::new("BARRED", "that number may not be called")),
            false => Ok(()),
        }
    }

    /// Whether an agent or a phone may have this number called now; then the call counts.
    pub(super) fn may_call_outside(
        &mut self,
        by: &Who,
        id: CallId,
        number: &str,
        now: Millis,
    ) -> Result<(), OrderRefused> {
        let refused = |code, text: &str| Err(OrderRefused::new(code, text));
        if self.draining {
            return refused("DRAINING", "no new calls: the server is shutting down");
        }
        let Some(call) = self.calls.get(&id) else {
            return Ok(());
        };
        let spellings = phone::spellings(number, &self.home_of(call.campaign.as_ref()));
        let up: usize = self.calls.values().map(|call| call.outside_for(by)).sum();
        self.is_not_denied(&spellings)?;
        let limits = &self.outside.limits;
        if up >= limits.at_once as usize {
            return refused(
                "TOO_MANY_CALLS",
                "too many calls to outside numbers at once",
            );
        }
        self.way_out(number, &[], now)?;
        if !self.outside.is_within_hour(by, now) {
            return refused(
                "TOO_MANY_CALLS",
                "too many calls to outside numbers within an hour",
            );
        }
        self.outside.count(by, now);
        Ok(())
    }

    /// The store has answered: the number is dialled, or nobody is.
    pub(super) fn number_checked(&mut self, leg: LegId, allowed: bool, now: Millis) {
        if self.phone_checked(leg, allowed, now) {
            return;
        }
        match self.legs.get(&leg) {
            Some(Role::Party(id)) => self.party_checked(*id, leg, allowed, now),
            Some(Role::AgentFor(id)) => self.through_checked(*id, leg, allowed, now),
            Some(Role::Customer(id)) if self.is_attempt(*id) => {
                self.dial_on_checked(*id, leg, allowed, now);
            }
            Some(Role::Customer(id)) => self.call_back_checked(*id, leg, allowed, now),
            Some(Role::NailedUp(_) | Role::Own(_) | Role::TakesOver(_) | Role::Supervisor)
            | None => {}
        }
    }
}
