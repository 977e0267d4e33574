//! Calls that come in.

use super::*;

const INVITE: &str = "INVITE sip:600@192.0.2.10 SIP/2.0
Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKx1
From: \"A, B\" <sip:5550100@carrier.test>;tag=them
To: <sip:600@192.0.2.10>
Call-ID: c1
CSeq: 7 INVITE
Contact: <sip:5550100@198.51.100.1>
Record-Route: <sip:198.51.100.2;lr>
Content-Type: application/sdp

";

pub(super) fn invite() -> Message {
    let mut message = Message::parse(INVITE.as_bytes()).expect("an INVITE");
    message.body = description(33_000);
    message
}

fn without_offer() -> Message {
    let mut message = invite().without(&["Content-Type"]);
    message.body.clear();
    message
}

/// A call from the carrier waits for the house.
fn offered(message: Message) -> (Rig, TxId, CallRef) {
    let mut rig = Rig::new();
    let tx = rig.arrive(message, carrier());
    rig.expect(&[
        "100 INVITE",
        "tell Incoming 5550100 600 Gateway(\"carrier\")",
    ]);
    let Some(SipEvent::Incoming { call, .. }) = rig.events.last() else {
        panic!("no call");
    };
    let call = *call;
    (rig, tx, call)
}

fn ack() -> Message {
    Message::request(Method::Ack, "sip:600@192.0.2.10")
}

fn next(rig: &Rig, method: Method, cseq: u32) -> Message {
    let tag = rig.answer().tag_of_to().expect("our tag");
    let name = method.name().to_owned();
    Message::request(method, "sip:600@192.0.2.10")
        .with("Via", "SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKx2")
        .with("From", "<sip:5550100@carrier.test>;tag=them")
        .with("To", format!("<sip:600@192.0.2.10>;tag={tag}"))
        .with("Call-ID", "c1")
        .with("CSeq", format!("{cseq} {name}"))
}

#[test]
fn it_rings_is_answered_and_they_end_it() {
    let (mut rig, tx, call) = offered(invite());
    rig.command(Command::Ring(call, None)).expect("ringing");
    rig.command(Command::Ring(call, None)).expect("harmless");
    rig.expect(&["180 INVITE"]);
    let tag = rig.answer().tag_of_to();
    rig.command(Command::Answer(call, description(34_000)))
        .expect("answered");
    rig.command(Command::Answer(call, description(34_000)))
        .expect("harmless");
    rig.expect(&["200 INVITE"]);
    assert_eq!(rig.answer().tag_of_to(), tag);
    assert_eq!(
        rig.answer().header("Record-Route"),
        Some("<sip:198.51.100.2;lr>")
    );
    assert_eq!(
        rig.answer().header("Contact"),
        Some("<sip:600@192.0.2.10:5060>")
    );
    rig.feed(Input::Ack { tx, message: ack() });
    rig.expect(&["tell Confirmed"]);
    let bye = next(&rig, Method::Bye, 8);
    rig.arrive(bye, carrier());
    rig.expect(&["200 BYE", "tell Ended Them - 16"]);
}

#[test]
fn we_end_it_after_the_answer() {
    let (mut rig, tx, call) = offered(invite());
    rig.command(Command::Answer(call, description(34_000)))
        .expect("answered");
    rig.feed(Input::Ack { tx, message: ack() });
    rig.expect(&["200 INVITE", "tell Confirmed"]);
    rig.command(Command::End(call, EndCause::Normal))
        .expect("up");
    rig.expect(&["tell Ended Us - 16", "send BYE"]);
    let (_, bye, to) = rig.last(&Method::Bye);
    assert_eq!(bye.uri(), Some("sip:5550100@198.51.100.1"));
    assert_eq!(bye.header("Route"), Some("<sip:198.51.100.2;lr>"));
    assert_eq!(to.addr.to_string(), "198.51.100.2:5060");
    assert_eq!(bye.header("CSeq"), Some("1 BYE"));
    assert_eq!(bye.tag_of_to().as_deref(), Some("them"));
}

#[test]
fn bye_waits_for_the_ack() {
    let (mut rig, tx, call) = offered(invite());
    rig.command(Command::Answer(call, description(34_000)))
        .expect("answered");
    rig.command(Command::End(call, EndCause::Normal))
        .expect("up");
    rig.expect(&["200 INVITE", "tell Ended Us - 16"]);
    rig.feed(Input::Ack { tx, message: ack() });
    rig.expect(&["send BYE"]);
}

#[test]
fn a_lost_ack_ends_the_call() {
    let (mut rig, tx, call) = offered(invite());
    rig.command(Command::Answer(call, description(34_000)))
        .expect("answered");
    rig.expect(&["200 INVITE"]);
    rig.feed(Input::NoAck { tx });
    rig.expect(&["tell Ended Network - 102", "send BYE"]);
}

#[test]
fn they_cancel() {
    let (mut rig, tx, _) = offered(invite());
    rig.feed(Input::Cancel { tx });
    rig.expect(&["487 INVITE", "tell Ended Them 487 -"]);
    rig.feed(Input::NoAck { tx });
    rig.expect(&[]);
}

#[test]
fn a_cancel_after_the_answer_changes_nothing() {
    let (mut rig, tx, call) = offered(invite());
    rig.command(Command::Answer(call, description(34_000)))
        .expect("answered");
    rig.expect(&["200 INVITE"]);
    rig.feed(Input::Cancel { tx });
    rig.expect(&[]);
}

#[test]
fn we_refuse() {
    let causes = [
        (EndCause::Busy, "486 INVITE", "tell Ended Us 486 17"),
        (EndCause::Unallocated, "404 INVITE", "tell Ended Us 404 1"),
        (EndCause::Congestion, "503 INVITE", "tell Ended Us 503 42"),
    ];
    for (cause, response, end) in causes {
        let (mut rig, _, call) = offered(invite());
        rig.command(Command::End(call, cause)).expect("offered");
        rig.expect(&[response, end]);
        assert!(rig.answer().header("Reason").is_some());
    }
}

#[test]
fn a_call_that_the_house_forgets_is_refused() {
    let (mut rig, ..) = offered(invite());
    rig.pass(300);
    rig.expect(&["480 INVITE", "tell Ended Us 480 19"]);
}

#[test]
fn without_an_offer_the_ack_answers_ours() {
    let (mut rig, tx, call) = offered(without_offer());
    rig.command(Command::Answer(call, description(34_000)))
        .expect("answered");
    let message = ack().with_body("application/sdp", description(35_000));
    rig.feed(Input::Ack { tx, message });
    let Some(SipEvent::Confirmed { sdp, .. }) = rig.events.last() else {
        panic!("not confirmed");
    };
    assert_eq!(sdp.as_deref(), Some(&*description(35_000)));
}

#[test]
fn the_same_call_over_another_path_is_482() {
    let (mut rig, ..) = offered(invite());
    rig.arrive(invite(), carrier());
    rig.expect(&["482 INVITE"]);
}

#[test]
fn a_hidden_caller_is_who_the_network_says() {
    let from = "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=them";
    let message = invite().without(&["From"]).with("From", from).with(
        "P-Asserted-Identity",
        "\"C\" <sip:+4930123@carrier.test>, <tel:+4930123>",
    );
    let mut rig = Rig::new();
    rig.arrive(message, carrier());
    rig.expect(&[
        "100 INVITE",
        "tell Incoming +4930123 600 Gateway(\"carrier\")",
    ]);
}

#[test]
fn a_caller_who_hides_everywhere_has_no_number() {
    for from in [
        "\"Anonymous\" <sip:anonymous@anonymous.invalid>",
        "<sip:Anonymous@carrier.test>",
        "<sip:abc123@anonymous.invalid>",
        "<sip:unknown@carrier.test>",
        "<sip:Restricted@198.51.100.1>",
        "<sip:198.51.100.1>",
    ] {
        for asserted in [None, Some("<sip:anonymous@anonymous.invalid>")] {
            let message = invite().without(&["From"]);
            let mut message = message.with("From", format!("{from};tag=them"));
            if let Some(asserted) = asserted {
                message.push("P-Asserted-Identity", asserted);
            }
            let mut rig = Rig::new();
            rig.arrive(message, carrier());
            rig.expect(&["100 INVITE", "tell Incoming  600 Gateway(\"carrier\")"]);
        }
    }
}

#[test]
fn strangers_are_challenged() {
    let mut rig = Rig::new();
    rig.arrive(invite(), stranger());
    rig.expect(&["401 INVITE"]);
    let challenges: Vec<_> = rig.answer().headers("WWW-Authenticate").collect();
    assert_eq!(challenges.len(), 2);
    assert!(challenges[0].contains("algorithm=SHA-256") && challenges[1].contains("MD5"));
}

#[test]
fn another_port_of_the_carrier_is_the_carrier() {
    let mut rig = Rig::new();
    let mut from = carrier();
    from.addr.set_port(40_000);
    rig.arrive(invite(), from);
    rig.expect(&[
        "100 INVITE",
        "tell Incoming 5550100 600 Gateway(\"carrier\")",
    ]);
}

#[test]
fn what_we_cannot_do_is_said() {
    let cases = [
        (invite().with("Require", "precondition"), "420 INVITE"),
        (invite().without(&["Contact"]), "400 INVITE"),
        (
            invite()
                .without(&["Content-Type"])
                .with("Content-Type", "text/plain"),
            "415 INVITE",
        ),
        (invite().with("Content-Encoding", "gzip"), "415 INVITE"),
    ];
    for (message, response) in cases {
        let mut rig = Rig::new();
        let message = if response == "415 INVITE" && message.sdp().is_none() {
            message.with_body("text/plain", b"hello".to_vec())
        } else {
            message
        };
        rig.arrive(message, carrier());
        rig.expect(&[response]);
    }
    let mut rig = Rig::new();
    rig.arrive(invite().with("Require", "100rel, path, gruu"), carrier());
    assert_eq!(rig.answer().header("Unsupported"), Some("path, gruu"));
}

#[test]
fn requests_outside_a_dialog() {
    let cases = [
        (Method::Options, "200 OPTIONS"),
        (Method::Bye, "481 BYE"),
        (Method::Info, "481 INFO"),
        (Method::Update, "481 UPDATE"),
        (Method::of("SUBSCRIBE"), "405 SUBSCRIBE"),
        (Method::of("NEWMETHOD"), "501 NEWMETHOD"),
    ];
    for (method, response) in cases {
        let mut rig = Rig::new();
        let name = method.name().to_owned();
        let request = Message::request(method, "sip:192.0.2.10")
            .with("Via", "SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKo1")
            .with("From", "<sip:a@b>;tag=1")
            .with("To", "<sip:192.0.2.10>")
            .with("Call-ID", "o1")
            .with("CSeq", format!("1 {name}"));
        rig.arrive(request, stranger());
        rig.expect(&[response]);
    }
}

#[test]
fn while_draining_nobody_gets_in() {
    let mut rig = Rig::new();
    rig.command(Command::Shutdown).expect("always");
    rig.arrive(invite(), carrier());
    rig.expect(&["503 INVITE"]);
    assert_eq!(rig.answer().header("Retry-After"), Some("10"));
}
