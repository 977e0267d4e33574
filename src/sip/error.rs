//! What an agent refuses.

use std::net::SocketAddr;

/// Nothing was sent, and no event will follow.
#[derive(Debug, thiserror::Error)]
pub enum SipError {
    /// The address is taken or not ours.
    #[error("cannot listen on {addr}")]
    Bind {
        addr: SocketAddr,
        #[source]
        source: std::io::Error,
    },
    /// An unspecified address was to be announced; peers could not answer to it.
    #[error("an explicit address is needed, not {0}")]
    UnspecifiedAddress(std::net::IpAddr),
    /// No gateway of that name.
    #[error("there is no such gateway")]
    NoSuchGateway,
    /// Every address of the gateway asked for a rest (503 with Retry-After) that is not over.
    #[error("the gateway asked for a rest")]
    GatewayRests,
    /// The INVITE would break the gateway's pace.
    #[error("the gateway takes no more calls this second")]
    TooFast,
    /// No phone is registered under that extension.
    #[error("the phone is not registered")]
    NotRegistered,
    /// No call of that name, or it has ended.
    #[error("there is no such call")]
    NoSuchCall,
    /// A call of that name is up already.
    #[error("the call exists already")]
    CallExists,
    /// The step does not fit the call's state, such as answering an outgoing call.
    #[error("the call is in no state to do that")]
    OutOfStep,
    /// The phone has not said that it takes such events, or it is no phone of ours.
    #[error("the phone lets nobody press that key")]
    NoSuchKey,
    /// The number or user holds characters that have no place in a SIP URI, or is empty or longer
    /// than 64 characters.
    #[error("the number cannot be dialled as it is written")]
    BadNumber,
    /// The agent is shutting down.
    #[error("the agent is shutting down")]
    ShuttingDown,
}
