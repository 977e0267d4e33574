//! Challenges phones and checks their answers.

use std::net::IpAddr;

use subtle::ConstantTimeEq as _;

use super::{Algorithm, Nonces, nonces::NonceState, response};
use crate::{
    Ha1, PhoneBook,
    message::{Message, Params, Uri, challenge_params, quoted},
};

/// What a request's credentials are worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// None for our realm, or with a nonce that is not ours.
    Missing,
    /// The right password with an old nonce.
    Stale,
    /// Unknown user or wrong password: nobody can tell which. The name is empty when it cannot be read.
    Wrong {
        username: String,
    },
    /// Made for a call to somebody else (RFC 7616 section 3.4.6).
    Elsewhere,
    Right {
        username: String,
    },
}

/// The values of WWW-Authenticate, one for each algorithm.
pub(crate) fn challenge(
    realm: &str,
    nonce: &str,
    algorithms: &[Algorithm],
    stale: bool,
) -> Vec<String> {
    let stale = if stale { ", stale=true" } else { "" };
    let of = |algorithm: &Algorithm| {
        format!(
            "Digest realm={}, nonce=\"{nonce}\", algorithm={}, qop=\"auth\"{stale}",
            quoted(realm),
            algorithm.name(),
        )
    };
    algorithms.iter().map(of).collect()
}

/// Checks the Authorization (or Proxy-Authorization) of a request that came from there.
pub(crate) fn verify(
    request: &Message,
    realm: &str,
    nonces: &mut Nonces,
    phones: &dyn PhoneBook,
    (from, now_ms): (IpAddr, u64),
) -> Verdict {
    let credentials = ["Authorization", "Proxy-Authorization"]
        .into_iter()
        .flat_map(|name| request.headers(name))
        .filter_map(challenge_params)
        .find(|params| params.get("realm") == Some(realm));
    let (Some(params), Some(method)) = (credentials, request.method()) else {
        return Verdict::Missing;
    };
    let Some(answer) = Answer::read(&params) else {
        return Verdict::Wrong {
            username: String::new(),
        };
    };
    let state = nonces.state(answer.nonce, from, answer.count(), now_ms);
    if state == NonceState::Foreign {
        return Verdict::Missing;
    }
    if !answer.is_for(request.uri().unwrap_or_default()) {
        return Verdict::Elsewhere;
    }
    // An unknown user costs the same work as a wrong password.
    let known = phones.secrets(answer.username);
    let nobody = Ha1 {
        md5: "0".repeat(32),
        sha256: "0".repeat(64),
    };
    let right = answer.matches(known.as_ref().unwrap_or(&nobody), method.name());
    match (right && known.is_some(), state) {
        (false, _) => Verdict::Wrong {
            username: answer.username.to_owned(),
        },
        (true, NonceState::Stale) => Verdict::Stale,
        (true, _) => {
            nonces.use_up(answer.nonce, from, answer.count(), now_ms);
            Verdict::Right {
                username: answer.username.to_owned(),
            }
        }
    }
}

struct Answer<'a> {
    username: &'a str,
    nonce: &'a str,
    uri: &'a str,
    response: &'a str,
    algorithm: Algorithm,
    /// Count as written, cnonce, qop as written.
    qop: Option<(&'a str, &'a str, &'a str)>,
}

impl<'a> Answer<'a> {
    fn read(params: &'a Params) -> Option<Self> {
        let qop = match params.get("qop") {
            None => None,
            Some(qop) if qop.eq_ignore_ascii_case("auth") => {
                Some((params.get("nc")?, params.get("cnonce")?, qop))
            }
            Some(_) => return None,
        };
        let algorithm = params
            .get("algorithm")
            .map_or(Some(Algorithm::Md5), Algorithm::of)?;
        Some(Self {
            username: params.get("username")?,
            nonce: params.get("nonce")?,
            uri: params.get("uri")?,
            response: params.get("response")?,
            algorithm,
            qop,
        })
    }

    fn count(&self) -> Option<u32> {
        self.qop
            .and_then(|(nc, ..)| u32::from_str_radix(nc, 16).ok())
    }

    /// Whether it was made for whom the request asks for. Only the user counts: proxies change hosts, ports and
    /// parameters, and a nonce of ours is of no use at another host; who signs the host alone names nobody.
    fn is_for(&self, uri: &str) -> bool {
        let user = |uri: &str| {
            let uri = Uri::parse(uri)?;
            let user = uri.user.split(';').next().unwrap_or_default();
            Some(user.to_owned()).filter(|user| !user.is_empty())
        };
        match (user(self.uri), user(uri)) {
            (Some(signed), Some(asked)) => signed == asked,
            _ => true,
        }
    }

    fn matches(&self, secrets: &Ha1, method: &str) -> bool {
        let ha1 = match self.algorithm {
            Algorithm::Md5 => &secrets.md5,
            Algorithm::Sha256 => &secrets.sha256,
        };
        let expected = response(self.algorithm, ha1, self.nonce, self.qop, method, self.uri);
        let given = self.response.to_ascii_lowercase();
        expected.as_bytes().ct_eq(given.as_bytes()).into()
    }
}
