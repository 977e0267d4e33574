//! Whose place an INVITE wants, or with whom a REFER wants to be joined (Replaces, RFC 3891).

use std::collections::VecDeque;

use super::{
    Core,
    call::{Call, State},
};
use crate::{
    CallRef,
    message::{Message, Params},
};

/// Dialogs that are remembered after their end; the oldest go first.
const REMEMBERED: usize = 1_000;

/// Call-ID, our tag and theirs of dialogs that are over.
#[derive(Debug, Default)]
pub(super) struct Gone(VecDeque<(String, String, String)>);

impl Gone {
    pub(super) fn remember(&mut self, call: &Call) {
        let State::Up(up) = &call.state else { return };
        if self.0.len() >= REMEMBERED {
            self.0.pop_front();
        }
        let theirs = up.dialog.remote_tag.clone();
        let dialog = (call.call_id.clone(), call.local_tag.clone(), theirs);
        self.0.push_back(dialog);
    }

    fn has(&self, named: &Named) -> bool {
        self.0.iter().any(|(call_id, ours, theirs)| {
            let tags = (ours.as_str(), theirs.as_str());
            call_id == named.call_id && (tags == named.tags() || tags == named.swapped())
        })
    }
}

/// A Replaces value: `id;to-tag=ours;from-tag=theirs;early-only`.
#[derive(Debug)]
struct Named<'a> {
    call_id: &'a str,
    params: Params,
}

impl<'a> Named<'a> {
    fn parse(value: &'a str) -> Option<Self> {
        let (call_id, params) = value.split_once(';')?;
        let (call_id, params) = (call_id.trim(), Params::parse(params));
        let has = |name: &str| params.get(name).is_some_and(|tag| !tag.is_empty());
        let whole = !call_id.is_empty() && has("to-tag") && has("from-tag");
        whole.then_some(Self { call_id, params })
    }

    fn tag(&self, name: &str) -> &str {
        self.params.get(name).unwrap_or_default()
    }

    fn tags(&self) -> (&str, &str) {
        (self.tag("to-tag"), self.tag("from-tag"))
    }

    /// As those write it who name the dialog from the other side.
    fn swapped(&self) -> (&str, &str) {
        (self.tag("from-tag"), self.tag("to-tag"))
    }
}

impl Core {
    /// The call whose place an INVITE wants; or the status with which it is refused (RFC 3891
    /// section 3).
    pub(super) fn place_wanted(&self, invite: &Message) -> Result<Option<CallRef>, u16> {
        let mut values = invite.headers("Replaces");
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() || invite.header("Join").is_some() {
            return Err(400);
        }
        let named = Named::parse(value).ok_or(400_u16)?;
        let Some(id) = self.find_named(&named) else {
            return Err(if self.gone.has(&named) { 603 } else { 481 });
        };
        match self.calls.get(&id).map(|call| &call.state) {
            // One that waits for our own answer is nobody's to take.
            Some(State::Offered(_)) | None => Err(481),
            Some(State::Up(_)) if named.params.get("early-only").is_some() => Err(486),
            Some(State::Up(_) | State::Calling(_)) => Ok(Some(id)),
        }
    }

    /// The call that a Replaces value in a Refer-To names.
    pub(super) fn replaced(&self, value: &str) -> Option<CallRef> {
        self.find_named(&Named::parse(value)?)
    }

    fn find_named(&self, named: &Named) -> Option<CallRef> {
        let find = |(ours, theirs): (&str, &str)| {
            let key = (named.call_id.to_owned(), ours.to_owned());
            let id = *self.by_dialog.get(&key)?;
            let call = self.calls.get(&id)?;
            let same = match &call.state {
                State::Up(up) => up.dialog.remote_tag == theirs,
                State::Offered(_) => call.caller_tag.as_deref() == Some(theirs),
                State::Calling(calling) => calling.early.iter().any(|e| e.tag == theirs),
            };
            same.then_some(id)
        };
        find(named.tags()).or_else(|| find(named.swapped()))
    }
}
