//! Answers the challenges of others.

use super::{Algorithm, response};
use crate::{
    Credentials,
    message::{Message, challenge_params, quoted},
};

/// One challenge that we can answer.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    /// Whether the algorithm was named; then it is repeated.
    names_algorithm: bool,
    /// `auth` was among the offered; without any offer the older form is used.
    qop: bool,
    stale: bool,
    /// 407 instead of 401.
    proxy: bool,
}

impl Challenge {
    /// The first challenge of a 401 or 407 that we can answer: the server lists them in its order
    /// of preference (RFC 8760 section 2.4).
    fn of(response: &Message) -> Option<Self> {
        let proxy = response.status() == Some(407);
        let name = if proxy {
            "Proxy-Authenticate"
        } else {
            "WWW-Authenticate"
        };
        response
            .headers(name)
            .find_map(|value| Self::read(value, proxy))
    }

    fn read(value: &str, proxy: bool) -> Option<Self> {
        let params = challenge_params(value)?;
        let algorithm = params.get("algorithm");
        let qop = params.get("qop");
        if qop.is_some_and(|list| {
            !list
                .split(',')
                .any(|q| q.trim().eq_ignore_ascii_case("auth"))
        }) {
            return None;
        }
        Some(Self {
            realm: params.get("realm")?.to_owned(),
            nonce: params.get("nonce")?.to_owned(),
            opaque: params.get("opaque").map(str::to_owned),
            algorithm: algorithm.map_or(Some(Algorithm::Md5), Algorithm::of)?,
            names_algorithm: algorithm.is_some(),
            qop: qop.is_some(),
            stale: params
                .get("stale")
                .is_some_and(|s| s.eq_ignore_ascii_case("true")),
            proxy,
        })
    }
}

/// What we know of one server's challenge, so that later requests carry an answer at once.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClientAuth {
    challenge: Option<Challenge>,
    nonce_count: u32,
}

impl ClientAuth {
    /// Takes a challenge. False when it is hopeless: it can not be answered, or it came again
    /// although our answer was not stale.
    pub(crate) fn challenged(&mut self, response: &Message, answered_before: bool) -> bool {
        let Some(challenge) = Challenge::of(response) else {
            return false;
        };
        if answered_before && !challenge.stale {
            return false;
        }
        if self
            .challenge
            .as_ref()
            .is_none_or(|known| known.nonce != challenge.nonce)
        {
            self.nonce_count = 0;
        }
        self.challenge = Some(challenge);
        true
    }

    /// Adds the credentials to a request, when a challenge is known.
    pub(crate) fn sign(&mut self, request: &mut Message, with: &Credentials, cnonce: &str) {
        let Some(challenge) = &self.challenge else {
            return;
        };
        self.nonce_count += 1;
        let (Some(method), Some(uri)) = (request.method(), request.uri()) else {
            return;
        };
        let value = authorization(
            challenge,
            with,
            self.nonce_count,
            cnonce,
            method.name(),
            uri,
        );
        let name = if challenge.proxy {
            "Proxy-Authorization"
        } else {
            "Authorization"
        };
        request.push(name, value);
    }
}

fn authorization(
    challenge: &Challenge,
    with: &Credentials,
    count: u32,
    cnonce: &str,
    method: &str,
    uri: &str,
) -> String {
    let algorithm = challenge.algorithm;
    let ha1 = algorithm.of_parts(&[&with.username, &challenge.realm, &with.password]);
    let nc = format!("{count:08x}");
    let qop = challenge.qop.then_some((&*nc, cnonce, "auth"));
    let response = response(algorithm, &ha1, &challenge.nonce, qop, method, uri);
    let mut value = format!(
        "Digest username={}, realm={}, nonce={}, uri={}, response=\"{response}\"",
        quoted(&with.username),
        quoted(&challenge.realm),
        quoted(&challenge.nonce),
        quoted(uri),
    );
    if challenge.names_algorithm {
        value.push_str(&format!(", algorithm={}", algorithm.name()));
    }
    if challenge.qop {
        value.push_str(&format!(", qop=auth, nc={nc}, cnonce={}", quoted(cnonce)));
    }
    if let Some(opaque) = &challenge.opaque {
        value.push_str(&format!(", opaque={}", quoted(opaque)));
    }
    value
}
