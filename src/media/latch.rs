//! Where a leg's far end really is (symmetric RTP), and whose packets are let in.
//!
//! The address in the SDP is a hint: behind NAT it is wrong. The first source of valid RTP is
//! locked in. Within five seconds of the negotiation
//!
//! * the address that was signalled takes its place, should it speak after all: who got there
//!   first was an intruder, or a path that is not used any more;
//! * one other source may take over, if the first fell silent and the new one sends three packets
//!   in a row; that is an early-media server giving way to the called party.
//!
//! Everything else is dropped, so nobody can bleed sound into a call or draw it away. The source id
//! and the numbers of a stream do not count as a proof: whoever hears a call knows them.

use std::net::SocketAddr;

/// Ticks of twenty milliseconds after a negotiation in which the source may change.
const OPEN_TICKS: u64 = 250;
/// Ticks for which the locked source must have been silent.
const SILENT_TICKS: u64 = 10;
/// Packets in a row that a new source must send.
const PROBATION: u8 = 3;

/// The address lock of one leg.
#[derive(Debug)]
pub struct Latch {
    signalled: SocketAddr,
    locked: Option<SocketAddr>,
    last_heard: u64,
    open_until: u64,
    changes_left: u8,
    candidate: Option<Candidate>,
}

#[derive(Debug)]
struct Candidate {
    source: SocketAddr,
    ssrc: u32,
    packets: u8,
}

impl Latch {
    /// A leg whose SDP named `signalled`, negotiated at `tick`.
    pub fn new(signalled: SocketAddr, tick: u64) -> Self {
        Self {
            signalled,
            locked: None,
            last_heard: tick,
            open_until: tick + OPEN_TICKS,
            changes_left: 1,
            candidate: None,
        }
    }

    /// A new negotiation; the lock opens again only if the far end named another address.
    pub fn renegotiate(&mut self, signalled: SocketAddr, tick: u64) {
        if signalled != self.signalled {
            *self = Self::new(signalled, tick);
        }
    }

    /// Where to send.
    pub fn destination(&self) -> SocketAddr {
        self.locked.unwrap_or(self.signalled)
    }

    /// True when a report from `source` may be this far end's: another port of the same host.
    pub fn is_host(&self, source: SocketAddr) -> bool {
        self.destination().ip() == source.ip()
    }

    /// True when a valid packet from `source` belongs to this leg.
    pub fn admits(&mut self, source: SocketAddr, ssrc: u32, tick: u64) -> bool {
        match self.locked {
            None => self.lock(source, tick),
            Some(locked) if locked == source => {
                self.last_heard = tick;
                self.candidate = None;
                true
            }
            Some(_) if source == self.signalled && tick <= self.open_until => {
                self.changes_left = 0;
                self.lock(source, tick)
            }
            Some(_) => self.may_change(tick) && self.passes_probation(source, ssrc, tick),
        }
    }

    fn lock(&mut self, source: SocketAddr, tick: u64) -> bool {
        self.locked = Some(source);
        self.last_heard = tick;
        self.candidate = None;
        true
    }

    fn may_change(&self, tick: u64) -> bool {
        let silent = tick.saturating_sub(self.last_heard) >= SILENT_TICKS;
        self.changes_left > 0 && tick <= self.open_until && silent
    }

    fn passes_probation(&mut self, source: SocketAddr, ssrc: u32, tick: u64) -> bool {
        let packets = match &mut self.candidate {
            Some(known) if known.source == source && known.ssrc == ssrc => {
                known.packets += 1;
                known.packets
            }
            _ => {
                self.candidate = Some(Candidate {
                    source,
                    ssrc,
                    packets: 1,
                });
                1
            }
        };
        if packets < PROBATION {
            return false;
        }
        self.changes_left -= 1;
        self.lock(source, tick)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn the_first_source_counts_where_the_signalled_address_is_silent() {
        let mut latch = Latch::new(at(1), 0);
        assert_eq!(latch.destination(), at(1));
        assert!(latch.admits(at(2), 9, 0));
        assert_eq!(latch.destination(), at(2));
        assert!(!latch.admits(at(3), 9, 1));
        assert!(!latch.admits(at(1), 9, 251));
    }

    #[test]
    fn the_signalled_address_puts_an_intruder_out_for_good() {
        let mut latch = Latch::new(at(1), 0);
        assert!(latch.admits(at(6), 9, 0));
        assert!(latch.admits(at(1), 9, 3));
        assert_eq!(latch.destination(), at(1));
        assert!(!(4..100).any(|tick| latch.admits(at(6), 9, tick)));
    }

    #[test]
    fn a_silent_source_gives_way_once() {
        let mut latch = Latch::new(at(1), 0);
        assert!(latch.admits(at(1), 9, 0));
        assert!(!latch.admits(at(2), 8, 20));
        assert!(!latch.admits(at(2), 8, 21));
        assert!(latch.admits(at(2), 8, 22));
        let third = (60..70).any(|tick| latch.admits(at(3), 7, tick));
        assert!(!third);
    }

    #[test]
    fn nobody_takes_over_while_the_source_talks_or_after_five_seconds() {
        let mut latch = Latch::new(at(1), 0);
        for tick in 0..200 {
            assert!(latch.admits(at(1), 9, tick));
            assert!(!latch.admits(at(2), 8, tick));
        }
        let late = (300..320).any(|tick| latch.admits(at(2), 8, tick));
        assert!(!late);
    }

    #[test]
    fn a_new_address_in_a_new_sdp_opens_the_lock() {
        let mut latch = Latch::new(at(1), 0);
        assert!(latch.admits(at(1), 9, 0));
        latch.renegotiate(at(1), 500);
        assert!(!latch.admits(at(5), 8, 501));
        latch.renegotiate(at(5), 500);
        assert!(latch.admits(at(5), 8, 501));
    }
}
