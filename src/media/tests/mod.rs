//! The engine with real sockets at its far ends, on loopback.

mod junk;
mod keys;
mod legs;
mod mixes;
mod packets;
mod reports;
mod secure;

use std::{
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    sync::mpsc::Receiver,
    time::{Duration, Instant},
};

use crate::{
    Codec, Config, Event, LegId, Media, OpenLeg, Remote,
    codec::{Decoder, Encoder, Samples},
    goertzel::best_over_noise_db,
    packet::{HEADER, LONGEST_PAYLOAD, Packet},
    srtp::{OVERHEAD, Protect, Unprotect},
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

    /// A leg connected to a far end that talks `codec`.
    fn call(&self, codec: Codec) -> (LegId, Far) {
        self.call_with(codec, |_| ())
    }

    /// As [`Self::call`], with something else about the far end.
    fn call_with(&self, codec: Codec, change: impl FnOnce(&mut Remote)) -> (LegId, Far) {
        let OpenLeg { leg, address } = self.media.open().expect("a leg");
        let far = Far::new(address, codec);
        let mut remote = Remote {
            dtmf: Some(96),
            ..Remote::open(far.address(), codec)
        };
        change(&mut remote);
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
    codec: Codec,
    ssrc: u32,
    sequence: u16,
    said: usize,
    heard: Vec<i16>,
    heard_types: Vec<u8>,
    /// Of each packet of sound: sequence number, timestamp, marker, bytes.
    heard_packets: Vec<(u16, u32, bool, usize)>,
    encoder: Encoder,
    decoder: Decoder,
    /// What it encrypts and decrypts with.
    guard: Option<(Protect, Unprotect)>,
}

impl Far {
    fn new(engine: SocketAddr, codec: Codec) -> Self {
        let socket = UdpSocket::bind((LOOPBACK, 0)).expect("a socket");
        socket.set_read_timeout(Some(DEADLINE)).expect("a timeout");
        let ssrc = u32::from(socket.local_addr().expect("an address").port());
        let (heard, heard_types) = (Vec::new(), Vec::new());
        Self {
            socket,
            engine,
            codec,
            ssrc,
            sequence: 65_500,
            said: 0,
            heard,
            heard_types,
            heard_packets: Vec::new(),
            encoder: Encoder::default(),
            decoder: Decoder::default(),
            guard: None,
        }
    }

    fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("an address")
    }

    fn say(&mut self, tone: &[i16]) {
        let samples = std::array::from_fn(|n| tone[(self.said + n) % tone.len()]);
        self.say_frame(&samples);
    }

    fn say_frame(&mut self, samples: &Samples) {
        self.say_packet(samples);
    }

    /// Says samples in one packet, however many there are.
    fn say_packet(&mut self, samples: &[i16]) {
        let mut payload = vec![0; samples.len()];
        self.encoder.encode(self.codec, samples, &mut payload);
        self.send(self.codec.payload_type(), self.said as u32, &payload);
        self.said += samples.len();
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
        let mut buffer = [0; HEADER + LONGEST_PAYLOAD + OVERHEAD];
        let mut length = packet.write(&mut buffer);
        if let Some((protect, _)) = &mut self.guard {
            length = protect.rtp(&mut buffer, length).expect("room");
        }
        self.socket
            .send_to(&buffer[..length], self.engine)
            .expect("loopback takes it");
    }

    /// Waits for one packet; returns its payload type and payload.
    fn hear(&mut self) -> (u8, Vec<u8>) {
        let mut buffer = [0; 2_000];
        let length = received(&self.socket, &mut buffer);
        let length = match &mut self.guard {
            Some((_, unprotect)) => unprotect.rtp(&mut buffer[..length]).expect("our key"),
            None => length,
        };
        let packet = Packet::read(&buffer[..length]).expect("valid RTP");
        if let Some(codec) = Codec::of_payload_type(packet.payload_type) {
            let mut samples = [0; LONGEST_PAYLOAD];
            let count = self.decoder.decode(codec, packet.payload, &mut samples);
            self.heard.extend(&samples[..count]);
            let Packet {
                sequence,
                timestamp,
                marker,
                payload,
                ..
            } = packet;
            let heard = (sequence, timestamp, marker, payload.len());
            self.heard_packets.push(heard);
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

/// The length of the next packet. A signal in between is nothing.
fn received(socket: &UdpSocket, buffer: &mut [u8]) -> usize {
    loop {
        match socket.recv(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            length => return length.expect("a packet in time"),
        }
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
