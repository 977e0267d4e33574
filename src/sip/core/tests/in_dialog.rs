//! Requests inside a dialog.

use super::*;

fn with_sdp(message: Message, port: u16, direction: &str) -> Message {
    let text = String::from_utf8(description(port)).expect("text");
    let text = text.replace("a=sendrecv", &format!("a={direction}"));
    message.with_body("application/sdp", text.into_bytes())
}

fn body(message: &Message) -> String {
    String::from_utf8(message.body.clone()).expect("text")
}

#[test]
fn hold_and_resume_are_answered_and_told() {
    let mut rig = Rig::up();
    let hold = with_sdp(rig.in_dialog(Method::Invite, 2), 31_000, "sendonly");
    let tx = rig.arrive(hold, carrier());
    rig.expect(&["tell MediaChanged", "200 INVITE"]);
    assert!(body(rig.answer()).contains("a=recvonly"));
    assert!(body(rig.answer()).contains("m=audio 30000 "));
    rig.feed(Input::Ack {
        tx,
        message: Message::request(Method::Ack, "sip:x@y"),
    });
    rig.expect(&[]);
    let resume = with_sdp(rig.in_dialog(Method::Invite, 3), 31_002, "sendrecv");
    let tx = rig.arrive(resume, carrier());
    rig.expect(&["tell MediaChanged", "200 INVITE"]);
    assert!(body(rig.answer()).contains("a=sendrecv"));
    assert!(body(rig.answer()).contains("o=- 1 3 "));
    // No ACK comes for this one: the session is not to be trusted any more.
    rig.feed(Input::NoAck { tx });
    rig.expect(&["tell Ended Network - 102", "send BYE"]);
}

#[test]
fn a_second_offer_before_the_ack_is_491() {
    let mut rig = Rig::up();
    let first = with_sdp(rig.in_dialog(Method::Invite, 2), 31_000, "sendonly");
    rig.arrive(first, carrier());
    rig.expect(&["tell MediaChanged", "200 INVITE"]);
    let second = with_sdp(rig.in_dialog(Method::Invite, 3), 31_000, "sendrecv");
    rig.arrive(second, carrier());
    rig.expect(&["491 INVITE"]);
    let update = with_sdp(rig.in_dialog(Method::Update, 4), 31_000, "sendrecv");
    rig.arrive(update, carrier());
    rig.expect(&["491 UPDATE"]);
}

#[test]
fn a_reinvite_without_an_offer_gets_ours() {
    let mut rig = Rig::up();
    let request = rig.in_dialog(Method::Invite, 2);
    let tx = rig.arrive(request, carrier());
    rig.expect(&["200 INVITE"]);
    let ours = String::from_utf8(description(30_000)).expect("text");
    assert_eq!(body(rig.answer()), ours.replace("o=- 1 1 ", "o=- 1 2 "));
    let ack = with_sdp(Message::request(Method::Ack, "sip:x@y"), 36_000, "sendrecv");
    rig.feed(Input::Ack { tx, message: ack });
    rig.expect(&["tell MediaChanged"]);
}

fn acknowledge(rig: &mut Rig, tx: TxId) {
    let message = Message::request(Method::Ack, "sip:x@y");
    rig.feed(Input::Ack { tx, message });
}

fn speaks(rig: &mut Rig) {
    let local = Local::new(SocketAddr::from(([198, 51, 100, 7], 30_000)), 1);
    rig.command(Command::Speaks(call(), Box::new(local)))
        .expect("up");
}

/// An offer of these payload types alone.
fn offer_of(request: Message, formats: &str) -> Message {
    let text = format!(
        "v=0\r\no=- 1 9 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n\
         m=audio 31000 RTP/AVP {formats}\r\na=sendrecv\r\n"
    );
    request.with_body("application/sdp", text.into_bytes())
}

#[test]
fn after_a_hold_a_reinvite_without_an_offer_gets_all_that_we_speak_both_ways() {
    let mut rig = Rig::up();
    speaks(&mut rig);
    let hold = offer_of(rig.in_dialog(Method::Invite, 2), "8");
    let text = body(&hold).replace("a=sendrecv", "a=sendonly");
    let tx = rig.arrive(
        hold.with_body("application/sdp", text.into_bytes()),
        carrier(),
    );
    assert!(body(rig.answer()).contains("a=recvonly"));
    acknowledge(&mut rig, tx);
    let resume = rig.in_dialog(Method::Invite, 3);
    let tx = rig.arrive(resume, carrier());
    let ours = body(rig.answer());
    assert!(ours.contains("a=sendrecv") && ours.contains("RTP/AVP 8 0 101\r\n"));
    assert!(ours.contains("o=- 1 3 "), "{ours}");
    rig.log.clear();
    let ack = with_sdp(Message::request(Method::Ack, "sip:x@y"), 36_000, "sendrecv");
    rig.feed(Input::Ack { tx, message: ack });
    rig.expect(&["tell MediaChanged"]);
    let Some(SipEvent::MediaChanged { local_sdp, .. }) = rig.events.last() else {
        panic!("not told");
    };
    assert_eq!(*local_sdp, ours.into_bytes());
}

#[test]
fn a_hold_of_ours_outlasts_what_they_ask() {
    let mut rig = Rig::up();
    let ours = String::from_utf8(description(30_000)).expect("text");
    let ours = ours.replace("a=sendrecv", "a=sendonly").into_bytes();
    rig.command(Command::Reoffer(call(), ours)).expect("up");
    rig.reply(200, "them");
    let request = rig.in_dialog(Method::Invite, 2);
    let tx = rig.arrive(request, carrier());
    assert!(body(rig.answer()).contains("a=sendonly"));
    acknowledge(&mut rig, tx);
    let request = with_sdp(rig.in_dialog(Method::Invite, 3), 31_000, "sendrecv");
    rig.arrive(request, carrier());
    assert!(body(rig.answer()).contains("a=sendonly"));
}

#[test]
fn a_codec_is_changed_to_any_that_we_speak_and_else_kept() {
    let mut rig = Rig::up();
    speaks(&mut rig);
    for (cseq, (offered, answered)) in
        (2..).zip([("8", "8"), ("0 8", "8"), ("0", "0"), ("8 0", "0")])
    {
        let request = offer_of(rig.in_dialog(Method::Invite, cseq), offered);
        let tx = rig.arrive(request, carrier());
        assert_eq!(rig.answer().status(), Some(200), "{offered}");
        let line = format!("RTP/AVP {answered}\r\n");
        assert!(body(rig.answer()).contains(&line), "{offered}");
        acknowledge(&mut rig, tx);
    }
}

#[test]
fn an_offer_that_we_cannot_take_is_488_and_changes_nothing() {
    let mut rig = Rig::up();
    let video = "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nt=0 0\r\nm=video 1 RTP/AVP 96\r\n";
    let request = rig
        .in_dialog(Method::Invite, 2)
        .with_body("application/sdp", video.into());
    rig.arrive(request, carrier());
    rig.expect(&["488 INVITE"]);
    rig.end(EndCause::Normal);
    rig.expect(&["tell Ended Us - 16", "send BYE"]);
}

#[test]
fn an_update_moves_the_media_and_the_target() {
    let mut rig = Rig::up();
    let request = rig.in_dialog(Method::Update, 2).without(&["Contact"]);
    let request = request.with("Contact", "<sip:5550199@198.51.100.99:5080>");
    rig.arrive(with_sdp(request, 37_000, "sendrecv"), carrier());
    rig.expect(&["tell MediaChanged", "200 UPDATE"]);
    let request = rig.in_dialog(Method::Update, 3).without(&["Contact"]);
    rig.arrive(request, carrier());
    rig.expect(&["200 UPDATE"]);
    assert!(rig.answer().body.is_empty());
    rig.end(EndCause::Normal);
    let (_, bye, to) = rig.last(&Method::Bye);
    assert_eq!(bye.uri(), Some("sip:5550199@198.51.100.99:5080"));
    assert_eq!(to.addr.to_string(), "198.51.100.99:5080");
}

#[test]
fn while_it_rings_update_and_info_are_answered() {
    let mut rig = Rig::ringing();
    let info = rig.in_dialog(Method::Info, 2);
    rig.arrive(info, carrier());
    let update = rig.in_dialog(Method::Update, 3);
    rig.arrive(update, carrier());
    let offer = with_sdp(rig.in_dialog(Method::Update, 4), 31_000, "sendrecv");
    rig.arrive(offer, carrier());
    rig.expect(&["200 INFO", "200 UPDATE", "491 UPDATE"]);
}

#[test]
fn digits_come_by_info() {
    let mut rig = Rig::up();
    let relay = rig.in_dialog(Method::Info, 2);
    let relay = relay.with_body(
        "application/dtmf-relay",
        b"Signal= 5\r\nDuration= 240\r\n".into(),
    );
    rig.arrive(relay, carrier());
    rig.expect(&["200 INFO", "tell InfoDigit 5 240"]);
    let bare = rig
        .in_dialog(Method::Info, 3)
        .with_body("application/dtmf", b"#".into());
    rig.arrive(bare, carrier());
    rig.expect(&["200 INFO", "tell InfoDigit # 160"]);
    let junk = rig
        .in_dialog(Method::Info, 4)
        .with_body("application/dtmf", b"oops".into());
    rig.arrive(junk, carrier());
    rig.expect(&["200 INFO"]);
}

#[test]
fn a_hook_flash_comes_by_info_under_several_names() {
    let mut rig = Rig::up();
    let signals: [(&str, &[u8]); 4] = [
        ("application/hook-flash", b"signal=hf"),
        ("application/dtmf-relay", b"Signal=16\r\nDuration=100\r\n"),
        ("application/dtmf-relay", b"Signal=hf\r\n"),
        ("application/dtmf", b"16"),
    ];
    for (nth, (kind, body)) in (2..).zip(signals) {
        let info = rig.in_dialog(Method::Info, nth);
        rig.arrive(info.with_body(kind, body.into()), carrier());
        rig.expect(&["200 INFO", "tell HookFlash"]);
    }
    let bare = rig.in_dialog(Method::Info, 6);
    rig.arrive(
        bare.with("Content-Type", "application/hook-flash"),
        carrier(),
    );
    rig.expect(&["200 INFO", "tell HookFlash"]);
}

#[test]
fn other_requests() {
    let mut rig = Rig::up();
    for (cseq, name, response) in [
        (2, "OPTIONS", "200 OPTIONS"),
        (3, "REFER", "400 REFER"),
        (4, "PUBLISH", "405 PUBLISH"),
        (5, "BREW", "501 BREW"),
    ] {
        let request = rig.in_dialog(Method::of(name), cseq);
        rig.arrive(request, carrier());
        rig.expect(&[response]);
    }
}

#[test]
fn an_old_number_is_500_and_a_wrong_tag_481() {
    let mut rig = Rig::up();
    let request = rig.in_dialog(Method::Options, 9);
    rig.arrive(request, carrier());
    let request = rig.in_dialog(Method::Bye, 8);
    rig.arrive(request, carrier());
    rig.expect(&["200 OPTIONS", "500 BYE"]);
    let request = rig.in_dialog(Method::Bye, 10);
    let from = request
        .header("From")
        .expect("From")
        .replace("tag=them", "tag=guess");
    rig.arrive(request.without(&["From"]).with("From", from), carrier());
    rig.expect(&["481 BYE"]);
    let request = rig
        .in_dialog(Method::Bye, 10)
        .without(&["Call-ID"])
        .with("Call-ID", "other");
    rig.arrive(request, carrier());
    rig.expect(&["481 BYE"]);
}

#[test]
fn a_bye_that_is_challenged_is_sent_again() {
    let mut rig = Rig::up();
    rig.end(EndCause::Normal);
    rig.expect(&["tell Ended Us - 16", "send BYE"]);
    let challenge = "Digest realm=\"carrier\", nonce=\"n\", qop=\"auth\"";
    rig.reply_to(&Method::Bye, 401, &[("WWW-Authenticate", challenge)]);
    rig.expect(&["send BYE"]);
    rig.reply_to(&Method::Bye, 401, &[("WWW-Authenticate", challenge)]);
    rig.expect(&[]);
    assert!(rig.core.is_quiet());
}
