//! Lines that say what agents and supervisors do in a call: `in-call 1 consult agent 2`,
//! `boss whispers 1`.

use super::{
    super::super::{
        CallOrder, Forced, MemberOrder, Monitor, OutsideLimits, PickUp, SupervisorOrder, TwoParties,
    },
    Stage, pairs,
};
use crate::{
    agent::{Unready, WorkMode},
    destination::Destination,
    ids::CallId,
};

/// A supervisor's phone: 9000 of `boss`, 9001 of `boss1`.
fn phone_of(boss: &str) -> String {
    let number = boss
        .strip_prefix("boss")
        .filter(|number| !number.is_empty());
    format!("900{}", number.unwrap_or("0"))
}

fn work_mode(name: &str) -> WorkMode {
    match name {
        "ready" => WorkMode::Ready,
        "wait" => WorkMode::Unready(Unready::Wait),
        "away" => WorkMode::Unready(Unready::Away),
        other => panic!("no work mode of a script: {other}"),
    }
}

fn order(words: &[&str]) -> CallOrder {
    match words {
        ["hold"] => CallOrder::Hold,
        ["retrieve"] => CallOrder::Retrieve,
        ["mute"] => CallOrder::Mute { on: true },
        ["unmute"] => CallOrder::Mute { on: false },
        ["press", digits] => CallOrder::Press {
            digits: (*digits).to_owned(),
        },
        ["transfer", to @ ..] => CallOrder::Transfer {
            to: destination(to),
        },
        ["consult", to @ ..] => CallOrder::Consult {
            to: destination(to),
        },
        ["swap"] => CallOrder::Swap,
        ["confer", how @ ..] => CallOrder::Confer {
            ends_all: how == ["all"],
        },
        ["invite", to @ ..] => CallOrder::Invite {
            to: destination(to),
            ends_all: false,
        },
        ["invite-all", to @ ..] => CallOrder::Invite {
            to: destination(to),
            ends_all: true,
        },
        ["complete"] => CallOrder::Complete,
        ["cancel"] => CallOrder::Cancel,
        other => panic!("nothing to do in a call: {other:?}"),
    }
}

/// Which ringing call: `agent 1`, `extension 801`, `queue sales`, or of the own group.
pub(super) fn picked_up(words: &[&str]) -> PickUp {
    match words {
        ["agent", id] => PickUp::Agent((*id).into()),
        ["extension", id] => PickUp::Extension((*id).to_owned()),
        ["queue", id] => PickUp::Queue((*id).into()),
        _ => PickUp::Group,
    }
}

fn destination(words: &[&str]) -> Destination {
    match words {
        ["agent", id] => Destination::Agent {
            agent: (*id).into(),
        },
        ["queue", id] => Destination::Queue {
            queue: (*id).into(),
        },
        ["extension", id] => Destination::Extension {
            extension: (*id).into(),
        },
        ["number", id] => Destination::Number {
            number: (*id).into(),
        },
        ["ivr", id] => Destination::Ivr { menu: (*id).into() },
        other => panic!("nowhere to go: {other:?}"),
    }
}

impl Stage {
    /// `members x mute a2`, `members x drop 8500`, `members x invite number 95588`: x is the customer.
    fn member_order(&self, words: &[&str]) -> Option<(CallId, MemberOrder)> {
        let (call, order) = match words {
            ["members", call, "mute", leg] => (call, self.mute_order(leg, true)),
            ["members", call, "unmute", leg] => (call, self.mute_order(leg, false)),
            ["members", call, "drop", leg] => (
                call,
                MemberOrder::Drop {
                    member: self.leg(leg),
                },
            ),
            ["members", call, "invite", to @ ..] => (
                call,
                MemberOrder::Invite {
                    to: destination(to),
                    ends_all: false,
                },
            ),
            _ => return None,
        };
        Some((self.last_named(call), order))
    }

    fn mute_order(&self, leg: &str, on: bool) -> MemberOrder {
        MemberOrder::Mute {
            member: self.leg(leg),
            on,
        }
    }

    pub(super) fn in_call(&self, words: &[&str]) -> CallOrder {
        match self.member_order(words) {
            Some((call, order)) => CallOrder::Member { call, order },
            None => order(words),
        }
    }

    pub(super) fn boss_does(&mut self, boss: &str, words: &[&str]) {
        let monitor = |agent: &str, monitor| SupervisorOrder::Monitor {
            agent: agent.into(),
            extension: phone_of(boss),
            monitor,
        };
        let force = |agent: &str, what| SupervisorOrder::Force {
            agent: agent.into(),
            what,
        };
        let order = match words {
            ["listens", agent] => monitor(agent, Monitor::Listen),
            ["whispers", agent] => monitor(agent, Monitor::Whisper),
            ["barges", agent] => monitor(agent, Monitor::Barge),
            ["intercepts", agent] => SupervisorOrder::Intercept {
                agent: (*agent).into(),
                extension: phone_of(boss),
            },
            ["releases", agent] => SupervisorOrder::Release {
                agent: (*agent).into(),
            },
            ["mutes", agent] => SupervisorOrder::Mute {
                agent: (*agent).into(),
                on: true,
            },
            ["signs-out", agent] => force(agent, Forced::SignOut),
            ["sends-away", agent] => force(agent, Forced::Leave { reason: None }),
            ["calls-back", agent] => force(agent, Forced::Resume),
            ["sets", agent, mode] => force(
                agent,
                Forced::WorkMode {
                    mode: work_mode(mode),
                    reason: None,
                },
            ),
            ["ends-wrap-up", agent] => force(agent, Forced::FinishWrapUp),
            ["ends-call", call] => SupervisorOrder::End {
                call: self.last_named(call),
            },
            ["takes-back", call] => SupervisorOrder::CancelCallBack {
                call: self.last_named(call),
            },
            ["leaves"] => SupervisorOrder::Leave,
            other => match self.member_order(other) {
                Some((call, order)) => SupervisorOrder::Member { call, order },
                None => panic!("nothing a supervisor does: {other:?}"),
            },
        };
        if let Err(refused) = self.floor.supervise(boss, order, self.now) {
            self.note(format!("refused {}", refused.code));
        }
        self.settle();
    }

    /// `connects extension 8500 number 95588 as=4000 ends-all`: the first, then the second.
    pub(super) fn connects(&mut self, words: &[&str]) {
        let options = &words[4..];
        let caller = options.iter().find_map(|shown| shown.strip_prefix("as="));
        let asked = TwoParties {
            first: destination(&words[..2]),
            second: destination(&words[2..4]),
            caller: caller.map(str::to_owned),
            ends_all: options.contains(&"ends-all"),
            tenant: "o".into(),
        };
        if let Err(refused) = self.floor.connect_two("boss", asked, self.now) {
            self.note(format!("refused {}", refused.code));
        }
        self.settle();
    }

    /// The last call of this name.
    pub(super) fn last_named(&self, name: &str) -> CallId {
        let mut calls = self.calls.iter();
        *calls.rfind(|(_, one)| *one == name).expect("a call").0
    }

    pub(super) fn limit_outside(&mut self, options: &[&str]) {
        let mut limits = OutsideLimits::default();
        for (key, value) in pairs(options) {
            match key {
                "at-once" => limits.at_once = value.parse().expect("a number"),
                "hour" => limits.per_hour = value.parse().expect("a number"),
                "denied" => limits.denied.push(value.to_owned()),
                other => panic!("no limit: {other}"),
            }
        }
        self.floor.limit_outside(limits);
    }
}
