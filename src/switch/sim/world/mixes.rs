//! Holds, mutes, supervision and conferences. There is no sound; who would hear whom is a table, and keys
//! go where sound would.

use super::{Place, Stage, World};
use crate::{CommandId, ConferenceId, EventKind, Hear, LegId, Monitor, Refused};

impl World {
    pub(in crate::sim) fn hold(
        &mut self,
        end: usize,
        id: LegId,
        command: CommandId,
        hear: Hear,
    ) -> Result<(), Refused> {
        let place = &self.leg(end, id)?.place;
        let is_bridged = matches!(place, Place::Bridged(..));
        if !self.knows(&hear) {
            return Err(Refused::NoSuchPrompt);
        }
        if !is_bridged {
            self.fail(end, id, command, "only a bridged leg can be held");
        } else if self.leg(end, id)?.held.replace(hear).is_none() {
            self.tell(end, id, EventKind::Held);
        }
        Ok(())
    }

    pub(in crate::sim) fn resume(&mut self, end: usize, id: LegId) -> Result<(), Refused> {
        if self.leg(end, id)?.held.take().is_some() {
            self.tell(end, id, EventKind::Resumed);
        }
        Ok(())
    }

    pub(in crate::sim) fn mute(&mut self, end: usize, id: LegId, on: bool) -> Result<(), Refused> {
        let leg = self.leg(end, id)?;
        if leg.muted != on {
            leg.muted = on;
            self.tell(end, id, EventKind::Muted { on });
        }
        Ok(())
    }

    pub(in crate::sim) fn withhold_keys(
        &mut self,
        end: usize,
        id: LegId,
        command: CommandId,
        on: bool,
    ) -> Result<(), Refused> {
        let leg = self.leg(end, id)?;
        if leg.stage != Stage::Answered {
            self.fail(end, id, command, "only an answered leg has keys");
        } else if leg.withholds_keys != on {
            leg.withholds_keys = on;
            self.tell(end, id, EventKind::KeysWithheld { on });
        }
        Ok(())
    }

    /// No far end holds by itself here: there is nothing to take up.
    pub(in crate::sim) fn take_up(
        &mut self,
        end: usize,
        id: LegId,
        command: CommandId,
    ) -> Result<(), Refused> {
        if self.leg(end, id)?.stage != Stage::Answered {
            self.fail(end, id, command, "only an answered leg can be held");
        }
        Ok(())
    }

    pub(in crate::sim) fn supervise(
        &mut self,
        end: usize,
        id: LegId,
        command: CommandId,
        (agent, monitor): (LegId, Monitor),
    ) -> Result<(), Refused> {
        let around = self.leg(end, agent)?.place.clone();
        let leg = self.leg(end, id)?;
        let place = Place::Supervising(agent, monitor);
        if leg.place == place {
            return Ok(());
        }
        let is_in_it = id == agent || matches!(around, Place::Bridged(peer, _) if peer == id);
        let is_talk = matches!(around, Place::Bridged(..) | Place::Conference(_));
        if leg.stage != Stage::Answered || !is_talk || is_in_it {
            let why = "an answered leg can supervise a bridge or conference that it is not in";
            self.fail(end, id, command, why);
            return Ok(());
        }
        if !matches!(leg.place, Place::Supervising(of, _) if of == agent) {
            self.leave(end, id);
        }
        self.leg(end, id)?.place = place;
        self.tell(end, id, EventKind::Supervising { agent, monitor });
        Ok(())
    }

    pub(in crate::sim) fn confer(
        &mut self,
        end: usize,
        id: LegId,
        command: CommandId,
        conference: ConferenceId,
    ) -> Result<(), Refused> {
        let leg = self.leg(end, id)?;
        if leg.place == Place::Conference(conference) {
            return Ok(());
        }
        if leg.stage != Stage::Answered {
            self.fail(end, id, command, "only an answered leg can confer");
            return Ok(());
        }
        self.leave(end, id);
        self.leg(end, id)?.place = Place::Conference(conference);
        self.tell(end, id, EventKind::ConferenceJoined { conference });
        Ok(())
    }

    /// A leg goes elsewhere: whoever it leaves alone is parked.
    pub(super) fn leave(&mut self, end: usize, id: LegId) {
        self.leave_mix(end, id);
        if let Some(peer) = self.unbridge(end, id) {
            self.dismiss_supervisors(end, [id, peer]);
            self.tell(end, peer, EventKind::Parked);
        }
    }

    /// Takes a leg out of the call that it supervises or hears, or the conference that it is in.
    pub(super) fn leave_mix(&mut self, end: usize, id: LegId) {
        let Ok(leg) = self.leg(end, id) else { return };
        let place = match leg.place {
            Place::Supervising(..) | Place::Hearing(_) | Place::Conference(_) => {
                std::mem::replace(&mut leg.place, Place::Parked(Hear::Silence))
            }
            Place::Parked(_) | Place::Bridged(..) => return,
        };
        if let Place::Conference(conference) = place {
            self.dismiss_supervisors(end, [id; 2]);
            self.tell(end, id, EventKind::ConferenceLeft { conference });
        }
    }

    /// Parks those who supervised these two.
    pub(super) fn dismiss_supervisors(&mut self, end: usize, of: [LegId; 2]) {
        let is_theirs =
            |place: &Place| matches!(place, Place::Supervising(agent, _) if of.contains(agent));
        for id in self.placed(end, is_theirs) {
            if let Ok(leg) = self.leg(end, id) {
                leg.place = Place::Parked(Hear::Silence);
            }
            self.tell(end, id, EventKind::Parked);
        }
    }

    pub(super) fn placed(&self, end: usize, is_there: impl Fn(&Place) -> bool) -> Vec<LegId> {
        let legs = self.ends[end].legs.iter();
        let found = legs.filter(|(_, leg)| is_there(&leg.place));
        found.map(|(id, _)| *id).collect()
    }

    /// A key of a leg: told, and passed on to the far ends of those who hear the leg.
    pub(super) fn key(&mut self, end: usize, id: LegId, digit: char) {
        let Ok(leg) = self.leg(end, id) else { return };
        let withheld = leg.withholds_keys;
        let key = |withheld| EventKind::Dtmf {
            digit,
            ms: 100,
            withheld,
        };
        self.tell(end, id, key(withheld));
        if withheld {
            return;
        }
        for hearer in self.hearers(end, id) {
            let Ok(far) = self.leg(end, hearer).map(|leg| leg.far) else {
                continue;
            };
            if let Ok(leg) = self.leg(1 - end, far) {
                let withheld = leg.withholds_keys;
                self.tell(1 - end, far, key(withheld));
            }
        }
    }

    /// Who hears a leg.
    pub(in crate::sim) fn hearers(&self, end: usize, id: LegId) -> Vec<LegId> {
        let all = self.ends[end].legs.keys().copied();
        all.filter(|hearer| self.hears(end, *hearer, id)).collect()
    }

    fn hears(&self, end: usize, hearer: LegId, voice: LegId) -> bool {
        let legs = &self.ends[end].legs;
        let (Some(ear), Some(mouth)) = (legs.get(&hearer), legs.get(&voice)) else {
            return false;
        };
        if hearer == voice || ear.held.is_some() || mouth.held.is_some() || mouth.muted {
            return false;
        }
        match (&ear.place, &mouth.place) {
            (Place::Hearing(of), _) => *of == voice,
            (Place::Supervising(agent, _), _) => self.talk_of(end, *agent).contains(&voice),
            (_, Place::Supervising(agent, monitor)) => match monitor {
                Monitor::Listen => false,
                Monitor::Whisper => *agent == hearer,
                Monitor::Barge => self.talk_of(end, *agent).contains(&hearer),
            },
            _ => self.talk_of(end, hearer).contains(&voice),
        }
    }

    /// The two of a bridge, or all of a conference.
    fn talk_of(&self, end: usize, id: LegId) -> Vec<LegId> {
        match self.ends[end].legs.get(&id).map(|leg| &leg.place) {
            Some(Place::Bridged(peer, _)) => vec![id, *peer],
            Some(place @ Place::Conference(_)) => self.placed(end, |other| other == place),
            _ => Vec::new(),
        }
    }
}
