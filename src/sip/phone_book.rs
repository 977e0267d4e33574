//! Who may register as a phone.

/// Looks up the digest secrets of phones. Called for every authenticated request, so it must answer
/// from memory.
pub trait PhoneBook: Send + Sync + 'static {
    /// The secrets of `extension`, or `None` when there is no such phone. A caller of ours cannot
    /// tell the two apart from a wrong password.
    fn secrets(&self, extension: &str) -> Option<Ha1>;
}

/// The two halves of a digest password, as lower-case hex: `H(username:realm:password)`. Made with
/// [`crate::ha1`].
#[derive(Clone, PartialEq, Eq)]
pub struct Ha1 {
    pub md5: String,
    pub sha256: String,
}

impl std::fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ha1(..)")
    }
}

/// A phone book without phones.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPhones;

impl PhoneBook for NoPhones {
    fn secrets(&self, _extension: &str) -> Option<Ha1> {
        None
    }
}
