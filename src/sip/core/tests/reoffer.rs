//! Our own re-INVITEs.

use super::*;

fn hold(rig: &mut Rig) {
    let sdp = String::from_utf8(description(30_000)).expect("text");
    let sdp = sdp.replace("a=sendrecv", "a=sendonly").into_bytes();
    rig.command(Command::Reoffer(call(), sdp)).expect("up");
}

#[test]
fn hold_is_offered_and_agreed() {
    let mut rig = Rig::up();
    hold(&mut rig);
    rig.expect(&["send INVITE"]);
    let (_, invite, _) = rig.last(&Method::Invite);
    assert!(invite.tag_of_to().is_some());
    assert_eq!(invite.header("CSeq"), Some("2 INVITE"));
    rig.reply(200, "them");
    rig.expect(&["ack", "tell MediaChanged"]);
    assert_eq!(rig.acks[1].0.header("CSeq"), Some("2 ACK"));
    // A repeated 2xx is acknowledged again, and told to nobody.
    rig.reply(200, "them");
    rig.expect(&["ack"]);
    rig.end(EndCause::Normal);
    assert_eq!(rig.last(&Method::Bye).1.header("CSeq"), Some("3 BYE"));
}

#[test]
fn an_offer_that_is_never_decided_is_cancelled_and_the_next_one_made() {
    let mut rig = Rig::up();
    hold(&mut rig);
    rig.reply(100, "them");
    rig.command(Command::Reoffer(call(), description(32_000)))
        .expect("up");
    rig.expect(&["send INVITE"]);
    rig.pass(119);
    rig.log.clear();
    rig.pass(2);
    rig.expect(&["send CANCEL"]);
    rig.pass(40);
    rig.expect(&["drop", "tell ReofferRefused 487", "send INVITE"]);
    assert_eq!(rig.last(&Method::Invite).1.body, description(32_000));
}

#[test]
fn before_the_answer_there_is_nothing_to_change() {
    let mut rig = Rig::ringing();
    let refused = rig.command(Command::Reoffer(call(), description(1)));
    assert!(matches!(refused, Err(SipError::OutOfStep)));
}

#[test]
fn two_wishes_at_once_become_one_offer_after_the_other() {
    let mut rig = Rig::up();
    hold(&mut rig);
    hold(&mut rig);
    rig.command(Command::Reoffer(call(), description(32_000)))
        .expect("up");
    rig.expect(&["send INVITE"]);
    rig.reply(200, "them");
    rig.expect(&["ack", "tell MediaChanged", "send INVITE"]);
    assert_eq!(rig.last(&Method::Invite).1.body, description(32_000));
}

#[test]
fn glare_is_491_for_them_and_a_second_try_for_us() {
    let mut rig = Rig::up();
    hold(&mut rig);
    let theirs = rig
        .in_dialog(Method::Invite, 2)
        .with_body("application/sdp", description(31_000));
    rig.arrive(theirs, carrier());
    rig.expect(&["send INVITE", "491 INVITE"]);
    rig.reply(491, "them");
    rig.expect(&[]);
    // We own the Call-ID, so we wait 2.1 to 4 s.
    rig.pass(2);
    rig.expect(&[]);
    rig.pass(2);
    rig.expect(&["send INVITE"]);
    rig.reply(200, "them");
    rig.expect(&["ack", "tell MediaChanged"]);
}

#[test]
fn in_a_call_of_theirs_our_second_try_comes_first() {
    let mut rig = Rig::new();
    let tx = rig.arrive(super::incoming::invite(), carrier());
    let Some(SipEvent::Incoming { call, .. }) = rig.events.last() else {
        panic!("no call");
    };
    let call = *call;
    rig.command(Command::Answer(call, description(30_000)))
        .expect("offered");
    let message = Message::request(Method::Ack, "sip:600@192.0.2.10");
    rig.feed(Input::Ack { tx, message });
    rig.command(Command::Reoffer(call, description(32_000)))
        .expect("up");
    rig.log.clear();
    rig.reply(491, "them");
    // They own the Call-ID, so we wait 0 to 2 s.
    rig.pass(2);
    rig.expect(&["send INVITE"]);
    let (_, again, _) = rig.last(&Method::Invite);
    assert_eq!(again.body, description(32_000));
    assert_eq!(again.header("CSeq"), Some("2 INVITE"));
}

#[test]
fn a_refused_change_changes_nothing_and_a_challenged_one_is_signed() {
    let mut rig = Rig::up();
    hold(&mut rig);
    let challenge = "Digest realm=\"carrier\", nonce=\"n\", qop=\"auth\"";
    rig.reply_to(&Method::Invite, 407, &[("Proxy-Authenticate", challenge)]);
    rig.expect(&["send INVITE", "send INVITE"]);
    rig.reply(488, "them");
    rig.expect(&["tell ReofferRefused 488"]);
    hold(&mut rig);
    rig.reply(481, "them");
    rig.expect(&["send INVITE", "tell Ended Network - 102", "send BYE"]);
}

#[test]
fn a_2xx_after_our_bye_is_still_acknowledged() {
    let mut rig = Rig::up();
    hold(&mut rig);
    let (tx, invite, _) = rig.last(&Method::Invite);
    rig.end(EndCause::Normal);
    rig.expect(&["send INVITE", "tell Ended Us - 16", "send BYE"]);
    let message = response_to(&invite, 200, "them");
    rig.feed(Input::Response { tx, message });
    rig.expect(&["ack"]);
}

#[test]
fn a_digit_goes_out_by_info() {
    let mut rig = Rig::up();
    let digit = |digit| Command::SendDigit {
        call: call(),
        digit,
        ms: 160,
    };
    rig.command(digit('#')).expect("up");
    rig.expect(&["send INFO"]);
    let (_, info, _) = rig.last(&Method::of("INFO"));
    assert_eq!(info.body, b"Signal=#\r\nDuration=160\r\n");
    assert!(matches!(rig.command(digit('x')), Err(SipError::BadNumber)));
}
