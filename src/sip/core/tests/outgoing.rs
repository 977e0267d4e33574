//! Calls that we make.

use super::*;

#[test]
fn an_answered_call_that_they_end() {
    let mut rig = Rig::calling();
    rig.reply(100, "");
    rig.expect(&[]);
    rig.reply(180, "them");
    rig.expect(&["tell Ringing"]);
    rig.reply(200, "them");
    rig.expect(&["ack", "tell Answered"]);
    let bye = rig
        .in_dialog(Method::Bye, 2)
        .with("Reason", "Q.850;cause=31;text=\"Normal\"");
    rig.arrive(bye, carrier());
    rig.expect(&["200 BYE", "tell Ended Them - 31"]);
}

#[test]
fn an_answered_call_that_we_end() {
    let mut rig = Rig::up();
    rig.end(EndCause::Normal);
    rig.expect(&["tell Ended Us - 16", "send BYE"]);
    let (_, bye, to) = rig.last(&Method::Bye);
    assert_eq!(bye.header("CSeq"), Some("2 BYE"));
    assert_eq!(
        bye.header("Reason"),
        Some("Q.850;cause=16;text=\"Normal call clearing\"")
    );
    assert_eq!(to, carrier());
    rig.reply_to(&Method::Bye, 200, &[]);
    rig.expect(&[]);
}

#[test]
fn busy_tells_its_cause() {
    let mut rig = Rig::ringing();
    rig.reply_to(
        &Method::Invite,
        486,
        &[("Reason", "Q.850;cause=17;text=\"User busy\"")],
    );
    rig.expect(&["tell Ended Them 486 17"]);
    let SipEvent::Ended { reason, .. } = rig.events.last().expect("an event") else {
        panic!("not the end");
    };
    assert_eq!(reason.as_deref(), Some("User busy"));
}

#[test]
fn ringing_too_long_is_cancelled() {
    let mut rig = Rig::ringing();
    rig.pass(29);
    rig.expect(&[]);
    rig.pass(1);
    rig.expect(&["send CANCEL"]);
    let (_, invite, _) = rig.last(&Method::Invite);
    let (_, cancel, _) = rig.last(&Method::Cancel);
    assert_eq!(cancel.header("Via"), invite.header("Via"));
    assert_eq!(cancel.header("CSeq"), Some("1 CANCEL"));
    assert_eq!(cancel.uri(), invite.uri());
    rig.reply_to(&Method::Cancel, 200, &[]);
    rig.reply(487, "them");
    rig.expect(&["tell Ended Us 487 19"]);
}

#[test]
fn cancel_waits_for_the_first_provisional() {
    let mut rig = Rig::calling();
    rig.end(EndCause::Normal);
    rig.expect(&[]);
    rig.reply(100, "");
    rig.expect(&["send CANCEL"]);
    rig.reply(180, "them");
    rig.expect(&[]);
    rig.reply(487, "them");
    rig.expect(&["tell Ended Us 487 16"]);
}

#[test]
fn a_2xx_that_races_the_cancel_is_never_an_answer() {
    let mut rig = Rig::ringing();
    rig.end(EndCause::Normal);
    rig.expect(&["send CANCEL"]);
    rig.reply(200, "them");
    rig.expect(&["ack", "send BYE", "tell Ended Us 487 16"]);
    rig.reply(200, "them");
    rig.expect(&["ack"]);
}

#[test]
fn a_cancel_that_nobody_answers_still_ends_the_call() {
    let mut rig = Rig::ringing();
    rig.end(EndCause::Normal);
    rig.expect(&["send CANCEL"]);
    let (tx, ..) = rig.last(&Method::Cancel);
    rig.feed(Input::Unanswered { tx, sent: true });
    rig.expect(&[]);
    rig.pass(32);
    rig.expect(&["drop", "tell Ended Us 487 16"]);
    // The answer comes half a minute late: it must not stay up at the carrier.
    rig.pass(30);
    rig.reply(200, "them");
    rig.expect(&["ack", "send BYE"]);
}

#[test]
fn a_gateway_that_never_says_anything_is_408() {
    let mut rig = Rig::calling();
    let (tx, ..) = rig.last(&Method::Invite);
    rig.feed(Input::Unanswered { tx, sent: true });
    rig.expect(&["tell Ended Network 408 -"]);
    // It wakes up after all.
    rig.reply(180, "them");
    rig.expect(&["send CANCEL"]);

    let mut rig = Rig::calling();
    rig.end(EndCause::Normal);
    rig.pass(32);
    rig.expect(&["drop", "tell Ended Us 408 16"]);
    rig.reply(180, "them");
    rig.expect(&["send CANCEL"]);
}

#[test]
fn a_gateway_that_cannot_be_reached_is_503() {
    let mut rig = Rig::calling();
    let (tx, ..) = rig.last(&Method::Invite);
    rig.feed(Input::Unanswered { tx, sent: false });
    rig.expect(&["tell Ended Network 503 -"]);
}

#[test]
fn the_second_fork_is_acknowledged_and_hung_up() {
    let mut rig = Rig::up();
    rig.reply(200, "other");
    rig.expect(&["ack", "send BYE"]);
    let (_, bye, _) = rig.last(&Method::Bye);
    assert_eq!(bye.tag_of_to().as_deref(), Some("other"));
    // Their repetitions are acknowledged again, each with its own ACK.
    rig.reply(200, "other");
    rig.reply(200, "them");
    rig.expect(&["ack", "ack"]);
    let tags: Vec<_> = rig
        .acks
        .iter()
        .filter_map(|(ack, _)| ack.tag_of_to())
        .collect();
    assert_eq!(tags, ["them", "other", "other", "them"]);
    rig.end(EndCause::Normal);
    rig.expect(&["tell Ended Us - 16", "send BYE"]);
}

#[test]
fn early_media_answers_a_2xx_without_a_description() {
    let mut rig = Rig::calling();
    let (tx, invite, _) = rig.last(&Method::Invite);
    let early = Message::answer(&invite, 183, "them");
    let early = early.with_body("application/sdp", description(32_000));
    rig.feed(Input::Response { tx, message: early });
    rig.expect(&["tell Ringing with media"]);
    rig.feed(Input::Response {
        tx,
        message: Message::answer(&invite, 200, "them"),
    });
    rig.expect(&["ack", "tell Answered"]);
    let Some(SipEvent::Answered { sdp, .. }) = rig.events.last() else {
        panic!("not answered");
    };
    assert_eq!(*sdp, description(32_000));
    // Without a Contact the Request-URI stays the target.
    assert_eq!(rig.acks[0].0.uri(), invite.uri());
    assert_eq!(rig.acks[0].1, carrier());
}

#[test]
fn an_answer_without_any_description_is_hung_up() {
    let mut rig = Rig::calling();
    let (tx, invite, _) = rig.last(&Method::Invite);
    rig.feed(Input::Response {
        tx,
        message: Message::answer(&invite, 200, "them"),
    });
    rig.expect(&["ack", "send BYE", "tell Ended Us 488 88"]);
}

#[test]
fn the_route_of_the_answer_is_followed() {
    let mut rig = Rig::calling();
    let (tx, invite, _) = rig.last(&Method::Invite);
    let answer = Message::answer(&invite, 200, "them")
        .with(
            "Record-Route",
            "<sip:198.51.100.9;lr>, <sip:198.51.100.8:5070;lr>",
        )
        .with("Contact", "<sip:5550199@10.0.0.5>")
        .with_body("application/sdp", description(31_000));
    rig.feed(Input::Response {
        tx,
        message: answer,
    });
    let (ack, to) = &rig.acks[0];
    assert_eq!(ack.uri(), Some("sip:5550199@10.0.0.5"));
    let routes: Vec<_> = ack.headers("Route").collect();
    assert_eq!(
        routes,
        ["<sip:198.51.100.8:5070;lr>", "<sip:198.51.100.9;lr>"]
    );
    assert_eq!(to.addr.to_string(), "198.51.100.8:5070");
}

#[test]
fn a_private_contact_behind_a_public_gateway_is_reached_through_the_gateway() {
    let mut rig = Rig::calling();
    let (tx, invite, _) = rig.last(&Method::Invite);
    let answer = Message::answer(&invite, 200, "them")
        .with("Contact", "<sip:5550199@10.0.0.5>")
        .with_body("application/sdp", description(31_000));
    rig.feed(Input::Response {
        tx,
        message: answer,
    });
    assert_eq!(rig.acks[0].1, carrier());
}

const MD5: &str = "Digest realm=\"carrier\", nonce=\"abc\", qop=\"auth,auth-int\", algorithm=MD5";
const SHA: &str = "Digest realm=\"carrier\", nonce=\"abc\", qop=\"auth\", algorithm=SHA-256";
const OLD: &str = "Digest realm=\"carrier\", nonce=\"abc\"";
const UNKNOWN: &str = "Digest realm=\"carrier\", nonce=\"abc\", algorithm=SHA-512-256";

#[test]
fn a_challenge_is_answered() {
    for (challenge, mark) in [
        (MD5, "algorithm=MD5"),
        (SHA, "algorithm=SHA-256"),
        (OLD, "uri="),
    ] {
        let mut rig = Rig::calling();
        rig.reply_to(&Method::Invite, 407, &[("Proxy-Authenticate", challenge)]);
        rig.expect(&["send INVITE"]);
        let (_, invite, _) = rig.last(&Method::Invite);
        assert_eq!(invite.header("CSeq"), Some("2 INVITE"));
        let value = invite.header("Proxy-Authorization").expect("credentials");
        assert!(value.contains(mark), "{value}");
        assert_eq!(value.contains("nc=00000001"), challenge != OLD);
        rig.reply(200, "them");
        rig.expect(&["ack", "tell Answered"]);
        let ack = &rig.acks[0].0;
        assert_eq!(ack.header("CSeq"), Some("2 ACK"));
        assert_eq!(ack.header("Proxy-Authorization"), Some(value));
    }
}

#[test]
fn the_first_challenge_that_we_know_is_answered() {
    let mut rig = Rig::calling();
    let headers = [("WWW-Authenticate", UNKNOWN), ("WWW-Authenticate", SHA)];
    rig.reply_to(&Method::Invite, 401, &headers);
    rig.expect(&["send INVITE"]);
    let (_, invite, _) = rig.last(&Method::Invite);
    assert!(
        invite
            .header("Authorization")
            .is_some_and(|v| v.contains("algorithm=SHA-256"))
    );

    let mut rig = Rig::calling();
    rig.reply_to(&Method::Invite, 401, &[("WWW-Authenticate", UNKNOWN)]);
    rig.expect(&["tell Ended Them 401 -"]);
}

#[test]
fn a_wrong_password_is_not_tried_for_ever() {
    let mut rig = Rig::calling();
    rig.reply_to(&Method::Invite, 401, &[("WWW-Authenticate", MD5)]);
    rig.expect(&["send INVITE"]);
    rig.reply_to(&Method::Invite, 401, &[("WWW-Authenticate", MD5)]);
    rig.expect(&["tell Ended Them 401 -"]);
}

#[test]
fn a_stale_nonce_is_tried_once_more() {
    let mut rig = Rig::calling();
    rig.reply_to(&Method::Invite, 401, &[("WWW-Authenticate", MD5)]);
    let fresh = "Digest realm=\"carrier\", nonce=\"new\", stale=TRUE, qop=\"auth\"";
    rig.reply_to(&Method::Invite, 401, &[("WWW-Authenticate", fresh)]);
    rig.expect(&["send INVITE", "send INVITE"]);
    let (_, invite, _) = rig.last(&Method::Invite);
    assert_eq!(invite.headers("Authorization").count(), 1);
    rig.reply(200, "them");
    rig.expect(&["ack", "tell Answered"]);
    // The nonce serves the BYE too, with the next count.
    rig.end(EndCause::Normal);
    let (_, bye, _) = rig.last(&Method::Bye);
    assert!(
        bye.header("Authorization")
            .is_some_and(|v| v.contains("nc=00000002"))
    );
    assert_eq!(bye.header("CSeq"), Some("4 BYE"));
}

#[test]
fn a_challenge_after_giving_up_ends_the_call() {
    let mut rig = Rig::calling();
    rig.end(EndCause::Normal);
    rig.reply_to(&Method::Invite, 407, &[("Proxy-Authenticate", MD5)]);
    rig.expect(&["tell Ended Us 407 16"]);
}

#[test]
fn what_cannot_be_dialled_is_refused_without_a_trace() {
    let mut rig = Rig::new();
    let mut to = |gateway: &str, number: &str| {
        let to = Destination::Gateway {
            gateway: gateway.into(),
            number: number.into(),
        };
        rig.command(Command::Invite {
            call: call(),
            to,
            caller: Identity::default(),
            offer: description(1).into(),
            ring_timeout: Duration::from_secs(30),
        })
    };
    assert!(matches!(to("nobody", "1"), Err(SipError::NoSuchGateway)));
    for number in ["", "1\r\nEvil: 1", "a b", "a@b", "<1>", &"1".repeat(65)] {
        assert!(
            matches!(to("carrier", number), Err(SipError::BadNumber)),
            "{number}"
        );
    }
    assert!(to("carrier", "+49(30)123-45#*").is_ok());
    rig.expect(&["send INVITE"]);
    assert!(matches!(rig.invite(), Err(SipError::CallExists)));
}

#[test]
fn an_answer_for_somebody_else_is_none() {
    let mut rig = Rig::ringing();
    let (tx, invite, _) = rig.last(&Method::Invite);
    let answer = response_to(&invite, 200, "them");
    for name in ["Call-ID", "From"] {
        let message = answer.without(&[name]).with(name, "<sip:x@test>;tag=other");
        rig.feed(Input::Response { tx, message });
    }
    rig.expect(&[]);
}

#[test]
fn nothing_is_left_of_a_call() {
    let mut rig = Rig::up();
    rig.end(EndCause::Normal);
    rig.reply_to(&Method::Bye, 200, &[]);
    rig.pass(60);
    assert!(rig.core.is_quiet());
    assert!(rig.core.client_txs.is_empty());
    assert!(rig.core.by_dialog.is_empty());
    assert!(rig.core.server_invites.is_empty());
}
