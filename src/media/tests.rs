//! The engine with real sockets at its far ends, on loopback.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    path::Path,
    sync::mpsc::Receiver,
    time::{Duration, Instant},
};

use crate::{
    Config, Event, Hear, Law, LegId, Media, OpenLeg, PlayEnd, PlayId, RecordId, Remote,
    g711::FRAME,
    goertzel::best_over_noise_db,
    packet::{HEADER, LONGEST_PAYLOAD, Packet},
    tone,
};

/// No event of these tests takes longer on any machine.
const DEADLINE: Duration = Duration::from_secs(20);
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

struct House {
    media: Media,
    events: Receiver<Event>,
}

impl House {
    fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::new(LOOPBACK, 41_000..=42_999);
        change(&mut config);
        let (media, events) = Media::start(&config).expect("the engine starts");
        Self { media, events }
    }

    fn new() -> Self {
        Self::with(|_| ())
    }

    /// A leg connected to a far end that talks `law`.
    fn call(&self, law: Law) -> (LegId, Far) {
        let OpenLeg { leg, address } = self.media.open().expect("a leg");
        let far = Far::new(address, law);
        let remote = Remote {
            address: far.address(),
            law,
            dtmf: Some(96),
            expects_sound: true,
        };
        self.media.connect(leg, remote).expect("a known leg");
        (leg, far)
    }

    /// The first event that `pick` takes; others are passed over.
    fn wait<T>(&self, mut pick: impl FnMut(Event) -> Option<T>) -> T {
        loop {
            let event = self
                .events
                .recv_timeout(DEADLINE)
                .expect("an event in time");
            if let Some(found) = pick(event) {
                return found;
            }
        }
    }
}

/// A far end: says a tone, keeps what it hears.
struct Far {
    socket: UdpSocket,
    engine: SocketAddr,
    law: Law,
    ssrc: u32,
    sequence: u16,
    said: usize,
    heard: Vec<i16>,
    heard_types: Vec<u8>,
}

impl Far {
    fn new(engine: SocketAddr, law: Law) -> Self {
        let socket = UdpSocket::bind((LOOPBACK, 0)).expect("a socket");
        socket.set_read_timeout(Some(DEADLINE)).expect("a timeout");
        let ssrc = u32::from(socket.local_addr().expect("an address").port());
        let (heard, heard_types) = (Vec::new(), Vec::new());
        Self {
            socket,
            engine,
            law,
            ssrc,
            sequence: 65_500,
            said: 0,
            heard,
            heard_types,
        }
    }

    fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("an address")
    }

    fn say(&mut self, tone: &[i16]) {
        let frame: Vec<u8> = (0..FRAME)
            .map(|n| self.law.encode(tone[(self.said + n) % tone.len()]))
            .collect();
        let timestamp = self.said as u32;
        self.send(self.law.payload_type(), timestamp, &frame);
        self.said += FRAME;
    }

    fn send(&mut self, payload_type: u8, timestamp: u32, payload: &[u8]) {
        self.sequence = self.sequence.wrapping_add(1);
        let packet = Packet {
            payload_type,
            marker: false,
            sequence: self.sequence,
            timestamp,
            ssrc: self.ssrc,
            payload,
        };
        let mut buffer = [0; HEADER + LONGEST_PAYLOAD];
        let length = packet.write(&mut buffer);
        self.socket
            .send_to(&buffer[..length], self.engine)
            .expect("loopback takes it");
    }

    /// Waits for one packet; returns its payload type and payload.
    fn hear(&mut self) -> (u8, Vec<u8>) {
        let mut buffer = [0; 2_000];
        let length = self.socket.recv(&mut buffer).expect("a packet in time");
        let packet = Packet::read(&buffer[..length]).expect("valid RTP");
        if let Some(law) = Law::of_payload_type(packet.payload_type) {
            self.heard
                .extend(packet.payload.iter().map(|&byte| law.decode(byte)));
        }
        self.heard_types.push(packet.payload_type);
        (packet.payload_type, packet.payload.to_vec())
    }

    /// Hears what is there already.
    fn hear_waiting(&mut self) {
        self.socket.set_nonblocking(true).expect("a socket");
        while self.socket.peek_from(&mut [0; 1]).is_ok() {
            self.hear();
        }
        self.socket.set_nonblocking(false).expect("a socket");
    }

    /// The second half of what was heard: by then everything is in swing.
    fn heard_late(&self) -> &[i16] {
        &self.heard[self.heard.len() / 2..]
    }
}

fn talk(a: &mut Far, b: &mut Far, frames: u32) {
    let (kilo, a440) = (tone::sine(1_000.0, 1_000), tone::sine(440.0, 1_000));
    in_time(frames, || {
        a.say(&kilo);
        b.say(&a440);
        a.hear_waiting();
        b.hear_waiting();
    });
}

/// Does something every twenty milliseconds, as a sender of RTP does.
fn in_time(frames: u32, mut act: impl FnMut()) {
    let start = Instant::now();
    for frame in 1..=frames {
        act();
        let due = start + Duration::from_millis(20) * frame;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
}

fn assert_both_heard(a: &Far, b: &Far) {
    let (at_a, at_b) = (
        best_over_noise_db(&a.heard, 440.0),
        best_over_noise_db(&b.heard, 1_000.0),
    );
    assert!(at_a > 20.0 && at_b > 20.0, "{at_a} dB and {at_b} dB");
}

#[test]
fn a_bridge_carries_tones_both_ways_in_each_combination_of_laws() {
    let house = House::new();
    for (law_a, law_b) in [
        (Law::Pcmu, Law::Pcmu),
        (Law::Pcma, Law::Pcma),
        (Law::Pcmu, Law::Pcma),
    ] {
        let ((a, mut far_a), (b, mut far_b)) = (house.call(law_a), house.call(law_b));
        house.media.bridge(a, b).expect("two legs");
        talk(&mut far_a, &mut far_b, 60);
        assert_both_heard(&far_a, &far_b);
        assert!(
            far_a
                .heard_types
                .iter()
                .all(|&kind| kind == law_a.payload_type())
        );
        assert!(
            far_b
                .heard_types
                .iter()
                .all(|&kind| kind == law_b.payload_type())
        );
    }
}

#[test]
fn a_bridge_may_span_threads() {
    let house = House::with(|config| config.threads = 2);
    let ((a, mut far_a), (b, mut far_b)) = (house.call(Law::Pcma), house.call(Law::Pcma));
    house.media.bridge(a, b).expect("two legs");
    talk(&mut far_a, &mut far_b, 60);
    assert_both_heard(&far_a, &far_b);
    house.media.close(b).expect("a leg that moved");
    house.wait(|event| matches!(event, Event::Closed { leg, .. } if leg == b).then_some(()));
}

#[test]
fn the_survivor_of_a_bridge_hears_silence_then_music() {
    let house = House::new();
    let ((a, mut far_a), (b, mut far_b)) = (house.call(Law::Pcmu), house.call(Law::Pcmu));
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
    let ((a, mut far_a), (b, mut far_b)) = (house.call(Law::Pcmu), house.call(Law::Pcma));
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
    let (leg, mut far) = house.call(Law::Pcmu);
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
    let (leg, mut far) = house.call(Law::Pcma);
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
    let ((a, _far_a), (b, _far_b)) = (house.call(Law::Pcma), house.call(Law::Pcma));
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
    let ((a, mut far_a), (b, mut far_b)) = (house.call(Law::Pcmu), house.call(Law::Pcmu));
    house.media.bridge(a, b).expect("two legs");
    talk(&mut far_a, &mut far_b, 5);
    let timestamp = far_a.said as u32;
    far_a.send(crate::DTMF_PAYLOAD_TYPE, timestamp, &[7, 10, 1, 64]);
    for _ in 0..3 {
        far_a.send(crate::DTMF_PAYLOAD_TYPE, timestamp, &[7, 0x8A, 3, 32]);
    }
    let key = house.wait(|event| match event {
        Event::Dtmf { leg, digit, ms } => Some((leg, digit, ms)),
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
    let ((a, mut far_a), (b, mut far_b)) = (house.call(Law::Pcmu), house.call(Law::Pcmu));
    house.media.bridge(a, b).expect("two legs");
    talk(&mut far_a, &mut far_b, 5);
    let mut stranger = Far::new(far_a.engine, Law::Pcmu);
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
    let (leg, mut far) = house.call(Law::Pcmu);
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
    let (leg, mut far) = house.call(Law::Pcmu);
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
    let (leg, mut far) = house.call(Law::Pcmu);
    house
        .media
        .record(leg, RecordId(1), path.clone())
        .expect("a leg");
    (0..10).for_each(|_| drop(far.hear()));
    drop(house.media);
    assert!(channels(&path).0.len() >= 5 * FRAME);
}
