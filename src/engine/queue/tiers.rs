//! Tier rules (等级规则): agents of a higher level are asked only after a while (VOX-056 to VOX-060).
//!
//! The times are those of FreeSWITCH's `mod_callcenter`, whose parameters these are: with `multiply` a
//! level opens after the time multiplied by that level itself (level 2 of 300 s after 600 s, level 5 after
//! 1500 s), without it every one opens after the time. What is between two levels, and whether anybody is
//! there, plays no part. Other than there, a queue's lowest level is asked at once, whatever its number:
//! a caller waits before the next tier, not before the first.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tiers {
    /// 等级规则应用 (`tier-rules-apply`).
    pub apply: bool,
    /// 等级规则设置的时间 (`tier-rule-wait-second`); milliseconds.
    pub wait_ms: i64,
    /// 等级规则级别 (`tier-rule-wait-multiply-level`): the time is multiplied by the level that is to be
    /// opened.
    pub multiply: bool,
    /// 是否跳过等级规则 (`tier-rule-no-agent-no-wait`): tiers without an available agent are not waited for,
    /// so that the lowest one that has an agent is asked at once.
    pub skip_empty: bool,
}

impl Default for Tiers {
    fn default() -> Self {
        Self {
            apply: false,
            wait_ms: 300_000,
            multiply: true,
            skip_empty: false,
        }
    }
}

impl Tiers {
    /// The levels whose agents may be asked for a call that has waited so long. `levels`: those that
    /// the queue has; `available`: those with an agent who takes calls, now or after the present one.
    #[must_use]
    pub fn open(
        &self,
        levels: &BTreeSet<u32>,
        available: &BTreeSet<u32>,
        waited_ms: i64,
    ) -> BTreeSet<u32> {
        if !self.apply {
            return levels.clone();
        }
        let waited_for = if self.skip_empty { available } else { levels };
        let is_first = |level: u32| waited_for.range(..level).next().is_none();
        let is_open = |level: &u32| is_first(*level) || waited_ms >= self.opens_after(*level);
        levels.iter().copied().filter(is_open).collect()
    }

    /// When the next level opens that may still be shut; milliseconds of waiting. Agents come and go
    /// meanwhile, so that a level which is open because those below it are empty is among them.
    #[must_use]
    pub fn next_opening(&self, levels: &BTreeSet<u32>, waited_ms: i64) -> Option<i64> {
        if !self.apply {
            return None;
        }
        let later = levels.iter().skip(1).map(|level| self.opens_after(*level));
        later.filter(|after| *after > waited_ms).min()
    }

    /// How long a call waits for a level that is not the first.
    fn opens_after(&self, level: u32) -> i64 {
        match self.multiply {
            true => self.wait_ms.saturating_mul(level.into()),
            false => self.wait_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(tiers: &Tiers, available: &[u32], waited_s: i64) -> Vec<u32> {
        let levels = BTreeSet::from([1, 2, 5]);
        let available = available.iter().copied().collect();
        tiers
            .open(&levels, &available, waited_s * 1000)
            .into_iter()
            .collect()
    }

    #[test]
    fn without_the_rule_everybody_is_asked() {
        assert_eq!(open(&Tiers::default(), &[], 0), [1, 2, 5]);
    }

    fn ten_seconds() -> Tiers {
        Tiers {
            apply: true,
            wait_ms: 10_000,
            ..Tiers::default()
        }
    }

    #[test]
    fn a_tier_is_asked_after_the_time_multiplied_by_its_own_level() {
        let tiers = ten_seconds();
        assert_eq!(open(&tiers, &[1, 2, 5], 19), [1]);
        assert_eq!(open(&tiers, &[1, 2, 5], 20), [1, 2]);
        assert_eq!(open(&tiers, &[1, 2, 5], 49), [1, 2]);
        assert_eq!(open(&tiers, &[1, 2, 5], 50), [1, 2, 5]);
        let flat = Tiers {
            multiply: false,
            ..tiers
        };
        assert_eq!(open(&flat, &[1, 2, 5], 9), [1]);
        assert_eq!(open(&flat, &[1, 2, 5], 10), [1, 2, 5]);
    }

    #[test]
    fn the_first_tier_is_asked_at_once_whatever_its_level() {
        let levels = BTreeSet::from([3, 4]);
        let open = ten_seconds().open(&levels, &levels, 0);
        assert_eq!(open, BTreeSet::from([3]));
        assert_eq!(ten_seconds().next_opening(&levels, 0), Some(40_000));
    }

    #[test]
    fn each_tier_but_the_first_has_its_moment() {
        let levels = BTreeSet::from([1, 2, 5]);
        for skip_empty in [false, true] {
            let tiers = Tiers {
                skip_empty,
                ..ten_seconds()
            };
            assert_eq!(tiers.next_opening(&levels, 0), Some(20_000));
            assert_eq!(tiers.next_opening(&levels, 20_000), Some(50_000));
            assert_eq!(tiers.next_opening(&levels, 50_000), None);
        }
    }

    #[test]
    fn tiers_without_an_available_agent_are_skipped_where_the_queue_says_so() {
        let tiers = Tiers {
            skip_empty: true,
            ..ten_seconds()
        };
        assert_eq!(open(&tiers, &[2, 5], 0), [1, 2]);
        assert_eq!(open(&tiers, &[5], 0), [1, 2, 5]);
        assert_eq!(open(&tiers, &[1], 0), [1]);
        assert_eq!(open(&tiers, &[1, 5], 20), [1, 2]);
        assert_eq!(open(&tiers, &[1, 5], 50), [1, 2, 5]);
        let flat = Tiers {
            multiply: false,
            ..tiers
        };
        assert_eq!(open(&flat, &[1, 5], 10), [1, 2, 5]);
    }
}
