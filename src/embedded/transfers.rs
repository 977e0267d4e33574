//! Transfers that a far end asks for or is asked for (REFER), and what the trunks tell of
//! themselves.

use sip::CallRef;
use switch::{AddressStatus, Ban, CommandId, GatewayStatus, LegId, Refused, Registration, Traced};

use crate::{Embedded, commands::out_of_step, floor::Floor, translate};

impl Embedded {
    pub(crate) fn refer(
        &self,
        floor: &mut Floor,
        id: CommandId,
        leg_id: LegId,
        to: &str,
        replaces: Option<LegId>,
    ) -> Result<(), Refused> {
        let replaced = match replaces {
            Some(other) => Some(floor.leg(other)?.call),
            None => None,
        };
        let call = floor.leg(leg_id)?.call;
        match self.agent.refer(call, to, replaced) {
            Ok(()) => Ok(()),
            Err(sip::SipError::OutOfStep) => {
                let why = "only answered legs can be transferred, and once at a time";
                out_of_step(floor, leg_id, id, why);
                Ok(())
            }
            Err(error) => Err(translate::refused(&error)),
        }
    }

    pub(crate) fn transfer_result(
        &self,
        floor: &mut Floor,
        id: CommandId,
        leg_id: LegId,
        sip_status: u16,
    ) -> Result<(), Refused> {
        let call = floor.leg(leg_id)?.call;
        match self.agent.transfer_result(call, sip_status) {
            Ok(()) => Ok(()),
            Err(sip::SipError::OutOfStep) => {
                out_of_step(floor, leg_id, id, "no transfer was asked for");
                Ok(())
            }
            Err(error) => Err(translate::refused(&error)),
        }
    }

    pub(crate) fn trace_of(&self, leg: LegId) -> Vec<Traced> {
        let traced = |message: sip::Traced| Traced {
            at: message.at,
            sent: message.sent,
            peer: message.peer,
            text: message.text,
        };
        let messages = self.agent.trace(CallRef(leg.0));
        messages.into_iter().map(traced).collect()
    }

    pub(crate) fn gateway_statuses(&self) -> Vec<GatewayStatus> {
        let address = |hop: &sip::HopStatus| AddressStatus {
            address: hop.hop.addr,
            answers: hop.answers,
            latency_ms: hop.latency_ms,
            rests: hop.rests,
        };
        let status = |gateway: sip::GatewayStatus| GatewayStatus {
            gateway: gateway.gateway,
            state: gateway.health.map(translate::gateway_state),
            registers: gateway.registers,
            since: Some(gateway.since),
            last_error: gateway.last_error,
            registered: gateway.registered,
            expired: gateway.expired,
            addresses: gateway.hops.iter().map(address).collect(),
        };
        let known = self.agent.gateways().into_iter().map(status);
        known.chain(self.floor().unresolved()).collect()
    }

    pub(crate) fn banned(&self) -> Vec<Ban> {
        let listed = |ban: sip::Ban| Ban {
            source: ban.source,
            reason: translate::ban_reason(ban.reason),
            since: ban.since,
            until: ban.until,
        };
        self.agent.bans().into_iter().map(listed).collect()
    }

    pub(crate) fn registered_phones(&self) -> Vec<Registration> {
        let listed = |phone: sip::Registration| Registration {
            extension: phone.extension,
            contact: phone.contact,
            transport: phone.source.transport.name(),
            source: phone.source.addr,
            user_agent: phone.user_agent,
            expires_in_s: phone.expires_in_s,
            answers: phone.answers,
            latency_ms: phone.latency_ms,
            takes_talk: phone.takes_talk,
            takes_hold: phone.takes_hold,
        };
        self.agent.registrations().into_iter().map(listed).collect()
    }
}
