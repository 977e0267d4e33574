//! CPU time of the media threads for bridged calls on loopback.
//!
//! `cargo bench -p media` or, without a release build, `cargo bench -p media --profile dev`;
//! `-- <calls> <seconds>` after it changes the load. The far ends run in this process on their own
//! thread, whose time is not counted.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    sync::mpsc::Receiver,
    time::{Duration, Instant},
};

use media::{Codec, Config, Event, Media, Remote};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Linux counts thread time in hundredths of a second.
const TICKS_A_SECOND: f64 = 100.0;

/// The other end of a leg: sends, and throws away what it hears.
struct Far {
    socket: UdpSocket,
    engine: SocketAddr,
    said: u32,
    heard: u64,
}

fn main() {
    let mut numbers = std::env::args()
        .skip(1)
        .filter_map(|word| word.parse::<u32>().ok());
    let (calls, seconds) = (numbers.next().unwrap_or(100), numbers.next().unwrap_or(10));
    let (media, events) =
        Media::start(&Config::new(LOOPBACK, 30_000..=39_999)).expect("the engine starts");
    let mut fars: Vec<Far> = Vec::new();
    let mut legs = Vec::new();
    for _ in 0..calls {
        let [a, b] = [Codec::Pcmu, Codec::Pcmu].map(|codec| {
            let open = media.open().expect("a port");
            let socket = UdpSocket::bind((LOOPBACK, 0)).expect("a socket");
            socket.set_nonblocking(true).expect("a socket");
            let address = socket.local_addr().expect("an address");
            let remote = Remote {
                address,
                codec,
                dtmf: None,
                expects_sound: true,
            };
            media.connect(open.leg, remote).expect("a leg");
            fars.push(Far {
                socket,
                engine: open.address,
                said: 0,
                heard: 0,
            });
            open.leg
        });
        media.bridge(a, b).expect("two legs");
        legs.extend([a, b]);
    }
    talk(&mut fars, 50);
    let (before, started) = (media_seconds(), Instant::now());
    talk(&mut fars, seconds * 50);
    let (used, passed) = (media_seconds() - before, started.elapsed().as_secs_f64());
    report(calls, used / passed, &fars);
    println!(
        "lateness by upper bound in ms: {:?}",
        media.lateness().histogram()
    );
    for leg in legs {
        media.close(leg).expect("a leg");
    }
    let lost: u64 = (0..calls * 2).map(|_| lost_of(&events)).sum();
    println!("packets lost on the way in: {lost}");
}

/// Every far end sends a packet each 20 ms and reads what is there.
fn talk(fars: &mut [Far], turns: u32) {
    let started = Instant::now();
    let share = Duration::from_millis(20) / fars.len() as u32;
    for turn in 0..turns {
        for (index, far) in fars.iter_mut().enumerate() {
            // One nap for twenty far ends, or the naps would cost more than the packets.
            if index % 20 == 0 {
                let due = started + Duration::from_millis(20) * turn + share * index as u32;
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
            }
            far.turn();
        }
    }
}

impl Far {
    fn turn(&mut self) {
        self.said += 1;
        let packet = packet(self.said, u32::from(self.engine.port()));
        self.socket
            .send_to(&packet, self.engine)
            .expect("loopback takes it");
        while self.socket.recv(&mut [0; 2_000]).is_ok() {
            self.heard += 1;
        }
    }
}

fn packet(number: u32, ssrc: u32) -> [u8; 172] {
    let mut packet = [0x55; 172];
    packet[..2].copy_from_slice(&[0x80, 0]);
    packet[2..4].copy_from_slice(&(number as u16).to_be_bytes());
    packet[4..8].copy_from_slice(&number.wrapping_mul(160).to_be_bytes());
    packet[8..12].copy_from_slice(&ssrc.to_be_bytes());
    packet
}

fn report(calls: u32, share: f64, fars: &[Far]) {
    let heard: u64 = fars.iter().map(|far| far.heard).sum();
    println!(
        "{calls} bridged calls: {:.1} % of a core in the media threads",
        share * 100.0
    );
    println!(
        "{:.3} % of a core per call",
        share * 100.0 / f64::from(calls)
    );
    println!(
        "{:.2} us per packet",
        share * 1e6 / (f64::from(calls) * 2.0 * 50.0 * 2.0)
    );
    println!("packets heard per far end: {}", heard / fars.len() as u64);
}

fn lost_of(events: &Receiver<Event>) -> u64 {
    let next = || {
        events
            .recv_timeout(Duration::from_secs(10))
            .expect("every leg closes")
    };
    loop {
        if let Event::Closed { stats, .. } = next() {
            return stats.lost;
        }
    }
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
