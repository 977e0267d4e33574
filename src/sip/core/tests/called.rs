//! Calls to what we registered at a trunk: which number was called, and which trunk.

use super::*;
use crate::{Account, AccountId};

fn account(id: u64, user: &str) -> Account {
    Account {
        id: AccountId(id),
        user: user.into(),
        domain: "ims.test".into(),
        registrar: carrier(),
        more_registrars: Vec::new(),
        credentials: Credentials {
            username: user.into(),
            password: format!("secret of {user}"),
        },
        expires_s: 600,
    }
}

/// Two trunks at one address, each with an account, and before them by name one without.
fn two_accounts() -> Rig {
    let gateway = |name: &str, account| Gateway {
        account,
        ..Gateway::udp(name, carrier().addr)
    };
    let mut rig = Rig::with(|config| {
        config.gateways = vec![
            gateway("a", None),
            gateway("b", Some(account(1, "+8610000001"))),
            gateway("c", Some(account(2, "trunk7"))),
        ];
    });
    rig.pass(0);
    rig.log.clear();
    rig
}

fn to(uri: &str, to: &str, called_party: &[&str]) -> Message {
    let mut invite = Message::request(Method::Invite, uri);
    for (name, value) in [
        ("Via", "SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKto"),
        ("From", "<sip:5550100@carrier.test>;tag=them"),
        ("To", to),
        ("Call-ID", "to@carrier"),
        ("CSeq", "1 INVITE"),
        ("Contact", "<sip:5550100@198.51.100.1>"),
    ] {
        invite.push(name, value);
    }
    for value in called_party {
        invite.push("P-Called-Party-ID", *value);
    }
    invite.with_body("application/sdp", description(31_000))
}

/// Number and gateway of a call.
#[track_caller]
fn told(invite: Message) -> (String, String) {
    let mut rig = two_accounts();
    rig.arrive(invite, carrier());
    match rig.events.last() {
        Some(SipEvent::Incoming {
            to,
            source: crate::Source::Gateway(gateway),
            ..
        }) => (to.clone(), gateway.clone()),
        other => panic!("{other:?} is no call from a gateway"),
    }
}

#[test]
fn a_call_to_our_contact_is_for_the_number_that_was_called() {
    const CONTACT: &str = "sip:trunk7@192.0.2.10:5060";
    for (to_header, called_party, number) in [
        ("<sip:62620668@uni.test>", &[][..], "62620668"),
        ("<sip:62620669@uni.test;user=phone>", &[], "62620669"),
        ("\"You\" <tel:+86-512-6262.0669>", &[], "+8651262620669"),
        ("tel:+8651262620668;x=y", &[], "+8651262620668"),
        (
            "<sip:62620668@uni.test>",
            &["<sip:+8651262620669@ims.test;user=phone>"],
            "+8651262620669",
        ),
        (
            "<sip:62620668@uni.test>",
            &["<tel:+8651262620669>;np=x"],
            "+8651262620669",
        ),
        // What cannot be read is passed over, and without a number it is the account that is called.
        ("<sip:62620668@uni.test>", &["<sip:uni.test>"], "62620668"),
        ("<sip:62620668@uni.test>", &["<", "nobody"], "62620668"),
        ("<sip:uni.test>", &[], "trunk7"),
        ("<mailto:you@uni.test>", &[], "trunk7"),
        ("<sip:bad%0d%0auser@uni.test>", &[], "trunk7"),
        ("<sip:trunk7@uni.test>", &[], "trunk7"),
    ] {
        let invite = to(CONTACT, to_header, called_party);
        let expected = (number.to_owned(), "c".to_owned());
        assert_eq!(told(invite), expected, "{to_header} {called_party:?}");
    }
}

#[test]
fn a_call_to_anything_else_is_for_the_request_uri() {
    let invite = to(
        "sip:600@192.0.2.10",
        "<sip:62620668@uni.test>",
        &["<sip:62620669@uni.test>"],
    );
    assert_eq!(told(invite), ("600".to_owned(), "a".to_owned()));
    // Where we are not registered, a user of that name is a number like any other.
    let mut rig = Rig::new();
    let invite = to("sip:trunk7@192.0.2.10", "<sip:62620668@uni.test>", &[]);
    rig.arrive(invite, carrier());
    rig.expect(&[
        "100 INVITE",
        "tell Incoming 5550100 trunk7 Gateway(\"carrier\")",
    ]);
}

#[test]
fn of_two_trunks_at_one_address_it_is_the_one_that_is_called() {
    for (uri, to_header, called_party, gateway) in [
        ("sip:+8610000001@192.0.2.10", "<sip:1@x>", &[][..], "b"),
        ("sip:%2b8610000001@192.0.2.10", "<sip:1@x>", &[], "b"),
        ("sip:trunk7@192.0.2.10", "<sip:+8610000001@x>", &[], "c"),
        ("sip:62620668@192.0.2.10", "<sip:trunk7@x>", &[], "c"),
        (
            "sip:62620668@192.0.2.10",
            "<sip:62620668@x>",
            &["<tel:+86-1000-0001>"],
            "b",
        ),
        ("sip:62620668@192.0.2.10", "<sip:62620668@x>", &[], "a"),
    ] {
        let (_, found) = told(to(uri, to_header, called_party));
        assert_eq!(found, gateway, "{uri} {to_header} {called_party:?}");
    }
}

#[test]
fn our_requests_on_its_calls_are_signed_by_the_account_that_is_called() {
    let mut rig = two_accounts();
    let invite = to("sip:trunk7@192.0.2.10", "<sip:62620668@x>", &[]);
    let tx = rig.arrive(invite, carrier());
    let Some(SipEvent::Incoming { call, .. }) = rig.events.last() else {
        panic!("no call");
    };
    let call = *call;
    rig.command(Command::Answer(call, description(30_000)))
        .expect("offered");
    assert_eq!(
        rig.answer().header("Contact"),
        Some("<sip:trunk7@192.0.2.10:5060>")
    );
    let message = Message::request(Method::Ack, "sip:trunk7@192.0.2.10");
    rig.feed(Input::Ack { tx, message });
    rig.command(Command::End(call, EndCause::Normal))
        .expect("up");
    let challenge = "Digest realm=\"carrier\", nonce=\"n\", qop=\"auth\"";
    rig.reply_to(&Method::Bye, 407, &[("Proxy-Authenticate", challenge)]);
    let (_, bye, _) = rig.last(&Method::Bye);
    let signed = bye.header("Proxy-Authorization").expect("signed");
    assert!(signed.contains("username=\"trunk7\""), "{signed}");
}
