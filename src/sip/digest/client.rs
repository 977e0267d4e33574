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

    /// The header that answers it.
    fn header(&self) -> &'static str {
        if self.proxy {
            "Proxy-Authorization"
        } else {
            "Authorization"
        }
    }

    /// Whether the request carried credentials for this realm.
    fn answered_in(&self, request: &Message) -> bool {
        request
            .headers(self.header())
            .filter_map(challenge_params)
            .any(|params| params.get("realm") == Some(&self.realm))
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

/// What we know of the challenges of one server and the proxies before it, so that later requests
/// carry an answer at once. All calls through one trunk share it, and with it the nonce counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClientAuth {
    realms: Vec<Known>,
}

#[derive(Debug, Clone)]
struct Known {
    challenge: Challenge,
    count: u32,
}

/// More realms than this on one path are not credible: the one that was named longest ago goes.
const MAX_REALMS: usize = 4;

impl ClientAuth {
    /// Whether a request can be signed before it is challenged.
    pub(crate) fn knows_any(&self) -> bool {
        !self.realms.is_empty()
    }

    /// Takes the challenge in `response` to `request`, which was challenged `tries` times before.
    /// False when it is hopeless: it can not be answered, or it came again although our answer was
    /// not stale. A nonce of an earlier request may be refused once without being called stale.
    pub(crate) fn challenged(&mut self, request: &Message, response: &Message, tries: u8) -> bool {
        let Some(challenge) = Challenge::of(response) else {
            return false;
        };
        let known = |k: &Known| {
            k.challenge.realm == challenge.realm && k.challenge.proxy == challenge.proxy
        };
        if challenge.answered_in(request) && !challenge.stale && tries > 0 {
            self.realms.retain(|k| !known(k));
            return false;
        }
        let at = self.realms.iter().position(known);
        let before = at.map(|at| self.realms.remove(at));
        let same = before.filter(|k| k.challenge.nonce == challenge.nonce);
        let count = same.map_or(0, |k| k.count);
        if self.realms.len() >= MAX_REALMS {
            self.realms.remove(0);
        }
        self.realms.push(Known { challenge, count });
        true
    }

    /// Adds the credentials to a request, one header for each challenge that is known.
    pub(crate) fn sign(&mut self, request: &mut Message, with: &Credentials, cnonce: &str) {
        for known in &mut self.realms {
            known.count += 1;
            let (Some(method), Some(uri)) = (request.method(), request.uri()) else {
                return;
            };
            let (challenge, count) = (&known.challenge, known.count);
            let value = authorization(challenge, with, count, cnonce, method.name(), uri);
            request.push(challenge.header(), value);
        }
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
