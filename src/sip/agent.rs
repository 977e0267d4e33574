//! The handle through which the rest of the house speaks SIP.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::sync::mpsc;

use crate::{
    Account, AccountId, CallRef, Config, Destination, EndCause, Gateway, Identity, PhoneBook,
    SipError, SipEvent,
};

/// A running SIP user agent, registrar and account client. Cheap to clone; every method but
/// [`Agent::bind`] and [`Agent::shutdown`] returns at once, and effects arrive as [`SipEvent`]s.
#[derive(Clone)]
pub struct Agent;

impl Agent {
    /// Opens the sockets and starts. Call inside a tokio runtime.
    ///
    /// # Errors
    /// [`SipError::Bind`], [`SipError::UnspecifiedAddress`].
    pub async fn bind(
        config: Config,
        phones: Arc<dyn PhoneBook>,
    ) -> Result<(Self, mpsc::UnboundedReceiver<SipEvent>), SipError> {
        todo!("{config:?} {}", Arc::strong_count(&phones))
    }

    /// The address we listen on, with the port that was really taken.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        todo!()
    }

    /// Sends an INVITE with our offer. Ends in [`SipEvent::Answered`] or [`SipEvent::Ended`]; when
    /// `ring_timeout` passes without a final answer, the call is cancelled.
    ///
    /// # Errors
    /// [`SipError::NoSuchGateway`], [`SipError::NotRegistered`], [`SipError::BadNumber`],
    /// [`SipError::CallExists`], [`SipError::ShuttingDown`].
    pub fn invite(
        &self,
        call: CallRef,
        to: Destination,
        caller: Identity,
        sdp_offer: Vec<u8>,
        ring_timeout: Duration,
    ) -> Result<(), SipError> {
        todo!("{call:?} {to:?} {caller:?} {sdp_offer:?} {ring_timeout:?}")
    }

    /// Answers an incoming call with 180. Repeating it is harmless.
    ///
    /// # Errors
    /// [`SipError::NoSuchCall`], [`SipError::OutOfStep`] for an outgoing call.
    pub fn ring(&self, call: CallRef) -> Result<(), SipError> {
        todo!("{call:?}")
    }

    /// Answers an incoming call with 200 and our session description; repeated until the ACK
    /// arrives ([`SipEvent::Confirmed`]). Repeating it is harmless.
    ///
    /// # Errors
    /// [`SipError::NoSuchCall`], [`SipError::OutOfStep`] for an outgoing call.
    pub fn answer(&self, call: CallRef, sdp_answer: Vec<u8>) -> Result<(), SipError> {
        todo!("{call:?} {sdp_answer:?}")
    }

    /// Ends a call in whatever state it is: CANCEL, a final refusal, or BYE with a Reason.
    /// [`SipEvent::Ended`] follows, at once except for an unanswered outgoing call, which waits
    /// for the far end's 487 (or gives up on it).
    ///
    /// # Errors
    /// [`SipError::NoSuchCall`].
    pub fn end(&self, call: CallRef, cause: EndCause) -> Result<(), SipError> {
        todo!("{call:?} {cause:?}")
    }

    /// Replaces the gateways. Calls that are up stay up.
    pub fn set_gateways(&self, gateways: Vec<Gateway>) {
        todo!("{gateways:?}")
    }

    /// Registers at another server and keeps the registration up, retrying by itself, until
    /// [`Agent::unregister`].
    pub fn register(&self, account: Account) {
        todo!("{account:?}")
    }

    /// Removes a registration of ours at the other server.
    pub fn unregister(&self, account: AccountId) {
        todo!("{account:?}")
    }

    /// Whether a phone is registered under `extension` now.
    #[must_use]
    pub fn is_registered(&self, extension: &str) -> bool {
        todo!("{extension}")
    }

    /// Calls that are up, in any state.
    #[must_use]
    pub fn calls(&self) -> Vec<CallRef> {
        todo!()
    }

    /// Ends every call, unregisters every account, waits at most `grace` for the answers, and
    /// closes the sockets.
    pub async fn shutdown(&self, grace: Duration) {
        todo!("{grace:?}")
    }
}
