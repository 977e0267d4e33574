//! CPU time, punctuality and memory of the media threads for bridged calls on loopback, beside the
//! least that any program must spend on the same packets: a loop over bare sockets.
//!
//! `cargo bench -p media --bench media`; `-- <calls> <seconds>` after it changes the load. The far
//! ends run in this process on their own thread, whose time is not counted.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::Receiver,
    },
    time::{Duration, Instant},
};

use media::{Codec, Config, Event, LegId, Media, Remote, conference};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Linux counts thread time in hundredths of a second.
const TICKS_A_SECOND: f64 = 100.0;
const FRAME: Duration = Duration::from_millis(20);
const TURNS_A_SECOND: u32 = 50;

/// The other end of a leg: sends, and throws away what it hears.
struct Far {
    socket: UdpSocket,
    engine: SocketAddr,
    codec: Codec,
    said: u32,
    heard: u64,
}

/// What one kind of work cost.
struct Figures {
    name: &'static str,
    legs: u32,
    /// Of one core.
    share: f64,
    heard_per_far: u64,
    p99: String,
    kilobytes_per_call: Option<f64>,
}

fn main() {
    let mut numbers = std::env::args()
        .skip(1)
        .filter_map(|word| word.parse::<u32>().ok());
    let (calls, seconds) = (numbers.next().unwrap_or(200), numbers.next().unwrap_or(10));
    let g711 = [Codec::Pcma, Codec::Pcma];
    let rows = [
        bare(calls * 2, seconds),
        bridged("bridged, same codec", calls, seconds, g711, join_two),
        bridged(
            "bridged, A-law and mu-law",
            calls,
            seconds,
            [Codec::Pcma, Codec::Pcmu],
            join_two,
        ),
        bridged(
            "bridged, A-law and G.722",
            calls,
            seconds,
            [Codec::Pcma, Codec::G722],
            join_two,
        ),
        bridged("mixed, two and two", calls, seconds, g711, mix_two),
    ];
    let least = rows[0].share / f64::from(rows[0].legs);
    println!(
        "| work | legs | % of a core | us a packet | legs a core | of bare sockets | lateness p99 | KB a call | heard per far end |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for row in rows {
        let per_leg = row.share / f64::from(row.legs);
        let packets = f64::from(TURNS_A_SECOND) * 2.0;
        println!(
            "| {} | {} | {:.1} | {:.2} | {:.0} | {:.0} % | {} | {} | {} of {} |",
            row.name,
            row.legs,
            row.share * 100.0,
            per_leg * 1e6 / packets,
            1.0 / per_leg,
            100.0 * least / per_leg,
            row.p99,
            row.kilobytes_per_call
                .map_or_else(|| "-".to_owned(), |kb| format!("{kb:.0}")),
            row.heard_per_far,
            (seconds + 1) * TURNS_A_SECOND
        );
    }
}

/// The least: for each leg and tick one `recv` and one `send` on a connected socket.
fn bare(legs: u32, seconds: u32) -> Figures {
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
    Figures {
        name: "bare sockets",
        legs,
        share,
        heard_per_far: heard(&fars),
        p99: "-".to_owned(),
        kilobytes_per_call: None,
    }
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

fn join_two(media: &Media, legs: &[LegId]) {
    for pair in legs.chunks_exact(2) {
        media.bridge(pair[0], pair[1]).expect("two legs");
    }
}

fn mix_two(media: &Media, legs: &[LegId]) {
    for pair in legs.chunks_exact(2) {
        media.mix(conference(pair)).expect("two legs");
    }
}

fn bridged(
    name: &'static str,
    calls: u32,
    seconds: u32,
    codecs: [Codec; 2],
    join: impl Fn(&Media, &[LegId]),
) -> Figures {
    let (media, events) =
        Media::start(&Config::new(LOOPBACK, 30_000..=39_999)).expect("the engine starts");
    let mut fars: Vec<Far> = (0..calls)
        .flat_map(|_| codecs)
        .map(|codec| Far::new(socket(), SocketAddr::new(LOOPBACK, 0), codec))
        .collect();
    let before = resident_kilobytes();
    let legs: Vec<LegId> = fars
        .iter_mut()
        .map(|far| {
            let open = media.open().expect("a port");
            far.engine = open.address;
            let remote = Remote::open(address(&far.socket), far.codec);
            media.connect(open.leg, remote).expect("a leg");
            open.leg
        })
        .collect();
    join(&media, &legs);
    talk(&mut fars, TURNS_A_SECOND);
    let share = share_of(|| talk(&mut fars, seconds * TURNS_A_SECOND));
    let used = resident_kilobytes() - before;
    let p99 = media
        .lateness()
        .p99_ms()
        .map_or_else(|| "over 100 ms".to_owned(), |ms| format!("under {ms} ms"));
    for &leg in &legs {
        media.close(leg).expect("a leg");
    }
    let lost: u64 = legs.iter().map(|_| lost_of(&events)).sum();
    if lost > 0 {
        println!("{name}: {lost} packets lost on the way in");
    }
    Figures {
        name,
        legs: calls * 2,
        share,
        heard_per_far: heard(&fars),
        p99,
        kilobytes_per_call: Some(used / f64::from(calls)),
    }
}

/// The share of a core that the media threads take while `work` runs.
fn share_of(work: impl FnOnce()) -> f64 {
    let (before, started) = (media_seconds(), Instant::now());
    work();
    (media_seconds() - before) / started.elapsed().as_secs_f64()
}

/// Every far end sends a packet each 20 ms and reads what is there.
fn talk(fars: &mut [Far], turns: u32) {
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
    fn new(socket: UdpSocket, engine: SocketAddr, codec: Codec) -> Self {
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

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind((LOOPBACK, 0)).expect("a socket");
    socket.set_nonblocking(true).expect("a socket");
    socket
}

fn address(socket: &UdpSocket) -> SocketAddr {
    socket.local_addr().expect("an address")
}

fn heard(fars: &[Far]) -> u64 {
    fars.iter().map(|far| far.heard).sum::<u64>() / fars.len().max(1) as u64
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

fn resident_kilobytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let word = line.and_then(|line| line.split_whitespace().nth(1));
    word.and_then(|word| word.parse().ok()).unwrap_or(0.0)
}
