//! Packets of other lengths than twenty milliseconds, both ways.

use super::{Far, House, in_time};
use crate::{
    Codec, Event, LegId, RecordId, conference,
    g711::FRAME,
    goertzel::{best_over_noise_db, power},
    packet::DTMF_PAYLOAD_TYPE,
    tone,
};

/// What the two ends say, in hertz.
const ONE: f64 = 1_000.0;
const OTHER: f64 = 440.0;

/// A far end that asks for packets of so many milliseconds, and sends such if nothing else is said.
struct End {
    far: Far,
    packet: usize,
    sends: usize,
    tone: Vec<i16>,
}

impl End {
    fn of(house: &House, codec: Codec, ms: u16, hz: f64) -> (LegId, Self) {
        let change = |remote: &mut crate::Remote| {
            remote.packet_ms = ms;
            remote.dtmf = Some(DTMF_PAYLOAD_TYPE);
        };
        let (leg, far) = house.call_with(codec, change);
        let packet = usize::from(ms) * 8;
        let tone = tone::sine(hz, 1_000).iter().map(|it| it / 4).collect();
        let end = Self {
            far,
            packet,
            sends: packet,
            tone,
        };
        (leg, end)
    }

    /// Says what has become a packet by this turn, and hears what is there.
    fn turn(&mut self, turn: usize) {
        while self.far.said + self.sends <= (turn + 1) * FRAME {
            let from = self.far.said % self.tone.len();
            let tone = self.tone.iter().cycle().skip(from);
            let samples: Vec<i16> = tone.take(self.sends).copied().collect();
            self.far.say_packet(&samples);
        }
        self.far.hear_waiting();
    }

    /// Every packet is as long as was asked for, and its timestamp goes on where the one before ends, or packets later.
    fn assert_packets(&self) {
        let heard = &self.far.heard_packets;
        assert!(heard.len() > 10, "{} packets", heard.len());
        for two in heard.windows(2) {
            let [(before, from, ..), (sequence, at, marker, length)] = two else {
                unreachable!("windows of two")
            };
            assert_eq!(*length, self.packet, "{two:?}");
            assert_eq!(*sequence, before.wrapping_add(1), "{two:?}");
            // A thread that had to wait for the machine leaves out whole packets.
            let apart = at.wrapping_sub(*from) as usize;
            let goes_on = apart > 0 && apart.is_multiple_of(self.packet);
            assert!(goes_on || *marker, "{two:?}");
        }
    }

    /// It has heard `hz` as loud as it was said.
    fn assert_hears(&self, hz: f64) {
        let over = best_over_noise_db(&self.far.heard, hz);
        assert!(over > 20.0, "{over} dB over noise");
        let said = power(&tone::sine(hz, 1_000), hz) / 16.0;
        let windows = self.far.heard.windows(1_600).step_by(400);
        let mut levels: Vec<f64> = windows.map(|it| power(it, hz) / said).collect();
        levels.sort_by(f64::total_cmp);
        let level = 10.0 * levels[levels.len() * 3 / 4].log10();
        assert!(level.abs() < 1.0, "{level} dB");
    }
}

fn talk(ends: &mut [&mut End], turns: usize) {
    let mut turn = 0;
    in_time(turns as u32, || {
        ends.iter_mut().for_each(|end| end.turn(turn));
        turn += 1;
    });
}

#[test]
fn a_bridge_repacks_for_who_wants_other_packets() {
    let house = House::new();
    for (codecs, ms) in [
        ([Codec::Pcma, Codec::Pcma], [20, 60]),
        ([Codec::Pcmu, Codec::Pcma], [10, 40]),
        ([Codec::Pcma, Codec::Pcma], [30, 60]),
        ([Codec::G722, Codec::G722], [60, 10]),
    ] {
        let (a, mut one) = End::of(&house, codecs[0], ms[0], ONE);
        let (b, mut other) = End::of(&house, codecs[1], ms[1], OTHER);
        house.media.bridge(a, b).expect("two legs");
        talk(&mut [&mut one, &mut other], 90);
        for (end, hz) in [(&one, OTHER), (&other, ONE)] {
            end.assert_packets();
            end.assert_hears(hz);
        }
    }
}

#[test]
fn a_mix_and_a_recording_are_whole_whatever_the_packets() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("call.wav");
    let house = House::new();
    let (a, mut one) = End::of(&house, Codec::Pcma, 60, ONE);
    let (b, mut other) = End::of(&house, Codec::Pcmu, 10, OTHER);
    let (c, mut third) = End::of(&house, Codec::Pcma, 30, 2_000.0);
    let ears = conference(&[a, b, c]);
    house.media.mix(ears).expect("three legs");
    house
        .media
        .record(a, RecordId(1), path.clone())
        .expect("a leg");
    talk(&mut [&mut one, &mut other, &mut third], 90);
    for (end, [first, second]) in [
        (&one, [OTHER, 2_000.0]),
        (&other, [ONE, 2_000.0]),
        (&third, [ONE, OTHER]),
    ] {
        end.assert_packets();
        // Two tones of the same level: each is as loud as everything else.
        for hz in [first, second] {
            let over = best_over_noise_db(&end.far.heard, hz);
            assert!(over > -1.0, "{hz}: {over} dB");
        }
    }
    house.media.stop_record(a, RecordId(1)).expect("a leg");
    house.wait(|event| matches!(event, Event::RecordDone { .. }).then_some(()));
    let reader = hound::WavReader::open(&path).expect("a playable file");
    let samples: Vec<i16> = reader.into_samples().flatten().collect();
    let side = |n: usize| -> Vec<i16> { samples.iter().skip(n).step_by(2).copied().collect() };
    assert!(best_over_noise_db(&side(0), ONE) > 20.0);
    assert!(best_over_noise_db(&side(1), OTHER) > -1.0);
}

#[test]
fn a_bridge_with_long_packets_is_recorded_without_holes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("call.wav");
    let house = House::new();
    let (a, mut one) = End::of(&house, Codec::Pcma, 20, ONE);
    let (b, mut other) = End::of(&house, Codec::Pcma, 60, OTHER);
    house.media.bridge(a, b).expect("two legs");
    house
        .media
        .record(a, RecordId(1), path.clone())
        .expect("a leg");
    talk(&mut [&mut one, &mut other], 90);
    house.media.stop_record(a, RecordId(1)).expect("a leg");
    house.wait(|event| matches!(event, Event::RecordDone { .. }).then_some(()));
    let reader = hound::WavReader::open(&path).expect("a playable file");
    let samples: Vec<i16> = reader.into_samples().flatten().collect();
    for (side, hz) in [(0, ONE), (1, OTHER)] {
        let heard: Vec<i16> = samples.iter().skip(side).step_by(2).copied().collect();
        assert!(best_over_noise_db(&heard, hz) > 20.0, "{hz}");
    }
}

#[test]
fn packets_of_another_length_than_was_agreed_are_heard_all_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let house = House::new();
    for (turn, (codec, agreed_ms, sent_ms)) in [
        (Codec::Pcma, 20, 30),
        (Codec::Pcmu, 20, 60),
        (Codec::G722, 20, 40),
        (Codec::Pcma, 60, 10),
        (Codec::G722, 30, 20),
    ]
    .into_iter()
    .enumerate()
    {
        let path = folder.path().join(format!("{turn}.wav"));
        let record = RecordId(turn as u64);
        let (a, mut one) = End::of(&house, codec, agreed_ms, ONE);
        one.sends = sent_ms * 8;
        let (b, mut other) = End::of(&house, codec, 20, OTHER);
        house.media.bridge(a, b).expect("two legs");
        let recorded = house.media.record(a, record, path.clone());
        recorded.expect("a leg");
        talk(&mut [&mut one, &mut other], 90);
        for (end, hz) in [(&one, OTHER), (&other, ONE)] {
            end.assert_packets();
            end.assert_hears(hz);
        }
        house.media.stop_record(a, record).expect("a leg");
        house.wait(|event| matches!(event, Event::RecordDone { .. }).then_some(()));
        let reader = hound::WavReader::open(&path).expect("a playable file");
        let said: Vec<i16> = reader.into_samples().flatten().step_by(2).collect();
        let over = best_over_noise_db(&said, ONE);
        assert!(over > 20.0, "{codec:?} in {sent_ms} ms: {over} dB");
        house.media.close(a).expect("a leg");
        house.media.close(b).expect("a leg");
    }
}

#[test]
fn keys_stand_in_time_between_long_packets() {
    let house = House::new();
    let (leg, mut end) = End::of(&house, Codec::Pcma, 60, ONE);
    (0..3).for_each(|_| drop(end.far.hear()));
    let before = *end.far.heard_packets.last().expect("a packet");
    house.media.press(leg, "5").expect("a leg");
    let mut durations = Vec::new();
    while durations.len() < 5 {
        if let (DTMF_PAYLOAD_TYPE, payload) = end.far.hear() {
            durations.push(u16::from_be_bytes([payload[2], payload[3]]));
        }
    }
    assert_eq!(durations, [160, 480, 960, 960, 960]);
    (0..3).for_each(|_| drop(end.far.hear()));
    let after = *end.far.heard_packets.last().expect("a packet");
    let packets = after.0.wrapping_sub(before.0);
    let sound = end.far.heard_packets.iter().filter(|it| {
        let since = it.0.wrapping_sub(before.0);
        (1..=packets).contains(&since)
    });
    // Between two packets of sound are the five of the key, and the time that they took.
    assert_eq!(usize::from(packets), sound.count() + 5);
    let passed = after.1.wrapping_sub(before.1);
    assert!(passed >= 960 + 480, "{passed}");
}

#[test]
fn a_far_end_that_asks_for_other_packets_in_a_call_gets_them() {
    let house = House::new();
    let (leg, mut end) = End::of(&house, Codec::Pcma, 20, ONE);
    for ms in [20_u16, 60, 20] {
        let remote = crate::Remote {
            packet_ms: ms,
            ..crate::Remote::open(end.far.address(), Codec::Pcma)
        };
        house.media.connect(leg, remote).expect("a leg");
        let length = usize::from(ms) * 8;
        let came = (0..40).find_map(|_| (end.far.hear().1.len() == length).then_some(()));
        assert_eq!(came, Some(()), "{ms}");
        (0..4).for_each(|_| assert_eq!(end.far.hear().1.len(), length));
    }
    let told = end.far.heard_packets.windows(2);
    let gaps = told.map(|two| (two[1].1.wrapping_sub(two[0].1), two[0].3 as u32));
    assert!(gaps.into_iter().all(|(apart, length)| apart >= length));
}
