//! What the pacer decided lately and what came of it, and what bound it over the last hour.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use super::{AgentState, Counts, Decision, Limit, Load, Stage, load::count};
use crate::{ids::LeadId, ledger::Allowed, outcome::Outcome, time::Millis};

/// Decisions that are kept of each campaign.
pub const KEPT: usize = 600;
/// Decisions without a line and with the same limit are one entry for so long.
const LIKE_BEFORE_MS: i64 = 1_000;
/// A decision is taken to hold no longer than this: then the floor stood still.
const HOLDS_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60_000;
const HOUR_MINUTES: i64 = 60;

/// One decision, what it saw, and what came of its lines.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    /// Rises by one from entry to entry of a campaign.
    pub no: u64,
    pub at: Millis,
    /// When it was last decided like this; equal to `at` for a single decision.
    pub until: Millis,
    /// Decisions that this entry stands for: all without lines, with the same limit.
    pub times: u32,
    pub decision: Decision,
    pub seen: Seen,
    /// What the policy that is only watched would have done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shadow: Option<Decision>,
    /// What the lines came to, once they are over. Lines that the gate turned away never show here.
    pub outcomes: BTreeMap<Outcome, u32>,
}

/// The floor of the campaign as a decision saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Seen {
    pub idle: u32,
    /// Reserved, ringing or in a call.
    pub busy: u32,
    pub wrap_up: u32,
    /// Signed in, not available.
    pub away: u32,
    /// Lines in the air for these agents, whichever campaign dialled them.
    pub in_flight: u32,
    /// Of these, answered and not yet known to be persons.
    pub detecting: u32,
    /// Persons who wait for an agent.
    pub waiting: u32,
    /// Calls of the campaign that are up.
    pub up: u32,
    pub free_channels: u32,
    /// Calls that the gateway's rate lets start now.
    pub burst: u32,
    /// Leads in hand.
    pub leads: u32,
    pub counts: Counts,
    /// Persons who answered in the last 24 hours, and of these the lost ones.
    pub answered_today: u64,
    pub lost_today: u64,
    pub allowed: Allowed,
}

impl Seen {
    #[must_use]
    pub fn of(load: &Load) -> Self {
        let agents = |states: &[AgentState]| {
            let of = |agent: &&super::Agent| states.contains(&agent.state);
            count(load.agents.iter().filter(of).count())
        };
        let detecting = |leg: &&super::Leg| leg.stage == Stage::Detecting;
        Self {
            idle: agents(&[AgentState::Idle]),
            busy: agents(&[AgentState::Offered, AgentState::Talking]),
            wrap_up: agents(&[AgentState::WrapUp]),
            away: agents(&[AgentState::Away]),
            in_flight: count(load.in_flight.len()),
            detecting: count(load.in_flight.iter().filter(detecting).count()),
            waiting: count(load.waiting.len()),
            up: load.up,
            free_channels: load.free_channels,
            burst: load.burst,
            leads: load.leads,
            counts: load.counts,
            answered_today: load.today.answered,
            lost_today: load.today.lost,
            allowed: load.allowed,
        }
    }
}

/// The last [`KEPT`] decisions of a campaign, and an hour of limits.
#[derive(Debug, Clone, Default)]
pub struct History {
    records: VecDeque<Record>,
    next_no: u64,
    /// Lead to the entry that gave it a line.
    given: BTreeMap<LeadId, u64>,
    bound: Bound,
}

impl History {
    /// Notes a decision.
    pub fn decided(
        &mut self,
        decision: Decision,
        shadow: Option<Decision>,
        seen: Seen,
        now: Millis,
    ) {
        self.bound.note(decision.why, now);
        let is_like_before = |last: &&mut Record| {
            let lines = |decision: Option<Decision>| decision.map(|one| (one.lines, one.why));
            decision.lines == 0
                && lines(Some(last.decision)) == lines(Some(decision))
                && lines(last.shadow) == lines(shadow)
                && now.since(last.at) < LIKE_BEFORE_MS
        };
        if let Some(last) = self.records.back_mut().filter(is_like_before) {
            last.until = now;
            last.times += 1;
            return;
        }
        if self.records.len() >= KEPT
            && let Some(gone) = self.records.pop_front()
        {
            self.given.retain(|_, no| *no > gone.no);
        }
        self.records.push_back(Record {
            no: self.next_no,
            at: now,
            until: now,
            times: 1,
            decision,
            seen,
            shadow,
            outcomes: BTreeMap::new(),
        });
        self.next_no += 1;
    }

    /// The newest decision's lines went to these leads.
    pub fn gave<'a>(&mut self, leads: impl Iterator<Item = &'a LeadId>) {
        if let Some(last) = self.records.back() {
            self.given.extend(leads.map(|lead| (lead.clone(), last.no)));
        }
    }

    /// A lead's line is over.
    pub fn came_to(&mut self, lead: &LeadId, outcome: Outcome) {
        let Some(no) = self.given.remove(lead) else {
            return;
        };
        let first = self.records.front().map_or(0, |record| record.no);
        let place = no
            .checked_sub(first)
            .and_then(|at| usize::try_from(at).ok());
        if let Some(record) = place.and_then(|at| self.records.get_mut(at)) {
            *record.outcomes.entry(outcome).or_default() += 1;
        }
    }

    /// Nothing is decided for a while: what was decided last binds no longer.
    pub fn rest(&mut self, now: Millis) {
        self.bound.rest(now);
    }

    /// Oldest first.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        self.records.iter().cloned().collect()
    }

    /// Milliseconds that each limit bound within the last hour. Time without decisions is in none.
    #[must_use]
    pub fn bound(&self, now: Millis) -> BTreeMap<Limit, i64> {
        self.bound.last_hour(now)
    }
}

/// How long each limit bound, minute by minute.
#[derive(Debug, Clone, Default)]
struct Bound {
    minutes: BTreeMap<i64, BTreeMap<Limit, i64>>,
    last: Option<(Limit, Millis)>,
}

impl Bound {
    fn note(&mut self, why: Limit, now: Millis) {
        self.rest(now);
        self.last = Some((why, now));
    }

    fn rest(&mut self, now: Millis) {
        let Some((why, since)) = self.last.take() else {
            return;
        };
        let minute = since.0.div_euclid(MINUTE_MS);
        let held = now.since(since).clamp(0, HOLDS_MS);
        *self
            .minutes
            .entry(minute)
            .or_default()
            .entry(why)
            .or_default() += held;
        self.minutes = self.minutes.split_off(&(minute - HOUR_MINUTES));
    }

    fn last_hour(&self, now: Millis) -> BTreeMap<Limit, i64> {
        let from = now.0.div_euclid(MINUTE_MS) - HOUR_MINUTES + 1;
        let mut sum: BTreeMap<Limit, i64> = BTreeMap::new();
        for (why, ms) in self.minutes.range(from..).flat_map(|(_, minute)| minute) {
            *sum.entry(*why).or_default() += ms;
        }
        if let Some((why, since)) = self.last {
            *sum.entry(why).or_default() += now.since(since).clamp(0, HOLDS_MS);
        }
        sum.retain(|_, ms| *ms > 0);
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(history: &mut History, lines: u32, why: Limit, at: i64) {
        history.decided(Decision::new(lines, why), None, Seen::default(), Millis(at));
    }

    #[test]
    fn what_is_decided_again_is_one_entry_for_a_second() {
        let mut history = History::default();
        (0..8).for_each(|look| decided(&mut history, 0, Limit::Risk, look * 250));
        decided(&mut history, 2, Limit::Risk, 2_000);
        decided(&mut history, 2, Limit::Risk, 2_250);
        let seen: Vec<_> = history
            .records()
            .iter()
            .map(|one| (one.at.0, one.until.0, one.times, one.decision.lines))
            .collect();
        let wanted = [
            (0, 750, 4, 0),
            (1_000, 1_750, 4, 0),
            (2_000, 2_000, 1, 2),
            (2_250, 2_250, 1, 2),
        ];
        assert_eq!(seen, wanted);
    }

    #[test]
    fn lines_come_to_the_decision_that_gave_them() {
        let mut history = History::default();
        decided(&mut history, 2, Limit::Risk, 0);
        history.gave([LeadId::from("a"), LeadId::from("b")].iter());
        decided(&mut history, 1, Limit::Risk, 250);
        history.gave([LeadId::from("c")].iter());
        for (lead, outcome) in [
            ("c", Outcome::Busy),
            ("a", Outcome::Connected),
            ("a", Outcome::Busy),
            ("unknown", Outcome::Busy),
        ] {
            history.came_to(&lead.into(), outcome);
        }
        let outcomes: Vec<_> = history
            .records()
            .iter()
            .map(|one| one.outcomes.clone())
            .collect();
        assert_eq!(outcomes[0], [(Outcome::Connected, 1)].into());
        assert_eq!(outcomes[1], [(Outcome::Busy, 1)].into());
    }

    #[test]
    fn the_oldest_decisions_and_their_lines_are_forgotten() {
        let mut history = History::default();
        for at in 0..2 * KEPT as i64 {
            decided(&mut history, 1, Limit::Risk, at * 100);
            history.gave([LeadId::from(at.to_string().as_str())].iter());
        }
        assert_eq!(history.records().len(), KEPT);
        assert_eq!(history.given.len(), KEPT);
        history.came_to(&"3".into(), Outcome::Busy);
        history.came_to(&(2 * KEPT - 1).to_string().as_str().into(), Outcome::Busy);
        let with = history
            .records()
            .iter()
            .filter(|one| !one.outcomes.is_empty())
            .count();
        assert_eq!(with, 1);
    }

    #[test]
    fn limits_share_the_last_hour_and_standing_still_is_in_none() {
        let mut history = History::default();
        let minute = |at: i64| at * MINUTE_MS;
        (0..4).for_each(|look| decided(&mut history, 0, Limit::Risk, minute(1) + look * 250));
        decided(&mut history, 0, Limit::Channels, minute(1) + 1_000);
        // The floor stands still, then the campaign rests.
        decided(&mut history, 0, Limit::Channels, minute(30));
        history.rest(Millis(minute(30) + 500));
        let now = Millis(minute(40));
        let wanted = [(Limit::Risk, 1_000), (Limit::Channels, 1_500)];
        assert_eq!(history.bound(now), wanted.into());
        let later = Millis(minute(61));
        assert_eq!(history.bound(later), [(Limit::Channels, 500)].into());
        assert!(history.bound(Millis(minute(120))).is_empty());
    }
}
