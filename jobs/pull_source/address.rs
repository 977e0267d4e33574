//! Which addresses a file may be got from. The internet only, unless the configuration says otherwise:
//! a batch's source must not become a way into the house's own network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;

use crate::{JobError, settings::Sources};

/// A checked address: the host, and where exactly to connect.
#[derive(Debug)]
pub struct Target {
    pub host: String,
    pub addresses: Vec<SocketAddr>,
}

/// Checks scheme, host and every address that the host's name leads to.
///
/// # Errors
/// `SOURCE_NOT_ALLOWED`; a name that leads nowhere may do so later.
pub async fn check(url: &Url, allowed: &Sources) -> Result<Target, JobError> {
    let no = |text: String| Err(JobError::user("SOURCE_NOT_ALLOWED", text));
    if url.scheme() != "https" && !(allowed.allow_http && url.scheme() == "http") {
        return no(format!("{}: is not allowed, only https", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return no("an address with a password in it is not allowed".into());
    }
    // The parser has turned decimal, octal and hexadecimal spellings of an address into one.
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return no("the address has no host".into());
    };
    if !allowed.hosts.iter().any(|rule| is_named(rule, host)) {
        return no(format!(
            "the host {host} is not allowed by jobs.sources.hosts"
        ));
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let addresses: Vec<SocketAddr> = match bare.parse::<IpAddr>() {
        Ok(ip) => vec![SocketAddr::new(ip, port)],
        Err(_) => tokio::net::lookup_host((bare, port))
            .await
            .map_err(|error| JobError::Unreachable(format!("{host}: {error}")))?
            .collect(),
    };
    if addresses.is_empty() {
        return Err(JobError::Unreachable(format!("{host} has no address")));
    }
    let inside = addresses.iter().find(|address| !is_public(address.ip()));
    match inside {
        Some(address) if !allowed.allow_private => no(format!(
            "{host} leads to {}, which is not public",
            address.ip()
        )),
        _ => Ok(Target {
            host: host.to_owned(),
            addresses,
        }),
    }
}

fn is_named(rule: &str, host: &str) -> bool {
    let (rule, host) = (rule.to_ascii_lowercase(), host.to_ascii_lowercase());
    match rule.strip_prefix("*.") {
        Some(domain) => host
            .strip_suffix(domain)
            .is_some_and(|below| below.len() > 1 && below.ends_with('.')),
        None => rule == host,
    }
}

/// Whether an address belongs to the public internet.
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let parts = ip.segments();
    let embedded = || {
        let [a, b] = parts[6].to_be_bytes();
        let [c, d] = parts[7].to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match parts {
        // Mapped addresses, and those of a translator (RFC 6052), are IPv4.
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => is_public_v4(embedded()),
        // Teredo and other protocols, documentation, 6to4.
        [0x2001, 0..=0x01ff, ..] | [0x2001, 0x0db8, ..] | [0x2002, ..] => false,
        [0x3fff, 0..=0x0fff, ..] => false,
        // Nothing else than global unicast.
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_internet_is_public() {
        for (text, public) in [
            ("8.8.8.8", true),
            ("0.0.0.0", false),
            ("0.1.2.3", false),
            ("10.1.2.3", false),
            ("100.64.0.1", false),
            ("100.128.0.1", true),
            ("127.0.0.1", false),
            ("169.254.169.254", false),
            ("172.16.0.1", false),
            ("172.32.0.1", true),
            ("192.0.2.1", false),
            ("192.168.1.1", false),
            ("198.18.0.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("2606:4700:4700::1111", true),
            ("::", false),
            ("::1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:10.0.0.1", false),
            ("::ffff:8.8.8.8", true),
            ("::127.0.0.1", false),
            ("64:ff9b::10.0.0.1", false),
            ("64:ff9b::8.8.8.8", true),
            ("64:ff9b:1::1", false),
            ("fc00::1", false),
            ("fd12:3456::1", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("ff02::1", false),
            ("2001:db8::1", false),
            ("2001::1", false),
            ("2002:7f00:1::1", false),
        ] {
            assert_eq!(is_public(text.parse().unwrap()), public, "{text}");
        }
    }

    #[test]
    fn a_host_is_named_whole_or_by_its_domain() {
        for (rule, host, named) in [
            ("files.example.com", "FILES.example.com", true),
            ("files.example.com", "evil-files.example.com", false),
            ("*.example.com", "a.b.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", "evilexample.com", false),
            ("*.example.com", ".example.com", false),
            ("*", "example.com", false),
        ] {
            assert_eq!(is_named(rule, host), named, "{rule} {host}");
        }
    }

    /// Every spelling of an inner address is refused, though its host is allowed.
    #[tokio::test]
    async fn no_spelling_leads_inside() {
        let every = |host: &str| Sources {
            hosts: vec![host.into()],
            ..Sources::default()
        };
        for text in [
            "https://127.0.0.1/a.csv",
            "https://2130706433/a.csv",
            "https://0x7f.1/a.csv",
            "https://0177.0.0.1/a.csv",
            "https://0/a.csv",
            "https://[::1]/a.csv",
            "https://[::ffff:127.0.0.1]/a.csv",
            "https://[::ffff:7f00:1]/a.csv",
            "https://localhost/a.csv",
            "https://localhost:8443/a.csv",
            "https://169.254.169.254/latest/meta-data",
        ] {
            let url = Url::parse(text).unwrap();
            let allowed = every(url.host_str().unwrap());
            let error = check(&url, &allowed).await.unwrap_err();
            assert_eq!(error.code(), "SOURCE_NOT_ALLOWED", "{text}");
            assert!(
                error.text().contains("not public"),
                "{text}: {}",
                error.text()
            );
            let open = Sources {
                allow_private: true,
                ..allowed
            };
            assert!(check(&url, &open).await.is_ok(), "{text}");
        }
        for (text, why) in [
            ("http://8.8.8.8/a.csv", "only https"),
            ("https://8.8.4.4/a.csv", "not allowed by"),
            ("https://u:p@8.8.8.8/a.csv", "password"),
        ] {
            let url = Url::parse(text).unwrap();
            let error = check(&url, &every("8.8.8.8")).await.unwrap_err();
            assert!(error.text().contains(why), "{text}: {}", error.text());
        }
    }
}
