//! What the bench of the voice makes of its figures.

#[path = "../../benches/voice/verdict.rs"]
mod verdict;

use std::time::Duration;

use verdict::{
    Figure, SOAK,
    Verdict::{self, Met, Missed, NotMeasured},
};

fn check(figures: impl IntoIterator<Item = (Figure, Verdict)>) {
    for (figure, verdict) in figures {
        assert_eq!(
            Verdict::in_line(&figure.to_string()),
            Some(verdict),
            "{figure}"
        );
    }
}

#[test]
fn every_call_of_a_set_up_is_answered() {
    let minutes = |answered, failed| {
        verdict::without_failure(100, Duration::from_secs(600), answered, failed)
    };
    check([
        (minutes(60_000, 0), Met),
        (minutes(59_999, 1), Missed),
        (minutes(60_000, 1), Missed),
        (minutes(59_999, 0), Missed),
    ]);
    assert_eq!(
        minutes(59_999, 1).to_string(),
        "missed: 100 calls a second for 600 s: wanted 60000 answered, none failed, measured 59999 answered, 1 failed"
    );
}

#[test]
fn a_call_costs_at_most_half_of_what_it_costs_a_rival_that_is_there() {
    let beside = |ours, theirs| verdict::beside_rival("with sound", ours, theirs);
    check([
        (beside(1.0, Some(2.0)), Met),
        (beside(1.01, Some(2.0)), Missed),
        (beside(1.0, None), NotMeasured),
    ]);
}

#[test]
fn sound_is_in_time_and_legs_cost_little_more_than_their_sockets() {
    let late = |ms| verdict::lateness("1000 bridged calls", ms);
    let share = |percent| verdict::of_bare_sockets("1000 bridged calls", percent);
    check([
        (late(Some(1)), Met),
        (late(Some(5)), Met),
        (late(Some(10)), Missed),
        (late(None), Missed),
        (share(60.0), Met),
        (share(59.9), Missed),
        (verdict::memory(99.9), Met),
        (verdict::memory(100.0), Missed),
    ]);
}

#[test]
fn memory_is_flat_from_half_time_of_a_long_soak_on() {
    let second = Duration::from_secs;
    let grown = |last| vec![(second(0), 20.0), (second(900), 66.0), (SOAK, last)];
    check([
        (verdict::flat(SOAK, &grown(69.0)), Met),
        (verdict::flat(SOAK, &grown(50.0)), Met),
        (verdict::flat(SOAK, &grown(70.0)), Missed),
        (
            verdict::flat(second(60), &[(second(30), 1.0), (second(60), 1.0)]),
            NotMeasured,
        ),
        (verdict::flat(SOAK, &[]), NotMeasured),
        (verdict::none_failed(36_000, 0), Met),
        (verdict::none_failed(36_000, 1), Missed),
        (verdict::none_failed(0, 0), Missed),
    ]);
}

#[test]
fn nearly_every_answer_is_soon_heard_and_every_one_is_heard() {
    let answer = |ms, answers, unheard| {
        verdict::answer("paceline", Duration::from_millis(ms), answers, unheard)
    };
    check([
        (answer(59, 300, 0), Met),
        (answer(60, 300, 0), Missed),
        (answer(20, 300, 1), Missed),
        (answer(0, 0, 0), Missed),
    ]);
}

#[test]
fn a_part_that_breaks_off_is_missed_and_other_lines_are_no_figures() {
    check([(verdict::broken_off("soak", "signal: 9"), Missed)]);
    assert_eq!(Verdict::in_line("| paceline | 6,000 | met: |"), None);
}
