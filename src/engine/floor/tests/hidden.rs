//! Functions that are hidden from agents.

use super::{
    script::{Stage, check_since},
    talking::{check_talk, talk},
};
use crate::desk::Function;

#[test]
fn what_is_hidden_from_agents_is_refused_to_them_and_not_to_who_orders_for_them() {
    check_talk(
        "agents 1 2
         hide hold consult_outside
         route 95588 outbound
         show park
         5 own in-call 1 hold
         6 own in-call 1 consult number 95588
         7 in-call 1 hold
         8 own in-call 1 retrieve
         20 ends L1",
        "5 refused FUNCTION_HIDDEN
         6 refused FUNCTION_HIDDEN
         7 park L1 music
         7 park a1 silence
         8 bridge L1 a1
         20 close L1 connected by 1
         20 hang up a1",
    );
}

#[test]
fn an_inside_number_is_another_function_than_one_outside() {
    check_talk(
        "agents 1 2
         hide consult_outside transfer_outside transfer_menu
         menu main 1:queue/sales
         route 95588 outbound
         2.5 ready 2
         5 own in-call 1 consult agent 2
         6 own in-call 1 cancel
         7 own in-call 1 transfer number 95588
         8 own in-call 1 transfer ivr main
         9 own in-call 1 invite number 95588
         20 ends L1",
        "5 ring a2
         6 hang up a2 NoAnswer
         6 bridge L1 a1
         7 refused FUNCTION_HIDDEN
         8 refused FUNCTION_HIDDEN
         9 bridge L1 a1
         9 dial 95588
         20 close L1 connected by 1
         20 hang up a1
         20 hang up 95588 NoAnswer",
    );
}

#[test]
fn agents_at_outside_telephones_lack_other_functions_than_those_in_the_house() {
    let script = "agents 1 2
         remote 2 13900000001
         route ^139 outbound=trunk
         hide not_ready
         hide-remote ready
         show agent
         0 wait
         1 own ready 1
         2 own ready 2
         3 own break 1
         4 own break 2";
    check_since(
        0.5,
        script,
        "1 agent 1 ready
         2 refused FUNCTION_HIDDEN
         3 refused FUNCTION_HIDDEN
         4 agent 2 unready.break",
    );
}

#[test]
fn the_desk_is_told_what_its_agent_lacks_and_a_change_holds_at_once() {
    let mut stage = Stage::of(&talk("agents 1\nhide hold"));
    let hidden = |stage: &Stage| stage.floor.view(stage.now).agents[0].hidden.clone();
    assert_eq!(hidden(&stage), [Function::Hold].into());
    stage.line("5 own in-call 1 hold");
    stage.line("6 set hide");
    assert!(hidden(&stage).is_empty());
    stage.line("7 own in-call 1 hold");
    let refused = stage.shown.iter().filter(|line| line.contains("refused"));
    assert_eq!(refused.collect::<Vec<_>>(), ["5 refused FUNCTION_HIDDEN"]);
}
