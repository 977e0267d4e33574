//! The call is over, or one side wants it to be: wrap-up, dispositions, what follows for the lead.

use super::script::{Stage, check};

#[test]
fn wrap_up_of_zero_ends_by_hand() {
    check(
        "agents 1
         queue wrap=0
         campaign c predictive
         leads c 1
         show agent
         0 ready 1
         5 answers L1
         6 answers a1
         8 ends L1
         500 done 1",
        "0 agent 1 unready.wait
         0 agent 1 ready
         0 dial L1
         5 agent 1 busy.ringing
         5 ring a1
         6 bridge L1 a1
         6 agent 1 busy.answered
         8 close L1 connected by 1
         8 hang up a1
         8 agent 1 acw
         500 agent 1 ready",
    );
}

#[test]
fn a_required_disposition_is_asked_for_before_anything_else() {
    check(
        "agents 1
         campaign c predictive disposition=required
         leads c 1
         show agent
         0 ready 1
         5 answers L1
         6 answers a1
         8 ends L1
         300 done 1
         301 ready 1
         302 says 1 L1 success
         303 wait",
        "0 agent 1 unready.wait
         0 agent 1 ready
         0 dial L1
         5 agent 1 busy.ringing
         5 ring a1
         6 bridge L1 a1
         6 agent 1 busy.answered
         8 close L1 connected by 1
         8 hang up a1
         8 agent 1 acw
         300 refused DISPOSITION_REQUIRED
         301 refused DISPOSITION_REQUIRED
         302 dispose L1 success
         302 agent 1 ready
         303 finish c",
    );
}

#[test]
fn a_disposition_given_during_the_call_holds_when_it_closes() {
    check(
        "agents 1
         campaign c predictive disposition=required
         leads c 1
         show agent
         0 ready 1
         5 answers L1
         6 answers a1
         7 says 1 L1 callback 3600
         8 ends L1
         30 wait",
        "0 agent 1 unready.wait
         0 agent 1 ready
         0 dial L1
         5 agent 1 busy.ringing
         5 ring a1
         6 bridge L1 a1
         6 agent 1 busy.answered
         7 dispose L1 callback
         8 close L1 connected by 1 again in 3599
         8 hang up a1
         8 agent 1 acw
         18 agent 1 ready",
    );
}

#[test]
fn a_callback_said_in_wrap_up_keeps_the_campaign_alive() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         0 ready 1
         5 answers L1
         6 answers a1
         8 ends L1
         12 says 1 L1 callback 60
         20 wait
         72.5 answers L1
         73 answers a1
         80 ends L1
         95 wait",
        "0 dial L1
         5 ring a1
         6 bridge L1 a1
         8 close L1 connected by 1
         8 hang up a1
         12 dispose L1 callback
         72.2 dial L1
         72.5 ring a1
         73 bridge L1 a1
         80 close L1 connected by 1
         80 hang up a1
         90.2 finish c",
    );
}

#[test]
fn an_opt_out_is_never_dialled_again() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         0 ready 1
         5 answers L1
         6 answers a1
         8 ends L1
         9 says 1 L1 do_not_call
         20 wait",
        "0 dial L1
         5 ring a1
         6 bridge L1 a1
         8 close L1 connected by 1
         8 hang up a1
         9 dispose L1 do_not_call
         9 finish c",
    );
}

#[test]
fn a_callback_in_the_past_is_refused() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         0 ready 1
         5 answers L1
         6 answers a1
         8 ends L1
         9 says 1 L1 callback 0
         9 says 1 L1 callback",
        "0 dial L1
         5 ring a1
         6 bridge L1 a1
         8 close L1 connected by 1
         8 hang up a1
         9 refused BAD_DISPOSITION
         9 refused BAD_DISPOSITION",
    );
}

#[test]
fn the_agent_hangs_up() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         show agent
         0 ready 1
         5 answers L1
         6 answers a1
         8 hangs-up 1
         9 hangs-up 1",
        "0 agent 1 unready.wait
         0 agent 1 ready
         0 dial L1
         5 agent 1 busy.ringing
         5 ring a1
         6 bridge L1 a1
         6 agent 1 busy.answered
         8 hang up L1
         8 close L1 connected by 1
         8 hang up a1
         8 agent 1 acw
         9 refused NO_SUCH_CALL",
    );
}

#[test]
fn the_agents_phone_vanishes_in_mid_call() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         show agent
         0 ready 1
         5 answers L1
         6 answers a1
         38 silent a1",
        "0 agent 1 unready.wait
         0 agent 1 ready
         0 dial L1
         5 agent 1 busy.ringing
         5 ring a1
         6 bridge L1 a1
         6 agent 1 busy.answered
         38 hang up a1
         38 hang up L1
         38 close L1 connected by 1
         38 agent 1 acw",
    );
}

#[test]
fn a_break_asked_for_in_the_call_begins_after_it() {
    check(
        "agents 1
         campaign c predictive
         leads c 1
         show agent
         0 ready 1
         5 answers L1
         6 answers a1
         7 break 1 lunch
         8 ends L1
         18 wait",
        "0 agent 1 unready.wait
         0 agent 1 ready
         0 dial L1
         5 agent 1 busy.ringing
         5 ring a1
         6 bridge L1 a1
         6 agent 1 busy.answered
         8 close L1 connected by 1
         8 hang up a1
         8 agent 1 acw
         18 agent 1 unready.break lunch",
    );
}

#[test]
fn a_machine_that_was_taken_for_a_person_is_tried_again_and_leaves_the_books() {
    let stage = Stage::of(
        "agents 1
         campaign c predictive
         leads c 1
         0 ready 1
         1 answers L1
         1.5 answers a1
         9 ends L1
         10 says 1 L1 machine
         11 wait",
    );
    assert!(
        stage
            .shown
            .iter()
            .any(|line| line == "10 dispose L1 machine"),
        "{:?}",
        stage.shown
    );
    let row = &stage.store.rows[&"L1".into()];
    let again = super::stage::opening().plus(10_000 + 240 * 60_000);
    assert_eq!((row.next, row.settled), (Some(again), false));
    let campaign = &stage.floor.campaigns[&"c".into()];
    let books = campaign.ledger.tally(crate::ledger::Window::Day, stage.now);
    assert_eq!((books.connected, books.machines), (1, 1));
    assert!(books.persons() < 1e-9);
}

#[test]
fn how_the_agents_leg_sounded_is_told_whoever_hangs_up_first() {
    let script = |end: &str| {
        format!(
            "agents 1
             campaign c predictive
             leads c 1
             show quality
             0 ready 1
             5 answers L1
             6 answers a1
             8 {end}"
        )
    };
    check(
        &script("ends L1"),
        "0 dial L1
         5 ring a1
         6 bridge L1 a1
         8 close L1 connected by 1
         8 hang up a1
         8 agent's leg of L1 0 lost",
    );
    check(
        &script("ends a1"),
        "0 dial L1
         5 ring a1
         6 bridge L1 a1
         8 hang up L1
         8 close L1 connected by 1
         8 agent's leg of L1 0 lost",
    );
}

#[test]
fn the_figures_of_an_agents_leg_are_those_of_the_agent_who_had_the_call_last() {
    for ends in [
        "9 ends a1 lost=7
         20 ends L1
         21 ends a2 lost=2",
        "20 ends L1
         21 ends a2 lost=2
         22 ends a1 lost=7",
    ] {
        super::talking::check_talk(
            &format!(
                "agents 1 2
                 by hand hangup
                 show quality
                 5 in-call 1 transfer agent 2
                 8 answers a2
                 {ends}"
            ),
            "5 ring a2
             5 hang up a1
             8 bridge L1 a2
             20 close L1 connected by 2
             20 hang up a2
             21 agent's leg of L1 2 lost",
        );
    }
}
