//! Where a call may be sent: by a route, by a key, because nobody came, or by its agent.

use serde::{Deserialize, Serialize};

use crate::ids::{AgentId, MenuId, QueueId};

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Destination {
    /// One agent, wherever signed in.
    Agent {
        agent: AgentId,
    },
    /// The line of a queue. For a consultation: its agent who has been idle longest.
    Queue {
        queue: QueueId,
    },
    /// A voice menu.
    Ivr {
        menu: MenuId,
    },
    /// The phone of an extension; an agent who is signed in there is reserved for the call.
    Extension {
        extension: String,
    },
    /// The caller leaves a message in this mailbox: a queue or an extension (VOX-204).
    Voicemail {
        mailbox: String,
    },
    /// A number outside, through the first outbound route that takes it; DNC lists hold for it.
    Number {
        number: String,
    },
    /// The caller hangs up, keeps the place in the line and is called back. From a queue only.
    Callback,
    Hangup,
}

/// Most characters of a number, a mailbox or an extension.
const LONGEST: usize = 32;

impl Destination {
    #[must_use]
    pub fn queue(&self) -> Option<&QueueId> {
        match self {
            Self::Queue { queue } => Some(queue),
            _ => None,
        }
    }

    #[must_use]
    pub fn menu(&self) -> Option<&MenuId> {
        match self {
            Self::Ivr { menu } => Some(menu),
            _ => None,
        }
    }

    /// # Errors
    /// What makes no sense in it.
    pub fn validate(&self) -> Result<(), &'static str> {
        let fits = |text: &str| (1..=LONGEST).contains(&text.chars().count());
        match self {
            Self::Extension { extension: text } | Self::Voicemail { mailbox: text } => {
                let named = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
                match fits(text) && text.chars().all(named) {
                    true => Ok(()),
                    false => Err("must be 1 to 32 letters, digits, - or _"),
                }
            }
            Self::Number { number } => {
                let digits = number.strip_prefix('+').unwrap_or(number);
                match fits(digits) && digits.chars().all(|c| c.is_ascii_digit()) {
                    true => Ok(()),
                    false => Err("must be 1 to 32 digits"),
                }
            }
            Self::Agent { agent } => match fits(agent.as_str()) {
                true => Ok(()),
                false => Err("must be the number of an agent"),
            },
            Self::Queue { .. } | Self::Ivr { .. } | Self::Callback | Self::Hangup => Ok(()),
        }
    }

    /// Its kind, as records and lists name it.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Agent { .. } => "agent",
            Self::Queue { .. } => "queue",
            Self::Ivr { .. } => "ivr",
            Self::Extension { .. } => "extension",
            Self::Voicemail { .. } => "voicemail",
            Self::Number { .. } => "number",
            Self::Callback => "callback",
            Self::Hangup => "hangup",
        }
    }
}
