//! Encrypted legs, and packets from those who have no business in a call.

use std::net::UdpSocket;

use super::{Far, House, in_time, talk};
use crate::{
    Codec, Crypto, Event, Keying, LegId, Suite,
    goertzel::best_over_noise_db,
    srtp::{Protect, Unprotect},
    tone,
};

fn encrypted(house: &House, suite: Suite) -> (LegId, Far) {
    let (ours, theirs) = (Keying::random(suite), Keying::random(suite));
    let crypto = Crypto { ours, theirs };
    let (leg, mut far) = house.call_with(Codec::Pcma, |it| it.crypto = Some(crypto));
    far.guard = Some((Protect::new(&theirs), Unprotect::new(&ours)));
    (leg, far)
}

#[test]
fn an_encrypted_leg_is_bridged_with_an_open_one_and_with_another() {
    let house = House::new();
    let (a, mut far_a) = encrypted(&house, Suite::Sha1_80);
    let (b, mut far_b) = house.call(Codec::Pcmu);
    let (c, mut far_c) = encrypted(&house, Suite::Sha1_32);
    house.media.bridge(a, b).expect("two legs");
    talk(&mut far_a, &mut far_b, 60);
    super::assert_both_heard(&far_a, &far_b);
    house.media.bridge(a, c).expect("two legs");
    far_a.heard.clear();
    talk(&mut far_a, &mut far_c, 60);
    super::assert_both_heard(&far_a, &far_c);
}

#[test]
fn an_encrypted_leg_takes_no_open_packets_and_none_of_another_key() {
    let house = House::new();
    let (leg, mut far) = encrypted(&house, Suite::Sha1_80);
    let kilo = tone::sine(1_000.0, 1_000);
    let right = far.guard.take();
    far.say(&kilo);
    let strange = Keying::random(Suite::Sha1_80);
    far.guard = Some((Protect::new(&strange), Unprotect::new(&strange)));
    far.say(&kilo);
    far.guard = right;
    far.say(&kilo);
    (0..3).for_each(|_| drop(far.hear()));
    house.media.close(leg).expect("a leg");
    let received = house.wait(|event| match event {
        Event::Closed { stats, .. } => Some(stats.received),
        _ => None,
    });
    assert_eq!(received, 1);
}

/// Somebody who knows everything but sits at another address: the stream's source id, its numbers,
/// its payload type. Neither is he heard, nor is the sound drawn to him, nor does the real far end
/// notice.
#[test]
fn packets_injected_from_a_foreign_address_change_nothing() {
    let house = House::new();
    let ((a, mut far_a), (b, mut far_b)) = (house.call(Codec::Pcmu), house.call(Codec::Pcmu));
    house.media.bridge(a, b).expect("two legs");
    talk(&mut far_a, &mut far_b, 5);
    let mut thief = Far::new(far_a.engine, Codec::Pcmu);
    thief.socket = UdpSocket::bind(("127.0.0.2", 0)).expect("another host");
    thief.ssrc = far_a.ssrc;
    let (shriek, kilo) = (tone::sine(3_000.0, 1_000), tone::sine(1_000.0, 1_000));
    far_b.heard.clear();
    in_time(60, || {
        far_a.say(&kilo);
        thief.sequence = far_a.sequence;
        thief.said = far_a.said;
        thief.say(&shriek);
        far_a.hear_waiting();
        far_b.hear_waiting();
    });
    assert!(best_over_noise_db(&far_b.heard, 1_000.0) > 20.0);
    assert!(best_over_noise_db(&far_b.heard, 3_000.0) < -20.0);
    thief.socket.set_nonblocking(true).expect("a socket");
    assert!(thief.socket.recv(&mut [0; 2_000]).is_err());
    far_a.heard.clear();
    (0..5).for_each(|_| drop(far_a.hear()));
    assert_eq!(far_a.heard.len(), 5 * 160);
}
