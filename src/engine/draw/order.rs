//! The order in which a campaign's leads are drawn and dialled.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::time::Millis;

/// By what leads are ordered; leads that are equal in it follow in order of creation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum ListOrder {
    /// Oldest lead first.
    #[default]
    Creation,
    /// Newest lead first.
    NewFirst,
    /// Shuffled; the same seed gives the same order.
    Random { seed: u32 },
    /// By a field: numbers as numbers, then other texts by their characters, empty ones last.
    Field {
        field: String,
        #[serde(default)]
        descending: bool,
    },
    /// 9 first, 0 last; the lead's own priority, or what a field says.
    Priority {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        field: Option<String>,
    },
}

/// A lead's place in the order: first `rank`, then `key` by its bytes, then the lead's position.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rank {
    pub rank: i64,
    /// Empty unless leads are ordered by texts.
    pub key: String,
}

/// Ranks of the order are below it. A lead that was put back unhurt gets a rank above it, see
/// [`late`], and so comes behind all others.
pub const LATE: i64 = 1 << 61;
const TEXT: i64 = (1 << 60) + 1;
const EMPTY: i64 = TEXT + 1;
/// Characters of a text that are compared.
const KEY_CHARS: usize = 64;

/// The rank of a lead that was never dialled and may not be before `at`.
#[must_use]
pub fn late(at: Millis) -> i64 {
    LATE.saturating_add(at.0)
}

impl ListOrder {
    /// The field that the order looks at.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Field { field, .. } => Some(field),
            Self::Priority { field } => field.as_deref(),
            Self::Creation | Self::NewFirst | Self::Random { .. } => None,
        }
    }

    /// `position` says when the lead was made, `priority` is its own, `value` that of
    /// [`ListOrder::field`].
    #[must_use]
    pub fn rank(&self, position: i64, priority: i64, value: Option<&str>) -> Rank {
        let plain = |rank| Rank {
            rank,
            key: String::new(),
        };
        match self {
            Self::Creation => plain(position),
            Self::NewFirst => plain(-position),
            Self::Random { seed } => plain(shuffled(*seed, position)),
            Self::Field { descending, .. } => by_value(value, *descending),
            Self::Priority { field: None } => plain(9 - priority.clamp(0, 9)),
            Self::Priority { field: Some(_) } => {
                let said = value.and_then(|text| text.trim().parse::<f64>().ok());
                let said = said.filter(|number| number.is_finite()).unwrap_or(0.0);
                plain(9 - (said.clamp(0.0, 9.0) as i64))
            }
        }
    }
}

impl ListOrder {
    /// The new rank of a lead that was ranked by its own priority, which has changed; `None`: the lead
    /// stays where it is, for it was ranked by something else or put back behind all others.
    #[must_use]
    pub fn moved(&self, rank: i64, priority: i64) -> Option<i64> {
        let by_own = matches!(self, Self::Priority { field: None });
        (by_own && (0..=9).contains(&rank)).then(|| self.rank(0, priority, None).rank)
    }
}

/// SplitMix64's finaliser: every bit of the position reaches every bit of the rank.
fn shuffled(seed: u32, position: i64) -> i64 {
    let step = u64::from(seed).wrapping_add(1);
    let mut x = position
        .cast_unsigned()
        .wrapping_add(step.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^= x >> 31;
    (x >> 4).cast_signed()
}

fn by_value(value: Option<&str>, descending: bool) -> Rank {
    let text = value.map_or("", str::trim);
    if text.is_empty() {
        return Rank {
            rank: EMPTY,
            key: String::new(),
        };
    }
    if let Some(number) = text.parse::<f64>().ok().filter(|one| one.is_finite()) {
        let number = if descending { -number } else { number };
        return Rank {
            rank: in_bits(number),
            key: String::new(),
        };
    }
    let text = text.chars().filter(|c| *c != '\0').take(KEY_CHARS);
    let key = if descending {
        turned(&text.collect::<String>())
    } else {
        text.collect()
    };
    Rank { rank: TEXT, key }
}

/// An integer that is ordered as the number is; the last three bits of 53 are not looked at.
fn in_bits(number: f64) -> i64 {
    // Adding zero makes -0 and 0 one number.
    let bits = (number + 0.0).to_bits().cast_signed();
    let ordered = if bits < 0 { bits ^ i64::MAX } else { bits };
    ordered >> 3
}

/// A text that sorts the other way round. The end mark sorts behind every digit, so that a text
/// comes after those that go on where it ends.
fn turned(text: &str) -> String {
    let mut key = String::with_capacity(text.len() * 2 + 1);
    for byte in text.bytes() {
        // Writing to a text cannot fail.
        let _ = write!(key, "{:02x}", !byte);
    }
    key.push('g');
    key
}
