//! A test call of a robot's task (OUT-219, OUT-220): its robot, gateway and caller number, to a number
//! of one's choosing.
//!
//! It passes the gate like every other dial, but for the campaign's own window; the hours of the
//! called party's jurisdiction hold. It is no lead's and no campaign's on the floor, so that no pacer,
//! ledger or report counts it, and it ends with its prompt: no agent is bothered.

use std::sync::Arc;

use super::{Call, CloseAttempt, Command, Event, Floor, OpenAttempt, Phase};
use crate::{
    campaign::{Mode, Settings},
    gate::{self, Block, Facts, No, Rules},
    ids::{AttemptId, CallId, CampaignId, LeadId},
    outcome::Outcome,
    phone,
    time::Millis,
    window::Window,
};

/// What is to be tested.
#[derive(Debug, Clone, PartialEq)]
pub struct TestCall {
    /// Whose robot it is; the campaign need not run.
    pub campaign: CampaignId,
    pub settings: Settings,
    pub number: String,
    /// What is known of the number, read immediately before.
    pub facts: Facts,
}

impl Floor {
    /// Makes one test call. Its end is told as that of every call.
    ///
    /// # Errors
    /// Why the gate does not let it pass; nothing has happened.
    pub fn test(&mut self, asked: TestCall, now: Millis) -> Result<CallId, No> {
        let test = TestCall {
            settings: Settings {
                window: Window::always(),
                ..asked.settings
            },
            ..asked
        };
        if self.draining {
            return Err(No {
                block: Block::Stopped,
                retry_at: None,
                basis: None,
            });
        }
        let settings = &test.settings;
        let pool = settings.gateway.iter().chain(&settings.fallback_gateways);
        let gateway = self.first_with_room(pool.cloned().collect(), now);
        let rule = &settings.caller_rule;
        let (all, used) = (&settings.caller_ids, &test.facts.callers);
        let usable = self.callers.pool.usable(all, used, gateway.as_ref());
        let caller = rule.choose(&usable, &test.facts, 0, now);
        let state = gateway
            .as_ref()
            .and_then(|id| self.gateways.get_mut(id))
            .map(|gateway| &mut gateway.state);
        let verdict = gate::examine(&test.facts, settings, caller, state, now)?;
        let rules = Rules::of(&test.facts, settings).ok();
        let (attempt, id) = (AttemptId(self.numbers.take()), CallId(self.numbers.take()));
        let mut call = Call::new(id, verdict.caller.clone(), test.number.clone(), now);
        call.mode = Some(Mode::Robot);
        call.attempt = Some(attempt);
        call.gateway.clone_from(&gateway);
        call.holds_channel = true;
        call.checked = Some(Arc::new(verdict.facts.clone()));
        call.min_ring_s = rules.as_ref().map_or(0, Rules::min_ring_s);
        let spellings = phone::spellings(&test.number, &settings.home_country);
        call.test = Some(Arc::new(test));
        call.phase = Phase::Opening;
        self.commands
            .push_back(Command::OpenAttempt(Box::new(OpenAttempt {
                attempt,
                verdict,
                call: call.beginning(),
                batch: String::new(),
                gateway: gateway.unwrap_or_else(|| "".into()),
                spellings,
                number: call.callee.clone(),
            })));
        self.attempts.insert(attempt, id);
        self.calls.insert(id, call);
        Ok(id)
    }

    /// The store refused its attempt: it was never dialled.
    pub(super) fn test_refused(&mut self, call: &Call) {
        self.tell(Event::CallEnded {
            call_id: call.id,
            agent: None,
            outcome: Outcome::Cancelled.as_str(),
            talk_ms: None,
        });
    }
}

/// What the attempt of a test call leaves behind: no lead has a next step.
pub(super) fn closing(call: &Call, outcome: Outcome) -> Option<CloseAttempt> {
    Some(CloseAttempt {
        id: call.attempt?,
        lead: LeadId::from(""),
        dialled: call.invites > 0,
        counted: false,
        given_back: false,
        status: outcome.status(),
        next_dial_at: None,
        number: None,
        suppress: outcome == Outcome::Unwanted,
    })
}
