//! How often the answer detector is right, over clips whose label is known.
//!
//! `cargo bench -p media --bench answers` makes the clips with `answers/make.sh` (espeak-ng and
//! sox must be installed); `-- <folder>` takes clips that are there, and `budget=5000`,
//! `greeting=3000`, `after=700` or `words=10` after it tries another threshold. The voices are
//! synthetic: the table says how the rules behave, not what a country's callers will do.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use media::{
    FRAME,
    classify::{AnswerDetector, AnswerParams, Classifier, Found, Verdict},
};

const LABELS: [(&str, Verdict); 5] = [
    ("human", Verdict::Human),
    ("machine", Verdict::Machine),
    ("network", Verdict::Network),
    ("fax", Verdict::Fax),
    ("unsure", Verdict::Unsure),
];

/// What came of the clips of one label.
#[derive(Default)]
struct Row {
    verdicts: BTreeMap<&'static str, u32>,
    clips: u32,
    after_ms: Vec<u32>,
    beeps: u32,
}

fn main() {
    let given = std::env::args()
        .skip(1)
        .find(|word| !word.starts_with("--") && !word.contains('='));
    let params = thresholds();
    println!("{params:?}\n");
    let made = tempfile::tempdir().expect("a folder");
    let folder = given.map_or_else(|| make(made.path()), PathBuf::from);
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    let mut wrong = Vec::new();
    let (mut busy, mut frames) = (Duration::ZERO, 0_u32);
    for path in clips(&folder) {
        let name = path
            .file_stem()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let Some((_, expected)) = LABELS.iter().find(|(label, _)| name.starts_with(label)) else {
            continue;
        };
        let kind = name.rsplit_once('-').map_or(name, |(kind, _)| kind);
        let row = rows.entry(kind.to_owned()).or_default();
        let sound = samples(&path);
        let started = Instant::now();
        let heard = listen(&sound, params);
        busy += started.elapsed();
        frames += heard.frames;
        row.clips += 1;
        row.beeps += u32::from(heard.beep);
        row.after_ms.push(heard.after_ms);
        *row.verdicts.entry(name_of(heard.verdict)).or_default() += 1;
        if heard.verdict != *expected {
            wrong.push(format!(
                "{name}: {} ({})",
                name_of(heard.verdict),
                heard.why
            ));
        }
    }
    print(&rows);
    println!(
        "cost: {:.2} us a frame",
        busy.as_secs_f64() * 1e6 / f64::from(frames.max(1))
    );
    println!("\nnot as labelled:\n{}", wrong.join("\n"));
}

fn make(folder: &Path) -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/answers/make.sh");
    let made = Command::new(script).arg(folder).status();
    assert!(
        made.is_ok_and(|status| status.success()),
        "the clips could not be made: are espeak-ng and sox installed?"
    );
    folder.to_owned()
}

fn clips(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder of clips");
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn samples(path: &Path) -> Vec<i16> {
    let reader = hound::WavReader::open(path).expect("a wav");
    reader
        .into_samples()
        .map(|s| s.expect("a sample"))
        .collect()
}

struct Heard {
    verdict: Verdict,
    why: &'static str,
    after_ms: u32,
    beep: bool,
    frames: u32,
}

fn thresholds() -> AnswerParams {
    let mut params = AnswerParams {
        beep_budget_ms: 8_000,
        ..AnswerParams::default()
    };
    for word in std::env::args() {
        let Some((name, value)) = word.split_once('=') else {
            continue;
        };
        let value = value.parse().expect("a whole number");
        match name {
            "budget" => params.budget_ms = value,
            "greeting" => params.longest_greeting_ms = value,
            "after" => params.after_greeting_ms = value,
            "words" => params.most_words = value,
            other => panic!("{other} is no threshold"),
        }
    }
    params
}

fn listen(samples: &[i16], params: AnswerParams) -> Heard {
    let mut detector = AnswerDetector::new(params);
    let mut heard = Heard {
        verdict: Verdict::Unsure,
        why: "the clip ended",
        after_ms: 0,
        beep: false,
        frames: 0,
    };
    let (frames, _) = samples.as_chunks::<FRAME>();
    for frame in frames {
        if detector.is_done() {
            break;
        }
        heard.frames += 1;
        let Some(finding) = detector.hear(frame) else {
            continue;
        };
        match finding.what {
            Found::Beep => heard.beep = true,
            Found::Verdict(verdict) => {
                heard.verdict = verdict;
                heard.why = finding.why;
                heard.after_ms = finding.after_ms;
                heard.beep |= finding.why == "beep";
            }
        }
    }
    heard
}

fn print(rows: &BTreeMap<String, Row>) {
    let columns = ["human", "machine", "network", "fax", "unsure"];
    println!(
        "| truth | clips | {} | beep found | median ms |",
        columns.join(" | ")
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for (kind, row) in rows {
        let counts = columns.map(|name| row.of(name).to_string());
        let mut after = row.after_ms.clone();
        after.sort_unstable();
        let median = after.get(after.len() / 2).copied().unwrap_or(0);
        println!(
            "| {kind} | {} | {} | {} | {median} |",
            row.clips,
            counts.join(" | "),
            row.beeps
        );
    }
    let kinds = |starts: &[&str]| -> Vec<&Row> {
        let picked = rows
            .iter()
            .filter(|(kind, _)| starts.iter().any(|start| kind.starts_with(start)));
        picked.map(|(_, row)| row).collect()
    };
    println!();
    let put_through = |row: &Row| row.of("human") + row.of("unsure");
    for (what, starts) in [
        ("people at home", &["human-zh", "human-en"][..]),
        ("offices", &["human-office"]),
        ("people, all", &["human"]),
    ] {
        share(
            &format!("false positives, {what} not put through"),
            &kinds(starts),
            |row| row.clips - put_through(row),
        );
    }
    share(
        "false negatives, machines put through",
        &kinds(&["machine"]),
        put_through,
    );
}

impl Row {
    fn of(&self, verdict: &str) -> u32 {
        self.verdicts.get(verdict).copied().unwrap_or(0)
    }
}

fn share(what: &str, rows: &[&Row], hits: impl Fn(&Row) -> u32) {
    let of: u32 = rows.iter().map(|row| row.clips).sum();
    let hits: u32 = rows.iter().map(|row| hits(row)).sum();
    let (low, high) = wilson(hits, of);
    println!(
        "{what}: {hits} of {of} = {:.1} % (95 %: {:.1} to {:.1} %)",
        100.0 * f64::from(hits) / f64::from(of.max(1)),
        100.0 * low,
        100.0 * high
    );
}

/// The Wilson score interval of a share, at 95 %.
fn wilson(hits: u32, of: u32) -> (f64, f64) {
    const Z: f64 = 1.96;
    let n = f64::from(of.max(1));
    let share = f64::from(hits) / n;
    let middle = share + Z * Z / (2.0 * n);
    let spread = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    (
        (middle - spread).max(0.0) / scale,
        (middle + spread) / scale,
    )
}

fn name_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Human => "human",
        Verdict::Machine => "machine",
        Verdict::Fax => "fax",
        Verdict::Network => "network",
        Verdict::Unsure => "unsure",
    }
}
