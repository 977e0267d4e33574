//! Registrations of ours at other servers.

use std::{collections::HashMap, sync::PoisonError};

use sip::{Account, AccountId, SipEvent};
use tokio::sync::watch;

use crate::Embedded;

/// How a registration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountState {
    /// No answer yet.
    Registering,
    Registered,
    /// Refused or unreachable (408); it is tried again by itself.
    Failed {
        /// The registrar's final status.
        sip_status: u16,
    },
}

pub type Accounts = HashMap<AccountId, watch::Sender<AccountState>>;

impl Embedded {
    /// Registers an account and keeps it registered; the state can be watched.
    pub fn register(&self, account: Account) -> watch::Receiver<AccountState> {
        let (sender, receiver) = watch::channel(AccountState::Registering);
        self.accounts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(account.id, sender);
        self.agent.register(account);
        receiver
    }

    /// Ends a registration.
    pub fn unregister(&self, account: AccountId) {
        self.accounts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&account);
        self.agent.unregister(account);
    }

    /// Takes an event about an account; gives back every other.
    pub(crate) fn on_account(&self, event: SipEvent) -> Option<SipEvent> {
        let (account, state) = match event {
            SipEvent::AccountRegistered { account, .. } => (account, AccountState::Registered),
            SipEvent::AccountFailed {
                account,
                sip_status,
                ..
            } => (account, AccountState::Failed { sip_status }),
            other => return Some(other),
        };
        let accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = accounts.get(&account) {
            sender.send_replace(state);
        }
        None
    }
}
