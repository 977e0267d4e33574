//! Which role may do what: the one table. What is not in it, nobody may.

use axum::http::Method;
use store::access::Role;

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Also without signing in.
    Anyone,
    Only(&'static [Role]),
}

impl Who {
    #[must_use]
    pub fn includes(self, role: Role) -> bool {
        match self {
            Self::Anyone => true,
            Self::Only(roles) => roles.contains(&role),
        }
    }
}

const ANYONE: Who = Who::Anyone;
const NOBODY: Who = Who::Only(&[]);
const ALL: Who = Who::Only(&Role::ALL);
const ADMIN: Who = Who::Only(&[Role::Admin]);
/// They run the floor.
const LEAD: Who = Who::Only(&[Role::Admin, Role::Supervisor]);
/// They bring leads and campaigns.
const SELL: Who = Who::Only(&[Role::Admin, Role::Supervisor, Role::Marketer]);

/// Method, path as it is routed, who.
pub static TABLE: &[(&str, &str, Who)] = &[
    ("POST", "/api/v1/auth/login", ANYONE),
    ("POST", "/api/v1/auth/logout", ALL),
    ("GET", "/api/v1/auth/me", ALL),
    ("POST", "/api/v1/auth/password", ALL),
    ("GET", "/api/v1/openapi.json", ANYONE),
    ("GET", "/api/v1/users", ADMIN),
    ("POST", "/api/v1/users", ADMIN),
    ("GET", "/api/v1/users/{id}", ADMIN),
    ("PATCH", "/api/v1/users/{id}", ADMIN),
    ("GET", "/api/v1/departments", LEAD),
    ("POST", "/api/v1/departments", ADMIN),
    ("GET", "/api/v1/audit", ADMIN),
];

/// Who may use this route.
#[must_use]
pub fn of(method: &Method, path: &str) -> Who {
    let method = match method.as_str() {
        "HEAD" => "GET",
        other => other,
    };
    TABLE
        .iter()
        .find(|(verb, template, _)| *verb == method && *template == path)
        .map_or(NOBODY, |(_, _, who)| *who)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_stands_once() {
        let mut rows: Vec<_> = TABLE.iter().map(|(verb, path, _)| (verb, path)).collect();
        rows.sort_unstable();
        let before = rows.len();
        rows.dedup();
        assert_eq!(rows.len(), before);
    }

    #[test]
    fn what_is_not_in_the_table_nobody_may() {
        assert_eq!(of(&Method::DELETE, "/api/v1/everything"), NOBODY);
        assert!(!of(&Method::DELETE, "/api/v1/everything").includes(Role::Admin));
        assert!(of(&Method::HEAD, "/api/v1/users").includes(Role::Admin));
    }
}
