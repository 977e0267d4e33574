//! Digest authentication, both sides: RFC 2617, RFC 7616 and RFC 8760.

mod client;
mod hash;
mod nonces;
mod server;

pub(crate) use client::ClientAuth;
pub(crate) use hash::hex;
pub use hash::{Algorithm, ha1};
pub(crate) use nonces::Nonces;
pub(crate) use server::{Verdict, challenge, verify};

/// The response of RFC 2617 section 3.2.2.1: with `qop` (nc as eight hex digits), or the older form
/// without it.
fn response(
    algorithm: Algorithm,
    ha1: &str,
    nonce: &str,
    qop: Option<(&str, &str, &str)>,
    method: &str,
    uri: &str,
) -> String {
    let ha2 = algorithm.of_parts(&[method, uri]);
    match qop {
        Some((nc, cnonce, qop)) => algorithm.of_parts(&[ha1, nonce, nc, cnonce, qop, &ha2]),
        None => algorithm.of_parts(&[ha1, nonce, &ha2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ha1_of(algorithm: Algorithm, user: &str, realm: &str, password: &str) -> String {
        algorithm.of_parts(&[user, realm, password])
    }

    #[test]
    fn rfc_2617_section_3_5() {
        let ha1 = ha1_of(
            Algorithm::Md5,
            "Mufasa",
            "testrealm@host.com",
            "Circle Of Life",
        );
        let made = response(
            Algorithm::Md5,
            &ha1,
            "dcd98b7102dd2f0e8b11d0f600bfb0c093",
            Some(("00000001", "0a4f113b", "auth")),
            "GET",
            "/dir/index.html",
        );
        assert_eq!(made, "6629fae49393a05397450978507c4ef1");
    }

    #[test]
    fn rfc_7616_section_3_9_1() {
        let nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
        let qop = Some((
            "00000001",
            "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            "auth",
        ));
        let of = |algorithm| {
            let ha1 = ha1_of(
                algorithm,
                "Mufasa",
                "http-auth@example.org",
                "Circle of Life",
            );
            response(algorithm, &ha1, nonce, qop, "GET", "/dir/index.html")
        };
        assert_eq!(of(Algorithm::Md5), "8ca523f5e9506fed4657c9700eebdbec");
        assert_eq!(
            of(Algorithm::Sha256),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
        );
    }

    #[test]
    fn without_qop_as_in_rfc_2069() {
        // The widely used correction of the example in RFC 2069 section 2.4.
        let ha1 = ha1_of(
            Algorithm::Md5,
            "Mufasa",
            "testrealm@host.com",
            "CircleOfLife",
        );
        let nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093";
        let made = response(Algorithm::Md5, &ha1, nonce, None, "GET", "/dir/index.html");
        assert_eq!(made, "1949323746fe6a43ef61f9606e7febea");
    }
}
