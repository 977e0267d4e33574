//! The least that any program must spend on the packets of calls: a loop over bare sockets, and the far
//! ends that speak with it or with the engine. Their thread is not counted.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use media::Codec;

pub const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Linux counts thread time in hundredths of a second.
const TICKS_A_SECOND: f64 = 100.0;
const FRAME: Duration = Duration::from_millis(20);
pub const TURNS_A_SECOND: u32 = 50;

/// The other end of a leg: sends, and throws away what it hears.
pub struct Far {
    pub socket: UdpSocket,
    pub engine: SocketAddr,
    pub codec: Codec,
    said: u32,
    heard: u64,
}

/// The least: for each leg and tick one `recv` and one `send` on a connected socket. The share of a
/// core that this takes.
pub fn bare(legs: u32, seconds: u32) -> f64 {
    let mut fars = Vec::new();
    let mut sockets = Vec::new();
    for _ in 0..legs {
        let (engine, far) = (socket(), socket());
        engine.connect(address(&far)).expect("loopback");
        fars.push(Far::new(far, address(&engine), Codec::Pcma));
        sockets.push(engine);
    }
    let over = Arc::new(AtomicBool::new(false));
    let stop = over.clone();
    let worker = std::thread::Builder::new()
        .name("media-bare".to_owned())
        .spawn(move || shuffle(&sockets, &stop))
        .expect("a thread");
    talk(&mut fars, TURNS_A_SECOND);
    let share = share_of(|| talk(&mut fars, seconds * TURNS_A_SECOND));
    over.store(true, Ordering::Relaxed);
    worker.join().expect("it does not panic");
    share
}

/// Twenty slots of a millisecond, the sockets spread over them as the engine spreads its legs.
fn shuffle(sockets: &[UdpSocket], over: &AtomicBool) {
    let started = Instant::now();
    let mut buffer = [0; 1_600];
    let mut last = vec![[0x55_u8; 172]; sockets.len()];
    for slot in 0_u64.. {
        if over.load(Ordering::Relaxed) {
            return;
        }
        let due = started + Duration::from_millis(slot);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let mine = (slot % 20) as usize..sockets.len();
        for index in mine.step_by(20) {
            if let Ok(length) = sockets[index].recv(&mut buffer) {
                let kept = length.min(172);
                last[index][..kept].copy_from_slice(&buffer[..kept]);
            }
            // Nobody hears what is lost here either.
            let _sent = sockets[index].send(&last[index]);
        }
    }
}

/// The share of a core that the media threads take while `work` runs.
pub fn share_of(work: impl FnOnce()) -> f64 {
    let (before, started) = (media_seconds(), Instant::now());
    work();
    (media_seconds() - before) / started.elapsed().as_secs_f64()
}

/// Every far end sends a packet each 20 ms and reads what is there.
pub fn talk(fars: &mut [Far], turns: u32) {
    let started = Instant::now();
    let share = FRAME / fars.len().max(1) as u32;
    for turn in 0..turns {
        for (index, far) in fars.iter_mut().enumerate() {
            // One nap for twenty far ends, or the naps would cost more than the packets.
            if index % 20 == 0 {
                let due = started + FRAME * turn + share * index as u32;
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
            }
            far.turn();
        }
    }
}

impl Far {
    pub fn new(socket: UdpSocket, engine: SocketAddr, codec: Codec) -> Self {
        Self {
            socket,
            engine,
            codec,
            said: 0,
            heard: 0,
        }
    }

    fn turn(&mut self) {
        self.said += 1;
        let packet = packet(self.codec, self.said, u32::from(self.engine.port()));
        self.socket
            .send_to(&packet, self.engine)
            .expect("loopback takes it");
        while self.socket.recv(&mut [0; 2_000]).is_ok() {
            self.heard += 1;
        }
    }
}

fn packet(codec: Codec, number: u32, ssrc: u32) -> [u8; 172] {
    let mut packet = [0x55; 172];
    packet[..2].copy_from_slice(&[0x80, codec.payload_type()]);
    packet[2..4].copy_from_slice(&(number as u16).to_be_bytes());
    packet[4..8].copy_from_slice(&number.wrapping_mul(160).to_be_bytes());
    packet[8..12].copy_from_slice(&ssrc.to_be_bytes());
    packet
}

pub fn socket() -> UdpSocket {
    let socket = UdpSocket::bind((LOOPBACK, 0)).expect("a socket");
    socket.set_nonblocking(true).expect("a socket");
    socket
}

pub fn address(socket: &UdpSocket) -> SocketAddr {
    socket.local_addr().expect("an address")
}

pub fn heard(fars: &[Far]) -> u64 {
    fars.iter().map(|far| far.heard).sum::<u64>() / fars.len().max(1) as u64
}

/// User and system time of the threads named media-*, in seconds.
fn media_seconds() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task")
        .expect("Linux")
        .flatten();
    let ticks = tasks.filter_map(|task| {
        let name = std::fs::read_to_string(task.path().join("comm")).ok()?;
        let stat = std::fs::read_to_string(task.path().join("stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
        let used = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
        name.starts_with("media-").then_some(used)
    });
    ticks.sum::<f64>() / TICKS_A_SECOND
}
