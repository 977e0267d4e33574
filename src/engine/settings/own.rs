//! What a campaign sets itself; in everything else it follows the wider levels, now and when they
//! change (OUT-154).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Overrides, for_new_campaign};
use crate::campaign::{Mode, Settings};

/// An outbound setting that is kept with each campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Own {
    RingTimeout,
    MaxAttempts,
    AttemptsPerDay,
    RetryNoAnswer,
    RetryBusy,
    RetryUnavailable,
    RetryDeclined,
    RetryFault,
    AutoDial,
    WrapupRequired,
    /// What may be abandoned and how many lines an agent gets.
    Pacing,
    Amd,
}

impl Own {
    pub const ALL: [Self; 12] = [
        Self::RingTimeout,
        Self::MaxAttempts,
        Self::AttemptsPerDay,
        Self::RetryNoAnswer,
        Self::RetryBusy,
        Self::RetryUnavailable,
        Self::RetryDeclined,
        Self::RetryFault,
        Self::AutoDial,
        Self::WrapupRequired,
        Self::Pacing,
        Self::Amd,
    ];

    /// Where it stands in a campaign's settings.
    #[must_use]
    pub fn pointer(self) -> &'static str {
        match self {
            Self::RingTimeout => "/ring_timeout_s",
            Self::MaxAttempts => "/retry/max_attempts",
            Self::AttemptsPerDay => "/retry/attempts_per_day",
            Self::RetryNoAnswer => "/retry/no_answer_minutes",
            Self::RetryBusy => "/retry/busy_minutes",
            Self::RetryUnavailable => "/retry/unavailable_minutes",
            Self::RetryDeclined => "/retry/declined_minutes",
            Self::RetryFault => "/retry/fault_minutes",
            Self::AutoDial => "/preview_countdown_s",
            Self::WrapupRequired => "/disposition_required",
            Self::Pacing => "/pacing",
            Self::Amd => "/classification/enabled",
        }
    }

    fn copy(self, from: &Settings, to: &mut Settings) {
        let (retry, of) = (&mut to.retry, &from.retry);
        match self {
            Self::RingTimeout => to.ring_timeout_s = from.ring_timeout_s,
            Self::MaxAttempts => retry.max_attempts = of.max_attempts,
            Self::AttemptsPerDay => retry.attempts_per_day = of.attempts_per_day,
            Self::RetryNoAnswer => retry.no_answer_minutes = of.no_answer_minutes,
            Self::RetryBusy => retry.busy_minutes = of.busy_minutes,
            Self::RetryUnavailable => retry.unavailable_minutes = of.unavailable_minutes,
            Self::RetryDeclined => retry.declined_minutes = of.declined_minutes,
            Self::RetryFault => retry.fault_minutes = of.fault_minutes,
            Self::AutoDial => to.preview_countdown_s = from.preview_countdown_s,
            Self::WrapupRequired => to.disposition_required = from.disposition_required,
            Self::Pacing => to.pacing = from.pacing,
            Self::Amd => to.classification.enabled = from.classification.enabled,
        }
    }

    fn differs(self, one: &Settings, other: &Settings) -> bool {
        let mut copy = one.clone();
        self.copy(other, &mut copy);
        copy != *one
    }
}

/// What a new campaign sets itself: what is `asked`, a JSON object of its settings.
#[must_use]
pub fn asked(asked: &Value) -> BTreeSet<Own> {
    let is_asked = |own: &Own| asked.pointer(own.pointer()).is_some();
    Own::ALL.into_iter().filter(is_asked).collect()
}

/// What a campaign sets itself after its settings were replaced: what it did before, and what is
/// `asked` and other than it was. So who sends back what was read changes nothing.
#[must_use]
pub fn changed(
    before: &BTreeSet<Own>,
    old: &Settings,
    new: &Settings,
    asked: &Value,
) -> BTreeSet<Own> {
    let asked = self::asked(asked);
    let sets = |own: &Own| before.contains(own) || (asked.contains(own) && own.differs(old, new));
    Own::ALL.into_iter().filter(sets).collect()
}

/// Gives a campaign what the wider levels say, the widest first, in what is not its own.
pub fn follow(
    settings: &mut Settings,
    own: &BTreeSet<Own>,
    levels: &[Overrides],
    mode: Option<Mode>,
) {
    let start = for_new_campaign(levels, mode);
    for followed in Own::ALL.iter().filter(|one| !own.contains(one)) {
        followed.copy(&start, settings);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{pacing::Policy, settings::RetryOverrides};

    fn level() -> Overrides {
        Overrides {
            ring_timeout: Some(41),
            max_attempts: Some(7),
            attempts_per_day: Some(6),
            retry_minutes: RetryOverrides {
                no_answer: Some(1),
                busy: Some(2),
                unavailable: Some(3),
                declined: Some(4),
                fault: Some(6),
            },
            auto_dial_enabled: Some(true),
            auto_dial_countdown: Some(9),
            wrapup_required: Some(false),
            predictive_ratio_max: Some(1.5),
            amd_enabled: Some(true),
            ..Overrides::default()
        }
    }

    #[test]
    fn each_setting_follows_until_it_is_the_campaign_s_own() {
        let plain = Settings {
            disposition_required: true,
            ..Settings::default()
        };
        let text = serde_json::to_value(&plain).unwrap();
        let mode = Some(Mode::Predictive);
        for own in Own::ALL {
            assert!(text.pointer(own.pointer()).is_some(), "{own:?}");
            let mut settings = plain.clone();
            follow(&mut settings, &[own].into(), &[level()], mode);
            let followed = |one: &Own| one.differs(&plain, &settings);
            let others: Vec<Own> = Own::ALL.into_iter().filter(|one| *one != own).collect();
            let all: Vec<Own> = Own::ALL.into_iter().filter(followed).collect();
            assert_eq!(all, others);
        }
        let mut settings = plain.clone();
        follow(&mut settings, &BTreeSet::new(), &[level()], mode);
        assert!(matches!(settings.pacing, Policy::Predictive(_)));
        follow(&mut settings, &BTreeSet::new(), &[], mode);
        let new = for_new_campaign(&[], mode);
        assert_eq!(settings, new, "what no level sets any more is the default");
    }

    #[test]
    fn what_is_sent_back_as_it_was_read_stays_inherited() {
        let old = for_new_campaign(&[level()], Some(Mode::Robot));
        let mut text = serde_json::to_value(&old).unwrap();
        let none = BTreeSet::new();
        assert_eq!(changed(&none, &old, &old, &text), none);
        text["ring_timeout_s"] = json!(20);
        let new: Settings = serde_json::from_value(text.clone()).unwrap();
        let ring: BTreeSet<Own> = [Own::RingTimeout].into();
        assert_eq!(changed(&none, &old, &new, &text), ring);
        assert_eq!(changed(&ring, &new, &new, &text), ring, "it stays");
        // Left out, it is no change of the campaign's.
        assert_eq!(changed(&none, &old, &new, &json!({"record": true})), none);
        assert_eq!(
            asked(&json!({"retry": {"busy_minutes": 10}, "pacing": {"mode": "ratio"}})),
            [Own::RetryBusy, Own::Pacing].into()
        );
    }
}
