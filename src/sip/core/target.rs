//! Whom an INVITE goes to, and as whom.

use super::{Core, call::Peer};
use crate::{
    Destination, Identity, SipError, Transport,
    digest::ClientAuth,
    message::{ALLOW, Message, Method, Uri, quoted},
};

/// Whom an INVITE goes to.
pub(super) struct Target {
    uri: String,
    /// Host part of From.
    domain: String,
    pub(super) peer: Peer,
    /// User part of From, when it is not the caller's number.
    user: Option<String>,
}

impl Core {
    pub(super) fn target(&self, to: &Destination, caller: &Identity) -> Result<Target, SipError> {
        let number = match to {
            Destination::Gateway { number, .. } | Destination::Account { number, .. } => number,
            Destination::Phone { extension } => extension,
        };
        let caller_fits = caller.number.is_empty() || Uri::is_dialable(&caller.number);
        if !Uri::is_dialable(number) || !caller_fits {
            return Err(SipError::BadNumber);
        }
        match to {
            Destination::Gateway { gateway, number } => {
                self.gateway_target(gateway, number, caller)
            }
            Destination::Phone { extension } => self.phone_target(extension, caller),
            Destination::Account { account, number } => {
                let state = self.accounts.get(account).ok_or(SipError::NoSuchGateway)?;
                let account = &state.account;
                Ok(Target {
                    uri: format!("sip:{}@{}", Uri::escape_user(number), account.domain),
                    domain: account.domain.clone(),
                    peer: Peer {
                        hop: account.registrar,
                        pinned: false,
                        credentials: Some(account.credentials.clone()),
                        auth: ClientAuth::default(),
                        contact_user: Uri::escape_user(&account.user),
                    },
                    user: Some(account.user.clone()),
                })
            }
        }
    }

    fn gateway_target(
        &self,
        gateway: &str,
        number: &str,
        caller: &Identity,
    ) -> Result<Target, SipError> {
        let entry = self.gateways.get(gateway).ok_or(SipError::NoSuchGateway)?;
        let gateway = &entry.gateway;
        let domain = gateway
            .domain
            .clone()
            .unwrap_or_else(|| gateway.hop.addr.to_string());
        let tcp = gateway.hop.transport == Transport::Tcp;
        let transport = if tcp { ";transport=tcp" } else { "" };
        Ok(Target {
            uri: format!("sip:{}@{domain}{transport}", Uri::escape_user(number)),
            domain: gateway
                .domain
                .clone()
                .unwrap_or_else(|| self.me.to_string()),
            peer: Peer {
                hop: gateway.hop,
                pinned: false,
                credentials: gateway.credentials.clone(),
                auth: ClientAuth::default(),
                contact_user: contact_user(caller),
            },
            user: None,
        })
    }

    fn phone_target(&self, extension: &str, caller: &Identity) -> Result<Target, SipError> {
        let binding = self.registrar.binding(extension, self.now_ms);
        let binding = binding.ok_or(SipError::NotRegistered)?;
        Ok(Target {
            uri: binding.contact.clone(),
            domain: self.config.realm.clone(),
            peer: Peer {
                hop: binding.source,
                pinned: true,
                credentials: None,
                auth: ClientAuth::default(),
                contact_user: contact_user(caller),
            },
            user: None,
        })
    }

    pub(super) fn first_invite(
        &self,
        target: &Target,
        caller: &Identity,
        tag: &str,
        call_id: &str,
        offer: Vec<u8>,
    ) -> Message {
        let name = caller
            .name
            .as_deref()
            .map(|n| format!("{} ", quoted(&n.chars().take(64).collect::<String>())))
            .unwrap_or_default();
        let user = target.user.as_ref().unwrap_or(&caller.number);
        let from = match user.as_str() {
            "" => format!("\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag={tag}"),
            user => {
                format!(
                    "{name}<sip:{}@{}>;tag={tag}",
                    Uri::escape_user(user),
                    target.domain
                )
            }
        };
        let contact = self.contact(&target.peer.contact_user, target.peer.hop.transport);
        self.new_request(Method::Invite, target.uri.clone())
            .with("From", from)
            .with("To", format!("<{}>", target.uri))
            .with("Call-ID", call_id)
            .with("CSeq", "1 INVITE")
            .with("Contact", contact)
            .with("Allow", ALLOW)
            .with_body("application/sdp", offer)
    }
}

fn contact_user(caller: &Identity) -> String {
    match caller.number.as_str() {
        "" => "anonymous".to_owned(),
        number => Uri::escape_user(number),
    }
}
