//! Registrations, of phones with us and of ours elsewhere.

use super::{agent, count, gateway, is_there, secret};
use crate::{
    Account, AccountId, EndCause, FromUser, Gateway, GatewayHealth, Hop, IdentityHeader,
    Side as Who, SipEvent, Source, Timers,
    peers::{Side, sipp::Sipp},
};

#[tokio::test]
async fn a_phone_registers_with_digest_and_calls() {
    if !is_there() {
        return;
    }
    let mut pbx = Side::start(|c| c.timers = Timers::default()).await;
    let sipp = Sipp::calls("uac_registering", pbx.agent.local_addr());
    let extension = pbx
        .wait(|event| match event {
            SipEvent::Registered { extension, .. } => Some(extension),
            _ => None,
        })
        .await;
    assert_eq!(extension, "1001");
    let (call, their_offer, source) = pbx
        .wait(|event| match event {
            SipEvent::Incoming {
                call,
                sdp_offer,
                source,
                ..
            } => Some((call, sdp_offer?, source)),
            _ => None,
        })
        .await;
    assert_eq!(source, Source::Phone("1001".into()));
    pbx.agent.ring(call).expect("offered");
    let answer = super::answer_to(&their_offer);
    pbx.agent.answer(call, answer).expect("offered");
    assert_eq!(pbx.ended().await, (call, Who::Them, None, Some(16)));
    pbx.wait(|e| matches!(e, SipEvent::Unregistered { .. }).then_some(()))
        .await;
    sipp.success().await;
}

fn account(registrar: &Sipp, user: &str, domain: &str, username: &str) -> Account {
    Account {
        id: AccountId(1),
        user: user.into(),
        domain: domain.into(),
        registrar: Hop::udp(registrar.addr),
        more_registrars: Vec::new(),
        credentials: secret(username),
        expires_s: 60,
    }
}

async fn registered(gateway: Gateway) -> Side {
    let mut a = agent(gateway).await;
    let state = a
        .wait(|e| match e {
            SipEvent::GatewayState { state, .. } => Some(state),
            _ => None,
        })
        .await;
    assert_eq!(state, GatewayHealth::Up);
    a
}

/// Calls, and is told that they are busy.
async fn call(a: &mut Side) -> Vec<String> {
    let call = a.dial();
    assert_eq!(a.ended().await, (call, Who::Them, Some(486), None));
    a.told(call)
}

#[tokio::test]
async fn uni_we_register_call_as_what_we_registered_and_leave() {
    if !is_there() {
        return;
    }
    let sipp = Sipp::play("uas_registrar", &["-m", "2"]);
    let mut gateway = gateway(&sipp);
    gateway.domain = Some("uni.test".into());
    gateway.profile.from = FromUser::Account;
    gateway.account = Some(account(&sipp, "trunk7", "uni.test", "trunk7"));
    let mut a = registered(gateway).await;
    // What the registration was challenged with serves the call.
    let told = call(&mut a).await;
    assert_eq!(count(&told, "INVITE"), 1, "{told:#?}");
    a.agent.set_gateways(Vec::new());
    sipp.success().await;
}

#[tokio::test]
async fn ims_a_private_identity_a_home_domain_a_service_route_and_who_calls() {
    if !is_there() {
        return;
    }
    let sipp = Sipp::play("uas_ims", &["-m", "2"]);
    let mut gateway = gateway(&sipp);
    gateway.domain = Some("ims.test".into());
    gateway.profile.from = FromUser::Account;
    gateway.profile.identity = IdentityHeader::Preferred;
    gateway.profile.user_phone = true;
    let (public, private) = ("+8610000001", "8610000001@private.test");
    gateway.account = Some(account(&sipp, public, "ims.test", private));
    let mut a = registered(gateway).await;
    call(&mut a).await;
    sipp.success().await;
}

#[tokio::test]
async fn uni_its_two_numbers_are_told_apart_and_so_is_another_trunk_at_that_address() {
    if !is_there() {
        return;
    }
    let registrar = Sipp::waits("uas_registrar");
    let mut gateway = gateway(&registrar);
    gateway.domain = Some("uni.test".into());
    gateway.account = Some(account(&registrar, "trunk7", "uni.test", "trunk7"));
    let mut a = registered(gateway.clone()).await;
    let before_by_name = Gateway::udp("a", registrar.addr);
    a.agent.set_gateways(vec![before_by_name, gateway]);
    let target = a.agent.local_addr().to_string();
    let arguments = ["-m", "1", "-s", "trunk7", &target];
    let sipp = Sipp::play("uac_retargeted", &arguments);
    for number in ["62620668", "+8651262620669"] {
        let (call, to, source) = a
            .wait(|event| match event {
                SipEvent::Incoming {
                    call, to, source, ..
                } => Some((call, to, source)),
                _ => None,
            })
            .await;
        assert_eq!((&*to, source), (number, Source::Gateway("b".into())));
        a.agent.end(call, EndCause::Busy).expect("offered");
    }
    sipp.success().await;
    a.agent.set_gateways(Vec::new());
    registrar.success().await;
}
