//! Keys of phones that are pressed from here.

use super::{
    phones::{Register, nonce, phone},
    *,
};

/// A phone that says this of events when it registers, and is called.
fn called(events: Option<&str>) -> Rig {
    let mut rig = Rig::new();
    let nonce = nonce(&mut rig);
    let mut register = Register::default().signed(&nonce);
    if let Some(events) = events {
        register.push("Allow-Events", events);
    }
    rig.arrive(register, phone());
    call_phone(&mut rig, call());
    rig.log.clear();
    rig
}

fn call_phone(rig: &mut Rig, call: CallRef) {
    let to = Destination::Phone {
        extension: "1001".into(),
    };
    rig.command(Command::Invite {
        call,
        to,
        caller: Identity::default(),
        offer: description(30_000).into(),
        ring_timeout: Duration::from_secs(30),
    })
    .expect("registered");
}

fn rings(rig: &mut Rig, headers: &[(&'static str, &str)]) {
    let contact = ("Contact", "<sip:1001@192.168.1.7:5062>");
    rig.reply_to(&Method::Invite, 180, &[&[contact], headers].concat());
    rig.expect(&["tell Ringing"]);
}

fn press(rig: &mut Rig, key: PhoneKey) -> Result<(), SipError> {
    rig.command(Command::Press(call(), key))
}

/// Whether the phone is listed with the keys talk and hold.
fn listed(rig: &Rig) -> (bool, bool) {
    let phone = &rig.core.registrations()[0];
    (phone.takes_talk, phone.takes_hold)
}

#[test]
fn a_phone_that_rings_is_told_to_take_the_call_within_its_early_dialog() {
    let mut rig = called(Some("talk, hold, conference"));
    assert_eq!(listed(&rig), (true, true));
    let nothing_rings = press(&mut rig, PhoneKey::Talk);
    assert!(matches!(nothing_rings, Err(SipError::OutOfStep)));
    rings(&mut rig, &[]);
    press(&mut rig, PhoneKey::Talk).expect("it rings");
    rig.expect(&["send NOTIFY"]);
    let (_, invite, _) = rig.last(&Method::Invite);
    let (_, notify, to) = rig.last(&Method::Notify);
    assert_eq!(to, phone(), "where the phone speaks from");
    assert_eq!(notify.uri(), Some("sip:1001@192.168.1.7:5062"));
    for (name, value) in [
        ("Event", "talk"),
        ("Subscription-State", "active"),
        ("CSeq", "2 NOTIFY"),
        ("From", invite.header("From").expect("From")),
        ("Call-ID", invite.call_id()),
    ] {
        assert_eq!(notify.header(name), Some(value), "{name}");
    }
    assert_eq!(notify.tag_of_to().as_deref(), Some("them"));
    rig.reply_to(&Method::Notify, 200, &[]);
    rig.expect(&["tell KeyAnswered 200"]);
    rig.reply(200, "them");
    rig.expect(&["ack", "tell Answered"]);
    rig.end(EndCause::Normal);
    assert_eq!(rig.last(&Method::Bye).1.header("CSeq"), Some("3 BYE"));
}

#[test]
fn a_phone_that_refuses_or_says_nothing_rings_on() {
    let mut rig = called(Some("talk"));
    rings(&mut rig, &[]);
    for status in [489, 481] {
        press(&mut rig, PhoneKey::Talk).expect("it rings");
        rig.reply_to(&Method::Notify, status, &[]);
        rig.expect(&["send NOTIFY", &format!("tell KeyAnswered {status}")]);
    }
    press(&mut rig, PhoneKey::Talk).expect("it rings");
    let (tx, ..) = rig.last(&Method::Notify);
    rig.feed(Input::Unanswered { tx, sent: true });
    rig.expect(&["send NOTIFY", "tell KeyAnswered 408"]);
    rig.reply(200, "them");
    rig.expect(&["ack", "tell Answered"]);
}

#[test]
fn an_answer_that_comes_after_the_call_is_told_to_nobody() {
    let mut rig = called(Some("talk"));
    rings(&mut rig, &[]);
    press(&mut rig, PhoneKey::Talk).expect("it rings");
    rig.reply(486, "them");
    rig.expect(&["send NOTIFY", "tell Ended Them 486 -"]);
    rig.reply_to(&Method::Notify, 481, &[]);
    rig.expect(&[]);
    let over = press(&mut rig, PhoneKey::Talk);
    assert!(matches!(over, Err(SipError::NoSuchCall)));
}

#[test]
fn a_phone_says_what_it_takes_when_it_registers_rings_or_is_asked_for_a_sign_of_life() {
    let mut rig = called(None);
    assert_eq!(listed(&rig), (false, false));
    rings(&mut rig, &[]);
    let refused = press(&mut rig, PhoneKey::Talk);
    assert!(matches!(refused, Err(SipError::NoSuchKey)));
    rings(&mut rig, &[("Allow-Events", "conference,talk,hold")]);
    assert_eq!(listed(&rig), (true, true));
    press(&mut rig, PhoneKey::Talk).expect("it has said so");
    rig.expect(&["send NOTIFY"]);
    // A later REGISTER without a word of it takes nothing back, one with another word does.
    let nonce = nonce(&mut rig);
    let again = |cseq, count| Register {
        cseq,
        count,
        ..Register::default()
    };
    rig.arrive(again(2000, 1).signed(&nonce), phone());
    assert_eq!(listed(&rig), (true, true));
    let less = again(2001, 2).signed(&nonce).with("Allow-Events", "refer");
    rig.arrive(less, phone());
    assert_eq!(listed(&rig), (false, false));

    let mut rig = Rig::with(|config| config.phone_ping = Some(Duration::from_secs(30)));
    let nonce = phones::nonce(&mut rig);
    rig.arrive(Register::default().signed(&nonce), phone());
    rig.pass(30);
    rig.reply_to(&Method::Options, 200, &[("Allow-Events", "talk")]);
    assert_eq!(listed(&rig), (true, false));
}

#[test]
fn a_phone_that_talks_is_told_to_hold_and_to_take_up_again() {
    let mut rig = called(Some("hold, talk"));
    rings(&mut rig, &[]);
    let nothing_to_hold = press(&mut rig, PhoneKey::Hold);
    assert!(matches!(nothing_to_hold, Err(SipError::OutOfStep)));
    rig.reply(200, "them");
    rig.expect(&["ack", "tell Answered"]);
    for (key, event) in [(PhoneKey::Hold, "hold"), (PhoneKey::Talk, "talk")] {
        press(&mut rig, key).expect("it is up");
        rig.expect(&["send NOTIFY"]);
        let (_, notify, to) = rig.last(&Method::Notify);
        assert_eq!((notify.header("Event"), to), (Some(event), phone()));
        rig.reply_to(&Method::Notify, 200, &[]);
        rig.expect(&["tell KeyAnswered 200"]);
    }
}

#[test]
fn a_carrier_whatever_it_says_is_no_phone() {
    let mut rig = Rig::calling();
    rig.reply_to(&Method::Invite, 180, &[("Allow-Events", "talk")]);
    rig.expect(&["tell Ringing"]);
    let refused = press(&mut rig, PhoneKey::Talk);
    assert!(matches!(refused, Err(SipError::NoSuchKey)));
}
