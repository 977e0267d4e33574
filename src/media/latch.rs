//! Where a leg's far end really is (symmetric RTP), and whose packets are let in.
//!
//! The address in the SDP is a hint: behind NAT it is wrong. One source is locked in; it alone is
//! heard, and it is sent the sound.
//!
//! * The address that was signalled, or any port of its host or of a host that the leg's SIP comes
//!   from, is locked in with its first packet.
//! * Anybody else must wait for a second, and then send [`PROBATION`] packets in a row.
//! * The signalled address puts everybody else out whenever it speaks, and one of those hosts every
//!   stranger.
//! * For five seconds after each negotiation, and after the answer, one other source may take over,
//!   if the one that is locked in has fallen silent and the new one sends [`PROBATION`] packets in a
//!   row: an early-media server gives way to the called party, a router gives a phone another port.
//!
//! Everything else is dropped. The source id and the numbers of a stream do not count as a proof:
//! whoever hears a call knows them. What this cannot tell from the far end without encryption: who
//! writes its address on packets of his own, or sits behind the same router; and a stranger whose whole
//! stream comes to the port before any other, or in one of those five seconds while the far end pauses.
//! He is put out when the far end speaks from the signalled address or from a host of its SIP, and stays
//! where it does neither.

use std::net::{IpAddr, SocketAddr};

use crate::packet::Packet;

/// Ticks of twenty milliseconds for which a leg without a source waits for one that is known.
const KNOWN_FIRST_TICKS: u64 = 50;
/// Ticks after a negotiation in which the source may change.
const OPEN_TICKS: u64 = 250;
/// Ticks for which the locked source must have been silent.
const SILENT_TICKS: u64 = 10;
/// Packets in a row, each numbered after the one before, that an unproven source must send.
const PROBATION: u8 = 4;

/// The address lock of one leg.
#[derive(Debug)]
pub struct Latch {
    signalled: SocketAddr,
    /// Where the leg's SIP comes from.
    hosts: Vec<IpAddr>,
    locked: Option<SocketAddr>,
    last_heard: u64,
    strangers_from: u64,
    open_until: u64,
    may_change: bool,
    candidate: Option<Candidate>,
}

#[derive(Debug)]
struct Candidate {
    source: SocketAddr,
    ssrc: u32,
    sequence: u16,
    packets: u8,
}

/// What speaks for a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Stranger,
    /// Its host is known.
    Host,
    Signalled,
}

/// What becomes of a valid packet.
enum Claim {
    Refused,
    OnProbation,
    Admitted,
}

impl Latch {
    /// A leg whose SDP named `signalled`, negotiated at `tick`, and whose SIP comes from `hosts`.
    pub fn new(signalled: SocketAddr, hosts: Vec<IpAddr>, tick: u64) -> Self {
        Self {
            signalled,
            hosts,
            locked: None,
            last_heard: tick,
            strangers_from: tick + KNOWN_FIRST_TICKS,
            open_until: tick + OPEN_TICKS,
            may_change: true,
            candidate: None,
        }
    }

    /// A new negotiation: another address is another far end. At the same one, who is locked in
    /// stays until somebody else takes over.
    pub fn renegotiate(&mut self, signalled: SocketAddr, tick: u64) {
        if signalled == self.signalled {
            self.reopen(tick);
        } else {
            *self = Self::new(signalled, std::mem::take(&mut self.hosts), tick);
        }
    }

    /// From now on the sound may come from elsewhere.
    pub fn reopen(&mut self, tick: u64) {
        self.open_until = tick + OPEN_TICKS;
        self.may_change = true;
        self.candidate = None;
    }

    /// From now on the far end stays who it is.
    pub fn shut(&mut self) {
        self.may_change = false;
    }

    /// Where to send.
    pub fn destination(&self) -> SocketAddr {
        self.locked.unwrap_or(self.signalled)
    }

    /// True when a report from `source` may be this far end's: another port of the same host.
    pub fn is_host(&self, source: SocketAddr) -> bool {
        self.destination().ip() == source.ip()
    }

    /// True when a packet from `source` might be let in, whatever is in it.
    pub fn listens_to(&self, source: SocketAddr, tick: u64) -> bool {
        !matches!(self.claim(source, tick), Claim::Refused)
    }

    /// True when a valid packet from `source` belongs to this leg.
    pub fn admits(&mut self, source: SocketAddr, packet: &Packet<'_>, tick: u64) -> bool {
        match self.claim(source, tick) {
            Claim::Refused => false,
            Claim::Admitted => self.lock(source, tick),
            Claim::OnProbation => self.passes_probation(source, packet) && self.lock(source, tick),
        }
    }

    fn claim(&self, source: SocketAddr, tick: u64) -> Claim {
        let standing = self.standing(source);
        let probation = |allowed| match allowed {
            true => Claim::OnProbation,
            false => Claim::Refused,
        };
        match self.locked {
            Some(locked) if locked == source || standing > self.standing(locked) => Claim::Admitted,
            Some(_) => probation(self.gives_way(tick)),
            None if standing > Standing::Stranger => Claim::Admitted,
            None => probation(tick >= self.strangers_from),
        }
    }

    fn standing(&self, source: SocketAddr) -> Standing {
        let ip = source.ip().to_canonical();
        let is_known = |host: &IpAddr| host.to_canonical() == ip;
        if source == self.signalled {
            Standing::Signalled
        } else if is_known(&self.signalled.ip()) || self.hosts.iter().any(is_known) {
            Standing::Host
        } else {
            Standing::Stranger
        }
    }

    fn gives_way(&self, tick: u64) -> bool {
        let silent = tick.saturating_sub(self.last_heard) >= SILENT_TICKS;
        self.may_change && tick <= self.open_until && silent
    }

    fn lock(&mut self, source: SocketAddr, tick: u64) -> bool {
        if self.locked.is_some_and(|locked| locked != source) {
            self.may_change = false;
        }
        self.locked = Some(source);
        self.last_heard = tick;
        self.candidate = None;
        true
    }

    fn passes_probation(&mut self, source: SocketAddr, packet: &Packet<'_>) -> bool {
        let packets = match &self.candidate {
            Some(known) if known.is_followed_by(source, packet) => known.packets + 1,
            _ => 1,
        };
        self.candidate = Some(Candidate {
            source,
            ssrc: packet.ssrc,
            sequence: packet.sequence,
            packets,
        });
        packets >= PROBATION
    }
}

impl Candidate {
    fn is_followed_by(&self, source: SocketAddr, packet: &Packet<'_>) -> bool {
        self.source == source
            && self.ssrc == packet.ssrc
            && self.sequence.wrapping_add(1) == packet.sequence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNALLED: ([u8; 4], u16) = ([192, 0, 2, 1], 4_000);
    /// Another port of the same host.
    const BESIDE: ([u8; 4], u16) = ([192, 0, 2, 1], 4_002);
    /// Where the SIP comes from: the far end's router.
    const ROUTER: ([u8; 4], u16) = ([198, 51, 100, 7], 61_000);
    /// The same after it has forgotten the first mapping.
    const LATER: ([u8; 4], u16) = ([198, 51, 100, 7], 62_000);
    const STRANGER: ([u8; 4], u16) = ([203, 0, 113, 9], 5_000);
    const OTHER: ([u8; 4], u16) = ([203, 0, 113, 10], 5_000);

    fn latch() -> Latch {
        let router = IpAddr::from(ROUTER.0);
        Latch::new(SIGNALLED.into(), vec![router], 0)
    }

    /// Whether a packet with this number is let in.
    fn numbered(latch: &mut Latch, from: ([u8; 4], u16), sequence: u16, tick: u64) -> bool {
        let packet = Packet {
            payload_type: 8,
            marker: false,
            sequence,
            timestamp: 0,
            ssrc: u32::from(from.1),
            payload: &[],
        };
        let listens = latch.listens_to(from.into(), tick);
        let admits = latch.admits(from.into(), &packet, tick);
        assert!(listens || !admits);
        admits
    }

    /// Whether a packet of a stream that has one a tick is let in.
    fn comes(latch: &mut Latch, from: ([u8; 4], u16), tick: u64) -> bool {
        numbered(latch, from, tick as u16, tick)
    }

    #[test]
    fn in_the_first_second_only_a_host_that_is_known_is_heard() {
        for known in [SIGNALLED, BESIDE, ROUTER] {
            let mut latch = latch();
            assert!(!(0..50).any(|tick| comes(&mut latch, STRANGER, tick)));
            assert_eq!(latch.destination(), SIGNALLED.into());
            assert!(comes(&mut latch, known, 49));
            assert_eq!(latch.destination(), known.into());
            assert!(!(50..400).any(|tick| {
                assert!(comes(&mut latch, known, tick));
                comes(&mut latch, STRANGER, tick)
            }));
        }
    }

    #[test]
    fn stray_packets_are_never_heard_and_a_stream_is_where_nobody_else_speaks() {
        let mut latch = latch();
        let stray = |latch: &mut Latch, nth: u16| {
            let tick = 60 + u64::from(nth);
            numbered(latch, STRANGER, nth * 2, tick) || numbered(latch, OTHER, nth, tick)
        };
        assert!(!(0..100).any(|nth| stray(&mut latch, nth)));
        let heard: Vec<bool> = (200..206)
            .map(|tick| comes(&mut latch, STRANGER, tick))
            .collect();
        assert_eq!(heard, [false, false, false, true, true, true]);
        assert_eq!(latch.destination(), STRANGER.into());
    }

    #[test]
    fn who_is_known_puts_a_stranger_out_at_any_time_and_for_good() {
        for known in [ROUTER, SIGNALLED] {
            let mut latch = latch();
            assert!((50..900).any(|tick| comes(&mut latch, STRANGER, tick)));
            assert!(comes(&mut latch, known, 900));
            assert_eq!(latch.destination(), known.into());
            assert!(!(901..1_200).any(|tick| comes(&mut latch, STRANGER, tick)));
        }
        let mut latch = latch();
        assert!(comes(&mut latch, ROUTER, 0));
        assert!(comes(&mut latch, SIGNALLED, 3));
        assert!(!(4..300).any(|tick| comes(&mut latch, ROUTER, tick)));
    }

    #[test]
    fn a_silent_source_gives_way_once() {
        let mut latch = latch();
        assert!(comes(&mut latch, SIGNALLED, 0));
        assert!(!(1..13).any(|tick| comes(&mut latch, OTHER, tick)));
        assert!(comes(&mut latch, OTHER, 13));
        assert!(!(30..300).any(|tick| comes(&mut latch, STRANGER, tick)));
    }

    #[test]
    fn nobody_takes_over_while_the_source_talks_or_after_five_seconds() {
        let mut latch = latch();
        for tick in 0..200 {
            assert!(comes(&mut latch, SIGNALLED, tick));
            assert!(!comes(&mut latch, OTHER, tick));
        }
        assert!(!(300..320).any(|tick| comes(&mut latch, OTHER, tick)));
    }

    #[test]
    fn after_a_negotiation_the_far_end_may_come_from_another_port_once() {
        let mut latch = latch();
        assert!(comes(&mut latch, ROUTER, 0));
        assert!(!(3_000..3_100).any(|tick| comes(&mut latch, LATER, tick)));
        latch.renegotiate(SIGNALLED.into(), 3_100);
        assert_eq!(latch.destination(), ROUTER.into(), "until it is heard");
        assert!((3_101..3_110).any(|tick| comes(&mut latch, LATER, tick)));
        assert_eq!(latch.destination(), LATER.into());
        assert!(!(3_200..3_300).any(|tick| comes(&mut latch, OTHER, tick)));
        latch.reopen(4_000);
        assert!((4_001..4_010).any(|tick| comes(&mut latch, OTHER, tick)));
    }

    #[test]
    fn nobody_takes_the_place_of_one_that_is_silent_by_intent() {
        let mut latch = latch();
        assert!(comes(&mut latch, ROUTER, 0));
        latch.renegotiate(SIGNALLED.into(), 100);
        latch.shut();
        assert!(!(100..400).any(|tick| comes(&mut latch, STRANGER, tick)));
        assert!(comes(&mut latch, ROUTER, 400));
    }

    #[test]
    fn a_new_address_in_a_new_sdp_is_sent_to_at_once() {
        let mut latch = latch();
        assert!(comes(&mut latch, SIGNALLED, 0));
        latch.renegotiate(OTHER.into(), 500);
        assert_eq!(latch.destination(), OTHER.into());
        assert!(comes(&mut latch, OTHER, 501));
        assert!(!comes(&mut latch, SIGNALLED, 502));
    }
}
