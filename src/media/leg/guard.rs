//! The keys of an encrypted leg at work (SRTP, keys by SDES).

use crate::{
    command::Crypto,
    srtp::{Protect, Unprotect},
};

/// Both directions of a leg.
#[derive(Debug)]
pub struct Guard {
    pub protect: Protect,
    pub unprotect: Unprotect,
}

impl Guard {
    pub fn new(crypto: Crypto) -> Box<Self> {
        Box::new(Self {
            protect: Protect::new(&crypto.ours),
            unprotect: Unprotect::new(&crypto.theirs),
        })
    }

    /// Keys that were agreed again. A key that stays goes on counting, in another suite too: begun anew,
    /// it would encrypt twice with the same numbers, and after a rollover the far end would take nothing
    /// of ours any more (RFC 3711 section 3.3.1).
    pub fn renew(&mut self, now: Crypto) {
        if !self.protect.continue_with(&now.ours) {
            self.protect = Protect::new(&now.ours);
        }
        if !self.unprotect.continue_with(&now.theirs) {
            self.unprotect = Unprotect::new(&now.theirs);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Keying, Suite,
        packet::{HEADER, Packet},
        srtp::OVERHEAD,
    };

    fn random() -> Keying {
        Keying::random(Suite::Sha1_80)
    }

    /// A packet as it goes out.
    fn sent(protect: &mut Protect, sequence: u16) -> Vec<u8> {
        let packet = Packet {
            payload_type: 8,
            marker: false,
            sequence,
            timestamp: 0,
            ssrc: 7,
            payload: &[0xD5; 20],
        };
        let mut buffer = [0; HEADER + 20 + OVERHEAD];
        let length = packet.write(&mut buffer);
        let length = protect.rtp(&mut buffer, length).expect("room");
        buffer[..length].to_vec()
    }

    fn report(protect: &mut Protect) -> Vec<u8> {
        let mut buffer = [0; 8 + OVERHEAD];
        buffer[..4].copy_from_slice(&[0x80, 201, 0, 1]);
        let length = protect.rtcp(&mut buffer, 8).expect("room");
        buffer[..length].to_vec()
    }

    #[test]
    fn a_key_that_stays_counts_on_over_the_rollover_when_the_other_one_changes() {
        let before = Crypto {
            ours: random(),
            theirs: random(),
        };
        let mut guard = Guard::new(before);
        let mut far = Unprotect::new(&before.ours);
        for nth in 0..20 {
            let sequence = 65_530_u16.wrapping_add(nth);
            let taken = far.rtp(&mut sent(&mut guard.protect, sequence));
            assert!(taken.is_some(), "packet {sequence}");
            assert!(far.rtcp(&mut report(&mut guard.protect)).is_some());
        }
        let now = Crypto {
            theirs: random(),
            ..before
        };
        guard.renew(now);
        assert!(far.rtp(&mut sent(&mut guard.protect, 14)).is_some());
        assert!(far.rtcp(&mut report(&mut guard.protect)).is_some());
        let mut theirs = Protect::new(&now.theirs);
        assert!(guard.unprotect.rtp(&mut sent(&mut theirs, 9)).is_some());
        let mut old = Protect::new(&before.theirs);
        assert_eq!(guard.unprotect.rtp(&mut sent(&mut old, 10)), None);

        let other = Crypto {
            ours: random(),
            ..now
        };
        guard.renew(other);
        assert_eq!(far.rtp(&mut sent(&mut guard.protect, 15)), None);
        // What was received with their key is known still.
        assert!(guard.unprotect.rtp(&mut sent(&mut theirs, 10)).is_some());
    }

    #[test]
    fn a_key_that_stays_counts_on_in_another_suite() {
        let before = Crypto {
            ours: random(),
            theirs: random(),
        };
        let shorter = |keying: Keying| Keying {
            suite: Suite::Sha1_32,
            ..keying
        };
        let now = Crypto {
            ours: shorter(before.ours),
            theirs: shorter(before.theirs),
        };
        let mut guard = Guard::new(before);
        let mut theirs = Protect::new(&before.theirs);
        let mut first_report = Vec::new();
        for sequence in [65_535, 0] {
            sent(&mut guard.protect, sequence);
            first_report = report(&mut guard.protect);
            let mut packet = sent(&mut theirs, sequence);
            assert!(guard.unprotect.rtp(&mut packet).is_some());
        }
        guard.renew(now);
        // A far end that has counted a rollover, and one report after the other.
        let mut far = Unprotect::new(&before.ours);
        let mut old = Protect::new(&before.ours);
        for sequence in [65_535, 0] {
            assert!(far.rtp(&mut sent(&mut old, sequence)).is_some());
        }
        assert!(far.continue_with(&now.ours));
        let packet = sent(&mut guard.protect, 1);
        assert_eq!(packet.len(), HEADER + 20 + 4);
        assert!(far.rtp(&mut packet.clone()).is_some());
        assert!(far.rtcp(&mut first_report).is_some());
        assert!(
            far.rtcp(&mut report(&mut guard.protect)).is_some(),
            "a new number"
        );
        assert!(theirs.continue_with(&now.theirs));
        assert!(guard.unprotect.rtp(&mut sent(&mut theirs, 1)).is_some());
    }
}
