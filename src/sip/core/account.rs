//! Registrations of ours at other servers (RFC 3261 section 10.2).

use std::time::Duration;

use super::{
    Core,
    call::{ClientTx, Trunk},
    gateways::{retry_after, words},
    timers::Timer,
};
use crate::{
    Account, AccountId, Hop, SipEvent,
    message::{Message, Method, NameAddr, Params, Uri, quoted},
};

/// A failed registration is tried again after this long, doubled each time up to `MAX_RETRY_S`.
const FIRST_RETRY_S: u32 = 5;
const MAX_RETRY_S: u32 = 120;
/// No registrar's Retry-After is followed beyond this.
const MAX_ASKED_RETRY_S: u32 = 3_600;

#[derive(Debug)]
pub(super) struct AccountState {
    pub(super) account: Account,
    call_id: String,
    tag: String,
    cseq: u32,
    /// Which of its registrar's addresses is used.
    hop: usize,
    /// What the registrar wants our calls to be routed by (RFC 3608).
    service_route: Vec<String>,
    /// The REGISTER that is out.
    sent: Option<Message>,
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

impl AccountState {
    /// The registrar's address that is used now.
    pub(super) fn registrar(&self) -> Hop {
        let more = self.account.more_registrars.get(self.hop.wrapping_sub(1));
        more.copied().unwrap_or(self.account.registrar)
    }

    /// Whether its registrar is there.
    pub(super) fn is_at(&self, source: std::net::IpAddr) -> bool {
        let more = self.account.more_registrars.iter();
        let mut all = more.chain([&self.account.registrar]);
        all.any(|hop| hop.addr.ip() == source)
    }

    /// Every address but the first was tried since the last success.
    fn tried_all(&self) -> bool {
        self.hop >= self.account.more_registrars.len()
    }
}

impl Core {
    pub(super) fn service_route(&self, id: AccountId) -> Vec<String> {
        let state = self.accounts.get(&id);
        state.map(|s| s.service_route.clone()).unwrap_or_default()
    }

    pub(super) fn register(&mut self, account: Account) {
        let id = account.id;
        let state = AccountState {
            call_id: format!("{}@{}", self.token(), self.me.ip()),
            tag: self.token(),
            cseq: 0,
            hop: 0,
            service_route: Vec::new(),
            sent: None,
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
        let found = self.accounts.values().find(|s| {
            let more = s
                .account
                .more_registrars
                .iter()
                .any(|h| h.addr == from.addr);
            more || s.account.registrar.addr == from.addr
        });
        found.map(|s| s.account.id)
    }

    fn send_register(&mut self, id: AccountId) {
        let Some(state) = self.accounts.get(&id) else {
            return;
        };
        let account = &state.account;
        let hop = state.registrar();
        let user = Uri::escape_user(&account.user);
        let address = format!("<sip:{user}@{}>", account.domain);
        let uri = format!("sip:{}", account.domain);
        let mut request = self
            .new_request(Method::Register, uri.clone())
            .with("From", format!("{address};tag={}", state.tag))
            .with("To", address)
            .with("Call-ID", state.call_id.clone())
            .with("CSeq", format!("{} REGISTER", state.cseq + 1))
            .with("Contact", self.contact(&user, hop))
            .with("Expires", state.expires_s.to_string())
            .with("Supported", "path");
        let credentials = account.credentials.clone();
        let trunk = Trunk::Account(id);
        let cnonce = self.token();
        let known = self.auths.get_mut(&trunk).filter(|a| a.knows_any());
        if let Some(auth) = known {
            auth.sign(&mut request, &credentials, &cnonce);
        } else if let Some((_, realm)) = credentials.username.split_once('@') {
            // An IMS core finds the subscriber by this private identity (3GPP TS 24.229, 5.1.1.2).
            let (name, realm) = (quoted(&credentials.username), quoted(realm));
            let value = format!(
                "Digest username={name}, realm={realm}, nonce=\"\", uri={}, response=\"\"",
                quoted(&uri)
            );
            request.push("Authorization", value);
        }
        let tx = self.launch(request.clone(), hop, ClientTx::Register(id));
        if let Some(state) = self.accounts.get_mut(&id) {
            state.cseq += 1;
            state.tx = Some(tx);
            state.sent = Some(request);
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
        let sent = state.sent.take();
        let tries = state.tries;
        let challenged = matches!(status, 401 | 407)
            && tries < 3
            && self.register_challenged(id, sent, response, tries);
        let Some(state) = self.accounts.get_mut(&id) else {
            return;
        };
        match status {
            200..=299 => self.on_registered(id, response),
            401 | 407 if challenged => {
                state.tries += 1;
                self.send_register(id);
            }
            408 | 503 if !state.tried_all() => {
                state.hop += 1;
                state.tries = 0;
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
            _ => self.on_register_failed(id, status, response),
        }
    }

    fn register_challenged(
        &mut self,
        id: AccountId,
        sent: Option<Message>,
        response: &Message,
        tries: u8,
    ) -> bool {
        // The empty credentials of an IMS registration answered nothing.
        let tries = if self.auths.contains_key(&Trunk::Account(id)) {
            tries
        } else {
            0
        };
        let auth = self.auths.entry(Trunk::Account(id)).or_default();
        sent.is_some_and(|sent| auth.challenged(&sent, response, tries))
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
        let (user, hop) = (Uri::escape_user(&state.account.user), state.registrar());
        let contact = self.contact(&user, hop);
        let Some(state) = self.accounts.get_mut(&id) else {
            return;
        };
        (state.tries, state.failures) = (0, 0);
        state.service_route = response.list("Service-Route").map(str::to_owned).collect();
        let expires_s = granted(response, &contact)
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
        self.on_gateway_registration(id, Ok(expires_s));
    }

    fn on_register_failed(&mut self, id: AccountId, sip_status: u16, response: &Message) {
        let at = self.at();
        let Some(state) = self.accounts.get_mut(&id) else {
            return;
        };
        if state.leaving {
            self.accounts.remove(&id);
            return;
        }
        let error = match sip_status {
            408 => format!("{} did not answer REGISTER", state.registrar().addr),
            _ => format!("REGISTER: {}", words(sip_status, response)),
        };
        let retry_in_s = (FIRST_RETRY_S << state.failures.min(6)).min(MAX_RETRY_S);
        let asked_s = retry_after(response).and_then(|s| u32::try_from(s).ok());
        let retry_in_s = retry_in_s.max(asked_s.unwrap_or(0).min(MAX_ASKED_RETRY_S));
        state.hop = 0;
        state.failures += 1;
        state.tries = 0;
        self.auths.remove(&Trunk::Account(id));
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
        self.on_gateway_registration(id, Err(error));
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

/// The seconds granted to our contact. Where a registrar writes it in its own way: the least that it
/// grants to anybody of our name, for another device may be among them, or an old address of ours.
fn granted(response: &Message, ours: &str) -> Option<u32> {
    let place = |address: &NameAddr| {
        let uri = Uri::parse(&address.uri)?;
        let port = uri.port_or_default();
        Some((uri.user, uri.host.to_ascii_lowercase(), port))
    };
    let ours = NameAddr::parse(ours).as_ref().and_then(place)?;
    let named: Vec<_> = response
        .list("Contact")
        .filter_map(NameAddr::parse)
        .filter_map(|contact| Some((place(&contact)?, contact.params)))
        .filter(|(found, _)| found.0 == ours.0)
        .collect();
    let seconds = |params: &Params| params.get("expires")?.trim().parse::<u32>().ok();
    let own = named.iter().find(|(found, _)| *found == ours);
    let granted = match own {
        Some((_, params)) => seconds(params),
        None => named.iter().filter_map(|(_, params)| seconds(params)).min(),
    };
    granted.or_else(|| response.header("Expires")?.trim().parse().ok())
}
