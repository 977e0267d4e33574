//! What SIP tells, as events of the port.

use std::time::SystemTime;

use sip::{CallRef, EndCause, SipEvent, Source};
use switch::{Cause, Ended, EventKind, GatewayState, LegId, MediaStats, OnEnd, Side};

use crate::{
    Embedded,
    commands::session_id,
    floor::Floor,
    leg::{Leg, Listens, Place, Stage},
    sound::Sound,
    translate,
};

impl Embedded {
    /// Takes what the SIP agent tells.
    pub(crate) fn on_sip(&self, event: SipEvent) {
        let floor = &mut *self.floor();
        match event {
            SipEvent::Incoming {
                call,
                from,
                to,
                source,
                sdp_offer,
                replaces,
                at,
                ..
            } => {
                self.incoming(
                    floor,
                    call,
                    Invitation {
                        from,
                        to,
                        source,
                        sdp_offer,
                        replaces,
                        at,
                    },
                );
            }
            SipEvent::SentAgain { call, at } => {
                floor.tell_at(LegId(call.0), at, EventKind::SentAgain);
            }
            SipEvent::Ringing { call, sdp, at } => self.ringing(floor, call, sdp.as_deref(), at),
            SipEvent::Answered { call, sdp, at } => self.answered(floor, call, &sdp, at),
            SipEvent::Confirmed { call, sdp, .. } => self.confirmed(floor, call, sdp.as_deref()),
            SipEvent::MediaChanged {
                call,
                remote_sdp,
                local_sdp,
                ..
            } => self.media_changed(floor, call, &remote_sdp, local_sdp),
            SipEvent::InfoDigit {
                call, digit, ms, ..
            } => {
                // The media engine tells it and passes it on, as every key.
                if let Ok(leg) = floor.leg(LegId(call.0))
                    && leg.is_answered()
                {
                    let media = leg.media;
                    self.try_sound(self.sound.media().typed(media, digit, ms));
                }
            }
            SipEvent::HookFlash { call, .. } => {
                if let Ok(leg) = floor.leg(LegId(call.0))
                    && leg.is_answered()
                {
                    floor.tell(LegId(call.0), EventKind::HookFlash);
                }
            }
            SipEvent::KeyAnswered {
                call, sip_status, ..
            } => self.key_answered(floor, call, sip_status),
            SipEvent::Ended {
                call,
                side,
                sip_status,
                q850,
                reason,
                forwards_to,
                at,
            } => {
                let side = translate::side(side);
                let stats = MediaStats::default();
                let ended = Ended {
                    side,
                    sip_status,
                    q850,
                    reason,
                    forwards_to,
                    stats,
                };
                self.ended(floor, LegId(call.0), ended, at);
            }
            SipEvent::Registered {
                extension,
                user_agent,
                at,
                ..
            } => {
                floor.announce(
                    at,
                    EventKind::Registered {
                        extension,
                        user_agent,
                    },
                );
            }
            SipEvent::Unregistered { extension, at } => {
                floor.announce(at, EventKind::Unregistered { extension });
            }
            SipEvent::GatewayState { gateway, state, at } => {
                let state = translate::gateway_state(state);
                floor.set_gateway_up(&gateway, state != GatewayState::Down);
                floor.announce(at, EventKind::Gateway { gateway, state });
            }
            SipEvent::TransferAsked {
                call,
                to,
                replaces,
                at,
            } => {
                let replaces = replaces.map(|call| LegId(call.0));
                floor.tell_at(LegId(call.0), at, EventKind::TransferAsked { to, replaces });
            }
            SipEvent::TransferProgress {
                call,
                sip_status,
                done,
                at,
            } => {
                let told = EventKind::TransferProgress { sip_status, done };
                floor.tell_at(LegId(call.0), at, told);
            }
            SipEvent::Banned {
                source,
                seconds,
                at,
            } => floor.announce(at, EventKind::Banned { source, seconds }),
            SipEvent::PhoneLimited { extension, why, at } => {
                floor.announce(at, EventKind::PhoneLimited { extension, why });
            }
            SipEvent::ReofferRefused { .. }
            | SipEvent::AccountRegistered { .. }
            | SipEvent::AccountFailed { .. } => {}
        }
    }

    fn incoming(&self, floor: &mut Floor, call: CallRef, invitation: Invitation) {
        let id = LegId(call.0);
        if floor.draining {
            return self.end_call(call, EndCause::Congestion);
        }
        let Invitation {
            from,
            to,
            source,
            sdp_offer,
            replaces,
            at,
        } = invitation;
        let (gateway, phone) = match source {
            Source::Gateway(gateway) => (Some(gateway), None),
            Source::Phone(extension) => (None, Some(extension)),
            Source::Account(_) => (None, None),
        };
        let hosts = self.hosts_of(floor, gateway.as_deref(), phone.as_deref());
        let Ok((media, mut local)) = self.sound.open(session_id(id), hosts) else {
            return self.end_call(call, EndCause::Congestion);
        };
        floor.suit(gateway.as_deref(), &mut local);
        if let Some(offer) = &sdp_offer
            && let Err(error) = Sound::can_answer(&local, offer)
        {
            tracing::info!(%error, "an incoming call was refused");
            self.close_sound(media);
            return self.end_call(call, EndCause::NotAcceptable);
        }
        let stage = Stage::Offered {
            ringing: false,
            offer: sdp_offer,
            early: None,
        };
        self.tell_codecs(call, &local);
        let mut leg = Leg::new(call, media, local, stage);
        leg.gateway.clone_from(&gateway);
        self.learn_keys(floor, &mut leg);
        leg.is_phone = phone.is_some();
        leg.extension.clone_from(&phone);
        floor.add(id, leg);
        let replaces = replaces.map(|call| LegId(call.0));
        let told = EventKind::Incoming {
            from,
            to,
            gateway,
            phone,
            replaces,
        };
        floor.tell_at(id, at, told);
    }

    fn ringing(&self, floor: &mut Floor, call: CallRef, sdp: Option<&[u8]>, at: SystemTime) {
        let Ok(leg) = floor.leg(LegId(call.0)) else {
            return;
        };
        let Stage::Calling { ringing, early } = &mut leg.stage else {
            return;
        };
        if leg.hung_up {
            return;
        }
        let rang = std::mem::replace(ringing, true);
        let sounded = early.is_some();
        // A fork that rings later, and an UPDATE, bring another description: the newest counts.
        if let Some(sdp) = sdp.filter(|sdp| early.as_deref() != Some(*sdp)) {
            match self.sound.agree(leg.media, &leg.local, sdp) {
                Ok(()) => *early = Some(sdp.to_vec()),
                Err(error) => tracing::info!(%error, "early media cannot be received"),
            }
        }
        let early_media = early.is_some();
        if !rang || early_media != sounded {
            floor.tell_at(LegId(call.0), at, EventKind::Ringing { early_media });
        }
    }

    fn answered(&self, floor: &mut Floor, call: CallRef, sdp: &[u8], at: SystemTime) {
        let Ok(leg) = floor.leg(LegId(call.0)) else {
            return;
        };
        if leg.hung_up {
            return;
        }
        if let Err(error) = self.sound.agree(leg.media, &leg.local, sdp) {
            tracing::info!(%error, "an answer was useless");
            leg.hung_up = true;
            leg.refused_with = Some(EndCause::NotAcceptable.status());
            return self.end_call(call, EndCause::NotAcceptable);
        }
        leg.stage = Stage::Answered;
        if leg.listens == Listens::Early {
            leg.listens = Listens::No;
            self.try_sound(self.sound.media().stop_classifying(leg.media));
        }
        floor.tell_at(LegId(call.0), at, EventKind::Answered);
    }

    /// The ACK came; it answers the offer that our 200 carried, if it did.
    fn confirmed(&self, floor: &mut Floor, call: CallRef, sdp: Option<&[u8]>) {
        let Ok(leg) = floor.leg(LegId(call.0)) else {
            return;
        };
        if let Some(sdp) = sdp
            && let Err(error) = self.sound.agree(leg.media, &leg.local, sdp)
        {
            tracing::info!(%error, "an answer was useless");
            leg.hung_up = true;
            return self.end_call(call, EndCause::NotAcceptable);
        }
        if matches!(leg.stage, Stage::Answering) && !leg.hung_up {
            leg.stage = Stage::Answered;
            floor.tell(LegId(call.0), EventKind::Answered);
        }
    }

    fn media_changed(&self, floor: &mut Floor, call: CallRef, theirs: &[u8], ours: Vec<u8>) {
        let id = LegId(call.0);
        let Ok(leg) = floor.leg(id) else {
            return;
        };
        let agreed = self.sound.settle(leg.media, &leg.local, &ours, theirs);
        let holds = Sound::is_held_by(theirs);
        let held = std::mem::replace(&mut leg.far_end_holds, holds);
        if let Err(error) = agreed {
            tracing::info!(%error, "a change of media was useless");
            let is_first = matches!(
                leg.stage,
                Stage::Offered {
                    offer: None,
                    early: None,
                    ..
                }
            );
            if is_first {
                leg.hung_up = true;
                return self.end_call(call, EndCause::NotAcceptable);
            }
        } else if let Stage::Offered { early, .. } = &mut leg.stage
            && early.replace(ours).is_none()
        {
            // They have answered the offer that our 180 made them.
            floor.tell(id, EventKind::Ringing { early_media: true });
        }
        if held != holds {
            floor.tell(id, EventKind::FarEndHolds { on: holds });
        }
    }

    fn ended(&self, floor: &mut Floor, id: LegId, mut ended: Ended, at: SystemTime) {
        let Ok(leg) = floor.leg(id) else { return };
        let answered = matches!(leg.stage, Stage::Answered);
        if !answered && ended.sip_status.is_none() {
            // The 2xx raced our hang-up and was never told.
            ended.sip_status = Some(leg.refused_with.unwrap_or(487));
        }
        // Whoever waits for an answer of the phone waits no longer.
        leg.pressed.clear();
        if leg.fell_silent {
            ended.side = Side::Network;
        }
        let (media, place) = (leg.media, leg.place.clone());
        self.leave_mix(floor, id);
        let bridged = floor.unbridge(id);
        if let Some(survivor) = bridged {
            self.dismiss_supervisors(floor, [id, survivor]);
        }
        self.dismiss_listeners(floor, id);
        if let Ok(leg) = floor.leg(id) {
            leg.stage = Stage::Ending {
                ended: Box::new(ended),
                at,
            };
        }
        if let (Some(survivor), Place::Bridged { on_end, .. }) = (bridged, place) {
            self.release(floor, survivor, on_end);
        }
        if self.sound.close(media).is_err() {
            floor.finish(id, MediaStats::default());
        }
    }

    fn release(&self, floor: &mut Floor, survivor: LegId, on_end: OnEnd) {
        match on_end {
            OnEnd::Park => self.park_survivor(floor, survivor),
            OnEnd::HangupPeer => {
                if let Ok(leg) = floor.leg(survivor)
                    && !leg.hung_up
                {
                    leg.hung_up = true;
                    self.end_call(leg.call, translate::cause(Cause::Normal));
                }
            }
        }
    }
}

/// An incoming call as SIP tells it.
struct Invitation {
    from: String,
    to: String,
    source: Source,
    sdp_offer: Option<Vec<u8>>,
    replaces: Option<CallRef>,
    at: SystemTime,
}
