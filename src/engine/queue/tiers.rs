//! Tier rules (等级规则): agents of a higher level are asked only after a while (VOX-056 to VOX-060).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tiers {
    /// 等级规则应用.
    pub apply: bool,
    /// 等级规则设置的时间; milliseconds.
    pub wait_ms: i64,
    /// 等级规则级别: the time is multiplied by the level that is waited for.
    pub multiply: bool,
    /// 是否跳过等级规则: a tier without an available agent is not waited for.
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
        let mut open = BTreeSet::new();
        for &level in levels {
            let may = match self.before(level, levels) {
                None => true,
                Some(_) if self.skip_empty && available.range(..level).next().is_none() => true,
                Some(below) => waited_ms >= self.wait_for(below),
            };
            if may {
                open.insert(level);
            }
        }
        open
    }

    /// When the next level opens that is still shut; milliseconds of waiting.
    #[must_use]
    pub fn next_opening(&self, levels: &BTreeSet<u32>, waited_ms: i64) -> Option<i64> {
        if !self.apply {
            return None;
        }
        levels
            .iter()
            .filter_map(|level| Some(self.wait_for(self.before(*level, levels)?)))
            .filter(|after| *after > waited_ms)
            .min()
    }

    fn before(&self, level: u32, levels: &BTreeSet<u32>) -> Option<u32> {
        levels.range(..level).next_back().copied()
    }

    fn wait_for(&self, below: u32) -> i64 {
        match self.multiply {
            true => self.wait_ms.saturating_mul(below.into()),
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

    #[test]
    fn the_next_tier_is_asked_after_the_time_of_the_one_before() {
        let tiers = Tiers {
            apply: true,
            wait_ms: 10_000,
            ..Tiers::default()
        };
        assert_eq!(open(&tiers, &[1, 2, 5], 9), [1]);
        assert_eq!(open(&tiers, &[1, 2, 5], 10), [1, 2]);
        assert_eq!(open(&tiers, &[1, 2, 5], 20), [1, 2, 5]);
        let flat = Tiers {
            multiply: false,
            ..tiers.clone()
        };
        assert_eq!(open(&flat, &[1, 2, 5], 10), [1, 2, 5]);
        let levels = BTreeSet::from([1, 2, 5]);
        assert_eq!(tiers.next_opening(&levels, 0), Some(10_000));
        assert_eq!(tiers.next_opening(&levels, 10_000), Some(20_000));
        assert_eq!(tiers.next_opening(&levels, 20_000), None);
    }

    #[test]
    fn tiers_without_an_available_agent_are_skipped_where_the_queue_says_so() {
        let tiers = Tiers {
            apply: true,
            skip_empty: true,
            ..Tiers::default()
        };
        assert_eq!(open(&tiers, &[2, 5], 0), [1, 2]);
        assert_eq!(open(&tiers, &[5], 0), [1, 2, 5]);
        assert_eq!(open(&tiers, &[1], 0), [1]);
    }
}
