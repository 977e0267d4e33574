//! What a shift came to.

use engine::{
    floor::{AgentChange, CloseCall},
    ledger::Tally,
    time::Millis,
};
use serde::Serialize;

/// The picture has one point for each of these.
const SPAN_MS: i64 = 300_000;

/// What a shift came to. Shares are 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    pub seed: u64,
    pub agents: u32,
    pub channels: u32,
    /// The cap of a predictive policy.
    pub cap: Option<f64>,
    /// Talk and after-call work as a share of the time on duty, breaks left out.
    pub occupancy: f64,
    /// Lost persons among those who answered.
    pub abandoned: f64,
    /// The same over the worst clock hour with at least 50 answers.
    pub worst_hour: f64,
    pub dials: u64,
    pub answered: u64,
    pub connected: u64,
    pub lost: u64,
    /// Persons who were connected, for each hour that an agent was on duty.
    pub connects_per_agent_hour: f64,
    /// Seconds that an agent waited for a connected call, the mean.
    pub idle_wait_s: f64,
    /// Channels of the gateway in use: mean and peak.
    pub channels_mean: f64,
    pub channels_peak: u32,
    /// Seconds from the beginning until the list was done; `None` when it was not.
    pub finished_after_s: Option<f64>,
    /// Leads that were never dialled.
    pub untouched: u64,
    /// Five minutes each.
    pub spans: Vec<Span>,
}

/// Five minutes of a shift.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Span {
    pub occupancy: f64,
    pub dials: u64,
    pub answered: u64,
    pub lost: u64,
}

/// Adds up while the shift goes on.
pub(crate) struct Meter {
    opens: Millis,
    end: Millis,
    busy_ms: Vec<i64>,
    idle_ms: Vec<i64>,
    spans: Vec<Span>,
    pub tally: Tally,
    pub dials: u64,
    hours: Vec<Tally>,
    in_use: u32,
    peak: u32,
    since: Millis,
    channel_ms: i64,
    pub finished: Option<Millis>,
}

impl Meter {
    pub fn new(opens: Millis, end: Millis) -> Self {
        let spans = (end.since(opens) + SPAN_MS - 1) / SPAN_MS;
        let spans = usize::try_from(spans).unwrap_or_default().max(1);
        Self {
            opens,
            end,
            busy_ms: vec![0; spans],
            idle_ms: vec![0; spans],
            spans: vec![Span::default(); spans],
            tally: Tally::default(),
            dials: 0,
            hours: vec![Tally::default(); spans.div_ceil(12)],
            in_use: 0,
            peak: 0,
            since: opens,
            channel_ms: 0,
            finished: None,
        }
    }

    fn span(&self, at: Millis) -> usize {
        let span = usize::try_from(at.since(self.opens) / SPAN_MS).unwrap_or_default();
        span.min(self.spans.len() - 1)
    }

    pub fn dialled(&mut self, at: Millis) {
        self.dials += 1;
        let span = self.span(at);
        self.spans[span].dials += 1;
    }

    /// A channel of the gateway was taken (1) or given back (-1).
    pub fn channel(&mut self, by: i32, at: Millis) {
        self.channel_ms += i64::from(self.in_use) * at.since(self.since);
        self.since = at;
        self.in_use = self.in_use.saturating_add_signed(by);
        self.peak = self.peak.max(self.in_use);
    }

    pub fn closed(&mut self, call: &CloseCall) {
        if call.answer_class.is_no_person() {
            return;
        }
        let Some(at) = call.times.answered.filter(|_| call.attempt.is_some()) else {
            return;
        };
        let met = call.times.bridged.is_some();
        let lost = !met && call.gave_up.is_some();
        let new = Tally {
            answered: 1,
            connected: u64::from(met),
            lost: u64::from(lost),
            ..Tally::default()
        };
        self.tally.add(&new);
        let span = self.span(at);
        self.spans[span].answered += 1;
        self.spans[span].lost += u64::from(lost);
        self.hours[span / 12].add(&new);
    }

    /// An agent leaves a state after a while.
    pub fn agent(&mut self, change: &AgentChange) {
        self.spent(change.from, change.at.plus(-change.ms), change.at);
    }

    /// An agent was in a state from then to then.
    pub fn spent(&mut self, state: &str, from: Millis, to: Millis) {
        let counted = match state {
            "busy" | "acw" => &mut self.busy_ms,
            "ready" => &mut self.idle_ms,
            _ => return,
        };
        let (mut from, to) = (from.max(self.opens), to.min(self.end));
        while from < to {
            let span = (from.since(self.opens) / SPAN_MS) as usize;
            let edge = self.opens.plus((span as i64 + 1) * SPAN_MS).min(to);
            if let Some(ms) = counted.get_mut(span) {
                *ms += edge.since(from);
            }
            from = edge;
        }
    }

    /// What it came to. `head` brings what was set.
    pub fn read(mut self, head: Figures, now: Millis) -> Figures {
        self.channel(0, now);
        let (busy, idle): (i64, i64) = (self.busy_ms.iter().sum(), self.idle_ms.iter().sum());
        let hours = (busy + idle) as f64 / 3_600_000.0;
        for (no, span) in self.spans.iter_mut().enumerate() {
            span.occupancy = ratio(self.busy_ms[no], self.busy_ms[no] + self.idle_ms[no]);
        }
        let worst = self.hours.iter().filter(|hour| hour.answered >= 50);
        let played = usize::try_from(now.since(self.opens) / SPAN_MS).unwrap_or_default() + 1;
        self.spans.truncate(played);
        Figures {
            occupancy: ratio(busy, busy + idle),
            abandoned: self.tally.rate(),
            worst_hour: worst.map(Tally::rate).fold(0.0, f64::max),
            dials: self.dials,
            answered: self.tally.answered,
            connected: self.tally.connected,
            lost: self.tally.lost,
            connects_per_agent_hour: self.tally.connected as f64 / hours.max(1e-9),
            idle_wait_s: idle as f64 / 1_000.0 / (self.tally.connected as f64).max(1.0),
            channels_mean: ratio(self.channel_ms, now.since(self.opens)),
            channels_peak: self.peak,
            finished_after_s: self
                .finished
                .map(|at| at.since(self.opens) as f64 / 1_000.0),
            spans: self.spans,
            ..head
        }
    }
}

fn ratio(part: i64, whole: i64) -> f64 {
    if whole <= 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}
