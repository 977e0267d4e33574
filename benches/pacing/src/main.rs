//! Paces simulated call floors with the engine's pacer and with the rules of other diallers.
//!
//! `cargo run --release --manifest-path benches/pacing/Cargo.toml` prints the whole table and what
//! a decision costs; see the README beside it for less.

mod cost;
mod ours;
mod policy;
mod report;
mod scenario;
mod seen;
mod sim;
mod wire;

use policy::*;
use report::Report;
use scenario::Scenario;
use sim::Sim;

const USAGE: &str = "usage:
  pacing-lab            every policy on scenarios/open.txt, then what a decision costs
  pacing-lab cost       what a decision costs
  pacing-lab run  FILE [-n SEEDS] [-s SCENARIO,..] [-p POLICY,..] [-x COMMAND]
  pacing-lab tune FILE [-n SEEDS] [-s SCENARIO,..]   best fixed ratio, boost and two-rate rule at the cap
policies: paceline (the engine's own) progressive ratioX boostX staticA/B vici_hard[MAX][ao] vici_tapered.. vici_average.. issabel
  issabel_oc easycc webitel ewma clairvoyant
-x runs your own pacer (a shell command that speaks the line protocol of the README)";

const ALL: &str = "paceline,progressive,ratio1.5,ratio2,vici_hard,vici_tapered,vici_average,vici_hard10,vici_tapered10,\
vici_average10,vici_hard10ao,issabel,issabel_oc,easycc,webitel,ewma,clairvoyant";

const HEAD: &str =
    "| scenario | policy | occupancy % | abandoned % | worst seed % | worst rolling hour % \
| worst clock hour % | idle wait s | connects/agent-h | dials/agent-h | channels mean | peak |
|---|---|---|---|---|---|---|---|---|---|---|---|";

const TUNED: &str =
    "| scenario | fixed ratio | boost per idle agent | calls per idle / per busy agent |
|---|---|---|---|";

fn ratio(level: f64) -> Box<dyn Policy> {
    Box::new(Vici::new(Method::Ratio, level, level, false))
}

fn adapt(spec: &str) -> Option<Box<dyn Policy>> {
    let (method, rest) = [
        ("hard", Method::Hard),
        ("tapered", Method::Tapered),
        ("average", Method::Average),
    ]
    .into_iter()
    .find_map(|(n, m)| Some((m, spec.strip_prefix(n)?)))?;
    let max = rest.trim_end_matches("ao");
    let max = if max.is_empty() {
        3.0
    } else {
        max.parse().ok()?
    };
    Some(Box::new(Vici::new(method, 1.0, max, rest.ends_with("ao"))))
}

fn make(name: &str) -> Box<dyn Policy> {
    let num = |p: &str| name.strip_prefix(p).and_then(|x| x.parse::<f64>().ok());
    if let Some(x) = num("ratio") {
        return ratio(x);
    }
    if let Some(a) = num("boost") {
        return Box::new(Static { a, b: 0.0 });
    }
    if let Some((a, b)) = name.strip_prefix("static").and_then(|x| x.split_once('/')) {
        return Box::new(Static {
            a: a.parse().unwrap(),
            b: b.parse().unwrap(),
        });
    }
    if let Some(v) = name.strip_prefix("vici_").and_then(adapt) {
        return v;
    }
    match name {
        "progressive" => Box::new(Static { a: 1.0, b: 0.0 }),
        "issabel" => Box::new(Issabel::new(false)),
        "issabel_oc" => Box::new(Issabel::new(true)),
        "easycc" => Box::<EasyCc>::default(),
        "webitel" => Box::<Webitel>::default(),
        "paceline" => Box::<ours::Ours>::default(),
        "ewma" => Box::<Ewma>::default(),
        "clairvoyant" => Box::<Clairvoyant>::default(),
        _ => panic!("unknown policy {name}\n{USAGE}"),
    }
}

/// The runs of one policy on one scenario, a seed each.
struct Runs(Vec<Report>);

impl Runs {
    fn new(sc: &Scenario, seeds: u64, mut policy: impl FnMut() -> Box<dyn Policy>) -> Self {
        Runs(
            (1..=seeds)
                .map(|seed| Sim::new(sc, seed).run(&mut *policy()))
                .collect(),
        )
    }
    fn mean(&self, f: impl Fn(&Report) -> f64) -> f64 {
        self.0.iter().map(f).sum::<f64>() / self.0.len() as f64
    }
    /// abandonment pooled over the seeds
    fn lost(&self) -> f64 {
        self.mean(|r| r.lost as f64) / self.mean(|r| r.people as f64).max(1e-9)
    }
    fn row(&self, sc: &Scenario, name: &str) {
        let pct = |f: fn(&Report) -> f64| 100.0 * self.mean(f);
        println!(
            "| {} | {name} | {:.1} | {:.2} | {:.2} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.0} | {} |",
            sc.name,
            pct(|r| r.occupancy),
            100.0 * self.lost(),
            100.0 * self.0.iter().map(|r| r.abandon).fold(0.0, f64::max),
            pct(|r| r.worst_rolling),
            pct(|r| r.worst_hour),
            self.mean(|r| r.idle_wait),
            self.mean(|r| r.connects_per_h),
            self.mean(|r| r.dials_per_h),
            self.mean(|r| r.channels_mean),
            self.0.iter().map(|r| r.channels_peak).max().unwrap(),
        );
    }
}

/// Largest x in [lo, hi] whose pooled abandonment stays within the cap: (x, occupancy).
fn push(
    sc: &Scenario,
    seeds: u64,
    (mut lo, mut hi): (f64, f64),
    policy: impl Fn(f64) -> Box<dyn Policy>,
) -> (f64, f64) {
    let mut best = (lo, 0.0);
    for _ in 0..9 {
        let mid = (lo + hi) / 2.0;
        let rs = Runs::new(sc, seeds, || policy(mid));
        if rs.lost() <= sc.cap {
            best = (mid, 100.0 * rs.mean(|r| r.occupancy));
            lo = mid;
        } else {
            hi = mid;
        }
    }
    best
}

fn tune(sc: &Scenario, seeds: u64) {
    let r = push(sc, seeds, (1.0, 8.0), ratio);
    let b = push(sc, seeds, (0.5, 20.0), |a| Box::new(Static { a, b: 0.0 }));
    let idle = [
        0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0,
    ];
    let two = idle.map(|a| {
        (
            a,
            push(sc, seeds, (0.0, 3.0), |b| Box::new(Static { a, b })),
        )
    });
    let t = two
        .into_iter()
        .max_by(|x, y| x.1.1.total_cmp(&y.1.1))
        .unwrap();
    println!(
        "| {} | x{:.2}: {:.1} | x{:.2}: {:.1} | {:.1} / {:.2}: {:.1} |",
        sc.name, r.0, r.1, b.0, b.1, t.0, t.1.0, t.1.1
    );
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let opt = |k: &str| {
        let at = args.iter().position(|a| a == k);
        at.and_then(|i| args.get(i + 1)).cloned()
    };
    let what = args.first().map_or("all", String::as_str);
    if what == "cost" {
        return cost::print();
    }
    let open = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/open.txt").to_owned();
    let file = args.get(1).filter(|a| !a.starts_with('-')).unwrap_or(&open);
    let only = opt("-s");
    let wanted = |sc: &Scenario| {
        let is_named = |names: &String| names.split(',').any(|x| x == sc.name);
        only.as_ref().is_none_or(is_named)
    };
    let scs: Vec<Scenario> = scenario::load(file).into_iter().filter(wanted).collect();
    let seeds = opt("-n").map_or(6, |n| n.parse().expect("-n SEEDS"));
    match what {
        "run" | "all" => {
            let own = opt("-x");
            let all = if own.is_some() { "" } else { ALL };
            run(
                &scs,
                seeds,
                &opt("-p").unwrap_or(all.into()),
                own.as_deref(),
            );
        }
        "tune" => {
            println!("{TUNED}");
            scs.iter().for_each(|sc| tune(sc, seeds));
        }
        _ => {
            eprintln!("{USAGE}");
            std::process::exit(2);
        }
    }
    if what == "all" {
        println!();
        cost::print();
    }
}

/// Prints a row for each scenario and policy, and for the pacer behind a command.
fn run(scs: &[Scenario], seeds: u64, names: &str, own: Option<&str>) {
    println!("{HEAD}");
    for sc in scs {
        for name in names.split(',').filter(|n| !n.is_empty()) {
            Runs::new(sc, seeds, || make(name)).row(sc, name);
        }
        if let Some(command) = own {
            let external = || -> Box<dyn Policy> { Box::new(wire::External::new(command)) };
            Runs::new(sc, seeds, external).row(sc, "external");
        }
    }
}
