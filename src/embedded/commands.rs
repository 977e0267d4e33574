//! Commands that concern a leg's call and its place.

use std::net::IpAddr;

use sip::{
    CallRef, Offer,
    sdp::{self, Local},
};
use switch::{
    Cause, Command, CommandId, EventKind, Hear, LegId, OnEnd, Originate, Refused, Target,
};

use crate::{
    Embedded,
    floor::Floor,
    leg::{Leg, Place, Stage},
    translate,
};

impl Embedded {
    /// Carries a command out, or refuses it with nothing done.
    pub(crate) fn command(&self, id: CommandId, command: Command) -> Result<(), Refused> {
        // A file that is read and decoded holds up nobody else's call.
        let prompt = self.prompt_of(&command)?;
        let floor = &mut *self.floor();
        match command {
            Command::Originate(order) => self.originate(floor, order),
            Command::Ring { leg } => self.ring(floor, id, leg),
            Command::Progress { leg } => self.progress(floor, id, leg),
            Command::Answer { leg } => self.answer(floor, id, leg),
            Command::HearEarly { leg, of } => self.hear_early(floor, id, leg, of),
            Command::Hangup { leg, cause } => self.hang_up(floor, leg, cause),
            Command::Bridge { a, b, on_end } => self.bridge(floor, id, a, b, on_end),
            Command::Park { leg, hear } => self.park(floor, id, leg, hear),
            Command::Hold { leg, hear } => self.hold(floor, id, leg, hear),
            Command::Resume { leg } => self.resume(floor, leg),
            Command::Mute { leg, on } => self.mute(floor, leg, on),
            Command::Supervise {
                leg,
                agent,
                monitor,
            } => self.supervise(floor, id, leg, agent, monitor),
            Command::Confer { leg, conference } => self.confer(floor, id, leg, conference),
            Command::Play {
                leg, play, times, ..
            } => self.play(floor, id, leg, play, prompt, times),
            Command::StopPlay { leg, play } => self.stop_play(floor, leg, play),
            Command::SendDtmf { leg, digits } => self.send_dtmf(floor, id, leg, digits),
            Command::WithholdKeys { leg, on } => self.withhold_keys(floor, id, leg, on),
            Command::Classify { leg, params } => self.classify(floor, id, leg, params),
            Command::ListenEarly { leg } => self.listen_early(floor, id, leg),
            Command::ListenForSpeech { leg, params } => {
                self.listen_for_speech(floor, id, leg, params)
            }
            Command::StopListening { leg } => self.stop_listening(floor, leg),
            Command::StartRecord { leg, record, path } => {
                self.start_record(floor, id, leg, record, path)
            }
            Command::PauseRecord { leg, record } => self.pause_record(floor, leg, record, true),
            Command::ResumeRecord { leg, record } => self.pause_record(floor, leg, record, false),
            Command::StopRecord { leg, record } => self.stop_record(floor, leg, record),
            Command::TakeUp { leg } => self.take_up(floor, id, leg),
            Command::Refer { leg, to, replaces } => self.refer(floor, id, leg, &to, replaces),
            Command::TransferResult { leg, sip_status } => {
                self.transfer_result(floor, id, leg, sip_status)
            }
        }
    }

    fn originate(&self, floor: &mut Floor, order: Originate) -> Result<(), Refused> {
        if floor.leg(order.leg).is_ok() {
            return Ok(());
        }
        self.admit(floor, &order.to)?;
        let call = CallRef(order.leg.0);
        let (gateway, extension) = match &order.to {
            Target::Gateway { gateway, .. } => (Some(gateway.clone()), None),
            Target::Phone { extension } => (None, Some(extension.clone())),
        };
        let hosts = self.hosts_of(floor, gateway.as_deref(), extension.as_deref());
        let (media, mut local) = self
            .sound
            .open(session_id(order.leg), hosts)
            .map_err(|_| Refused::MediaOverload)?;
        floor.suit(gateway.as_deref(), &mut local);
        let to = translate::destination(&order.to);
        let caller = translate::identity(order.caller);
        let offer = self.offer(&order.to, &mut local);
        if let Err(error) = self
            .agent
            .invite(call, to, caller, offer, order.ring_timeout)
        {
            self.close_sound(media);
            return Err(translate::refused(&error));
        }
        self.tell_codecs(call, &local);
        let stage = Stage::Calling {
            ringing: false,
            early: None,
        };
        let mut leg = Leg::new(call, media, local, stage);
        leg.gateway = gateway;
        leg.extension = extension;
        self.learn_keys(floor, &mut leg);
        floor.add(order.leg, leg);
        Ok(())
    }

    /// What we offer: encrypted sound to a phone that has registered over TLS, open sound when it
    /// refuses that; else what the gateway wants.
    fn offer(&self, to: &Target, local: &mut Local) -> Offer {
        let open = sdp::offer(local);
        match to {
            Target::Phone { extension } if self.agent.is_secure(extension) => {
                (local.encrypted, local.may_be_open) = (true, true);
                Offer {
                    sdp: sdp::offer(local),
                    otherwise: Some(open),
                }
            }
            _ => open.into(),
        }
    }

    /// Where the SIP of a gateway, or of a phone, comes from.
    pub(crate) fn hosts_of(
        &self,
        floor: &Floor,
        gateway: Option<&str>,
        phone: Option<&str>,
    ) -> Vec<IpAddr> {
        let Some(phone) = phone else {
            return gateway.map_or_else(Vec::new, |name| floor.hosts_of(name));
        };
        let contacts = self.agent.registrations().into_iter();
        let contacts = contacts.filter(|contact| contact.extension == phone);
        contacts.map(|contact| contact.source.addr.ip()).collect()
    }

    /// Tells SIP what later offers of the call may choose from.
    pub(crate) fn tell_codecs(&self, call: CallRef, local: &Local) {
        if let Err(error) = self.agent.speaks(call, local.clone()) {
            tracing::debug!(call = %call.0, %error, "a call had ended by itself");
        }
    }

    fn admit(&self, floor: &Floor, to: &Target) -> Result<(), Refused> {
        if floor.draining {
            return Err(Refused::Draining);
        }
        let is_new = matches!(to, Target::Gateway { .. });
        if is_new && self.late.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(Refused::MediaOverload);
        }
        match to {
            Target::Gateway { gateway, .. } => floor.admits(gateway),
            Target::Phone { .. } => Ok(()),
        }
    }

    fn ring(&self, floor: &mut Floor, id: CommandId, leg_id: LegId) -> Result<(), Refused> {
        let leg = floor.leg(leg_id)?;
        let rung = match &mut leg.stage {
            Stage::Offered { ringing: true, .. } | Stage::Answering | Stage::Answered => {
                return Ok(());
            }
            Stage::Offered { ringing, offer, .. } => {
                *ringing = true;
                match offer {
                    Some(_) => self.agent.ring(leg.call),
                    None => self.agent.ring_offering(leg.call, sdp::offer(&leg.local)),
                }
            }
            _ => {
                out_of_step(floor, leg_id, id, "only an incoming leg can be rung");
                return Ok(());
            }
        };
        rung.map_err(|error| translate::refused(&error))?;
        floor.tell(leg_id, EventKind::Ringing { early_media: false });
        Ok(())
    }

    fn answer(&self, floor: &mut Floor, id: CommandId, leg_id: LegId) -> Result<(), Refused> {
        let leg = floor.leg(leg_id)?;
        let description = match &leg.stage {
            Stage::Answering | Stage::Answered => return Ok(()),
            Stage::Offered {
                early: Some(early), ..
            } if !leg.hung_up => Ok(early.clone()),
            Stage::Offered {
                offer: Some(offer), ..
            } if !leg.hung_up => self.sound.answer(leg.media, &leg.local, offer),
            Stage::Offered { offer: None, .. } if !leg.hung_up => Ok(sdp::offer(&leg.local)),
            _ => {
                out_of_step(floor, leg_id, id, "only an incoming leg can be answered");
                return Ok(());
            }
        };
        let Ok(description) = description else {
            out_of_step(
                floor,
                leg_id,
                id,
                "its session description cannot be answered",
            );
            return Ok(());
        };
        self.agent
            .answer(leg.call, description)
            .map_err(|error| translate::refused(&error))?;
        let media = leg.media;
        self.try_sound(self.sound.media().answered(media));
        if leg.is_phone {
            leg.stage = Stage::Answering;
        } else {
            leg.stage = Stage::Answered;
            floor.tell(leg_id, EventKind::Answered);
        }
        Ok(())
    }

    fn hang_up(&self, floor: &mut Floor, leg: LegId, cause: Cause) -> Result<(), Refused> {
        let leg = floor.leg(leg)?;
        if leg.hung_up {
            return Ok(());
        }
        leg.hung_up = true;
        self.end_call(leg.call, translate::cause(cause));
        Ok(())
    }

    fn bridge(
        &self,
        floor: &mut Floor,
        id: CommandId,
        a: LegId,
        b: LegId,
        on_end: OnEnd,
    ) -> Result<(), Refused> {
        let (answered_a, answered_b) = (floor.leg(a)?.is_answered(), floor.leg(b)?.is_answered());
        if a == b || !answered_a || !answered_b {
            out_of_step(floor, a, id, "a bridge needs two answered legs");
            return Ok(());
        }
        let joined = floor.leg(a)?.peer() == Some(b);
        if !joined {
            for leg in [a, b] {
                self.leave_bridge(floor, leg);
            }
        }
        for (leg, peer) in [(a, b), (b, a)] {
            floor.leg(leg)?.place = Place::Bridged { peer, on_end };
        }
        if !joined {
            self.rewire_bridge(floor, a);
            floor.tell(a, EventKind::Bridged { peer: b });
            floor.tell(b, EventKind::Bridged { peer: a });
        }
        Ok(())
    }

    fn park(
        &self,
        floor: &mut Floor,
        id: CommandId,
        leg_id: LegId,
        hear: Hear,
    ) -> Result<(), Refused> {
        let leg = floor.leg(leg_id)?;
        let sound = match self.music(&hear)? {
            None => media::Hear::Silence,
            Some(prompt) => media::Hear::Loop(prompt),
        };
        if !leg.hears() {
            out_of_step(floor, leg_id, id, "only a leg that hears can be parked");
            return Ok(());
        }
        let place = Place::Parked(hear);
        if leg.place == place {
            return Ok(());
        }
        self.leave_bridge(floor, leg_id);
        let leg = floor.leg(leg_id)?;
        leg.place = place;
        self.try_sound(self.sound.media().park(leg.media, sound));
        floor.tell(leg_id, EventKind::Parked);
        Ok(())
    }

    /// Ends the bridge or the mix a leg is in, because the leg goes elsewhere: the other leg of a
    /// bridge is parked.
    pub(crate) fn leave_bridge(&self, floor: &mut Floor, leg: LegId) {
        self.leave_mix(floor, leg);
        if let Some(peer) = floor.unbridge(leg) {
            self.dismiss_supervisors(floor, [leg, peer]);
            self.park_survivor(floor, peer);
        }
    }

    /// Parks in silence what a bridge left over.
    pub(crate) fn park_survivor(&self, floor: &mut Floor, survivor: LegId) {
        if let Ok(leg) = floor.leg(survivor) {
            let media = leg.media;
            self.try_sound(self.sound.media().park(media, media::Hear::Silence));
            floor.tell(survivor, EventKind::Parked);
        }
    }

    pub(crate) fn end_call(&self, call: CallRef, cause: sip::EndCause) {
        if let Err(error) = self.agent.end(call, cause) {
            tracing::debug!(call = %call.0, %error, "a call had ended by itself");
        }
    }

    /// Closes a media leg whose end nobody waits for.
    pub(crate) fn close_sound(&self, leg: media::LegId) {
        self.try_sound(self.sound.close(leg));
    }

    /// The media engine refuses only when it has stopped, and then every leg ends.
    pub(crate) fn try_sound(&self, done: Result<(), media::MediaError>) {
        if let Err(error) = done {
            tracing::warn!(%error, "the media engine refused an order");
        }
    }
}

/// Tells that an accepted command had no effect.
pub(crate) fn out_of_step(floor: &mut Floor, leg: LegId, command: CommandId, why: &str) {
    floor.tell(
        leg,
        EventKind::Failed {
            command,
            why: why.to_owned(),
        },
    );
}

/// The `o=` session id: random as the leg's id, positive in 63 bits.
pub(crate) fn session_id(leg: LegId) -> u64 {
    (leg.0.as_u128() >> 65) as u64
}
