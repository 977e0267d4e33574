//! How many calls a second the house places, and what one costs: a robot campaign against SIPp.
//!
//! `cargo bench --bench dialling` measures the built binary as it is started in earnest: database
//! rows before every INVITE, digest-free UDP trunk on loopback, RTP for answered calls. The far end
//! (SIPp) runs on the same machine and takes its share of it. Another number of leads is the first
//! argument: `cargo bench --bench dialling -- 5000`.

#[path = "../tests/it/kit/mod.rs"]
#[expect(dead_code, reason = "a bench needs less of the kit than the tests do")]
mod kit;

use std::time::Duration;

use kit::{carrier::Fate, client::Client, server::House, sipp::Sipp, stage};

const LEADS: usize = 3_000;
/// More than any machine reaches: the house's own pace is measured.
const RATE: f64 = 1_000.0;
const PATIENCE: Duration = Duration::from_secs(600);

const KINDS: &[(&str, &str, Fate)] = &[
    (
        "refused: INVITE, 486, ACK",
        "refused",
        Fate::Refused(486, "Busy Here"),
    ),
    (
        "answered: 0.5 s of sound, then BYE",
        "answered",
        Fate::Answers {
            ring_ms: 0,
            talk_ms: 500,
        },
    ),
];

fn main() {
    let leads = std::env::args()
        .skip(1)
        .find_map(|word| word.parse().ok())
        .unwrap_or(LEADS);
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    runtime.block_on(measure_all(leads));
}

async fn measure_all(leads: usize) {
    let build = if cfg!(debug_assertions) {
        "dev"
    } else {
        "release"
    };
    println!("{leads} leads of each kind, {build} build, gateway limit {RATE} calls/s");
    println!("| call | calls/s | CPU per call, server | CPU per call, SIPp |");
    println!("|---|---|---|---|");
    for (what, name, fate) in KINDS {
        let figures = measure(name, *fate, leads).await;
        println!(
            "| {what} | {:.0} | {:.2} ms | {:.2} ms |",
            figures.calls_per_second, figures.server_ms, figures.sipp_ms
        );
    }
}

struct Figures {
    calls_per_second: f64,
    server_ms: f64,
    sipp_ms: f64,
}

async fn measure(name: &str, fate: Fate, leads: usize) -> Figures {
    let carrier = Sipp::carrier(&[('0', fate)]);
    let house = House::new();
    let server = house.start();
    let api = house.admin().await;
    let numbers: Vec<String> = (0..leads).map(|n| format!("13{n:08}0")).collect();
    let batch = stage::batch(&api, name, &numbers).await;
    let gateway = stage::gateway(&api, &carrier, RATE).await;
    let mut settings = stage::settings(&gateway);
    // Dialling is measured, not the disk.
    settings["record"] = false.into();
    let used = || [server.id(), carrier.process.id()].map(|id| cpu_time(id).expect("it runs"));
    let before = used();
    let campaign = stage::start(&api, "robot", &batch, ("robot", "robot"), settings).await;
    campaign.dialled_out(&api, leads, PATIENCE).await;
    let after = used();
    assert_eq!(carrier.invites().len(), leads, "{}", carrier.complaints());
    let spent = |at: usize| (after[at] - before[at]).as_secs_f64() * 1_000.0 / leads as f64;
    Figures {
        calls_per_second: leads as f64 / dialling_seconds(&api, &campaign).await,
        server_ms: spent(0),
        sipp_ms: spent(1),
    }
}

/// From the first attempt's row to the last one's, by the house's own clock: batch work before and
/// talking after are not dialling.
async fn dialling_seconds(api: &Client, campaign: &stage::Campaign) -> f64 {
    let attempts = campaign.attempts(api).await;
    let mut times: Vec<i64> = attempts
        .iter()
        .map(|attempt| millis(&stage::text(&attempt["reserved_at"])))
        .collect();
    times.sort_unstable();
    (times[times.len() - 1] - times[0]).max(1) as f64 / 1_000.0
}

fn millis(time: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(time)
        .expect("a time")
        .timestamp_millis()
}

/// User and system time of a process so far.
fn cpu_time(id: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name in parentheses may hold anything.
    let after = stat.rsplit_once(')')?.1;
    let mut fields = after.split_whitespace().skip(11);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    // USER_HZ is 100 on every Linux that Debian 12 runs on.
    Some(Duration::from_millis(ticks * 10))
}
