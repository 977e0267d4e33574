//! SRTP keys in a session description (RFC 4568).

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Master key and salt together.
pub const KEYING: usize = 30;

/// How packets are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Suite {
    /// `AES_CM_128_HMAC_SHA1_80`.
    Sha1_80,
    /// `AES_CM_128_HMAC_SHA1_32`.
    Sha1_32,
}

impl Suite {
    const fn name(self) -> &'static str {
        match self {
            Self::Sha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Self::Sha1_32 => "AES_CM_128_HMAC_SHA1_32",
        }
    }
}

/// One `a=crypto` line. Its key is never shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CryptoLine {
    /// Names the line in the answer.
    pub tag: u32,
    pub suite: Suite,
    pub keying: [u8; KEYING],
}

impl CryptoLine {
    /// Reads the value of the attribute; `None` for a suite, a master key identifier or a session
    /// parameter that we do not know: such a line must not be used (RFC 4568 §7.1.1).
    pub(super) fn read(value: &str) -> Option<Self> {
        let mut words = value.split_whitespace();
        let tag = words.next()?.parse().ok()?;
        let name = words.next()?;
        let suite = [Suite::Sha1_80, Suite::Sha1_32]
            .into_iter()
            .find(|suite| suite.name() == name)?;
        let key = words.next()?.strip_prefix("inline:")?;
        let mut parts = key.split('|');
        let keying = STANDARD.decode(parts.next()?).ok()?.try_into().ok()?;
        // A lifetime is of no consequence: no call lasts 2^48 packets. An MKI is.
        let plain = parts.all(|part| !part.contains(':'));
        (plain && words.next().is_none()).then_some(Self { tag, suite, keying })
    }

    /// The value of the attribute.
    pub(super) fn write(&self) -> String {
        let key = STANDARD.encode(self.keying);
        format!("{} {} inline:{key}", self.tag, self.suite.name())
    }
}

impl std::fmt::Debug for CryptoLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CryptoLine")
            .field("tag", &self.tag)
            .field("suite", &self.suite)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4568 §4.1, its example.
    const EXAMPLE: &str = "1 AES_CM_128_HMAC_SHA1_80 \
                           inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:32";

    #[test]
    fn a_line_is_read_and_written() {
        let line = CryptoLine::read(&EXAMPLE.replace("|1:32", "")).expect("a known line");
        assert_eq!((line.tag, line.suite), (1, Suite::Sha1_80));
        assert_eq!(CryptoLine::read(&line.write()), Some(line));
        assert!(!format!("{line:?}").contains("keying"));
    }

    #[test]
    fn what_we_could_not_honour_is_not_taken() {
        for line in [
            EXAMPLE,
            "",
            "1",
            "1 AES_CM_128_HMAC_SHA1_80",
            "1 AES_CM_128_HMAC_SHA1_80 inline:AAAA",
            "1 F8_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj",
            "1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj UNENCRYPTED_SRTP",
        ] {
            assert_eq!(CryptoLine::read(line), None, "{line}");
        }
    }
}
