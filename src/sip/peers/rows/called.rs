//! SIPp calls, we are called.

use super::{agent, agent_with, answer_to, count, is_there, offer};
use crate::{
    Gateway, Side as Who, SipEvent,
    peers::{Side, sipp::Sipp},
    sdp,
};

/// An agent that takes calls from SIPp's address, at the pace of RFC 3261.
async fn house() -> Side {
    agent(Gateway::udp("b", ([127, 0, 0, 1], 9).into())).await
}

/// The same with timers that are twenty times shorter.
async fn hasty_house() -> Side {
    agent_with(Gateway::udp("b", ([127, 0, 0, 1], 9).into()), |_| {}).await
}

/// Rings, answers, and is hung up on.
async fn through(house: &mut Side, scenario: &str) {
    let sipp = Sipp::calls(scenario, house.agent.local_addr());
    let call = house.pick_up().await;
    assert_eq!(house.ended().await, (call, Who::Them, None, Some(16)));
    sipp.success().await;
}

#[tokio::test]
async fn a_call_that_sipp_makes() {
    if is_there() {
        through(&mut house().await, "uac_plain").await;
    }
}

#[tokio::test]
async fn a_call_that_sipp_makes_over_tcp() {
    if !is_there() {
        return;
    }
    let gateway = Gateway::udp("b", ([127, 0, 0, 1], 9).into());
    let mut house = agent_with(gateway, |c| {
        c.also_tcp = true;
        c.timers = crate::Timers::default();
    })
    .await;
    let target = house.agent.local_addr().to_string();
    let arguments = ["-m", "1", "-s", "600", "-t", "t1", &target];
    let sipp = Sipp::play("uac_plain", &arguments);
    let call = house.pick_up().await;
    assert_eq!(house.ended().await, (call, Who::Them, None, Some(16)));
    sipp.success().await;
}

#[tokio::test]
async fn a_call_that_is_cancelled_while_it_rings() {
    if !is_there() {
        return;
    }
    let mut house = house().await;
    let sipp = Sipp::calls("uac_cancelling", house.agent.local_addr());
    let (call, _) = house.incoming().await;
    house.agent.ring(call).expect("offered");
    assert_eq!(house.ended().await, (call, Who::Them, Some(487), None));
    assert!(house.agent.calls().is_empty());
    sipp.success().await;
}

#[tokio::test]
async fn a_200_is_repeated_until_its_ack() {
    if !is_there() {
        return;
    }
    let mut house = house().await;
    let target = house.agent.local_addr().to_string();
    let arguments = ["-m", "1", "-nr", "-s", "600", &target];
    let sipp = Sipp::play("uac_ack_lost", &arguments);
    let call = house.pick_up().await;
    house
        .wait(|e| matches!(e, SipEvent::Confirmed { .. }).then_some(()))
        .await;
    assert_eq!(house.ended().await, (call, Who::Them, None, Some(16)));
    sipp.success().await;
}

#[tokio::test]
async fn a_bye_that_comes_again_is_answered_again() {
    if !is_there() {
        return;
    }
    let mut house = house().await;
    let target = house.agent.local_addr().to_string();
    let arguments = ["-m", "1", "-nr", "-s", "600", &target];
    let sipp = Sipp::play("uac_bye_again", &arguments);
    let call = house.pick_up().await;
    assert_eq!(house.ended().await, (call, Who::Them, None, Some(16)));
    sipp.success().await;
    assert!(house.events.try_recv().is_err(), "it ends once");
}

#[tokio::test]
async fn a_200_without_any_ack_ends_the_call() {
    if !is_there() {
        return;
    }
    let mut house = hasty_house().await;
    let sipp = Sipp::calls("uac_ack_never", house.agent.local_addr());
    let call = house.pick_up().await;
    assert_eq!(house.ended().await, (call, Who::Network, None, Some(102)));
    let received = sipp.success().await;
    assert!(count(&received, "SIP/2.0 200") > 3, "{received:#?}");
}

#[tokio::test]
async fn a_reliable_response_without_any_prack_ends_the_call() {
    if !is_there() {
        return;
    }
    let mut house = hasty_house().await;
    let sipp = Sipp::calls("uac_prack_never", house.agent.local_addr());
    let (call, _) = house.incoming().await;
    house.agent.ring(call).expect("offered");
    let ended = house.ended().await;
    assert_eq!(ended, (call, Who::Network, Some(504), Some(102)));
    let received = sipp.success().await;
    assert!(count(&received, "SIP/2.0 180") > 3, "{received:#?}");
}

#[tokio::test]
async fn a_caller_insists_on_reliable_responses_holds_and_transfers() {
    if !is_there() {
        return;
    }
    let mut house = house().await;
    let sipp = Sipp::calls("uac_insisting", house.agent.local_addr());
    let call = house.pick_up().await;
    assert_eq!(changed(&mut house).await, Some(sdp::Direction::RecvOnly));
    let to = house
        .wait(|e| match e {
            SipEvent::TransferAsked { to, .. } => Some(to),
            _ => None,
        })
        .await;
    assert_eq!(to, "1002");
    let result = house.agent.transfer_result(call, 200);
    result.expect("it was asked");
    assert_eq!(house.ended().await, (call, Who::Them, None, Some(16)));
    sipp.success().await;
}

/// The direction of our media after the next change.
async fn changed(house: &mut Side) -> Option<sdp::Direction> {
    let ours = house
        .wait(|e| match e {
            SipEvent::MediaChanged { local_sdp, .. } => Some(local_sdp),
            _ => None,
        })
        .await;
    let ours = sdp::parse(&ours).expect("a session description");
    ours.audio().map(|audio| audio.direction)
}

#[tokio::test]
async fn the_media_change_before_the_answer_once_ours_has_arrived() {
    if !is_there() {
        return;
    }
    let mut house = house().await;
    let sipp = Sipp::calls("uac_updating_early", house.agent.local_addr());
    let (call, their_offer) = house.incoming().await;
    let ours = answer_to(&their_offer);
    house.agent.progress(call, ours.clone()).expect("offered");
    let with_the_prack = changed(&mut house).await;
    assert_eq!(with_the_prack, Some(sdp::Direction::RecvOnly));
    assert_eq!(changed(&mut house).await, Some(sdp::Direction::SendRecv));
    // The digit is the last that comes before the answer.
    assert_eq!(house.digit().await, ('1', 160));
    house.agent.answer(call, ours).expect("offered");
    assert_eq!(house.ended().await, (call, Who::Them, None, Some(16)));
    sipp.success().await;
}

#[tokio::test]
async fn who_offers_nothing_and_insists_is_offered_while_it_rings() {
    if !is_there() {
        return;
    }
    let mut house = house().await;
    let sipp = Sipp::calls("uac_offerless", house.agent.local_addr());
    let call = house
        .wait(|e| match e {
            SipEvent::Incoming {
                call,
                sdp_offer: None,
                ..
            } => Some(call),
            _ => None,
        })
        .await;
    house.agent.ring_offering(call, offer()).expect("offered");
    assert_eq!(changed(&mut house).await, Some(sdp::Direction::SendRecv));
    assert_eq!(house.digit().await, ('1', 160));
    house.agent.answer(call, offer()).expect("offered");
    assert_eq!(house.ended().await, (call, Who::Them, None, Some(16)));
    sipp.success().await;
}

#[tokio::test]
async fn a_session_that_is_too_short_is_refused_with_the_least() {
    if is_there() {
        through(&mut house().await, "uac_session_too_short").await;
    }
}

#[tokio::test]
async fn digits_by_info_come_and_go() {
    if !is_there() {
        return;
    }
    let mut house = house().await;
    let sipp = Sipp::calls("uac_digits", house.agent.local_addr());
    let call = house.pick_up().await;
    assert_eq!(house.digit().await, ('5', 160));
    house.agent.send_digit(call, '9', 160).expect("up");
    assert_eq!(house.ended().await, (call, Who::Them, None, Some(16)));
    sipp.success().await;
}

#[tokio::test]
async fn seven_kilobytes_of_header_are_read() {
    if is_there() {
        through(&mut house().await, "uac_huge").await;
    }
}

#[tokio::test]
async fn twenty_kilobytes_of_header_are_refused() {
    if !is_there() {
        return;
    }
    let house = house().await;
    let sipp = Sipp::calls("uac_too_huge", house.agent.local_addr());
    sipp.success().await;
    assert!(house.agent.calls().is_empty());
}

#[tokio::test]
async fn messages_without_a_length_are_read_to_their_end() {
    if is_there() {
        through(&mut house().await, "uac_unmeasured").await;
    }
}

#[tokio::test]
async fn the_same_call_by_two_paths_is_one_call() {
    if !is_there() {
        return;
    }
    let mut house = house().await;
    let sipp = Sipp::calls("uac_merging", house.agent.local_addr());
    let (call, their_offer) = house.incoming().await;
    house.agent.ring(call).expect("offered");
    let both = async {
        while count(&house.told(call), "SIP/2.0 482") == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let both = tokio::time::timeout(super::RING, both).await;
    both.expect("the second is refused");
    let answer = answer_to(&their_offer);
    house.agent.answer(call, answer).expect("offered");
    assert_eq!(house.ended().await, (call, Who::Them, None, Some(16)));
    sipp.success().await;
}
