//! One gateway of the store as one of the switch.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    net::SocketAddr,
    time::Duration,
};

use embedded::Gateway;
use sip::{
    Account, AccountId, Credentials, FromUser, Hop, IdentityHeader, NumberRule, Profile, Reliable,
};
use store::gateways::{self, Codec, Dtmf, Identity, Kind, Srtp};

use super::{Trunks, place::Place};

impl Trunks {
    /// # Errors
    /// Why the gateway cannot be reached.
    pub(super) fn shape(&self, stored: gateways::Gateway) -> Result<Gateway, String> {
        let hops = self.hops(&Place::of_calls(&stored), &stored.transport)?;
        let registrars = match stored.kind.registers() {
            true => self.hops(&Place::of_registrar(&stored), &stored.transport)?,
            false => Vec::new(),
        };
        let mut gateway = Gateway::udp(stored.id.clone(), hops[0].addr);
        gateway.channels = Some(stored.settings.max_channels);
        gateway.codecs = stored
            .trunk
            .codecs
            .iter()
            .map(|codec| spoken(*codec))
            .collect();
        gateway.ptime_ms = stored.trunk.ptime_ms;
        gateway.srtp = stored.trunk.srtp == Srtp::Required;
        gateway.dtmf = match stored.trunk.dtmf {
            Dtmf::Rfc4733 => embedded::Dtmf::Events,
            Dtmf::Inband => embedded::Dtmf::Tones,
            Dtmf::Info => embedded::Dtmf::Info,
        };
        let sip = &mut gateway.sip;
        (sip.hop, sip.more_hops) = (hops[0], hops[1..].to_vec());
        sip.ping = self.ping_of(&stored);
        // Dialling is paced by the engine; this holds for what a single dial may turn into.
        let pace = 0.8 / stored.settings.max_cps.max(0.1);
        sip.pace = Some(Duration::from_secs_f64(pace));
        sip.domain = domain(&stored);
        sip.credentials = credentials(&stored);
        sip.account = account(&stored, &registrars);
        sip.profile = profile(&stored);
        Ok(gateway)
    }

    fn hops(&self, places: &[Place], transport: &str) -> Result<Vec<Hop>, String> {
        let hop: fn(SocketAddr) -> Hop = match transport {
            "tcp" => Hop::tcp,
            "tls" => Hop::tls,
            _ => Hop::udp,
        };
        let addresses = self.addresses(places)?;
        Ok(addresses.into_iter().map(hop).collect())
    }

    fn ping_of(&self, stored: &gateways::Gateway) -> Option<Duration> {
        match stored.trunk.options_ping_s {
            Some(0) => None,
            Some(seconds) => Some(Duration::from_secs(seconds.into())),
            None => self.ping,
        }
    }
}

/// What stands behind the @ of our URIs; `None`: the address itself.
fn domain(stored: &gateways::Gateway) -> Option<String> {
    let is_name = stored
        .host
        .trim_matches(['[', ']'])
        .parse::<std::net::IpAddr>();
    let host = Some(stored.host.clone()).filter(|_| is_name.is_err());
    stored.trunk.home_domain.clone().or(host)
}

fn credentials(stored: &gateways::Gateway) -> Option<Credentials> {
    let (username, password) = (stored.username.clone()?, stored.password.clone()?);
    Some(Credentials { username, password })
}

fn account(stored: &gateways::Gateway, registrars: &[Hop]) -> Option<Account> {
    let (registrar, more) = registrars.split_first()?;
    let credentials = credentials(stored)?;
    let own = credentials.username.split_once('@');
    let user = own
        .map_or(credentials.username.as_str(), |(user, _)| user)
        .to_owned();
    let mut id = DefaultHasher::new();
    stored.id.hash(&mut id);
    Some(Account {
        id: AccountId(id.finish()),
        user: stored.trunk.home_user.clone().unwrap_or(user),
        domain: domain(stored).unwrap_or_else(|| stored.host.clone()),
        registrar: *registrar,
        more_registrars: more.to_vec(),
        expires_s: stored.trunk.register_expire_s,
        credentials,
    })
}

fn profile(stored: &gateways::Gateway) -> Profile {
    let trunk = &stored.trunk;
    let is_ims = stored.kind == Kind::Ims;
    let rules = |rules: &[gateways::NumberRule]| {
        let rule = |rule: &gateways::NumberRule| NumberRule {
            from: rule.from.clone(),
            to: rule.to.clone(),
        };
        rules.iter().map(rule).collect()
    };
    let identity = if is_ims {
        Identity::Preferred
    } else {
        Identity::None
    };
    Profile {
        called: rules(&trunk.called_rules),
        caller: rules(&trunk.caller_rules),
        from: match trunk.caller_id_in_from.unwrap_or(!is_ims) {
            true => FromUser::Caller,
            false => FromUser::Account,
        },
        identity: match trunk.identity.unwrap_or(identity) {
            Identity::None => IdentityHeader::None,
            Identity::Preferred => IdentityHeader::Preferred,
            Identity::Asserted => IdentityHeader::Asserted,
        },
        user_phone: trunk.user_phone,
        withhold: trunk.withhold_caller,
        reliable: match trunk.reliable {
            gateways::Reliable::Never => Reliable::Never,
            gateways::Reliable::Supported => Reliable::Supported,
            gateways::Reliable::Preferred => Reliable::Preferred,
        },
        session: Some(Duration::from_secs(trunk.session_timer_s.into())).filter(|s| !s.is_zero()),
        give_way: Duration::from_secs(trunk.give_way_s.into()),
        redirects: trunk.redirects,
    }
}

fn spoken(codec: Codec) -> sip::sdp::Codec {
    match codec {
        Codec::Pcma => sip::sdp::Codec::Pcma,
        Codec::Pcmu => sip::sdp::Codec::Pcmu,
        Codec::G722 => sip::sdp::Codec::G722,
    }
}
