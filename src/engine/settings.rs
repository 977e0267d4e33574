//! Outbound settings (电销设置): once a tenant, narrower ones win (OUT-146 to OUT-154).

mod levels;
pub mod own;

use serde::{Deserialize, Serialize};

pub use levels::{Ceiling, Level, Levels, Rules};
pub use own::Own;

use crate::{
    campaign::{self, Mode},
    classification,
    pacing::{Policy, predictive},
    retry::Retry,
};

/// Every setting, with a value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Settings {
    /// 启用自动外呼: an agent's preview dials by itself. Of each campaign that does not set it itself.
    pub auto_dial_enabled: bool,
    /// 外呼倒计时: seconds until it does, 0 to 120. Of each campaign that does not set it itself.
    pub auto_dial_countdown: u32,
    /// 人工坐席外呼并发限制. Holds at once, for calls that agents dial from a preview.
    pub agent_concurrency_enabled: bool,
    /// Calls that agents dial at once, 1 to 10,000, among those of the level that sets it; a
    /// campaign's own limit counts as well.
    pub agent_concurrency: u32,
    /// 机器人外呼并发限制. Holds at once, for the calls of robot campaigns.
    pub robot_concurrency_enabled: bool,
    /// Calls of robots at once, 1 to 10,000, among those of the level that sets it; a campaign's own
    /// limit counts as well.
    pub robot_concurrency: u32,
    /// 最大拨打次数, 1 to 10. Of each campaign that does not set it itself, as the next three.
    pub max_attempts: u32,
    pub retry_minutes: RetryMinutes,
    /// Attempts on one number a day, 1 to 10.
    pub attempts_per_day: u32,
    /// 振铃超时, 10 to 60 seconds.
    pub ring_timeout: u32,
    /// Unanswered lines for each agent at work, 1.0 to 3.0: of each predictive campaign with no pacing
    /// of its own when a level sets it. While none does, there is no such cap.
    pub predictive_ratio_max: f64,
    /// Percent of answered calls that may be abandoned, 0 to 10: of each predictive campaign with no
    /// pacing of its own when a level sets it; more than 5 counts as 5, the most a campaign may lose.
    pub abandon_target: f64,
    /// 答录机检测: whether a predictive or robot campaign that does not say so itself listens to who or
    /// what answers.
    pub amd_enabled: bool,
    /// 号码隐藏: agents see numbers masked, in lists, previews, pop-ups and on their phones; exports
    /// have them masked unless a supervisor asks for them in full. Holds at once. The department is
    /// that of whoever looks, the campaign that of the lead.
    pub phone_mask: bool,
    /// 未拨打自动回收: days, 0 to 365; 0 = never. Once a day, leads of a campaign that were given to
    /// somebody so many days ago and never dialled go back to the pool, those with an appointment
    /// excepted.
    pub recycle_after_days: u32,
    /// The pop-up of a call that an agent dials opens when it is dialled, otherwise when it is
    /// answered. Holds at once. Calls that a queue offers open theirs with the offer in any case.
    pub popup_on_dial: bool,
    /// The pop-up must be saved before the next call. Of each campaign that does not set it itself.
    pub wrapup_required: bool,
}

/// Minutes until a lead is tried again, by result, 1 to 43,200 (30 days). A number that does not exist
/// (空号) is never tried again, so it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RetryMinutes {
    /// 无人接听.
    pub no_answer: u32,
    /// 占线.
    pub busy: u32,
    /// 关机.
    pub unavailable: u32,
    /// 拒接.
    pub declined: u32,
    /// 网络故障.
    pub fault: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            auto_dial_enabled: false,
            auto_dial_countdown: 10,
            agent_concurrency_enabled: false,
            agent_concurrency: 100,
            robot_concurrency_enabled: false,
            robot_concurrency: 100,
            max_attempts: 3,
            retry_minutes: RetryMinutes {
                no_answer: 30,
                busy: 10,
                unavailable: 240,
                declined: 1440,
                fault: 5,
            },
            attempts_per_day: 2,
            ring_timeout: 30,
            predictive_ratio_max: 2.0,
            abandon_target: 3.0,
            amd_enabled: false,
            phone_mask: false,
            recycle_after_days: 0,
            popup_on_dial: true,
            wrapup_required: true,
        }
    }
}

/// What one level sets; what it leaves out comes from the wider level.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Overrides {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_dial_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_dial_countdown: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_concurrency_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_concurrency: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub robot_concurrency_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub robot_concurrency: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
    #[serde(skip_serializing_if = "RetryOverrides::is_empty")]
    pub retry_minutes: RetryOverrides,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts_per_day: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ring_timeout: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predictive_ratio_max: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abandon_target: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amd_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_mask: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recycle_after_days: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub popup_on_dial: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrapup_required: Option<bool>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetryOverrides {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_answer: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub busy: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unavailable: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declined: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<u32>,
}

impl RetryOverrides {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A value out of its range. `pointer` is the JSON pointer of the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {message}")]
pub struct BadSetting {
    pub pointer: &'static str,
    pub message: &'static str,
}

/// The settings that hold where these levels meet, the widest first.
#[must_use]
pub fn effective(levels: &[Overrides]) -> Settings {
    let mut settings = Settings::default();
    for level in levels {
        level.lay_over(&mut settings);
    }
    settings
}

/// What a new campaign starts with where these levels meet, and what it follows later in all that it
/// does not set itself ([`own::follow`]). Who sets what calls may be lost, or lines dialled, wants prediction: then a
/// predictive campaign starts with it, otherwise with one line for each idle agent.
#[must_use]
pub fn for_new_campaign(levels: &[Overrides], mode: Option<Mode>) -> campaign::Settings {
    let settings = effective(levels);
    let defaults = campaign::Settings::default();
    let is_set = |of: fn(&Overrides) -> Option<f64>| levels.iter().any(|level| of(level).is_some());
    let (cap, ratio) = (
        is_set(|level| level.abandon_target),
        is_set(|level| level.predictive_ratio_max),
    );
    let pacing = if mode == Some(Mode::Predictive) && (cap || ratio) {
        Policy::Predictive(predictive::Settings {
            cap: (settings.abandon_target / 100.0).min(predictive::CAP_MAX),
            most_lines: ratio.then_some(settings.predictive_ratio_max),
            ..predictive::Settings::default()
        })
    } else {
        defaults.pacing
    };
    let minutes = settings.retry_minutes;
    let classification = classification::Settings {
        enabled: settings.amd_enabled && mode != Some(Mode::Preview),
        ..defaults.classification
    };
    campaign::Settings {
        classification,
        ring_timeout_s: settings.ring_timeout,
        retry: Retry {
            max_attempts: settings.max_attempts,
            attempts_per_day: settings.attempts_per_day,
            no_answer_minutes: minutes.no_answer,
            busy_minutes: minutes.busy,
            unavailable_minutes: minutes.unavailable,
            declined_minutes: minutes.declined,
            fault_minutes: minutes.fault,
            ..defaults.retry
        },
        preview_countdown_s: if settings.auto_dial_enabled {
            settings.auto_dial_countdown
        } else {
            defaults.preview_countdown_s
        },
        disposition_required: settings.wrapup_required,
        pacing,
        ..defaults
    }
}

impl Overrides {
    fn lay_over(&self, settings: &mut Settings) {
        fn lay<T: Copy>(value: &mut T, over: Option<T>) {
            *value = over.unwrap_or(*value);
        }
        let (s, retry) = (settings, self.retry_minutes);
        lay(&mut s.auto_dial_enabled, self.auto_dial_enabled);
        lay(&mut s.auto_dial_countdown, self.auto_dial_countdown);
        lay(
            &mut s.agent_concurrency_enabled,
            self.agent_concurrency_enabled,
        );
        lay(&mut s.agent_concurrency, self.agent_concurrency);
        lay(
            &mut s.robot_concurrency_enabled,
            self.robot_concurrency_enabled,
        );
        lay(&mut s.robot_concurrency, self.robot_concurrency);
        lay(&mut s.max_attempts, self.max_attempts);
        lay(&mut s.retry_minutes.no_answer, retry.no_answer);
        lay(&mut s.retry_minutes.busy, retry.busy);
        lay(&mut s.retry_minutes.unavailable, retry.unavailable);
        lay(&mut s.retry_minutes.declined, retry.declined);
        lay(&mut s.retry_minutes.fault, retry.fault);
        lay(&mut s.attempts_per_day, self.attempts_per_day);
        lay(&mut s.ring_timeout, self.ring_timeout);
        lay(&mut s.predictive_ratio_max, self.predictive_ratio_max);
        lay(&mut s.abandon_target, self.abandon_target);
        lay(&mut s.amd_enabled, self.amd_enabled);
        lay(&mut s.phone_mask, self.phone_mask);
        lay(&mut s.recycle_after_days, self.recycle_after_days);
        lay(&mut s.popup_on_dial, self.popup_on_dial);
        lay(&mut s.wrapup_required, self.wrapup_required);
    }

    /// # Errors
    /// Every value that is out of its range.
    pub fn validate(&self) -> Result<(), Vec<BadSetting>> {
        let mut bad = Vec::new();
        let mut check = |holds: bool, pointer, message| {
            if !holds {
                bad.push(BadSetting { pointer, message });
            }
        };
        let within = |value: Option<u32>, least, most| {
            value.is_none_or(|value| (least..=most).contains(&value))
        };
        let many = "must be 1 to 10,000";
        check(
            within(self.auto_dial_countdown, 0, 120),
            "/auto_dial_countdown",
            "must be 0 to 120",
        );
        check(
            within(self.agent_concurrency, 1, 10_000),
            "/agent_concurrency",
            many,
        );
        check(
            within(self.robot_concurrency, 1, 10_000),
            "/robot_concurrency",
            many,
        );
        check(
            within(self.max_attempts, 1, 10),
            "/max_attempts",
            "must be 1 to 10",
        );
        check(
            within(self.attempts_per_day, 1, 10),
            "/attempts_per_day",
            "must be 1 to 10",
        );
        check(
            within(self.ring_timeout, 10, 60),
            "/ring_timeout",
            "must be 10 to 60",
        );
        check(
            within(self.recycle_after_days, 0, 365),
            "/recycle_after_days",
            "must be 0 to 365",
        );
        let retry = &self.retry_minutes;
        for (value, pointer) in [
            (retry.no_answer, "/retry_minutes/no_answer"),
            (retry.busy, "/retry_minutes/busy"),
            (retry.unavailable, "/retry_minutes/unavailable"),
            (retry.declined, "/retry_minutes/declined"),
            (retry.fault, "/retry_minutes/fault"),
        ] {
            check(
                within(value, 1, 43_200),
                pointer,
                "must be 1 to 43,200 minutes",
            );
        }
        let ratio = self.predictive_ratio_max;
        check(
            ratio.is_none_or(|ratio| (1.0..=3.0).contains(&ratio)),
            "/predictive_ratio_max",
            "must be 1.0 to 3.0",
        );
        let target = self.abandon_target;
        check(
            target.is_none_or(|target| (0.0..=10.0).contains(&target)),
            "/abandon_target",
            "must be 0 to 10 percent",
        );
        if bad.is_empty() { Ok(()) } else { Err(bad) }
    }
}

#[cfg(test)]
mod tests;
