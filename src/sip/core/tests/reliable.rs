//! Reliable provisional responses.

use super::*;

fn reliable(rig: &mut Rig, status: u16, rseq: u32, sdp: Option<u16>) {
    let (tx, invite, _) = rig.last(&Method::Invite);
    let message = Message::answer(&invite, status, "them")
        .with("Require", "100rel")
        .with("RSeq", rseq.to_string())
        .with("Contact", "<sip:5550199@198.51.100.9>")
        .with_body("application/sdp", sdp.map(description).unwrap_or_default());
    rig.feed(Input::Response { tx, message });
}

#[test]
fn each_is_acknowledged_once_and_in_order() {
    let mut rig = Rig::calling();
    reliable(&mut rig, 183, 41, Some(31_000));
    rig.expect(&["send PRACK", "tell Ringing with media"]);
    let (_, prack, to) = rig.last(&Method::Prack);
    assert_eq!(prack.header("RAck"), Some("41 1 INVITE"));
    assert_eq!(prack.header("CSeq"), Some("2 PRACK"));
    assert_eq!(to.addr.to_string(), "198.51.100.9:5060");
    // Repeated, and one that overtook another.
    reliable(&mut rig, 183, 41, Some(31_000));
    reliable(&mut rig, 180, 43, None);
    rig.expect(&[]);
    reliable(&mut rig, 180, 42, None);
    rig.expect(&["send PRACK", "tell Ringing"]);
    rig.reply(200, "them");
    rig.expect(&["ack", "tell Answered"]);
    rig.end(EndCause::Normal);
    assert_eq!(rig.last(&Method::Bye).1.header("CSeq"), Some("4 BYE"));
}

#[test]
fn an_early_offer_is_answered_once_ours_was() {
    let mut rig = Rig::calling();
    reliable(&mut rig, 183, 1, None);
    rig.expect(&["send PRACK", "tell Ringing"]);
    let offer = |rig: &Rig, cseq| {
        rig.in_dialog(Method::Update, cseq)
            .with_body("application/sdp", description(33_000))
    };
    let update = offer(&rig, 1);
    rig.arrive(update, carrier());
    rig.expect(&["491 UPDATE"]);
    reliable(&mut rig, 183, 2, Some(31_000));
    rig.expect(&["send PRACK", "tell Ringing with media"]);
    let update = offer(&rig, 2);
    rig.arrive(update, carrier());
    rig.expect(&["200 UPDATE", "tell Ringing with media"]);
    let text = String::from_utf8(rig.answer().body.clone()).expect("text");
    assert!(text.contains("m=audio 30000") && text.contains("o=- 1 2 "));
}

fn insisting() -> Message {
    let mut invite = Message::request(Method::Invite, "sip:600@192.0.2.10:5060");
    for (name, value) in [
        ("Via", "SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKin"),
        ("From", "<sip:5550100@198.51.100.1>;tag=them"),
        ("To", "<sip:600@192.0.2.10>"),
        ("Call-ID", "in@carrier"),
        ("CSeq", "7 INVITE"),
        ("Contact", "<sip:5550100@198.51.100.1>"),
        ("Require", "100rel"),
    ] {
        invite.push(name, value);
    }
    invite.with_body("application/sdp", description(31_000))
}

fn prack(rig: &Rig, rack: &str, cseq: u32) -> Message {
    let to = rig.answer().header("To").expect("To").to_owned();
    insisting()
        .without(&["Via", "To", "CSeq", "Require", "Content-Type"])
        .with(
            "Via",
            format!("SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKp{cseq}"),
        )
        .with("To", to)
        .with("CSeq", format!("{cseq} PRACK"))
        .with("RAck", rack)
}

fn as_prack(message: Message) -> Message {
    let mut prack = Message::request(Method::Prack, "sip:600@192.0.2.10:5060");
    for name in ["Via", "From", "To", "Call-ID", "CSeq", "RAck"] {
        prack.push(name, message.header(name).unwrap_or_default());
    }
    prack
}

#[test]
fn ours_are_repeated_until_prack_and_the_answer_waits_for_it() {
    let mut rig = Rig::new();
    rig.arrive(insisting(), carrier());
    let Some(SipEvent::Incoming { call, .. }) = rig.events.last().cloned() else {
        panic!("no call");
    };
    rig.log.clear();
    rig.command(Command::Progress(call, description(30_000)))
        .expect("offered");
    rig.expect(&["183 INVITE"]);
    assert_eq!(rig.answer().header("RSeq"), Some("1"));
    assert!(rig.answer().names("Require", "100rel"));
    rig.pass(2);
    rig.expect(&["183 INVITE", "183 INVITE"]);
    rig.command(Command::Ring(call)).expect("offered");
    rig.command(Command::Answer(call, description(30_000)))
        .expect("offered");
    rig.expect(&[]);
    let wrong = as_prack(prack(&rig, "2 7 INVITE", 8));
    rig.arrive(wrong, carrier());
    rig.expect(&["481 PRACK"]);
    let right = as_prack(prack(&rig, "1 7 INVITE", 9));
    rig.arrive(right, carrier());
    rig.expect(&["200 PRACK", "200 INVITE"]);
    rig.pass(60);
    rig.expect(&[]);
}

#[test]
fn a_prack_that_never_comes_ends_the_call() {
    let mut rig = Rig::new();
    rig.arrive(insisting(), carrier());
    let Some(SipEvent::Incoming { call, .. }) = rig.events.last().cloned() else {
        panic!("no call");
    };
    rig.command(Command::Ring(call)).expect("offered");
    rig.log.clear();
    rig.pass(33);
    assert_eq!(rig.log.pop().as_deref(), Some("tell Ended Network 504 102"));
    assert_eq!(rig.log.pop().as_deref(), Some("504 INVITE"));
    assert!(rig.log.iter().all(|line| line == "180 INVITE"));
}
