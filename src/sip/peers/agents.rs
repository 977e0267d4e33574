//! Two agents on loopback.

use std::time::Duration;

use super::{Side, answer_to, caller, new_call, offer};
use crate::{
    Account, AccountId, CallRef, Credentials, Destination, EndCause, Hop, Side as Who, SipEvent,
    Source,
};

const RING: Duration = Duration::from_secs(20);

/// A and B as each other's gateways.
async fn pair(tcp: bool) -> (Side, Side) {
    let a = Side::start(|c| c.also_tcp = tcp).await;
    let b = Side::start(|c| c.also_tcp = tcp).await;
    let (mut to_a, mut to_b) = (a.gateway("a"), b.gateway("b"));
    if tcp {
        to_a.hop = Hop::tcp(to_a.hop.addr);
        to_b.hop = Hop::tcp(to_b.hop.addr);
    }
    a.agent.set_gateways(vec![to_b]);
    b.agent.set_gateways(vec![to_a]);
    (a, b)
}

fn to_b() -> Destination {
    Destination::Gateway {
        gateway: "b".into(),
        number: "5550199".into(),
    }
}

/// A calls B, B answers.
async fn connect(a: &mut Side, b: &mut Side) -> (CallRef, CallRef) {
    let call = new_call();
    a.agent
        .invite(call, to_b(), caller(), offer(), RING)
        .expect("accepted");
    let (incoming, their_offer) = b.incoming().await;
    b.agent.ring(incoming).expect("ringing");
    a.wait(|e| matches!(e, SipEvent::Ringing { .. }).then_some(()))
        .await;
    b.agent
        .answer(incoming, answer_to(&their_offer))
        .expect("answered");
    assert_eq!(a.answered().await, call);
    b.wait(|e| matches!(e, SipEvent::Confirmed { .. }).then_some(()))
        .await;
    (call, incoming)
}

#[tokio::test]
async fn a_call_is_answered_and_the_caller_hangs_up() {
    let (mut a, mut b) = pair(false).await;
    let (call, incoming) = connect(&mut a, &mut b).await;
    a.agent.end(call, EndCause::Normal).expect("up");
    assert_eq!(a.ended().await, (call, Who::Us, None, Some(16)));
    assert_eq!(b.ended().await, (incoming, Who::Them, None, Some(16)));
}

#[tokio::test]
async fn a_call_is_answered_and_the_called_side_hangs_up_over_tcp() {
    let (mut a, mut b) = pair(true).await;
    let (call, incoming) = connect(&mut a, &mut b).await;
    b.agent.end(incoming, EndCause::Normal).expect("up");
    assert_eq!(b.ended().await.1, Who::Us);
    assert_eq!(a.ended().await, (call, Who::Them, None, Some(16)));
}

#[tokio::test]
async fn a_call_over_ipv6() {
    let v6 = |c: &mut crate::Config| {
        c.bind = "[::1]:0".parse().expect("an address");
        c.announce = c.bind.ip();
    };
    let (mut a, mut b) = (Side::start(v6).await, Side::start(v6).await);
    a.agent.set_gateways(vec![b.gateway("b")]);
    b.agent.set_gateways(vec![a.gateway("a")]);
    let (call, incoming) = connect(&mut a, &mut b).await;
    b.agent.end(incoming, EndCause::Normal).expect("up");
    assert_eq!(a.ended().await, (call, Who::Them, None, Some(16)));
}

#[tokio::test]
async fn an_address_that_is_taken_or_unspecified_is_refused() {
    let a = Side::start(|_| {}).await;
    let mut config = crate::Config::new(a.agent.local_addr(), super::REALM);
    let again = crate::Agent::bind(config.clone(), std::sync::Arc::new(super::Book)).await;
    assert!(matches!(again.err(), Some(crate::SipError::Bind { .. })));
    config.bind = "0.0.0.0:0".parse().expect("an address");
    let anywhere = crate::Agent::bind(config, std::sync::Arc::new(super::Book)).await;
    assert!(matches!(
        anywhere.err(),
        Some(crate::SipError::UnspecifiedAddress(_))
    ));
}

#[tokio::test]
async fn busy_is_busy() {
    let (mut a, mut b) = pair(false).await;
    let call = new_call();
    a.agent
        .invite(call, to_b(), caller(), offer(), RING)
        .expect("accepted");
    let (incoming, _) = b.incoming().await;
    b.agent.end(incoming, EndCause::Busy).expect("refused");
    assert_eq!(a.ended().await, (call, Who::Them, Some(486), Some(17)));
    assert_eq!(b.ended().await, (incoming, Who::Us, Some(486), Some(17)));
}

#[tokio::test]
async fn a_ringing_call_is_cancelled() {
    let (mut a, mut b) = pair(false).await;
    let call = new_call();
    let short = Duration::from_millis(200);
    a.agent
        .invite(call, to_b(), caller(), offer(), short)
        .expect("accepted");
    let (incoming, _) = b.incoming().await;
    b.agent.ring(incoming).expect("ringing");
    assert_eq!(a.ended().await, (call, Who::Us, Some(487), Some(19)));
    assert_eq!(b.ended().await, (incoming, Who::Them, Some(487), None));
}

#[tokio::test]
async fn a_gateway_that_is_silent_ends_in_408() {
    let mut a = Side::start(|_| {}).await;
    let nobody = std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let addr = nobody.local_addr().expect("bound");
    a.agent.set_gateways(vec![crate::Gateway::udp("b", addr)]);
    let call = new_call();
    a.agent
        .invite(call, to_b(), caller(), offer(), RING)
        .expect("accepted");
    assert_eq!(a.ended().await, (call, Who::Network, Some(408), None));
}

#[tokio::test]
async fn a_phone_registers_is_called_and_calls() {
    let mut pbx = Side::start(|c| c.phone_algorithms = vec![crate::Algorithm::Sha256]).await;
    let mut phone = Side::start(|_| {}).await;
    phone.agent.register(account(&pbx, "1001", "pw1001"));
    let registered = pbx
        .wait(|e| match e {
            SipEvent::Registered {
                extension, source, ..
            } => Some((extension, source)),
            _ => None,
        })
        .await;
    assert_eq!(registered, ("1001".to_owned(), phone.agent.local_addr()));
    assert!(pbx.agent.is_registered("1001"));

    let call = new_call();
    let to = Destination::Phone {
        extension: "1001".into(),
    };
    pbx.agent
        .invite(call, to, caller(), offer(), RING)
        .expect("registered");
    let (incoming, their_offer) = phone.incoming().await;
    phone
        .agent
        .answer(incoming, answer_to(&their_offer))
        .expect("answered");
    assert_eq!(pbx.answered().await, call);
    phone.agent.end(incoming, EndCause::Normal).expect("up");
    assert_eq!(pbx.ended().await.0, call);

    let call = new_call();
    let to = Destination::Account {
        account: AccountId(1),
        number: "600".into(),
    };
    phone
        .agent
        .invite(call, to, caller(), offer(), RING)
        .expect("has an account");
    let source = pbx
        .wait(|e| match e {
            SipEvent::Incoming { source, to, .. } => Some((source, to)),
            _ => None,
        })
        .await;
    assert_eq!(source, (Source::Phone("1001".into()), "600".into()));

    phone.agent.shutdown(Duration::from_secs(5)).await;
    pbx.wait(|e| matches!(e, SipEvent::Unregistered { .. }).then_some(()))
        .await;
    assert!(!pbx.agent.is_registered("1001"));
}

/// UNI: we register at the gateway, call through it as what we registered, and are called.
#[tokio::test]
async fn a_gateway_that_wants_a_registration_gets_it() {
    let mut b = Side::start(|_| {}).await;
    let mut gateway = b.gateway("b");
    gateway.account = Some(account(&b, "1001", "pw1001"));
    let mut a = Side::start(|c| c.gateways = vec![gateway]).await;
    let state = a
        .wait(|e| match e {
            SipEvent::GatewayState { state, .. } => Some(state),
            _ => None,
        })
        .await;
    assert_eq!(state, crate::GatewayHealth::Up);
    let status = a.agent.gateways().remove(0);
    assert_eq!((status.registers, status.registered), (true, Some(true)));
    assert_eq!(b.agent.registrations()[0].source.addr, a.agent.local_addr());

    let call = new_call();
    a.agent
        .invite(call, to_b(), caller(), offer(), RING)
        .expect("a gateway");
    let (incoming, source) = b
        .wait(|e| match e {
            SipEvent::Incoming { call, source, .. } => Some((call, source)),
            _ => None,
        })
        .await;
    assert_eq!(source, Source::Phone("1001".into()));
    b.agent.end(incoming, EndCause::Busy).expect("offered");
    assert_eq!(a.ended().await, (call, Who::Them, Some(486), Some(17)));
    // The challenge of the registration had served the call: no 401 in between.
    let sent = a.agent.trace(call);
    assert!(sent.iter().all(|m| !m.text.starts_with("SIP/2.0 401")));

    let to = Destination::Phone {
        extension: "1001".into(),
    };
    b.agent
        .invite(new_call(), to, caller(), offer(), RING)
        .expect("registered");
    let source = a
        .wait(|e| match e {
            SipEvent::Incoming { source, .. } => Some(source),
            _ => None,
        })
        .await;
    assert_eq!(source, Source::Gateway("b".into()));

    a.agent.set_gateways(Vec::new());
    b.wait(|e| matches!(e, SipEvent::Unregistered { .. }).then_some(()))
        .await;
}

#[tokio::test]
async fn a_wrong_password_is_told() {
    let pbx = Side::start(|_| {}).await;
    let mut phone = Side::start(|_| {}).await;
    phone.agent.register(account(&pbx, "1001", "guess"));
    let status = phone
        .wait(|e| match e {
            SipEvent::AccountFailed { sip_status, .. } => Some(sip_status),
            _ => None,
        })
        .await;
    assert_eq!(status, 403);
    assert!(!pbx.agent.is_registered("1001"));
}

#[tokio::test]
async fn shutdown_ends_every_call() {
    let (mut a, mut b) = pair(false).await;
    let (call, incoming) = connect(&mut a, &mut b).await;
    a.agent.shutdown(Duration::from_secs(5)).await;
    assert_eq!(a.ended().await.0, call);
    assert_eq!(b.ended().await.0, incoming);
    assert!(a.agent.calls().is_empty() && b.agent.calls().is_empty());
    let refused = a.agent.invite(new_call(), to_b(), caller(), offer(), RING);
    assert!(matches!(refused, Err(crate::SipError::ShuttingDown)));
}

fn account(at: &Side, user: &str, password: &str) -> Account {
    Account {
        id: AccountId(1),
        user: user.into(),
        domain: super::REALM.into(),
        registrar: Hop::udp(at.agent.local_addr()),
        more_registrars: Vec::new(),
        credentials: Credentials {
            username: user.into(),
            password: password.into(),
        },
        expires_s: 60,
    }
}
