//! REFER and Replaces.

use super::*;

fn refer(rig: &Rig, cseq: u32, to: &str) -> Message {
    rig.in_dialog(Method::Refer, cseq).with("Refer-To", to)
}

#[test]
fn a_blind_transfer_is_asked_told_and_reported() {
    let mut rig = Rig::up();
    let request = refer(&rig, 2, "<sip:1002@192.0.2.10>");
    rig.arrive(request, carrier());
    rig.expect(&["202 REFER", "send NOTIFY", "tell TransferAsked 1002"]);
    let (_, notify, _) = rig.last(&Method::Notify);
    assert_eq!(notify.body, b"SIP/2.0 100 Trying\r\n");
    assert_eq!(notify.header("Event"), Some("refer;id=2"));
    // One at a time.
    let second = refer(&rig, 3, "<sip:1003@192.0.2.10>");
    rig.arrive(second, carrier());
    rig.expect(&["491 REFER"]);
    rig.command(Command::TransferResult(call(), 200))
        .expect("it was asked");
    rig.expect(&["send NOTIFY"]);
    let (_, notify, _) = rig.last(&Method::Notify);
    assert_eq!(notify.body, b"SIP/2.0 200 OK\r\n");
    let state = notify.header("Subscription-State").expect("a state");
    assert!(state.starts_with("terminated"));
    let again = rig.command(Command::TransferResult(call(), 200));
    assert!(matches!(again, Err(SipError::OutOfStep)));
}

#[test]
fn what_cannot_be_referred_to_is_refused() {
    let mut rig = Rig::up();
    for (cseq, to, response) in [
        (2, "<mailto:a@b>", "416 REFER"),
        (3, "<sip:bad%0d%0auser@x>", "400 REFER"),
        (
            4,
            "<sip:1@x?Replaces=nothing%3Bto-tag%3Da%3Bfrom-tag%3Db>",
            "481 REFER",
        ),
        (5, "<", "400 REFER"),
    ] {
        let request = refer(&rig, cseq, to);
        rig.arrive(request, carrier());
        rig.expect(&[response]);
    }
}

#[test]
fn an_attended_transfer_names_a_call_of_ours() {
    let mut rig = Rig::up();
    let (_, invite, _) = rig.last(&Method::Invite);
    let ours = invite.tag_of_from().expect("a tag");
    let call_id = invite.call_id().replace('@', "%40");
    let to = format!("<sip:x@y?Replaces={call_id}%3Bto-tag%3D{ours}%3Bfrom-tag%3Dthem>");
    let request = refer(&rig, 2, &to);
    rig.arrive(request.with("Refer-Sub", "false"), carrier());
    rig.expect(&["202 REFER", "tell TransferAsked x in place of a call"]);
}

/// An INVITE that wants the place of the call of [`Rig::up`].
fn wants_place(number: u32, replaces: &str) -> Message {
    let mut invite = Message::request(Method::Invite, "sip:600@192.0.2.10:5060");
    for (name, value) in [
        (
            "Via",
            &*format!("SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKr{number}"),
        ),
        ("From", "<sip:5550100@198.51.100.1>;tag=other"),
        ("To", "<sip:600@192.0.2.10>"),
        ("Call-ID", &*format!("other{number}@carrier")),
        ("CSeq", "1 INVITE"),
        ("Contact", "<sip:5550100@198.51.100.1>"),
        ("Replaces", replaces),
    ] {
        invite.push(name, value);
    }
    invite
}

#[test]
fn a_call_may_take_the_place_of_another() {
    let mut rig = Rig::up();
    let (_, invite, _) = rig.last(&Method::Invite);
    let ours = invite.tag_of_from().expect("a tag");
    let call_id = invite.call_id();
    let known = format!("{call_id};to-tag={ours};from-tag=them");
    let refused = [
        ("nobody;to-tag=a;from-tag=b".to_owned(), "481 INVITE"),
        (
            format!("{call_id};to-tag={ours};from-tag=others"),
            "481 INVITE",
        ),
        (format!("{call_id};to-tag=a;from-tag=them"), "481 INVITE"),
        (format!("{call_id};to-tag={ours}"), "400 INVITE"),
        (format!("{call_id};to-tag=;from-tag=them"), "400 INVITE"),
        (call_id.to_owned(), "400 INVITE"),
        // It is not early any more.
        (format!("{known};early-only"), "486 INVITE"),
    ];
    for (number, (replaces, status)) in (1..).zip(&refused) {
        rig.arrive(wants_place(number, replaces), carrier());
        rig.expect(&[*status]);
    }
    let twice = wants_place(20, &known).with("Replaces", &*known);
    rig.arrive(twice, carrier());
    rig.expect(&["400 INVITE"]);
    let joins = wants_place(21, &known).with("Join", &*known);
    rig.arrive(joins, carrier());
    rig.expect(&["400 INVITE"]);
    rig.arrive(wants_place(22, &known), carrier());
    rig.expect(&[
        "100 INVITE",
        "tell Incoming 5550100 600 Gateway(\"carrier\") in place of a call",
    ]);
    let Some(SipEvent::Incoming { replaces, .. }) = rig.events.last() else {
        panic!("no call");
    };
    assert_eq!(*replaces, Some(call()));
    rig.end(EndCause::Normal);
    rig.expect(&["tell Ended Us - 16", "send BYE"]);
    rig.arrive(wants_place(23, &known), carrier());
    rig.expect(&["603 INVITE"]);
}

#[test]
fn a_ringing_call_of_ours_may_be_taken_and_one_that_rings_here_may_not() {
    let mut rig = Rig::ringing();
    let (_, invite, _) = rig.last(&Method::Invite);
    let ours = invite.tag_of_from().expect("a tag");
    let early = format!(
        "{};to-tag={ours};from-tag=them;early-only",
        invite.call_id()
    );
    rig.arrive(wants_place(1, &early), carrier());
    rig.expect(&[
        "100 INVITE",
        "tell Incoming 5550100 600 Gateway(\"carrier\") in place of a call",
    ]);
    let Some(SipEvent::Incoming { call: offered, .. }) = rig.events.last() else {
        panic!("no call");
    };
    let offered = *offered;
    rig.command(Command::Ring(offered, None))
        .expect("it is offered");
    rig.expect(&["180 INVITE"]);
    let tag = rig.answer().tag_of_to().expect("a tag");
    let theirs = format!("other1@carrier;to-tag={tag};from-tag=other");
    rig.arrive(wants_place(2, &theirs), carrier());
    rig.expect(&["481 INVITE"]);
}

#[test]
fn we_ask_for_a_transfer_and_are_told_how_it_goes() {
    let mut rig = Rig::up();
    rig.command(Command::Refer {
        call: call(),
        number: "1002".into(),
        replaces: None,
    })
    .expect("up");
    rig.expect(&["send REFER"]);
    let (_, refer, _) = rig.last(&Method::Refer);
    assert_eq!(
        refer.header("Refer-To"),
        Some("<sip:1002@198.51.100.1:5060>")
    );
    rig.reply_to(&Method::Refer, 202, &[]);
    let notify = |rig: &Rig, cseq, body: &str, state| {
        rig.in_dialog(Method::Notify, cseq)
            .with("Event", "refer")
            .with("Subscription-State", state)
            .with_body("message/sipfrag", body.as_bytes().to_vec())
    };
    let trying = notify(&rig, 2, "SIP/2.0 100 Trying", "active;expires=180");
    rig.arrive(trying, carrier());
    let done = notify(&rig, 3, "SIP/2.0 200 OK", "terminated;reason=noresource");
    rig.arrive(done, carrier());
    rig.expect(&[
        "200 NOTIFY",
        "tell TransferProgress 100 false",
        "200 NOTIFY",
        "tell TransferProgress 200 true",
    ]);
    let late = notify(&rig, 4, "SIP/2.0 200 OK", "terminated");
    rig.arrive(late, carrier());
    rig.expect(&["481 NOTIFY"]);
    rig.command(Command::Refer {
        call: call(),
        number: "1002".into(),
        replaces: None,
    })
    .expect("up");
    rig.reply_to(&Method::Refer, 603, &[]);
    rig.expect(&["send REFER", "tell TransferProgress 603 true"]);
}

/// [`Rig::up`] so long that nothing is remembered of the INVITE.
fn long_up() -> Rig {
    let mut rig = Rig::up();
    rig.pass(40);
    rig.expect(&["drop"]);
    rig
}

/// We have asked for a transfer, and the far end has accepted it.
fn referred() -> Rig {
    let mut rig = long_up();
    refer_to(&mut rig, "1002").expect("up");
    rig.reply_to(&Method::Refer, 202, &[]);
    rig.expect(&["send REFER"]);
    rig
}

fn refer_to(rig: &mut Rig, number: &str) -> Result<(), SipError> {
    rig.command(Command::Refer {
        call: call(),
        number: number.into(),
        replaces: None,
    })
}

fn notify(rig: &mut Rig, cseq: u32, state: &str, body: &str) {
    let notify = rig
        .in_dialog(Method::Notify, cseq)
        .with("Event", "refer")
        .with("Subscription-State", state)
        .with_body("message/sipfrag", body.as_bytes().to_vec());
    rig.arrive(notify, carrier());
}

#[test]
fn a_transfer_of_which_nothing_is_told_has_failed() {
    let mut rig = referred();
    rig.pass(59);
    rig.expect(&[]);
    rig.pass(1);
    rig.expect(&["tell TransferProgress 408 true"]);
    notify(&mut rig, 2, "terminated", "SIP/2.0 200 OK");
    rig.expect(&["481 NOTIFY"]);
    rig.end(EndCause::Normal);
    rig.expect(&["tell Ended Us - 16", "send BYE"]);
    rig.pass(4_000);
    rig.expect(&[]);
}

#[test]
fn who_tells_of_a_transfer_is_waited_for_as_long_as_it_says() {
    for (state, wait_s) in [
        ("active;expires=300", 300),
        ("active", 180),
        ("active;expires=0", 60),
        ("pending;expires=soon", 180),
        ("active;expires=99999999", 3_600),
    ] {
        let mut rig = referred();
        rig.pass(50);
        notify(&mut rig, 2, state, "SIP/2.0 180 Ringing");
        rig.expect(&["200 NOTIFY", "tell TransferProgress 180 false"]);
        rig.pass(wait_s - 1);
        rig.expect(&[]);
        rig.pass(1);
        rig.expect(&["tell TransferProgress 408 true"]);
    }
}

#[test]
fn the_last_word_counts_even_without_an_outcome_and_before_the_202() {
    let mut rig = referred();
    notify(&mut rig, 2, "terminated;reason=noresource", "");
    rig.expect(&["200 NOTIFY", "tell TransferProgress 408 true"]);
    rig.pass(4_000);
    rig.expect(&[]);

    let mut rig = long_up();
    refer_to(&mut rig, "1002").expect("up");
    notify(&mut rig, 2, "active;expires=300", "SIP/2.0 100 Trying");
    rig.reply_to(&Method::Refer, 202, &[]);
    rig.expect(&[
        "send REFER",
        "200 NOTIFY",
        "tell TransferProgress 100 false",
    ]);
    rig.pass(299);
    notify(&mut rig, 3, "terminated", "SIP/2.0 486 Busy Here");
    rig.expect(&["200 NOTIFY", "tell TransferProgress 486 true"]);
    rig.pass(4_000);
    rig.expect(&[]);
}

#[test]
fn one_transfer_is_over_before_the_next() {
    let mut rig = referred();
    let second = refer_to(&mut rig, "1003");
    assert!(matches!(second, Err(SipError::OutOfStep)));
    rig.pass(30);
    notify(&mut rig, 2, "terminated", "SIP/2.0 486 Busy Here");
    refer_to(&mut rig, "1003").expect("the first is over");
    rig.reply_to(&Method::Refer, 202, &[]);
    rig.expect(&["200 NOTIFY", "tell TransferProgress 486 true", "send REFER"]);
    // The wait for the first is no wait for the second.
    rig.pass(59);
    rig.expect(&[]);
    rig.pass(1);
    rig.expect(&["tell TransferProgress 408 true"]);
    refer_to(&mut rig, "1004").expect("the second is over");
    rig.reply_to(&Method::Refer, 603, &[]);
    rig.expect(&["send REFER", "tell TransferProgress 603 true"]);
    notify(&mut rig, 3, "active", "SIP/2.0 100 Trying");
    rig.expect(&["481 NOTIFY"]);
}
