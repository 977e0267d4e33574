//! SIPp through everything that a call can meet in a dialog and on its way.

use std::{net::SocketAddr, time::Duration};

use super::{
    Side, answer_to, caller, local, new_call, offer,
    sipp::{free_port, is_there, scenario, sipp, success},
};
use crate::{Destination, EndCause, Gateway, Hop, Side as Who, SipEvent, sdp};

const RING: Duration = Duration::from_secs(30);

fn to_b() -> Destination {
    Destination::Gateway {
        gateway: "b".into(),
        number: "5550199".into(),
    }
}

async fn calling(gateway: Gateway) -> Side {
    Side::start(|c| {
        c.gateways = vec![gateway];
        c.timers = crate::Timers::default();
    })
    .await
}

fn at(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

#[tokio::test]
async fn we_call_and_meet_reliable_responses_glare_and_a_short_session() {
    if !is_there() {
        return;
    }
    let port = free_port();
    let uas = sipp(port, &["-sf", &scenario("uas_reliable.xml"), "-m", "1"]);
    let mut gateway = Gateway::udp("b", at(port));
    gateway.profile.session = Some(Duration::from_secs(1800));
    let mut a = calling(gateway).await;
    let call = new_call();
    a.agent
        .invite(call, to_b(), caller(), offer(), RING)
        .expect("accepted");
    assert_eq!(a.answered().await, call);
    let mut held = local();
    (held.direction, held.version) = (sdp::Direction::SendOnly, 2);
    a.agent.reoffer(call, sdp::offer(&held)).expect("up");
    let answer = a
        .wait(|e| match e {
            SipEvent::MediaChanged { remote_sdp, .. } => Some(remote_sdp),
            _ => None,
        })
        .await;
    let answer = sdp::parse(&answer).expect("a session description");
    let direction = answer.audio().map(|audio| audio.direction);
    assert_eq!(direction, Some(sdp::Direction::RecvOnly));
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
    success(uas).await;
}

#[tokio::test]
async fn a_caller_insists_on_reliable_responses_holds_and_transfers() {
    if !is_there() {
        return;
    }
    let port = free_port();
    let mut a = calling(Gateway::udp("b", at(port))).await;
    let target = a.agent.local_addr().to_string();
    let file = scenario("uac_insisting.xml");
    let uac = sipp(port, &["-sf", &file, "-s", "600", "-m", "1", &target]);
    let (call, their_offer) = a.incoming().await;
    a.agent.ring(call).expect("offered");
    a.agent
        .answer(call, answer_to(&their_offer))
        .expect("offered");
    let held = a
        .wait(|e| match e {
            SipEvent::MediaChanged { local_sdp, .. } => Some(local_sdp),
            _ => None,
        })
        .await;
    let held = sdp::parse(&held).expect("a session description");
    let direction = held.audio().map(|audio| audio.direction);
    assert_eq!(direction, Some(sdp::Direction::RecvOnly));
    let to = a
        .wait(|e| match e {
            SipEvent::TransferAsked { to, .. } => Some(to),
            _ => None,
        })
        .await;
    assert_eq!(to, "1002");
    a.agent.transfer_result(call, 200).expect("it was asked");
    assert_eq!(a.ended().await, (call, Who::Them, None, Some(16)));
    success(uac).await;
}

#[tokio::test]
async fn redirections_in_a_circle_end() {
    if !is_there() {
        return;
    }
    let port = free_port();
    let uas = sipp(port, &["-sf", &scenario("uas_redirecting.xml"), "-m", "1"]);
    let mut a = calling(Gateway::udp("b", at(port))).await;
    let call = new_call();
    a.agent
        .invite(call, to_b(), caller(), offer(), RING)
        .expect("accepted");
    assert_eq!(a.ended().await, (call, Who::Them, Some(302), None));
    success(uas).await;
}

#[tokio::test]
async fn the_second_address_answers_for_the_first() {
    if !is_there() {
        return;
    }
    let port = free_port();
    let uas = sipp(port, &["-sn", "uas", "-m", "1"]);
    // Nobody is at the first one: that is noticed by silence.
    let mute = std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let mut gateway = Gateway::udp("b", mute.local_addr().expect("bound"));
    gateway.more_hops = vec![Hop::udp(at(port))];
    gateway.profile.give_way = Duration::from_millis(300);
    let mut a = calling(gateway).await;
    let call = new_call();
    a.agent
        .invite(call, to_b(), caller(), offer(), RING)
        .expect("accepted");
    assert_eq!(a.answered().await, call);
    a.agent.end(call, EndCause::Normal).expect("up");
    a.ended().await;
    success(uas).await;
}
