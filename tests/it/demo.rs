//! `paceline demo`: it ends by itself with totals that add up, or at Ctrl-C.

use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use crate::kit::{process::Process, wait};

/// It takes about a minute on a machine that does nothing else.
const PATIENCE: Duration = Duration::from_secs(400);

#[tokio::test(flavor = "multi_thread")]
async fn the_fast_demo_ends_well_and_every_lead_is_accounted_for() {
    let dir = TempDir::new().expect("a temporary directory");
    let mut demo = start(dir.path(), &["--fast"]);
    let exit = demo.ended("the demo to end", PATIENCE).await;
    let told = told(dir.path());
    assert!(exit.success(), "{exit}\n{told}");

    let leads = row(&told, "leads");
    assert_eq!(leads, 300);
    assert_eq!(
        row(&told, "done") + row(&told, "to be called again"),
        leads,
        "{told}"
    );
    assert!(row(&told, "connected") > 0, "{told}");
    for moment in [
        "held",
        "asked a colleague",
        "supervised",
        "had a conference",
        "muted",
        "sent on to the queue",
    ] {
        let (_, count) = told.split_once(&format!("{moment} ")).expect(moment);
        assert!(!count.starts_with('0'), "{moment}: {told}");
    }
    assert!(!told.contains("and 0 left a message"), "{told}");
    let outcomes: u64 = told
        .split_once("  outcomes\n")
        .expect("a table of outcomes")
        .1
        .lines()
        .map_while(|line| line.strip_prefix("    "))
        .map(last_number)
        .sum();
    let attempts = row(&told, "dialled") + row(&told, "not dialled");
    assert_eq!(outcomes, attempts, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_the_demo_cleanly() {
    let dir = TempDir::new().expect("a temporary directory");
    let mut demo = start(dir.path(), &[]);
    wait::until("the first dials", Duration::from_secs(120), || async {
        told(dir.path()).contains("dialled").then_some(())
    })
    .await;
    demo.signal("INT");
    let exit = demo.ended("the demo to end", Duration::from_secs(60)).await;
    assert!(exit.success(), "{exit}\n{}", told(dir.path()));
}

fn start(dir: &Path, options: &[&str]) -> Process {
    let file = |name: &str| File::create(dir.join(name)).expect("it is writable");
    Process::start(
        Command::new(env!("CARGO_BIN_EXE_paceline"))
            .arg("demo")
            .args(options)
            .arg("--data")
            .arg(dir.join("data"))
            .stdin(Stdio::null())
            .stdout(file("told"))
            .stderr(file("log")),
    )
}

fn told(dir: &Path) -> String {
    fs::read_to_string(dir.join("told")).unwrap_or_default()
}

/// The last number of the summary's row of this name.
fn row(told: &str, name: &str) -> u64 {
    let start = format!("  {name} ");
    let line = told.lines().rev().find(|line| line.starts_with(&start));
    last_number(line.unwrap_or_else(|| panic!("no row {name}:\n{told}")))
}

fn last_number(line: &str) -> u64 {
    let last = line
        .split_whitespace()
        .last()
        .and_then(|word| word.parse().ok());
    last.unwrap_or_else(|| panic!("no number: {line}"))
}
