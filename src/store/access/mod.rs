//! People and what they may do: users, departments, sessions; answers to repeated requests; the
//! audit trail.

pub mod audit;
pub mod departments;
pub mod heads;
pub mod idempotency;
pub mod members;
pub mod sessions;
pub mod users;

#[cfg(test)]
mod tests;

use std::fmt;

/// The tenant (租户) a fresh installation starts with.
pub const FIRST_ORGI: &str = "main";

/// What a user is (ADM-029 in its first form).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    Admin,
    Supervisor,
    Marketer,
    Agent,
}

/// A text that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no role")]
pub struct NoRole(pub String);

impl Role {
    pub const ALL: [Self; 4] = [Self::Admin, Self::Supervisor, Self::Marketer, Self::Agent];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Supervisor => "supervisor",
            Self::Marketer => "marketer",
            Self::Agent => "agent",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Role {
    type Err = NoRole;

    fn from_str(text: &str) -> Result<Self, NoRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| NoRole(text.to_owned()))
    }
}

impl TryFrom<String> for Role {
    type Error = NoRole;

    fn try_from(text: String) -> Result<Self, NoRole> {
        text.parse()
    }
}
