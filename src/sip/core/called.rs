//! Whom a call from a trunk is for.

use crate::{
    Account,
    message::{Message, NameAddr, Uri},
};

/// What an INVITE says of whom it is for. A registrar sends a call to the Contact that we told it,
/// whichever of our numbers was called: then the number stands elsewhere.
#[derive(Debug)]
pub(super) struct Called {
    /// User of the Request-URI.
    user: String,
    /// Whom it was for before it was sent to our Contact: P-Called-Party-ID (RFC 7315 section 4.2),
    /// then To.
    before: Vec<String>,
}

impl Called {
    /// `None` when the Request-URI cannot be read.
    pub(super) fn of(invite: &Message) -> Option<Self> {
        let uri = invite.uri().and_then(Uri::parse)?;
        let asserted = invite.list("P-Called-Party-ID");
        let before = asserted.chain(invite.header("To")).filter_map(number_in);
        Some(Self {
            before: before.collect(),
            user: uri.user,
        })
    }

    /// The user of the Request-URI.
    pub(super) fn user(&self) -> &str {
        &self.user
    }

    /// Whether it was sent to what this account registered.
    pub(super) fn is_sent_to(&self, account: &Account) -> bool {
        self.user == account.user
    }

    /// Whether it was for this account before it was sent anywhere else.
    pub(super) fn was_for(&self, account: &Account) -> bool {
        self.before.contains(&account.user)
    }

    /// The number that was called, on a trunk with this account.
    pub(super) fn number(&self, account: Option<&Account>) -> String {
        let retargeted = account.is_some_and(|account| self.is_sent_to(account));
        let before = self.before.first().filter(|_| retargeted);
        before.unwrap_or(&self.user).clone()
    }
}

/// The number or user in an address; without what separates the digits of a tel URI for the eye
/// (RFC 3966 section 5.1.1).
fn number_in(value: &str) -> Option<String> {
    let uri = Uri::parse(&NameAddr::parse(value)?.uri)?;
    let number = match &*uri.scheme {
        "sip" | "sips" => uri.user,
        "tel" => uri.user.replace(['-', '.', '(', ')'], ""),
        _ => return None,
    };
    Uri::is_dialable(&number).then_some(number)
}
