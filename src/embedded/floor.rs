//! The table of legs and the one door through which events leave.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    time::SystemTime,
};

use sip::sdp::{Codec, Local};
use switch::{Event, EventKind, GatewayState, GatewayStatus, Hear, LegId, PhoneKey, Refused};
use tokio::sync::mpsc::UnboundedSender;

use crate::{
    Dtmf, Gateway, clock,
    leg::{Leg, Place, Stage},
    remote_control::is_meant_for,
};

/// Everything that the switch's lock guards.
pub struct Floor {
    /// No new legs.
    pub draining: bool,
    legs: HashMap<LegId, Leg>,
    by_media: HashMap<media::LegId, LegId>,
    gateways: HashMap<String, Trunk>,
    /// Gateways that do not answer our pings.
    down: HashSet<String>,
    /// Those without an address, as they are told.
    unresolved: Vec<GatewayStatus>,
    events: UnboundedSender<Event>,
}

/// What is known of a gateway here.
struct Trunk {
    channels: Option<u32>,
    codecs: Vec<Codec>,
    dtmf: Dtmf,
    ptime_ms: u16,
    srtp: bool,
    /// Where its SIP comes from.
    hosts: Vec<IpAddr>,
}

impl Floor {
    pub fn new(gateways: Vec<Gateway>, events: UnboundedSender<Event>) -> Self {
        let mut floor = Self {
            draining: false,
            legs: HashMap::new(),
            by_media: HashMap::new(),
            gateways: HashMap::new(),
            down: HashSet::new(),
            unresolved: Vec::new(),
            events,
        };
        floor.set_gateways(gateways);
        floor
    }

    pub fn set_gateways(&mut self, gateways: Vec<Gateway>) {
        let trunks = gateways.into_iter().map(|gateway| {
            let sip = gateway.sip;
            let hops = std::iter::once(&sip.hop).chain(&sip.more_hops);
            let hops = hops.map(|hop| hop.addr.ip());
            let trunk = Trunk {
                hosts: hops.chain(sip.more_sources).collect(),
                channels: gateway.channels,
                codecs: gateway.codecs,
                dtmf: gateway.dtmf,
                ptime_ms: gateway.ptime_ms,
                srtp: gateway.srtp,
            };
            (sip.name, trunk)
        });
        self.gateways = trunks.collect();
        self.down.retain(|name| self.gateways.contains_key(name));
    }

    pub fn set_unresolved(&mut self, gateways: Vec<(String, String)>) {
        let now = clock::now();
        let before = std::mem::take(&mut self.unresolved);
        let tell = |gateway: &str, state| {
            let gateway = gateway.to_owned();
            self.announce(now, EventKind::Gateway { gateway, state });
        };
        for (gateway, _) in &gateways {
            if !before.iter().any(|known| known.gateway == *gateway) {
                tell(gateway, GatewayState::Down);
            }
        }
        for known in &before {
            if !gateways
                .iter()
                .any(|(gateway, _)| *gateway == known.gateway)
            {
                tell(&known.gateway, GatewayState::Up);
            }
        }
        let status = |(gateway, why): (String, String)| {
            let known = before.iter().find(|known| known.gateway == gateway);
            GatewayStatus {
                state: Some(GatewayState::Down),
                registers: false,
                registered: None,
                expired: false,
                since: known.map_or(Some(now), |known| known.since),
                last_error: Some((why, now)),
                addresses: Vec::new(),
                gateway,
            }
        };
        self.unresolved = gateways.into_iter().map(status).collect();
    }

    pub fn unresolved(&self) -> Vec<GatewayStatus> {
        self.unresolved.clone()
    }

    pub fn set_gateway_up(&mut self, gateway: &str, up: bool) {
        if up {
            self.down.remove(gateway);
        } else {
            self.down.insert(gateway.to_owned());
        }
    }

    /// Whether a gateway takes one more call.
    pub fn admits(&self, gateway: &str) -> Result<(), Refused> {
        let trunk = self.gateways.get(gateway).ok_or(Refused::GatewayDown)?;
        if self.down.contains(gateway) {
            return Err(Refused::GatewayDown);
        }
        let used = self
            .legs
            .values()
            .filter(|leg| leg.is_up() && leg.gateway.as_deref() == Some(gateway))
            .count();
        match trunk.channels {
            Some(limit) if used >= limit as usize => Err(Refused::GatewayFull),
            _ => Ok(()),
        }
    }

    /// Says in our description of a leg what its gateway wants to hear.
    pub fn suit(&self, gateway: Option<&str>, local: &mut Local) {
        let Some(trunk) = gateway.and_then(|name| self.gateways.get(name)) else {
            return;
        };
        if !trunk.codecs.is_empty() {
            local.codecs.clone_from(&trunk.codecs);
            local.own_order = true;
        }
        local.ptime_ms = trunk.ptime_ms;
        if trunk.dtmf != Dtmf::Events {
            local.dtmf = None;
        }
        local.encrypted = trunk.srtp;
    }

    /// Where a gateway's SIP comes from.
    pub fn hosts_of(&self, gateway: &str) -> Vec<IpAddr> {
        let trunk = self.gateways.get(gateway);
        trunk.map_or_else(Vec::new, |trunk| trunk.hosts.clone())
    }

    /// Whether keys for a leg of this gateway go by SIP INFO.
    pub fn presses_by_info(&self, gateway: Option<&str>) -> bool {
        let trunk = gateway.and_then(|name| self.gateways.get(name));
        trunk.is_some_and(|trunk| trunk.dtmf == Dtmf::Info)
    }

    pub fn add(&mut self, id: LegId, leg: Leg) {
        self.by_media.insert(leg.media, id);
        self.legs.insert(id, leg);
    }

    /// Forgets a leg nobody was told about.
    pub fn withdraw(&mut self, id: LegId) {
        if let Some(leg) = self.legs.remove(&id) {
            self.by_media.remove(&leg.media);
        }
    }

    /// A leg that is up.
    pub fn leg(&mut self, id: LegId) -> Result<&mut Leg, Refused> {
        self.legs
            .get_mut(&id)
            .filter(|leg| leg.is_up())
            .ok_or(Refused::NoSuchLeg)
    }

    /// The leg of a phone that a key there is meant for; of several the one that is up the longest.
    pub fn meant_for(&mut self, extension: &str, key: PhoneKey) -> Option<&mut Leg> {
        let own = self.legs.iter_mut();
        let own = own.filter(|(_, leg)| leg.extension.as_deref() == Some(extension));
        let meant = own.filter_map(|(id, leg)| Some(((is_meant_for(leg, key)?, *id), leg)));
        meant.min_by_key(|(place, _)| *place).map(|(_, leg)| leg)
    }

    /// A leg in any stage.
    pub fn any_leg(&mut self, id: LegId) -> Option<&mut Leg> {
        self.legs.get_mut(&id)
    }

    pub fn of_media(&self, media: media::LegId) -> Option<LegId> {
        self.by_media.get(&media).copied()
    }

    pub fn up(&self) -> Vec<LegId> {
        let up = self.legs.iter().filter(|(_, leg)| leg.is_up());
        up.map(|(&id, _)| id).collect()
    }

    /// The legs whose place is one of those that `pick` takes.
    pub fn placed(&self, pick: impl Fn(&Place) -> bool) -> Vec<LegId> {
        let found = self
            .legs
            .iter()
            .filter(|(_, leg)| leg.is_up() && pick(&leg.place));
        let mut found: Vec<_> = found.map(|(&id, _)| id).collect();
        found.sort();
        found
    }

    pub fn is_empty(&self) -> bool {
        self.legs.is_empty()
    }

    /// Tells what happened to a leg, now.
    pub fn tell(&mut self, id: LegId, kind: EventKind) {
        self.tell_at(id, clock::now(), kind);
    }

    /// Tells what happened to a leg; its number is the next of that leg.
    pub fn tell_at(&mut self, id: LegId, at: SystemTime, kind: EventKind) {
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        leg.seq += 1;
        let seq = leg.seq;
        self.send(Event {
            leg: Some(id),
            seq,
            at,
            kind,
        });
    }

    /// Tells what concerns no leg.
    pub fn announce(&self, at: SystemTime, kind: EventKind) {
        self.send(Event {
            leg: None,
            seq: 0,
            at,
            kind,
        });
    }

    /// Takes a leg out of its bridge on paper and tells both; gives back the former peer, which
    /// is parked in silence.
    pub fn unbridge(&mut self, id: LegId) -> Option<LegId> {
        let peer = self.legs.get(&id)?.peer()?;
        for (leg, former) in [(id, peer), (peer, id)] {
            if let Some(leg) = self.legs.get_mut(&leg) {
                leg.place = Place::Parked(Hear::Silence);
                leg.held = None;
            }
            self.tell(leg, EventKind::Unbridged { peer: former });
        }
        Some(peer)
    }

    /// Tells `Ended` once the media engine has counted up.
    pub fn finish(&mut self, id: LegId, stats: switch::MediaStats) {
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        let stage = std::mem::replace(&mut leg.stage, Stage::Ended);
        if let Stage::Ending { mut ended, at } = stage {
            ended.stats = stats;
            self.tell_at(id, at, EventKind::Ended(*ended));
        }
        self.bury(id);
    }

    /// Forgets a leg of which nothing can be heard any more.
    pub fn bury(&mut self, id: LegId) {
        let over = |leg: &Leg| matches!(leg.stage, Stage::Ended) && leg.records.is_empty();
        if self.legs.get(&id).is_some_and(over) {
            self.withdraw(id);
        }
    }

    fn send(&self, event: Event) {
        // Nobody listens any more only while the process goes down.
        if self.events.send(event).is_err() {
            tracing::debug!("an event of the switch found no listener");
        }
    }
}
