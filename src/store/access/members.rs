//! Who the agents are: their names and their departments.

use sqlx::FromRow;

use crate::{Db, Result, on};

/// An agent as a person of a department.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Member {
    pub agent: String,
    pub name: String,
    pub username: Option<String>,
    pub display_name: Option<String>,
    pub department: Option<String>,
}

impl Member {
    /// Everything the person is called: number, name, user name, display name.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let user = [&self.username, &self.display_name];
        let user = user.into_iter().filter_map(|name| name.as_deref());
        [self.agent.as_str(), self.name.as_str()]
            .into_iter()
            .chain(user)
    }
}

/// A tenant's agents with their users, by number.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, orgi: &str) -> Result<Vec<Member>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT a.id AS agent, a.name, u.username, u.display_name, u.department_id AS department
         FROM agents a LEFT JOIN users u ON u.id = a.user_id WHERE a.orgi = $1 ORDER BY a.id"
    ).bind(orgi).fetch_all(c).await)?)
}

/// One agent.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &Db, orgi: &str, agent: &str) -> Result<Option<Member>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT a.id AS agent, a.name, u.username, u.display_name, u.department_id AS department
         FROM agents a LEFT JOIN users u ON u.id = a.user_id WHERE a.orgi = $1 AND a.id = $2"
    ).bind(orgi).bind(agent).fetch_optional(c).await)?)
}
