//! What callers are asked after a conversation, and what they say.

use super::script::{check, check_after};

#[test]
fn after_the_conversation_the_caller_says_how_it_was() {
    check(
        "agents 1
         queue wait=60 survey
         show agent
         0 ready 1
         1 calls x 4000
         2 answers a1
         20 hangs-up 1
         24 heard x
         26 presses x 7
         27 presses x 2
         28 heard x",
        "0 agent 1 unready.wait
         0 agent 1 ready
         1 answer x
         1 agent 1 busy.ringing
         1 ring a1
         2 bridge x a1
         2 agent 1 busy.answered
         20 stop recording x
         20 hang up a1
         20 agent 1 acw
         20 play x survey
         27 hush x
         27 play x thanks
         28 hang up x
         28 close x connected by 1 scored 2",
    );
}

#[test]
fn who_says_nothing_is_not_scored_and_the_agent_is_long_free() {
    check(
        "agents 1
         queue wait=60 survey wrap=1
         0 ready 1
         1 calls x 4000
         2 answers a1
         20 ends a1
         24 heard x
         30 calls y 4000
         34 wait",
        "1 answer x
         1 ring a1
         2 bridge x a1
         20 stop recording x
         20 play x survey
         30 answer y
         30 ring a1
         34 hang up x
         34 close x connected by 1",
    );
}

#[test]
fn nobody_is_asked_about_a_call_that_reached_no_agent_or_was_no_conversation() {
    check(
        "agents 1
         queue wait=5 survey
         1 calls x 4000
         6 wait
         7 heard x
         8 ready 1
         9 calls y 4000
         10 answers a1
         10.5 hangs-up 1",
        "1 answer x
         6 play x sorry
         7 hang up x
         7 close x abandoned
         9 answer y
         9 ring a1
         10 bridge y a1
         10.5 hang up y
         10.5 close y connected by 1
         10.5 hang up a1",
    );
}

#[test]
fn an_agent_may_ask_where_the_queue_does_not() {
    check(
        "agents 1
         queue wait=60
         0 ready 1
         0.5 asks 1
         1 calls x 4000
         2 answers a1
         9 asks 1
         12 presses x 1
         13 heard x",
        "0.5 refused NO_SUCH_CALL
         1 answer x
         1 ring a1
         2 bridge x a1
         9 stop recording x
         9 hang up a1
         9 play x survey
         12 hush x
         12 play x thanks
         13 hang up x
         13 close x connected by 1 scored 1",
    );
}

#[test]
fn a_queue_asks_its_own_question_with_its_own_keys() {
    check(
        "agents 1
         queue wait=60 survey=nps
         survey nps how-likely 5=1 0=3
         show survey
         0 ready 1
         1 calls x 4000
         2 answers a1
         9 hangs-up 1
         12 heard x
         13 presses x 1
         14 presses x 0
         31 calls y 4000
         32 answers a1
         40 hangs-up 1
         41 heard y
         45 wait
         46 wait",
        "1 answer x
         1 ring a1
         2 bridge x a1
         9 stop recording x
         9 hang up a1
         9 play x how-likely
         14 hush x
         14 hang up x
         14 close x connected by 1 scored 3 asked nps 0
         31 answer y
         31 ring a1
         32 bridge y a1
         40 stop recording y
         40 hang up a1
         40 play y how-likely
         46 hang up y
         46 close y connected by 1 asked nps -",
    );
}

#[test]
fn a_survey_that_is_gone_is_the_standard_one() {
    check(
        "agents 1
         queue wait=60 survey=gone
         show survey
         0 ready 1
         1 calls x 4000
         2 answers a1
         9 hangs-up 1
         12 presses x 1
         13 heard x",
        "1 answer x
         1 ring a1
         2 bridge x a1
         9 stop recording x
         9 hang up a1
         9 play x survey
         12 hush x
         12 play x thanks
         13 hang up x
         13 close x connected by 1 scored 1 asked standard 1",
    );
}

#[track_caller]
fn check_campaign(survey: &str, expected: &str) {
    let script = format!(
        "agents 1
         queue survey
         survey nps how-likely 5=1
         campaign c predictive record=yes {survey}
         leads c 1
         show survey
         0 ready 1
         1 answers L1
         2 answers a1
         9 hangs-up 1"
    );
    check_after("2 bridge L1 a1", &script, expected);
}

#[test]
fn the_campaigns_word_counts_before_the_queues() {
    check_campaign(
        "survey=none",
        "9 hang up L1
         9 close L1 connected by 1
         9 hang up a1",
    );
    let asked = |prompt: &str| {
        format!(
            "9 stop recording L1
             9 hang up a1
             9 play L1 {prompt}"
        )
    };
    check_campaign("survey=nps", &asked("how-likely"));
    check_campaign("", &asked("survey"));
}

#[test]
fn the_tenants_word_counts_where_neither_campaign_nor_queue_says_one() {
    let after = |queue: &str, campaign: &str, expected: &str| {
        let script = format!(
            "agents 1
             queue {queue}
             survey nps how-likely 5=1
             campaign c predictive record=yes tenant-asks=nps {campaign}
             leads c 1
             0 ready 1
             1 answers L1
             2 answers a1
             9 hangs-up 1"
        );
        check_after("2 bridge L1 a1", &script, expected);
    };
    let nobody_asks = "9 hang up L1
         9 close L1 connected by 1
         9 hang up a1";
    let asks = "9 stop recording L1
         9 hang up a1
         9 play L1 how-likely";
    after("", "", asks);
    after("survey=none", "", nobody_asks);
    after("survey", "survey=none", nobody_asks);
}
