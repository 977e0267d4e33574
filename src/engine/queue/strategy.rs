//! In which order a queue's idle agents are rung (VOX-041, VOX-043).

use serde::{Deserialize, Serialize};

use crate::{ids::AgentId, time::Millis};

/// The ring strategy (策略模式). Within every one of them a lower tier comes first (VOX-087), and who
/// has been idle longest decides between equals (VOX-088).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// 所有振铃: all at once; the first to answer has the call.
    RingAll,
    /// 空闲时长最长振铃.
    #[default]
    LongestIdle,
    /// 轮循振铃: by position, beginning after the agent who was rung last.
    RoundRobin,
    /// 顺序振铃: by position, always from the top.
    TopDown,
    /// 通话时长最小振铃, since sign-in.
    LeastTalkTime,
    /// 接听最小振铃, since sign-in.
    FewestCalls,
    /// 优先级振铃: by level and position, then by who has been idle longest.
    ByAgentOrder,
}

impl Strategy {
    pub const ALL: [Self; 7] = [
        Self::RingAll,
        Self::LongestIdle,
        Self::RoundRobin,
        Self::TopDown,
        Self::LeastTalkTime,
        Self::FewestCalls,
        Self::ByAgentOrder,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RingAll => "ring_all",
            Self::LongestIdle => "longest_idle",
            Self::RoundRobin => "round_robin",
            Self::TopDown => "top_down",
            Self::LeastTalkTime => "least_talk_time",
            Self::FewestCalls => "fewest_calls",
            Self::ByAgentOrder => "by_agent_order",
        }
    }
}

/// An idle agent as a strategy sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub agent: AgentId,
    pub level: u32,
    pub position: u32,
    pub idle_since: Millis,
    /// Conversations since sign-in.
    pub calls: u64,
    /// Time in them; milliseconds.
    pub talk_ms: i64,
}

/// Orders candidates, who is to be rung first coming first. `last`: the place of the agent whom this
/// queue rang last.
#[must_use]
pub fn order(
    strategy: Strategy,
    mut candidates: Vec<Candidate>,
    last: Option<&(u32, AgentId)>,
) -> Vec<Candidate> {
    candidates.sort_by(|a, b| {
        let key = |one: &Candidate| {
            let place = i64::from(one.position);
            let first = match strategy {
                Strategy::LongestIdle => 0,
                Strategy::LeastTalkTime => one.talk_ms,
                Strategy::FewestCalls => i64::try_from(one.calls).unwrap_or(i64::MAX),
                Strategy::RingAll | Strategy::TopDown | Strategy::ByAgentOrder => place,
                Strategy::RoundRobin => {
                    let is_behind = last.is_some_and(|(position, agent)| {
                        (one.position, &one.agent) <= (*position, agent)
                    });
                    // Who comes after the last one is first; the others follow in the next round.
                    place + if is_behind { i64::from(u32::MAX) } else { 0 }
                }
            };
            (one.level, first)
        };
        let tie = |one: &Candidate| match strategy {
            // Positions need not differ; then the agents' numbers give the order.
            Strategy::RoundRobin | Strategy::TopDown => Millis(0),
            _ => one.idle_since,
        };
        (key(a), tie(a), &a.agent).cmp(&(key(b), tie(b), &b.agent))
    });
    candidates
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(agent: &str, place: (u32, u32), idle_since: i64, calls: u64, talk_ms: i64) -> Candidate {
        Candidate {
            agent: agent.into(),
            level: place.0,
            position: place.1,
            idle_since: Millis(idle_since),
            calls,
            talk_ms,
        }
    }

    fn four() -> Vec<Candidate> {
        vec![
            one("a", (1, 3), 40, 5, 900),
            one("b", (1, 1), 30, 9, 100),
            one("c", (1, 2), 20, 1, 500),
            one("d", (2, 1), 10, 0, 0),
        ]
    }

    fn by(strategy: Strategy, last: Option<(u32, &str)>) -> String {
        let last = last.map(|(position, agent)| (position, agent.into()));
        order(strategy, four(), last.as_ref())
            .iter()
            .map(|one| one.agent.as_str())
            .collect()
    }

    #[test]
    fn every_strategy_has_its_order_and_a_lower_tier_comes_first() {
        let table = [
            (Strategy::LongestIdle, "cbad"),
            (Strategy::RoundRobin, "bcad"),
            (Strategy::TopDown, "bcad"),
            (Strategy::LeastTalkTime, "bcad"),
            (Strategy::FewestCalls, "cabd"),
            (Strategy::ByAgentOrder, "bcad"),
            (Strategy::RingAll, "bcad"),
        ];
        for (strategy, agents) in table {
            assert_eq!(by(strategy, None), agents, "{strategy:?}");
        }
        assert_eq!(table.len(), Strategy::ALL.len());
    }

    #[test]
    fn a_round_goes_on_after_the_agent_who_was_rung_last() {
        assert_eq!(by(Strategy::RoundRobin, Some((1, "b"))), "cabd");
        assert_eq!(by(Strategy::RoundRobin, Some((2, "c"))), "abcd");
        assert_eq!(by(Strategy::RoundRobin, Some((3, "a"))), "bcad");
        assert_eq!(by(Strategy::TopDown, Some((2, "c"))), "bcad");
    }

    #[test]
    fn agents_of_the_same_place_take_turns_all_the_same() {
        let same = || {
            vec![
                one("a", (1, 1), 9, 0, 0),
                one("b", (1, 1), 8, 0, 0),
                one("c", (1, 1), 7, 0, 0),
            ]
        };
        let mut last = None;
        let mut rung = String::new();
        for _ in 0..5 {
            let next = order(Strategy::RoundRobin, same(), last.as_ref()).remove(0);
            rung.push_str(next.agent.as_str());
            last = Some((next.position, next.agent));
        }
        assert_eq!(rung, "abcab");
    }

    #[test]
    fn agents_of_one_level_and_position_are_asked_by_who_is_idle_longest() {
        let same = vec![one("a", (1, 1), 9, 0, 0), one("b", (1, 1), 8, 0, 0)];
        let asked = order(Strategy::ByAgentOrder, same, None);
        assert_eq!(asked[0].agent.as_str(), "b");
    }
}
