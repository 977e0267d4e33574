//! What people do in a shift: agents, callers, supervisors; at random, or as they should.

use rand::Rng;

use super::{
    super::{super::*, stage},
    plan::{self, MINUTE},
    switch::Happening,
    world::World,
};
use crate::{
    agent::{self, Unready},
    campaign::{Mode, State},
    disposition::{Code, Disposition},
};

impl World {
    /// Every agent takes the next step that work asks for.
    pub(super) fn everybody_works(&mut self) {
        for spec in self.plan.configuration.agents.clone() {
            let Some(agent) = self.floor.agents.get(&spec.id) else {
                continue;
            };
            let order = match agent.machine.state() {
                agent::State::LoggedOut => AgentOrder::SignIn {
                    extension: None,
                    nailed_up: false,
                },
                agent::State::Unready { .. } => AgentOrder::Ready,
                agent::State::Ready if agent.previewing.is_none() => self.some_preview(),
                agent::State::Preview { .. } => AgentOrder::DialPreview,
                agent::State::WrapUp { call, .. } => AgentOrder::Dispose {
                    call: *call,
                    disposition: Disposition {
                        code: Code::Success,
                        note: String::new(),
                        callback_at: None,
                    },
                },
                _ => continue,
            };
            self.order(&spec.id, order);
        }
    }

    /// Somebody does something.
    pub(super) fn chance(&mut self) {
        self.next_chance = self.now.plus(self.rng.random_range(50..1_500));
        match self.rng.random_range(0..1000) {
            0..790 => self.agent_does(),
            790..860 => self.phone_does(),
            860..890 => self.somebody_calls(),
            890..950 => self.phone_or_channel(),
            950..970 => self.boss_does(),
            970..995 => self.supervisor_does(),
            _ => self.configuration_changes(),
        }
    }

    fn some_agent(&mut self) -> AgentSpec {
        let agents = &self.plan.configuration.agents;
        agents[self.rng.random_range(0..agents.len())].clone()
    }

    fn agent_does(&mut self) {
        let agent = self.some_agent().id;
        let order = match self.rng.random_range(0..100) {
            0..10 => AgentOrder::SignIn {
                extension: None,
                nailed_up: self.rng.random_bool(0.3),
            },
            10..12 => AgentOrder::SignOut,
            12..40 => AgentOrder::Ready,
            40..44 => AgentOrder::NotReady {
                sub: Unready::Break,
                reason: None,
            },
            44..48 => AgentOrder::Hangup,
            84..92 => AgentOrder::InCall(self.some_call_order()),
            92..94 => AgentOrder::PickUp {
                what: self.some_ringing(),
            },
            48..60 => AgentOrder::FinishWrapUp,
            60..70 => self.some_preview(),
            70..82 => AgentOrder::DialPreview,
            82..84 => AgentOrder::SkipPreview,
            _ => match self.some_disposition(&agent) {
                Some(order) => order,
                None => return,
            },
        };
        self.order(&agent, order);
    }

    fn some_preview(&self) -> AgentOrder {
        let preview = |spec: &&CampaignSpec| spec.mode == Mode::Preview;
        let campaign = self.plan.campaigns.iter().find(preview);
        let campaign = campaign.map_or_else(|| "none".into(), |spec| spec.id.clone());
        AgentOrder::NextPreview { campaign }
    }

    fn some_disposition(&mut self, agent: &AgentId) -> Option<AgentOrder> {
        let call = self.floor.agents.get(agent)?.last_call.as_ref()?.id;
        let code = Code::ALL[self.rng.random_range(0..Code::ALL.len())];
        let at = self.now.plus(self.rng.random_range(-1_000..30 * MINUTE));
        let disposition = Disposition {
            code,
            note: String::new(),
            callback_at: Some(at),
        };
        Some(AgentOrder::Dispose { call, disposition })
    }

    fn somebody_calls(&mut self) {
        self.next_incoming += 1;
        let leg = LegId(self.next_incoming);
        let to = match self.rng.random_range(0..20) {
            0 => "4001",
            1..4 => plan::DIRECT,
            4..6 => plan::ROBOT,
            _ => "4000",
        };
        self.switch.incoming(leg, self.now, &mut self.rng);
        self.input(Input::Incoming {
            leg,
            from: "13811112222".into(),
            to: to.into(),
            gateway: Some(stage::GATEWAY.into()),
            phone: None,
            replaces: None,
        });
    }

    fn phone_or_channel(&mut self) {
        let agent = self.some_agent();
        let up = self.rng.random_bool(0.7);
        let input = if self.rng.random_bool(0.5) {
            Input::Phone {
                extension: agent.extension,
                registered: up,
            }
        } else {
            Input::Presence {
                agent: agent.id,
                connected: up,
            }
        };
        self.input(input);
    }

    fn supervisor_does(&mut self) {
        let index = self.rng.random_range(0..self.plan.campaigns.len());
        let states = [
            State::Running,
            State::Paused,
            State::Running,
            State::Stopped,
        ];
        let mut spec = self.plan.campaigns[index].clone();
        spec.state = states[self.rng.random_range(0..states.len())];
        self.input(Input::Campaign(Box::new(spec)));
        if self.rng.random_bool(0.8) {
            // Most often it goes on at once.
            let again = Input::Campaign(Box::new(self.plan.campaigns[index].clone()));
            let at = self.now.plus(self.rng.random_range(0..2_000));
            self.switch.plan(at, Happening::Tell(again));
        }
    }

    /// Something is taken away, and most often put back soon.
    fn configuration_changes(&mut self) {
        let mut configuration = self.plan.configuration.clone();
        match self.rng.random_range(0..4) {
            0 => configuration.queues.clear(),
            1 => configuration.gateways.clear(),
            2 => configuration.routes.clear(),
            _ => {
                configuration.agents.pop();
            }
        }
        self.input(Input::Configured(Box::new(configuration)));
        let back = Input::Configured(Box::new(self.plan.configuration.clone()));
        let at = self.now.plus(self.rng.random_range(0..30_000));
        self.switch.plan(at, Happening::Tell(back));
    }
}
