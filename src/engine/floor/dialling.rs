//! From a lead in hand to an INVITE: facts, gate, durable attempt, dial; in this order, always.

use std::sync::Arc;

use super::{
    Call, Command, Floor, Lead, OpenAttempt, Phase, admission::Admitted, campaigns::Campaign,
};
use crate::{
    campaign::Mode,
    gate::{self, Ask, Block, Facts, No},
    ids::{AttemptId, CallId, CampaignId, LeadId, LegId},
    outcome::Outcome,
    phone,
    time::Millis,
};

/// An attempt that took longer than this to write was passed on facts that are no longer fresh.
const STALE_MS: i64 = 10_000;
/// A clock that was set back by more than this makes no facts fresh again.
const SET_BACK_MS: i64 = 1_000;

/// A lead that is with the gate.
#[derive(Debug, Clone)]
pub(super) struct Dial {
    pub campaign: CampaignId,
    pub lead: Lead,
    /// Preview: the call whose agent waits.
    pub call: Option<CallId>,
    /// Only asked whether it may be called now; see `audience`.
    pub probe: bool,
    /// The dials that were under way when the facts were asked for.
    pub asked: u64,
}

impl Floor {
    pub(super) fn begin_dial(&mut self, campaign: CampaignId, lead: Lead, now: Millis) {
        let id = lead.id.clone();
        if let Some(campaign) = self.campaigns.get_mut(&campaign) {
            campaign.checking += 1;
        }
        self.dials.insert(
            id.clone(),
            Dial {
                campaign,
                lead,
                call: None,
                probe: false,
                asked: 0,
            },
        );
        self.check(&id, now);
    }

    /// Asks for facts that are fresh: what was known at import or draw does not count.
    pub(super) fn check(&mut self, lead: &LeadId, now: Millis) {
        let dial = self.dials.get(lead);
        let all_callers = dial.map_or_else(Vec::new, |dial| self.callers_of_dial(dial));
        let limited = self.asked_about(all_callers.clone());
        let Some(dial) = self.dials.get_mut(lead) else {
            return;
        };
        let Some(campaign) = self.campaigns.get(&dial.campaign) else {
            return;
        };
        dial.asked = self.under_way.last();
        let settings = &campaign.spec.settings;
        let callers = match settings.caller_rule.asks() {
            true => all_callers,
            false => limited,
        };
        self.commands.push_back(Command::Check {
            lead: lead.clone(),
            ask: Box::new(Ask {
                campaign: dial.campaign.clone(),
                number: dial.lead.number.clone(),
                spellings: phone::spellings(&dial.lead.number, &settings.home_country),
                day_start: settings.window.day_start(now),
                columns: settings.columns.clone(),
                callers,
            }),
        });
    }

    pub(super) fn checked(&mut self, lead: &LeadId, facts: Option<&Facts>, now: Millis) {
        let Some(dial) = self.dials.remove(lead) else {
            return;
        };
        if let (Some(campaign), None, false) = (
            self.campaigns.get_mut(&dial.campaign),
            dial.call,
            dial.probe,
        ) {
            campaign.checking = campaign.checking.saturating_sub(1);
        }
        match facts {
            Some(facts) if dial.probe => self.probed(dial, facts, now),
            Some(facts) => match self.admit(&dial, facts, now) {
                Ok(admitted) => self.open_attempt(dial, admitted, now),
                Err(no) => self.blocked(dial, no, now),
            },
            // Voided, recycled or taken by another hand since it was drawn.
            None => {
                if let Some(call) = dial.call {
                    self.preview_refused(call, Some(Block::Voided), now);
                }
            }
        }
    }

    fn blocked(&mut self, dial: Dial, no: No, now: Millis) {
        let Some(campaign) = self.campaigns.get_mut(&dial.campaign) else {
            return;
        };
        let (lead, block) = (dial.lead.id.clone(), no.block);
        if block == Block::Gateway && dial.call.is_none() {
            campaign.hopper.push_front(dial.lead);
            return;
        }
        if matches!(block, Block::Stopped | Block::Gateway) {
            self.commands.push_back(Command::Release {
                lead,
                retry_at: None,
            });
        } else {
            *campaign.blocked.entry(block).or_default() += 1;
            // The line that was meant for it is free for another; without a caller number for none.
            if block != Block::CallerId {
                campaign.touch(now);
            }
            self.commands.push_back(Command::Block {
                lead,
                block,
                retry_at: no.retry_at,
                basis: no.basis,
            });
        }
        if let Some(call) = dial.call {
            self.preview_refused(call, Some(block), now);
        }
    }

    fn open_attempt(&mut self, dial: Dial, admitted: Admitted, now: Millis) {
        let Some(campaign) = self.campaigns.get_mut(&dial.campaign) else {
            return;
        };
        let Admitted {
            verdict,
            gateway,
            min_ring_s,
            message_within_ms,
        } = admitted;
        let attempt = AttemptId(self.numbers.take());
        let id = dial.call.unwrap_or_else(|| CallId(self.numbers.take()));
        let fresh = || Call::new(id, String::new(), dial.lead.number.clone(), now);
        let mut call = self.calls.remove(&id).unwrap_or_else(fresh);
        call.caller = verdict.caller.clone();
        call.mode = Some(campaign.spec.mode);
        call.task = dial.lead.task;
        call.lead = Some(dial.lead.id);
        call.batch = dial.lead.batch;
        call.attempts_before = verdict.facts.attempts;
        call.dials_before = dial.lead.dials;
        call.next_number = dial.lead.next_number;
        call.attempt = Some(attempt);
        call.gateway = Some(gateway.clone());
        call.holds_channel = true;
        call.checked = Some(Arc::new(verdict.facts.clone()));
        call.min_ring_s = min_ring_s;
        call.message_within_ms = message_within_ms;
        if campaign.spec.mode == Mode::Predictive {
            call.queue = campaign.spec.queue.clone();
        }
        call.campaign = Some(dial.campaign);
        call.times.started = now;
        call.phase = Phase::Opening;
        campaign.calls.insert(id);
        campaign.charge();
        self.commands
            .push_back(Command::OpenAttempt(Box::new(OpenAttempt {
                attempt,
                verdict,
                call: call.beginning(),
                batch: call.batch.clone(),
                gateway,
                spellings: phone::spellings(
                    &dial.lead.number,
                    &campaign.spec.settings.home_country,
                ),
                number: dial.lead.number,
            })));
        self.attempts.insert(attempt, id);
        self.calls.insert(id, call);
    }

    /// The attempt is durable; only now may the INVITE leave.
    pub(super) fn attempt_opened(&mut self, attempt: AttemptId, now: Millis) {
        let Some(id) = self.attempts.get(&attempt).copied() else {
            return;
        };
        if !self.may_still_dial(id, now) {
            self.finish(id, Outcome::Cancelled, now);
            return;
        }
        let call = self.calls.get(&id);
        let Some(gateway) = call.and_then(|call| call.gateway.clone()) else {
            return;
        };
        let leg = LegId(self.numbers.take());
        self.dial_customer(id, leg, gateway);
        self.pop_up_dialled(id, true);
    }

    /// Whether what the gate saw still holds now that the attempt is written.
    fn may_still_dial(&self, id: CallId, now: Millis) -> bool {
        let Some(call) = self.calls.get(&id) else {
            return false;
        };
        let fresh = now.since(call.times.started) <= STALE_MS
            && call.times.started.since(now) <= SET_BACK_MS;
        fresh && self.is_still_wanted(call, now)
    }

    /// Whether a dial that passed the gate is still to be made, as far as no store has to be asked.
    pub(super) fn is_still_wanted(&self, call: &Call, now: Millis) -> bool {
        let campaign = call.campaign.as_ref().and_then(|id| self.campaigns.get(id));
        let runs = call.test.is_some() || campaign.is_some_and(Campaign::is_running);
        let is_open = self.settings_of(call).is_some_and(|settings| {
            let open = |facts: &Arc<Facts>| gate::is_still_open(facts, settings, now);
            call.checked.as_ref().is_some_and(open)
        });
        runs && is_open && !call.cancelled && !self.draining
    }

    /// Somebody else has the number in a call, or it may no longer be called: not an attempt.
    pub(super) fn attempt_refused(&mut self, attempt: AttemptId, block: Block, now: Millis) {
        let Some(id) = self.attempts.remove(&attempt) else {
            return;
        };
        let Some(call) = self.calls.get(&id).cloned() else {
            return;
        };
        if let Some(gateway) = call
            .gateway
            .as_ref()
            .and_then(|id| self.gateways.get_mut(id))
        {
            gateway.state.give_back();
        }
        if let Some(campaign) = call
            .campaign
            .as_ref()
            .and_then(|id| self.campaigns.get_mut(id))
        {
            campaign.calls.remove(&id);
            *campaign.blocked.entry(block).or_default() += 1;
            let retry_at = block.retry_at(&campaign.spec.settings, now);
            if let Some(lead) = call.lead.clone() {
                self.commands.push_back(Command::Block {
                    lead,
                    block,
                    retry_at,
                    basis: None,
                });
            }
        }
        if call.agent.is_some() {
            self.preview_refused(id, Some(block), now);
        } else {
            self.calls.remove(&id);
        }
        if call.test.is_some() {
            self.test_refused(&call);
        }
    }
}
