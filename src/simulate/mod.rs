//! `paceline simulate`: what a shift would come to, and what it would with more agents, another cap,
//! or fewer channels.
//!
//! The engine's own floor plays the shift on a virtual clock, against a scenario file or against the
//! records of one day of a campaign. Several values of `--agents`, `--cap` or `--channels` give a row
//! each; with the same seed they give the same figures every time.

mod past;
mod table;
#[cfg(test)]
mod tests;

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use clap::Args;
use engine::pacing::{Policy, predictive};
use simulation::{Figures, Scenario};

/// The longest scenario file that is read; bytes.
const LONGEST_FILE: u64 = 4 << 20;
/// Rows at most: every one is a whole shift.
const MOST_ROWS: usize = 64;

/// What to play.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Scenario file (TOML), see simulate.example.toml; what it leaves out is as built in
    pub scenario: Option<PathBuf>,
    /// Take answers, ringing, talk and after-call work from this campaign's records
    #[arg(long, requires = "day")]
    campaign: Option<String>,
    /// The day of the records, in the scenario's own offset
    #[arg(long, requires = "campaign")]
    day: Option<NaiveDate>,
    /// What if: agents, a row each
    #[arg(long, value_delimiter = ',')]
    agents: Vec<u32>,
    /// What if: lost persons among those who answered, 0 to 0.05, a row each
    #[arg(long, value_delimiter = ',')]
    cap: Vec<f64>,
    /// What if: channels of the gateway, a row each
    #[arg(long, value_delimiter = ',')]
    channels: Vec<u32>,
    /// What chance begins with
    #[arg(long)]
    seed: Option<u64>,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
    /// Draw occupancy and abandonment over time into this file
    #[arg(long)]
    svg: Option<PathBuf>,
    /// Data directory with the records
    #[arg(long, env = "PACELINE_DATA", default_value = "data")]
    data: PathBuf,
    /// postgres:// URL of the records [default: SQLite in the data directory]
    #[arg(long, env = "PACELINE_DB", hide_env_values = true)]
    db: Option<String>,
}

/// Plays every row and shows the figures.
///
/// # Errors
/// A scenario that cannot be read or played, records that are too few, a file that cannot be written.
pub async fn run(options: Options) -> Result<()> {
    let mut scenario = read(options.scenario.as_deref())?;
    if let Some(seed) = options.seed {
        scenario.seed = seed;
    }
    scenario.validate()?;
    if let (Some(campaign), Some(day)) = (&options.campaign, options.day) {
        let place = options
            .db
            .clone()
            .unwrap_or_else(|| options.data.display().to_string());
        past::replay(&mut scenario, &place, campaign, day).await?;
    }
    let rows = played(&what_if(&scenario, &options)?)?;
    let mut out = io::stdout().lock();
    if options.json {
        serde_json::to_writer_pretty(&mut out, &rows).context("writing the figures")?;
        writeln!(out).context("writing the figures")?;
    } else {
        write!(out, "{}", table::of(&rows)).context("writing the figures")?;
    }
    if let Some(path) = &options.svg {
        let picture = simulation::svg(&rows);
        fs::write(path, picture).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn read(path: Option<&Path>) -> Result<Scenario> {
    let Some(path) = path else {
        return Ok(Scenario::default());
    };
    let what = || format!("cannot read the scenario {}", path.display());
    if fs::metadata(path).with_context(what)?.len() > LONGEST_FILE {
        bail!(
            "{}: a scenario has at most {LONGEST_FILE} bytes",
            path.display()
        );
    }
    let text = fs::read_to_string(path).with_context(what)?;
    toml::from_str(&text).with_context(what)
}

/// A scenario for each combination of what is asked for.
fn what_if(base: &Scenario, options: &Options) -> Result<Vec<Scenario>> {
    let each = |count: usize| count.max(1);
    let count = each(options.agents.len())
        .saturating_mul(each(options.cap.len()))
        .saturating_mul(each(options.channels.len()));
    if count > MOST_ROWS {
        bail!("{count} rows are asked for; at most {MOST_ROWS} are played at once");
    }
    let mut rows = vec![base.clone()];
    rows = spread(rows, &options.agents, |row, agents| row.agents = agents);
    rows = spread(rows, &options.channels, |row, channels| {
        row.channels = channels;
    });
    rows = spread(rows, &options.cap, |row, cap| {
        let settings = match row.pacing {
            Policy::Predictive(settings) => settings,
            _ => predictive::Settings::default(),
        };
        row.pacing = Policy::Predictive(predictive::Settings { cap, ..settings });
    });
    for row in &rows {
        row.validate()?;
    }
    Ok(rows)
}

fn spread<T: Copy>(
    rows: Vec<Scenario>,
    values: &[T],
    set: impl Fn(&mut Scenario, T),
) -> Vec<Scenario> {
    if values.is_empty() {
        return rows;
    }
    let with = |row: &Scenario, value: T| {
        let mut row = row.clone();
        set(&mut row, value);
        row
    };
    rows.iter()
        .flat_map(|row| values.iter().map(move |value| (row, *value)))
        .map(|(row, value)| with(row, value))
        .collect()
}

fn played(rows: &[Scenario]) -> Result<Vec<Figures>> {
    rows.iter().map(|row| Ok(simulation::play(row)?)).collect()
}
