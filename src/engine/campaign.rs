//! A campaign (活动): how its leads are to be called.

mod robot;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use robot::Robot;

use crate::{
    caps::{Caps, Limits},
    classification,
    draw::{Division, ListOrder},
    gate::caller,
    ids::GatewayId,
    jurisdiction, pacing, place,
    retry::Retry,
    survey,
    window::{BadWindow, Window},
};

/// Preview, predictive or robot (OUT-106).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// An agent sees the lead first and dials it.
    Preview,
    /// Lines are dialled ahead of the agents; answered calls enter a queue.
    Predictive,
    /// Answered calls hear a prompt.
    Robot,
}

impl Mode {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Preview => "preview",
            Self::Predictive => "predictive",
            Self::Robot => "robot",
        }
    }
}

/// Where a campaign stands (OUT-123).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Draft,
    Running,
    Paused,
    /// Every lead has its final state.
    Finished,
    Stopped,
}

impl State {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Finished => "finished",
            Self::Stopped => "stopped",
        }
    }
}

/// What a supervisor orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    Start,
    Pause,
    Resume,
    Stop,
}

impl State {
    /// Whether leads can be appended without another start.
    #[must_use]
    pub fn takes_more(self) -> bool {
        matches!(self, Self::Running | Self::Paused)
    }

    /// The state after an order.
    ///
    /// # Errors
    /// The code to answer with when the order does not fit the state.
    pub fn after(self, order: Order) -> Result<Self, &'static str> {
        match (self, order) {
            (Self::Draft | Self::Finished | Self::Stopped, Order::Start) => Ok(Self::Running),
            (Self::Running | Self::Paused, Order::Start) => Err("ALREADY_RUNNING"),
            (Self::Running, Order::Pause) => Ok(Self::Paused),
            (Self::Paused, Order::Resume) => Ok(Self::Running),
            (Self::Running | Self::Paused, Order::Stop) => Ok(Self::Stopped),
            (_, Order::Pause | Order::Stop) => Err("NOT_RUNNING"),
            (_, Order::Resume) => Err("NOT_PAUSED"),
        }
    }
}

/// How the leads of a campaign are dialled; stored as one JSON document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub gateway: Option<GatewayId>,
    /// Gateways that take the dial when the ones before them cannot, in this order.
    pub fallback_gateways: Vec<GatewayId>,
    /// Numbers shown to the called party.
    pub caller_ids: Vec<String>,
    /// Which of them is shown.
    pub caller_rule: caller::Rule,
    /// On the called party's clock; on that of its own zone where nobody can tell where they are.
    pub window: Window,
    /// Country whose numbers are written without a country code; two letters.
    pub home_country: String,
    /// Columns of the batch that tell the gate something.
    pub columns: Columns,
    /// Jurisdiction packs, beside those of where the called party may be.
    pub packs: Vec<String>,
    /// Nobody is called without a consent.
    pub consent_required: bool,
    /// How often a number and a person may be dialled, over all campaigns.
    pub caps: Caps,
    /// Ring at most this long; seconds, 10 to 60 (OUT-152).
    pub ring_timeout_s: u32,
    pub pacing: pacing::Policy,
    /// Predictive: a policy that is asked beside the one that dials, and only noted.
    pub shadow: Option<pacing::Policy>,
    /// Of several campaigns that want the same agents or channels, those with the highest number go
    /// first; 1 to 9.
    pub priority: u8,
    /// Lines for this campaign against others of the same priority; 1 to 100.
    pub weight: u32,
    /// The prompt that a person hears whom no agent took in time (47 CFR 64.1200(a)(7)(i)(A)); `None`:
    /// the queue's.
    pub abandon_prompt: Option<String>,
    /// Who or what answers, and what becomes of those that are no persons.
    pub classification: classification::Settings,
    pub retry: Retry,
    /// Calls up at once, 1 to 10,000; `None`: the gateway's limit alone (OUT-217).
    pub max_concurrency: Option<u32>,
    /// What a robot does with an answered call.
    pub robot: Robot,
    /// Preview: seconds until the lead dials by itself; 0 = only by hand (OUT-148).
    pub preview_countdown_s: u32,
    /// The agent must save a disposition before the next call (OUT-153).
    pub disposition_required: bool,
    /// Record calls, from the answer of the customer on.
    pub record: bool,
    /// What the called party is asked after the conversation (VOX-209); `None`: what the queue says.
    pub survey: Option<survey::Choice>,
    /// Which leads are drawn and dialled first; leads that are allocated keep their place when it
    /// changes.
    pub list_order: ListOrder,
    /// How drawn leads are divided among the targets.
    pub division: Division,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            gateway: None,
            fallback_gateways: Vec::new(),
            caller_ids: Vec::new(),
            caller_rule: caller::Rule::default(),
            window: Window::default(),
            home_country: "CN".into(),
            columns: Columns::default(),
            packs: Vec::new(),
            consent_required: false,
            caps: Caps::default(),
            ring_timeout_s: 30,
            pacing: pacing::Policy::default(),
            shadow: None,
            priority: 5,
            weight: 1,
            abandon_prompt: None,
            classification: classification::Settings::default(),
            retry: Retry::default(),
            max_concurrency: None,
            robot: Robot::default(),
            preview_countdown_s: 0,
            disposition_required: false,
            record: true,
            survey: None,
            list_order: ListOrder::default(),
            division: Division::default(),
        }
    }
}

/// Codes of the fields that tell the gate where somebody is, who they are, and that they agreed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Columns {
    /// A country, two letters.
    pub country: Option<String>,
    pub state: Option<String>,
    pub zip: Option<String>,
    /// An IANA time zone.
    pub zone: Option<String>,
    /// Who the person is, in every batch alike.
    pub person: Option<String>,
    pub consent: Option<String>,
}

impl Columns {
    /// The codes that are set, each with its JSON pointer in a campaign.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("/settings/columns/country", &self.country),
            ("/settings/columns/state", &self.state),
            ("/settings/columns/zip", &self.zip),
            ("/settings/columns/zone", &self.zone),
            ("/settings/columns/person", &self.person),
            ("/settings/columns/consent", &self.consent),
        ];
        let set = all.into_iter();
        set.filter_map(|(place, code)| Some((place, code.as_deref()?)))
    }
}

/// A setting out of range. `pointer` is the JSON pointer of the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {message}")]
pub struct BadSetting {
    pub pointer: &'static str,
    pub message: String,
}

impl Settings {
    /// The prompts that a campaign of this mode names, each with its JSON pointer.
    #[must_use]
    pub fn prompts(&self, mode: Mode) -> Vec<(&'static str, &str)> {
        let robot = (mode == Mode::Robot).then_some(&self.robot);
        let named = [
            ("/settings/abandon_prompt", self.abandon_prompt.as_deref()),
            (
                "/settings/classification/message",
                self.classification.message.as_deref(),
            ),
        ];
        let named = named.into_iter();
        let named = named.filter_map(|(at, name)| Some((at, name?)));
        let robot = robot.into_iter().flat_map(Robot::prompts);
        robot.chain(named).collect()
    }

    /// # Errors
    /// Every value that is out of its range.
    pub fn validate(&self) -> Result<(), Vec<BadSetting>> {
        let mut bad = Vec::new();
        let mut check = |holds: bool, pointer, message: &str| {
            if !holds {
                bad.push(BadSetting {
                    pointer,
                    message: message.into(),
                });
            }
        };
        check(
            (10..=60).contains(&self.ring_timeout_s),
            "/settings/ring_timeout_s",
            "must be 10 to 60 seconds",
        );
        check(
            self.max_concurrency
                .is_none_or(|limit| (1..=10_000).contains(&limit)),
            "/settings/max_concurrency",
            "must be 1 to 10,000",
        );
        check(
            self.preview_countdown_s <= 120,
            "/settings/preview_countdown_s",
            "must be 0 to 120 seconds",
        );
        check(
            self.caller_ids.len() <= 1000,
            "/settings/caller_ids",
            "at most 1,000 numbers",
        );
        check(
            self.pacing.is_valid(),
            "/settings/pacing",
            "ratio must be 1.0 to 10.0",
        );
        check(
            self.shadow.is_none_or(|policy| policy.is_valid()),
            "/settings/shadow",
            "ratio must be 1.0 to 10.0",
        );
        check(
            (1..=9).contains(&self.priority),
            "/settings/priority",
            "must be 1 to 9",
        );
        check(
            (1..=100).contains(&self.weight),
            "/settings/weight",
            "must be 1 to 100",
        );
        check(
            self.abandon_prompt
                .as_ref()
                .is_none_or(|prompt| (1..=64).contains(&prompt.len())),
            "/settings/abandon_prompt",
            "must be the name of a prompt, 1 to 64 characters",
        );
        check(
            self.retry.is_valid(),
            "/settings/retry",
            "attempts must be 1 to 10",
        );
        check(
            self.list_order.field().is_none_or(is_code),
            "/settings/list_order/field",
            "must be a field code of 1 to 64 letters, digits or _",
        );
        check(
            !matches!(&self.division, Division::Owner { field } if !is_code(field)),
            "/settings/division/field",
            "must be a field code of 1 to 64 letters, digits or _",
        );
        check(
            self.fallback_gateways.len() <= 10,
            "/settings/fallback_gateways",
            "at most 10 gateways",
        );
        check(
            self.caller_rule.is_valid(),
            "/settings/caller_rule",
            "daily_cap must be 1 to 100,000, cool_down_s 1 to 86,400",
        );
        check(
            place::is_country(&self.home_country),
            "/settings/home_country",
            "must be a known country, two letters",
        );
        check(
            self.columns.fields().all(|(_, code)| is_code(code)),
            "/settings/columns",
            "must be field codes of 1 to 64 letters, digits or _",
        );
        check(
            self.packs.iter().all(|id| jurisdiction::find(id).is_some()),
            "/settings/packs",
            "names a jurisdiction pack that does not exist",
        );
        check(
            self.caps.number.is_valid() && self.caps.person.is_valid(),
            "/settings/caps",
            "day must be 1 to 50, week 1 to 100, rest_days 1 to 30",
        );
        check(
            self.caps.person == Limits::default() || self.columns.person.is_some(),
            "/settings/caps/person",
            "needs columns.person: the column that tells who a person is",
        );
        bad.extend(self.classification.faults());
        bad.extend(self.robot.faults());
        if let Err(error) = self.window.validate() {
            bad.push(BadSetting {
                pointer: window_pointer(&error),
                message: error.to_string(),
            });
        }
        if bad.is_empty() { Ok(()) } else { Err(bad) }
    }
}

impl Settings {
    /// Codes of fields that it names, each with its JSON pointer.
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, &str)> {
        let order = self.list_order.field();
        let owner = match &self.division {
            Division::Owner { field } => Some(field.as_str()),
            Division::Manual | Division::Even | Division::Proportional => None,
        };
        let order = order.map(|code| ("/settings/list_order/field", code));
        let owner = owner.map(|code| ("/settings/division/field", code));
        let columns = self.columns.fields();
        order.into_iter().chain(owner).chain(columns).collect()
    }
}

fn is_code(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn window_pointer(error: &BadWindow) -> &'static str {
    match error {
        BadWindow::Zone(_) => "/settings/window/zone",
        BadWindow::Ranges => "/settings/window/ranges",
        BadWindow::Weekdays => "/settings/window/weekdays",
    }
}
