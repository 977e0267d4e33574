//! How often the answer detector is right, over clips whose label is known, and which keys are heard as
//! their tones.
//!
//! `cargo bench -p media --bench answers` makes two sets of clips (espeak-ng and sox must be
//! installed): those of `answers/make.sh`, on which the thresholds were chosen, and those of
//! `answers/held_out.sh`, on which nothing was. `-- <folder>` takes clips that are there, and
//! `budget=5000`, `greeting=3000`, `after=700` or `words=10` after it tries another threshold. The
//! voices are synthetic: the tables say how the rules behave, not what a country's callers will do.

#[path = "answers/keys.rs"]
mod keys;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
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

/// The sets, by the scripts that make them.
const SETS: [(&str, &str); 2] = [("chosen on", "make.sh"), ("held out", "held_out.sh")];
/// Greetings that are tried beside the one that is set, in milliseconds.
const GREETINGS: [u32; 6] = [2_400, 3_000, 3_500, 4_000, 5_000, 6_000];
/// A greeting may begin so late.
const LATE_MS: u32 = 2_000;

fn main() {
    let given = std::env::args()
        .skip(1)
        .find(|word| !word.starts_with("--") && !word.contains('='));
    let params = thresholds();
    println!("{params:?}");
    if let Some(folder) = given {
        return measure("given", Path::new(&folder), params);
    }
    for (name, script) in SETS {
        let made = tempfile::tempdir().expect("a folder");
        measure(name, make(script, made.path()), params);
        keys::talk_off(name, &keys::sounds(made.path()));
    }
    let made = tempfile::tempdir().expect("a folder");
    let sounds = keys::sounds(make("talk_off.sh", made.path()));
    keys::talk_off("talk_off.sh", &sounds);
    keys::heard();
}

/// One set, by each kind of its clips and in sum.
fn measure(name: &str, folder: &Path, params: AnswerParams) {
    println!("\n## {name}\n");
    let clips: Vec<Clip> = clips(folder)
        .iter()
        .filter_map(|path| Clip::read(path))
        .collect();
    let started = Instant::now();
    let heard = Heard::all(&clips, params);
    let busy = started.elapsed();
    let rows = rows(&clips, &heard);
    print(&rows);
    sums(&rows);
    let frames: u32 = heard.iter().map(|heard| heard.frames).sum();
    let cost = busy.as_secs_f64() * 1e6 / f64::from(frames.max(1));
    println!("cost: {cost:.2} us a frame\n\nby the longest greeting of a person:");
    for longest_greeting_ms in GREETINGS {
        let tried = AnswerParams {
            longest_greeting_ms,
            budget_ms: params.budget_ms.max(longest_greeting_ms + LATE_MS),
            ..params
        };
        println!("{longest_greeting_ms} ms");
        sums(&self::rows(&clips, &Heard::all(&clips, tried)));
    }
    println!("\nnot as labelled:");
    for (clip, heard) in clips.iter().zip(&heard) {
        if heard.verdict != clip.expected {
            println!("{}: {} ({})", clip.name, name_of(heard.verdict), heard.why);
        }
    }
}

struct Clip {
    name: String,
    expected: Verdict,
    sound: Vec<i16>,
}

impl Clip {
    /// None for a file that is no clip.
    fn read(path: &Path) -> Option<Self> {
        let name = path.file_stem()?.to_str()?;
        let (_, expected) = LABELS.iter().find(|(label, _)| name.starts_with(label))?;
        Some(Self {
            name: name.to_owned(),
            expected: *expected,
            sound: samples(path),
        })
    }

    /// Its name without its number.
    fn kind(&self) -> &str {
        let kind = self.name.rsplit_once('-');
        kind.map_or(&*self.name, |(kind, _)| kind)
    }
}

fn rows(clips: &[Clip], heard: &[Heard]) -> BTreeMap<String, Row> {
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    for (clip, heard) in clips.iter().zip(heard) {
        let row = rows.entry(clip.kind().to_owned()).or_default();
        row.clips += 1;
        row.beeps += u32::from(heard.beep);
        row.after_ms.push(heard.after_ms);
        *row.verdicts.entry(name_of(heard.verdict)).or_default() += 1;
    }
    rows
}

fn make<'a>(script: &str, folder: &'a Path) -> &'a Path {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../benches/answers")
        .join(script);
    let made = Command::new(script).arg(folder).status();
    assert!(
        made.is_ok_and(|status| status.success()),
        "the clips could not be made: are espeak-ng and sox installed?"
    );
    folder
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

impl Heard {
    fn all(clips: &[Clip], params: AnswerParams) -> Vec<Self> {
        let heard = clips.iter().map(|clip| listen(&clip.sound, params));
        heard.collect()
    }
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
            Found::SpeechBegan | Found::SpeechPaused => {}
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
}

fn sums(rows: &BTreeMap<String, Row>) {
    let kinds = |starts: &[&str]| -> Vec<&Row> {
        let picked = rows
            .iter()
            .filter(|(kind, _)| starts.iter().any(|start| kind.starts_with(start)));
        picked.map(|(_, row)| row).collect()
    };
    let put_through = |row: &Row| row.of("human") + row.of("unsure");
    for (what, starts) in [
        ("people at home", &["human-zh", "human-en"][..]),
        ("offices", &["human-office"]),
        ("people, all", &["human-zh", "human-en", "human-office"]),
        ("people on lines that hum or hiss", &["human-hum"]),
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
