//! The sound side of a far end: an RTP socket that says something to whoever sends to it, and keeps
//! what it hears.

use std::{
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use super::{
    ports,
    voice::{LAW, Voice},
};

const SAMPLES: usize = 160;
const PACE: Duration = Duration::from_millis(20);
const PCMA: u8 = 8;
const KEYS: u8 = 101;

#[derive(Debug)]
pub struct ToneEnd {
    pub port: u16,
    ears: Ears,
    socket: UdpSocket,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl ToneEnd {
    /// # Panics
    /// When its socket cannot be had.
    pub fn start(voice: Voice) -> Self {
        let port = ports::range(2);
        let socket = UdpSocket::bind(("127.0.0.1", port)).expect("a free port");
        let own = socket.try_clone().expect("a second handle");
        let (ears, over) = (Ears::default(), Arc::new(AtomicBool::new(false)));
        let thread = std::thread::spawn({
            let (ears, over) = (ears.clone(), over.clone());
            move || run(&own, &voice, &ears, &over)
        });
        Self {
            port,
            ears,
            socket,
            over,
            thread: Some(thread),
        }
    }

    /// What it has heard lately.
    pub fn hears(&self) -> Vec<i16> {
        let heard = self.ears.heard.lock().expect("not poisoned");
        heard[heard.len().saturating_sub(super::sound::LATELY)..].to_vec()
    }

    /// Every packet of telephone-events so far (payload type 101), whole.
    pub fn keys(&self) -> Vec<Vec<u8>> {
        self.ears.keys.lock().expect("not poisoned").clone()
    }

    /// Sends packets to whoever it hears, 20 ms apart.
    ///
    /// # Panics
    /// When it has heard nobody yet.
    pub fn play(&self, packets: &[Vec<u8>]) {
        let peer = *self.ears.peer.lock().expect("not poisoned");
        let peer = peer.expect("somebody to send to");
        for packet in packets {
            self.socket
                .send_to(packet, peer)
                .expect("loopback takes it");
            std::thread::sleep(PACE);
        }
    }

    /// Presses the keys of these events for 80 ms each (RFC 4733 section 2.5), as the presses `first` and
    /// so on; 16 is the hook that is tapped.
    ///
    /// # Panics
    /// When it has heard nobody yet.
    pub fn press(&self, first: u16, events: &[u8]) {
        for (press, event) in (first..).zip(events) {
            let packets = (0..7).map(|step| pressed(press, *event, step));
            self.play(&packets.collect::<Vec<_>>());
        }
    }

    /// Everything heard so far.
    pub fn heard(&self) -> Vec<i16> {
        self.ears.heard.lock().expect("not poisoned").clone()
    }
}

impl Drop for ToneEnd {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What came in, and from whom.
#[derive(Debug, Clone, Default)]
struct Ears {
    heard: Arc<Mutex<Vec<i16>>>,
    keys: Arc<Mutex<Vec<Vec<u8>>>>,
    peer: Arc<Mutex<Option<SocketAddr>>>,
}

fn run(socket: &UdpSocket, voice: &Voice, ears: &Ears, over: &AtomicBool) {
    let mut peer: Option<SocketAddr> = None;
    let mut next = Instant::now();
    let mut sent: u64 = 0;
    let mut packet = [0; 2048];
    while !over.load(Ordering::Relaxed) {
        let now = Instant::now();
        if now >= next {
            if let Some(peer) = peer {
                // The peer may have gone: then nobody hears it.
                let _ = socket.send_to(&speak(voice, sent), peer);
                sent += 1;
            }
            next += PACE;
            continue;
        }
        let pause = (next - now).max(Duration::from_millis(1));
        socket.set_read_timeout(Some(pause)).expect("not zero");
        if let Ok((length, from)) = socket.recv_from(&mut packet) {
            peer = Some(from);
            *ears.peer.lock().expect("not poisoned") = peer;
            if length > 12 && packet[1] & 0x7f == PCMA {
                let mut heard = ears.heard.lock().expect("not poisoned");
                heard.extend(packet[12..length].iter().map(|byte| LAW.decode(*byte)));
            } else if length > 12 && packet[1] & 0x7f == KEYS {
                let mut keys = ears.keys.lock().expect("not poisoned");
                keys.push(packet[..length].to_vec());
            }
        }
    }
}

fn speak(voice: &Voice, sent: u64) -> Vec<u8> {
    let mut packet = vec![0x80, PCMA];
    packet.extend((sent as u16).to_be_bytes());
    packet.extend((sent as u32).wrapping_mul(SAMPLES as u32).to_be_bytes());
    packet.extend(0x0070_4e45_u32.to_be_bytes());
    let samples = voice.samples(sent * SAMPLES as u64, SAMPLES);
    packet.extend(samples.into_iter().map(|sample| LAW.encode(sample)));
    packet
}

/// The packet `step` of a press that lasts four, the last of which is sent four times.
fn pressed(press: u16, event: u8, step: u16) -> Vec<u8> {
    let marker = if step == 0 { 0x80 } else { 0 };
    let end = if step >= 3 { 0x80 } else { 0 };
    let mut packet = vec![0x80, marker | KEYS];
    packet.extend((press * 7 + step).to_be_bytes());
    packet.extend((u32::from(press) * 8_000).to_be_bytes());
    packet.extend(0x0070_686f_u32.to_be_bytes());
    packet.extend([event, end | 10]);
    packet.extend(((step.min(3) + 1) * 160).to_be_bytes());
    packet
}
