//! What the agent said of a call, and what follows for the lead.

use serde::{Deserialize, Serialize};

use crate::time::Millis;

/// An agent's verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disposition {
    pub code: Code,
    /// At most 2,000 characters.
    #[serde(default)]
    pub note: String,
    /// For [`Code::Callback`]: when to call again.
    #[serde(default)]
    pub callback_at: Option<Millis>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    Success,
    Interested,
    NotInterested,
    /// Call again at a time that was agreed on.
    Callback,
    WrongNumber,
    /// Asked never to be called again: the number goes on the blacklist.
    DoNotCall,
    /// No person after all, but a machine that was taken for one.
    Machine,
    Other,
}

/// What a disposition does to the lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The lead is done.
    Close,
    /// The lead is dialled again at this time.
    CallAgain(Millis),
    /// The lead is dialled again at this time, as after a dial that reached nobody.
    TryAgain(Millis),
    /// The lead is done and its number is never dialled again.
    Suppress,
}

/// A disposition that cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadDisposition {
    #[error("a callback needs a time in the future")]
    CallbackTime,
    #[error("a note has at most 2,000 characters")]
    NoteTooLong,
}

impl Code {
    pub const ALL: [Self; 8] = [
        Self::Success,
        Self::Interested,
        Self::NotInterested,
        Self::Callback,
        Self::WrongNumber,
        Self::DoNotCall,
        Self::Machine,
        Self::Other,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Interested => "interested",
            Self::NotInterested => "not_interested",
            Self::Callback => "callback",
            Self::WrongNumber => "wrong_number",
            Self::DoNotCall => "do_not_call",
            Self::Machine => "machine",
            Self::Other => "other",
        }
    }
}

impl Disposition {
    /// # Errors
    /// When the note is too long or a callback has no time ahead.
    pub fn step(&self, now: Millis) -> Result<Step, BadDisposition> {
        if self.note.chars().count() > 2_000 {
            return Err(BadDisposition::NoteTooLong);
        }
        match (self.code, self.callback_at) {
            (Code::Callback, Some(at)) if at > now => Ok(Step::CallAgain(at)),
            (Code::Callback, _) => Err(BadDisposition::CallbackTime),
            (Code::DoNotCall, _) => Ok(Step::Suppress),
            _ => Ok(Step::Close),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disposition(code: Code, callback_at: Option<Millis>) -> Disposition {
        Disposition {
            code,
            note: String::new(),
            callback_at,
        }
    }

    #[test]
    fn a_callback_needs_a_time_ahead() {
        let now = Millis(1_000);
        let in_time = disposition(Code::Callback, Some(Millis(2_000)));
        assert_eq!(in_time.step(now), Ok(Step::CallAgain(Millis(2_000))));
        for late in [None, Some(Millis(1_000))] {
            let late = disposition(Code::Callback, late);
            assert_eq!(late.step(now), Err(BadDisposition::CallbackTime));
        }
    }

    #[test]
    fn an_opt_out_suppresses_the_number() {
        assert_eq!(
            disposition(Code::DoNotCall, None).step(Millis(0)),
            Ok(Step::Suppress)
        );
    }
}
