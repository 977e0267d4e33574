//! Who is calling, and may they.

use super::{Core, TxId};
use crate::{
    Credentials, Hop, Source,
    digest::{Verdict, challenge, verify},
    message::Message,
};

impl Core {
    /// Where an INVITE comes from, and whether its answers and later requests are pinned to the
    /// address it came from. Challenges or refuses everybody else and gives `None`.
    pub(super) fn source_of(
        &mut self,
        tx: TxId,
        request: &Message,
        from: Hop,
    ) -> Option<(Source, bool)> {
        let signed = request.header("Authorization").is_some()
            || request.header("Proxy-Authorization").is_some();
        let phone_speaks = signed || self.registrar.speaks_from(from);
        if let Some(name) = self.gateway_at(from, phone_speaks) {
            return Some((Source::Gateway(name), false));
        }
        if !phone_speaks && let Some(account) = self.account_at(from) {
            return Some((Source::Account(account), false));
        }
        let extension = self.authenticate(tx, request)?;
        if self.registrar.binding(&extension, self.now_ms).is_none() {
            self.refuse(tx, request, 403);
            return None;
        }
        Some((Source::Phone(extension), true))
    }

    /// The user name of a request with the right password; challenges (401) or refuses (403)
    /// others.
    pub(super) fn authenticate(&mut self, tx: TxId, request: &Message) -> Option<String> {
        let phones = self.phones.clone();
        let realm = &self.config.realm;
        let now_ms = self.now_ms;
        match verify(request, realm, &mut self.nonces, phones.as_ref(), now_ms) {
            Verdict::Right { username } => return Some(username),
            Verdict::Wrong => self.refuse(tx, request, 403),
            Verdict::Missing => self.challenge(tx, request, false),
            Verdict::Stale => self.challenge(tx, request, true),
        }
        None
    }

    fn challenge(&mut self, tx: TxId, request: &Message, stale: bool) {
        let nonce = self.nonces.make(self.now_ms);
        let algorithms = self.config.phone_algorithms.clone();
        let mut answer = self.refusal(request, 401);
        for value in challenge(&self.config.realm, &nonce, &algorithms, stale) {
            answer.push("WWW-Authenticate", value);
        }
        self.respond(tx, answer);
    }

    /// What we would answer a challenge of that source with.
    pub(super) fn credentials_towards(&self, source: &Source) -> Option<Credentials> {
        match source {
            Source::Gateway(name) => self.gateways.get(name)?.gateway.credentials.clone(),
            Source::Account(id) => Some(self.accounts.get(id)?.account.credentials.clone()),
            Source::Phone(_) => None,
        }
    }
}
