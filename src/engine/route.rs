//! Routes: where a called number goes (VOX-097 to VOX-116).
//!
//! Rules are tried in their order and the first one that matches wins. An inbound rule hands on to an
//! internal number, for which the rules are asked again. The same walk answers a call and the question
//! where a number would go, so that the answer is never another one.

mod office;
mod pattern;
mod robot;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{
    destination::Destination,
    ids::{GatewayId, MenuId, QueueId},
    time::Millis,
};
pub use office::{BadOffice, Office, Span};
pub use pattern::{BadPattern, Pattern};
pub use robot::Robot;

/// One rule, as the floor works with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub id: String,
    pub name: String,
    pub pattern: Pattern,
    pub kind: Kind,
    /// The tenant's holidays.
    pub holidays: BTreeSet<NaiveDate>,
}

impl Rule {
    /// A number, or `*`, that goes to a queue.
    ///
    /// # Errors
    /// [`BadPattern`].
    pub fn to_queue(number: &str, queue: QueueId) -> Result<Self, BadPattern> {
        Ok(Self {
            id: number.to_owned(),
            name: number.to_owned(),
            pattern: Pattern::new(number)?,
            kind: Kind::Queue { queue, priority: 0 },
            holidays: BTreeSet::new(),
        })
    }
}

/// What a rule does with a number, as stored with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Kind {
    /// 基本规则: the number is an extension.
    Basic,
    /// 呼入: a number that a gateway delivers.
    Inbound(Inbound),
    /// 呼出: a number outside.
    Outbound(Outbound),
    /// 队列: the number of a queue.
    Queue {
        queue: QueueId,
        /// On top of the queue's own; 0 to 9.
        #[serde(default)]
        priority: u8,
    },
    /// IVR: the number of a voice menu.
    Ivr { menu: MenuId },
    /// 机器人: the number of a robot.
    Robot(Robot),
}

impl Kind {
    /// The queues that the rule leads to.
    pub fn queues(&self) -> impl Iterator<Item = &QueueId> {
        let own = match self {
            Self::Queue { queue, .. } => Some(queue),
            _ => None,
        };
        own.into_iter()
            .chain(self.destinations().filter_map(Destination::queue))
    }

    /// The voice menus that the rule leads to.
    pub fn menus(&self) -> impl Iterator<Item = &MenuId> {
        let own = match self {
            Self::Ivr { menu } => Some(menu),
            _ => None,
        };
        own.into_iter()
            .chain(self.destinations().filter_map(Destination::menu))
    }

    fn destinations(&self) -> impl Iterator<Item = &Destination> {
        let (closed, robot) = match self {
            Self::Inbound(rule) => (rule.closed_to.as_ref(), None),
            Self::Robot(robot) => (None, Some(robot)),
            _ => (None, None),
        };
        let robot = robot.into_iter().flat_map(Robot::destinations);
        closed.into_iter().chain(robot)
    }

    /// The caller number that the rule shows.
    #[must_use]
    pub fn caller(&self) -> Option<&str> {
        match self {
            Self::Outbound(rule) => rule.caller.as_deref(),
            _ => None,
        }
    }

    /// The gateways that the rule names.
    pub fn gateways(&self) -> impl Iterator<Item = &GatewayId> {
        let rule = match self {
            Self::Outbound(rule) => Some(rule),
            _ => None,
        };
        rule.into_iter()
            .flat_map(|rule| rule.gateway.iter().chain(&rule.fallback_gateways))
    }

    /// Whether the rule names the gateway.
    #[must_use]
    pub fn is_through(&self, gateway: &str) -> bool {
        self.gateways().any(|one| one.as_str() == gateway)
    }
}

/// An inbound rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inbound {
    /// 转号码: the internal number that is asked for next.
    pub to: String,
    /// 生效时间.
    #[serde(default)]
    pub office: Office,
    /// 下班提示音: a prompt name, outside office hours.
    #[serde(default)]
    pub closed_prompt: Option<String>,
    /// Where a caller goes then; else the call ends.
    #[serde(default)]
    pub closed_to: Option<Destination>,
}

/// An outbound rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outbound {
    /// 指定网关; `None`: the one with most free channels.
    pub gateway: Option<GatewayId>,
    /// The gateway to which the calling extension is bound comes first, where it is bound to one
    /// (VOX-106).
    pub by_extension: bool,
    /// Tried in this order when that one is full, rests, or refuses a call; at most 8.
    pub fallback_gateways: Vec<GatewayId>,
    /// 增加前缀: digits before the number.
    pub prefix: String,
    /// The caller number that is shown; `None`: the one of whoever is put through.
    pub caller: Option<String>,
    /// 呼出超时; seconds, 5 to 120.
    pub ring_timeout_s: u32,
    /// 是否录音.
    pub record: bool,
}

impl Default for Outbound {
    fn default() -> Self {
        Self {
            gateway: None,
            by_extension: false,
            fallback_gateways: Vec::new(),
            prefix: String::new(),
            caller: None,
            ring_timeout_s: 60,
            record: true,
        }
    }
}

/// A rule that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BadRule {
    /// JSON pointer within the rule.
    pub at: &'static str,
    pub message: String,
}

impl Kind {
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Inbound(_) => "inbound",
            Self::Outbound(_) => "outbound",
            Self::Queue { .. } => "queue",
            Self::Ivr { .. } => "ivr",
            Self::Robot(_) => "robot",
        }
    }

    /// The prompts that it names, each with its JSON pointer.
    #[must_use]
    pub fn prompts(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Robot(robot) => robot.prompts().collect(),
            Self::Inbound(rule) => {
                let closed = rule.closed_prompt.as_deref();
                let closed = closed.map(|prompt| ("/closed_prompt", prompt));
                closed.into_iter().collect()
            }
            Self::Basic | Self::Outbound(_) | Self::Queue { .. } | Self::Ivr { .. } => Vec::new(),
        }
    }

    /// # Errors
    /// What makes no sense in it.
    pub fn validate(&self) -> Result<(), BadRule> {
        let bad = |at, message: &str| {
            let message = message.to_owned();
            Err(BadRule { at, message })
        };
        match self {
            Self::Basic | Self::Ivr { .. } => Ok(()),
            Self::Queue { priority, .. } if *priority > 9 => bad("/priority", "must be 0 to 9"),
            Self::Queue { .. } => Ok(()),
            Self::Robot(robot) => robot.validate(),
            Self::Outbound(rule) => rule.validate(),
            Self::Inbound(rule) => {
                let digits = |c: char| c.is_ascii_digit();
                if !(1..=32).contains(&rule.to.len()) || !rule.to.chars().all(digits) {
                    return bad("/to", "must be 1 to 32 digits");
                }
                if let Some(prompt) = &rule.closed_prompt {
                    prompt_name("/closed_prompt", prompt)?;
                }
                let office = rule.office.validate();
                office.or_else(|error| bad("/office", &error.to_string()))?;
                leads("/closed_to", rule.closed_to.as_ref())
            }
        }
    }
}

impl Outbound {
    fn validate(&self) -> Result<(), BadRule> {
        let digits = |text: &str, most: usize| {
            text.len() <= most && text.chars().all(|c| c.is_ascii_digit() || c == '+')
        };
        let caller = self.caller.as_deref();
        let (at, message) = if !digits(&self.prefix, 8) {
            ("/prefix", "must be at most 8 digits")
        } else if !caller.is_none_or(|caller| !caller.is_empty() && digits(caller, 32)) {
            ("/caller", "must be 1 to 32 digits")
        } else if self.fallback_gateways.len() > 8 {
            ("/fallback_gateways", "must be at most 8 gateways")
        } else if self.gateway.is_none() && !self.fallback_gateways.is_empty() {
            (
                "/fallback_gateways",
                "a gateway to fall back from must be named",
            )
        } else if !(5..=120).contains(&self.ring_timeout_s) {
            ("/ring_timeout_s", "must be 5 to 120")
        } else {
            return Ok(());
        };
        let message = message.to_owned();
        Err(BadRule { at, message })
    }
}

/// Whether a call can be sent there.
pub(crate) fn leads(at: &'static str, to: Option<&Destination>) -> Result<(), BadRule> {
    let fits = match to {
        Some(Destination::Callback) => Err("only a queue calls back"),
        Some(to) => to.validate(),
        None => Ok(()),
    };
    fits.map_err(|text| BadRule {
        at,
        message: text.to_owned(),
    })
}

pub(crate) fn prompt_name(at: &'static str, name: &str) -> Result<(), BadRule> {
    let named = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    match (1..=64).contains(&name.len()) && name.chars().all(named) {
        true => Ok(()),
        false => Err(BadRule {
            at,
            message: "must be the name of a prompt".into(),
        }),
    }
}

/// Who asks for a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// A gateway delivers it. It never leads out again: that is how toll fraud works.
    Gateway,
    /// A phone of ours, or the house itself.
    Inside,
}

/// What became of a rule in a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Another number.
    NoMatch,
    /// The number matches, but the rule is not for this side.
    WrongSide,
    /// It matches, and it is outside its hours.
    Closed,
    /// It matches: here the walk goes on or ends.
    Taken,
}

/// One rule, asked about one number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    pub rule: String,
    pub name: String,
    pub kind: &'static str,
    pub number: String,
    pub verdict: Verdict,
}

/// Where a walk ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The caller hears a prompt, then goes on; with nothing to go on to the call ends.
    To {
        prompt: Option<String>,
        /// Who does not speak at the prompt, or after it, goes elsewhere.
        listening: Option<Box<crate::robot::Listening>>,
        then: Destination,
        priority: u8,
    },
    Out {
        number: String,
        rule: Outbound,
    },
    /// No rule takes the number.
    Nowhere,
}

/// A walk through the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walk {
    pub steps: Vec<Step>,
    pub end: End,
}

/// Finds where a called number goes.
#[must_use]
pub fn walk(rules: &[Rule], number: &str, side: Side, now: Millis) -> Walk {
    let mut steps = Vec::new();
    let (mut number, mut side) = (number.to_owned(), Some(side));
    // An inbound rule is taken at most once, so this ends.
    loop {
        let taken = rules.iter().find_map(|rule| {
            let verdict = ask(rule, &number, side, now);
            steps.push(Step {
                rule: rule.id.clone(),
                name: rule.name.clone(),
                kind: rule.kind.as_str(),
                number: number.clone(),
                verdict,
            });
            let is_it = matches!(verdict, Verdict::Taken | Verdict::Closed);
            is_it.then_some((&rule.kind, verdict))
        });
        let Some((kind, verdict)) = taken else {
            let end = End::Nowhere;
            return Walk { steps, end };
        };
        match end_of(kind, &number, verdict) {
            Ok(end) => return Walk { steps, end },
            Err(next) => (number, side) = (next, None),
        }
    }
}

/// Whether a number that a caller dials in a menu is an extension: the first rule for it is a basic one.
/// No other rule is open to callers there, least of all one that leads outside.
#[must_use]
pub fn is_extension(rules: &[Rule], number: &str) -> bool {
    let is_inside = |rule: &&Rule| !matches!(rule.kind, Kind::Inbound(_) | Kind::Outbound(_));
    let mut inside = rules.iter().filter(is_inside);
    let first = inside.find(|rule| rule.pattern.matches(number));
    first.is_some_and(|rule| rule.kind == Kind::Basic)
}

/// `side`: `None` after an inbound rule, which leads to internal numbers only.
fn ask(rule: &Rule, number: &str, side: Option<Side>, now: Millis) -> Verdict {
    if !rule.pattern.matches(number) {
        return Verdict::NoMatch;
    }
    match (&rule.kind, side) {
        (Kind::Inbound(_), Some(Side::Inside) | None)
        | (Kind::Outbound(_), Some(Side::Gateway) | None) => Verdict::WrongSide,
        (Kind::Inbound(rule_of), _) if !rule_of.office.is_open(&rule.holidays, now) => {
            Verdict::Closed
        }
        _ => Verdict::Taken,
    }
}

/// Where the walk ends, or the number that is asked for next.
fn end_of(kind: &Kind, number: &str, verdict: Verdict) -> Result<End, String> {
    let to = |prompt: &Option<String>, then: Destination, priority| End::To {
        prompt: prompt.clone(),
        listening: None,
        then,
        priority,
    };
    Ok(match kind {
        Kind::Inbound(rule) if verdict == Verdict::Closed => {
            let then = rule.closed_to.clone().unwrap_or(Destination::Hangup);
            to(&rule.closed_prompt, then, 0)
        }
        Kind::Inbound(rule) => return Err(rule.to.clone()),
        Kind::Basic => {
            let extension = number.to_owned();
            to(&None, Destination::Extension { extension }, 0)
        }
        Kind::Queue { queue, priority } => {
            let queue = queue.clone();
            to(&None, Destination::Queue { queue }, *priority)
        }
        Kind::Ivr { menu } => {
            let menu = menu.clone();
            to(&None, Destination::Ivr { menu }, 0)
        }
        Kind::Robot(robot) => End::To {
            prompt: Some(robot.prompt.clone()),
            listening: robot.listening(),
            then: robot.then.clone().unwrap_or(Destination::Hangup),
            priority: 0,
        },
        Kind::Outbound(rule) => End::Out {
            number: format!("{}{number}", rule.prefix),
            rule: rule.clone(),
        },
    })
}
