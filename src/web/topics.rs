//! Topics of the event channel: who may listen to which.

use store::access::Role;

use crate::caller::Caller;

/// `agent:me` is the caller's own agent.
#[must_use]
pub fn named(topic: &str, caller: &Caller) -> String {
    match (topic, &caller.session.agent_id) {
        ("agent:me", Some(agent)) => format!("agent:{agent}"),
        _ => topic.to_owned(),
    }
}

/// Whether the caller may listen to a topic.
#[must_use]
pub fn allowed(topic: &str, caller: &Caller) -> bool {
    let Some((kind, id)) = topic.split_once(':') else {
        return false;
    };
    if id.is_empty() || id.len() > 100 {
        return false;
    }
    let own = kind == "agent" && caller.session.agent_id.as_deref() == Some(id);
    let kinds: &[&str] = match caller.role() {
        Role::Admin | Role::Supervisor => &[
            "job", "campaign", "agent", "queue", "call", "gateway", "security",
        ],
        Role::Marketer => &["job", "campaign"],
        Role::Agent => &[],
    };
    own || kinds.contains(&kind)
}

/// Whether what a topic tells is the whole house's, or the caller's own: it need not be looked up whose it is.
#[must_use]
pub fn is_open(topic: &str, caller: &Caller) -> bool {
    match topic.split_once(':') {
        Some(("gateway" | "security", _)) => true,
        Some(("agent", id)) => caller.session.agent_id.as_deref() == Some(id),
        _ => false,
    }
}

/// Whether a subscription to `wanted` includes `topic`.
#[must_use]
pub fn covers(wanted: &str, topic: &str) -> bool {
    wanted == topic
        || wanted
            .strip_suffix('*')
            .is_some_and(|kind| kind.ends_with(':') && topic.starts_with(kind))
}

#[cfg(test)]
mod tests {
    use store::access::sessions::Session;

    use super::*;

    fn caller(role: Role, agent: Option<&str>) -> Caller {
        Caller {
            session: Session {
                token_hash: String::new(),
                csrf: String::new(),
                seen_at: 0,
                expires_at: 0,
                user_id: "usr_1".into(),
                orgi: "main".into(),
                username: "u".into(),
                display_name: "u".into(),
                role,
                department_id: None,
                agent_id: agent.map(Into::into),
            },
            by_cookie: false,
        }
    }

    #[test]
    fn an_agent_hears_only_of_itself() {
        let agent = caller(Role::Agent, Some("1001"));
        assert!(allowed(&named("agent:me", &agent), &agent));
        for topic in [
            "agent:1002",
            "agent:*",
            "campaign:1",
            "job:1",
            "nothing",
            "agent:",
        ] {
            assert!(!allowed(topic, &agent), "{topic}");
        }
        assert!(!allowed("agent:me", &caller(Role::Agent, None)));
    }

    #[test]
    fn marketers_hear_of_jobs_and_campaigns_supervisors_of_all() {
        let marketer = caller(Role::Marketer, None);
        assert!(allowed("job:*", &marketer) && allowed("campaign:1", &marketer));
        assert!(!allowed("agent:1001", &marketer));
        assert!(allowed("agent:*", &caller(Role::Supervisor, None)));
    }

    #[test]
    fn what_is_the_house_s_or_one_s_own_is_nobody_else_s() {
        let agent = caller(Role::Supervisor, Some("1001"));
        for topic in ["gateway:gw1", "security:sip", "agent:1001"] {
            assert!(is_open(topic, &agent), "{topic}");
        }
        for topic in [
            "agent:1002",
            "agent:",
            "campaign:1",
            "call:1",
            "job:1",
            "nothing",
        ] {
            assert!(!is_open(topic, &agent), "{topic}");
        }
    }

    #[test]
    fn a_star_covers_its_kind() {
        assert!(covers("job:*", "job:job_1"));
        assert!(covers("job:1", "job:1"));
        assert!(!covers("job:1", "job:12"));
        assert!(!covers("*", "job:1"));
    }
}
