//! A leg is over: what that means for the call, the agent and the lead.

use super::{
    AnswerClass, By, Call, Cause, CloseAttempt, CloseCall, Command, Ended, Event, Floor, Phase,
    Refusal, Role, Times,
    came_to::{has_message, is_fault_of_gateway, outcome_of, transport_of},
    next_gateway::why_gone,
    offers::NotTaken,
    test_call,
};
use crate::{
    agent::State,
    campaign::Mode,
    disposition::Step,
    ids::{CallId, LegId},
    outcome::{CallStatus, Outcome},
    retry,
    time::Millis,
};

/// No dials for so long after the switch has refused one for itself: each would send a lead away for minutes.
const SPARED_MS: i64 = 1_000;

impl Floor {
    pub(super) fn leg_ended(&mut self, leg: LegId, ended: Ended, now: Millis) {
        let role = self.legs.remove(&leg);
        self.holding.remove(&leg);
        let by_gateway = why_gone(&ended) == "gateway";
        let is_remote = self.remote.contains_key(&leg);
        self.remote_over(leg, by_gateway, now);
        if let Some(Role::Customer(call)) = &role
            && self.was_not_sent(*call, &ended)
        {
            self.not_dialled(*call);
        }
        if let Some(role) = &role
            && self.next_gateway_takes(role, leg, Some(&ended), now)
        {
            return;
        }
        if let (Some(role), Some(to)) = (&role, &ended.forwards_to)
            && self.sent_on(role, leg, to, now)
        {
            return;
        }
        match role {
            Some(Role::Customer(call)) => self.customer_ended(call, ended, now),
            Some(Role::AgentFor(call)) if self.is_reaching(call) => {
                self.not_reached_for(call, Cause::of(&ended), now);
            }
            Some(Role::AgentFor(call)) => {
                self.keep_quality(call, leg, ended.quality);
                let why = match is_remote && by_gateway {
                    true => NotTaken::Unreached,
                    false => NotTaken::of_status(ended.sip_status),
                };
                self.agent_leg_ended(call, leg, why, now);
            }
            Some(Role::NailedUp(agent)) => {
                let on_it = |call: &&Call| call.agent_leg == Some(leg);
                let call = self.calls.values().find(on_it).map(|call| call.id);
                let asked = self
                    .agents
                    .get(&agent)
                    .and_then(|agent| agent.machine.call());
                self.nailed_leg_ended(&agent, now);
                if let Some(call) = call {
                    self.agent_leg_ended(call, leg, NotTaken::RangOut, now);
                } else if let Some(call) = asked.filter(|call| self.is_called(*call, leg)) {
                    self.called_gone(call, leg, "hung_up", now);
                }
            }
            Some(Role::Party(call)) => self.party_lost(call, leg, why_gone(&ended), now),
            Some(Role::Own(call)) => self.own_gone(call, leg, now),
            Some(Role::TakesOver(_)) => {}
            Some(Role::Supervisor) => self.supervisor_gone(leg, now),
            None => self.agent_has_left(leg, ended.quality),
        }
    }

    /// A 503 of our own making: nothing could be sent to the gateway at all.
    fn was_not_sent(&self, id: CallId, ended: &Ended) -> bool {
        let call = self.calls.get(&id);
        let is_ours = ended.by == By::Network && ended.sip_status == Some(503);
        is_ours && call.is_some_and(|call| call.times.ringing.is_none())
    }

    /// The switch did not take the leg: our side failed, nobody was bothered.
    pub(super) fn leg_refused(&mut self, leg: LegId, why: Refusal, now: Millis) {
        let role = self.legs.remove(&leg);
        self.remote_over(leg, why == Refusal::Gateway, now);
        if let Some(Role::Customer(call)) = &role {
            self.not_dialled(*call);
            // Of a phone the same word says that it has just gone.
            if why == Refusal::Ours && self.is_attempt(*call) {
                self.spared_until = now.plus(SPARED_MS);
            }
        }
        if let Some(role) = &role
            && why == Refusal::Gateway
            && self.next_gateway_takes(role, leg, None, now)
        {
            return;
        }
        match role {
            Some(Role::Customer(call)) => {
                let outcome = match why {
                    Refusal::Gateway => Outcome::Congestion,
                    Refusal::Ours => Outcome::Cancelled,
                    Refusal::BadNumber => Outcome::Unallocated,
                };
                self.finish(call, outcome, now);
            }
            Some(Role::AgentFor(call)) if self.is_reaching(call) => {
                let cause = match why {
                    Refusal::Gateway => Cause::Congestion,
                    Refusal::Ours => Cause::NoAnswer,
                    Refusal::BadNumber => Cause::Unallocated,
                };
                self.not_reached_for(call, cause, now);
            }
            Some(Role::AgentFor(call)) => {
                self.agent_leg_ended(call, leg, NotTaken::Unreached, now);
            }
            Some(Role::NailedUp(agent)) => self.nailed_leg_ended(&agent, now),
            Some(Role::Party(call)) => {
                let why = match why {
                    Refusal::Gateway => "gateway",
                    Refusal::Ours => "not_reached",
                    Refusal::BadNumber => "bad_number",
                };
                self.party_lost(call, leg, why, now);
            }
            Some(Role::Own(call)) => self.own_gone(call, leg, now),
            Some(Role::Supervisor) => self.supervisor_gone(leg, now),
            Some(Role::TakesOver(_)) | None => {}
        }
    }

    fn is_reaching(&self, id: CallId) -> bool {
        let call = self.calls.get(&id);
        call.is_some_and(|call| call.phase == Phase::Reaching)
    }

    fn customer_ended(&mut self, id: CallId, ended: Ended, now: Millis) {
        self.gave_up_waiting(id, now);
        self.withdraw_offer(id, now);
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if call.phase == Phase::Listening {
            // Whoever hangs up before we know them is more likely a person than not.
            call.class = AnswerClass::Person;
            let left = call.clone();
            self.line_was_no_person(&left, now);
        }
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let outcome = outcome_of(call, &ended);
        if outcome == Outcome::Abandoned {
            call.abandoned = true;
        }
        call.ended = Some(ended);
        self.finish(id, outcome, now);
    }

    fn agent_leg_ended(&mut self, id: CallId, leg: LegId, why: NotTaken, now: Millis) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if let Some(agent) = call.rung_on(leg) {
            self.offer_failed(id, &agent, why, now);
            return;
        }
        call.agent_leg.take();
        self.free_way_out(id, now);
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let (phase, consults) = (call.phase.clone(), call.parties.second.is_some());
        self.leg_over(id, leg, "hung_up", now);
        if phase == Phase::Talking && consults {
            // Whoever hangs up on two lets the two have each other.
            return self.leave_conference(id, now);
        }
        self.free_rung_phone(id);
        match phase {
            Phase::Transferring => self.transfer_failed(id, "rejected", now),
            _ if self.goes_back_in_line(id, now) => {}
            _ => self.talk_over(id, now),
        }
    }

    /// We end the call: hang up on the customer and wait for the end.
    pub(super) fn leave(&mut self, id: CallId, cause: Cause, now: Millis) {
        self.withdraw_offer(id, now);
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        match (call.customer, &call.phase) {
            (Some(leg), phase) => {
                call.cancelled |= *phase == Phase::Dialling;
                if !call.is_talking() || *phase == Phase::Introducing {
                    call.way.words.clear();
                    call.phase = Phase::Leaving;
                }
                self.commands.push_back(Command::Hangup { leg, cause });
            }
            // Not dialled yet: the attempt that is being written is closed when it is there.
            (None, Phase::Opening) => call.cancelled = true,
            (None, phase) if call.way.is_call_back || *phase == Phase::Asking => {
                self.finish(id, Outcome::Cancelled, now);
            }
            (None, _) => self.call_off(id, None, now),
        }
    }

    pub(super) fn media_timeout(&mut self, leg: LegId) {
        if self.legs.contains_key(&leg) {
            self.commands.push_back(Command::Hangup {
                leg,
                cause: Cause::Normal,
            });
        }
    }

    /// The call is over: closed in the books, in the counts, and for the agent.
    pub(super) fn finish(&mut self, id: CallId, outcome: Outcome, now: Millis) {
        let Some(mut call) = self.calls.remove(&id) else {
            return;
        };
        if let Some(leg) = call.customer {
            self.legs.remove(&leg);
        }
        if let Some(attempt) = call.attempt {
            self.attempts.remove(&attempt);
        }
        call.times.ended = Some(now);
        self.free_channel(&call, outcome, now);
        let closing = self.closing(&call, outcome, now);
        self.tell(Event::CallEnded {
            call_id: id,
            agent: closing.agent.clone(),
            outcome: outcome.as_str(),
            talk_ms: closing.talk_ms,
        });
        let had = closing.agent.clone();
        self.parting
            .retain(|_, (call, agent)| *call != id || Some(&*agent) == had.as_ref());
        self.commands
            .push_back(Command::CloseCall(Box::new(closing)));
        let sounded = call.agent_quality.as_ref();
        let sounded = sounded.filter(|_| call.times.bridged.is_some());
        if let Some((_, quality)) = sounded.filter(|(agent, _)| Some(agent) == had.as_ref()) {
            let (call, quality) = (id, *quality);
            self.commands
                .push_back(Command::AgentLegOver { call, quality });
        }
        self.line_over(&call, now);
        self.book_gone(&call, now);
        self.count(&call, outcome, now);
        // First: a number that was never dialled has no leg to hang up.
        self.give_way_out_back(&call, now);
        self.free_phones(&call);
        let second = call.parties.second.as_ref();
        self.tell_not_sent(second.and_then(|second| second.asked_on), "call_over");
        self.release_agent(&call, now);
        self.let_parties_go(&call, now);
        self.learn_handling(&call, now);
    }

    fn free_channel(&mut self, call: &Call, outcome: Outcome, now: Millis) {
        let Some(id) = call.gateway.as_ref().filter(|_| call.holds_channel) else {
            return;
        };
        // Whom a caller did not reach is no fault of the gateway by which the caller came.
        let is_fault = !call.is_inbound() && is_fault_of_gateway(call, outcome, now);
        let Some(gateway) = self.gateways.get_mut(id) else {
            return;
        };
        if call.customer.is_none() {
            gateway.state.give_back();
        } else if gateway.state.release(is_fault, now) {
            let gateway = id.clone();
            self.gateway_degraded(&gateway, now);
        }
    }

    pub(super) fn release_agent(&mut self, call: &Call, now: Millis) {
        self.unmute(call);
        self.drop_agent_leg(call);
        let Some(agent) = call.agent.clone() else {
            return;
        };
        let busy = self.agents.get(&agent).is_some_and(
            |seen| matches!(seen.machine.state(), State::Busy { call: on, .. } if *on == call.id),
        );
        if !busy {
            return;
        }
        let wrap_up = if call.times.bridged.is_some() {
            self.wrap_up_of(&agent, call)
        } else {
            None
        };
        let _ = self.step(&agent, now, |machine| machine.call_over(wrap_up, now));
        if wrap_up.is_none() {
            self.go_on_previewing(&agent);
        }
        self.let_go_of(&agent, now);
    }

    fn closing(&self, call: &Call, outcome: Outcome, now: Millis) -> CloseCall {
        let ended = call.ended.clone().unwrap_or_default();
        let times = Times {
            ended: call.times.ended,
            ..call.before.unwrap_or(call.times)
        };
        let agent = call.agent.as_ref().or(call.way.served_by.as_ref());
        let agent = agent.or(call.parties.last_agent.as_ref()).cloned();
        let left = call.gave_up.or(call.way.left_at);
        let waited_until = times.bridged.or(left).or(times.ended);
        let wait_ms = times
            .queued
            .zip(waited_until)
            .map(|(from, to)| to.since(from));
        let talking_since = match call.mode {
            Some(Mode::Robot) => call.times.answered,
            _ => call.times.bridged,
        };
        CloseCall {
            id: call.id,
            queue: call.queue.clone(),
            gateway: call.gateway.clone(),
            extension: agent
                .as_ref()
                .and_then(|id| self.agents.get(id))
                .map(|agent| agent.extension.clone()),
            agent,
            times,
            hangup_side: match ended.by {
                By::Us => "us",
                By::Them => "them",
                By::Network => "network",
            },
            sip_status: ended.sip_status,
            q850: ended.q850,
            reason: ended.reason,
            outcome,
            transport: transport_of(call, outcome, now),
            answer_class: call.class,
            finding: call.finding.clone(),
            abandoned: call.abandoned,
            gave_up: call.gave_up,
            message: call.message.clone(),
            wait_ms,
            talk_ms: talking_since.map(|since| {
                let until = call.way.talked_until.unwrap_or(now);
                until.since(since)
            }),
            quality: ended.quality,
            exit: call.way.exit,
            choices: call.way.choices().to_vec(),
            asked: call.way.asked.clone(),
            legs: call.log.closed(&call.times),
            attempt: self.closing_attempt(call, outcome, now),
        }
    }

    /// What the attempt leaves behind for the lead: its status and when it comes back.
    fn closing_attempt(&self, call: &Call, outcome: Outcome, now: Millis) -> Option<CloseAttempt> {
        if call.test.is_some() {
            return test_call::closing(call, outcome);
        }
        let (id, lead) = (call.attempt?, call.lead.clone()?);
        let campaign = self.campaigns.get(call.campaign.as_ref()?)?;
        // A dial that we gave up has bothered somebody when their phone had rung.
        let bothered =
            outcome.counts() || (outcome == Outcome::Cancelled && call.times.ringing.is_some());
        let counted = bothered && call.invites > 0;
        let attempts = call.attempts_before + u32::from(counted);
        let given_back = call.invites == 0 && outcome == Outcome::Cancelled;
        let worn_out = call.dials_before + u32::from(!given_back) >= retry::MOST_DIALS;
        let retry = &campaign.spec.settings.retry;
        let goes_on = outcome == Outcome::Unallocated && attempts < retry.max_attempts;
        let number = call.next_number.clone();
        let number = number.filter(|_| goes_on && !worn_out && call.disposed.is_none());
        let next_dial_at = match call.disposed {
            Some(Step::CallAgain(at) | Step::TryAgain(at)) => Some(at),
            Some(Step::Close | Step::Suppress) => None,
            None if worn_out || has_message(call) => None,
            // The gate decides whether that one may be dialled now.
            None if number.is_some() => Some(now),
            None => retry.next(outcome, attempts, now),
        };
        Some(CloseAttempt {
            id,
            lead,
            dialled: call.invites > 0,
            counted,
            given_back,
            // A lead that was given up for the last time is done, not fresh.
            status: match outcome.status() {
                CallStatus::NotCall if next_dial_at.is_none() => CallStatus::Failed,
                status => status,
            },
            next_dial_at,
            number,
            suppress: outcome == Outcome::Unwanted,
        })
    }
}
