//! How many of the drawn leads each target gets.

/// One target's claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taker {
    pub weight: u64,
    /// Most leads it takes.
    pub most: u64,
}

/// Fills the takers in their order; what is beyond their sum is given to nobody (OUT-127).
#[must_use]
pub fn in_order(leads: u64, takers: &[Taker]) -> Vec<u64> {
    let mut left = leads;
    takers
        .iter()
        .map(|taker| {
            let gets = left.min(taker.most);
            left -= gets;
            gets
        })
        .collect()
}

/// Divides by weight. A taker that is full leaves its rest to the others, by their weights. Leads
/// that do not divide go one each to the largest remainders, the earlier taker first.
#[must_use]
pub fn in_proportion(leads: u64, takers: &[Taker]) -> Vec<u64> {
    let mut gets = vec![0; takers.len()];
    let mut open: Vec<usize> = (0..takers.len())
        .filter(|&at| takers[at].weight > 0)
        .collect();
    let mut left = leads;
    loop {
        let weights: u128 = open.iter().map(|&at| u128::from(takers[at].weight)).sum();
        if weights == 0 || left == 0 {
            return gets;
        }
        let quota = |at: usize| u128::from(left) * u128::from(takers[at].weight) / weights;
        let full: Vec<usize> = open
            .iter()
            .copied()
            .filter(|&at| quota(at) >= u128::from(takers[at].most))
            .collect();
        if full.is_empty() {
            hand_out(&mut gets, left, &open, takers, weights);
            return gets;
        }
        for at in full {
            gets[at] = takers[at].most;
            left -= takers[at].most;
            open.retain(|&other| other != at);
        }
    }
}

/// Quotas rounded down, and one more each to the largest remainders.
fn hand_out(gets: &mut [u64], leads: u64, open: &[usize], takers: &[Taker], weights: u128) {
    let mut given = 0;
    let mut remainders = Vec::with_capacity(open.len());
    for &at in open {
        let share = u128::from(leads) * u128::from(takers[at].weight);
        gets[at] = u64::try_from(share / weights).unwrap_or(u64::MAX);
        given += gets[at];
        remainders.push((std::cmp::Reverse(share % weights), at));
    }
    remainders.sort_unstable();
    let over = usize::try_from(leads - given).unwrap_or(usize::MAX);
    for (_, at) in remainders.into_iter().take(over) {
        gets[at] += 1;
    }
}
