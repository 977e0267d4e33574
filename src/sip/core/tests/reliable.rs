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
fn a_prack_that_is_challenged_is_sent_again_in_its_early_dialog() {
    let mut rig = Rig::calling();
    reliable(&mut rig, 183, 41, Some(31_000));
    rig.expect(&["send PRACK", "tell Ringing with media"]);
    let challenge = "Digest realm=\"carrier\", nonce=\"n\", qop=\"auth\"";
    rig.reply_to(&Method::Prack, 407, &[("Proxy-Authenticate", challenge)]);
    rig.expect(&["send PRACK"]);
    let (_, prack, to) = rig.last(&Method::Prack);
    assert_eq!(prack.header("RAck"), Some("41 1 INVITE"));
    assert_eq!(prack.header("CSeq"), Some("3 PRACK"));
    assert_eq!(to.addr.to_string(), "198.51.100.9:5060");
    assert!(prack.header("Proxy-Authorization").is_some());
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
    rig.command(Command::Ring(call, None)).expect("offered");
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
    rig.command(Command::Ring(call, None)).expect("offered");
    rig.log.clear();
    rig.pass(33);
    assert_eq!(rig.log.pop().as_deref(), Some("tell Ended Network 504 102"));
    assert_eq!(rig.log.pop().as_deref(), Some("504 INVITE"));
    assert!(rig.log.iter().all(|line| line == "180 INVITE"));
}

/// A call that waits for the house.
fn waiting(invite: Message) -> (Rig, TxId, CallRef) {
    let mut rig = Rig::new();
    let tx = rig.arrive(invite, carrier());
    let Some(SipEvent::Incoming { call, .. }) = rig.events.last().cloned() else {
        panic!("no call");
    };
    rig.log.clear();
    (rig, tx, call)
}

/// Their request in that call before the answer.
fn early(rig: &Rig, method: Method, cseq: u32) -> Message {
    let to = rig.answer().header("To").expect("To").to_owned();
    let name = method.name().to_owned();
    Message::request(method, "sip:600@192.0.2.10:5060")
        .with(
            "Via",
            format!("SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKe{cseq}"),
        )
        .with("From", "<sip:5550100@198.51.100.1>;tag=them")
        .with("To", to)
        .with("Call-ID", "in@carrier")
        .with("CSeq", format!("{cseq} {name}"))
}

fn acknowledging(rig: &Rig, rseq: u32, cseq: u32) -> Message {
    early(rig, Method::Prack, cseq).with("RAck", format!("{rseq} 7 INVITE"))
}

fn offering(message: Message, direction: &str) -> Message {
    let text = String::from_utf8(description(33_000)).expect("text");
    let text = text.replace("a=sendrecv", &format!("a={direction}"));
    message.with_body("application/sdp", text.into_bytes())
}

fn video(message: Message) -> Message {
    let offer = "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n\
                 m=video 40000 RTP/AVP 96\r\n";
    message.with_body("application/sdp", offer.into())
}

fn said(rig: &Rig) -> String {
    String::from_utf8(rig.answer().body.clone()).expect("text")
}

#[test]
fn who_calls_may_change_the_media_once_our_answer_has_arrived() {
    let (mut rig, tx, call) = waiting(insisting());
    rig.command(Command::Progress(call, description(30_000)))
        .expect("offered");
    rig.expect(&["183 INVITE"]);
    // Our answer may be under way still.
    let update = offering(early(&rig, Method::Update, 8), "sendonly");
    rig.arrive(update, carrier());
    rig.expect(&["500 UPDATE"]);
    let wait = rig.answer().header("Retry-After").expect("when");
    assert!(wait.parse::<u8>().is_ok_and(|wait_s| wait_s <= 10));
    let prack = acknowledging(&rig, 1, 9);
    rig.arrive(prack, carrier());
    rig.expect(&["200 PRACK"]);
    let update = offering(early(&rig, Method::Update, 10), "sendonly");
    let update = update.with("Contact", "<sip:5550100@198.51.100.99:5080>");
    rig.arrive(update, carrier());
    rig.expect(&["tell MediaChanged", "200 UPDATE"]);
    assert!(said(&rig).contains("m=audio 30000") && said(&rig).contains("a=recvonly"));
    assert!(said(&rig).contains("o=- 1 2 "));
    let Some(SipEvent::MediaChanged { local_sdp, .. }) = rig.events.last() else {
        panic!("not told");
    };
    let ours = local_sdp.clone();
    assert_eq!(ours, rig.answer().body);
    let update = video(early(&rig, Method::Update, 11));
    rig.arrive(update, carrier());
    let update = early(&rig, Method::Update, 12);
    rig.arrive(update, carrier());
    rig.expect(&["488 UPDATE", "200 UPDATE"]);
    assert_eq!(said(&rig), "");
    let late = early(&rig, Method::Update, 12);
    rig.arrive(late, carrier());
    rig.expect(&["500 UPDATE"]);
    // All is said, so the 200 says nothing more, and neither need its ACK.
    rig.command(Command::Answer(call, description(30_000)))
        .expect("offered");
    rig.expect(&["200 INVITE"]);
    assert_eq!(said(&rig), "");
    let message = Message::request(Method::Ack, "sip:600@192.0.2.10");
    rig.feed(Input::Ack { tx, message });
    rig.expect(&["tell Confirmed"]);
    let update = offering(early(&rig, Method::Update, 13), "sendrecv");
    rig.arrive(update, carrier());
    rig.expect(&["tell MediaChanged", "200 UPDATE"]);
    assert!(said(&rig).contains("o=- 1 3 "));
    rig.command(Command::End(call, EndCause::Normal))
        .expect("up");
    let (_, bye, to) = rig.last(&Method::Bye);
    assert_eq!(bye.uri(), Some("sip:5550100@198.51.100.99:5080"));
    assert_eq!(to.addr.to_string(), "198.51.100.99:5080");
}

#[test]
fn what_a_caller_was_told_unreliably_settles_nothing() {
    let (mut rig, _, call) = waiting(insisting().without(&["Require"]));
    rig.command(Command::Progress(call, description(30_000)))
        .expect("offered");
    let update = offering(early(&rig, Method::Update, 8), "sendonly");
    rig.arrive(update, carrier());
    rig.command(Command::Answer(call, description(30_000)))
        .expect("offered");
    rig.expect(&["183 INVITE", "500 UPDATE", "200 INVITE"]);
    assert_eq!(rig.answer().body, description(30_000));
}

#[test]
fn an_offer_in_a_prack_is_answered_with_it() {
    let (mut rig, _, call) = waiting(insisting());
    rig.command(Command::Ring(call, None)).expect("offered");
    // Their first offer is open, so there can be no other.
    let prack = offering(acknowledging(&rig, 1, 8), "sendonly");
    rig.arrive(prack, carrier());
    rig.expect(&["180 INVITE", "200 PRACK"]);
    assert_eq!(said(&rig), "");
    rig.command(Command::Progress(call, description(30_000)))
        .expect("offered");
    let prack = offering(acknowledging(&rig, 2, 9), "sendonly");
    rig.arrive(prack, carrier());
    rig.expect(&["183 INVITE", "tell MediaChanged", "200 PRACK"]);
    assert!(said(&rig).contains("m=audio 30000") && said(&rig).contains("a=recvonly"));
    // A PRACK is 200 whatever it says; and what is settled is not said again.
    rig.command(Command::Progress(call, description(30_000)))
        .expect("offered");
    assert_eq!(said(&rig), "");
    let prack = video(acknowledging(&rig, 3, 10));
    rig.arrive(prack, carrier());
    rig.expect(&["183 INVITE", "200 PRACK"]);
    assert!(said(&rig).ends_with("m=video 0 RTP/AVP 96\r\n"));
}

fn insisting_without_an_offer() -> Message {
    let mut invite = insisting().without(&["Content-Type"]);
    invite.body.clear();
    invite
}

#[test]
fn who_insists_and_offers_nothing_is_made_an_offer_while_it_rings() {
    let (mut rig, tx, call) = waiting(insisting_without_an_offer());
    rig.command(Command::Ring(call, Some(description(30_000))))
        .expect("offered");
    rig.expect(&["180 INVITE"]);
    assert!(rig.answer().names("Require", "100rel"));
    assert_eq!(rig.answer().body, description(30_000));
    let update = offering(early(&rig, Method::Update, 8), "sendrecv");
    rig.arrive(update, carrier());
    rig.expect(&["491 UPDATE"]);
    let prack = offering(acknowledging(&rig, 1, 9), "sendrecv");
    rig.arrive(prack, carrier());
    rig.expect(&["tell MediaChanged", "200 PRACK"]);
    assert_eq!(said(&rig), "");
    let told = rig.events.last().cloned();
    let Some(SipEvent::MediaChanged {
        remote_sdp,
        local_sdp,
        ..
    }) = told
    else {
        panic!("not told");
    };
    assert_eq!(
        (remote_sdp, local_sdp),
        (description(33_000), description(30_000))
    );
    rig.command(Command::Answer(call, description(30_000)))
        .expect("offered");
    rig.expect(&["200 INVITE"]);
    assert_eq!(said(&rig), "");
    let message = Message::request(Method::Ack, "sip:600@192.0.2.10");
    rig.feed(Input::Ack { tx, message });
    rig.expect(&["tell Confirmed"]);
}

#[test]
fn who_does_not_answer_that_offer_in_the_prack_may_do_so_in_the_ack() {
    let (mut rig, tx, call) = waiting(insisting_without_an_offer());
    rig.command(Command::Ring(call, Some(description(30_000))))
        .expect("offered");
    let prack = acknowledging(&rig, 1, 8);
    rig.arrive(prack, carrier());
    rig.command(Command::Answer(call, description(30_000)))
        .expect("offered");
    rig.expect(&["180 INVITE", "200 PRACK", "200 INVITE"]);
    assert_eq!(rig.answer().body, description(30_000));
    let ack = Message::request(Method::Ack, "sip:600@192.0.2.10");
    let message = offering(ack, "sendrecv");
    rig.feed(Input::Ack { tx, message });
    let Some(SipEvent::Confirmed { sdp, .. }) = rig.events.last() else {
        panic!("not confirmed");
    };
    assert_eq!(sdp.as_deref(), Some(&*description(33_000)));
}

#[test]
fn no_reliable_response_comes_before_our_offer() {
    let (mut rig, _, call) = waiting(insisting_without_an_offer());
    rig.command(Command::Ring(call, None)).expect("offered");
    rig.expect(&[]);
    // Who does not insist is rung as ever.
    let (mut rig, _, call) = waiting(insisting_without_an_offer().without(&["Require"]));
    rig.command(Command::Ring(call, Some(description(30_000))))
        .expect("offered");
    rig.expect(&["180 INVITE"]);
    assert_eq!(said(&rig), "");
}
