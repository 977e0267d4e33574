//! Packets in, packets out, without sockets and without a clock.

use super::*;

/// A source that numbers its samples: byte `n` is `n % 251`.
struct Peer {
    sequence: u16,
    said: usize,
    length: usize,
}

impl Peer {
    fn of(length: usize) -> Self {
        Self {
            sequence: 65_534,
            said: 0,
            length,
        }
    }

    fn skip(&mut self) {
        self.sequence = self.sequence.wrapping_add(1);
        self.said += self.length;
    }

    fn says(&mut self, framing: &mut Framing, tick: u64) {
        let payload: Vec<u8> = (self.said..self.said + self.length).map(byte).collect();
        let packet = Packet {
            payload_type: 8,
            marker: false,
            sequence: self.sequence,
            timestamp: (self.said as u32).wrapping_sub(1_000),
            ssrc: 5,
            payload: &payload,
        };
        framing.relay(&packet, &payload, tick, 7_000);
        self.skip();
    }
}

fn byte(sample: usize) -> u8 {
    (sample % 251) as u8
}

/// A packet that went out: in which half tick, and what.
type Out = (u64, Ready, Vec<u8>);

/// Plays so many ticks, in each of which `feed` may put something in.
fn played(framing: &mut Framing, ticks: u64, mut feed: impl FnMut(&mut Framing, u64)) -> Vec<Out> {
    let mut out = Vec::new();
    let mut buffer = [0; LONGEST_PAYLOAD];
    for tick in 0..ticks {
        feed(framing, tick);
        for half in [2 * tick, 2 * tick + 1] {
            while let Some(ready) = framing.next(half, &mut buffer) {
                out.push((half, ready, buffer[..ready.length].to_vec()));
            }
        }
    }
    out
}

/// Feeds what a far end with packets of `length` samples has said by then.
fn relayed(length: usize, packet: usize, ticks: u64) -> Vec<Out> {
    let mut peer = Peer::of(length);
    played(&mut Framing::new(packet), ticks, |framing, tick| {
        while peer.said < (tick as usize + 1) * FRAME {
            peer.says(framing, tick);
        }
    })
}

#[test]
fn every_length_becomes_every_other_and_no_sample_is_lost() {
    for (length, packet) in [80, 160, 240, 320, 480]
        .into_iter()
        .flat_map(|length| [80, 160, 240, 320, 480].map(|packet| (length, packet)))
    {
        let out = relayed(length, packet, 60);
        let bytes: Vec<u8> = out.iter().flat_map(|(.., bytes)| bytes.clone()).collect();
        let said: Vec<u8> = (0..bytes.len()).map(byte).collect();
        assert_eq!(bytes, said, "{length} to {packet}");
        assert!(
            bytes.len() >= 58 * FRAME - packet - length,
            "{length} to {packet}"
        );
        for (n, (_, ready, bytes)) in out.iter().enumerate() {
            let timestamp = 7_000 + (n * packet) as u32;
            let expected = Ready {
                length: packet,
                timestamp,
                lost: 0,
                marker: n == 0,
            };
            assert_eq!((*ready, bytes.len()), (expected, packet));
        }
    }
}

#[test]
fn packets_leave_evenly_whatever_they_are_made_of() {
    for (length, packet) in [
        (160, 480),
        (480, 160),
        (480, 80),
        (80, 320),
        (240, 160),
        (160, 240),
    ] {
        let out = relayed(length, packet, 60);
        let late = &out[out.len() / 2..];
        let step = (packet / HALF) as u64;
        let even = late.windows(2).all(|two| two[1].0 - two[0].0 == step);
        assert!(
            even,
            "{length} to {packet}: {:?}",
            out.iter().map(|it| it.0).collect::<Vec<_>>()
        );
    }
}

#[test]
fn our_own_frames_become_packets_in_time() {
    for (packet, first) in [
        (80, [0, 1, 2]),
        (240, [2, 5, 8]),
        (320, [2, 6, 10]),
        (480, [4, 10, 16]),
    ] {
        let out = played(&mut Framing::new(packet), 12, |framing, tick| {
            framing.own(&[1; FRAME], tick, tick as u32 * FRAME as u32);
        });
        let halves: Vec<u64> = out.iter().take(3).map(|it| it.0).collect();
        assert_eq!(halves, first, "{packet}");
        let timestamps = out.iter().map(|it| it.1.timestamp as usize);
        assert!(timestamps.enumerate().all(|(n, at)| at == n * packet));
    }
}

#[test]
fn a_packet_that_is_lost_on_the_way_in_is_seen_on_the_way_out() {
    let mut peer = Peer::of(480);
    let out = played(&mut Framing::new(160), 24, |framing, tick| match tick {
        6 => peer.skip(),
        tick if tick % 3 == 0 => peer.says(framing, tick),
        _ => {}
    });
    let after = out.iter().find(|it| it.1.lost > 0).expect("a loss").1;
    assert_eq!((after.lost, after.timestamp), (3, 7_000 + 3 * 480));
    // Inside a packet a hole is filled, for the packet has none.
    let mut peer = Peer::of(160);
    let out = played(&mut Framing::new(480), 24, |framing, tick| match tick {
        4 => peer.skip(),
        _ => peer.says(framing, tick),
    });
    assert!(out.iter().all(|it| it.1.lost == 0 && it.1.length == 480));
    assert_eq!(out[1].2[160..320], out[1].2[..160]);
    assert_eq!(out[1].2[320], byte(5 * 160));
}

#[test]
fn packets_out_of_order_find_their_place_and_late_ones_are_dropped() {
    let mut framing = Framing::new(480);
    let (mut first, mut second) = (Peer::of(160), Peer::of(160));
    second.skip();
    first.says(&mut framing, 0);
    second.skip();
    second.says(&mut framing, 1);
    first.says(&mut framing, 1);
    let mut buffer = [0; LONGEST_PAYLOAD];
    let ready = framing.next(2, &mut buffer).expect("a whole packet");
    assert_eq!((ready.length, buffer[200]), (480, byte(200)));
    let mut late = Peer::of(160);
    late.says(&mut framing, 2);
    assert_eq!(framing.rest(&mut buffer), None);
}

#[test]
fn what_waits_goes_before_a_key_whose_time_is_its_own() {
    let mut framing = Framing::new(480);
    let mut peer = Peer::of(160);
    peer.says(&mut framing, 0);
    let key = Packet {
        payload_type: 101,
        marker: true,
        sequence: peer.sequence,
        timestamp: 160_u32.wrapping_sub(1_000),
        ssrc: 5,
        payload: &[1, 10, 0, 160],
    };
    assert_eq!(framing.event(&key, 1, 9_999), 7_160);
    let mut buffer = [0; LONGEST_PAYLOAD];
    let rest = framing.rest(&mut buffer).expect("a short packet");
    assert_eq!((rest.length, rest.timestamp), (160, 7_000));
    // The sound goes on after 800 samples of key: nothing was lost.
    peer.said += 640;
    peer.skip();
    peer.says(&mut framing, 7);
    let rest = framing.rest(&mut buffer).expect("a short packet");
    assert_eq!((rest.timestamp, rest.lost, rest.marker), (7_960, 0, true));
}

#[test]
fn a_burst_does_not_wait_and_a_source_that_slips_goes_on_at_once() {
    let mut framing = Framing::new(160);
    let mut peer = Peer::of(480);
    (0..4).for_each(|_| peer.says(&mut framing, 0));
    let out = played(&mut framing, 1, |_, _| {});
    assert_eq!(out.len(), 8, "640 samples may wait");
    peer.said += 5_000_000;
    peer.says(&mut framing, 1);
    let slipped = played(&mut framing, 30, |_, _| {});
    assert_eq!(slipped.len(), 7);
    assert!(slipped.iter().all(|it| it.1.lost == 0));
    let last = slipped.last().expect("packets").1.timestamp;
    assert_eq!(last, 7_000 + 14 * 160);
}
