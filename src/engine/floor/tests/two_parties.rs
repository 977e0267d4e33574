//! Calls between two parties that somebody orders.

use super::{
    super::{Command, Configuration, Floor, Input, TwoParties},
    script::{Stage, check, check_since},
    stage,
};
use crate::destination::Destination;

#[test]
fn a_phone_is_called_and_then_a_number_outside() {
    check(
        "agents 1
         phone 8500
         route ^955 outbound
         show route check caller
         1 connects extension 8500 number 95588
         3 answers 8500
         6 answers 95588
         20 ends 95588",
        "1 ring 8500 showing 95588
         3 check 95588
         3 dial 95588 as 8500 by trunk
         6 bridge 8500 95588
         20 hang up 8500
         20 close 8500 connected",
    );
}

#[test]
fn two_numbers_are_called_one_after_the_other_and_a_third_is_called_in() {
    check(
        "agents 1
         phone 8500
         route ^955 outbound
         another gateway spare
         route ^10 outbound=trunk,spare
         show route check
         1 connects number 10086 number 95588 as=4000
         2 refuses 10086 gateway
         4 answers 10086
         7 answers 95588
         8 boss members 4000 invite extension 8500
         9 answers 8500
         10 ends 95588
         20 ends 10086",
        "1 check 10086
         1 dial 10086 as 4000 by trunk
         2 dial 10086 as 4000 by spare
         4 check 95588
         4 dial 95588 as 4000 by trunk
         7 bridge 10086 95588
         8 ring 8500
         8 bridge 10086 95588
         9 confer 10086
         9 confer 95588
         9 confer 8500
         10 bridge 10086 8500
         20 close 4000 connected
         20 hang up 8500",
    );
}

#[test]
fn whoever_does_not_come_ends_it() {
    check(
        "agents 1
         phone 8500
         route ^955 outbound
         1 connects extension 8500 number 95588
         3 ends 8500 486
         4 connects number 95588 extension 8500
         5 ends 95588 486
         6 connects extension 8500 number 95588
         7 answers 8500
         8 ends 95588 486
         9 heard 8500
         10 connects extension 8500 number 95588
         11 answers 8500
         12 ends 8500",
        "1 ring 8500
         3 close 8500 busy
         4 dial 95588
         5 close 8500 busy
         6 ring 8500
         7 dial 95588
         8 play 8500 sorry
         9 hang up 8500
         9 close 8500 exited
         10 ring 8500
         11 dial 95588
         12 close 8500 exited
         12 hang up 95588",
    );
}

#[test]
fn a_second_phone_that_never_tells_is_hung_up_and_others_may_take_its_call() {
    let rings = "agents 1
         phone 8500
         phone 8600
         route ^955 outbound
         1 connects number 95588 extension 8500
         3 answers 95588";
    check_since(
        2.0,
        &format!("{rings}\n 40 ends 95588"),
        "3 ring 8500
         34 hang up 8500 NoAnswer
         34 play 95588 sorry
         40 close 8500 exited",
    );
    check_since(
        2.0,
        &format!(
            "{rings}
             9 dials at 8600 p *78500
             20 ends p"
        ),
        "3 ring 8500
         9 hang up 8500 NoAnswer
         9 answer p
         9 bridge 95588 p
         20 hang up 95588
         20 close 8500 connected",
    );
}

#[test]
fn nobody_is_called_where_one_of_the_two_cannot_be() {
    check(
        "agents 1
         phone 8500
         outside denied=00 hour=1
         route ^00 outbound
         route ^955 outbound
         route ^966 outbound
         forbidden 95599
         1 connects extension 8500 extension 8500
         2 connects extension 8600 number 95588
         3 connects extension 8500 number 0044
         4 connects extension 8500 number 777
         5 connects number 95588 number 96688
         6 connects extension 8500 queue sales
         7 connects number 95599 extension 8500
         8 connects extension 8500 number 95588
         9 dials at 8500 x 4000
         10 connects extension 8500 extension 801
         11 drain
         12 connects extension 8500 extension 801",
        "1 refused BAD_DESTINATION
         2 refused PHONE_NOT_REGISTERED
         3 refused BARRED
         4 refused NO_ROUTE
         5 refused NO_CALLER
         6 refused BAD_DESTINATION
         7 close 8500 cancelled
         8 refused TOO_MANY_CALLS
         9 answer x
         10 refused BUSY
         12 refused DRAINING",
    );
}

#[test]
fn a_phone_that_has_just_gone_keeps_no_campaign_from_dialling() {
    check(
        "agents 1
         phone 8500
         route ^955 outbound
         campaign c predictive
         leads c 2
         0 ready 1
         0.5 connects extension 8500 number 95588
         0.6 refuses 8500 ours
         0.7 ends L1 486",
        "0 dial L1
         0.5 ring 8500
         0.6 close 8500 cancelled
         0.7 close L1 busy again in 600
         0.7 dial L2",
    );
}

#[test]
fn who_is_connected_is_seen_as_a_conference() {
    let mut stage = Stage::of(
        "agents 1
         phone 8500
         route ^955 outbound
         1 connects extension 8500 number 95588
         3 answers 8500
         6 answers 95588",
    );
    let call = *stage.store.open_calls.iter().next().expect("a call");
    let seen = stage.floor.who_is_in(call).expect("a call that is up");
    let members = seen.members.iter();
    let members = members.map(|one| format!("{} {} {}", one.kind, one.name, one.state));
    let members = members.collect::<Vec<_>>().join(", ");
    assert!(seen.conference);
    assert_eq!(members, "extension 8500 up, outside 95588 up");
    stage.line("20 ends 8500");
    assert_eq!(stage.floor.who_is_in(call), None);
}

#[test]
fn a_call_that_ends_for_all_ends_for_who_was_called_in_too() {
    let script = |how: &str| {
        format!(
            "agents 1
             phone 8500
             phone 8600
             route ^955 outbound
             1 connects extension 8500 number 95588 {how}
             3 answers 8500
             6 answers 95588
             7 boss members 8500 invite extension 8600
             8 answers 8600
             10 ends 95588
             20 ends 8500"
        )
    };
    check_since(
        9.0,
        &script("ends-all"),
        "10 hang up 8500
         10 close 8500 connected
         10 hang up 8600",
    );
    check_since(
        9.0,
        &script(""),
        "10 bridge 8500 8600
         20 close 8500 connected
         20 hang up 8600",
    );
}

#[test]
fn an_ordered_call_is_of_the_tenant_of_whoever_orders_it() {
    let mut floor = Floor::new(stage::opening());
    let configuration = Configuration {
        extensions: ["8500".to_owned()].into(),
        ..stage::configuration(&[])
    };
    let here = Input::Phone {
        extension: "8500".into(),
        registered: true,
    };
    floor.handle(Input::Configured(Box::new(configuration)), stage::opening());
    floor.handle(here, stage::opening());
    let asked = TwoParties {
        first: Destination::Extension {
            extension: "8500".into(),
        },
        second: Destination::Number {
            number: "10010".into(),
        },
        caller: None,
        ends_all: false,
        tenant: "theirs".into(),
    };
    floor
        .connect_two("boss", asked, stage::opening())
        .expect("both can be called");
    let mut opened = std::iter::from_fn(|| floor.poll_command());
    let tenant = opened.find_map(|command| match command {
        Command::OpenCall(call) => Some(call.tenant),
        _ => None,
    });
    assert_eq!(tenant, Some(Some("theirs".into())));
}
