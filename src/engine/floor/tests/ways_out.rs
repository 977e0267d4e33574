//! Numbers outside, whoever has them called: by the routes, past the DNC lists, and by the next
//! gateway where one refuses.

use super::{script::check, talking::check_talk};

#[test]
fn a_route_says_by_which_gateway_with_which_digits_and_as_whom_an_agent_calls_outside() {
    check_talk(
        "agents 1
         another gateway second
         route ^955 outbound=second prefix=9 caller=4008 rings=60
         show route legs
         5 in-call 1 consult number 95588
         40 answers 995588
         41 in-call 1 cancel
         45 in-call 1 consult number 12345
         46 ends L1",
        "5 dial 95588 as 4008 by second
         40 bridge 95588 a1
         41 hang up 95588
         41 bridge L1 a1
         45 refused NO_ROUTE
         46 close L1 connected by 1, agent 1 from 2 to 46 call_over, outside 95588 to 41 cancelled
         46 hang up a1",
    );
}

#[test]
fn a_gateway_that_refuses_an_agents_call_lets_the_next_one_have_it() {
    check_talk(
        "agents 1
         another gateway second
         another gateway third
         route ^955 outbound=trunk,second
         show route told
         5 in-call 1 consult number 95588
         6 ends 95588 503
         7 refuses 95588 gateway
         8 in-call 1 consult number 95588
         9 ends 95588 503
         10 answers 95588
         11 in-call 1 complete
         20 ends L1",
        "5 dial 95588 as 02110000 by trunk
         6 dial 95588 as 02110000 by second
         7 tell 1 95588 gateway
         8 dial 95588 as 02110000 by trunk
         9 dial 95588 as 02110000 by second
         10 bridge 95588 a1
         11 hang up a1
         11 bridge L1 95588
         20 close L1 connected by 1
         20 hang up 95588",
    );
}

#[test]
fn a_full_gateway_is_passed_over() {
    check_talk(
        "agents 1
         gateway channels=1
         another gateway second
         route ^955 outbound=trunk,second
         show route
         5 in-call 1 consult number 95588",
        "5 dial 95588 as 02110000 by second",
    );
}

#[test]
fn a_caller_is_not_put_through_to_a_number_on_a_dnc_list() {
    check(
        "agents 1
         queue wait=60 key=5:number/13900000009
         route ^139 outbound
         forbidden 13900000009
         show check
         1 calls x 4000
         2 presses x 5
         3 heard x",
        "1 answer x
         2 check 13900000009
         2 play x sorry
         3 hang up x
         3 close x exited by 5 to number",
    );
}

#[test]
fn a_caller_is_put_through_by_the_next_gateway_and_recorded_as_the_route_says() {
    for (record, over) in [("", ""), ("record=no", "2 stop recording x")] {
        check(
            &format!(
                "agents 1
                 another gateway second
                 queue wait=60 key=5:number/13900000009
                 route ^139 outbound=trunk,second {record}
                 show route
                 1 calls x 4000
                 2 presses x 5
                 3 ends 13900000009 503
                 4 answers 13900000009
                 20 ends 13900000009"
            ),
            &format!(
                "1 answer x
                 2 dial 13900000009 as x by trunk
                 {over}
                 3 dial 13900000009 as x by second
                 4 bridge x 13900000009
                 20 hang up x
                 20 close x connected by 5 to number"
            ),
        );
    }
}

#[test]
fn a_number_outside_that_does_not_answer_gives_the_caller_a_word() {
    check(
        "agents 1
         queue wait=60 key=5:number/13900000009
         route ^139 outbound
         1 calls x 4000
         2 presses x 5
         9 ends 13900000009 486
         10 heard x",
        "1 answer x
         2 dial 13900000009
         9 play x sorry
         10 hang up x
         10 close x exited by 5 to number",
    );
}

#[test]
fn a_caller_who_hangs_up_while_the_store_is_asked_leaves_nothing_behind() {
    check(
        "agents 1
         queue wait=60 key=5:number/13900000009
         route ^139 outbound
         by hand number
         1 calls x 4000
         2 presses x 5
         3 ends x
         4 allows 13900000009 yes",
        "1 answer x
         3 close x exited by 5 to number",
    );
}

const PROMISED: &str = "agents 1
     queue wait=60 key=3:callback
     another gateway second
     route ^139 outbound=trunk,second
     show check route told
     1 calls 13900000001 4000
     2 presses 13900000001 3
     3 heard 13900000001
     4 ready 1";

#[track_caller]
fn check_promised(script: &str, expected: &str) {
    let script = format!("{PROMISED}\n{script}");
    super::script::check_after("4 ring a1", &script, expected);
}

#[test]
fn a_call_back_passes_the_dnc_lists_and_goes_by_the_next_gateway() {
    check_promised(
        "5 answers a1
         6 ends 13900000001 503
         7 answers 13900000001
         9 ends 13900000001",
        "5 check 13900000001
         5 dial 13900000001 as 4000 by trunk
         6 dial 13900000001 as 4000 by second
         7 bridge 13900000001 a1
         9 close 4000 connected by 1
         9 hang up a1",
    );
}

#[test]
fn a_call_back_that_no_gateway_takes_frees_its_agent() {
    check_promised(
        "5 answers a1
         6 ends 13900000001 503
         7 refuses 13900000001 gateway",
        "5 check 13900000001
         5 dial 13900000001 as 4000 by trunk
         6 dial 13900000001 as 4000 by second
         7 close 4000 congestion by 1
         7 hang up a1",
    );
}

#[test]
fn an_agent_who_hangs_up_ends_a_call_back() {
    check_promised(
        "5 answers a1
         6 answers 13900000001
         9 ends a1",
        "5 check 13900000001
         5 dial 13900000001 as 4000 by trunk
         6 bridge 13900000001 a1
         9 hang up 13900000001
         9 close 4000 connected by 1",
    );
}

#[test]
fn a_campaign_without_a_gateway_dials_through_that_of_its_queue() {
    check(
        "agents 1
         another gateway spare
         queue gateway=spare
         campaign c predictive gateway=none
         leads c 1
         show route
         0 ready 1
         1 answers L1",
        "0 dial L1 as 02110000 by spare
         1 ring a1",
    );
    check(
        "agents 1
         another gateway spare
         queue gateway=spare
         campaign c predictive
         leads c 1
         show route
         0 ready 1
         1 answers L1",
        "0 dial L1 as 02110000 by trunk
         1 ring a1",
    );
    check(
        "agents 1
         campaign c predictive gateway=none
         leads c 1
         0 ready 1
         1 why c",
        "1 0 lines: Gateway",
    );
}

#[test]
fn a_route_by_extension_goes_by_the_gateway_that_the_calling_phone_is_bound_to() {
    let script = |more: &str| {
        format!(
            "agents 1
             phone 8500
             phone 8600
             another gateway spare channels=1
             bound 801 spare
             bound 8500 spare
             route ^955 outbound=trunk by-extension
             route ^966 outbound=trunk
             show route
             {more}"
        )
    };
    check_talk(
        &script(
            "5 in-call 1 consult number 95588
             6 in-call 1 cancel
             7 in-call 1 consult number 96688",
        ),
        "5 dial 95588 as 02110000 by spare
         6 hang up 95588 NoAnswer
         6 bridge L1 a1
         7 dial 96688 as 02110000 by trunk",
    );
    // One that is full lets the route's own gateway have it, and a phone that is bound to none has that one.
    check(
        &script(
            "1 dials at 8500 x 95588
             2 dials at 8600 y 95577
             3 refuses 95588 gateway",
        ),
        "1 dial 95588 as 8500 by spare
         2 dial 95577 as 8600 by trunk
         3 dial 95588 as 8500 by trunk",
    );
}

#[test]
fn a_route_without_a_gateway_takes_the_one_with_most_free_channels() {
    check(
        "agents 1
         phone 8500
         phone 8600
         phone 8700
         phone 8800
         gateway channels=2
         another gateway second channels=4
         route ^955 outbound
         show route
         1 dials at 8500 a 95501
         2 dials at 8600 b 95502
         3 dials at 8700 c 95503
         4 dials at 8800 d 95504
         5 ends 95502 486
         6 dials at 8600 e 95505",
        "1 dial 95501 as 8500 by second
         2 dial 95502 as 8600 by second
         3 dial 95503 as 8700 by trunk
         4 dial 95504 as 8800 by second
         5 hang up b Busy
         5 close 8600 busy
         6 dial 95505 as 8600 by second",
    );
}
