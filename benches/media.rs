//! CPU time, punctuality and memory of the media threads for bridged calls on loopback, beside the
//! least that any program must spend on the same packets: a loop over bare sockets.
//!
//! `cargo bench -p media --bench media`; `-- <calls> <seconds>` after it changes the load. The far
//! ends run in this process on their own thread, whose time is not counted.

mod sockets;

use std::{net::SocketAddr, sync::mpsc::Receiver, time::Duration};

use media::{Codec, Config, Event, LegId, Media, Remote, conference};
use sockets::{Far, LOOPBACK, TURNS_A_SECOND, address, heard, share_of, socket, talk};

/// What one kind of work cost.
struct Figures {
    name: &'static str,
    legs: u32,
    /// Of one core.
    share: f64,
    heard_per_far: Option<u64>,
    p99: String,
    kilobytes_per_call: Option<f64>,
}

fn main() {
    let mut numbers = std::env::args()
        .skip(1)
        .filter_map(|word| word.parse::<u32>().ok());
    let (calls, seconds) = (numbers.next().unwrap_or(200), numbers.next().unwrap_or(10));
    let g711 = [Codec::Pcma, Codec::Pcma];
    let least = Figures {
        name: "bare sockets",
        legs: calls * 2,
        share: sockets::bare(calls * 2, seconds),
        heard_per_far: None,
        p99: "-".to_owned(),
        kilobytes_per_call: None,
    };
    let rows = [
        least,
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
            row.heard_per_far
                .map_or_else(|| "-".to_owned(), |heard| heard.to_string()),
            (seconds + 1) * TURNS_A_SECOND
        );
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
        heard_per_far: Some(heard(&fars)),
        p99,
        kilobytes_per_call: Some(used / f64::from(calls)),
    }
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

fn resident_kilobytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let word = line.and_then(|line| line.split_whitespace().nth(1));
    word.and_then(|word| word.parse().ok()).unwrap_or(0.0)
}
