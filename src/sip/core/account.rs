//! Registrations of ours at other servers (RFC 3261 section 10.2).

use std::time::Duration;

use super::{Core, call::ClientTx, timers::Timer};
use crate::{
    Account, AccountId, Hop, SipEvent,
    digest::ClientAuth,
    message::{Message, Method, NameAddr, Uri},
};

/// A failed registration is tried again after this long, doubled each time up to `MAX_RETRY_S`.
const FIRST_RETRY_S: u32 = 5;
const MAX_RETRY_S: u32 = 120;

#[derive(Debug)]
pub(super) struct AccountState {
    pub(super) account: Account,
    call_id: String,
    tag: String,
    cseq: u32,
    auth: ClientAuth,
    /// How often the request under way was challenged.
    tries: u8,
    /// Failures in a row.
    failures: u32,
    expires_s: u32,
    /// Set once the account is to go: its last REGISTER removes it.
    leaving: bool,
    /// The transaction under way; answers to others are late.
    tx: Option<u64>,
    turn: u64,
}

impl Core {
    pub(super) fn register(&mut self, account: Account) {
        let id = account.id;
        let state = AccountState {
            call_id: format!("{}@{}", self.token(), self.me.ip()),
            tag: self.token(),
            cseq: 0,
            auth: ClientAuth::default(),
            tries: 0,
            failures: 0,
            expires_s: account.expires_s,
            leaving: false,
            tx: None,
            turn: 0,
            account,
        };
        self.accounts.insert(id, state);
        self.send_register(id);
    }

    pub(super) fn unregister(&mut self, id: AccountId) {
        if let Some(state) = self.accounts.get_mut(&id) {
            state.leaving = true;
            state.expires_s = 0;
            state.tries = 0;
            self.send_register(id);
        }
    }

    /// The account whose registrar a request comes from.
    pub(super) fn account_at(&self, from: Hop) -> Option<AccountId> {
        let found = self
            .accounts
            .values()
            .find(|s| s.account.registrar.addr == from.addr);
        found.map(|s| s.account.id)
    }

    fn send_register(&mut self, id: AccountId) {
        let Some(state) = self.accounts.get(&id) else {
            return;
        };
        let account = &state.account;
        let transport = account.registrar.transport;
        let user = Uri::escape_user(&account.user);
        let address = format!("<sip:{user}@{}>", account.domain);
        let mut request = self
            .new_request(Method::Register, format!("sip:{}", account.domain))
            .with("From", format!("{address};tag={}", state.tag))
            .with("To", address)
            .with("Call-ID", state.call_id.clone())
            .with("CSeq", format!("{} REGISTER", state.cseq + 1))
            .with("Contact", self.contact(&user, transport))
            .with("Expires", state.expires_s.to_string());
        let cnonce = self.token();
        let Some(state) = self.accounts.get_mut(&id) else {
            return;
        };
        state.cseq += 1;
        state
            .auth
            .sign(&mut request, &state.account.credentials, &cnonce);
        let hop = state.account.registrar;
        let tx = self.launch(request, hop, ClientTx::Register(id));
        if let Some(state) = self.accounts.get_mut(&id) {
            state.tx = Some(tx);
        }
    }

    pub(super) fn on_register_response(&mut self, number: u64, status: u16, response: &Message) {
        let Some(ClientTx::Register(id)) = self.client_txs.remove(&number) else {
            return;
        };
        let Some(state) = self.accounts.get_mut(&id).filter(|s| s.tx == Some(number)) else {
            return;
        };
        state.tx = None;
        match status {
            200..=299 => self.on_registered(id, response),
            401 | 407 if state.tries < 3 && state.auth.challenged(response, state.tries > 0) => {
                state.tries += 1;
                self.send_register(id);
            }
            423 if state.tries < 3 => {
                let least = response
                    .header("Min-Expires")
                    .and_then(|m| m.trim().parse().ok());
                state.tries += 1;
                state.expires_s = least.unwrap_or(3600).max(state.expires_s);
                self.send_register(id);
            }
            _ => self.on_register_failed(id, status),
        }
    }

    fn on_registered(&mut self, id: AccountId, response: &Message) {
        let at = self.at();
        let Some(state) = self.accounts.get_mut(&id) else {
            return;
        };
        if state.leaving {
            self.accounts.remove(&id);
            return;
        }
        (state.tries, state.failures) = (0, 0);
        let expires_s = granted(response, &state.account.user)
            .unwrap_or(state.expires_s)
            .max(10);
        state.turn += 1;
        let turn = state.turn;
        let refresh = Duration::from_millis(u64::from(expires_s) * 750);
        self.after(refresh, Timer::Account(id, turn));
        self.tell(SipEvent::AccountRegistered {
            account: id,
            expires_s,
            at,
        });
    }

    fn on_register_failed(&mut self, id: AccountId, sip_status: u16) {
        let at = self.at();
        let Some(state) = self.accounts.get_mut(&id) else {
            return;
        };
        if state.leaving {
            self.accounts.remove(&id);
            return;
        }
        let retry_in_s = (FIRST_RETRY_S << state.failures.min(6)).min(MAX_RETRY_S);
        state.failures += 1;
        state.tries = 0;
        state.auth = ClientAuth::default();
        state.turn += 1;
        let turn = state.turn;
        self.after(
            Duration::from_secs(u64::from(retry_in_s)),
            Timer::Account(id, turn),
        );
        self.tell(SipEvent::AccountFailed {
            account: id,
            sip_status,
            retry_in_s,
            at,
        });
    }

    pub(super) fn on_account_timer(&mut self, id: AccountId, turn: u64) {
        if self
            .accounts
            .get(&id)
            .is_some_and(|s| s.turn == turn && !s.leaving)
        {
            self.send_register(id);
        }
    }
}

/// The seconds granted to our contact.
fn granted(response: &Message, user: &str) -> Option<u32> {
    let ours = response
        .list("Contact")
        .filter_map(NameAddr::parse)
        .find(|contact| Uri::parse(&contact.uri).is_some_and(|uri| uri.user == user));
    let own = ours
        .as_ref()
        .and_then(|c| c.params.get("expires")?.parse().ok());
    own.or_else(|| response.header("Expires")?.trim().parse().ok())
}
