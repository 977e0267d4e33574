//! Values that a gateway cannot be set up with.

use engine::gateway::Settings;
use store::gateways::{Gateway, Identity, Kind, NumberRule, Trunk};

use crate::problem::{Fault, Problem};

const MOST_HOSTS: usize = 8;
const MOST_RULES: usize = 50;

/// An IP address or a host name.
///
/// # Errors
/// `INVALID`.
pub fn host(pointer: &str, text: &str) -> Result<String, Problem> {
    if is_host(text) {
        Ok(text.to_owned())
    } else {
        Err(Problem::at(
            pointer,
            "format",
            "must be an IP address or a host name",
        ))
    }
}

/// # Errors
/// `INVALID`.
pub fn limits(settings: &Settings) -> Result<(), Problem> {
    let checks = [
        (
            (1..=10_000).contains(&settings.max_channels),
            "max_channels",
            "1 to 10,000",
        ),
        (
            (0.1..=1_000.0).contains(&settings.max_cps),
            "max_cps",
            "0.1 to 1,000",
        ),
        (
            (0.0..=0.9).contains(&settings.inbound_reserved),
            "inbound_reserved",
            "0 to 0.9",
        ),
    ];
    match checks.into_iter().find(|(holds, ..)| !holds) {
        Some((_, name, range)) => Err(Problem::at(
            &format!("/settings/{name}"),
            "range",
            format!("must be {range}"),
        )),
        None => Ok(()),
    }
}

/// Whether the parts fit each other, and the trunk's values their ranges; every fault is named.
///
/// # Errors
/// `INVALID`.
pub fn whole(gateway: &Gateway, has_password: bool) -> Result<(), Problem> {
    let mut faults = Vec::new();
    registration(gateway, has_password, &mut faults);
    places(&gateway.trunk, &mut faults);
    numbers(&gateway.trunk, &mut faults);
    identity(gateway, &mut faults);
    rules(
        "/trunk/called_rules",
        &gateway.trunk.called_rules,
        &mut faults,
    );
    rules(
        "/trunk/caller_rules",
        &gateway.trunk.caller_rules,
        &mut faults,
    );
    if gateway.port == 0 {
        faults.push(Fault::new("/port", "range", "must be 1 to 65,535"));
    }
    match faults.is_empty() {
        true => Ok(()),
        false => Err(Problem::invalid(faults)),
    }
}

fn registration(gateway: &Gateway, has_password: bool, faults: &mut Vec<Fault>) {
    if !gateway.kind.registers() {
        if gateway.trunk.register_proxy.is_some() {
            let why = "an NNI gateway does not register";
            faults.push(Fault::new("/trunk/register_proxy", "conflict", why));
        }
        return;
    }
    if gateway.username.is_none() {
        faults.push(Fault::new("/username", "missing", "is needed to register"));
    }
    let given = gateway.password.as_deref();
    if given.map_or(!has_password, str::is_empty) {
        faults.push(Fault::new("/password", "missing", "is needed to register"));
    }
}

fn places(trunk: &Trunk, faults: &mut Vec<Fault>) {
    if trunk.more.len() > MOST_HOSTS {
        faults.push(Fault::new("/trunk/more", "length", "at most 8 hosts"));
    }
    let more = trunk.more.iter().enumerate();
    let more = more.map(|(at, text)| (format!("/trunk/more/{at}"), Some(text)));
    let named = [
        ("outbound_proxy", &trunk.outbound_proxy),
        ("register_proxy", &trunk.register_proxy),
    ];
    let named = named.map(|(name, text)| (format!("/trunk/{name}"), text.as_ref()));
    for (pointer, text) in more.chain(named) {
        if text.is_some_and(|text| !is_place(text)) {
            let why = "must be an IP address or a host name, with :port if need be";
            faults.push(Fault::new(&pointer, "format", why));
        }
    }
    if trunk
        .home_domain
        .as_deref()
        .is_some_and(|text| !is_host(text))
    {
        let why = "must be a host name";
        faults.push(Fault::new("/trunk/home_domain", "format", why));
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || "+-_.!~*'()&=$,;?/".contains(c);
    let is_user = |text: &str| (1..=100).contains(&text.len()) && text.chars().all(fits);
    if trunk
        .home_user
        .as_deref()
        .is_some_and(|text| !is_user(text))
    {
        let why = "must be the part of an address before the @";
        faults.push(Fault::new("/trunk/home_user", "format", why));
    }
}

fn numbers(trunk: &Trunk, faults: &mut Vec<Fault>) {
    let ping = trunk.options_ping_s.unwrap_or(0);
    let session = trunk.session_timer_s;
    let checks = [
        (
            (60..=86_400).contains(&trunk.register_expire_s),
            "register_expire_s",
            "must be 60 to 86,400",
        ),
        (
            ping == 0 || (5..=3_600).contains(&ping),
            "options_ping_s",
            "must be 0 or 5 to 3,600",
        ),
        (
            [10, 20, 30, 40, 60].contains(&trunk.ptime_ms),
            "ptime_ms",
            "must be 10, 20, 30, 40 or 60",
        ),
        (
            session == 0 || (90..=86_400).contains(&session),
            "session_timer_s",
            "must be 0 or 90 to 86,400",
        ),
        (
            (1..=30).contains(&trunk.give_way_s),
            "give_way_s",
            "must be 1 to 30",
        ),
        (trunk.redirects <= 5, "redirects", "must be 0 to 5"),
    ];
    for (_, name, why) in checks.into_iter().filter(|(holds, ..)| !holds) {
        faults.push(Fault::new(&format!("/trunk/{name}"), "range", why));
    }
    let codecs = &trunk.codecs;
    if (1..codecs.len()).any(|at| codecs[..at].contains(&codecs[at])) {
        let why = "names a codec twice";
        faults.push(Fault::new("/trunk/codecs", "duplicate", why));
    }
}

fn identity(gateway: &Gateway, faults: &mut Vec<Fault>) {
    let trunk = &gateway.trunk;
    let tells = match trunk.identity {
        Some(identity) => identity != Identity::None,
        None => gateway.kind == Kind::Ims,
    };
    if trunk.withhold_caller && !tells {
        let why = "needs an identity: the network must know whose number it hides";
        faults.push(Fault::new("/trunk/withhold_caller", "conflict", why));
    }
    if trunk.caller_id_in_from == Some(false) && !gateway.kind.registers() {
        let why = "an NNI gateway knows no registered user";
        faults.push(Fault::new("/trunk/caller_id_in_from", "conflict", why));
    }
}

fn rules(pointer: &str, rules: &[NumberRule], faults: &mut Vec<Fault>) {
    if rules.len() > MOST_RULES {
        faults.push(Fault::new(pointer, "length", "at most 50 rules"));
    }
    let dialled = |text: &str| {
        let fits = |c: char| c.is_ascii_digit() || matches!(c, '+' | '*' | '#');
        text.len() <= 32 && text.chars().all(fits)
    };
    for (at, rule) in rules.iter().enumerate() {
        if !dialled(&rule.from) || !dialled(&rule.to) {
            let why = "must be at most 32 digits, +, * or #";
            faults.push(Fault::new(&format!("{pointer}/{at}"), "format", why));
        }
    }
}

fn is_host(text: &str) -> bool {
    let numeric = text.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    let label = |label: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        (1..=63).contains(&label.len())
            && label.chars().all(fits)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let name = text.strip_suffix('.').unwrap_or(text);
    // Four groups of digits that are no address are a slip, not a name.
    let slip = name.chars().all(|c| c.is_ascii_digit() || c == '.');
    numeric.is_ok() || (name.len() <= 253 && !slip && name.split('.').all(label))
}

/// `host`, `host:port`, `[v6]:port`.
fn is_place(text: &str) -> bool {
    let port = |text: &str| text.parse::<u16>().is_ok_and(|port| port > 0);
    is_host(text)
        || text
            .rsplit_once(':')
            .is_some_and(|(host, after)| is_host(host) && port(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_places_are_told_from_slips() {
        for good in [
            "10.0.0.1",
            "gw.example.com",
            "localhost",
            "[2001:db8::1]",
            "2001:db8::1",
        ] {
            assert!(is_host(good), "{good}");
        }
        for bad in [
            "",
            "10.0.0.300",
            "a..b",
            "-a.b",
            "a b",
            "a@b",
            "sip:a",
            "10.0.0",
        ] {
            assert!(!is_host(bad), "{bad}");
        }
        for good in [
            "10.0.0.1:5070",
            "sbc.example:5061",
            "[2001:db8::1]:5060",
            "sbc",
        ] {
            assert!(is_place(good), "{good}");
        }
        for bad in ["sbc:0", "sbc:99999", ":5060", "sbc:"] {
            assert!(!is_place(bad), "{bad}");
        }
    }
}
