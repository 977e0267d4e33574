//! Accounts of ours at other registrars, and pings of gateways.

use super::*;
use crate::{Account, AccountId};

fn registering() -> Rig {
    let mut rig = Rig::new();
    rig.command(Command::Register(Account {
        id: AccountId(3),
        user: "trunk7".into(),
        domain: "uni.test".into(),
        registrar: carrier(),
        more_registrars: Vec::new(),
        credentials: Credentials {
            username: "trunk7".into(),
            password: "pw".into(),
        },
        expires_s: 600,
    }))
    .expect("always");
    rig.expect(&["send REGISTER"]);
    rig
}

const CHALLENGE: (&str, &str) = (
    "WWW-Authenticate",
    "Digest realm=\"uni\", nonce=\"1\", algorithm=SHA-256, qop=\"auth\"",
);

#[test]
fn it_registers_refreshes_and_unregisters() {
    let mut rig = registering();
    rig.reply_to(&Method::Register, 401, &[CHALLENGE]);
    rig.expect(&["send REGISTER"]);
    let contact = "<sip:trunk7@192.0.2.10:5060>;expires=100";
    rig.reply_to(&Method::Register, 200, &[("Contact", contact)]);
    rig.expect(&["tell AccountRegistered 100"]);
    rig.pass(74);
    rig.expect(&[]);
    rig.pass(1);
    rig.expect(&["send REGISTER"]);
    let (_, register, _) = rig.last(&Method::Register);
    assert_eq!(register.header("CSeq"), Some("3 REGISTER"));
    assert!(
        register
            .header("Authorization")
            .is_some_and(|v| v.contains("nc=00000002"))
    );
    rig.reply_to(&Method::Register, 200, &[("Expires", "200")]);
    rig.expect(&["tell AccountRegistered 200"]);
    rig.command(Command::Unregister(AccountId(3)))
        .expect("always");
    rig.expect(&["send REGISTER"]);
    assert_eq!(rig.last(&Method::Register).1.header("Expires"), Some("0"));
    rig.reply_to(&Method::Register, 200, &[]);
    rig.pass(600);
    rig.expect(&[]);
}

#[test]
fn the_time_is_that_of_our_own_contact() {
    for (contacts, granted) in [
        // Another device of the same name, or we before our address changed.
        (
            "<sip:trunk7@203.0.113.9:5060>;expires=3000, <sip:trunk7@192.0.2.10>;expires=100",
            100,
        ),
        // None is written as ours is.
        (
            "<sip:trunk7@203.0.113.9>;expires=300, <sip:trunk7@203.0.113.8>;expires=60, \
             <sip:other@203.0.113.8>;expires=20",
            60,
        ),
    ] {
        let mut rig = registering();
        rig.reply_to(&Method::Register, 200, &[("Contact", contacts)]);
        rig.expect(&[&format!("tell AccountRegistered {granted}")]);
    }
}

#[test]
fn calls_go_where_we_are_registered() {
    let backup = Hop::udp(SocketAddr::from(([198, 51, 100, 2], 5060)));
    let mut gateway = carrier_gateway();
    gateway.more_hops = vec![backup];
    gateway.account = Some(Account {
        id: AccountId(9),
        user: "trunk7".into(),
        domain: "uni.test".into(),
        registrar: carrier(),
        more_registrars: vec![backup],
        credentials: Credentials {
            username: "trunk7".into(),
            password: "pw".into(),
        },
        expires_s: 600,
    });
    let mut rig = Rig::with(|config| config.gateways = vec![gateway]);
    rig.pass(0);
    let (tx, ..) = rig.last(&Method::Register);
    rig.feed(Input::Unanswered { tx, sent: true });
    assert_eq!(rig.last(&Method::Register).2, backup);
    rig.reply_to(&Method::Register, 200, &[("Expires", "600")]);
    rig.log.clear();
    rig.invite().expect("accepted");
    assert_eq!(rig.last(&Method::Invite).2, backup);
    // The others are still there, and one that is silent goes last.
    rig.pass(4);
    rig.expect(&["send INVITE", "send INVITE"]);
    assert_eq!(rig.last(&Method::Invite).2, carrier());
    rig.end(EndCause::Normal);
    let mut next = rig;
    next.log.clear();
    next.pass(40);
    next.invite().expect("accepted");
    assert_eq!(next.last(&Method::Invite).2, backup);
}

#[test]
fn failures_are_told_and_tried_again_ever_slower() {
    let mut rig = registering();
    let mut waited = Vec::new();
    for _ in 0..7 {
        rig.reply_to(&Method::Register, 503, &[]);
        let Some(SipEvent::AccountFailed { retry_in_s, .. }) = rig.events.last() else {
            panic!("not told");
        };
        let retry_in_s = *retry_in_s;
        waited.push(retry_in_s);
        rig.log.clear();
        rig.pass(u64::from(retry_in_s) - 1);
        rig.expect(&[]);
        rig.pass(1);
        rig.expect(&["send REGISTER"]);
    }
    assert_eq!(waited, [5, 10, 20, 40, 80, 120, 120]);
}

#[test]
fn silence_and_a_wrong_password_are_failures() {
    let mut rig = registering();
    let (tx, ..) = rig.last(&Method::Register);
    rig.feed(Input::Unanswered { tx, sent: true });
    rig.expect(&["tell AccountFailed 408 5"]);

    let mut rig = registering();
    rig.reply_to(&Method::Register, 401, &[CHALLENGE]);
    rig.reply_to(&Method::Register, 401, &[CHALLENGE]);
    rig.expect(&["send REGISTER", "tell AccountFailed 401 5"]);
}

#[test]
fn too_brief_is_corrected() {
    let mut rig = registering();
    rig.reply_to(&Method::Register, 423, &[("Min-Expires", "1800")]);
    rig.expect(&["send REGISTER"]);
    assert_eq!(
        rig.last(&Method::Register).1.header("Expires"),
        Some("1800")
    );
}

#[test]
fn a_pinged_gateway_goes_up_and_down() {
    let mut rig = Rig::with(|config| {
        config.gateways[0].ping = Some(Duration::from_secs(20));
    });
    rig.pass(0);
    rig.expect(&["send OPTIONS"]);
    let latency = |rig: &Rig| rig.core.gateway_statuses()[0].hops[0].latency_ms;
    assert_eq!(latency(&rig), None);
    rig.now_ms += 17;
    rig.reply_to(&Method::Options, 404, &[]);
    rig.expect(&["tell GatewayState carrier Up"]);
    assert_eq!(latency(&rig), Some(17));
    rig.pass(20);
    rig.expect(&["send OPTIONS"]);
    let (tx, ..) = rig.last(&Method::Options);
    rig.feed(Input::Unanswered { tx, sent: true });
    rig.expect(&["tell GatewayState carrier Down"]);
    assert_eq!(latency(&rig), Some(17), "of the last one that was answered");
    // Replaced by one without pings: silence.
    rig.command(Command::SetGateways(vec![carrier_gateway()]))
        .expect("always");
    rig.pass(60);
    rig.expect(&[]);
}

fn registering_gateway() -> Gateway {
    let mut gateway = carrier_gateway();
    gateway.account = Some(Account {
        id: AccountId(9),
        user: "trunk7".into(),
        domain: "uni.test".into(),
        registrar: carrier(),
        more_registrars: Vec::new(),
        credentials: Credentials {
            username: "trunk7".into(),
            password: "pw".into(),
        },
        expires_s: 600,
    });
    gateway
}

#[test]
fn a_registration_has_expired_when_its_time_is_over_before_the_refresh_is_answered() {
    let mut rig = Rig::with(|config| config.gateways = Vec::new());
    let all = vec![registering_gateway()];
    rig.command(Command::SetGateways(all)).expect("always");
    let status = |rig: &Rig| {
        let status = rig.core.gateway_statuses().remove(0);
        (status.registered, status.expired)
    };
    assert_eq!(status(&rig), (None, false));
    rig.reply_to(&Method::Register, 200, &[("Expires", "60")]);
    rig.log.clear();
    rig.pass(45);
    rig.expect(&["send REGISTER"]);
    rig.pass(14);
    assert_eq!(status(&rig), (Some(true), false));
    rig.pass(1);
    assert_eq!(status(&rig), (Some(true), true));
    // A refresh that is answered late makes it good; one that is not makes it a failure.
    rig.reply_to(&Method::Register, 200, &[("Expires", "60")]);
    assert_eq!(status(&rig), (Some(true), false));
    rig.pass(61);
    let (tx, ..) = rig.last(&Method::Register);
    rig.feed(Input::Unanswered { tx, sent: true });
    assert_eq!(status(&rig), (Some(false), false));
}

#[test]
fn a_changed_gateway_keeps_what_is_known_of_it() {
    let mut gateway = registering_gateway();
    let mut rig = Rig::with(|config| config.gateways = Vec::new());
    let set = |rig: &mut Rig, gateway: &Gateway| {
        let all = vec![gateway.clone()];
        rig.command(Command::SetGateways(all)).expect("always");
    };
    set(&mut rig, &gateway);
    rig.expect(&["send REGISTER"]);
    assert_eq!(rig.core.gateway_statuses()[0].registered, None);
    rig.reply_to(&Method::Register, 403, &[]);
    let failed = rig.core.gateway_statuses().remove(0);
    let (why, _) = failed.last_error.expect("why");
    assert_eq!(
        (why.as_str(), failed.registered),
        ("REGISTER: 403 Forbidden", Some(false))
    );
    rig.log.clear();
    rig.pass(5);
    rig.expect(&["send REGISTER"]);
    rig.reply_to(&Method::Register, 200, &[("Expires", "600")]);
    rig.log.clear();
    rig.pass(10);
    // Another address and another rule: nobody registers anew, and the registration is still known.
    gateway.more_hops = vec![stranger()];
    gateway.profile.redirects = 0;
    set(&mut rig, &gateway);
    rig.expect(&[]);
    let status = rig.core.gateway_statuses().remove(0);
    assert_eq!((status.registered, status.hops.len()), (Some(true), 2));
    assert_eq!(status.health, Some(crate::GatewayHealth::Up));
    assert!(status.last_error.is_some() && status.since < rig.core.at());
    // Another password is another registration.
    if let Some(account) = &mut gateway.account {
        account.credentials.password = "new".into();
    }
    set(&mut rig, &gateway);
    rig.expect(&["send REGISTER"]);
    assert_eq!(rig.core.gateway_statuses()[0].registered, None);
}
