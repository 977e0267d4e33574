//! Several addresses, redirections, rests and pace.

use super::*;
use crate::{FromUser, IdentityHeader, NumberRule};

fn second() -> Hop {
    Hop::udp(SocketAddr::from(([198, 51, 100, 2], 5060)))
}

/// A carrier with two addresses.
fn two() -> Rig {
    Rig::with(|config| config.gateways[0].more_hops = vec![second()])
}

/// Where each INVITE went.
fn went(rig: &Rig) -> Vec<(String, Hop)> {
    let invites = rig
        .sent
        .iter()
        .filter(|(_, m, _)| m.method() == Some(&Method::Invite));
    let uri = |m: &Message| m.uri().unwrap_or_default().to_owned();
    invites.map(|(_, m, hop)| (uri(m), *hop)).collect()
}

#[test]
fn a_503_goes_to_the_next_address() {
    let mut rig = two();
    rig.invite().expect("accepted");
    rig.reply(503, "them");
    rig.expect(&["send INVITE", "send INVITE"]);
    let (_, invite, to) = rig.last(&Method::Invite);
    assert_eq!(to, second());
    assert_eq!(invite.uri(), Some("sip:5550199@198.51.100.2:5060"));
    assert_eq!(invite.header("CSeq"), Some("2 INVITE"));
    rig.reply(503, "them");
    rig.expect(&["tell Ended Them 503 -"]);
}

#[test]
fn every_invite_after_the_first_is_told() {
    let told = |rig: &Rig| {
        let again = |event: &&SipEvent| matches!(event, SipEvent::SentAgain { .. });
        rig.events.iter().filter(again).count()
    };
    let mut rig = two();
    rig.invite().expect("accepted");
    assert_eq!(told(&rig), 0);
    rig.reply(503, "them");
    assert_eq!(told(&rig), 1, "the next address");
    let challenge = "Digest realm=\"carrier\", nonce=\"n\", algorithm=MD5, qop=\"auth\"";
    rig.reply_to(&Method::Invite, 407, &[("Proxy-Authenticate", challenge)]);
    assert_eq!(told(&rig), 2, "a challenge");
    let elsewhere = "<sip:5550200@198.51.100.2:5060>";
    rig.reply_to(&Method::Invite, 302, &[("Contact", elsewhere)]);
    assert_eq!(told(&rig), 3, "a redirection");
    assert_eq!(went(&rig).len(), 4);
}

#[test]
fn another_refusal_does_not() {
    let mut rig = two();
    rig.invite().expect("accepted");
    rig.reply(486, "them");
    rig.expect(&["send INVITE", "tell Ended Them 486 -"]);
}

#[test]
fn silence_gives_way_and_a_late_ringing_is_cancelled() {
    let mut rig = two();
    rig.invite().expect("accepted");
    let (first, invite, _) = rig.last(&Method::Invite);
    rig.pass(4);
    rig.expect(&["send INVITE", "send INVITE"]);
    rig.reply(180, "second");
    rig.expect(&["tell Ringing"]);
    let late = Message::answer(&invite, 180, "first");
    rig.feed(Input::Response {
        tx: first,
        message: late,
    });
    rig.expect(&["send CANCEL"]);
    // It answered before the CANCEL arrived: one answer too many.
    let late = response_to(&invite, 200, "first");
    rig.feed(Input::Response {
        tx: first,
        message: late,
    });
    rig.expect(&["ack", "send BYE"]);
    rig.reply(200, "second");
    rig.expect(&["ack", "tell Answered"]);
    // The silent address goes last for a while.
    rig.end(EndCause::Normal);
    rig.invite().expect("accepted");
    assert_eq!(rig.last(&Method::Invite).2, second());
}

#[test]
fn what_cannot_be_sent_goes_elsewhere_at_once() {
    let mut rig = two();
    rig.invite().expect("accepted");
    let (tx, ..) = rig.last(&Method::Invite);
    rig.feed(Input::Unanswered { tx, sent: false });
    rig.expect(&["send INVITE", "send INVITE"]);
    let (tx, ..) = rig.last(&Method::Invite);
    rig.feed(Input::Unanswered { tx, sent: true });
    rig.expect(&["tell Ended Network 408 -"]);
}

#[test]
fn retry_after_is_a_rest() {
    let mut rig = Rig::new();
    rig.invite().expect("accepted");
    rig.reply_to(&Method::Invite, 503, &[("Retry-After", "20 (busy)")]);
    rig.expect(&["send INVITE", "tell Ended Them 503 -"]);
    assert!(matches!(rig.invite(), Err(SipError::GatewayRests)));
    rig.pass(20);
    rig.invite().expect("the rest is over");
    // Nobody rests for a day.
    rig.reply_to(&Method::Invite, 503, &[("Retry-After", "86400")]);
    rig.pass(300);
    rig.invite().expect("the rest is over");
}

#[test]
fn a_redirection_is_followed_and_a_loop_is_not() {
    let mut rig = Rig::with(|config| {
        config.gateways[0].more_sources = vec![[198, 51, 100, 7].into()];
    });
    rig.invite().expect("accepted");
    rig.expect(&["send INVITE"]);
    let contacts = "<sip:5550200@198.51.100.1:5060>;q=0.5, <sip:5550300@198.51.100.7>;q=0.9";
    rig.reply_to(&Method::Invite, 302, &[("Contact", contacts)]);
    rig.reply(404, "them");
    rig.expect(&["send INVITE", "tell Ended Them 404 -"]);
    assert_eq!(went(&rig)[1].0, "sip:5550300@198.51.100.7");
    assert_eq!(went(&rig)[1].1.addr.to_string(), "198.51.100.7:5060");

    let mut rig = Rig::calling();
    for uri in ["sip:a@198.51.100.1:5060", "sip:b@198.51.100.1:5060"] {
        rig.reply_to(&Method::Invite, 302, &[("Contact", &format!("<{uri}>"))]);
        rig.expect(&["send INVITE"]);
    }
    // Back to where it began.
    let again = "<sip:5550199@198.51.100.1:5060>, <sip:a@198.51.100.1:5060>";
    rig.reply_to(&Method::Invite, 302, &[("Contact", again)]);
    rig.expect(&["tell Ended Them 302 -"]);
}

#[test]
fn endless_redirections_end() {
    let mut rig = Rig::calling();
    let mut sent = 1;
    let ended = |rig: &Rig| matches!(rig.events.last(), Some(SipEvent::Ended { .. }));
    while !ended(&rig) {
        sent += 1;
        let contact = format!("<sip:{sent}@198.51.100.1:5060>");
        rig.reply_to(&Method::Invite, 302, &[("Contact", &contact)]);
    }
    assert_eq!(sent, 5);
    assert_eq!(went(&rig).len(), 4);
    rig.log.clear();
    let mut rig = Rig::with(|config| config.gateways[0].profile.redirects = 0);
    rig.invite().expect("accepted");
    rig.reply_to(&Method::Invite, 302, &[("Contact", "<sip:1@198.51.100.1>")]);
    rig.expect(&["send INVITE", "tell Ended Them 302 -"]);
}

#[test]
fn a_redirection_to_a_stranger_is_not_followed() {
    let mut rig = Rig::calling();
    let strangers = "<sip:5550199@203.0.113.66>, <sip:5550199@192.0.2.10:5060>";
    rig.reply_to(&Method::Invite, 302, &[("Contact", strangers)]);
    rig.expect(&["tell Ended Them 302 -"]);
}

#[test]
fn a_redirection_to_another_of_our_gateways_is_not_followed() {
    let mut rig = Rig::with(|config| {
        config.gateways.push(Gateway::udp("other", second().addr));
    });
    rig.invite().expect("accepted");
    let contact = "<sip:premium@198.51.100.2:5060>";
    rig.reply_to(&Method::Invite, 302, &[("Contact", contact)]);
    rig.expect(&["send INVITE", "tell Ended Them 302 -"]);
}

#[test]
fn of_too_many_realms_the_oldest_is_forgotten() {
    let mut rig = Rig::new();
    for realm in 1..=6 {
        rig.invite().expect("accepted");
        let challenge = format!("Digest realm=\"r{realm}\", nonce=\"n\", qop=\"auth\"");
        rig.reply_to(&Method::Invite, 407, &[("Proxy-Authenticate", &challenge)]);
        rig.expect(&["send INVITE", "send INVITE"]);
        let (_, invite, _) = rig.last(&Method::Invite);
        let named = |value: &str| value.contains(&format!("realm=\"r{realm}\""));
        assert!(invite.headers("Proxy-Authorization").any(named));
        assert!(invite.headers("Proxy-Authorization").count() <= 4);
        rig.reply(486, "them");
        rig.expect(&["tell Ended Them 486 -"]);
    }
}

#[test]
fn a_nonce_serves_the_next_call_too() {
    let mut rig = Rig::calling();
    let challenge = "Digest realm=\"carrier\", nonce=\"n\", qop=\"auth\"";
    rig.reply_to(&Method::Invite, 407, &[("Proxy-Authenticate", challenge)]);
    rig.reply(486, "them");
    rig.invite().expect("accepted");
    let credentials = |rig: &Rig| {
        let (_, invite, _) = rig.last(&Method::Invite);
        let value = invite.header("Proxy-Authorization").map(str::to_owned);
        value.expect("credentials")
    };
    assert!(credentials(&rig).contains("nc=00000002"));
    // A gateway that forgot the nonce, and does not say that it is stale.
    let fresh = "Digest realm=\"carrier\", nonce=\"m\", qop=\"auth\"";
    rig.reply_to(&Method::Invite, 407, &[("Proxy-Authenticate", fresh)]);
    assert!(credentials(&rig).contains("nonce=\"m\""));
    assert!(credentials(&rig).contains("nc=00000001"));
    rig.log.clear();
    rig.reply_to(&Method::Invite, 407, &[("Proxy-Authenticate", fresh)]);
    rig.expect(&["tell Ended Them 407 -"]);
}

#[test]
fn two_proxies_in_a_row_are_both_answered() {
    let mut rig = Rig::calling();
    for realm in ["inner", "outer"] {
        let challenge = format!("Digest realm=\"{realm}\", nonce=\"{realm}\", qop=\"auth\"");
        rig.reply_to(&Method::Invite, 407, &[("Proxy-Authenticate", &challenge)]);
        rig.expect(&["send INVITE"]);
    }
    let (_, invite, _) = rig.last(&Method::Invite);
    let signed: Vec<_> = invite.headers("Proxy-Authorization").collect();
    assert_eq!(signed.len(), 2);
    assert!(signed[0].contains("inner") && signed[1].contains("outer"));
}

#[test]
fn the_pace_holds_for_every_invite() {
    let mut rig = two();
    let mut gateway = carrier_gateway();
    gateway.more_hops = vec![second()];
    gateway.pace = Some(Duration::from_millis(500));
    rig.command(Command::SetGateways(vec![gateway]))
        .expect("always");
    rig.invite().expect("the first of a second");
    rig.end(EndCause::Normal);
    rig.reply(100, "");
    rig.reply(487, "them");
    rig.invite().expect("the second of a second");
    rig.log.clear();
    // The fail-over waits for its turn.
    rig.reply(503, "them");
    rig.expect(&[]);
    rig.pass(1);
    rig.expect(&["send INVITE"]);
    rig.reply(503, "them");
    rig.expect(&["tell Ended Them 503 -"]);
    rig.invite().expect("one each half second");
    rig.end(EndCause::Normal);
    rig.reply(100, "");
    rig.reply(487, "them");
    assert!(matches!(rig.invite(), Err(SipError::TooFast)));
}

#[test]
fn a_call_that_waits_for_its_turn_can_be_ended() {
    let mut rig = two();
    let mut gateway = carrier_gateway();
    gateway.more_hops = vec![second()];
    gateway.pace = Some(Duration::from_secs(10));
    rig.command(Command::SetGateways(vec![gateway]))
        .expect("always");
    rig.invite().expect("the first");
    rig.reply(503, "them");
    rig.end(EndCause::Normal);
    rig.expect(&["send INVITE", "tell Ended Us 487 16"]);
    rig.pass(60);
    rig.expect(&[]);
}

#[test]
fn numbers_and_identity_are_written_as_the_gateway_wants_them() {
    let mut rig = Rig::with(|config| {
        let profile = &mut config.gateways[0].profile;
        let rule = |from: &str, to: &str| NumberRule {
            from: from.into(),
            to: to.into(),
        };
        profile.called = vec![rule("555", "+1555")];
        profile.caller = vec![rule("", "+1")];
        profile.identity = IdentityHeader::Asserted;
        profile.user_phone = true;
        profile.session = Some(Duration::from_secs(1800));
    });
    let call_as = |rig: &mut Rig, withheld: bool| {
        let to = Destination::Gateway {
            gateway: "carrier".into(),
            number: "5550199".into(),
        };
        let caller = Identity {
            number: "5550100".into(),
            name: None,
            withheld,
        };
        rig.command(Command::Invite {
            call: CallRef(Uuid::from_u128(u128::from(withheld) + 10)),
            to,
            caller,
            offer: description(30_000).into(),
            ring_timeout: Duration::from_secs(30),
        })
        .expect("accepted");
        rig.last(&Method::Invite).1
    };
    let open = call_as(&mut rig, false);
    assert_eq!(
        open.uri(),
        Some("sip:+15550199@198.51.100.1:5060;user=phone")
    );
    let from = open.header("From").expect("From");
    assert!(from.starts_with("<sip:+15550100@192.0.2.10:5060;user=phone>;tag="));
    let asserted = "<sip:+15550100@192.0.2.10:5060;user=phone>";
    assert_eq!(open.header("P-Asserted-Identity"), Some(asserted));
    assert_eq!(open.header("Privacy"), None);
    assert_eq!(open.header("Session-Expires"), Some("1800"));
    assert!(open.names("Supported", "timer") && open.names("Supported", "100rel"));
    let hidden = call_as(&mut rig, true);
    let from = hidden.header("From").expect("From");
    assert!(from.starts_with("\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag="));
    assert_eq!(hidden.header("P-Asserted-Identity"), Some(asserted));
    assert_eq!(hidden.header("Privacy"), Some("id"));
    assert!(
        !hidden
            .header("Contact")
            .expect("Contact")
            .contains("5550100")
    );
}

#[test]
fn an_ims_gateway_registers_and_calls_as_its_home_domain_wants() {
    let proxy = carrier();
    let mut rig = Rig::with(|config| {
        let mut gateway = Gateway::udp("ims", proxy.addr);
        gateway.account = Some(crate::Account {
            id: crate::AccountId(9),
            user: "+86512100".into(),
            domain: "ims.test".into(),
            registrar: proxy,
            more_registrars: vec![second()],
            credentials: Credentials {
                username: "+86512100@ims.test".into(),
                password: "pw".into(),
            },
            expires_s: 600,
        });
        gateway.profile.from = FromUser::Account;
        gateway.profile.identity = IdentityHeader::Preferred;
        config.gateways = vec![gateway];
    });
    rig.pass(0);
    rig.expect(&["send REGISTER"]);
    let (_, register, _) = rig.last(&Method::Register);
    assert_eq!(register.uri(), Some("sip:ims.test"));
    let first = register.header("Authorization").expect("who we are");
    assert!(first.contains("username=\"+86512100@ims.test\"") && first.contains("nonce=\"\""));
    // The first address of the registrar is silent.
    let (tx, ..) = rig.last(&Method::Register);
    rig.feed(Input::Unanswered { tx, sent: true });
    rig.expect(&["send REGISTER"]);
    assert_eq!(rig.last(&Method::Register).2, second());
    let challenge = "Digest realm=\"ims.test\", nonce=\"n\", algorithm=MD5, qop=\"auth\"";
    rig.reply_to(&Method::Register, 401, &[("WWW-Authenticate", challenge)]);
    rig.expect(&["send REGISTER"]);
    let route = "<sip:orig@198.51.100.1;lr>";
    let granted = [("Expires", "600"), ("Service-Route", route)];
    rig.reply_to(&Method::Register, 200, &granted);
    rig.expect(&["tell AccountRegistered 600", "tell GatewayState ims Up"]);
    let to = Destination::Gateway {
        gateway: "ims".into(),
        number: "5550199".into(),
    };
    rig.command(Command::Invite {
        call: call(),
        to,
        caller: Identity {
            number: "86512101".into(),
            ..Identity::default()
        },
        offer: description(30_000).into(),
        ring_timeout: Duration::from_secs(30),
    })
    .expect("accepted");
    let (_, invite, to) = rig.last(&Method::Invite);
    assert_eq!(to, proxy);
    assert_eq!(invite.uri(), Some("sip:5550199@ims.test"));
    assert_eq!(invite.header("Route"), Some(route));
    let from = invite.header("From").expect("From");
    assert!(from.starts_with("<sip:+86512100@ims.test>;tag="));
    let preferred = "<sip:86512101@ims.test;user=phone>";
    assert_eq!(invite.header("P-Preferred-Identity"), Some(preferred));
    // The registration's nonce serves the call.
    assert!(
        invite
            .header("Authorization")
            .is_some_and(|v| v.contains("nc=00000002"))
    );
    // Gone with the gateway.
    rig.log.clear();
    rig.command(Command::SetGateways(Vec::new()))
        .expect("always");
    rig.expect(&["send REGISTER"]);
    assert_eq!(rig.last(&Method::Register).1.header("Expires"), Some("0"));
}

#[test]
fn a_gateway_with_one_silent_address_is_degraded() {
    let mut rig = two();
    let mut gateway = carrier_gateway();
    gateway.more_hops = vec![second()];
    gateway.ping = Some(Duration::from_secs(20));
    rig.command(Command::SetGateways(vec![gateway]))
        .expect("always");
    rig.pass(0);
    rig.expect(&["send OPTIONS", "send OPTIONS"]);
    let pings: Vec<_> = rig.sent.iter().map(|(tx, m, _)| (*tx, m.clone())).collect();
    let answer = Message::answer(&pings[0].1, 200, "them");
    rig.feed(Input::Response {
        tx: pings[0].0,
        message: answer,
    });
    rig.feed(Input::Unanswered {
        tx: pings[1].0,
        sent: true,
    });
    rig.expect(&[
        "tell GatewayState carrier Up",
        "tell GatewayState carrier Degraded",
    ]);
    let status = &rig.core.gateway_statuses()[0];
    assert_eq!(status.health, Some(crate::GatewayHealth::Degraded));
    assert_eq!((status.registers, status.registered), (false, None));
    let answers: Vec<_> = status.hops.iter().map(|h| h.answers).collect();
    assert_eq!(answers, [Some(true), Some(false)]);
    rig.pass(20);
    let (first, _, _) = rig.sent[2].clone();
    rig.feed(Input::Unanswered {
        tx: first,
        sent: true,
    });
    rig.expect(&[
        "send OPTIONS",
        "send OPTIONS",
        "tell GatewayState carrier Down",
    ]);
}

#[test]
fn a_registration_that_fails_takes_the_gateway_down() {
    let mut rig = Rig::with(|config| {
        config.gateways[0].account = Some(crate::Account {
            id: crate::AccountId(1),
            user: "6001".into(),
            domain: "uni.test".into(),
            registrar: carrier(),
            more_registrars: Vec::new(),
            credentials: Credentials {
                username: "6001".into(),
                password: "pw".into(),
            },
            expires_s: 600,
        });
    });
    rig.pass(0);
    rig.reply_to(&Method::Register, 503, &[("Retry-After", "600")]);
    rig.expect(&[
        "send REGISTER",
        "tell AccountFailed 503 600",
        "tell GatewayState carrier Down",
    ]);
}
