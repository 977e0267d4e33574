//! A gateway that cannot carry a campaign's dial lets the next one have it: one attempt, one INVITE a
//! gateway.

use super::script::{Stage, check};

#[test]
fn a_dial_that_a_gateway_refuses_goes_on_by_the_next_within_the_same_attempt() {
    check(
        "agents 1
         another gateway second
         another gateway third
         campaign c predictive fallback=second fallback=third
         leads c 1
         show route attempt check
         0 ready 1
         1 ends L1 503
         2 refuses L1 gateway
         3 answers L1
         4 answers a1
         9 ends L1",
        "0 check L1
         0 open L1
         0 dial L1 as 02110000 by trunk
         1 check 13900000000
         1 dial L1 as 02110000 by second
         2 check 13900000000
         2 dial L1 as 02110000 by third
         3 ring a1
         4 bridge L1 a1
         9 close L1 connected by 1
         9 hang up a1",
    );
}

#[test]
fn a_previewing_agent_waits_while_the_next_gateway_dials() {
    check(
        "agents 1
         another gateway second
         campaign c preview fallback=second
         lead c agent=1
         show route park told
         0 next 1 c
         1 dials 1
         2 answers a1
         3 ends L1 408 network
         5 answers L1
         9 ends L1",
        "0 preview 1 L1
         1 ring a1
         2 park a1 ringback
         2 dial L1 as 02110000 by trunk
         2 popup 1 13900000000
         3 dial L1 as 02110000 by second
         5 bridge L1 a1
         9 close L1 connected by 1
         9 hang up a1",
    );
}

#[test]
fn when_no_gateway_is_left_it_was_no_attempt_on_the_lead() {
    check(
        "agents 1
         another gateway second
         campaign c robot fallback=second
         leads c 1
         show route
         1 ends L1 503
         2 ends L1 500",
        "0 dial L1 as 02110000 by trunk
         1 dial L1 as 02110000 by second
         2 close L1 congestion again in 300 not counted",
    );
}

#[test]
fn what_the_called_party_says_is_no_gateways_fault() {
    check(
        "agents 1
         another gateway second
         campaign c robot fallback=second
         leads c 2
         0.5 rings L2
         1 ends L1 486
         2 ends L2 503",
        "0 dial L1
         0 dial L2
         1 close L1 busy again in 600
         2 close L2 congestion again in 300 not counted",
    );
}

#[test]
fn a_number_that_came_on_a_dnc_list_meanwhile_is_not_dialled_on() {
    check(
        "agents 1
         another gateway second
         campaign c robot fallback=second
         leads c 1
         forbidden 13900000000
         1 ends L1 503",
        "0 dial L1
         1 close L1 congestion again in 300 not counted",
    );
}

#[test]
fn a_gateway_takes_no_more_such_dials_than_others() {
    check(
        "agents 1
         another gateway second channels=1
         another gateway slow cps=1
         campaign c robot fallback=second fallback=slow
         leads c 3
         show route
         1 ends L1 503
         1.1 ends L2 503
         1.2 ends L3 503",
        "0 dial L1 as 02110000 by trunk
         0 dial L2 as 02110000 by trunk
         0 dial L3 as 02110000 by trunk
         1 dial L1 as 02110000 by second
         1.1 dial L2 as 02110000 by slow
         1.2 close L3 congestion again in 300 not counted",
    );
}

#[test]
fn a_dial_of_a_campaign_that_is_paused_does_not_go_on() {
    check(
        "agents 1
         another gateway second
         campaign c robot fallback=second
         leads c 2
         by hand number
         1 ends L1 503
         2 pause c
         3 allows L1 yes
         4 ends L2 503",
        "0 dial L1
         0 dial L2
         2 release all of c
         3 close L1 congestion again in 300 not counted
         4 close L2 congestion again in 300 not counted",
    );
}

#[test]
fn who_hangs_up_while_the_store_is_asked_calls_the_dial_off() {
    check(
        "agents 1
         another gateway second
         campaign c preview fallback=second
         lead c agent=1
         by hand number
         0 next 1 c
         1 dials 1
         2 answers a1
         3 ends L1 503
         4 hangs-up 1
         5 allows L1 yes",
        "1 ring a1
         2 dial L1
         4 close L1 cancelled by 1 again in 300 not counted
         4 hang up a1",
    );
}

#[test]
fn a_gateway_that_cannot_be_reached_at_all_has_not_dialled() {
    check(
        "agents 1
         another gateway second
         campaign c robot fallback=second
         leads c 1
         show route dialled
         1 ends L1 503 network
         2 ends L1 503 network",
        "0 dial L1 as 02110000 by trunk
         1 dial L1 as 02110000 by second
         2 close L1 congestion again in 300 not counted not dialled",
    );
}

#[test]
fn a_gateway_without_an_address_is_told_before_it_is_known_and_dials_nothing() {
    check(
        "agents 1
         campaign c robot gateway=late
         leads c 1
         show route
         0 gateway late down
         1 set another gateway late
         2 why c
         3 gateway late up",
        "2 0 lines: Gateway
         3 dial L1 as 02110000 by late",
    );
}

#[test]
fn the_gateway_by_which_a_caller_came_is_not_blamed_for_another() {
    let calls = (1..=30).map(|n| {
        format!("{n} calls x{n} 200\n{n}.2 presses x{n} 1\n{n}.4 ends 13900000009 503\n{n}.6 ends x{n}\n")
    });
    let stage = Stage::of(&format!(
        "another gateway second
         menu main keys=1 1:number/13900000009
         route ^139 outbound=second
         route 200 ivr=main
         show told
         {}",
        calls.collect::<String>()
    ));
    let degraded = |line: &&String| line.contains("degraded");
    let degraded: Vec<_> = stage.shown.iter().filter(degraded).collect();
    assert!(
        degraded
            .iter()
            .all(|line| line.ends_with("degraded second")),
        "{degraded:?}"
    );
    assert!(!degraded.is_empty(), "{:?}", stage.shown);
}
