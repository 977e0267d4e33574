//! Lines that say what happens.

use super::{
    super::{
        super::{AgentOrder, By, CallBack, Ended, Input, OpenCall, OrderRefused, Quality, Refusal},
        stage,
    },
    Stage, seconds,
};
use crate::{
    agent::Unready,
    campaign::State,
    classification::{Answerer, Finding, Sit},
    disposition::{Code, Disposition},
    gate::Block,
    ids::{CallId, LeadId, LegId},
    robot::Speech,
    time::Millis,
};

impl Stage {
    /// A line of what happens.
    pub(super) fn happens(&mut self, words: &[&str]) {
        let input = match words {
            ["wait"] => {
                self.floor.handle_wake(self.now);
                return self.settle();
            }
            ["why", campaign] => return self.show_decision(campaign),
            ["rings", leg, how @ ..] => Input::LegRinging {
                leg: self.leg(leg),
                early: how == ["early"],
            },
            ["answers", leg] => {
                let leg = self.leg(leg);
                self.answered(leg);
                Input::LegAnswered { leg }
            }
            ["judges", leg, rest @ ..] => self.judged(leg, rest),
            ["speaks", leg] => self.speech(leg, Speech::Began),
            ["pauses", leg] => self.speech(leg, Speech::Paused),
            ["unheard", leg] => self.speech(leg, Speech::Unheard),
            ["beeps", leg] => Input::Beep { leg: self.leg(leg) },
            ["bridged", leg] => Input::Bridged { leg: self.leg(leg) },
            ["ends", leg, how @ ..] => self.end_of(leg, how),
            ["refuses", leg, why] => Input::LegRefused {
                leg: self.leg(leg),
                why: match *why {
                    "gateway" => Refusal::Gateway,
                    "number" => Refusal::BadNumber,
                    _ => Refusal::Ours,
                },
            },
            ["calls", name, number, rest @ ..] => self.incoming(name, number, rest),
            ["dials", "at", phone, name, number, rest @ ..] => {
                self.next_incoming += 1;
                let leg = LegId(self.next_incoming);
                self.name(leg, name);
                Input::Incoming {
                    leg,
                    from: (*phone).to_owned(),
                    to: (*number).to_owned(),
                    gateway: None,
                    phone: Some((*phone).to_owned()),
                    replaces: rest.first().map(|leg| self.leg(leg)),
                }
            }
            ["holds", leg, how] => Input::FarEndHolds {
                leg: self.leg(leg),
                on: *how == "on",
            },
            ["refers", leg, to, rest @ ..] => Input::TransferAsked {
                leg: self.leg(leg),
                to: (*to).to_owned(),
                replaces: rest.first().map(|leg| self.leg(leg)),
            },
            ["flashes", leg] => Input::HookFlash { leg: self.leg(leg) },
            ["presses", leg, keys] => return self.presses(leg, keys),
            ["recording", call, how] => {
                let paused = *how == "pauses";
                let done = self.floor.pause_recording(self.last_named(call), paused);
                return self.ordered(done);
            }
            ["records", leg] => Input::RecordStarted {
                sound: self.recordings[*leg],
                file: format!("{leg}.wav"),
            },
            ["recorded", leg, time] => Input::RecordDone {
                sound: self.recordings[*leg],
                file: format!("{leg}.wav"),
                ms: seconds(time),
                error: None,
            },
            ["heard", leg] => {
                let leg = self.leg(leg);
                let sound = self.sounds[&leg];
                Input::PlayDone { leg, sound }
            }
            ["mute", leg] => {
                let leg = self.leg(leg);
                let sound = self.sounds[&leg];
                Input::PlayFailed { leg, sound }
            }
            ["silent", leg] => Input::MediaTimeout { leg: self.leg(leg) },
            ["phone", agent, state] => Input::Phone {
                extension: stage::extension(agent),
                registered: *state == "on",
            },
            ["seen", agent, state] => Input::Presence {
                agent: (*agent).into(),
                connected: *state == "on",
            },
            ["gateway", id, state] => Input::GatewayAnswers {
                gateway: (*id).into(),
                up: *state == "up",
            },
            ["again", leg] => Input::LegSentAgain { leg: self.leg(leg) },
            ["allows", leg, how] => Input::NumberChecked {
                leg: self.leg(leg),
                allowed: *how == "yes",
                callers: Vec::new(),
            },
            ["drain"] => Input::Drain,
            ["kept", caller, how] => Input::Promised {
                call: self.last_named(caller),
                kept: *how == "yes",
            },
            ["called-off", call] => Input::CallBackOff {
                call: self.last_named(call),
            },
            ["promised", promises @ ..] => self.promised_before(promises),
            ["lists", lead] => {
                let row = self.store.rows.get_mut(&LeadId::from(*lead));
                row.expect("a lead").listed = true;
                return;
            }
            ["opened", lead] => Input::AttemptOpened {
                attempt: self.attempts[*lead],
            },
            ["refused", lead] => Input::AttemptRefused {
                attempt: self.attempts[*lead],
                block: Block::Live,
            },
            ["checked", lead, facts @ ..] => self.checked(lead, facts),
            ["drawn", campaign, leads @ ..] => self.drawn(campaign, leads),
            ["previews", agent, campaign, lead] => Input::PreviewLead {
                agent: (*agent).into(),
                campaign: (*campaign).into(),
                lead: self
                    .store
                    .rows
                    .get(&LeadId::from(*lead))
                    .map(|row| Box::new(row.lead.clone())),
            },
            ["set", rest @ ..] => {
                self.set(rest);
                return self.configure();
            }
            ["remove", rest @ ..] => return self.remove(rest),
            [state @ ("start" | "pause" | "stop" | "finish"), campaign] => {
                self.change(campaign, state)
            }
            ["connects", rest @ ..] => return self.connects(rest),
            [boss, rest @ ..] if boss.starts_with("boss") => return self.boss_does(boss, rest),
            other => return self.agent_does(other),
        };
        self.input(input);
    }

    fn speech(&self, leg: &str, speech: Speech) -> Input {
        let leg = self.leg(leg);
        Input::Speech { leg, speech }
    }

    /// Keys one after the other; the switch withholds them where it is to.
    fn presses(&mut self, leg: &str, keys: &str) {
        let leg = self.leg(leg);
        for key in keys.chars() {
            let withheld = self.withholding.contains(&leg);
            self.input(Input::Key { leg, key, withheld });
        }
    }

    /// `promised 139:-60:3600`: to whom, since when they wait and until when the promise holds, counted
    /// from the opening.
    fn promised_before(&mut self, promises: &[&str]) -> Input {
        let mut kept = Vec::new();
        for (promise, nth) in promises.iter().zip(1..) {
            let mut parts = promise.split(':');
            let number = parts.next().expect("a number");
            let mut at = || stage::opening().plus(seconds(parts.next().expect("a time")));
            let (waits_since, until) = (at(), at());
            let id = CallId(nth);
            self.calls.insert(id, format!("back-{number}"));
            self.store.open_calls.insert(id);
            self.store.promises.insert(id, number.to_owned());
            let queue = self.configuration.queues[0].id.clone();
            kept.push(CallBack {
                call: OpenCall {
                    id,
                    mode: None,
                    is_test: false,
                    campaign: None,
                    task: None,
                    lead: None,
                    queue: Some(queue.clone()),
                    agent: None,
                    gateway: None,
                    caller: "4000".into(),
                    callee: number.to_owned(),
                    is_call_back: true,
                    is_ordered: false,
                    tenant: None,
                    started_at: waits_since,
                },
                queue,
                priority: 0,
                waits_since,
                until,
            });
        }
        Input::CallBacks(kept)
    }

    /// `judges L1 human 1.9 1.2`: whom, how long it took, and when the greeting was over.
    fn judged(&self, leg: &str, rest: &[&str]) -> Input {
        let [whom, after, greeted @ ..] = rest else {
            panic!("whom, and after how many seconds");
        };
        let ms = |text: &str| u32::try_from(seconds(text)).expect("seconds");
        Input::Classified {
            leg: self.leg(leg),
            finding: Finding {
                answerer: match *whom {
                    "human" => Answerer::Human,
                    "machine" => Answerer::Machine,
                    "fax" => Answerer::Fax,
                    "network" | "intercept" | "vacant" | "reorder" | "no-circuit" => {
                        Answerer::Network
                    }
                    _ => Answerer::Unsure,
                },
                sit: match *whom {
                    "intercept" => Some(Sit::Intercept),
                    "vacant" => Some(Sit::VacantCode),
                    "reorder" => Some(Sit::Reorder),
                    "no-circuit" => Some(Sit::NoCircuit),
                    _ => None,
                },
                why: "told".into(),
                after_ms: ms(after),
                greeted_ms: greeted.first().map(|text| ms(text)),
            },
        }
    }

    /// How many lines the pacer gives a campaign, and why not more.
    pub(super) fn show_decision(&mut self, campaign: &str) {
        let view = self.floor.view(self.now);
        let mut campaigns = view.campaigns.iter();
        let seen = campaigns.find(|seen| seen.id.as_str() == campaign);
        let decision = seen.and_then(|seen| seen.decision);
        self.note(decision.map_or_else(
            || "no decision".to_owned(),
            |decision| format!("{} lines: {:?}", decision.lines, decision.why),
        ));
    }

    pub(super) fn change(&mut self, campaign: &str, state: &str) -> Input {
        let spec = self.campaigns.get_mut(campaign).expect("a campaign");
        spec.state = match state {
            "pause" => State::Paused,
            "stop" => State::Stopped,
            "finish" => State::Finished,
            _ => State::Running,
        };
        Input::Campaign(Box::new(spec.clone()))
    }

    pub(super) fn remove(&mut self, what: &[&str]) {
        match what {
            ["agent", id] => self
                .configuration
                .agents
                .retain(|agent| agent.id.as_str() != *id),
            ["queue"] => self.configuration.queues.clear(),
            _ => self.configuration.gateways.clear(),
        }
        self.configure();
    }

    /// `own in-call 1 hold`: by the agent, who is no supervisor.
    pub(super) fn agent_does(&mut self, words: &[&str]) {
        let (own, words) = match words {
            ["own", rest @ ..] => (true, rest),
            words => (false, words),
        };
        let order = match words {
            ["in", _, how @ ..] => AgentOrder::SignIn {
                extension: None,
                nailed_up: how == ["nailed"],
            },
            ["out", _] => AgentOrder::SignOut,
            ["ready", _] => AgentOrder::Ready,
            ["break", _, reason @ ..] => AgentOrder::NotReady {
                sub: Unready::Break,
                reason: reason.first().map(|reason| (*reason).to_owned()),
            },
            ["wants-peace", _] => AgentOrder::NotReady {
                sub: Unready::Dnd,
                reason: None,
            },
            ["next", _, campaign] => AgentOrder::NextPreview {
                campaign: (*campaign).into(),
            },
            ["picks", _, campaign, lead, how @ ..] => AgentOrder::Pick {
                campaign: (*campaign).into(),
                lead: (*lead).into(),
                dial: how == ["dials"],
            },
            ["dials", _] => AgentOrder::DialPreview,
            ["skips", _] => AgentOrder::SkipPreview,
            ["picks-up", _, what @ ..] => AgentOrder::PickUp {
                what: super::in_call::picked_up(what),
            },
            ["asks", _] => AgentOrder::Survey,
            ["hangs-up", _] => AgentOrder::Hangup,
            ["in-call", _, rest @ ..] => AgentOrder::InCall(self.in_call(rest)),
            ["done", _] => AgentOrder::FinishWrapUp,
            ["says", _, call, code, rest @ ..] => AgentOrder::Dispose {
                call: self.last_named(call),
                disposition: disposition(code, rest, self.now),
            },
            other => panic!("nothing that can happen: {other:?}"),
        };
        match own {
            true => self.own_order(words[1], order),
            false => self.order(words[1], order),
        }
    }

    fn own_order(&mut self, agent: &str, order: AgentOrder) {
        let done = self.floor.own_order(&agent.into(), order, self.now);
        self.ordered(done);
    }

    pub(super) fn order(&mut self, agent: &str, order: AgentOrder) {
        let done = self.floor.order(&agent.into(), order, self.now);
        self.ordered(done);
    }

    fn ordered(&mut self, done: Result<(), OrderRefused>) {
        if let Err(refused) = done {
            self.note(format!("refused {}", refused.code));
        }
        self.settle();
    }

    pub(super) fn incoming(&mut self, name: &str, number: &str, rest: &[&str]) -> Input {
        self.next_incoming += 1;
        let leg = LegId(self.next_incoming);
        self.name(leg, name);
        Input::Incoming {
            leg,
            from: name.to_owned(),
            to: number.to_owned(),
            gateway: (rest != ["from-nowhere"]).then(|| stage::GATEWAY.into()),
            phone: None,
            replaces: rest
                .iter()
                .find_map(|word| Some(self.leg(word.strip_prefix("replaces=")?))),
        }
    }

    pub(super) fn checked(&self, lead: &str, facts: &[&str]) -> Input {
        let row = &self.store.rows[&LeadId::from(lead)];
        Input::Checked {
            lead: lead.into(),
            facts: (facts != ["gone"]).then(|| Box::new(row.facts.clone())),
        }
    }

    pub(super) fn drawn(&mut self, campaign: &str, leads: &[&str]) -> Input {
        let nothing = leads == ["nothing"];
        let leads = if nothing { &[] } else { leads };
        let lead = |id: &&str| {
            let row = self.store.rows.get_mut(&LeadId::from(*id)).expect("a lead");
            row.reserved = true;
            row.lead.clone()
        };
        let leads = leads.iter().map(lead).collect();
        let rows = self.store.rows_of(&campaign.into()).count() as u64;
        let undone = Some(if nothing { 0 } else { rows });
        Input::Drawn {
            campaign: campaign.into(),
            leads,
            undone,
            next_due: None,
        }
    }

    pub(super) fn end_of(&mut self, name: &str, how: &[&str]) -> Input {
        let leg = self.leg(name);
        let status = how.first().and_then(|status| status.parse().ok());
        let lost = how
            .first()
            .and_then(|how| how.strip_prefix("lost=")?.parse().ok());
        self.legs.remove(&leg);
        Input::LegEnded {
            leg,
            ended: Ended {
                // `ends L1 408 network`: nobody at the other end said so.
                by: if how.get(1) == Some(&"network") {
                    By::Network
                } else {
                    By::Them
                },
                sip_status: status,
                // `ends 8500 302 to 8600`: it sends the call on.
                forwards_to: match how {
                    [_, "to", number] => Some((*number).to_owned()),
                    _ => None,
                },
                quality: Quality {
                    packets_lost: lost.unwrap_or_default(),
                    ..Quality::default()
                },
                ..Ended::default()
            },
        }
    }
}

fn disposition(code: &str, rest: &[&str], now: Millis) -> Disposition {
    Disposition {
        code: *Code::ALL
            .iter()
            .find(|known| known.as_str() == code)
            .expect("a code"),
        note: String::new(),
        callback_at: rest.first().map(|text| now.plus(seconds(text))),
    }
}
