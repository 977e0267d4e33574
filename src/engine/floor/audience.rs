//! Where a campaign's leads are, as far as the gate has found out, so that a campaign whose window is
//! shut everywhere draws nothing.
//!
//! The window is open or shut on each called party's own clock, and only the gate looks at leads one
//! by one. A campaign remembers the places that it met. While none of them is open, it looks at a few
//! leads now and then, and gives them back unhurt, for one of a place that it has not met.

use super::{Command, Floor, Lead, campaigns::Campaign, dialling::Dial};
use crate::{
    gate::{self, Facts, Rules},
    ids::CampaignId,
    time::Millis,
};

/// Leads that are looked at while the window is shut.
pub(super) const PROBE: u32 = 100;
/// And how often; milliseconds.
const PROBE_EVERY_MS: i64 = 300_000;
/// With more places than this one is always open.
const PLACES: usize = 64;

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Audience {
    /// What was known of one lead of each place.
    places: Vec<(Rules, Facts)>,
    is_everywhere: bool,
    /// Leads are being drawn to be looked at.
    probing: bool,
    probe_at: Option<Millis>,
}

impl Audience {
    /// Whether it is time for another look.
    pub fn begin_probe(&mut self, now: Millis) -> bool {
        let due = self.probe_at.is_none_or(|at| at <= now);
        if due {
            self.probe_at = Some(now.plus(PROBE_EVERY_MS));
            self.probing = true;
        }
        due
    }

    /// The next look is due now.
    pub fn look_again(&mut self) {
        self.probe_at = None;
    }

    /// Whether the leads that came are to be looked at only.
    pub fn end_probe(&mut self) -> bool {
        std::mem::take(&mut self.probing)
    }
}

impl Campaign {
    /// Whether the window is open in some place where its leads are known to be; before any is known,
    /// in its own zone.
    pub fn may_be_open(&self, now: Millis) -> bool {
        let settings = &self.spec.settings;
        let audience = &self.audience;
        if audience.places.is_empty() {
            return settings.window.is_open(now);
        }
        let mut places = audience.places.iter();
        audience.is_everywhere || places.any(|(rules, facts)| rules.is_open(facts, settings, now))
    }

    pub(super) fn learn_place(&mut self, facts: &Facts) {
        let Ok(rules) = Rules::of(facts, &self.spec.settings) else {
            return;
        };
        let audience = &mut self.audience;
        let known = audience
            .places
            .iter()
            .position(|(known, _)| *known == rules);
        match known {
            // Holidays may have come.
            Some(place) => (audience.places[place].1.holidays).clone_from(&facts.holidays),
            None if audience.places.len() == PLACES => audience.is_everywhere = true,
            None => {
                let known = Facts {
                    number: facts.number.clone(),
                    said: facts.said.clone(),
                    holidays: facts.holidays.clone(),
                    ..Facts::default()
                };
                audience.places.push((rules, known));
            }
        }
    }

    /// Other settings may bring other rules to the same places.
    pub fn relearn_places(&mut self) {
        for (_, facts) in std::mem::take(&mut self.audience.places) {
            self.learn_place(&facts);
        }
        self.audience.look_again();
    }
}

impl Floor {
    /// Asks about leads that are not to be dialled yet.
    pub(super) fn probe(&mut self, campaign: &CampaignId, leads: Vec<Lead>, now: Millis) {
        for lead in leads {
            let id = lead.id.clone();
            self.dials.insert(
                id.clone(),
                Dial {
                    campaign: campaign.clone(),
                    lead,
                    call: None,
                    probe: true,
                    asked: 0,
                },
            );
            self.check(&id, now);
        }
    }

    /// One that may be called now is in hand; the others go back as they were.
    pub(super) fn probed(&mut self, dial: Dial, facts: &Facts, now: Millis) {
        let mut facts = facts.clone();
        if facts.number.is_empty() {
            facts.number.clone_from(&dial.lead.number);
        }
        if let Some(campaign) = self.campaigns.get_mut(&dial.campaign) {
            campaign.learn_place(&facts);
            let open = gate::is_still_open(&facts, &campaign.spec.settings, now);
            if open && campaign.is_running() && !self.draining {
                campaign.hopper.push_back(dial.lead);
                campaign.touch(now);
                return;
            }
        }
        self.commands.push_back(Command::Release {
            lead: dial.lead.id,
            retry_at: None,
        });
    }
}
