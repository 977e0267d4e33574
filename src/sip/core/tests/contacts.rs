//! Phones with several contacts, and how they are.

use super::{
    phones::{Register, nonce, phone, registered},
    *,
};

/// Two contacts of one phone number; the second is newer.
fn two_contacts() -> (Rig, String) {
    let (mut rig, nonce) = registered();
    let second = Register {
        contact: "<sip:1001@192.168.1.8:5060>",
        cseq: 2,
        count: 2,
        ..Register::default()
    };
    rig.pass(1);
    let mut beside = phone();
    beside.addr.set_port(42_001);
    rig.arrive(second.signed(&nonce), beside);
    rig.log.clear();
    (rig, nonce)
}

#[test]
fn the_older_contact_is_called_when_the_newer_is_silent() {
    let (mut rig, _) = two_contacts();
    let to = Destination::Phone {
        extension: "1001".into(),
    };
    rig.command(Command::Invite {
        call: call(),
        to,
        caller: Identity::default(),
        offer: description(30_000).into(),
        ring_timeout: Duration::from_secs(30),
    })
    .expect("registered");
    assert_eq!(
        rig.last(&Method::Invite).1.uri(),
        Some("sip:1001@192.168.1.8:5060")
    );
    rig.pass(4);
    rig.expect(&["send INVITE", "send INVITE"]);
    let (_, second, to) = rig.last(&Method::Invite);
    assert_eq!(second.uri(), Some("sip:1001@192.168.1.7:5060"));
    assert_eq!(to, phone());
}

#[test]
fn phones_are_listed_with_their_latency_and_can_be_dropped() {
    let mut rig = Rig::with(|config| config.phone_ping = Some(Duration::from_secs(30)));
    let nonce = nonce(&mut rig);
    rig.arrive(Register::default().signed(&nonce), phone());
    rig.log.clear();
    let listed = rig.core.registrations();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].user_agent, "Desk phone 1.0");
    assert_eq!((listed[0].answers, listed[0].latency_ms), (None, None));
    assert_eq!((listed[0].expires_in_s, listed[0].source), (120, phone()));
    rig.pass(30);
    rig.expect(&["send OPTIONS"]);
    let (_, ping, to) = rig.last(&Method::Options);
    assert_eq!(ping.uri(), Some("sip:1001@192.168.1.7:5060"));
    assert_eq!(to, phone());
    rig.now_ms += 42;
    rig.reply_to(&Method::Options, 200, &[]);
    let listed = rig.core.registrations();
    assert_eq!(
        (listed[0].answers, listed[0].latency_ms),
        (Some(true), Some(42))
    );
    rig.pass(30);
    let (tx, ..) = rig.last(&Method::Options);
    rig.feed(Input::Unanswered { tx, sent: true });
    assert_eq!(rig.core.registrations()[0].answers, Some(false));
    rig.log.clear();
    rig.command(Command::DropPhone("1001".into()))
        .expect("known");
    rig.expect(&["tell Unregistered 1001"]);
    assert!(rig.core.registrations().is_empty());
    let again = rig.command(Command::DropPhone("1001".into()));
    assert!(matches!(again, Err(SipError::NotRegistered)));
}

#[test]
fn a_phone_that_refuses_our_offer_is_made_the_other_one_once() {
    let (mut rig, _) = registered();
    rig.log.clear();
    let to = Destination::Phone {
        extension: "1001".into(),
    };
    let [first, other] = [30_000, 30_002].map(description);
    rig.command(Command::Invite {
        call: call(),
        to,
        caller: Identity::default(),
        offer: Offer {
            sdp: first.clone(),
            otherwise: Some(other.clone()),
        },
        ring_timeout: Duration::from_secs(30),
    })
    .expect("registered");
    assert_eq!(rig.last(&Method::Invite).1.sdp(), Some(&*first));
    rig.reply(488, "them");
    rig.expect(&["send INVITE", "send INVITE"]);
    let again = rig.last(&Method::Invite).1;
    assert_eq!(again.sdp(), Some(&*other));
    assert_eq!(again.cseq().map(|cseq| cseq.number), Some(2));
    rig.reply(488, "them");
    rig.expect(&["tell Ended Them 488 -"]);
}

#[test]
fn a_phone_is_secure_when_every_contact_came_over_tls() {
    let mut rig = Rig::new();
    assert!(!rig.core.is_secure("1001"));
    let nonce = nonce(&mut rig);
    rig.arrive(Register::default().signed(&nonce), Hop::tls(phone().addr));
    assert!(rig.core.is_secure("1001"));
    let second = Register {
        contact: "<sip:1001@192.168.1.8:5060>",
        cseq: 2,
        count: 2,
        ..Register::default()
    };
    rig.arrive(second.signed(&nonce), phone());
    assert!(!rig.core.is_secure("1001"));
}
