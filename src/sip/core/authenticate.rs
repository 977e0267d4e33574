//! Who is calling, and may they.

use std::sync::Arc;

use super::{
    Core, TxId,
    call::{Peer, Trunk},
    called::Called,
};
use crate::{
    Credentials, Hop, Profile, Source,
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
        called: Option<&Called>,
    ) -> Option<(Source, bool)> {
        let signed = request.header("Authorization").is_some()
            || request.header("Proxy-Authorization").is_some();
        let phone_speaks = signed || self.registrar.speaks_from(from);
        if let Some(name) = self.gateway_at(from, phone_speaks, called) {
            return Some((Source::Gateway(name), false));
        }
        if !phone_speaks && let Some(account) = self.account_at(from) {
            return Some((Source::Account(account), false));
        }
        let extension = self.authenticate(tx, request, from)?;
        if self.registrar.binding(&extension, self.now_ms).is_none() {
            self.refuse(tx, request, 403);
            return None;
        }
        Some((Source::Phone(extension), true))
    }

    /// The user name of a request with the right password; challenges (401) or refuses (403)
    /// others.
    pub(super) fn authenticate(
        &mut self,
        tx: TxId,
        request: &Message,
        from: Hop,
    ) -> Option<String> {
        let phones = self.phones.clone();
        let realm = &self.config.realm;
        let here = (from.addr.ip(), self.now_ms);
        match verify(request, realm, &mut self.nonces, phones.as_ref(), here) {
            Verdict::Right { username } => {
                self.behaved(from, &username);
                return Some(username);
            }
            Verdict::Wrong { username } => {
                self.refuse(tx, request, 403);
                self.guessed(from, &username);
            }
            Verdict::Missing => {
                self.challenge(tx, request, from, false);
                self.challenged_stranger(request, from);
            }
            Verdict::Elsewhere => self.refuse(tx, request, 400),
            Verdict::Stale => self.challenge(tx, request, from, true),
        }
        None
    }

    fn challenge(&mut self, tx: TxId, request: &Message, from: Hop, stale: bool) {
        let nonce = self.nonces.make(from.addr.ip(), self.now_ms);
        let algorithms = self.config.phone_algorithms.clone();
        let mut answer = self.refusal(request, 401);
        for value in challenge(&self.config.realm, &nonce, &algorithms, stale) {
            answer.push("WWW-Authenticate", value);
        }
        self.respond(tx, answer);
    }

    /// What we would answer a challenge of that source with.
    pub(super) fn credentials_towards(
        &self,
        source: &Source,
    ) -> (Option<Credentials>, Option<Trunk>) {
        match source {
            Source::Gateway(name) => {
                let gateway = self.gateways.get(name).map(|e| &e.gateway);
                let own = gateway.and_then(|g| g.credentials.clone());
                let account = gateway.and_then(|g| g.account.as_ref());
                let trunk = account.map_or(Trunk::Gateway(name.clone()), |a| Trunk::Account(a.id));
                (own.or(account.map(|a| a.credentials.clone())), Some(trunk))
            }
            Source::Account(id) => {
                let account = self.accounts.get(id).map(|s| s.account.credentials.clone());
                (account, Some(Trunk::Account(*id)))
            }
            Source::Phone(_) => (None, None),
        }
    }

    /// The knobs for calls from that source.
    pub(super) fn profile_towards(&self, source: &Source) -> Arc<Profile> {
        match source {
            Source::Gateway(name) => self.gateways.get(name).map(|e| e.profile.clone()),
            Source::Phone(_) | Source::Account(_) => None,
        }
        .unwrap_or_default()
    }

    /// Adds our credentials to a request for a peer whose challenges we know.
    pub(super) fn sign(&mut self, request: &mut Message, peer: &Peer) {
        let (Some(credentials), Some(trunk)) = (&peer.credentials, &peer.trunk) else {
            return;
        };
        let cnonce = self.token();
        if let Some(auth) = self.auths.get_mut(trunk) {
            auth.sign(request, credentials, &cnonce);
        }
    }

    /// Takes the challenge in a response; false when it is of no use to send the request again.
    pub(super) fn challenged(
        &mut self,
        peer: &Peer,
        request: &Message,
        response: &Message,
        tries: u8,
    ) -> bool {
        match &peer.trunk {
            Some(trunk) if peer.credentials.is_some() => self
                .auths
                .entry(trunk.clone())
                .or_default()
                .challenged(request, response, tries),
            _ => false,
        }
    }
}
