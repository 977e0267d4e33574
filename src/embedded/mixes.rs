//! Holds, supervision and conferences: who hears whom beyond a bridge of two.

use std::sync::Arc;

use media::{Ear, Prompt};
use switch::{CommandId, ConferenceId, EventKind, Hear, LegId, Monitor, Refused};

use crate::{
    Embedded,
    commands::out_of_step,
    floor::Floor,
    leg::{Leg, Place},
};

impl Embedded {
    pub(crate) fn hold(
        &self,
        floor: &mut Floor,
        id: CommandId,
        leg_id: LegId,
        hear: Hear,
    ) -> Result<(), Refused> {
        let leg = floor.leg(leg_id)?;
        self.music(&hear)?;
        if leg.peer().is_none() {
            out_of_step(floor, leg_id, id, "only a bridged leg can be held");
            return Ok(());
        }
        let news = leg.held.is_none();
        if leg.held.as_ref() != Some(&hear) {
            leg.held = Some(hear);
            self.rewire_bridge(floor, leg_id);
        }
        if news {
            floor.tell(leg_id, EventKind::Held);
        }
        Ok(())
    }

    pub(crate) fn resume(&self, floor: &mut Floor, leg: LegId) -> Result<(), Refused> {
        if floor.leg(leg)?.held.take().is_some() {
            self.rewire_bridge(floor, leg);
            floor.tell(leg, EventKind::Resumed);
        }
        Ok(())
    }

    pub(crate) fn mute(&self, floor: &mut Floor, leg_id: LegId, on: bool) -> Result<(), Refused> {
        let leg = floor.leg(leg_id)?;
        if leg.muted != on {
            leg.muted = on;
            self.rewire_around(floor, leg_id);
            floor.tell(leg_id, EventKind::Muted { on });
        }
        Ok(())
    }

    pub(crate) fn supervise(
        &self,
        floor: &mut Floor,
        id: CommandId,
        leg_id: LegId,
        agent: LegId,
        monitor: Monitor,
    ) -> Result<(), Refused> {
        let peer = floor.leg(agent)?.peer();
        let confers = matches!(floor.leg(agent)?.place, Place::Conference(_));
        let leg = floor.leg(leg_id)?;
        let place = Place::Supervising { agent, monitor };
        if leg.place == place {
            return Ok(());
        }
        let is_in_it = [Some(agent), peer].contains(&Some(leg_id));
        if !leg.is_answered() || !(confers || peer.is_some()) || is_in_it {
            let why = "an answered leg can supervise a bridge or conference that it is not in";
            out_of_step(floor, leg_id, id, why);
            return Ok(());
        }
        let stays = matches!(leg.place, Place::Supervising { agent: of, .. } if of == agent);
        if !stays {
            self.leave_bridge(floor, leg_id);
        }
        floor.leg(leg_id)?.place = place;
        self.rewire_around(floor, agent);
        floor.tell(leg_id, EventKind::Supervising { agent, monitor });
        Ok(())
    }

    pub(crate) fn confer(
        &self,
        floor: &mut Floor,
        id: CommandId,
        leg_id: LegId,
        conference: ConferenceId,
    ) -> Result<(), Refused> {
        let leg = floor.leg(leg_id)?;
        if leg.place == Place::Conference(conference) {
            return Ok(());
        }
        if !leg.is_answered() {
            out_of_step(floor, leg_id, id, "only an answered leg can confer");
            return Ok(());
        }
        self.leave_bridge(floor, leg_id);
        floor.leg(leg_id)?.place = Place::Conference(conference);
        self.rewire_conference(floor, conference);
        floor.tell(leg_id, EventKind::ConferenceJoined { conference });
        Ok(())
    }

    /// Takes a leg out of the call it supervises or the conference it is in, on paper; its sound
    /// is for the caller to settle.
    pub(crate) fn leave_mix(&self, floor: &mut Floor, id: LegId) {
        let Some(leg) = floor.any_leg(id) else { return };
        match leg.place {
            Place::Supervising { agent, .. } => {
                leg.place = Place::Parked(Hear::Silence);
                self.rewire_around(floor, agent);
            }
            Place::Conference(conference) => {
                leg.place = Place::Parked(Hear::Silence);
                self.dismiss_supervisors(floor, [id; 2]);
                self.rewire_conference(floor, conference);
                floor.tell(id, EventKind::ConferenceLeft { conference });
            }
            Place::Hearing { .. } => leg.place = Place::Parked(Hear::Silence),
            Place::Parked(_) | Place::Bridged { .. } => {}
        }
    }

    /// Parks those who supervised a bridge that has ended.
    pub(crate) fn dismiss_supervisors(&self, floor: &mut Floor, bridge: [LegId; 2]) {
        for id in supervisors(floor, &bridge) {
            if let Ok(leg) = floor.leg(id) {
                leg.place = Place::Parked(Hear::Silence);
            }
            self.park_survivor(floor, id);
        }
    }

    /// The prompt of a kind of music; `None` for silence.
    pub(crate) fn music(&self, hear: &Hear) -> Result<Option<Arc<Prompt>>, Refused> {
        match hear {
            Hear::Silence => Ok(None),
            Hear::Music(name) => {
                let prompt = self.sound.prompt(name);
                prompt.map(Some).map_err(|_| Refused::NoSuchPrompt)
            }
        }
    }

    /// Lets everybody around a leg hear what is due.
    fn rewire_around(&self, floor: &mut Floor, id: LegId) {
        match floor.any_leg(id).map(|leg| leg.place.clone()) {
            Some(Place::Bridged { .. }) => self.rewire_bridge(floor, id),
            Some(Place::Conference(conference)) => self.rewire_conference(floor, conference),
            _ => {}
        }
    }

    /// Lets everybody at a bridge hear what is due: the two, and those who supervise them.
    pub(crate) fn rewire_bridge(&self, floor: &mut Floor, id: LegId) {
        let Some(peer) = floor.any_leg(id).and_then(|leg| leg.peer()) else {
            return;
        };
        let bridge = [id, peer];
        let supervisors = supervisors(floor, &bridge);
        let Some(ears) = self.ears(floor, bridge, &supervisors) else {
            return;
        };
        let plain = supervisors.is_empty() && ears.iter().all(|ear| !ear.voices.is_empty());
        let (a, b) = (ears[0].leg, ears[1].leg);
        self.try_sound(match plain {
            true => self.sound.media().bridge(a, b),
            false => self.sound.media().mix(ears),
        });
    }

    /// The ears of the two of a bridge, then those of their supervisors.
    fn ears(&self, floor: &mut Floor, bridge: [LegId; 2], others: &[LegId]) -> Option<Vec<Ear>> {
        let mut ears = Vec::new();
        for (id, peer) in [(bridge[0], bridge[1]), (bridge[1], bridge[0])] {
            let (media, held) = floor.any_leg(id).map(|leg| (leg.media, leg.held.clone()))?;
            if let Some(hear) = held {
                ears.push(Ear::held(media, self.music(&hear).ok().flatten()));
                continue;
            }
            let mut voices = voice(floor, peer);
            voices.extend(supervising(floor, others, id));
            ears.push(Ear::of(media, &voices));
        }
        ears.extend(listening(floor, others, &bridge));
        Some(ears)
    }

    fn rewire_conference(&self, floor: &mut Floor, conference: ConferenceId) {
        let ears = conference_ears(floor, conference);
        self.try_sound(self.sound.media().mix(ears));
    }

    /// Who hears a leg in its bridge, its conference, or the call it supervises.
    pub(crate) fn hearers(&self, floor: &mut Floor, id: LegId) -> Vec<LegId> {
        let Some((place, media)) = floor.any_leg(id).map(|leg| (leg.place.clone(), leg.media))
        else {
            return Vec::new();
        };
        let around = match place {
            Place::Supervising { agent, .. } => agent,
            _ => id,
        };
        let ears = match floor.any_leg(around).map(|leg| leg.place.clone()) {
            Some(Place::Bridged { peer, .. }) => {
                let bridge = [around, peer];
                let others = supervisors(floor, &bridge);
                self.ears(floor, bridge, &others).unwrap_or_default()
            }
            Some(Place::Conference(conference)) => conference_ears(floor, conference),
            _ => Vec::new(),
        };
        let hears = |ear: &&Ear| ear.voices.iter().any(|(voice, _)| *voice == media);
        let hearers = ears.iter().filter(hears);
        hearers.filter_map(|ear| floor.of_media(ear.leg)).collect()
    }
}

fn conference_ears(floor: &mut Floor, conference: ConferenceId) -> Vec<Ear> {
    let members = floor.placed(|place| *place == Place::Conference(conference));
    let others = supervisors(floor, &members);
    let mut ears = Vec::new();
    for &id in &members {
        let Some(media) = floor.any_leg(id).map(|leg| leg.media) else {
            continue;
        };
        let around = members.iter().filter(|&&other| other != id);
        let mut voices: Vec<_> = around.flat_map(|&other| voice(floor, other)).collect();
        voices.extend(supervising(floor, &others, id));
        ears.push(Ear::of(media, &voices));
    }
    ears.extend(listening(floor, &others, &members));
    ears
}

/// The voices of those supervisors whom this leg hears.
fn supervising(floor: &mut Floor, others: &[LegId], id: LegId) -> Vec<media::LegId> {
    let mut voices = Vec::new();
    for &supervisor in others {
        if let Some(leg) = floor.any_leg(supervisor)
            && let Place::Supervising { agent, monitor } = leg.place
            && (monitor == Monitor::Barge || (monitor == Monitor::Whisper && agent == id))
        {
            voices.push(leg.media);
        }
    }
    voices
}

/// The ears of supervisors, who hear all of a call.
fn listening(floor: &mut Floor, others: &[LegId], all: &[LegId]) -> Vec<Ear> {
    let voices: Vec<_> = all.iter().flat_map(|&id| voice(floor, id)).collect();
    let ear = |id: &LegId| Some(Ear::of(floor.any_leg(*id)?.media, &voices));
    others.iter().filter_map(ear).collect()
}

/// A leg's voice, unless it is muted or held: who hears music is not to be heard.
fn voice(floor: &mut Floor, id: LegId) -> Vec<media::LegId> {
    let is_heard = |leg: &&mut Leg| leg.held.is_none() && !leg.muted;
    let leg = floor.any_leg(id).filter(is_heard);
    leg.map(|leg| leg.media).into_iter().collect()
}

fn supervisors(floor: &Floor, around: &[LegId]) -> Vec<LegId> {
    floor
        .placed(|place| matches!(place, Place::Supervising { agent, .. } if around.contains(agent)))
}
