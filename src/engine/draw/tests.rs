use rand::{Rng, SeedableRng, rngs::StdRng};

use super::*;
use crate::time::Millis;

fn takers(claims: &[(u64, u64)]) -> Vec<Taker> {
    let taker = |&(weight, most)| Taker { weight, most };
    claims.iter().map(taker).collect()
}

/// 筛选数量, 分配, 未分配 of successive tasks as the handbook shows them (OUT-128, OUT-129).
#[test]
fn the_sample_tasks_add_up() {
    let rows = [
        (799, 100, 699),
        (699, 110, 589),
        (589, 110, 479),
        (479, 110, 369),
    ];
    for (filtered, quantity, unallocated) in rows {
        let target = Target::new(TargetType::Agent, "1001", quantity);
        let give = to_give(filtered, 1_000, Share::All);
        let given: u64 = in_order(give, &[target.taker(0)]).iter().sum();
        assert_eq!((given, filtered - given), (quantity, unallocated));
    }
}

#[test]
fn targets_fill_in_order_and_zero_takes_the_rest() {
    let targets = [
        Target::new(TargetType::Agent, "1", 30),
        Target::new(TargetType::Agent, "2", 0),
        Target::new(TargetType::Agent, "3", 10),
    ];
    let takers: Vec<Taker> = targets.iter().map(|target| target.taker(0)).collect();
    assert_eq!(in_order(100, &takers), [30, 70, 0]);
    assert_eq!(in_order(20, &takers), [20, 0, 0]);
    assert_eq!(in_order(0, &takers), [0, 0, 0]);
}

#[test]
fn what_a_target_holds_narrows_what_it_takes() {
    let target = Target {
        hold_max: 50,
        ..Target::new(TargetType::Agent, "1", 40)
    };
    assert_eq!(target.taker(0).most, 40);
    assert_eq!(target.taker(30).most, 20);
    assert_eq!(target.taker(60).most, 0);
}

#[test]
fn a_share_is_taken_of_what_was_drawn() {
    assert_eq!(to_give(1000, 101, Share::All), 101);
    assert_eq!(to_give(1000, 101, Share::ThreeQuarters), 75);
    assert_eq!(to_give(1000, 101, Share::Half), 50);
    assert_eq!(to_give(1000, 101, Share::Quarter), 25);
    assert_eq!(to_give(7, 101, Share::All), 7);
}

#[test]
fn leftovers_go_to_the_largest_remainders() {
    let open = u64::MAX;
    assert_eq!(
        in_proportion(10, &takers(&[(1, open), (1, open), (1, open)])),
        [4, 3, 3]
    );
    assert_eq!(
        in_proportion(10, &takers(&[(1, open), (2, open), (4, open)])),
        [1, 3, 6]
    );
    assert_eq!(
        in_proportion(100, &takers(&[(1, 10), (1, open), (0, open)])),
        [10, 90, 0]
    );
    assert_eq!(in_proportion(100, &takers(&[(1, 10), (1, 20)])), [10, 20]);
    assert_eq!(in_proportion(5, &[]), [] as [u64; 0]);
}

/// Sums, caps, fairness: of any number among any takers.
#[test]
fn divisions_hold_for_any_numbers() {
    let mut dice = StdRng::seed_from_u64(7);
    for _ in 0..2_000 {
        let count = dice.random_range(0..12);
        let claims: Vec<(u64, u64)> = (0..count)
            .map(|_| {
                let most = match dice.random_range(0..3) {
                    0 => u64::MAX,
                    _ => dice.random_range(0..400),
                };
                (dice.random_range(0..5), most)
            })
            .collect();
        let takers = takers(&claims);
        let leads = dice.random_range(0..1_500);
        for (gets, weighted) in [
            (in_order(leads, &takers), false),
            (in_proportion(leads, &takers), true),
        ] {
            let mut most: u128 = 0;
            for (got, taker) in gets.iter().zip(&takers) {
                assert!(*got <= taker.most);
                assert!(!weighted || taker.weight > 0 || *got == 0);
                if !weighted || taker.weight > 0 {
                    most += u128::from(taker.most);
                }
            }
            let given: u64 = gets.iter().sum();
            assert_eq!(u128::from(given), u128::from(leads).min(most), "{takers:?}");
            assert_eq!(deal_in_turn(&gets).len() as u64, given);
        }
        fair(leads, &takers);
    }
}

/// Two takers that are not full differ by no more than a lead from what their weights say.
fn fair(leads: u64, takers: &[Taker]) {
    let gets = in_proportion(leads, takers);
    let open: Vec<usize> = (0..takers.len())
        .filter(|&at| takers[at].weight > 0 && gets[at] < takers[at].most)
        .collect();
    for &a in &open {
        for &b in &open {
            let per_weight = (gets[b] + 1) as f64 / takers[b].weight as f64;
            let least = (gets[a] as f64 - 1.0) / takers[a].weight as f64;
            assert!(least <= per_weight, "{gets:?} of {takers:?}");
        }
    }
}

#[test]
fn dealing_in_turn_spreads_every_target_over_the_list() {
    assert_eq!(deal_one_after_another(&[2, 0, 1]), [0, 0, 2]);
    assert_eq!(deal_in_turn(&[2, 2]), [0, 1, 0, 1]);
    assert_eq!(deal_in_turn(&[1, 3]), [1, 0, 1, 1]);
    let dealt = deal_in_turn(&[30, 60, 10]);
    for (target, share) in [(0, 0.3), (1, 0.6), (2, 0.1)] {
        let mut had = 0.0;
        for (n, _) in dealt.iter().enumerate().filter(|(_, got)| **got == target) {
            had += 1.0;
            let due = share * (n as f64 + 1.0);
            assert!(
                (had - due).abs() <= 1.0,
                "target {target} at {n}: {had} of {due}"
            );
        }
    }
}

fn sorted(order: &ListOrder, values: &[&'static str]) -> Vec<&'static str> {
    let mut rows: Vec<_> = (0_i64..)
        .zip(values)
        .map(|(position, value)| (order.rank(position, 0, Some(value)), position, *value))
        .collect();
    rows.sort();
    rows.into_iter().map(|(_, _, value)| value).collect()
}

#[test]
fn a_field_orders_numbers_as_numbers_and_dates_as_texts() {
    let by = |descending| ListOrder::Field {
        field: "f1".into(),
        descending,
    };
    let values = [
        "10",
        "9",
        "",
        "-3.5",
        "王",
        "2026-01-02",
        "2025-12-31",
        "1e3",
        "9",
    ];
    assert_eq!(
        sorted(&by(false), &values),
        [
            "-3.5",
            "9",
            "9",
            "10",
            "1e3",
            "2025-12-31",
            "2026-01-02",
            "王",
            ""
        ]
    );
    assert_eq!(
        sorted(&by(true), &values),
        [
            "1e3",
            "10",
            "9",
            "9",
            "-3.5",
            "王",
            "2026-01-02",
            "2025-12-31",
            ""
        ]
    );
    assert_eq!(sorted(&by(true), &["ab", "abc", "b"]), ["b", "abc", "ab"]);
}

#[test]
fn numbers_keep_their_order_over_their_whole_range() {
    let order = ListOrder::Field {
        field: "f".into(),
        descending: false,
    };
    let numbers = [
        f64::MIN,
        -1e18,
        -1.5,
        -1e-300,
        0.0,
        1e-300,
        0.5,
        1.0,
        123_456_789_012.0,
        1e18,
        f64::MAX,
    ];
    let ranks: Vec<i64> = numbers
        .iter()
        .map(|number| order.rank(0, 0, Some(&number.to_string())).rank)
        .collect();
    assert!(ranks.is_sorted_by(|a, b| a < b), "{ranks:?}");
    assert!(ranks.iter().all(|rank| rank.abs() < LATE / 2 + 1));
    assert_eq!(order.rank(0, 0, Some("-0")), order.rank(0, 0, Some("0")));
}

#[test]
fn the_other_orders() {
    let priority = ListOrder::Priority { field: None };
    assert!(priority.rank(5, 9, None) < priority.rank(1, 3, None));
    let by_field = ListOrder::Priority {
        field: Some("f".into()),
    };
    assert!(by_field.rank(5, 0, Some(" 8 ")) < by_field.rank(1, 9, Some("high")));
    assert_eq!(by_field.rank(0, 0, Some("77")).rank, 0);
    assert!(ListOrder::NewFirst.rank(7, 0, None) < ListOrder::NewFirst.rank(6, 0, None));
    assert!(ListOrder::Creation.rank(6, 0, None) < ListOrder::Creation.rank(7, 0, None));
    let shuffle = |seed| {
        let order = ListOrder::Random { seed };
        let mut all: Vec<i64> = (0..1_000).collect();
        all.sort_by_key(|position| order.rank(*position, 0, None).rank);
        all
    };
    assert_eq!(shuffle(1), shuffle(1));
    assert_ne!(shuffle(1), shuffle(2));
    let in_front = shuffle(3)[..500].iter().filter(|at| **at < 500).count();
    assert!(
        (200..300).contains(&in_front),
        "{in_front} of the first half"
    );
}

#[test]
fn a_lead_put_back_comes_behind_every_other() {
    let orders = [
        ListOrder::Creation,
        ListOrder::Random { seed: 9 },
        ListOrder::Field {
            field: "f".into(),
            descending: true,
        },
    ];
    for order in orders {
        assert!(order.rank(1 << 59, 0, Some("")).rank < late(Millis(0)));
    }
    assert!(late(Millis(1)) < late(Millis(2)));
}

#[test]
fn owners_are_found_by_any_of_their_names() {
    let mut owners = Owners::default();
    let taker = |most| Taker { weight: 1, most };
    owners.add(["1001", "li", "李雷"], taker(2));
    owners.add(["1002", "han", "韩梅梅"], taker(9));
    owners.add(["1003", "wang", "韩梅梅"], taker(9));
    assert_eq!(owners.deal(Some("1001")), Ok(0));
    assert_eq!(owners.deal(Some(" LI ")), Ok(0));
    assert_eq!(owners.deal(Some("李雷")), Err(Undealt::TargetFull));
    assert_eq!(owners.deal(Some("han")), Ok(1));
    assert_eq!(owners.deal(Some("韩梅梅")), Err(Undealt::AmbiguousOwner));
    assert_eq!(owners.deal(Some("zhang")), Err(Undealt::UnknownOwner));
    assert_eq!(owners.deal(Some(" ")), Err(Undealt::NoOwner));
    assert_eq!(owners.deal(None), Err(Undealt::NoOwner));
}

#[test]
fn robots_are_only_for_robot_campaigns() {
    use crate::campaign::Mode;
    assert!(TargetType::Robot.fits(Mode::Robot));
    assert!(!TargetType::Robot.fits(Mode::Predictive));
    assert!(TargetType::Department.fits(Mode::Preview));
}

#[test]
fn only_a_lead_that_was_ranked_by_its_own_priority_moves_with_it() {
    let own = ListOrder::Priority { field: None };
    assert_eq!(own.moved(9, 7), Some(2));
    assert_eq!(own.moved(0, 0), Some(9));
    assert_eq!(own.moved(late(Millis(5)), 7), None, "put back");
    assert_eq!(own.moved(1 << 24, 7), None, "ranked by its creation");
    let by_field = ListOrder::Priority {
        field: Some("f1".into()),
    };
    assert_eq!(by_field.moved(9, 7), None);
    assert_eq!(ListOrder::Creation.moved(9, 7), None);
}
