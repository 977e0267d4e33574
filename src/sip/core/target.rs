//! Whom an INVITE goes to, and as whom.

use std::{collections::VecDeque, sync::Arc};

use super::{
    Core,
    account::AccountState,
    call::{Peer, Trunk},
    gateways::GatewayEntry,
    secure::is_secure,
    ways::Way,
};
use crate::{
    AccountId, Destination, FromUser, Hop, Identity, IdentityHeader, Profile, Reliable, SipError,
    Transport,
    message::{ALLOW, Message, Method, Uri, quoted},
    profile::rewrite,
};

/// RFC 4028 section 5: no shorter interval may be asked for.
pub(super) const MIN_SESSION_S: u32 = 90;

/// Whom an INVITE goes to.
pub(super) struct Target {
    pub(super) way: Way,
    /// Where it goes when that way leads nowhere.
    pub(super) more: VecDeque<Way>,
    /// From without its tag.
    from: String,
    /// What the network is told of the caller.
    identity: Vec<(&'static str, String)>,
    /// The gateway whose pace it keeps.
    pub(super) gateway: Option<String>,
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
            Destination::Account { account, number } => self.account_target(*account, number),
        }
    }

    fn gateway_target(
        &self,
        name: &str,
        number: &str,
        caller: &Identity,
    ) -> Result<Target, SipError> {
        let entry = self.gateways.get(name).ok_or(SipError::NoSuchGateway)?;
        let profile = &entry.profile;
        let number = rewrite(number, &profile.called);
        let shown = Identity {
            number: rewrite(&caller.number, &profile.caller),
            withheld: caller.withheld || profile.withhold,
            ..caller.clone()
        };
        let caller_fits = shown.number.is_empty() || Uri::is_dialable(&shown.number);
        if !Uri::is_dialable(&number) || !caller_fits {
            return Err(SipError::BadNumber);
        }
        let account = entry.gateway.account.as_ref();
        let registrar = account.and_then(|account| self.accounts.get(&account.id));
        let mut ways: VecDeque<_> = entry
            .open_hops(self.now_ms, registrar.map(AccountState::registrar))
            .into_iter()
            .map(|hop| self.gateway_way(entry, hop, &number, &shown))
            .collect();
        let way = ways.pop_front().ok_or(SipError::GatewayRests)?;
        let domain = entry
            .domain()
            .unwrap_or_else(|| self.me_towards(way.peer.hop).to_string());
        Ok(Target {
            way,
            more: ways,
            from: from_of(&entry.gateway.account, profile, &shown, &domain),
            identity: identity_headers(profile, &shown, &domain),
            gateway: Some(name.to_owned()),
        })
    }

    fn gateway_way(&self, entry: &GatewayEntry, hop: Hop, number: &str, caller: &Identity) -> Way {
        let gateway = &entry.gateway;
        let domain = entry.domain().unwrap_or_else(|| hop.addr.to_string());
        let transport = match hop.transport {
            Transport::Udp => String::new(),
            other => format!(";transport={}", other.name().to_ascii_lowercase()),
        };
        let phone = if entry.profile.user_phone {
            ";user=phone"
        } else {
            ""
        };
        let (trunk, routes, contact_user) = match &gateway.account {
            Some(account) => (
                Trunk::Account(account.id),
                self.service_route(account.id),
                Uri::escape_user(&account.user),
            ),
            None => (
                Trunk::Gateway(gateway.name.clone()),
                Vec::new(),
                contact_user(caller),
            ),
        };
        let account = gateway.account.as_ref().map(|a| a.credentials.clone());
        Way {
            uri: format!(
                "sip:{}@{domain}{transport}{phone}",
                Uri::escape_user(number)
            ),
            routes,
            peer: Peer {
                hop,
                pinned: false,
                credentials: gateway.credentials.clone().or(account),
                trunk: Some(trunk),
                contact_user,
                secure: false,
                profile: entry.profile.clone(),
            },
        }
    }

    fn account_target(&self, id: AccountId, number: &str) -> Result<Target, SipError> {
        let state = self.accounts.get(&id).ok_or(SipError::NoSuchGateway)?;
        let account = &state.account;
        let user = Uri::escape_user(&account.user);
        let way = Way {
            uri: format!("sip:{}@{}", Uri::escape_user(number), account.domain),
            routes: self.service_route(id),
            peer: Peer {
                hop: state.registrar(),
                pinned: false,
                credentials: Some(account.credentials.clone()),
                trunk: Some(Trunk::Account(id)),
                contact_user: user.clone(),
                secure: false,
                profile: Arc::default(),
            },
        };
        Ok(Target {
            way,
            more: VecDeque::new(),
            from: format!("<sip:{user}@{}>", account.domain),
            identity: Vec::new(),
            gateway: None,
        })
    }

    /// The contact that registered last; the phone's others when that one says nothing.
    fn phone_target(&self, extension: &str, caller: &Identity) -> Result<Target, SipError> {
        // Where a phone sends its calls is for the house to decide, whose rules guard what is called.
        let profile = Arc::new(Profile {
            redirects: 0,
            ..Profile::default()
        });
        let way = |(contact, source): (String, Hop)| Way {
            routes: Vec::new(),
            peer: Peer {
                secure: is_secure(&contact),
                hop: source,
                pinned: true,
                credentials: None,
                trunk: None,
                contact_user: contact_user(caller),
                profile: profile.clone(),
            },
            uri: contact,
        };
        let contacts = self.registrar.contacts(extension, self.now_ms);
        let mut ways: VecDeque<_> = contacts.into_iter().map(way).collect();
        let way = ways.pop_front().ok_or(SipError::NotRegistered)?;
        let from = from_of(&None, &way.peer.profile, caller, &self.config.realm);
        Ok(Target {
            way,
            more: ways,
            from,
            identity: Vec::new(),
            gateway: None,
        })
    }

    pub(super) fn first_invite(
        &self,
        target: &Target,
        tag: &str,
        call_id: &str,
        offer: Vec<u8>,
    ) -> Message {
        let way = &target.way;
        let profile = &way.peer.profile;
        let contact = self.contact_for(&way.peer);
        let mut invite = self
            .new_request(Method::Invite, way.uri.clone())
            .with("From", format!("{};tag={tag}", target.from))
            .with("To", format!("<{}>", way.uri))
            .with("Call-ID", call_id)
            .with("CSeq", "1 INVITE")
            .with("Contact", contact)
            .with("Allow", ALLOW)
            .with("Supported", supported(profile));
        for route in &way.routes {
            invite.push("Route", route.clone());
        }
        for (name, value) in &target.identity {
            invite.push(name, value.clone());
        }
        if let Some(session) = profile.session {
            let seconds = session.as_secs().max(MIN_SESSION_S.into());
            invite.push("Session-Expires", seconds.to_string());
            invite.push("Min-SE", MIN_SESSION_S.to_string());
        }
        invite.with_body("application/sdp", offer)
    }
}

/// What we tell a gateway that we understand.
pub(super) fn supported(profile: &Profile) -> &'static str {
    match profile.reliable {
        Reliable::Never => "replaces, timer",
        Reliable::Supported | Reliable::Preferred => "100rel, replaces, timer",
    }
}

fn from_of(
    account: &Option<crate::Account>,
    profile: &Profile,
    caller: &Identity,
    domain: &str,
) -> String {
    let phone = if profile.user_phone {
        ";user=phone"
    } else {
        ""
    };
    match account {
        Some(account) if profile.from == FromUser::Account => {
            format!(
                "<sip:{}@{}>",
                Uri::escape_user(&account.user),
                account.domain
            )
        }
        _ if caller.withheld || caller.number.is_empty() => {
            "\"Anonymous\" <sip:anonymous@anonymous.invalid>".to_owned()
        }
        _ => {
            let short = |name: &str| quoted(&name.chars().take(64).collect::<String>());
            let name = caller.name.as_deref().map(|n| format!("{} ", short(n)));
            format!(
                "{}<sip:{}@{domain}{phone}>",
                name.unwrap_or_default(),
                Uri::escape_user(&caller.number)
            )
        }
    }
}

/// RFC 3325 and RFC 3323: who calls, for the network alone when the caller hides.
fn identity_headers(
    profile: &Profile,
    caller: &Identity,
    domain: &str,
) -> Vec<(&'static str, String)> {
    let name = match profile.identity {
        IdentityHeader::None => return Vec::new(),
        IdentityHeader::Preferred => "P-Preferred-Identity",
        IdentityHeader::Asserted => "P-Asserted-Identity",
    };
    let mut headers = Vec::new();
    if !caller.number.is_empty() {
        let user = Uri::escape_user(&caller.number);
        headers.push((name, format!("<sip:{user}@{domain};user=phone>")));
    }
    if caller.withheld {
        headers.push(("Privacy", "id".to_owned()));
    }
    headers
}

fn contact_user(caller: &Identity) -> String {
    match caller.number.as_str() {
        number if !number.is_empty() && !caller.withheld => Uri::escape_user(number),
        _ => "anonymous".to_owned(),
    }
}
