//! The abandonment ledger, watched from outside.
//!
//! While prediction is allowed, one more loss keeps the cap in every window that counts. When it would
//! not, a line is given for an idle agent each, or where one of a hundred at most would be lost; and when
//! even so too many were lost, none. So whoever is lost from then on was in the air already, or one of
//! those few. That is the most by which a ledger passes its cap.

use std::collections::{BTreeMap, BTreeSet};

use super::super::super::{Floor, Phase, campaigns::Campaign};
use crate::{
    campaign::Mode,
    ids::{CallId, CampaignId, LeadId},
    ledger::Allowed,
    pacing::{AgentState, Policy, predictive},
    time::Millis,
};

/// Persons that a window is lent, so that its first loss is not judged alone.
const LENT: f64 = 60.0;
/// The most that a line may risk when the cap is reached.
const STOPPED_RISK: f64 = 0.01;

#[derive(Debug, Default)]
pub struct Books {
    campaigns: BTreeMap<CampaignId, Book>,
    /// How often a cap was reached.
    pub stops: usize,
    /// Persons who were lost.
    pub lost: usize,
}

#[derive(Debug, Default)]
struct Book {
    /// Leads in the air when prediction was last allowed.
    in_the_air: BTreeSet<LeadId>,
    /// Leads that were dialled since.
    since: BTreeSet<LeadId>,
    lost: BTreeSet<CallId>,
    is_full: bool,
}

impl Books {
    /// After everything that happened.
    pub fn look(&mut self, floor: &Floor, now: Millis) {
        for (id, campaign) in &floor.campaigns {
            let Some(settings) = predicts(campaign) else {
                continue;
            };
            let book = self.campaigns.entry(id.clone()).or_default();
            for call in floor.calls.values() {
                let is_lost = call.gave_up.is_some() && call.campaign.as_ref() == Some(id);
                if !is_lost || !book.lost.insert(call.id) {
                    continue;
                }
                self.lost += 1;
                let lead = call.lead.as_ref().expect("it was dialled");
                assert!(
                    book.in_the_air.contains(lead) || book.since.contains(lead),
                    "{lead} was dialled on a prediction after the cap was reached"
                );
            }
            if campaign.standing(now).map(|seen| seen.allowed) != Some(Allowed::Prediction) {
                self.stops += usize::from(!book.is_full);
                book.is_full = true;
                continue;
            }
            one_more_loss_keeps_the_cap(campaign, &settings, now);
            book.is_full = false;
            book.since.clear();
            book.in_the_air = in_the_air(floor, id);
        }
    }

    /// The pacer gave this lead a line.
    pub fn gave(&mut self, lead: &LeadId, floor: &Floor, now: Millis) {
        let Some(dial) = floor.dials.get(lead).filter(|dial| !dial.probe) else {
            return;
        };
        let campaign = &floor.campaigns[&dial.campaign];
        let standing = predicts(campaign).and_then(|_| campaign.standing(now));
        match standing.map(|seen| seen.allowed) {
            None | Some(Allowed::Prediction) => {}
            Some(Allowed::Nothing) => panic!("{lead} is dialled on an empty ledger"),
            Some(Allowed::OneLineEach) => {
                let book = self.campaigns.entry(dial.campaign.clone()).or_default();
                book.since.insert(lead.clone());
                hardly_anything_is_risked(floor, campaign, now);
            }
        }
    }
}

fn predicts(campaign: &Campaign) -> Option<predictive::Settings> {
    match campaign.spec.settings.pacing {
        Policy::Predictive(settings) if campaign.spec.mode == Mode::Predictive => Some(settings),
        _ => None,
    }
}

fn one_more_loss_keeps_the_cap(campaign: &Campaign, settings: &predictive::Settings, now: Millis) {
    for window in settings.books.windows() {
        let tally = campaign.tally(*window, now);
        let most = settings.cap * (tally.persons() + LENT);
        assert!(
            tally.lost_persons() + 1.0 <= most,
            "{window:?} of {} has {tally:?} under a cap of {}",
            campaign.spec.id,
            settings.cap
        );
    }
}

/// Lines that nobody of ours has yet: unanswered, listened to, waiting, with an agent who may leave before
/// the talk, or with the gate.
fn in_the_air(floor: &Floor, id: &CampaignId) -> BTreeSet<LeadId> {
    let calls = floor.calls.values().filter(|call| {
        let is_open = matches!(
            call.phase,
            Phase::Listening | Phase::Introducing | Phase::Joining
        );
        let is_up = call.is_in_flight() || call.is_waiting() || is_open;
        is_up && call.campaign.as_ref() == Some(id)
    });
    let checked = floor.dials.values().filter(|dial| dial.campaign == *id);
    let calls = calls.filter_map(|call| call.lead.clone());
    calls
        .chain(checked.map(|dial| dial.lead.id.clone()))
        .collect()
}

fn hardly_anything_is_risked(floor: &Floor, campaign: &Campaign, now: Millis) {
    let decision = campaign.decision.expect("it gave a line");
    match decision.inputs {
        Some(inputs) => assert!(
            inputs.threshold <= STOPPED_RISK,
            "{decision:?} on a full ledger"
        ),
        None => every_line_has_its_agent(floor, campaign, now),
    }
}

fn every_line_has_its_agent(floor: &Floor, campaign: &Campaign, now: Millis) {
    let queue = campaign
        .spec
        .queue
        .as_ref()
        .expect("it predicts for a queue");
    let agents = floor.pacing_agents(queue, now);
    let is_idle = |agent: &&crate::pacing::Agent| agent.state == AgentState::Idle && !agent.leaves;
    let idle = agents.iter().filter(is_idle).count();
    let calls = campaign.calls.iter().filter_map(|id| floor.calls.get(id));
    let unanswered = calls.filter(|call| call.is_in_flight()).count();
    let lines = unanswered + campaign.checking as usize;
    assert!(
        lines <= idle,
        "{lines} lines for {idle} idle agents on a full ledger"
    );
}
