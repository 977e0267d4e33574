//! The configuration as it stands now: what is gone is gone, what is up ends in order.

use std::{collections::BTreeSet, sync::Arc};

use super::{AgentSpec, Configuration, Floor, Gateway, GatewaySpec, agents::Agent};
use crate::{gateway, ids::AgentId, time::Millis};

impl Floor {
    pub(super) fn configure(&mut self, configuration: Configuration, now: Millis) {
        let Configuration {
            agents,
            queues,
            gateways,
            routes,
            menus,
            extensions,
            numbers,
            phone_callers,
            phone_gateways,
            inside_only,
            keep_calls,
            surveys,
        } = configuration;
        self.configure_agents(agents, now);
        self.configure_queues(queues, now);
        self.configure_gateways(gateways, now);
        self.routes = routes;
        // Callers who are in the menus stay in those that they came to (VOX-156).
        self.menus = menus.into();
        self.extensions = extensions;
        self.inside_only = inside_only;
        self.keep_calls = keep_calls;
        self.callers.pool = numbers.into_iter().collect();
        self.callers.of_phones = phone_callers;
        self.callers.gateways = phone_gateways;
        let shared = surveys.into_iter();
        self.surveys = shared.map(|(id, one)| (id, Arc::new(one))).collect();
        self.touch_all(now);
    }

    fn configure_agents(&mut self, specs: Vec<AgentSpec>, now: Millis) {
        let kept: BTreeSet<AgentId> = specs.iter().map(|spec| spec.id.clone()).collect();
        for spec in specs {
            let Some(agent) = self.agents.get_mut(&spec.id) else {
                self.agents.insert(spec.id.clone(), Agent::new(spec));
                continue;
            };
            if !agent.machine.is_signed_in() {
                agent.extension.clone_from(&spec.extension);
            }
            agent.gone = false;
            agent.spec = spec;
        }
        let gone: Vec<AgentId> = self
            .agents
            .keys()
            .filter(|id| !kept.contains(id))
            .cloned()
            .collect();
        for id in gone {
            if let Some(agent) = self.agents.get_mut(&id) {
                agent.gone = true;
            }
            self.let_go_of(&id, now);
        }
    }

    /// Signs an agent out who is to go and in no call: one who is gone from the configuration, or whom a
    /// supervisor signed out.
    pub(super) fn let_go_of(&mut self, id: &AgentId, now: Millis) {
        let goes = |agent: &Agent| agent.gone || agent.signs_out;
        if !self.agents.get(id).is_some_and(goes) {
            return;
        }
        let _ = self.sign_out(id, now);
        let signed_out = |agent: &Agent| agent.gone && !agent.machine.is_signed_in();
        if self.agents.get(id).is_some_and(signed_out) {
            self.agents.remove(id);
        }
    }

    fn configure_gateways(&mut self, specs: Vec<GatewaySpec>, now: Millis) {
        let mut old = std::mem::take(&mut self.gateways);
        for spec in specs {
            let known = old.remove(&spec.id);
            let is_new = known.is_none();
            let state = match known {
                Some(gateway) => gateway.state.with(spec.settings),
                None => gateway::Gateway::new(spec.settings, now),
            };
            let gateway = Gateway {
                name: spec.name,
                state,
                gone: false,
            };
            self.gateways.insert(spec.id.clone(), gateway);
            if is_new && self.down.contains(&spec.id) {
                self.gateway_answers(&spec.id, false, now);
            }
        }
        for (id, gateway) in old {
            self.down.remove(&id);
            if gateway.state.in_use > 0 {
                let gone = true;
                self.gateways.insert(id, Gateway { gone, ..gateway });
            }
        }
    }
}
