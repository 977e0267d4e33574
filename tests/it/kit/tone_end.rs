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

#[derive(Debug)]
pub struct ToneEnd {
    pub port: u16,
    heard: Arc<Mutex<Vec<i16>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl ToneEnd {
    /// # Panics
    /// When its socket cannot be had.
    pub fn start(voice: Voice) -> Self {
        let port = ports::range(2);
        let socket = UdpSocket::bind(("127.0.0.1", port)).expect("a free port");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let over = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let (heard, over) = (heard.clone(), over.clone());
            move || run(&socket, &voice, &heard, &over)
        });
        Self {
            port,
            heard,
            over,
            thread: Some(thread),
        }
    }

    /// What it has heard lately.
    pub fn hears(&self) -> Vec<i16> {
        let heard = self.heard.lock().expect("not poisoned");
        heard[heard.len().saturating_sub(super::sound::LATELY)..].to_vec()
    }

    /// Everything heard so far.
    pub fn heard(&self) -> Vec<i16> {
        self.heard.lock().expect("not poisoned").clone()
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

fn run(socket: &UdpSocket, voice: &Voice, heard: &Mutex<Vec<i16>>, over: &AtomicBool) {
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
            if length > 12 && packet[1] & 0x7f == PCMA {
                let mut heard = heard.lock().expect("not poisoned");
                heard.extend(packet[12..length].iter().map(|byte| LAW.decode(*byte)));
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
