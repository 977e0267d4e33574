//! Which number the called party outside sees.

use super::{script::check, talking::check_talk};

#[test]
fn a_phone_shows_one_of_its_numbers_that_is_on_fits_the_gateway_and_has_calls_left() {
    check_talk(
        "agents 1
         another gateway second
         number 111 limit=1
         number 222 off
         number 333 gateway=second
         shows 801 111,222,333
         queue shows=444
         route ^955 outbound=trunk caller=4008
         show route
         5 in-call 1 consult number 95588
         6 in-call 1 cancel
         7 in-call 1 consult number 95588",
        "5 dial 95588 as 111 by trunk
         6 hang up 95588 NoAnswer
         6 bridge L1 a1
         7 dial 95588 as 4008 by trunk",
    );
}

#[test]
fn a_number_of_another_gateway_is_shown_there_and_the_routes_at_the_next() {
    check_talk(
        "agents 1
         another gateway second
         number 333 gateway=second
         shows 801 333
         route ^955 outbound=second,trunk caller=4008
         show route
         5 in-call 1 consult number 95588
         6 ends 95588 503",
        "5 dial 95588 as 333 by second
         6 dial 95588 as 4008 by trunk",
    );
}

#[test]
fn a_queue_calls_back_with_its_own_number() {
    check(
        "agents 1
         queue wait=60 key=3:callback shows=111,112
         number 111 limit=5
         number 112 off
         shows 801 999
         route ^139 outbound
         show route
         1 calls 13900000001 4000
         2 presses 13900000001 3
         3 heard 13900000001
         4 ready 1
         5 answers a1",
        "1 answer 13900000001
         2 play 13900000001 callback
         3 hang up 13900000001
         3 close 13900000001 exited by 3 to callback
         4 ring a1
         5 dial 13900000001 as 111 by trunk",
    );
}

#[test]
fn calls_that_are_asked_about_at_once_share_what_is_left_of_a_number() {
    check(
        "agents 1
         queue wait=60 key=5:number/13900000008 key=6:number/13900000009 shows=111
         number 111 limit=1
         route ^139 outbound
         by hand number
         show route
         1 calls x 4000
         1.1 calls y 4000
         2 presses x 5
         2.1 presses y 6
         3 allows 13900000008 yes
         3.5 allows 13900000009 yes",
        "1 answer x
         1.1 answer y
         3 dial 13900000008 as 111 by trunk
         3.5 dial 13900000009 as y by trunk",
    );
}

#[test]
fn a_campaign_without_numbers_shows_those_of_its_queue_within_their_limits() {
    check(
        "agents 1 2 3
         queue shows=111,112
         number 111 limit=1
         number 112 limit=1
         campaign A predictive caller
         leads A 3
         show route
         0 ready 1
         0 ready 2
         0 ready 3
         3 wait",
        "0 block L3 caller_id again in 300
         0 dial L1 as 111 by trunk
         0 dial L2 as 112 by trunk",
    );
}

#[test]
fn a_campaign_heeds_what_holds_of_its_own_numbers() {
    check(
        "number 111 off
         number 112 limit=1
         campaign A robot pool=111,112
         leads A 2
         show route
         0 wait
         5 wait",
        "0 block L2 caller_id again in 300
         0 dial L1 as 112 by trunk",
    );
}
