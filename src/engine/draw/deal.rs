//! Which target gets the first lead of a draw, which the second, and so on.

/// The first target's leads, then the second's: for each lead the place of its target.
#[must_use]
pub fn deal_one_after_another(gets: &[u64]) -> Vec<usize> {
    let mut dealt = Vec::new();
    for (target, count) in gets.iter().enumerate() {
        let count = usize::try_from(*count).unwrap_or(usize::MAX);
        dealt.resize(dealt.len() + count, target);
    }
    dealt
}

/// In turn, so that each target gets its part of the front of the list as well as of its end: a
/// target's n-th lead of m falls at (2n - 1) / 2m of the way.
#[must_use]
pub fn deal_in_turn(gets: &[u64]) -> Vec<usize> {
    let mut turns: Vec<(u64, usize)> = Vec::new();
    for (target, &count) in gets.iter().enumerate() {
        for n in 0..count {
            let at = (u128::from(2 * n + 1) << 63) / u128::from(count);
            turns.push((u64::try_from(at).unwrap_or(u64::MAX), target));
        }
    }
    turns.sort_unstable();
    turns.into_iter().map(|(_, target)| target).collect()
}
