use super::*;

fn tally(answered: u64, lost: u64) -> Tally {
    Tally {
        answered,
        connected: answered - lost,
        lost,
        ..Tally::default()
    }
}

fn hour(hour: i64) -> Millis {
    Millis(hour * HOUR_MS)
}

#[test]
fn machines_are_taken_out_pro_rata() {
    // 200 taken for persons, 10 of them lost; of 190 connected 19 were machines, a tenth.
    let seen = Tally {
        answered: 200,
        connected: 190,
        lost: 10,
        machines: 19,
        ..Tally::default()
    };
    assert!((seen.persons() - 180.0).abs() < 1e-9);
    assert!((seen.lost_persons() - 9.0).abs() < 1e-9);
    assert!((seen.rate() - 0.05).abs() < 1e-9);
}

#[test]
fn one_more_loss_may_not_break_the_cap() {
    // 3 % of 960 + 60 lent is 30.6: with 29 lost there is room for one more, with 30 for none.
    assert_eq!(allowed(&tally(960, 29), 0.03), Allowed::Prediction);
    assert_eq!(allowed(&tally(960, 30), 0.03), Allowed::OneLineEach);
    // It comes back with the answers that were met.
    assert_eq!(allowed(&tally(994, 30), 0.03), Allowed::Prediction);
}

#[test]
fn a_list_near_its_end_lends_only_what_it_still_has() {
    // 3 % of 90 + 60 is 4.5, of 90 + 12 only 3.06.
    assert!(!is_full(&tally(90, 3), 0.03, None));
    assert!(is_full(&tally(90, 3), 0.03, Some(12.0)));
    assert!(!is_full(&tally(90, 2), 0.03, Some(12.0)));
}

#[test]
fn far_over_the_cap_nothing_is_dialled() {
    // 4 + 6 % of (960 + 100) = 67.6
    assert_eq!(allowed(&tally(960, 67), 0.03), Allowed::OneLineEach);
    assert_eq!(allowed(&tally(960, 68), 0.03), Allowed::Nothing);
    // 4 + 6 % of 112 = 10.7: the first unlucky dozen stops nothing.
    assert_eq!(allowed(&tally(12, 10), 0.03), Allowed::OneLineEach);
}

#[test]
fn a_cap_of_nothing_allows_no_prediction() {
    assert_eq!(allowed(&Tally::default(), 0.0), Allowed::OneLineEach);
    assert_eq!(allowed(&tally(10_000, 0), 0.0), Allowed::OneLineEach);
}

#[test]
fn each_window_sees_its_own_span() {
    let mut ledger = Ledger::default();
    ledger.book(&tally(100, 10), hour(0));
    ledger.book(&tally(200, 2), hour(40));
    ledger.book(&tally(50, 1), hour(49));
    assert_eq!(ledger.tally(Window::Day, hour(50)), tally(250, 3));
    assert_eq!(ledger.tally(Window::ThirtyDays, hour(50)), tally(350, 13));
    assert_eq!(ledger.tally(Window::ThirtyDays, hour(730)), tally(250, 3));
    assert_eq!(ledger.tally(Window::Campaign, hour(9_999)), tally(350, 13));
}

#[test]
fn the_strictest_window_decides_and_is_named() {
    let mut ledger = Ledger::default();
    ledger.book(&tally(100, 10), hour(0));
    ledger.book(&tally(100, 0), hour(100));
    let day = ledger.standing(0.03, &[Window::Day], hour(100));
    assert_eq!(day.allowed, Allowed::Prediction);
    let all = ledger.standing(0.03, &Window::ALL, hour(100));
    assert_eq!(all.allowed, Allowed::OneLineEach);
    assert_ne!(all.window, Window::Day);
}

#[test]
fn each_jurisdiction_has_its_windows() {
    let mut ledger = Ledger::default();
    ledger.book(&tally(100, 40), hour(0));
    ledger.book(&tally(1_000, 50), hour(800));
    ledger.book(&tally(500, 0), hour(900));
    let standing = |preset: Preset| {
        let seen = ledger.standing(0.03, preset.windows(), hour(900));
        (seen.window, seen.allowed)
    };
    assert_eq!(standing(Preset::Uk), (Window::Day, Allowed::Prediction));
    let us = (Window::ThirtyDays, Allowed::OneLineEach);
    assert_eq!(standing(Preset::Us), us);
    let life = (Window::Campaign, Allowed::OneLineEach);
    assert_eq!(standing(Preset::Campaign), life);
    assert_eq!(standing(Preset::Strictest).1, Allowed::OneLineEach);
}

#[test]
fn what_is_expected_of_machines_gives_way_to_what_agents_say() {
    let seen = |connected, machines| {
        let said = Tally {
            connected,
            machines,
            ..tally(connected, 0)
        };
        said.expecting_machines(0.4).person_share()
    };
    assert!((seen(10, 0) - 0.7).abs() < 1e-9, "(0 + 20) / (10 + 50)");
    assert!((seen(1_000, 100) - 0.886).abs() < 1e-9, "(100 + 20) / 1050");
}

#[test]
fn persons_turned_away_as_machines_are_lost_by_the_share_that_checks_show() {
    let seen = Tally {
        turned_away: 400,
        ..tally(500, 5)
    };
    // Nothing was checked: 5 % are expected.
    let expected = seen.with_missed(0.05);
    assert!((expected.lost_persons() - 25.0).abs() < 1e-9);
    assert!((expected.rate() - 25.0 / 520.0).abs() < 1e-9);
    assert_eq!(allowed(&expected, 0.03), Allowed::OneLineEach);
    // Of 180 that agents saw none was a person: (0 + 1) / (180 + 20).
    let checked = Tally {
        checked: 180,
        ..seen
    };
    assert_eq!(checked.with_missed(0.05).missed, 2);
    assert_eq!(
        allowed(&checked.with_missed(0.05), 0.03),
        Allowed::Prediction
    );
    // Of 180 that agents saw 59 were.
    let mistaken = Tally {
        mistaken: 59,
        ..checked
    };
    assert_eq!(mistaken.with_missed(0.05).missed, 120);
    assert_eq!(allowed(&mistaken.with_missed(0.05), 0.03), Allowed::Nothing);
}

#[test]
fn an_agents_word_is_booked_by_what_the_call_was_taken_for() {
    let said = |as_machine, is_machine| {
        let said = Tally::said(as_machine, is_machine);
        (said.connected, said.machines, said.checked, said.mistaken)
    };
    assert_eq!(said(false, false), (0, 0, 0, 0));
    assert_eq!(said(false, true), (0, 1, 0, 0));
    assert_eq!(said(true, true), (0, 0, 1, 0));
    assert_eq!(said(true, false), (1, 0, 1, 1));
}

#[test]
fn old_hours_are_forgotten_but_for_the_campaign() {
    let mut ledger = Ledger::default();
    (0..2_000).for_each(|at| ledger.book(&tally(1, 0), hour(at)));
    assert_eq!(ledger.hours.len(), KEPT_HOURS as usize + 1);
    assert_eq!(ledger.tally(Window::Campaign, hour(2_000)).answered, 2_000);
}
