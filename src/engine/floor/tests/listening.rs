//! Who or what answered, and what becomes of it; and that persons who are turned away as machines
//! are in the books.

use super::script::{Stage, check};
use crate::{
    ids::CampaignId,
    ledger::{Allowed, Tally, Window},
};

#[test]
fn a_person_waits_for_the_verdict_and_then_two_seconds_from_the_end_of_the_greeting() {
    // The greeting ends 1.2 s after the answer, the verdict comes 0.7 s later, and no agent is free
    // for the second call: 5 + 1.2 + 2 = 8.2.
    check(
        "agents 1
         campaign c predictive ratio=2 listens
         leads c 2
         show waited
         0 ready 1
         5 answers L1
         5 answers L2
         6.9 judges L1 human 1.9 1.2
         6.9 judges L2 human 1.9 1.2
         7.5 answers a1
         20 ends L1",
        "0 dial L1
         0 dial L2
         5 listen L1
         5 listen L2
         6.9 ring a1
         7.5 bridge L1 a1
         8.2 play L2 sorry
         20 close L1 connected by 1 waited 600
         20 hang up a1",
    );
}

#[test]
fn whoever_cannot_be_told_in_time_is_a_person() {
    // The listener says so itself, or it says nothing and is waited for 0.3 s longer than its 8 s.
    check(
        "agents 1 2
         campaign c predictive listens
         leads c 2
         0 ready 1
         0 ready 2
         5 answers L1
         5 answers L2
         7.5 judges L1 unsure 2.5
         8 answers a1
         13.3 judges L2 machine 8.3",
        "0 dial L1
         0 dial L2
         5 listen L1
         5 listen L2
         7.5 ring a1
         8 bridge L1 a1
         13.3 ring a2",
    );
}

#[test]
fn a_machine_is_hung_up_and_its_lead_comes_back_later() {
    check(
        "agents 1
         campaign c predictive listens checked=0
         leads c 1
         0 ready 1
         5 answers L1
         7.4 judges L1 machine 2.4",
        "0 dial L1
         5 listen L1
         7.4 hang up L1
         7.4 close L1 machine again in 14400",
    );
}

#[test]
fn a_fax_is_never_called_again_and_an_announcement_is_nobody_s_answer() {
    check(
        "agents 1
         campaign c predictive ratio=2 listens
         leads c 2
         0 ready 1
         5 answers L1
         5 answers L2
         6 judges L1 fax 1
         6.4 judges L2 network 1.4",
        "0 dial L1
         0 dial L2
         5 listen L1
         5 listen L2
         6 hang up L1
         6 close L1 fax
         6.4 hang up L2
         6.4 close L2 unavailable again in 14400",
    );
}

#[test]
fn what_the_tones_of_an_announcement_say_is_what_an_answered_call_came_to() {
    for (said, close) in [
        ("intercept", "unallocated"),
        ("vacant", "unallocated"),
        ("reorder", "congestion again in 300 not counted"),
        ("no-circuit", "congestion again in 300 not counted"),
        ("network", "unavailable again in 14400"),
    ] {
        check(
            &format!(
                "agents 1
                 campaign c predictive listens
                 leads c 1
                 0 ready 1
                 5 answers L1
                 6.4 judges L1 {said} 1.4"
            ),
            &format!(
                "0 dial L1
                 5 listen L1
                 6.4 hang up L1
                 6.4 close L1 {close}"
            ),
        );
    }
}

#[test]
fn a_machine_records_the_message_after_its_beep_and_is_not_told_again() {
    check(
        "agents 1
         campaign c predictive listens checked=0 machines=call-us
         leads c 1
         show heard
         0 ready 1
         5 answers L1
         7.4 judges L1 machine 2.4
         12 beeps L1
         20 heard L1",
        "0 dial L1
         5 listen L1 for a beep
         12 play L1 call-us
         20 hang up L1
         20 close L1 machine call-us played
         20 finish c",
    );
}

#[test]
fn a_machine_that_never_beeps_hears_nothing_and_is_tried_again() {
    check(
        "agents 1
         campaign c predictive listens checked=0 machines=call-us
         leads c 1
         show heard
         0 ready 1
         5 answers L1
         7.4 judges L1 machine 2.4
         40 wait",
        "0 dial L1
         5 listen L1 for a beep
         37.4 hang up L1
         37.4 close L1 machine again in 14400",
    );
}

#[test]
fn a_message_that_the_machine_cut_short_is_left_another_time() {
    check(
        "agents 1
         campaign c predictive listens checked=0 machines=call-us
         leads c 1
         show heard
         0 ready 1
         5 answers L1
         7.4 judges L1 machine 2.4
         12 beeps L1
         14 ends L1",
        "0 dial L1
         5 listen L1 for a beep
         12 play L1 call-us
         14 close L1 machine again in 14400 call-us cut_short",
    );
}

#[test]
fn machines_may_be_brought_to_agents_and_are_tried_again_when_they_were() {
    check(
        "agents 1
         campaign c predictive listens machines=connect
         leads c 1
         0 ready 1
         5 answers L1
         7.4 judges L1 machine 2.4
         8 answers a1
         10 hangs-up 1
         11 says 1 L1 machine",
        "0 dial L1
         5 listen L1
         7.4 ring a1
         8 bridge L1 a1
         10 hang up L1
         10 close L1 connected by 1
         10 hang up a1
         11 dispose L1 machine",
    );
}

#[test]
fn who_hangs_up_before_the_verdict_counts_as_a_person() {
    let stage = Stage::of(
        "agents 1
         campaign c predictive listens
         leads c 1
         0 ready 1
         5 answers L1
         6 ends L1",
    );
    assert_eq!(
        stage.shown.last().map(String::as_str),
        Some("6 close L1 abandoned again in 86400")
    );
    let books = stage.floor.campaigns[&CampaignId::from("c")].tally(Window::Day, stage.now);
    assert_eq!((books.answered, books.lost, books.turned_away), (1, 0, 0));
}

#[test]
fn a_robot_speaks_to_persons_and_not_to_machines() {
    check(
        "campaign c robot listens
         leads c 2
         1 answers L1
         1 answers L2
         2.9 judges L1 human 1.9 1.2
         3.4 judges L2 machine 2.4
         9 heard L1",
        "0 dial L1
         0 dial L2
         1 listen L1
         1 listen L2
         2.9 play L1 robot
         3.4 hang up L2
         3.4 close L2 machine again in 14400
         9 hang up L1
         9 close L1 connected",
    );
}

#[test]
fn nothing_is_listened_to_where_an_agent_dialled() {
    check(
        "agents 1
         campaign c preview listens
         lead c agent=1
         0 next 1 c
         2 dials 1
         3 answers a1
         5 answers L1",
        "2 ring a1
         3 dial L1
         5 bridge L1 a1",
    );
}

#[test]
fn one_machine_in_so_many_is_checked_by_an_idle_agent_and_no_person_is_kept_waiting() {
    check(
        "agents 1
         campaign c predictive ratio=4 listens checked=0.5
         leads c 4
         0 ready 1
         5 answers L1
         5 answers L2
         5 answers L3
         5 answers L4
         7 judges L1 machine 2
         7.1 judges L2 machine 2.1
         7.2 judges L3 machine 2.2
         7.3 judges L4 machine 2.3
         7.5 answers a1",
        "0 dial L1
         0 dial L2
         0 dial L3
         0 dial L4
         5 listen L1
         5 listen L2
         5 listen L3
         5 listen L4
         7 hang up L1
         7 close L1 machine again in 14400
         7.1 ring a1
         7.2 hang up L3
         7.2 close L3 machine again in 14400
         7.3 hang up L4
         7.3 close L4 machine again in 14400
         7.5 bridge L2 a1",
    );
}

#[test]
fn a_checked_machine_that_the_agent_lets_ring_is_a_machine_and_no_loss() {
    let stage = Stage::of(
        "agents 1
         campaign c predictive listens checked=1
         leads c 1
         0 ready 1
         5 answers L1
         7 judges L1 machine 2
         20 wait",
    );
    let shown = &stage.shown[stage.shown.len() - 2..];
    assert_eq!(shown, ["9 hang up L1", "9 close L1 machine again in 14400"]);
    let books = stage.floor.campaigns[&CampaignId::from("c")].tally(Window::Day, stage.now);
    assert_eq!((books.lost, books.turned_away, books.checked), (0, 1, 0));
}

/// Plays so many machine verdicts in a row; of every second one, which is checked, the agent says
/// `said`.
fn shift(machines: u32, said: &str) -> Stage {
    let mut stage = Stage::of(&format!(
        "agents 1
         queue wrap=0
         campaign c predictive listens checked=0.5
         leads c {machines}
         0 ready 1"
    ));
    for call in 1..=machines {
        let at = f64::from(call) * 60.0;
        stage.line(&format!("{at} answers L{call}"));
        stage.line(&format!("{} judges L{call} machine 2", at + 2.0));
        if call % 2 == 0 {
            stage.line(&format!("{} answers a1", at + 3.0));
            stage.line(&format!("{} hangs-up 1", at + 9.0));
            stage.line(&format!("{} says 1 L{call} {said}", at + 10.0));
        }
    }
    stage
}

#[test]
fn an_answer_that_two_agents_had_is_measured_once() {
    let stage = Stage::of(
        "agents 1 2
         queue wrap=0
         campaign c predictive listens checked=1
         leads c 1
         0 ready 1
         0.5 break 2
         1 answers L1
         3 judges L1 machine 2
         4 answers a1
         5 in-call 1 transfer agent 2
         6 says 1 L1 interested
         7 answers a2
         8 ends L1
         9 says 2 L1 interested",
    );
    let books = stage.floor.campaigns[&CampaignId::from("c")].tally(Window::Day, stage.now);
    assert_eq!((books.checked, books.mistaken, books.connected), (1, 1, 1));
}

#[test]
fn the_share_of_persons_among_those_turned_away_is_measured_and_counts_as_lost() {
    let books = |stage: &Stage| {
        let campaign = &stage.floor.campaigns[&CampaignId::from("c")];
        (
            campaign.tally(Window::Day, stage.now),
            campaign.standing(stage.now),
        )
    };
    // 40 verdicts, 20 of them checked. All were machines: (0 + 1) / (20 + 20) of 20 turned away.
    let right = shift(40, "machine");
    let (tally, _) = books(&right);
    assert_eq!(
        (tally.turned_away, tally.checked, tally.mistaken),
        (20, 20, 0)
    );
    assert_eq!((tally.answered, tally.missed), (0, 1));
    // All were persons: (20 + 1) / (20 + 20) of them, and those who were checked met an agent.
    let wrong = shift(40, "interested");
    let (tally, _) = books(&wrong);
    assert_eq!(
        (tally.turned_away, tally.checked, tally.mistaken),
        (20, 20, 20)
    );
    assert_eq!(
        (tally.answered, tally.connected, tally.missed),
        (20, 20, 11)
    );
    assert!((tally.rate() - 11.0 / 31.0).abs() < 1e-9, "{tally:?}");
}

#[test]
fn a_listener_that_turns_persons_away_stops_the_campaign_from_predicting() {
    let allowed = |said: &str| {
        let mut stage = shift(40, said);
        let id = CampaignId::from("c");
        let campaign = stage.floor.campaigns.get_mut(&id).expect("a campaign");
        campaign.spec.settings.pacing = crate::pacing::Policy::Predictive(Default::default());
        let met = Tally {
            answered: 60,
            connected: 60,
            ..Tally::default()
        };
        campaign.ledger.book(&met, stage.now);
        let standing = campaign.standing(stage.now).expect("it predicts");
        standing.allowed
    };
    assert_eq!(allowed("machine"), Allowed::Prediction);
    assert_ne!(allowed("interested"), Allowed::Prediction);
}
