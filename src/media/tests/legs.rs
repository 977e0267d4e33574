//! Bridges, prompts, recordings and keys.

use std::{path::Path, time::Duration};

use super::{Far, House, assert_both_heard, in_time, talk};
use crate::{
    Codec, Event, Hear, OpenLeg, PlayEnd, PlayId, RecordId, Remote, g711::FRAME,
    goertzel::best_over_noise_db, tone,
};

#[test]
fn a_bridge_carries_tones_both_ways_in_each_combination_of_codecs() {
    let house = House::new();
    for (codec_a, codec_b) in [
        (Codec::Pcmu, Codec::Pcmu),
        (Codec::Pcma, Codec::Pcma),
        (Codec::Pcmu, Codec::Pcma),
        (Codec::G722, Codec::G722),
        (Codec::G722, Codec::Pcma),
    ] {
        let ((a, mut far_a), (b, mut far_b)) = (house.call(codec_a), house.call(codec_b));
        house.media.bridge(a, b).expect("two legs");
        talk(&mut far_a, &mut far_b, 60);
        assert_both_heard(&far_a, &far_b);
        assert!(
            far_a
                .heard_types
                .iter()
                .all(|&kind| kind == codec_a.payload_type())
        );
        assert!(
            far_b
                .heard_types
                .iter()
                .all(|&kind| kind == codec_b.payload_type())
        );
    }
}

#[test]
fn a_bridge_may_span_threads() {
    let house = House::with(|config| config.threads = 2);
    let ((a, mut far_a), (b, mut far_b)) = (house.call(Codec::Pcma), house.call(Codec::Pcma));
    house.media.bridge(a, b).expect("two legs");
    talk(&mut far_a, &mut far_b, 60);
    assert_both_heard(&far_a, &far_b);
    house.media.close(b).expect("a leg that moved");
    house.wait(|event| matches!(event, Event::Closed { leg, .. } if leg == b).then_some(()));
}

#[test]
fn the_survivor_of_a_bridge_hears_silence_then_music() {
    let house = House::new();
    let ((a, mut far_a), (b, mut far_b)) = (house.call(Codec::Pcmu), house.call(Codec::Pcmu));
    house.media.bridge(a, b).expect("two legs");
    talk(&mut far_a, &mut far_b, 10);
    house.media.close(b).expect("a leg");
    house.wait(|event| matches!(event, Event::Closed { .. }).then_some(()));
    far_a.heard.clear();
    (0..20).for_each(|_| drop(far_a.hear()));
    assert!(far_a.heard_late().iter().all(|&sample| sample == 0));
    let music = house
        .media
        .prompts()
        .get("tone:440")
        .expect("a built-in prompt");
    house.media.park(a, Hear::Loop(music)).expect("a leg");
    far_a.heard.clear();
    (0..100).for_each(|_| drop(far_a.hear()));
    assert!(best_over_noise_db(&far_a.heard, 440.0) > 20.0);
}

#[test]
fn a_recording_holds_what_was_said_left_and_heard_right() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("2026/11/call.wav");
    let house = House::new();
    let ((a, mut far_a), (b, mut far_b)) = (house.call(Codec::Pcmu), house.call(Codec::Pcma));
    house.media.bridge(a, b).expect("two legs");
    house
        .media
        .record(a, RecordId(1), path.clone())
        .expect("a leg");
    talk(&mut far_a, &mut far_b, 150);
    house.media.stop_record(a, RecordId(1)).expect("a leg");
    let (ms, bytes, error) = house.wait(|event| match event {
        Event::RecordDone {
            ms, bytes, error, ..
        } => Some((ms, bytes, error)),
        _ => None,
    });
    assert_eq!(error, None);
    let (left, right) = channels(&path);
    assert_eq!(ms, left.len() as u64 / 8);
    assert!(bytes > ms * 32);
    let (said, heard) = (
        best_over_noise_db(&left, 1_000.0),
        best_over_noise_db(&right, 440.0),
    );
    assert!(said > 20.0 && heard > 20.0, "{said} dB and {heard} dB");
}

#[test]
fn a_recording_begins_before_the_leg_is_connected_and_a_pause_is_silence() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("call.wav");
    let house = House::new();
    let OpenLeg { leg, address } = house.media.open().expect("a leg");
    house
        .media
        .record(leg, RecordId(1), path.clone())
        .expect("a leg");
    let mut far = Far::new(address, Codec::Pcma);
    let remote = Remote::open(far.address(), Codec::Pcma);
    house.media.connect(leg, remote).expect("a leg");
    let kilo = tone::sine(1_000.0, 1_000);
    for paused in [false, true, false] {
        house
            .media
            .pause_record(leg, RecordId(1), paused)
            .expect("a leg");
        in_time(40, || far.say(&kilo));
    }
    house.media.close(leg).expect("a leg");
    house.wait(|event| matches!(event, Event::RecordDone { .. }).then_some(()));
    let (said, _) = channels(&path);
    let third = said.len() / 3;
    let loud =
        |part: &[i16]| part.iter().filter(|s| s.abs() > 2_000).count() as f64 / part.len() as f64;
    assert!(loud(&said[third / 3..third * 2 / 3]) > 0.7);
    assert!(loud(&said[third + third / 4..third * 2 - third / 4]) < 0.05);
    assert!(loud(&said[third * 2 + third / 3..third * 3 - third / 3]) > 0.7);
}

fn channels(path: &Path) -> (Vec<i16>, Vec<i16>) {
    let reader = hound::WavReader::open(path).expect("a playable file");
    let samples: Vec<i16> = reader
        .into_samples()
        .collect::<Result<_, _>>()
        .expect("whole samples");
    samples
        .chunks_exact(2)
        .map(|pair| (pair[0], pair[1]))
        .unzip()
}

#[test]
fn a_recording_that_cannot_be_written_is_told_and_the_leg_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let blocker = folder.path().join("file");
    std::fs::write(&blocker, b"in the way").expect("a file");
    let house = House::new();
    let (leg, mut far) = house.call(Codec::Pcmu);
    for path in [blocker.join("call.wav"), "/dev/full".into()] {
        house.media.record(leg, RecordId(7), path).expect("a leg");
        let error = house.wait(|event| match event {
            Event::RecordDone { error, .. } => Some(error),
            _ => None,
        });
        assert!(error.is_some());
    }
    far.heard.clear();
    (0..5).for_each(|_| drop(far.hear()));
    assert_eq!(far.heard.len(), 5 * FRAME);
}

#[test]
fn a_prompt_plays_for_as_long_as_it_is() {
    let house = House::new();
    let (leg, mut far) = house.call(Codec::Pcma);
    let prompt = house
        .media
        .prompts()
        .get("tone:1000:500")
        .expect("a built-in prompt");
    house.media.play(leg, PlayId(3), prompt, 2).expect("a leg");
    let done = house.wait(|event| match event {
        Event::PlayDone {
            play,
            played_ms,
            why,
            ..
        } => Some((play, played_ms, why)),
        _ => None,
    });
    assert_eq!(done, (PlayId(3), 1_000, PlayEnd::Finished));
    (0..50).for_each(|_| drop(far.hear()));
    let loud = far
        .heard
        .chunks(FRAME)
        .filter(|f| f.iter().any(|s| s.abs() > 1_000))
        .count();
    assert!((45..=50).contains(&loud), "{loud} frames of 50");
}

#[test]
fn a_playback_ends_by_stop_by_bridge_and_by_the_end_of_the_leg() {
    let house = House::new();
    let ((a, _far_a), (b, _far_b)) = (house.call(Codec::Pcma), house.call(Codec::Pcma));
    let prompt = house
        .media
        .prompts()
        .get("tone:1000:60000")
        .expect("a built-in prompt");
    let ended = || {
        house.wait(|event| match event {
            Event::PlayDone { play, why, .. } => Some((play, why)),
            _ => None,
        })
    };
    house
        .media
        .play(a, PlayId(1), prompt.clone(), 1)
        .expect("a leg");
    house.media.stop_play(a, PlayId(1)).expect("a leg");
    assert_eq!(ended(), (PlayId(1), PlayEnd::Stopped));
    house
        .media
        .play(a, PlayId(2), prompt.clone(), 1)
        .expect("a leg");
    house.media.bridge(a, b).expect("two legs");
    assert_eq!(ended(), (PlayId(2), PlayEnd::Stopped));
    house.media.play(a, PlayId(3), prompt, 1).expect("a leg");
    house.media.close(a).expect("a leg");
    assert_eq!(ended(), (PlayId(3), PlayEnd::LegEnded));
}

#[test]
fn keys_are_told_and_passed_on_under_the_peers_payload_type() {
    let house = House::new();
    let ((a, mut far_a), (b, mut far_b)) = (house.call(Codec::Pcmu), house.call(Codec::Pcmu));
    house.media.bridge(a, b).expect("two legs");
    talk(&mut far_a, &mut far_b, 5);
    let timestamp = far_a.said as u32;
    far_a.send(crate::DTMF_PAYLOAD_TYPE, timestamp, &[7, 10, 1, 64]);
    for _ in 0..3 {
        far_a.send(crate::DTMF_PAYLOAD_TYPE, timestamp, &[7, 0x8A, 3, 32]);
    }
    let key = house.wait(|event| match event {
        Event::Dtmf { leg, digit, ms, .. } => Some((leg, digit, ms)),
        _ => None,
    });
    assert_eq!(key, (a, '7', 100));
    let passed_on = (0..50).find_map(|_| match far_b.hear() {
        (96, payload) => Some(payload),
        _ => None,
    });
    assert_eq!(passed_on, Some(vec![7, 10, 1, 64]));
}

#[test]
fn a_stranger_is_neither_heard_nor_answered() {
    let house = House::new();
    let ((a, mut far_a), (b, mut far_b)) = (house.call(Codec::Pcmu), house.call(Codec::Pcmu));
    house.media.bridge(a, b).expect("two legs");
    talk(&mut far_a, &mut far_b, 5);
    let mut stranger = Far::new(far_a.engine, Codec::Pcmu);
    let (shriek, kilo) = (tone::sine(3_000.0, 1_000), tone::sine(1_000.0, 1_000));
    far_b.heard.clear();
    in_time(60, || {
        far_a.say(&kilo);
        stranger.say(&shriek);
        far_b.hear_waiting();
        far_a.hear_waiting();
    });
    assert!(best_over_noise_db(&far_b.heard, 1_000.0) > 20.0);
    stranger.socket.set_nonblocking(true).expect("a socket");
    assert!(stranger.socket.recv(&mut [0; 2_000]).is_err());
}

#[test]
fn a_far_end_that_falls_silent_is_told_once_and_counted() {
    let house = House::with(|config| config.rtp_timeout = Duration::from_millis(200));
    let (leg, mut far) = house.call(Codec::Pcmu);
    let kilo = tone::sine(1_000.0, 1_000);
    for _ in 0..10 {
        far.say(&kilo);
        far.hear();
    }
    let silent = house.wait(|event| match event {
        Event::Timeout { leg } => Some(leg),
        _ => None,
    });
    assert_eq!(silent, leg);
    house.media.close(leg).expect("a leg");
    let stats = house.wait(|event| match event {
        Event::Timeout { .. } => panic!("told twice"),
        Event::Closed { stats, .. } => Some(stats),
        _ => None,
    });
    assert_eq!((stats.received, stats.lost), (10, 0));
    assert!(stats.sent >= 10);
}

#[test]
fn junk_datagrams_do_no_harm() {
    let house = House::new();
    let (leg, mut far) = house.call(Codec::Pcmu);
    for junk in [
        &b""[..],
        b"hello",
        &[0xFF; 1_500],
        &[0x80; 11],
        &[0x80, 0, 0, 0],
    ] {
        far.socket
            .send_to(junk, far.engine)
            .expect("loopback takes it");
    }
    far.hear();
    far.hear();
    house.media.close(leg).expect("a leg");
    let stats = house.wait(|event| match event {
        Event::Closed { stats, .. } => Some(stats),
        _ => None,
    });
    assert_eq!(stats.received, 0);
}

#[test]
fn dropping_the_engine_completes_its_recordings() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("call.wav");
    let house = House::new();
    let (leg, mut far) = house.call(Codec::Pcmu);
    house
        .media
        .record(leg, RecordId(1), path.clone())
        .expect("a leg");
    (0..10).for_each(|_| drop(far.hear()));
    drop(house.media);
    assert!(channels(&path).0.len() >= 5 * FRAME);
}
