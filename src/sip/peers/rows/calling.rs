//! We call, SIPp is called.

use std::time::Duration;

use super::{
    RING, agent, agent_with, caller, count, gateway, is_there, local, offer, secret, to_b,
};
use crate::{
    EndCause, Gateway, Hop, Side as Who, SipEvent,
    peers::{Side, new_call, sipp::Sipp},
    sdp,
};

/// Without SIPp's own repetitions, and without its notice of ours.
const UNREPEATED: &[&str] = &["-m", "1", "-nr"];

/// The direction in which their answer to our last offer goes.
async fn direction(a: &mut Side) -> Option<sdp::Direction> {
    let answer = a
        .wait(|e| match e {
            SipEvent::MediaChanged { remote_sdp, .. } => Some(remote_sdp),
            _ => None,
        })
        .await;
    let answer = sdp::parse(&answer).expect("a session description");
    answer.audio().map(|audio| audio.direction)
}

fn on_hold() -> Vec<u8> {
    let mut held = local();
    (held.direction, held.version) = (sdp::Direction::SendOnly, 2);
    sdp::offer(&held)
}

/// They answer, we hang up.
async fn through(a: &mut Side, call: crate::CallRef) {
    assert_eq!(a.answered().await, call);
    a.agent.end(call, EndCause::Normal).expect("up");
    assert_eq!(a.ended().await, (call, Who::Us, None, Some(16)));
}

#[tokio::test]
async fn fifty_calls_to_its_own_scenario() {
    if !is_there() {
        return;
    }
    let sipp = Sipp::play("uas", &["-m", "50"]);
    let mut a = agent(gateway(&sipp)).await;
    for _ in 0..50 {
        a.dial();
    }
    let mut ended = 0;
    while ended < 50 {
        let event = a.wait(Some).await;
        match event {
            SipEvent::Answered { call, .. } => a.agent.end(call, EndCause::Normal).expect("up"),
            SipEvent::Ended {
                side, sip_status, ..
            } => {
                assert_eq!((side, sip_status), (Who::Us, None));
                ended += 1;
            }
            _ => {}
        }
    }
    sipp.success().await;
}

#[tokio::test]
async fn a_nonce_serves_more_than_one_call() {
    if !is_there() {
        return;
    }
    for (scenario, challenge) in [
        ("uas_challenging_407", "SIP/2.0 407"),
        ("uas_challenging_401", "SIP/2.0 401"),
    ] {
        let sipp = Sipp::play(scenario, &["-m", "2"]);
        let mut gateway = gateway(&sipp);
        gateway.credentials = Some(secret("trunk"));
        let mut a = agent(gateway).await;
        for challenges in [1, 0] {
            let call = a.dial();
            through(&mut a, call).await;
            let told = a.told(call);
            assert_eq!(count(&told, challenge), challenges, "{told:#?}");
            assert_eq!(count(&told, "INVITE"), challenges + 1, "{told:#?}");
        }
        sipp.success().await;
    }
}

#[tokio::test]
async fn a_second_407_is_answered_when_the_nonce_was_stale() {
    if !is_there() {
        return;
    }
    let sipp = Sipp::waits("uas_stale");
    let mut gateway = gateway(&sipp);
    gateway.credentials = Some(secret("trunk"));
    let mut a = agent(gateway).await;
    let call = a.dial();
    through(&mut a, call).await;
    sipp.success().await;
}

#[tokio::test]
async fn a_second_407_ends_the_call_when_the_credentials_are_wrong() {
    if !is_there() {
        return;
    }
    let sipp = Sipp::waits("uas_never_content");
    let mut gateway = gateway(&sipp);
    gateway.credentials = Some(secret("trunk"));
    let mut a = agent(gateway).await;
    let call = a.dial();
    assert_eq!(a.ended().await, (call, Who::Them, Some(407), None));
    assert_eq!(count(&a.told(call), "INVITE"), 2);
    sipp.success().await;
}

#[tokio::test]
async fn a_ringing_call_is_cancelled() {
    if !is_there() {
        return;
    }
    let sipp = Sipp::waits("uas_cancelled");
    let mut a = agent(gateway(&sipp)).await;
    let call = a.dial();
    a.rings().await;
    a.agent.end(call, EndCause::Normal).expect("ringing");
    assert_eq!(a.ended().await, (call, Who::Us, Some(487), Some(16)));
    sipp.success().await;
}

#[tokio::test]
async fn a_200_that_meets_our_cancel_is_acknowledged_and_hung_up() {
    if !is_there() {
        return;
    }
    let sipp = Sipp::waits("uas_picked_up_at_cancel");
    let mut a = agent(gateway(&sipp)).await;
    let call = a.dial();
    a.rings().await;
    a.agent.end(call, EndCause::Normal).expect("ringing");
    // It never was answered.
    let last = a
        .wait(|e| match e {
            SipEvent::Answered { .. } => Some(None),
            SipEvent::Ended {
                side, sip_status, ..
            } => Some(Some((side, sip_status))),
            _ => None,
        })
        .await;
    assert_eq!(last, Some((Who::Us, Some(487))));
    sipp.success().await;
}

#[tokio::test]
async fn a_200_that_comes_again_is_acknowledged_again() {
    if !is_there() {
        return;
    }
    let sipp = Sipp::play("uas_ack_lost", UNREPEATED);
    let mut a = agent(gateway(&sipp)).await;
    let call = a.dial();
    assert_eq!(a.answered().await, call);
    let both = async {
        while count(&a.told(call), "ACK") < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let both = tokio::time::timeout(RING, both).await;
    both.expect("two ACKs");
    a.agent.end(call, EndCause::Normal).expect("up");
    assert_eq!(a.ended().await, (call, Who::Us, None, Some(16)));
    let received = sipp.success().await;
    assert_eq!(count(&received, "ACK"), 2, "{received:#?}");
}

#[tokio::test]
async fn a_bye_is_repeated_until_it_is_answered() {
    if !is_there() {
        return;
    }
    let sipp = Sipp::play("uas_bye_lost", UNREPEATED);
    let mut a = agent(gateway(&sipp)).await;
    let call = a.dial();
    through(&mut a, call).await;
    let received = sipp.success().await;
    assert_eq!(count(&received, "BYE"), 3, "{received:#?}");
}

#[tokio::test]
async fn a_call_whose_far_end_knows_it_no_more_is_over() {
    if !is_there() {
        return;
    }
    let sipp = Sipp::waits("uas_forgetful");
    let mut a = agent(gateway(&sipp)).await;
    let call = a.dial();
    assert_eq!(a.answered().await, call);
    a.agent.reoffer(call, on_hold()).expect("up");
    let (ended, side, ..) = a.ended().await;
    assert_eq!((ended, side), (call, Who::Network));
    sipp.success().await;
}

#[tokio::test]
async fn of_two_phones_that_are_picked_up_one_is_hung_up() {
    if !is_there() {
        return;
    }
    let sipp = Sipp::waits("uas_forking");
    let mut a = agent(gateway(&sipp)).await;
    let call = a.dial();
    assert_eq!(a.answered().await, call);
    // The second answer is hung up without a word to the house; the first goes on.
    let gone = async {
        while count(&a.told(call), "BYE sip:two@") == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let gone = tokio::time::timeout(RING, gone).await;
    gone.expect("a BYE for the second");
    assert_eq!(a.agent.calls(), [call]);
    a.agent.end(call, EndCause::Normal).expect("up");
    assert_eq!(a.ended().await, (call, Who::Us, None, Some(16)));
    sipp.success().await;
}

#[tokio::test]
async fn who_has_no_room_gives_way_to_the_next_address() {
    if !is_there() {
        return;
    }
    let (full, free) = (Sipp::waits("uas_refusing"), Sipp::waits("uas_plain"));
    let mut gateway = gateway(&full);
    gateway.more_hops = vec![Hop::udp(free.addr)];
    let mut a = agent(gateway).await;
    let call = a.dial();
    through(&mut a, call).await;
    full.success().await;
    free.success().await;
    let rests: Vec<_> = a.agent.gateways()[0].hops.iter().map(|h| h.rests).collect();
    assert_eq!(rests, [true, false], "it asked for half a minute");
}

#[tokio::test]
async fn who_is_silent_gives_way_to_the_next_address() {
    if !is_there() {
        return;
    }
    let sipp = Sipp::waits("uas_plain");
    let mute = std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let mut gateway = Gateway::udp("b", mute.local_addr().expect("bound"));
    gateway.more_hops = vec![Hop::udp(sipp.addr)];
    gateway.profile.give_way = Duration::from_millis(300);
    let mut a = agent(gateway).await;
    let call = a.dial();
    through(&mut a, call).await;
    sipp.success().await;
}

#[tokio::test]
async fn redirections_in_a_circle_end() {
    if !is_there() {
        return;
    }
    let sipp = Sipp::waits("uas_redirecting");
    let mut a = agent(gateway(&sipp)).await;
    let call = a.dial();
    assert_eq!(a.ended().await, (call, Who::Them, Some(302), None));
    sipp.success().await;
}

#[tokio::test]
async fn early_media_is_changed_before_the_answer() {
    if !is_there() {
        return;
    }
    let sipp = Sipp::waits("uas_early_update");
    let mut a = agent(gateway(&sipp)).await;
    let call = a.dial();
    let sounds = |e| match e {
        SipEvent::Ringing { sdp: Some(sdp), .. } => Some(sdp),
        _ => None,
    };
    for direction in [sdp::Direction::SendRecv, sdp::Direction::SendOnly] {
        let early = sdp::parse(&a.wait(sounds).await).expect("a session description");
        assert_eq!(early.audio().map(|audio| audio.direction), Some(direction));
    }
    through(&mut a, call).await;
    sipp.success().await;
}

#[tokio::test]
async fn a_prack_is_repeated_until_it_is_answered() {
    if !is_there() {
        return;
    }
    let sipp = Sipp::play("uas_prack_lost", UNREPEATED);
    let mut a = agent(gateway(&sipp)).await;
    let call = a.dial();
    through(&mut a, call).await;
    let received = sipp.success().await;
    assert_eq!(count(&received, "PRACK"), 2, "{received:#?}");
}

#[tokio::test]
async fn a_session_is_as_long_as_they_want_it() {
    if !is_there() {
        return;
    }
    let sipp = Sipp::waits("uas_session_too_short");
    let mut gateway = gateway(&sipp);
    gateway.profile.session = Some(Duration::from_secs(1800));
    let mut a = agent(gateway).await;
    let call = a.dial();
    through(&mut a, call).await;
    sipp.success().await;
}

#[tokio::test]
async fn of_two_offers_at_once_theirs_is_refused_and_ours_stands() {
    if !is_there() {
        return;
    }
    let sipp = Sipp::waits("uas_glare");
    let mut a = agent(gateway(&sipp)).await;
    let call = a.dial();
    assert_eq!(a.answered().await, call);
    a.agent.reoffer(call, on_hold()).expect("up");
    assert_eq!(direction(&mut a).await, Some(sdp::Direction::RecvOnly));
    a.agent.end(call, EndCause::Normal).expect("up");
    assert_eq!(a.ended().await, (call, Who::Us, None, Some(16)));
    sipp.success().await;
}

#[tokio::test]
async fn digits_by_info_go_both_ways() {
    if !is_there() {
        return;
    }
    let sipp = Sipp::waits("uas_digits");
    let mut a = agent(gateway(&sipp)).await;
    let call = a.dial();
    assert_eq!(a.answered().await, call);
    a.agent.send_digit(call, '5', 160).expect("up");
    assert_eq!(a.digit().await, ('#', 240));
    assert_eq!(a.digit().await, ('7', 160));
    a.agent.end(call, EndCause::Normal).expect("up");
    assert_eq!(a.ended().await, (call, Who::Us, None, Some(16)));
    sipp.success().await;
}

#[tokio::test]
async fn we_call_over_tcp() {
    if !is_there() {
        return;
    }
    let sipp = Sipp::play("uas_plain", &["-m", "1", "-t", "t1"]);
    let mut gateway = gateway(&sipp);
    gateway.hop = Hop::tcp(sipp.addr);
    sipp.listens().await;
    let mut a = agent_with(gateway, |c| {
        c.also_tcp = true;
        c.timers = crate::Timers::default();
    })
    .await;
    let call = a.dial();
    through(&mut a, call).await;
    sipp.success().await;
}

#[tokio::test]
async fn reliable_responses_their_glare_and_a_short_session() {
    if !is_there() {
        return;
    }
    let sipp = Sipp::waits("uas_reliable");
    let mut gateway = gateway(&sipp);
    gateway.profile.session = Some(Duration::from_secs(1800));
    let mut a = agent(gateway).await;
    let call = new_call();
    a.agent
        .invite(call, to_b(), caller(), offer(), RING)
        .expect("accepted");
    assert_eq!(a.answered().await, call);
    a.agent.reoffer(call, on_hold()).expect("up");
    assert_eq!(direction(&mut a).await, Some(sdp::Direction::RecvOnly));
    a.agent.refer(call, "1002", None).expect("up");
    let (status, done) = a
        .wait(|e| match e {
            SipEvent::TransferProgress {
                sip_status, done, ..
            } => Some((sip_status, done)),
            _ => None,
        })
        .await;
    assert_eq!((status, done), (200, true));
    a.agent.end(call, EndCause::Normal).expect("up");
    assert_eq!(a.ended().await, (call, Who::Us, None, Some(16)));
    sipp.success().await;
}
