//! The hashes of RFC 2617 and RFC 8760, in hex.

use std::fmt::Write as _;

use md5::{Digest as _, Md5};
use sha2::Sha256;

use crate::Ha1;

/// What a digest is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Md5,
    Sha256,
}

impl Algorithm {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    /// Reads the name on the wire; `None` for those we do not know (`-sess` forms among them).
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        [Self::Md5, Self::Sha256]
            .into_iter()
            .find(|a| a.name().eq_ignore_ascii_case(name))
    }

    /// Lower-case hex digest of the parts joined by colons.
    #[must_use]
    pub fn of_parts(self, parts: &[&str]) -> String {
        let text = parts.join(":");
        match self {
            Self::Md5 => hex(&Md5::digest(text.as_bytes())),
            Self::Sha256 => hex(&Sha256::digest(text.as_bytes())),
        }
    }
}

/// The secrets to store for a phone instead of its password.
#[must_use]
pub fn ha1(username: &str, realm: &str, password: &str) -> Ha1 {
    let parts = [username, realm, password];
    Ha1 {
        md5: Algorithm::Md5.of_parts(&parts),
        sha256: Algorithm::Sha256.of_parts(&parts),
    }
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            write!(text, "{byte:02x}").expect("writing to a string cannot fail");
            text
        })
}
