//! Every timer of the core, in one list ordered by time.

use std::collections::BTreeMap;

use crate::{AccountId, CallRef};

/// What is due. A timer is never taken back: whoever is woken looks whether it still matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Timer {
    /// An outgoing call rang long enough.
    Ring(CallRef),
    /// A cancelled INVITE got no final response.
    CancelGuard(CallRef),
    /// The house left an incoming call unanswered.
    Unanswered(CallRef),
    /// No stray 2xx can come any more.
    ForgetInvite(u64),
    /// A contact of this phone may have run out.
    Binding(String),
    /// Refresh or retry; the number tells timers of an earlier turn apart.
    Account(AccountId, u64),
    Ping(String, u64),
    /// An address of this gateway may be used again.
    Recovered(String),
    /// The INVITE of this transaction got no sign of life.
    GiveWay(CallRef, u64),
    /// The gateway's pace lets the next INVITE of this call go.
    NextWay(CallRef),
    /// The PRACK for this RSeq has not come.
    Reliable(CallRef, u32),
    /// Refresh the session, or end it; the number tells timers of an earlier turn apart.
    Session(CallRef, u64),
    /// Refresh the session by re-INVITE, after a refusal in that turn.
    RefreshAgain(CallRef, u64),
    /// Offer again after both sides had done so at once.
    Glare(CallRef),
    /// The re-INVITE of this transaction was never finally answered.
    Reoffer(CallRef, u64),
    /// Nothing is told of the transfer that we asked for; the number tells earlier waits apart.
    Referral(CallRef, u64),
    PingPhones,
    /// Forget old nonces.
    Sweep,
}

#[derive(Debug, Default)]
pub(super) struct Timers {
    queue: BTreeMap<(u64, u64), Timer>,
    set: u64,
}

impl Timers {
    pub(super) fn set(&mut self, at_ms: u64, timer: Timer) {
        self.set += 1;
        self.queue.insert((at_ms, self.set), timer);
    }

    pub(super) fn next(&self) -> Option<u64> {
        self.queue.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes out the first timer that is due.
    pub(super) fn due(&mut self, now_ms: u64) -> Option<Timer> {
        let first = self.queue.first_entry()?;
        (first.key().0 <= now_ms).then(|| first.remove())
    }
}
