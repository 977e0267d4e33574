//! The agent sees the lead first.

use super::script::check;

#[test]
fn a_preview_is_shown_dialled_and_bridged() {
    check(
        "agents 1
         campaign c preview
         lead c agent=1
         show agent told park
         0 next 1 c
         1 dials 1
         2 answers a1
         5 rings L1
         8 answers L1
         20 ends L1
         21 says 1 L1 success",
        "0 agent 1 unready.wait
         0 agent 1 preview
         0 preview 1 L1
         1 agent 1 busy.calling
         1 ring a1
         2 park a1 ringback
         2 dial L1
         2 popup 1 13900000000
         8 bridge L1 a1
         8 agent 1 busy.answered
         20 close L1 connected by 1
         20 hang up a1
         20 agent 1 acw
         21 dispose L1 success
         21 agent 1 unready.wait
         21 preview 1 nothing
         21 finish c
         21 finished c",
    );
}

#[test]
fn a_countdown_dials_by_itself() {
    check(
        "agents 1
         campaign c preview countdown=10
         lead c agent=1
         show told
         0 next 1 c
         10 answers a1
         12 ends L1 486",
        "0 preview 1 L1
         10 ring a1
         10 dial L1
         10 popup 1 13900000000
         12 close L1 busy by 1 again in 600
         12 hang up a1
         12 preview 1 nothing",
    );
}

#[test]
fn a_skipped_lead_goes_behind_and_the_next_is_shown() {
    check(
        "agents 1
         campaign c preview
         lead c agent=1
         lead c agent=1
         show told agent
         0 next 1 c
         1 skips 1
         2 skips 1
         3 skips 1",
        "0 agent 1 unready.wait
         0 agent 1 preview
         0 preview 1 L1
         1 release L1 again in 600
         1 agent 1 unready.wait
         1 agent 1 preview
         1 preview 1 L2
         2 release L2 again in 600
         2 agent 1 unready.wait
         2 preview 1 nothing
         3 refused NO_PREVIEW",
    );
}

#[test]
fn an_agent_sees_only_the_own_list() {
    check(
        "agents 1 2
         campaign c preview
         lead c agent=2
         show told
         0 next 1 c
         1 next 2 c",
        "0 preview 1 nothing
         1 preview 2 L1",
    );
}

#[test]
fn the_agents_phone_refuses_and_the_lead_goes_back() {
    check(
        "agents 1
         campaign c preview
         lead c agent=1
         show agent told
         0 next 1 c
         1 dials 1
         2 ends a1 486",
        "0 agent 1 unready.wait
         0 agent 1 preview
         0 preview 1 L1
         1 agent 1 busy.calling
         1 ring a1
         2 release L1
         2 agent 1 unready.wait
         2 tell 1 L1 phone",
    );
}

#[test]
fn a_lead_that_is_gone_is_not_dialled() {
    check(
        "agents 1
         campaign c preview
         lead c agent=1
         by hand check
         show agent told
         0 next 1 c
         1 dials 1
         2 answers a1
         3 checked L1 gone",
        "0 agent 1 unready.wait
         0 agent 1 preview
         0 preview 1 L1
         1 agent 1 busy.calling
         1 ring a1
         3 hang up a1
         3 agent 1 unready.wait
         3 tell 1 L1 voided
         3 preview 1 nothing",
    );
}

#[test]
fn a_blocked_lead_is_not_dialled() {
    check(
        "agents 1
         campaign c preview
         lead c agent=1 dnc
         show agent told
         0 next 1 c
         1 dials 1
         2 answers a1",
        "0 agent 1 unready.wait
         0 agent 1 preview
         0 preview 1 L1
         1 agent 1 busy.calling
         1 ring a1
         2 block L1 dnc
         2 hang up a1
         2 agent 1 unready.wait
         2 tell 1 L1 dnc
         2 preview 1 nothing
         2 finish c
         2 finished c",
    );
}

#[test]
fn a_number_that_is_live_frees_agent_and_channel() {
    check(
        "agents 1
         campaign c preview
         lead c agent=1
         by hand attempt
         show agent told
         0 next 1 c
         1 dials 1
         2 answers a1
         3 refused L1",
        "0 agent 1 unready.wait
         0 agent 1 preview
         0 preview 1 L1
         1 agent 1 busy.calling
         1 ring a1
         3 block L1 live again in 30
         3 hang up a1
         3 agent 1 unready.wait
         3 tell 1 L1 live
         3 preview 1 nothing",
    );
}

#[test]
fn an_agent_who_hangs_up_while_the_customer_rings_cancels_the_call() {
    check(
        "agents 1
         campaign c preview
         lead c agent=1
         show agent
         0 next 1 c
         1 dials 1
         2 answers a1
         5 hangs-up 1",
        "0 agent 1 unready.wait
         0 agent 1 preview
         1 agent 1 busy.calling
         1 ring a1
         2 dial L1
         5 hang up L1
         5 close L1 cancelled by 1 again in 300 not counted
         5 hang up a1
         5 agent 1 unready.wait",
    );
}

#[test]
fn a_phone_that_falls_off_while_the_customer_rings_cancels_the_call() {
    check(
        "agents 1
         campaign c preview
         lead c agent=1
         show agent
         0 next 1 c
         1 dials 1
         2 answers a1
         5 ends a1",
        "0 agent 1 unready.wait
         0 agent 1 preview
         1 agent 1 busy.calling
         1 ring a1
         2 dial L1
         5 hang up L1
         5 close L1 cancelled by 1 again in 300 not counted
         5 agent 1 unready.wait",
    );
}

#[test]
fn an_agent_who_hangs_up_while_the_attempt_is_written_stops_the_dial() {
    check(
        "agents 1
         campaign c preview
         lead c agent=1
         by hand attempt
         show agent
         0 next 1 c
         1 dials 1
         2 answers a1
         3 hangs-up 1
         4 opened L1",
        "0 agent 1 unready.wait
         0 agent 1 preview
         1 agent 1 busy.calling
         1 ring a1
         4 close L1 cancelled by 1 again in 300 not counted
         4 hang up a1
         4 agent 1 unready.wait",
    );
}

#[test]
fn a_nailed_up_agent_previews_without_ringing() {
    check(
        "agents 1
         campaign c preview
         lead c agent=1
         by hand sign-in
         show park
         0 in 1 nailed
         1 answers a1
         2 next 1 c
         3 dials 1
         5 answers L1
         9 ends L1",
        "0 ring a1
         1 park a1 silence
         3 park a1 ringback
         3 dial L1
         5 bridge L1 a1
         9 close L1 connected by 1
         9 park a1 silence",
    );
}

#[test]
fn a_preview_can_only_be_dialled_with_a_phone() {
    check(
        "agents 1
         campaign c preview
         lead c agent=1
         show told
         0 next 1 c
         1 phone 1 off
         2 dials 1
         3 phone 1 on
         4 dials 1",
        "0 preview 1 L1
         2 refused PHONE_NOT_REGISTERED
         4 ring a1",
    );
}

#[test]
fn a_lead_left_on_the_screen_goes_back_after_five_minutes() {
    check(
        "agents 1
         campaign c preview
         lead c agent=1
         show agent told
         0 next 1 c
         299 wait
         301 wait",
        "0 agent 1 unready.wait
         0 agent 1 preview
         0 preview 1 L1
         300 release L1
         300 agent 1 unready.wait",
    );
}

#[test]
fn a_pause_takes_leads_from_screens_and_phones() {
    check(
        "agents 1 2
         campaign c preview
         lead c agent=1
         lead c agent=2
         show agent told
         0 next 1 c
         1 next 2 c
         2 dials 2
         3 pause c
         4 answers a2
         5 next 1 c",
        "0 agent 1 unready.wait
         0 agent 2 unready.wait
         0 agent 1 preview
         0 preview 1 L1
         1 agent 2 preview
         1 preview 2 L2
         2 agent 2 busy.calling
         2 ring a2
         3 release L1
         3 agent 1 unready.wait
         3 release L2
         3 hang up a2
         3 agent 2 unready.wait
         3 tell 2 L2 stopped
         3 release all of c
         4 hang up a2
         5 refused CAMPAIGN_NOT_RUNNING",
    );
}

#[test]
fn two_requests_for_a_lead_show_one() {
    check(
        "agents 1
         campaign c preview
         lead c agent=1
         lead c agent=1
         by hand preview
         show agent told
         0 next 1 c
         0 next 1 c
         1 previews 1 c L1
         2 previews 1 c nothing
         3 previews 1 c L2",
        "0 agent 1 unready.wait
         1 agent 1 preview
         1 preview 1 L1
         3 release L2",
    );
}

#[test]
fn a_preview_that_comes_when_the_agent_is_busy_goes_back() {
    check(
        "agents 1
         campaign c preview
         lead c agent=1
         by hand preview
         show agent
         0 ready 1
         1 next 1 c
         2 calls x 4000
         3 previews 1 c L1",
        "0 agent 1 unready.wait
         0 agent 1 ready
         2 answer x
         2 agent 1 busy.ringing
         2 ring a1
         3 release L1",
    );
}

#[test]
fn a_preview_that_comes_after_sign_out_goes_back() {
    check(
        "agents 1
         campaign c preview
         lead c agent=1
         by hand preview
         show agent
         1 next 1 c
         2 out 1
         3 previews 1 c L1",
        "0 agent 1 unready.wait
         2 agent 1 logout
         3 release L1",
    );
}

#[test]
fn a_preview_turned_away_by_an_offer_comes_again_when_the_offer_is_over() {
    check(
        "agents 1
         campaign c preview
         lead c agent=1
         by hand preview
         show told
         0 ready 1
         1 next 1 c
         2 calls x 4000
         3 previews 1 c L1
         4 ends x
         5 previews 1 c L1",
        "2 answer x
         2 popup 1 x
         2 ring a1
         3 release L1
         4 hang up a1 NoAnswer
         4 close x abandoned
         5 preview 1 L1",
    );
}

#[test]
fn a_campaigns_limit_holds_for_previews_too() {
    check(
        "agents 1 2
         campaign c preview max=1
         lead c agent=1
         lead c agent=2
         show told
         0 next 1 c
         0 next 2 c
         1 dials 1
         1 dials 2
         2 answers a1
         3 answers a2",
        "0 preview 1 L1
         0 preview 2 L2
         1 ring a1
         1 ring a2
         2 dial L1
         2 popup 1 13900000000
         3 release L2
         3 hang up a2
         3 tell 2 L2 gateway
         3 preview 2 L2",
    );
}

#[test]
fn the_pop_up_waits_for_the_answer_where_the_settings_say_so() {
    check(
        "agents 1
         campaign c preview pop-up=answer
         lead c agent=1
         show told
         0 next 1 c
         1 dials 1
         2 answers a1
         8 answers L1",
        "0 preview 1 L1
         1 ring a1
         2 dial L1
         8 popup 1 13900000000
         8 bridge L1 a1",
    );
}

#[test]
fn an_agent_who_may_not_see_numbers_dials_them_all_the_same() {
    check(
        "agents 1
         masked agents
         campaign c preview
         lead c agent=1
         show told caller
         0 next 1 c
         1 dials 1
         2 answers a1",
        "0 preview 1 L1 masked
         1 ring a1 showing 139****0000
         2 dial L1
         2 popup 1 139****0000",
    );
}

#[test]
fn a_campaign_may_show_the_numbers_that_are_hidden_elsewhere() {
    check(
        "agents 1
         masked agents
         campaign c predictive masked=no
         campaign d predictive
         leads c 1
         leads d 1
         show told
         0 ready 1
         1 answers L1
         2 answers a1
         3 ends L1
         4 says 1 L1 success
         4 ready 1
         5 answers L2",
        "0 dial L1
         1 popup 1 13900000000
         1 ring a1
         2 bridge L1 a1
         3 close L1 connected by 1
         3 hang up a1
         4 dispose L1 success
         4 finish c
         4 finished c
         4 dial L2
         5 popup 1 139****0001
         5 ring a1",
    );
}

#[test]
fn agents_who_dial_share_a_limit_with_those_of_other_campaigns() {
    check(
        "agents 1 2
         campaign c preview shared=1
         campaign d preview shared=1 countdown=2
         lead c agent=1
         lead d agent=2
         show told
         0 next 1 c
         1 next 2 d
         1 dials 1
         2 dials 2
         4 answers a1
         6 ends L1 486
         9 wait",
        "0 preview 1 L1
         1 preview 2 L2
         1 ring a1
         2 refused CONCURRENCY_LIMIT
         4 dial L1
         4 popup 1 13900000000
         6 close L1 busy by 1 again in 600
         6 hang up a1
         6 preview 1 nothing
         7 ring a2",
    );
}

#[test]
fn an_agent_picks_a_lead_and_is_offered_no_other_by_itself() {
    check(
        "agents 1
         campaign c preview
         lead c agent=1
         lead c agent=1 due=600
         lead c agent=1
         show told
         0 next 1 c
         1 picks 1 c L2
         2 dials 1
         3 answers a1
         5 ends L2 486
         6 picks 1 c L3 dials
         7 answers a1",
        "0 preview 1 L1
         1 release L1 again in 600
         1 preview 1 L2
         2 ring a1
         3 dial L2
         3 popup 1 13900000001
         5 close L2 busy by 1 again in 600
         5 hang up a1
         6 preview 1 L3
         6 ring a1
         7 dial L3
         7 popup 1 13900000002",
    );
}

#[test]
fn what_an_agent_may_not_pick_is_not_dialled() {
    check(
        "agents 1 2
         campaign c preview
         lead c agent=2
         lead c agent=1
         by hand preview
         show told
         0 picks 1 c L1 dials
         1 previews 1 c none
         2 next 1 c
         3 picks 1 c L1 dials
         4 previews 1 c L2",
        "1 preview 1 nothing
         4 release L2",
    );
}

#[test]
fn a_picked_lead_without_a_phone_to_ring_stays_on_the_screen() {
    check(
        "agents 1
         campaign c preview
         lead c agent=1
         show told
         0 phone 1 off
         1 picks 1 c L1 dials",
        "1 preview 1 L1
         1 tell 1 L1 PHONE_NOT_REGISTERED",
    );
}
