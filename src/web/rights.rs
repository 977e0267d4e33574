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
/// `route.advanced` (VOX-118): who saves the rule of a route takes it away and restores a version of it
/// too. All three write the same document, and a version is no more than a text that was saved before.
const ROUTE_ADVANCED: Who = LEAD;
/// They bring leads and campaigns.
const SELL: Who = Who::Only(&[Role::Admin, Role::Supervisor, Role::Marketer]);

/// They talk, or watch over those who do.
const FLOOR: Who = Who::Only(&[Role::Admin, Role::Supervisor, Role::Agent]);

/// Method, path as it is routed, who.
pub static TABLE: &[(&str, &str, Who)] = &[
    ("POST", "/api/v1/auth/login", ANYONE),
    ("POST", "/api/v1/auth/logout", ALL),
    ("GET", "/api/v1/auth/me", ALL),
    ("POST", "/api/v1/auth/password", ALL),
    ("GET", "/api/v1/openapi.json", ANYONE),
    ("GET", "/", ALL),
    ("GET", "/login", ANYONE),
    ("GET", "/language/{tag}", ANYONE),
    ("GET", "/assets/{*path}", ANYONE),
    ("GET", "/texts/{file}", ANYONE),
    ("GET", "/account", ALL),
    ("GET", "/batches", SELL),
    ("GET", "/batches/{id}", SELL),
    ("GET", "/filters", SELL),
    ("GET", "/filters/{id}", SELL),
    ("GET", "/campaigns", SELL),
    ("GET", "/campaigns/new", SELL),
    ("GET", "/campaigns/{id}", SELL),
    ("GET", "/desk", FLOOR),
    ("GET", "/floor", LEAD),
    ("GET", "/calls", ALL),
    ("GET", "/setup", LEAD),
    ("GET", "/queues/{id}", LEAD),
    ("GET", "/routes/{id}", LEAD),
    ("GET", "/lines", LEAD),
    ("GET", "/ivr", LEAD),
    ("GET", "/voicemails", FLOOR),
    ("GET", "/call-backs", LEAD),
    ("GET", "/prompts", SELL),
    ("GET", "/dnc", SELL),
    ("GET", "/dnc/{id}", SELL),
    ("GET", "/rules", SELL),
    ("GET", "/api/v1/events", ALL),
    ("GET", "/api/v1/users", ADMIN),
    ("POST", "/api/v1/users", ADMIN),
    ("GET", "/api/v1/users/{id}", ADMIN),
    ("PATCH", "/api/v1/users/{id}", ADMIN),
    ("GET", "/api/v1/departments", LEAD),
    ("POST", "/api/v1/departments", ADMIN),
    // Supervisors any, others those that they head.
    ("GET", "/api/v1/departments/{id}", ALL),
    ("PATCH", "/api/v1/departments/{id}", ADMIN),
    ("DELETE", "/api/v1/departments/{id}", ADMIN),
    ("PUT", "/api/v1/departments/{id}/heads", ADMIN),
    ("GET", "/api/v1/audit", ADMIN),
    ("GET", "/api/v1/batches", SELL),
    ("POST", "/api/v1/batches", SELL),
    ("GET", "/api/v1/batches/{id}", SELL),
    ("PATCH", "/api/v1/batches/{id}", SELL),
    ("DELETE", "/api/v1/batches/{id}", SELL),
    ("POST", "/api/v1/batches/{id}/template", SELL),
    ("POST", "/api/v1/batches/{id}/template/save", SELL),
    ("GET", "/api/v1/batches/{id}/fields", SELL),
    ("PUT", "/api/v1/batches/{id}/fields", SELL),
    ("POST", "/api/v1/batches/{id}/fields", SELL),
    ("PATCH", "/api/v1/batches/{id}/fields", SELL),
    ("PUT", "/api/v1/batches/{id}/fields/{code}", SELL),
    ("PATCH", "/api/v1/batches/{id}/fields/{code}", SELL),
    ("DELETE", "/api/v1/batches/{id}/fields/{code}", SELL),
    ("POST", "/api/v1/batches/{id}/fields/delete", SELL),
    ("PUT", "/api/v1/batches/{id}/field-order", SELL),
    ("GET", "/api/v1/batches/{id}/source", SELL),
    ("PUT", "/api/v1/batches/{id}/source", LEAD),
    ("DELETE", "/api/v1/batches/{id}/source", LEAD),
    ("POST", "/api/v1/batches/{id}/source/run", SELL),
    ("GET", "/api/v1/dictionaries", ALL),
    ("POST", "/api/v1/dictionaries", SELL),
    ("GET", "/api/v1/dictionaries/{id}", ALL),
    ("PUT", "/api/v1/dictionaries/{id}", SELL),
    ("DELETE", "/api/v1/dictionaries/{id}", SELL),
    ("GET", "/api/v1/dictionaries/{id}/uses", SELL),
    ("GET", "/api/v1/settings/outbound", SELL),
    ("PUT", "/api/v1/settings/outbound", LEAD),
    ("GET", "/api/v1/settings/desk", LEAD),
    ("PUT", "/api/v1/settings/desk", ADMIN),
    ("GET", "/api/v1/settings/phones", LEAD),
    ("PUT", "/api/v1/settings/phones", ADMIN),
    ("GET", "/api/v1/settings/recordings", LEAD),
    ("PUT", "/api/v1/settings/recordings", ADMIN),
    ("GET", "/api/v1/settings/files", LEAD),
    ("PUT", "/api/v1/settings/files", ADMIN),
    ("GET", "/api/v1/settings/supervision", LEAD),
    ("PUT", "/api/v1/settings/supervision", ADMIN),
    ("GET", "/api/v1/settings/surveys", SELL),
    ("PUT", "/api/v1/settings/surveys", LEAD),
    ("GET", "/api/v1/products", ALL),
    ("POST", "/api/v1/products", SELL),
    ("GET", "/api/v1/products/{id}", ALL),
    ("PUT", "/api/v1/products/{id}", SELL),
    ("DELETE", "/api/v1/products/{id}", SELL),
    ("GET", "/api/v1/business-statuses", ALL),
    ("PUT", "/api/v1/business-statuses/{business_type}", SELL),
    ("DELETE", "/api/v1/business-statuses/{business_type}", SELL),
    ("POST", "/api/v1/batches/{id}/imports", SELL),
    ("POST", "/api/v1/batches/{id}/imports/preview", SELL),
    ("GET", "/api/v1/imports/previews/{id}", SELL),
    ("POST", "/api/v1/batches/{id}/rows", SELL),
    ("GET", "/api/v1/imports", SELL),
    ("GET", "/api/v1/imports/{id}", SELL),
    ("DELETE", "/api/v1/imports/{id}", SELL),
    ("POST", "/api/v1/imports/{id}/undo", SELL),
    ("GET", "/api/v1/imports/{id}/consent", SELL),
    ("PUT", "/api/v1/imports/{id}/consent", SELL),
    ("DELETE", "/api/v1/imports/{id}/consent", LEAD),
    ("GET", "/api/v1/imports/{id}/invalid", SELL),
    ("GET", "/api/v1/imports/{id}/invalid.xlsx", SELL),
    ("GET", "/api/v1/leads", ALL),
    ("GET", "/api/v1/leads/{id}", ALL),
    ("GET", "/api/v1/leads/{id}/why", ALL),
    ("PATCH", "/api/v1/leads/{id}", ALL),
    ("DELETE", "/api/v1/leads/{id}", SELL),
    ("POST", "/api/v1/leads/{id}/appointment", ALL),
    ("DELETE", "/api/v1/leads/{id}/appointment", ALL),
    ("POST", "/api/v1/leads/{id}/void", ALL),
    ("POST", "/api/v1/leads/{id}/restore", LEAD),
    ("POST", "/api/v1/leads/{id}/preview", FLOOR),
    ("POST", "/api/v1/leads/{id}/dial", FLOOR),
    ("GET", "/api/v1/leads/{id}/attempts", ALL),
    ("GET", "/api/v1/leads/{id}/plan", ALL),
    ("GET", "/api/v1/leads/{id}/sales", ALL),
    ("POST", "/api/v1/leads/{id}/sales", ALL),
    ("POST", "/api/v1/leads/delete", SELL),
    ("GET", "/api/v1/filters", SELL),
    ("POST", "/api/v1/filters", SELL),
    ("GET", "/api/v1/filters/{id}", SELL),
    ("PATCH", "/api/v1/filters/{id}", SELL),
    ("DELETE", "/api/v1/filters/{id}", SELL),
    ("PUT", "/api/v1/filters/{id}/conditions", SELL),
    ("POST", "/api/v1/filters/{id}/query", SELL),
    ("POST", "/api/v1/filters/query", SELL),
    ("POST", "/api/v1/batches/{id}/filter/count", SELL),
    ("GET", "/api/v1/filter-runs/{id}", SELL),
    ("GET", "/api/v1/campaigns", SELL),
    ("POST", "/api/v1/campaigns", SELL),
    ("GET", "/api/v1/campaigns/{id}", SELL),
    ("PATCH", "/api/v1/campaigns/{id}", SELL),
    ("DELETE", "/api/v1/campaigns/{id}", SELL),
    ("GET", "/api/v1/campaigns/{id}/targets", SELL),
    ("PUT", "/api/v1/campaigns/{id}/targets", SELL),
    ("POST", "/api/v1/campaigns/{id}/start", LEAD),
    ("POST", "/api/v1/campaigns/{id}/append", LEAD),
    ("POST", "/api/v1/campaigns/{id}/pause", LEAD),
    ("POST", "/api/v1/campaigns/{id}/resume", LEAD),
    ("POST", "/api/v1/campaigns/{id}/stop", LEAD),
    ("GET", "/api/v1/campaigns/{id}/preflight", SELL),
    ("GET", "/api/v1/campaigns/{id}/why", SELL),
    ("GET", "/api/v1/campaigns/{id}/decisions", LEAD),
    ("GET", "/api/v1/records/imports", SELL),
    ("GET", "/api/v1/records/filters", SELL),
    ("GET", "/api/v1/records/tasks", SELL),
    ("GET", "/api/v1/records/others", SELL),
    ("POST", "/api/v1/batches/{id}/export", SELL),
    ("GET", "/api/v1/exports/{id}", SELL),
    ("GET", "/api/v1/exports/{id}/file", SELL),
    ("GET", "/api/v1/campaigns/{id}/stats", SELL),
    ("GET", "/api/v1/campaigns/{id}/report", SELL),
    ("POST", "/api/v1/campaigns/{id}/report", SELL),
    ("GET", "/api/v1/tasks", SELL),
    ("GET", "/api/v1/tasks/{id}", SELL),
    ("POST", "/api/v1/tasks/{id}/recycle", LEAD),
    // Heads of the department, whatever they are otherwise; the handler knows them.
    ("POST", "/api/v1/tasks/{id}/hand-on", ALL),
    ("POST", "/api/v1/leads/recycle", LEAD),
    ("GET", "/api/v1/robots", SELL),
    ("POST", "/api/v1/robots/{id}/recycle", LEAD),
    ("GET", "/api/v1/robot-tasks", SELL),
    ("POST", "/api/v1/robot-tasks", SELL),
    ("GET", "/api/v1/robot-tasks/{id}", SELL),
    ("PATCH", "/api/v1/robot-tasks/{id}", SELL),
    ("DELETE", "/api/v1/robot-tasks/{id}", SELL),
    ("POST", "/api/v1/robot-tasks/{id}/start", LEAD),
    ("POST", "/api/v1/robot-tasks/{id}/pause", LEAD),
    ("POST", "/api/v1/robot-tasks/{id}/resume", LEAD),
    ("POST", "/api/v1/robot-tasks/{id}/stop", LEAD),
    ("POST", "/api/v1/robot-tasks/{id}/test", LEAD),
    ("GET", "/api/v1/robot-tasks/{id}/stats", SELL),
    ("GET", "/api/v1/grants/{role}", LEAD),
    ("PUT", "/api/v1/grants/{role}", ADMIN),
    ("GET", "/api/v1/contacts", SELL),
    ("POST", "/api/v1/contacts", SELL),
    ("GET", "/api/v1/contacts/{id}", SELL),
    ("PATCH", "/api/v1/contacts/{id}", SELL),
    ("DELETE", "/api/v1/contacts/{id}", SELL),
    ("POST", "/api/v1/contacts/allocate", LEAD),
    ("GET", "/api/v1/jobs", SELL),
    ("GET", "/api/v1/jobs/{id}", SELL),
    ("PATCH", "/api/v1/jobs/{id}", LEAD),
    ("POST", "/api/v1/jobs/{id}/cancel", SELL),
    ("POST", "/api/v1/jobs/{id}/pause", SELL),
    ("POST", "/api/v1/jobs/{id}/resume", SELL),
    ("POST", "/api/v1/jobs/{id}/retry", SELL),
    ("GET", "/api/v1/jobs/{id}/file", SELL),
    ("GET", "/api/v1/agents", LEAD),
    ("GET", "/api/v1/agents/{id}", ALL),
    ("PUT", "/api/v1/agents/{id}", LEAD),
    ("DELETE", "/api/v1/agents/{id}", LEAD),
    ("POST", "/api/v1/agents/{id}/state", FLOOR),
    ("POST", "/api/v1/agents/{id}/call", FLOOR),
    ("POST", "/api/v1/agents/{id}/pick-up", FLOOR),
    ("POST", "/api/v1/agents/{id}/phone", FLOOR),
    ("GET", "/api/v1/agents/{id}/colleagues", FLOOR),
    ("POST", "/api/v1/agents/{id}/supervise", LEAD),
    ("GET", "/api/v1/supervisions", LEAD),
    ("DELETE", "/api/v1/supervisions/mine", LEAD),
    ("GET", "/api/v1/agents/{id}/overview", FLOOR),
    ("GET", "/api/v1/agents/{id}/results", FLOOR),
    ("GET", "/api/v1/calls", ALL),
    ("POST", "/api/v1/calls", FLOOR),
    ("GET", "/api/v1/calls/{id}", ALL),
    ("GET", "/api/v1/calls/{id}/legs", ALL),
    ("POST", "/api/v1/calls/{id}/release", LEAD),
    ("GET", "/api/v1/calls/{id}/recording", FLOOR),
    // Agents their own, with numbers masked.
    ("GET", "/api/v1/calls/{id}/trace", ALL),
    ("GET", "/calls/{id}/trace", ALL),
    ("POST", "/api/v1/calls/{id}/recording/pause", FLOOR),
    ("POST", "/api/v1/calls/{id}/recording/resume", FLOOR),
    ("GET", "/api/v1/registrations", LEAD),
    ("DELETE", "/api/v1/registrations/{extension}", LEAD),
    ("GET", "/api/v1/bans", LEAD),
    ("DELETE", "/api/v1/bans/{address}", ADMIN),
    ("POST", "/api/v1/calls/{id}/disposition", FLOOR),
    ("GET", "/api/v1/messages", FLOOR),
    ("POST", "/api/v1/messages", FLOOR),
    ("GET", "/api/v1/calls/{id}/members", FLOOR),
    ("POST", "/api/v1/calls/{id}/members", FLOOR),
    ("DELETE", "/api/v1/calls/{id}/members/{member}", FLOOR),
    ("POST", "/api/v1/calls/{id}/members/{member}/mute", FLOOR),
    ("POST", "/api/v1/calls/{id}/members/{member}/unmute", FLOOR),
    ("GET", "/api/v1/conferences", FLOOR),
    ("GET", "/api/v1/call-backs", LEAD),
    ("GET", "/api/v1/call-backs/{id}", LEAD),
    ("POST", "/api/v1/call-backs/{id}/cancel", LEAD),
    ("GET", "/api/v1/voicemails", FLOOR),
    ("GET", "/api/v1/voicemails/{id}", FLOOR),
    ("PATCH", "/api/v1/voicemails/{id}", FLOOR),
    ("DELETE", "/api/v1/voicemails/{id}", LEAD),
    ("GET", "/api/v1/voicemails/{id}/audio", FLOOR),
    ("GET", "/api/v1/attempts", SELL),
    ("GET", "/api/v1/queues", SELL),
    ("GET", "/api/v1/queues/{id}", SELL),
    ("PUT", "/api/v1/queues/{id}", LEAD),
    ("DELETE", "/api/v1/queues/{id}", LEAD),
    ("POST", "/api/v1/queues/reload", LEAD),
    ("GET", "/api/v1/queues/{id}/waiting", LEAD),
    ("GET", "/api/v1/queues/{id}/agents", LEAD),
    ("POST", "/api/v1/queues/{id}/agents", LEAD),
    ("PUT", "/api/v1/queues/{id}/agents/{agent}", LEAD),
    ("DELETE", "/api/v1/queues/{id}/agents/{agent}", LEAD),
    ("GET", "/api/v1/prompts", SELL),
    ("POST", "/api/v1/prompts", LEAD),
    ("PUT", "/api/v1/prompts/{name}", LEAD),
    ("DELETE", "/api/v1/prompts/{name}", LEAD),
    ("GET", "/api/v1/prompts/{name}/sound", SELL),
    ("GET", "/api/v1/prompts/{name}/original", SELL),
    ("GET", "/api/v1/gateways", SELL),
    ("GET", "/api/v1/gateways/{id}", SELL),
    ("PUT", "/api/v1/gateways/{id}", ADMIN),
    ("DELETE", "/api/v1/gateways/{id}", ADMIN),
    ("GET", "/api/v1/routes", LEAD),
    ("PUT", "/api/v1/routes/{id}", ROUTE_ADVANCED),
    ("DELETE", "/api/v1/routes/{id}", ROUTE_ADVANCED),
    ("GET", "/api/v1/routes/{id}/versions", LEAD),
    (
        "POST",
        "/api/v1/routes/{id}/versions/{version}/restore",
        ROUTE_ADVANCED,
    ),
    ("GET", "/api/v1/ivr-menus", LEAD),
    ("GET", "/api/v1/ivr-menus/{id}", LEAD),
    ("PUT", "/api/v1/ivr-menus/{id}", LEAD),
    ("DELETE", "/api/v1/ivr-menus/{id}", LEAD),
    ("GET", "/api/v1/route-look-up", LEAD),
    ("GET", "/api/v1/extensions", LEAD),
    ("PUT", "/api/v1/extensions/{extension}", ADMIN),
    ("DELETE", "/api/v1/extensions/{extension}", ADMIN),
    ("GET", "/api/v1/dnc", SELL),
    ("PUT", "/api/v1/dnc/{number}", SELL),
    ("DELETE", "/api/v1/dnc/{number}", LEAD),
    ("GET", "/api/v1/dnc-lists", SELL),
    ("GET", "/api/v1/dnc-lists/{id}", SELL),
    ("PUT", "/api/v1/dnc-lists/{id}", LEAD),
    ("DELETE", "/api/v1/dnc-lists/{id}", ADMIN),
    ("GET", "/api/v1/dnc-lists/{id}/entries", SELL),
    ("POST", "/api/v1/dnc-lists/{id}/entries", SELL),
    ("POST", "/api/v1/dnc-lists/{id}/entries/remove", LEAD),
    ("GET", "/api/v1/dnc-look-up", SELL),
    ("GET", "/api/v1/holidays", SELL),
    ("PUT", "/api/v1/holidays/{day}", LEAD),
    ("DELETE", "/api/v1/holidays/{day}", LEAD),
    ("GET", "/api/v1/jurisdictions", SELL),
    ("GET", "/api/v1/caller-ids", SELL),
    ("GET", "/api/v1/surveys", SELL),
    ("GET", "/api/v1/surveys/{id}", SELL),
    ("PUT", "/api/v1/surveys/{id}", LEAD),
    ("DELETE", "/api/v1/surveys/{id}", LEAD),
    ("GET", "/api/v1/numbers", SELL),
    ("POST", "/api/v1/numbers", LEAD),
    ("GET", "/api/v1/numbers/{number}", SELL),
    ("PUT", "/api/v1/numbers/{number}", LEAD),
    ("DELETE", "/api/v1/numbers/{number}", LEAD),
    ("PUT", "/api/v1/extensions/{extension}/caller-ids", LEAD),
    ("PUT", "/api/v1/extensions/{extension}/gateway", LEAD),
    ("GET", "/api/v1/extensions/{extension}/control", LEAD),
    ("PUT", "/api/v1/extensions/{extension}/control", ADMIN),
    ("DELETE", "/api/v1/extensions/{extension}/control", ADMIN),
];

/// Who may use this route; `None`: the path has no such method.
#[must_use]
pub fn of(method: &Method, path: &str) -> Option<Who> {
    let method = match method.as_str() {
        "HEAD" => "GET",
        other => other,
    };
    let mut rows = TABLE
        .iter()
        .filter(|(_, template, _)| *template == path)
        .peekable();
    if rows.peek().is_none() {
        return Some(NOBODY);
    }
    rows.find(|(verb, ..)| *verb == method)
        .map(|(_, _, who)| *who)
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
        assert_eq!(of(&Method::DELETE, "/api/v1/everything"), Some(NOBODY));
        assert!(!NOBODY.includes(Role::Admin));
        assert_eq!(of(&Method::DELETE, "/api/v1/users"), None);
        assert_eq!(of(&Method::HEAD, "/api/v1/users"), Some(ADMIN));
    }
}
