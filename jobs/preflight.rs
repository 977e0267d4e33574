//! Looks at every lead of a campaign before its start (engine::preflight), a stretch at a time.

use engine::{
    gateway::Gateway,
    preflight::{Desk, Summary},
};
use serde_json::json;
use store::{
    campaigns::{self, Campaign},
    filter_runs, gateways,
    preflight::{self, Over, Scene},
};

use crate::{
    error::JobError,
    filter,
    house::{House, Ticket},
};

/// Leads a read.
const STRETCH: usize = 10_000;

/// `run`: of the filter whose leads a start would draw from; without it, what the campaign has.
pub async fn run(
    house: &House,
    ticket: &Ticket,
    campaign: &str,
    run: Option<&str>,
) -> Result<(), JobError> {
    let campaign = campaigns::find(&house.db, campaign).await?;
    let campaign =
        campaign.ok_or_else(|| JobError::user("NO_SUCH_CAMPAIGN", "the campaign is gone"))?;
    let (over, total) = match run {
        Some(run) => {
            let run = filter::evaluate(house, ticket, run).await?;
            (vec![Over::Run(run.id)], run.matched)
        }
        None => (preflight::tasks(&house.db, &campaign.id).await?, 0),
    };
    let now = house.now();
    let settings = &store::numbers::settings_of(&house.db, &campaign).await?;
    let desk = Desk::new(settings, gateway(house, &campaign).await?, now);
    let scene = Scene {
        orgi: &campaign.orgi,
        campaign: &campaign.id,
        columns: &settings.columns,
        home: &settings.home_country,
        day_start: settings.window.day_start(now),
        now,
    };
    let mut summary = Summary::default();
    for over in &over {
        let mut after = -1;
        while let Some((leads, last)) =
            preflight::stretch(&house.db, over, scene, after, STRETCH).await?
        {
            house.may_go_on()?;
            after = last;
            for lead in &leads {
                summary.add(desk.look(lead), now);
            }
            let done = i64::try_from(summary.total).unwrap_or(i64::MAX);
            let mut tx = house.db.begin().await?;
            ticket.progress(&mut tx, "looking", done, total).await?;
            tx.commit().await?;
        }
    }
    let mut tx = house.db.begin().await?;
    if let Some(run) = run {
        filter_runs::end_look(&mut tx, run).await?;
    }
    let (orgi, id) = (&campaign.orgi, &campaign.id);
    preflight::keep(&mut tx, &ticket.job, orgi, id, &summary, now).await?;
    ticket
        .succeed(&mut tx, &json!({ "leads": summary.total }))
        .await?;
    Ok(tx.commit().await?)
}

/// The first of the campaign's gateways that is there and switched on, with nothing on it.
async fn gateway(house: &House, campaign: &Campaign) -> Result<Option<Gateway>, JobError> {
    let specs = gateways::specs(&house.db).await?;
    let settings = store::numbers::settings_of(&house.db, campaign).await?;
    let mut wanted = settings.gateway.iter().chain(&settings.fallback_gateways);
    let found = wanted.find_map(|id| specs.iter().find(|spec| spec.id == *id).cloned());
    Ok(found.map(|spec| Gateway::new(spec.settings, house.now())))
}

#[cfg(test)]
mod tests;
