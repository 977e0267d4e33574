//! Addresses that ask for TLS at every hop (`sips:`).

use super::{
    phones::{nonce, phone},
    *,
};

const CONTACT: &str = "<sips:1001@192.168.1.7:5061>";

fn over_tls() -> Hop {
    Hop::tls(phone().addr)
}

/// A request of the phone 1001 to `uri`, with the right password.
fn signed(method: Method, uri: &str, (nonce, count): (&str, u32), contact: &str) -> Message {
    let name = method.name().to_owned();
    let ha1 = Algorithm::Md5.of_parts(&["1001", REALM, "secret"]);
    let ha2 = Algorithm::Md5.of_parts(&[&name, uri]);
    let nc = format!("{count:08x}");
    let response = Algorithm::Md5.of_parts(&[&ha1, nonce, &nc, "cn", "auth", &ha2]);
    let digest = format!(
        "Digest username=\"1001\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"{uri}\", \
         response=\"{response}\", qop=auth, nc={nc}, cnonce=\"cn\""
    );
    let via = format!("SIP/2.0/TLS 192.168.1.7;branch=z9hG4bK{name}{count}");
    Message::request(method, uri)
        .with("Via", via)
        .with("From", "<sips:1001@phones.test>;tag=them")
        .with("To", "<sips:1001@phones.test>")
        .with("Call-ID", format!("secure {name}"))
        .with("CSeq", format!("{count} {name}"))
        .with("Contact", contact)
        .with("Authorization", digest)
}

fn registers(uri: &str, contact: &str, from: Hop) -> (Rig, String) {
    let mut rig = Rig::new();
    let nonce = nonce(&mut rig);
    let request = signed(Method::Register, uri, (&nonce, 1), contact);
    rig.arrive(request, from);
    (rig, nonce)
}

fn registered() -> (Rig, String) {
    let (mut rig, nonce) = registers("sips:phones.test", CONTACT, over_tls());
    rig.expect(&["200 REGISTER", "tell Registered 1001"]);
    (rig, nonce)
}

#[test]
fn a_secure_contact_is_bound_where_everything_about_it_is_secure() {
    let (rig, _) = registered();
    let bound = rig.answer().header("Contact");
    assert_eq!(bound, Some("<sips:1001@192.168.1.7:5061>;expires=300"));
    assert!(rig.core.is_secure("1001"));
    let refused = |uri: &str, contact: &str, from: Hop, status: u16| {
        let (mut rig, _) = registers(uri, contact, from);
        rig.expect(&[&format!("{status} REGISTER")]);
        assert!(rig.core.registrations().is_empty());
    };
    let mixed = "<sips:1001@192.168.1.7:5061>, <sip:1001@192.168.1.7:5060>";
    for from in [phone(), Hop::tcp(phone().addr)] {
        refused("sips:phones.test", CONTACT, from, 403);
        refused("sips:phones.test", "<sip:1001@192.168.1.7>", from, 403);
        refused("sip:phones.test", CONTACT, from, 403);
    }
    refused("sip:phones.test", CONTACT, over_tls(), 400);
    refused("sips:phones.test", mixed, over_tls(), 400);
    refused("sips:phones.test", "<tel:1001>", over_tls(), 400);
}

#[test]
fn the_secure_and_the_plain_address_of_a_phone_are_the_same_phone() {
    let (mut rig, _) = registers(
        "sips:phones.test",
        "<sip:1001@192.168.1.7:5061;transport=tls>",
        over_tls(),
    );
    rig.expect(&["200 REGISTER", "tell Registered 1001"]);
}

#[test]
fn what_is_bound_securely_is_called_securely_over_tls_alone() {
    let (mut rig, _) = registered();
    rig.command(Command::Invite {
        call: call(),
        to: Destination::Phone {
            extension: "1001".into(),
        },
        caller: Identity {
            number: "600".into(),
            ..Identity::default()
        },
        offer: description(30_000).into(),
        ring_timeout: Duration::from_secs(30),
    })
    .expect("registered");
    let (_, invite, to) = rig.last(&Method::Invite);
    assert_eq!(invite.uri(), Some("sips:1001@192.168.1.7:5061"));
    assert_eq!(to, over_tls());
    let contact = invite.header("Contact").expect("ours");
    assert!(contact.starts_with("<sips:600@"), "{contact}");
    rig.reply_to(&Method::Invite, 200, &[("Contact", CONTACT)]);
    rig.log.clear();
    rig.reply(200, "them");
    let ours = rig.acks.last().expect("an ACK");
    assert_eq!(ours.1, over_tls());
}

#[test]
fn a_secure_call_is_answered_with_a_secure_contact() {
    let contact_in_answer = |uri: &str, contact: &str| {
        let (mut rig, nonce) = registered();
        let invite = signed(Method::Invite, uri, (&nonce, 2), contact);
        let invite = invite.with_body("application/sdp", description(33_000));
        rig.arrive(invite, over_tls());
        let Some(SipEvent::Incoming { call, to, .. }) = rig.events.last().cloned() else {
            panic!("a call: {:?}", rig.log);
        };
        assert_eq!(to, "600");
        rig.command(Command::Ring(call, None)).expect("it waits");
        let rings = rig.answer().header("Contact").map(str::to_owned);
        rig.command(Command::Answer(call, description(30_000)))
            .expect("it rings");
        let answer = rig.answer();
        assert_eq!(answer.status(), Some(200));
        let answers = answer.header("Contact").expect("ours").to_owned();
        assert!(rings.is_none_or(|rings| rings == answers));
        answers.split('@').next().expect("a user").to_owned()
    };
    let plain = "<sip:1001@192.168.1.7:5061;transport=tls>";
    assert_eq!(
        contact_in_answer("sips:600@phones.test", plain),
        "<sips:600"
    );
    assert_eq!(
        contact_in_answer("sip:600@phones.test", CONTACT),
        "<sips:600"
    );
    assert_eq!(contact_in_answer("sip:600@phones.test", plain), "<sip:600");
}

#[test]
fn what_is_to_be_secure_and_comes_openly_is_refused() {
    for from in [phone(), Hop::tcp(phone().addr), carrier()] {
        let mut rig = Rig::new();
        let nonce = nonce(&mut rig);
        let invite = signed(Method::Invite, "sips:600@phones.test", (&nonce, 1), CONTACT);
        rig.arrive(invite, from);
        rig.expect(&["480 INVITE"]);
        let warning = rig.answer().header("Warning").expect("why");
        assert!(warning.starts_with("380 "), "{warning}");
    }
}
