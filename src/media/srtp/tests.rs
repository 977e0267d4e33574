//! Vectors of RFC 3711, and what the network does to packets.

use super::*;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|c| c.to_digit(16).map(|digit| digit as u8))
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

fn keying(suite: Suite) -> Keying {
    let bytes = hex("E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6");
    Keying {
        suite,
        key_and_salt: bytes.try_into().expect("thirty bytes"),
    }
}

fn packet(sequence: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 0];
    packet.extend(sequence.to_be_bytes());
    packet.extend([0, 0, 0, 160, 1, 2, 3, 4]);
    packet.extend([0x55; 160]);
    packet
}

fn protected(protect: &mut Protect, sequence: u16) -> Vec<u8> {
    let mut buffer = packet(sequence);
    let length = buffer.len();
    buffer.resize(length + OVERHEAD, 0);
    let length = protect.rtp(&mut buffer, length).expect("room");
    buffer.truncate(length);
    buffer
}

#[test]
fn the_key_derivation_of_rfc_3711_b_3() {
    let keys = Keys::derive(&keying(Suite::Sha1_80), 0);
    assert_eq!(keys.cipher[..], hex("C61E7A93744F39EE10734AFE3FF7A087"));
    assert_eq!(keys.salt[..], hex("30CBBC08863D8C85D49DB34A9AE1"));
    let mut auth = [0; AUTH];
    derive(&keying(Suite::Sha1_80), 1, &mut auth);
    assert_eq!(auth[..], hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"));
}

#[test]
fn the_key_stream_of_rfc_3711_b_2() {
    let keys = Keys {
        cipher: hex("2B7E151628AED2A6ABF7158809CF4F3C")
            .try_into()
            .expect("a key"),
        auth: Tag::new_from_slice(&[0]).expect("a key"),
        salt: hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD")
            .try_into()
            .expect("a salt"),
    };
    let mut stream = [0; 16];
    keys.apply([0; 4], 0, &mut stream);
    assert_eq!(stream[..], hex("E03EAD0935C95E80E166B16DD92B4EB4"));
}

#[test]
fn packets_survive_loss_reordering_and_rollovers() {
    for suite in [Suite::Sha1_80, Suite::Sha1_32] {
        let mut out = Protect::new(&keying(suite));
        let mut back = Unprotect::new(&keying(suite));
        let sent: Vec<_> = (0..140_000_u32)
            .step_by(7)
            .map(|n| protected(&mut out, 65_000_u32.wrapping_add(n) as u16))
            .collect();
        for (n, pair) in sent.chunks(2).enumerate() {
            for one in pair.iter().rev() {
                let mut one = one.clone();
                let length = back.rtp(&mut one).unwrap_or_else(|| panic!("pair {n}"));
                assert_eq!(one[RTP_HEADER..length], [0x55; 160]);
            }
        }
    }
}

#[test]
fn forged_repeated_and_old_packets_are_dropped() {
    let mut out = Protect::new(&keying(Suite::Sha1_80));
    let mut back = Unprotect::new(&keying(Suite::Sha1_80));
    let sent: Vec<_> = (100..300).map(|n| protected(&mut out, n)).collect();
    for bit in [0, 20, 100, 171, 180] {
        let mut forged = sent[0].clone();
        forged[bit] ^= 1;
        assert_eq!(back.rtp(&mut forged), None, "byte {bit}");
    }
    assert!(back.rtp(&mut sent[0].clone()).is_some());
    assert_eq!(back.rtp(&mut sent[0].clone()), None, "a repetition");
    assert!(back.rtp(&mut sent[199].clone()).is_some());
    assert_eq!(back.rtp(&mut sent[50].clone()), None, "an old one");
    assert_eq!(back.rtp(&mut packet(400)), None, "an open one");
    let other = Keying::random(Suite::Sha1_80);
    let foreign = protected(&mut Protect::new(&other), 301);
    assert_eq!(back.rtp(&mut foreign.clone()), None, "a stranger's");
    for length in 0..sent[150].len() {
        assert_eq!(back.rtp(&mut sent[150][..length].to_vec()), None);
    }
}

#[test]
fn control_packets_are_hidden_and_checked() {
    let plain = [0x80, 201, 0, 1, 0, 0, 0, 9, 0x81, 202, 0, 1, 0, 0, 0, 9];
    let mut out = Protect::new(&keying(Suite::Sha1_32));
    let mut back = Unprotect::new(&keying(Suite::Sha1_32));
    let mut buffer = [0; 64];
    buffer[..16].copy_from_slice(&plain);
    let length = out.rtcp(&mut buffer, 16).expect("room");
    assert_eq!(length, 16 + 14);
    assert_ne!(buffer[8..16], plain[8..]);
    let mut again = buffer;
    assert_eq!(back.rtcp(&mut buffer[..length]), Some(16));
    assert_eq!(buffer[..16], plain);
    assert_eq!(back.rtcp(&mut again[..length]), None);
}

/// A packet of another stream under the same key.
fn of(protect: &mut Protect, ssrc: u8, sequence: u16) -> Vec<u8> {
    let mut buffer = packet(sequence);
    buffer[11] = ssrc;
    let length = buffer.len();
    buffer.resize(length + OVERHEAD, 0);
    let length = protect.rtp(&mut buffer, length).expect("room");
    buffer.truncate(length);
    buffer
}

#[test]
fn a_stream_that_returns_after_another_one_is_known_by_its_rollovers() {
    let keying = keying(Suite::Sha1_80);
    let mut back = Unprotect::new(&keying);
    let mut talk = Protect::new(&keying);
    let mut old = Vec::new();
    for sequence in [65_534, 65_535, 0, 1] {
        old = of(&mut talk, 1, sequence);
        assert!(back.rtp(&mut old.clone()).is_some());
    }
    // Music, round and round, each time as a stream of its own.
    for ssrc in 2..20 {
        let mut music = Protect::new(&keying);
        for sequence in [30_000, 30_001] {
            assert!(back.rtp(&mut of(&mut music, ssrc, sequence)).is_some());
        }
        assert_eq!(back.rtp(&mut old.clone()), None, "a repetition");
        let next = 2 + u16::from(ssrc);
        assert!(back.rtp(&mut of(&mut talk, 1, next)).is_some());
    }
    assert!(back.sources.len() <= MOST_SOURCES);
}

#[test]
fn every_stream_numbers_its_own_reports() {
    let keying = keying(Suite::Sha1_80);
    let mut back = Unprotect::new(&keying);
    for ssrc in [1, 2] {
        let mut out = Protect::new(&keying);
        for _ in 0..2 {
            let mut buffer = [0; 8 + OVERHEAD];
            buffer[..8].copy_from_slice(&[0x80, 201, 0, 1, 0, 0, 0, ssrc]);
            let length = out.rtcp(&mut buffer, 8).expect("room");
            assert!(back.rtcp(&mut buffer[..length]).is_some(), "{ssrc}");
        }
    }
}
