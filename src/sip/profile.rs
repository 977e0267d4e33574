//! How a gateway wants to be spoken to.

use std::time::Duration;

/// Knobs of one trunk. The default is plain RFC 3261 with the caller's number in From.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Rewrites called numbers; the first rule that fits is applied.
    pub called: Vec<NumberRule>,
    /// Rewrites caller numbers likewise.
    pub caller: Vec<NumberRule>,
    /// Whose number stands in From when we are registered at the gateway.
    pub from: FromUser,
    /// Where the caller's number stands besides.
    pub identity: IdentityHeader,
    /// `;user=phone` on called and caller numbers.
    pub user_phone: bool,
    /// Ask the network to hide the caller's number from every called party (RFC 3323).
    pub withhold: bool,
    /// Reliable provisional responses (RFC 3262).
    pub reliable: Reliable,
    /// Session interval that we ask for (RFC 4028), at least 90 s; none when absent. What the far
    /// end asks for is honoured either way.
    pub session: Option<Duration>,
    /// The next address is tried when one has said nothing for this long.
    pub give_way: Duration,
    /// Redirections (3xx) to the gateway's own addresses followed per call; 0 ends the call with the
    /// 3xx.
    pub redirects: u8,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            called: Vec::new(),
            caller: Vec::new(),
            from: FromUser::Caller,
            identity: IdentityHeader::None,
            user_phone: false,
            withhold: false,
            reliable: Reliable::Supported,
            session: None,
            give_way: Duration::from_secs(4),
            redirects: 3,
        }
    }
}

/// Replaces the start of a number: `{ from: "0", to: "+49" }` makes `0301234` into `+49301234`. An
/// empty `from` fits every number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberRule {
    pub from: String,
    pub to: String,
}

/// The number as the first rule that fits makes it.
pub(crate) fn rewrite(number: &str, rules: &[NumberRule]) -> String {
    rules
        .iter()
        .find_map(|rule| Some(format!("{}{}", rule.to, number.strip_prefix(&*rule.from)?)))
        .unwrap_or_else(|| number.to_owned())
}

/// The user part of From.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FromUser {
    /// The caller's number.
    Caller,
    /// The user that we are registered as, for networks that reject any other.
    Account,
}

/// The header that tells the network the caller's number (RFC 3325).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityHeader {
    None,
    /// P-Preferred-Identity: the network checks it (IMS).
    Preferred,
    /// P-Asserted-Identity: the network trusts us.
    Asserted,
}

/// Whether provisional responses are acknowledged (RFC 3262). Theirs are whenever they want it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reliable {
    /// We do not say that we could.
    Never,
    /// We say that we can, and send ours reliably only to those who insist.
    Supported,
    /// We say that we can, and send ours reliably to all who can take it.
    Preferred,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_fits_rewrites() {
        let rule = |from: &str, to: &str| NumberRule {
            from: from.into(),
            to: to.into(),
        };
        let rules = [rule("00", "+"), rule("0", "+49"), rule("+", "")];
        for (number, becomes) in [
            ("0044201", "+44201"),
            ("0301234", "+49301234"),
            ("+331", "331"),
            ("5550199", "5550199"),
        ] {
            assert_eq!(rewrite(number, &rules), becomes);
        }
        assert_eq!(rewrite("123", &[rule("", "9")]), "9123");
    }
}
