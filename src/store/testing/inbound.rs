use engine::{floor::OpenCall, ids::CallId, time::Millis};

/// The beginning of a call that came in, from 1 to 2.
#[must_use]
pub fn inbound(number: u64, started_at: Millis) -> OpenCall {
    OpenCall {
        id: CallId(number),
        mode: None,
        is_test: false,
        campaign: None,
        task: None,
        lead: None,
        queue: None,
        agent: None,
        gateway: None,
        caller: "1".into(),
        callee: "2".into(),
        is_call_back: false,
        is_ordered: false,
        tenant: None,
        started_at,
    }
}
