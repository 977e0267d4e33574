//! `paceline pacer --stdio`: the engine's pacer for an outside simulator, one JSON line in, one out.
//!
//! The first line is a `hello` with the cap and the trunk's limits, then comes one line for each
//! state of the floor, answered with the lines to dial and why not more; `bye` ends it. Unknown
//! fields and events are passed over; a line that cannot be understood ends the dialogue with an
//! error that names it. What it costs is bounded: a line may have [`LONGEST_LINE`] bytes.

mod dialogue;
mod message;
mod row;
#[cfg(test)]
mod tests;

use std::io::{BufRead, Read, Write};

use anyhow::{Context, Result, bail};
use clap::Args;
use dialogue::Dialogue;
use engine::pacing::predictive;

const LONGEST_LINE: u64 = 8 << 20;

/// How to pace what comes in.
#[derive(Debug, Args)]
pub struct Options {
    /// Talk over standard input and output
    #[arg(long, required = true)]
    stdio: bool,
    /// Share of the cap to aim for, 0.5 to 1
    #[arg(long, default_value_t = predictive::Settings::default().safety)]
    safety: f64,
    /// With fewer agents, one line for each idle agent; 2 to 100
    #[arg(long, default_value_t = predictive::Settings::default().min_agents)]
    min_agents: u32,
}

impl Options {
    fn settings(&self) -> Result<predictive::Settings> {
        let settings = predictive::Settings {
            safety: self.safety,
            min_agents: self.min_agents,
            ..predictive::Settings::default()
        };
        if !settings.is_valid() {
            bail!("--safety must be 0.5 to 1, --min-agents 2 to 100");
        }
        Ok(settings)
    }
}

/// Talks over standard input and output until `bye` or the end of the input.
///
/// # Errors
/// A line that cannot be understood, or a pipe that is gone.
pub fn run(options: &Options) -> Result<()> {
    let settings = options.settings()?;
    talk(settings, std::io::stdin().lock(), std::io::stdout().lock())
}

fn talk(settings: predictive::Settings, mut from: impl BufRead, mut to: impl Write) -> Result<()> {
    let mut dialogue = Dialogue::new(settings);
    let mut line = Vec::new();
    for number in 1u64.. {
        line.clear();
        let mut bounded = (&mut from).take(LONGEST_LINE);
        let read = bounded.read_until(b'\n', &mut line).context("reading")?;
        if read == 0 {
            return Ok(());
        }
        if read as u64 == LONGEST_LINE && line.last() != Some(&b'\n') {
            bail!("line {number}: longer than {LONGEST_LINE} bytes");
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let answer = dialogue
            .answer(&line)
            .with_context(|| format!("line {number}"))?;
        let Some(answer) = answer else {
            return Ok(());
        };
        serde_json::to_writer(&mut to, &answer).context("answering")?;
        to.write_all(b"\n")
            .and_then(|()| to.flush())
            .context("answering")?;
    }
    Ok(())
}
