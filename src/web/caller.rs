//! Who asks.

use axum::{extract::FromRequestParts, http::request::Parts};
use engine::ids::AgentId;
use store::access::{Role, sessions::Session};

use crate::problem::Problem;

/// The signed-in user of a request. [`crate::front::guard`] puts it there.
#[derive(Debug, Clone)]
pub struct Caller {
    pub session: Session,
    /// The session came in a cookie: a browser sends those along without being asked.
    pub by_cookie: bool,
}

impl Caller {
    #[must_use]
    pub fn orgi(&self) -> &str {
        &self.session.orgi
    }

    #[must_use]
    pub fn user_id(&self) -> &str {
        &self.session.user_id
    }

    #[must_use]
    pub fn role(&self) -> Role {
        self.session.role
    }

    #[must_use]
    pub fn is_agent_only(&self) -> bool {
        self.role() == Role::Agent
    }

    /// The agent this user is.
    ///
    /// # Errors
    /// `NOT_AN_AGENT`.
    pub fn agent(&self) -> Result<AgentId, Problem> {
        self.session
            .agent_id
            .as_deref()
            .map(AgentId::from)
            .ok_or_else(|| Problem::because("NOT_AN_AGENT", "no agent belongs to this user"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Problem::of("UNAUTHENTICATED"))
    }
}
