//! A day's records from the database.

use anyhow::{Context, Result, bail};
use chrono::{DateTime, NaiveDate, NaiveTime};
use engine::{outcome::Outcome, time::Millis};
use simulation::{Dial, Records, Scenario};
use store::{Db, campaigns, past};

/// Makes the scenario one of the campaign's day.
///
/// # Errors
/// No such database or campaign, or too few records.
pub async fn replay(
    scenario: &mut Scenario,
    place: &str,
    campaign: &str,
    day: NaiveDate,
) -> Result<()> {
    let db = Db::connect(place)
        .await
        .context("cannot open the database")?;
    if campaigns::find(&db, campaign).await?.is_none() {
        bail!("there is no campaign {campaign}");
    }
    let (from, to) = span(scenario, day)?;
    let dials = past::dials(&db, campaign, from, to).await?;
    let wrap_ups = past::wrap_ups(&db, campaign, from, to).await?;
    let records = Records {
        dials: dials.iter().filter_map(dial).collect(),
        wrap_ups_s: wrap_ups.iter().map(|ms| *ms as f64 / 1_000.0).collect(),
    };
    let what = || format!("campaign {campaign} on {day}");
    scenario.replay(&records).with_context(what)
}

/// The day on the scenario's clock.
fn span(scenario: &Scenario, day: NaiveDate) -> Result<(Millis, Millis)> {
    let opens = DateTime::parse_from_rfc3339(&scenario.opens)?;
    let midnight = day
        .and_time(NaiveTime::MIN)
        .and_local_timezone(*opens.offset());
    let from = midnight.single().context("the day has no beginning")?;
    let from = Millis(from.timestamp_millis());
    Ok((from, from.plus(86_400_000)))
}

fn dial(row: &past::Dial) -> Option<Dial> {
    let outcome = Outcome::ALL
        .into_iter()
        .find(|one| one.as_str() == row.outcome)?;
    let seconds = |ms: i64| ms.max(0) as f64 / 1_000.0;
    // What was no person counts as if nobody had been there.
    let class = row.answer_class.as_deref();
    let is_machine =
        matches!(class, Some("machine" | "fax" | "network")) || outcome == Outcome::Machine;
    let answered_at = row.answered_at.filter(|_| !is_machine);
    Some(Dial {
        at: Millis(row.started_at),
        answered_after_s: answered_at.map(|at| seconds(at - row.started_at)),
        talk_s: row.talk_ms.filter(|_| !is_machine).map(seconds),
        outcome,
    })
}
