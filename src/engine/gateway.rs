//! What a gateway can carry, and whether it takes one more call (OUT-250 to OUT-253).

use serde::{Deserialize, Serialize};

use crate::time::Millis;

/// A gateway's limits, as stored with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Calls up at once, 1 to 10,000.
    pub max_channels: u32,
    /// New calls a second, 0.1 to 1,000.
    pub max_cps: f64,
    /// Share of the channels that outbound dialling leaves free for inbound calls, 0 to 0.9.
    pub inbound_reserved: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_channels: 30,
            max_cps: 5.0,
            inbound_reserved: 0.1,
        }
    }
}

/// A gateway as the floor sees it.
#[derive(Debug, Clone)]
pub struct Gateway {
    pub settings: Settings,
    pub in_use: u32,
    /// Calls that may start now: a token bucket one second deep.
    tokens: f64,
    filled_at: Millis,
    recent: Recent,
    paused_until: Option<Millis>,
    /// Pauses in a row: each is twice as long as the one before.
    pauses: u32,
    /// It does not answer when asked (OPTIONS).
    down: bool,
}

/// Why a gateway does not take one more call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    Channels,
    Rate,
    Paused,
}

/// Why nothing is dialled through a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// It does not answer when it is asked, or its registrar does not have us.
    Silent,
    /// It failed most calls of the last minute, and rests.
    Failing,
}

/// Failures of the gateway itself over the last minute.
#[derive(Debug, Clone, Default)]
struct Recent {
    calls: std::collections::VecDeque<(Millis, bool)>,
}

const WATCHED_MS: i64 = 60_000;
/// The first pause; the longest is 32 times this.
const PAUSE_MS: i64 = 60_000;
const LONGEST_PAUSE: u32 = 5;
const LEAST_CALLS: usize = 20;
/// After a pause so few calls decide whether there is to be another.
const LEAST_CALLS_AFTER_A_PAUSE: usize = 5;

impl Gateway {
    #[must_use]
    pub fn new(settings: Settings, now: Millis) -> Self {
        let tokens = settings.max_cps.max(1.0);
        Self {
            settings,
            in_use: 0,
            tokens,
            filled_at: now,
            recent: Recent::default(),
            paused_until: None,
            pauses: 0,
            down: false,
        }
    }

    /// The same gateway, its calls and its health, under new limits.
    #[must_use]
    pub fn with(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }

    /// Channels that outbound dialling may still take now.
    #[must_use]
    pub fn free_for_dialling(&self) -> u32 {
        let reserved = f64::from(self.settings.max_channels) * self.settings.inbound_reserved;
        // The reserve of a small gateway never takes its last channel.
        let most = self.settings.max_channels.saturating_sub(1);
        let reserved = ((reserved - 1e-9).ceil() as u32).min(most);
        self.settings
            .max_channels
            .saturating_sub(reserved)
            .saturating_sub(self.in_use)
    }

    /// Calls that may start at once under the rate limit.
    #[must_use]
    pub fn burst(&mut self, now: Millis) -> u32 {
        self.fill(now);
        self.tokens as u32
    }

    /// Takes a channel and a token for one outbound call.
    ///
    /// # Errors
    /// The limit that binds. Nothing is taken.
    pub fn admit(&mut self, now: Millis) -> Result<(), Full> {
        self.room(now)?;
        self.tokens -= 1.0;
        self.in_use += 1;
        Ok(())
    }

    /// Whether [`Self::admit`] would take a call now.
    ///
    /// # Errors
    /// The limit that binds.
    pub fn room(&mut self, now: Millis) -> Result<(), Full> {
        if self.is_paused(now) {
            return Err(Full::Paused);
        }
        if self.free_for_dialling() == 0 {
            return Err(Full::Channels);
        }
        self.fill(now);
        if self.tokens < 1.0 {
            return Err(Full::Rate);
        }
        Ok(())
    }

    /// Another INVITE left for a call that was admitted: after a challenge or a redirect. It counts
    /// like any other, so the next call waits for it too.
    pub fn sent_again(&mut self, now: Millis) {
        self.fill(now);
        self.tokens -= 1.0;
    }

    /// It answers when it is asked, or it does not. Returns whether that is news.
    pub fn answers(&mut self, up: bool) -> bool {
        let is_news = self.down == up;
        self.down = !up;
        is_news
    }

    /// Takes a channel for an inbound call; the reserve is there for it. Neither rate nor health keeps
    /// out a call that has come already.
    ///
    /// # Errors
    /// [`Full::Channels`]; nothing is taken.
    pub fn admit_inbound(&mut self) -> Result<(), Full> {
        if self.in_use >= self.settings.max_channels {
            return Err(Full::Channels);
        }
        self.in_use += 1;
        Ok(())
    }

    /// The call it was taken for was never sent: this says nothing about the gateway's health.
    pub fn give_back(&mut self) {
        self.in_use = self.in_use.saturating_sub(1);
    }

    /// A call ended. `our_fault`: the gateway, not the called party, failed it (OUT-253).
    /// Returns true when this failure opened the breaker.
    pub fn release(&mut self, our_fault: bool, now: Millis) -> bool {
        self.in_use = self.in_use.saturating_sub(1);
        self.recent.calls.push_back((now, our_fault));
        while self
            .recent
            .calls
            .front()
            .is_some_and(|(at, _)| now.since(*at) > WATCHED_MS)
        {
            self.recent.calls.pop_front();
        }
        let failed = self
            .recent
            .calls
            .iter()
            .filter(|(_, failed)| *failed)
            .count();
        let enough = if self.pauses == 0 {
            LEAST_CALLS
        } else {
            LEAST_CALLS_AFTER_A_PAUSE
        };
        if self.recent.calls.len() < enough {
            return false;
        }
        let failing = failed * 2 > self.recent.calls.len();
        if failing {
            self.recent.calls.clear();
            let longer = self.pauses.min(LONGEST_PAUSE);
            self.pauses += 1;
            self.paused_until = Some(now.plus(PAUSE_MS << longer));
        } else if self.recent.calls.len() >= LEAST_CALLS {
            self.pauses = 0;
        }
        failing
    }

    /// When a pause ends or a token is there, whichever keeps dialling from going on.
    #[must_use]
    pub fn next_token(&self, now: Millis) -> Option<Millis> {
        if let Some(until) = self.paused_until.filter(|until| now < *until) {
            return Some(until);
        }
        if self.down || self.tokens >= 1.0 {
            return None;
        }
        let wait = ((1.0 - self.tokens) / self.settings.max_cps * 1000.0).ceil() as i64;
        Some(self.filled_at.plus(wait.max(1)))
    }

    /// The wall clock was set: a pause lasts as long as it would have, and the bucket is as full.
    pub fn shift(&mut self, by_ms: i64) {
        self.filled_at = self.filled_at.plus(by_ms);
        self.paused_until = self.paused_until.map(|until| until.plus(by_ms));
        for (at, _) in &mut self.recent.calls {
            *at = at.plus(by_ms);
        }
    }

    #[must_use]
    pub fn is_paused(&self, now: Millis) -> bool {
        self.trouble(now).is_some()
    }

    /// Why nothing is dialled through it now, and until when where that is known.
    #[must_use]
    pub fn trouble(&self, now: Millis) -> Option<(Trouble, Option<Millis>)> {
        if self.down {
            return Some((Trouble::Silent, None));
        }
        let until = self.paused_until.filter(|until| now < *until)?;
        Some((Trouble::Failing, Some(until)))
    }

    fn fill(&mut self, now: Millis) {
        let seconds = now.since(self.filled_at) as f64 / 1000.0;
        let depth = self.settings.max_cps.max(1.0);
        self.tokens = (self.tokens + seconds * self.settings.max_cps).min(depth);
        self.filled_at = self.filled_at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(max_channels: u32, max_cps: f64) -> Gateway {
        Gateway::new(
            Settings {
                max_channels,
                max_cps,
                inbound_reserved: 0.1,
            },
            Millis(0),
        )
    }

    #[test]
    fn the_inbound_reserve_is_never_dialled_into() {
        let mut trunk = gateway(10, 100.0);
        for _ in 0..9 {
            assert_eq!(trunk.admit(Millis(0)), Ok(()));
        }
        assert_eq!(trunk.admit(Millis(0)), Err(Full::Channels));
        assert_eq!(trunk.admit_inbound(), Ok(()));
        assert_eq!(trunk.in_use, 10);
        assert_eq!(trunk.admit_inbound(), Err(Full::Channels));
        assert_eq!(trunk.in_use, 10);
    }

    #[test]
    fn calls_per_second_are_spaced_by_the_bucket() {
        let mut trunk = gateway(100, 2.0);
        assert_eq!(trunk.admit(Millis(0)), Ok(()));
        assert_eq!(trunk.admit(Millis(0)), Ok(()));
        assert_eq!(trunk.admit(Millis(0)), Err(Full::Rate));
        assert_eq!(trunk.next_token(Millis(0)), Some(Millis(500)));
        assert_eq!(trunk.admit(Millis(500)), Ok(()));
    }

    #[test]
    fn a_gateway_that_fails_most_calls_is_left_alone_for_a_minute() {
        let mut trunk = gateway(100, 100.0);
        let mut opened = false;
        for call in 0..20 {
            trunk.admit(Millis(call * 10)).unwrap();
            opened = trunk.release(call % 4 != 0, Millis(call * 10 + 5));
        }
        assert!(opened);
        assert_eq!(trunk.admit(Millis(1_000)), Err(Full::Paused));
        assert_eq!(trunk.admit(Millis(61_000)), Ok(()));
    }

    /// Fails calls until the breaker opens; when it did.
    fn fail(trunk: &mut Gateway, from: Millis) -> Millis {
        (0..40)
            .map(|call| from.plus(call * 10))
            .find(|at| trunk.admit(*at).is_ok() && trunk.release(true, *at))
            .expect("the breaker opens")
    }

    #[test]
    fn pauses_double_until_calls_go_through_again() {
        let mut trunk = gateway(100, 100.0);
        let mut now = Millis(0);
        for minutes in [1, 2, 4, 8, 16, 32, 32] {
            let opened = fail(&mut trunk, now);
            let until = opened.plus(minutes * 60_000);
            assert_eq!(trunk.room(until.plus(-1)), Err(Full::Paused));
            assert_eq!(trunk.room(until), Ok(()), "{minutes} minutes");
            now = until;
        }
        for call in 0..20 {
            let at = now.plus(call * 100);
            trunk.admit(at).unwrap();
            assert!(!trunk.release(false, at));
        }
        let opened = fail(&mut trunk, now.plus(120_000));
        assert_eq!(trunk.room(opened.plus(60_000)), Ok(()));
    }

    #[test]
    fn an_invite_that_is_sent_again_keeps_the_next_call_waiting() {
        let mut trunk = gateway(100, 2.0);
        trunk.admit(Millis(0)).unwrap();
        trunk.sent_again(Millis(0));
        trunk.sent_again(Millis(0));
        assert_eq!(trunk.room(Millis(500)), Err(Full::Rate));
        assert_eq!(trunk.next_token(Millis(500)), Some(Millis(1_000)));
        assert_eq!(trunk.admit(Millis(1_000)), Ok(()));
    }

    #[test]
    fn a_gateway_that_does_not_answer_is_not_dialled_through() {
        let mut trunk = gateway(100, 2.0);
        assert!(!trunk.answers(true));
        assert!(trunk.answers(false));
        assert!(!trunk.answers(false), "no news");
        assert_eq!(trunk.admit(Millis(0)), Err(Full::Paused));
        assert!(trunk.answers(true));
        assert_eq!(trunk.admit(Millis(0)), Ok(()));
    }
}
