//! Which number the called party sees: one of the campaign's pool.

use serde::{Deserialize, Serialize};

use super::Facts;
use crate::time::Millis;

/// How a caller number is taken from the pool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    pub pick: Pick,
    /// Dials of one number a day, over all campaigns, 1 to 100,000.
    pub daily_cap: Option<u32>,
    /// Seconds that a number rests after a dial, 1 to 86,400.
    pub cool_down_s: Option<u32>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    /// They take turns.
    #[default]
    RoundRobin,
    /// Any, as chance has it.
    Random,
    /// The one that begins as the called number does, as far as possible.
    Local,
}

impl Rule {
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let within = |value: Option<u32>, most| value.is_none_or(|n| (1..=most).contains(&n));
        within(self.daily_cap, 100_000) && within(self.cool_down_s, 86_400)
    }

    /// Whether the books have to be asked about the numbers of the pool.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.daily_cap.is_some() || self.cool_down_s.is_some()
    }

    /// A number of the pool that may be used now. `turn` rises with every dial; chance comes from it
    /// and from the called number, so that the same shift dials the same.
    #[must_use]
    pub fn choose<'a>(
        &self,
        pool: &'a [String],
        facts: &Facts,
        turn: usize,
        now: Millis,
    ) -> Option<&'a str> {
        let free: Vec<&str> = pool
            .iter()
            .map(String::as_str)
            .filter(|caller| self.is_free(caller, facts, now))
            .collect();
        let place = match self.pick {
            Pick::RoundRobin => turn,
            Pick::Random => chance(&facts.number, turn),
            Pick::Local => return nearest(&free, &facts.number, turn),
        };
        free.get(place.checked_rem(free.len())?).copied()
    }

    fn is_free(&self, caller: &str, facts: &Facts, now: Millis) -> bool {
        let Some(used) = facts.callers.iter().find(|used| used.caller == caller) else {
            return true;
        };
        let rests = self
            .cool_down_s
            .is_some_and(|s| now.since(used.last) < i64::from(s) * 1000);
        let is_spent = self.daily_cap.is_some_and(|cap| used.today >= cap);
        !rests && !is_spent && !used.refused
    }

    /// When a number of a pool that has none now may be used again.
    #[must_use]
    pub fn free_at(&self, pool: &[String], facts: &Facts, tomorrow: Millis) -> Option<Millis> {
        let used = facts.callers.iter();
        used.filter(|used| pool.contains(&used.caller) && !used.refused)
            .map(|used| {
                let rested = used
                    .last
                    .plus(i64::from(self.cool_down_s.unwrap_or_default()) * 1000);
                match self.daily_cap {
                    Some(cap) if used.today >= cap => tomorrow.max(rested),
                    _ => rested,
                }
            })
            .min()
    }
}

/// Those that share the longest beginning take turns.
fn nearest<'a>(free: &[&'a str], number: &str, turn: usize) -> Option<&'a str> {
    let national = |text: &str| text.trim_start_matches('+').to_owned();
    let number = national(number);
    let shared = |caller: &str| {
        let caller = national(caller);
        let pairs = caller.bytes().zip(number.bytes());
        pairs.take_while(|(a, b)| a == b).count()
    };
    let longest = free.iter().map(|caller| shared(caller)).max()?;
    let near: Vec<&str> = free
        .iter()
        .copied()
        .filter(|caller| shared(caller) == longest)
        .collect();
    near.get(turn % near.len()).copied()
}

/// FNV-1a over number and turn.
fn chance(number: &str, turn: usize) -> usize {
    let start = 0xcbf2_9ce4_8422_2325_u64 ^ turn as u64;
    let mixed = number
        .bytes()
        .chain(turn.to_le_bytes())
        .fold(start, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    (mixed >> 33) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Used;

    const NOW: Millis = Millis(1_000_000);

    fn pool() -> Vec<String> {
        ["02110000", "01020000", "07550000"]
            .map(str::to_owned)
            .to_vec()
    }

    fn facts(number: &str, callers: Vec<Used>) -> Facts {
        Facts {
            number: number.into(),
            callers,
            ..Facts::default()
        }
    }

    fn used(caller: &str, today: u32, ago_s: i64) -> Used {
        Used {
            caller: caller.into(),
            today,
            last: NOW.plus(-ago_s * 1000),
            refused: false,
        }
    }

    #[test]
    fn they_take_turns() {
        let rule = Rule::default();
        let facts = facts("13800138000", Vec::new());
        let pool = pool();
        let turns = (0..4).map(|turn| rule.choose(&pool, &facts, turn, NOW).unwrap());
        let turns: Vec<&str> = turns.collect();
        assert_eq!(turns, ["02110000", "01020000", "07550000", "02110000"]);
        assert_eq!(rule.choose(&[], &facts, 0, NOW), None);
    }

    #[test]
    fn chance_uses_all_of_them_about_alike() {
        let rule = Rule {
            pick: Pick::Random,
            ..Rule::default()
        };
        let pool = pool();
        let mut times = [0; 3];
        for turn in 0..3_000 {
            let facts = facts(&format!("139{turn:08}"), Vec::new());
            let caller = rule.choose(&pool, &facts, turn, NOW).unwrap();
            times[pool.iter().position(|one| one == caller).unwrap()] += 1;
        }
        assert!(
            times.iter().all(|times| (800..1_200).contains(times)),
            "{times:?}"
        );
    }

    #[test]
    fn a_local_number_is_shown_where_there_is_one() {
        let rule = Rule {
            pick: Pick::Local,
            ..Rule::default()
        };
        let pool = pool();
        let of = |number: &str| {
            rule.choose(&pool, &facts(number, Vec::new()), 0, NOW)
                .map(str::to_owned)
        };
        assert_eq!(of("02162345678").as_deref(), Some("02110000"));
        assert_eq!(of("01062345678").as_deref(), Some("01020000"));
        assert_eq!(of("075522345678").as_deref(), Some("07550000"));
        assert_eq!(
            of("13800138000").as_deref(),
            Some("02110000"),
            "none is near"
        );
    }

    #[test]
    fn a_number_that_is_spent_resting_or_refused_is_not_shown() {
        let rule = Rule {
            daily_cap: Some(100),
            cool_down_s: Some(60),
            ..Rule::default()
        };
        let refused = Used {
            refused: true,
            ..used("07550000", 1, 600)
        };
        let all = vec![used("02110000", 100, 600), used("01020000", 5, 30), refused];
        let pool = pool();
        let facts = facts("13800138000", all);
        assert_eq!(rule.choose(&pool, &facts, 0, NOW), None);
        let tomorrow = NOW.plus(3_600_000);
        assert_eq!(
            rule.free_at(&pool, &facts, tomorrow),
            Some(NOW.plus(30_000))
        );
        let rested = NOW.plus(30_000);
        assert_eq!(rule.choose(&pool, &facts, 0, rested), Some("01020000"));
    }
}
