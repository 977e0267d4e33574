//! Looks at the store for what others changed: campaigns, configuration, the progress of jobs.

use std::{collections::BTreeMap, time::Duration};

use engine::{
    campaign::{Mode, State},
    floor::{CampaignSpec, Configuration, Input},
    ledger::Ledger,
    pacing::Counts,
    time::Millis,
};
use store::{Db, campaigns::Campaign};
use tokio::sync::{mpsc, watch};
use tracing::warn;

use crate::{bus::Bus, clock};

const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Clocks of two processes may differ by this much.
const OVERLAP_MS: i64 = 2_000;

pub(crate) struct Watcher {
    pub db: Db,
    pub bus: Bus,
    pub inputs: mpsc::UnboundedSender<Input>,
    /// Tells whoever follows the configuration that somebody changed it.
    pub reload: watch::Sender<u64>,
    pub reloads: watch::Receiver<u64>,
}

#[derive(Default)]
struct Seen {
    /// Campaign to what was last handed in: its revision, and whether its leads are allocated.
    campaigns: BTreeMap<String, (i64, bool)>,
    /// Job to the last state told.
    jobs: BTreeMap<String, (i64, String)>,
    jobs_since: Millis,
    /// Of the outbound settings.
    settings: i64,
    /// Of the configuration.
    revision: i64,
    /// The configuration has changed since it was handed in.
    stale: bool,
}

impl Watcher {
    pub async fn run(mut self) {
        let mut seen = Seen {
            jobs_since: clock::now(),
            stale: true,
            ..Seen::default()
        };
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !self.inputs.is_closed() {
            self.look(&mut seen).await;
            seen.stale |= tokio::select! {
                _ = look.tick() => false,
                changed = self.reloads.changed() => changed.is_ok(),
            };
        }
    }

    async fn look(&mut self, seen: &mut Seen) {
        match self.revision(seen).await {
            Ok(changed) => seen.stale |= changed,
            Err(error) => {
                warn!(error = ?error, "nobody can say whether the configuration has changed");
            }
        }
        match self.settings(seen).await {
            Ok(changed) => seen.stale |= changed,
            Err(error) => warn!(error = ?error, "cannot read the outbound settings"),
        }
        // What cannot be read now is read at the next look: nobody says again that it has changed.
        seen.stale = seen.stale && !self.configure().await;
        if let Err(error) = self.campaigns(seen).await {
            warn!(error = ?error, "cannot read campaigns");
        }
        if let Err(error) = self.jobs(seen).await {
            warn!(error = ?error, "cannot read jobs");
        }
    }

    /// Whether the configuration could be read and was handed in.
    async fn configure(&self) -> bool {
        match configuration(&self.db).await {
            Ok(configuration) => {
                let _ = self.inputs.send(Input::Configured(Box::new(configuration)));
                true
            }
            Err(error) => {
                warn!(error = ?error, "cannot read the configuration; the old one stays until it can be read");
                false
            }
        }
    }

    /// Whether somebody changed the configuration, here or at another node; then all who follow it are told.
    async fn revision(&mut self, seen: &mut Seen) -> store::Result<bool> {
        let revision = store::configuration::revision(&self.db).await?;
        let changed = revision != seen.revision;
        if changed {
            seen.revision = revision;
            self.reload.send_modify(|times| *times += 1);
            // This look reads it anyway.
            self.reloads.mark_unchanged();
        }
        Ok(changed)
    }

    /// Whether somebody changed the outbound settings; then every campaign is handed in again.
    async fn settings(&self, seen: &mut Seen) -> store::Result<bool> {
        let stamp = store::settings::stamp(&self.db).await?;
        let changed = stamp != seen.settings;
        if changed {
            seen.settings = stamp;
            seen.campaigns.clear();
        }
        Ok(changed)
    }

    async fn campaigns(&self, seen: &mut Seen) -> store::Result<()> {
        for (id, revision) in store::campaigns::revisions(&self.db).await? {
            let known = seen.campaigns.get(&id);
            // A campaign whose leads were still being allocated is looked at until they are.
            if known == Some(&(revision, true)) {
                continue;
            }
            let allocated = !store::tasks::is_starting(&self.db, &id).await?;
            if known == Some(&(revision, allocated)) {
                continue;
            }
            if let Some(campaign) = store::campaigns::find(&self.db, &id).await? {
                let mut spec = spec(&self.db, &campaign, allocated).await?;
                if known.is_none() {
                    spec.ledger = store::books::of(&self.db, &id, clock::now()).await?;
                }
                let _ = self.inputs.send(Input::Campaign(Box::new(spec)));
                if known.is_none() {
                    self.remind(&campaign).await;
                }
                seen.campaigns.insert(id, (campaign.revision, allocated));
            }
        }
        Ok(())
    }

    /// What a campaign had learned before this process. A pacer can begin anew, so what cannot be read
    /// is passed over.
    async fn remind(&self, campaign: &Campaign) {
        match store::learned::of(&self.db, &campaign.id).await {
            Ok(Some(learned)) => {
                let _ = self.inputs.send(Input::Learned {
                    campaign: campaign.id.as_str().into(),
                    learned: Box::new(learned),
                });
            }
            Ok(None) => {}
            Err(error) => warn!(error = ?error, "cannot read what a campaign has learned"),
        }
    }

    async fn jobs(&self, seen: &mut Seen) -> store::Result<()> {
        let now = clock::now();
        for job in store::jobs::changed_since(&self.db, seen.jobs_since).await? {
            let state = (job.updated_at, job.state.clone());
            if seen.jobs.insert(job.id.clone(), state.clone()) != Some(state) {
                let data = serde_json::to_value(&job).unwrap_or_default();
                self.bus
                    .publish(format!("job:{}", job.id), "job.progress", data, now);
            }
        }
        seen.jobs_since = now.plus(-OVERLAP_MS);
        let since = seen.jobs_since;
        seen.jobs
            .retain(|_, (updated_at, _)| *updated_at >= since.0 - OVERLAP_MS);
        Ok(())
    }
}

async fn configuration(db: &Db) -> store::Result<Configuration> {
    let extensions = store::extensions::list(db).await?;
    Ok(Configuration {
        agents: store::agents::specs(db).await?,
        queues: store::queues::specs(db).await?,
        gateways: store::gateways::specs(db).await?,
        routes: store::routes::specs(db, None).await?,
        menus: store::ivr_menus::specs(db).await?,
        extensions: extensions.into_iter().map(|one| one.extension).collect(),
        numbers: store::numbers::specs(db).await?,
        phone_callers: store::numbers::of_phones(db).await?,
        phone_gateways: store::extensions::gateways(db).await?,
        inside_only: store::extensions::inside_only(db).await?,
        keep_calls: store::extensions::keep_calls(db).await?,
        surveys: store::surveys::specs(db).await?,
    })
}

async fn spec(db: &Db, campaign: &Campaign, allocated: bool) -> store::Result<CampaignSpec> {
    let targets = store::targets::list(db, &campaign.id).await?;
    let queue = targets
        .iter()
        .find(|target| target.target_type.as_str() == "queue")
        .map(|target| target.target_id.as_str().into());
    let state = match campaign.state()? {
        State::Running if !allocated => State::Paused,
        state => state,
    };
    let mode = campaign.mode()?;
    Ok(CampaignSpec {
        id: campaign.id.as_str().into(),
        name: campaign.name.clone(),
        mode,
        state,
        queue: queue.filter(|_| mode == Mode::Predictive),
        settings: campaign.settings.0.clone(),
        rules: store::settings::rules(db, campaign).await?,
        counts: counts(db, &campaign.id).await?,
        ledger: Ledger::default(),
    })
}

async fn counts(db: &Db, campaign: &str) -> store::Result<Counts> {
    store::calls::counts(db, campaign).await
}

#[cfg(test)]
mod tests;
