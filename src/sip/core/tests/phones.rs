//! Phones that register with us.

use super::*;

pub(super) fn phone() -> Hop {
    Hop::udp(SocketAddr::from(([203, 0, 113, 5], 42_000)))
}

pub(super) struct Register<'a> {
    pub(super) user: &'a str,
    pub(super) password: &'a str,
    pub(super) contact: &'a str,
    pub(super) expires: &'a str,
    pub(super) cseq: u32,
    pub(super) count: u32,
    pub(super) algorithm: Algorithm,
}

impl Default for Register<'_> {
    fn default() -> Self {
        Self {
            user: "1001",
            password: "secret",
            contact: "<sip:1001@192.168.1.7:5060>",
            expires: "120",
            cseq: 1,
            count: 1,
            algorithm: Algorithm::Md5,
        }
    }
}

impl Register<'_> {
    pub(super) fn plain(&self) -> Message {
        let mut message = Message::request(Method::Register, "sip:phones.test")
            .with(
                "Via",
                format!("SIP/2.0/UDP 192.168.1.7;branch=z9hG4bKr{}", self.cseq),
            )
            .with("From", format!("<sip:{}@phones.test>;tag=1", self.user))
            .with("To", format!("<sip:{}@phones.test>", self.user))
            .with("Call-ID", "r1")
            .with("CSeq", format!("{} REGISTER", self.cseq))
            .with("User-Agent", "Desk phone 1.0")
            .with("Expires", self.expires);
        if !self.contact.is_empty() {
            message.push("Contact", self.contact);
        }
        message
    }

    pub(super) fn signed(&self, nonce: &str) -> Message {
        let algorithm = self.algorithm;
        let ha1 = algorithm.of_parts(&[self.user, REALM, self.password]);
        let ha2 = algorithm.of_parts(&["REGISTER", "sip:phones.test"]);
        let nc = format!("{:08x}", self.count);
        let response = algorithm.of_parts(&[&ha1, nonce, &nc, "cn", "auth", &ha2]);
        let value = format!(
            "Digest username=\"{}\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"sip:phones.test\", \
             response=\"{response}\", algorithm={}, qop=auth, nc={nc}, cnonce=\"cn\"",
            self.user,
            algorithm.name(),
        );
        self.plain().with("Authorization", value)
    }
}

/// Asks for a challenge and gives its nonce.
pub(super) fn nonce(rig: &mut Rig) -> String {
    rig.arrive(
        Register {
            cseq: 1000,
            ..Register::default()
        }
        .plain(),
        phone(),
    );
    rig.expect(&["401 REGISTER"]);
    let challenge = rig
        .answer()
        .header("WWW-Authenticate")
        .expect("a challenge");
    let start = challenge.find("nonce=\"").expect("a nonce") + 7;
    challenge[start..]
        .split('"')
        .next()
        .expect("a nonce")
        .to_owned()
}

pub(super) fn registered() -> (Rig, String) {
    let mut rig = Rig::new();
    let nonce = nonce(&mut rig);
    rig.arrive(Register::default().signed(&nonce), phone());
    rig.expect(&["200 REGISTER", "tell Registered 1001"]);
    (rig, nonce)
}

#[test]
fn both_algorithms_register() {
    for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
        let mut rig = Rig::new();
        let nonce = nonce(&mut rig);
        rig.arrive(
            Register {
                algorithm,
                ..Register::default()
            }
            .signed(&nonce),
            phone(),
        );
        rig.expect(&["200 REGISTER", "tell Registered 1001"]);
        let contact = rig.answer().header("Contact");
        assert_eq!(contact, Some("<sip:1001@192.168.1.7:5060>;expires=120"));
    }
}

#[test]
fn wrong_password_and_unknown_user_look_alike() {
    let mut answers = Vec::new();
    for (user, password) in [("1001", "guess"), ("1002", "secret")] {
        let mut rig = Rig::new();
        let nonce = nonce(&mut rig);
        rig.arrive(
            Register {
                user,
                password,
                ..Register::default()
            }
            .signed(&nonce),
            phone(),
        );
        rig.expect(&["403 REGISTER"]);
        let text = String::from_utf8(rig.answer().to_bytes()).expect("text");
        answers.push(text.replace("1002", "1001"));
    }
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn a_phone_may_register_only_itself() {
    let mut rig = Rig::new();
    let nonce = nonce(&mut rig);
    let request = Register::default().signed(&nonce).without(&["To"]);
    rig.arrive(request.with("To", "<sip:1002@phones.test>"), phone());
    rig.expect(&["403 REGISTER"]);
}

#[test]
fn a_registration_runs_out() {
    let (mut rig, _) = registered();
    rig.pass(119);
    assert!(rig.core.is_registered("1001"));
    rig.pass(1);
    rig.expect(&["tell Unregistered 1001"]);
    assert!(!rig.core.is_registered("1001"));
}

#[test]
fn a_refresh_tells_nothing_and_a_move_does() {
    let (mut rig, nonce) = registered();
    rig.pass(60);
    rig.arrive(
        Register {
            cseq: 2,
            count: 2,
            ..Register::default()
        }
        .signed(&nonce),
        phone(),
    );
    rig.expect(&["200 REGISTER"]);
    rig.pass(60);
    assert!(rig.core.is_registered("1001"));
    let mut moved = phone();
    moved.addr.set_port(43_000);
    rig.arrive(
        Register {
            cseq: 3,
            count: 3,
            ..Register::default()
        }
        .signed(&nonce),
        moved,
    );
    rig.expect(&["200 REGISTER", "tell Registered 1001"]);
    rig.pass(120);
    rig.expect(&["tell Unregistered 1001"]);
}

#[test]
fn a_phone_unregisters() {
    for contact in ["*", "<sip:1001@192.168.1.7:5060>"] {
        let (mut rig, nonce) = registered();
        let gone = Register {
            contact,
            expires: "0",
            cseq: 2,
            count: 2,
            ..Register::default()
        };
        rig.arrive(gone.signed(&nonce), phone());
        rig.expect(&["200 REGISTER", "tell Unregistered 1001"]);
        rig.pass(300);
        rig.expect(&[]);
    }
}

#[test]
fn a_query_lists_the_contacts() {
    let (mut rig, nonce) = registered();
    rig.arrive(
        Register {
            contact: "",
            cseq: 2,
            count: 2,
            ..Register::default()
        }
        .signed(&nonce),
        phone(),
    );
    rig.expect(&["200 REGISTER"]);
    assert_eq!(rig.answer().headers("Contact").count(), 1);
}

#[test]
fn a_used_count_and_an_old_nonce_are_stale() {
    let (mut rig, nonce) = registered();
    rig.arrive(
        Register {
            cseq: 2,
            count: 1,
            ..Register::default()
        }
        .signed(&nonce),
        phone(),
    );
    rig.expect(&["401 REGISTER"]);
    assert!(
        rig.answer()
            .header("WWW-Authenticate")
            .is_some_and(|c| c.contains("stale=true"))
    );
    rig.arrive(
        Register {
            cseq: 3,
            count: 10,
            ..Register::default()
        }
        .signed(&nonce),
        phone(),
    );
    rig.expect(&["200 REGISTER"]);
    rig.pass(301);
    rig.expect(&["tell Unregistered 1001"]);
    rig.arrive(
        Register {
            cseq: 4,
            count: 11,
            ..Register::default()
        }
        .signed(&nonce),
        phone(),
    );
    rig.expect(&["401 REGISTER"]);
    assert!(
        rig.answer()
            .header("WWW-Authenticate")
            .is_some_and(|c| c.contains("stale=true"))
    );
    // Nobody learns from "stale" that a guess was wrong.
    let guess = Register {
        password: "guess",
        cseq: 5,
        count: 12,
        ..Register::default()
    };
    rig.arrive(guess.signed(&nonce), phone());
    rig.expect(&["403 REGISTER"]);
    rig.arrive(
        Register {
            cseq: 6,
            ..Register::default()
        }
        .signed("made-up-nonce"),
        phone(),
    );
    rig.expect(&["401 REGISTER"]);
}

#[test]
fn too_short_is_423_and_too_long_is_cut() {
    let mut rig = Rig::new();
    let nonce = nonce(&mut rig);
    rig.arrive(
        Register {
            expires: "5",
            ..Register::default()
        }
        .signed(&nonce),
        phone(),
    );
    rig.expect(&["423 REGISTER"]);
    assert_eq!(rig.answer().header("Min-Expires"), Some("30"));
    let long = Register {
        expires: "999999",
        cseq: 2,
        count: 2,
        ..Register::default()
    };
    rig.arrive(long.signed(&nonce), phone());
    rig.expect(&["200 REGISTER", "tell Registered 1001"]);
    assert!(
        rig.answer()
            .header("Contact")
            .is_some_and(|c| c.ends_with("expires=3600"))
    );
}

#[test]
fn a_late_register_is_refused() {
    let (mut rig, nonce) = registered();
    rig.arrive(
        Register {
            cseq: 1,
            count: 2,
            ..Register::default()
        }
        .signed(&nonce),
        phone(),
    );
    rig.expect(&["500 REGISTER"]);
}

#[test]
fn a_call_to_a_phone_goes_where_it_registered_from() {
    let (mut rig, _) = registered();
    let to = Destination::Phone {
        extension: "1001".into(),
    };
    let invite = |to| Command::Invite {
        call: call(),
        to,
        caller: Identity {
            number: "5550100".into(),
            name: Some("Ann \"A\" Other".into()),
            withheld: false,
        },
        offer: description(30_000).into(),
        ring_timeout: Duration::from_secs(30),
    };
    rig.command(invite(to)).expect("registered");
    rig.expect(&["send INVITE"]);
    let (tx, message, hop) = rig.last(&Method::Invite);
    assert_eq!(message.uri(), Some("sip:1001@192.168.1.7:5060"));
    assert_eq!(hop, phone());
    assert!(
        message
            .header("From")
            .is_some_and(|f| f.starts_with("\"Ann \\\"A\\\" Other\" <sip:5550100@"))
    );
    // Its Contact is an address behind its NAT: ACK and BYE go where it registered from, too.
    let answer = Message::answer(&message, 200, "them")
        .with("Contact", "<sip:1001@192.168.1.7:5060>")
        .with_body("application/sdp", description(31_000));
    rig.feed(Input::Response {
        tx,
        message: answer,
    });
    rig.expect(&["ack", "tell Answered"]);
    assert_eq!(rig.acks[0].1, phone());
    rig.end(EndCause::Normal);
    assert_eq!(rig.last(&Method::Bye).2, phone());

    let to = Destination::Phone {
        extension: "1009".into(),
    };
    assert!(matches!(
        rig.command(invite(to)),
        Err(SipError::NotRegistered)
    ));
}

#[test]
fn where_a_phone_sends_its_call_is_told_and_not_called_past_the_house() {
    let told = |status, contacts: &[&str]| {
        let (mut rig, _) = registered();
        rig.command(Command::Invite {
            call: call(),
            to: Destination::Phone {
                extension: "1001".into(),
            },
            caller: Identity::default(),
            offer: description(30_000).into(),
            ring_timeout: Duration::from_secs(30),
        })
        .expect("registered");
        let contacts: Vec<_> = contacts.iter().map(|one| ("Contact", *one)).collect();
        rig.reply_to(&Method::Invite, status, &contacts);
        let told = std::mem::take(&mut rig.log);
        let [invite, told] = &told[..] else {
            panic!("one INVITE and one end: {told:?}");
        };
        assert_eq!(invite, "send INVITE");
        let told = told.strip_prefix(&format!("tell Ended Them {status} -"));
        told.expect("the end").to_owned()
    };
    for contact in [
        "<sip:1002@198.51.100.1:5060>",
        "<sip:1002@192.0.2.10:5060>",
        "<sips:1002@203.0.113.5:42000>",
        "<tel:1002>;q=0.1",
    ] {
        assert_eq!(told(302, &[contact]), " to 1002");
    }
    for status in [300, 301, 305, 380] {
        assert_eq!(told(status, &["<sip:%31002@phones.test>"]), " to 1002");
    }
    let several = ["<sip:a@x>;q=0.5, <sip:b@x>;q=0.7", "<sip:c@x>;q=0.7"];
    assert_eq!(told(302, &several), " to b");
    let odd = ["<sip:a@x>;q=0.9, <sip:b@x>;q=nan", "<sip:c@x>;q=7"];
    assert_eq!(told(302, &odd), " to b", "no q is 1");
    let long = format!("<sip:{}@x>", "1".repeat(65));
    let nowhere = ["<sip:x>", "<sip:1%0d%0a2@x>", "<mailto:a@x>", "*", &long];
    assert_eq!(told(302, &nowhere), "");
    assert_eq!(told(302, &[]), "");
    assert_eq!(told(486, &["<sip:1002@x>"]), "");
}

#[test]
fn a_phone_that_has_moved_is_spoken_to_where_it_is_now() {
    let (mut rig, nonce) = registered();
    let tx = rig.arrive(phone_call(&nonce, 2), phone());
    let Some(SipEvent::Incoming { call, .. }) = rig.events.last() else {
        panic!("no call");
    };
    let call = *call;
    rig.command(Command::Answer(call, description(34_000)))
        .expect("offered");
    let tag = rig.answer().tag_of_to().expect("our tag");
    rig.feed(Input::Ack {
        tx,
        message: Message::request(Method::Ack, "sip:600@192.0.2.10"),
    });
    let moved = Hop::tls(SocketAddr::from(([203, 0, 113, 77], 51_000)));
    let request = |method: Method, cseq: u32, tag: &str| {
        let name = method.name().to_owned();
        Message::request(method, "sip:600@192.0.2.10")
            .with("Via", format!("SIP/2.0/TLS 10.0.0.9;branch=z9hG4bKm{cseq}"))
            .with("From", "<sip:1001@phones.test>;tag=them")
            .with("To", format!("<sip:600@phones.test>;tag={tag}"))
            .with("Call-ID", "p1")
            .with("CSeq", format!("{cseq} {name}"))
            .with("Contact", "<sip:1001@10.0.0.9:5061;transport=tls>")
    };
    rig.log.clear();
    // Neither who does not know the dialog nor who says again what was said moves it.
    rig.arrive(request(Method::Info, 9, "guessed"), stranger());
    rig.arrive(request(Method::Info, 2, &tag), stranger());
    rig.expect(&["481 INFO", "500 INFO"]);
    let digit = |rig: &mut Rig| {
        rig.command(Command::SendDigit {
            call,
            digit: '1',
            ms: 160,
        })
        .expect("up");
        rig.last(&Method::Info).2
    };
    assert_eq!(digit(&mut rig), phone());
    rig.arrive(request(Method::Invite, 3, &tag), moved);
    assert_eq!(rig.answer().status(), Some(200));
    let contact = rig.answer().header("Contact");
    assert!(contact.is_some_and(|contact| contact.contains("transport=tls")));
    assert_eq!(digit(&mut rig), moved);
    rig.command(Command::End(call, EndCause::Normal))
        .expect("up");
    assert_eq!(rig.last(&Method::Bye).2, moved);
}

fn phone_call(nonce: &str, count: u32) -> Message {
    phone_call_to("600", nonce, count)
}

pub(super) fn phone_call_to(number: &str, nonce: &str, count: u32) -> Message {
    let uri = format!("sip:{number}@phones.test");
    phone_call_signed(&uri, &uri, nonce, count)
}

/// A call to `asked` whose credentials were made for `uri`.
fn phone_call_signed(asked: &str, uri: &str, nonce: &str, count: u32) -> Message {
    let ha1 = Algorithm::Md5.of_parts(&["1001", REALM, "secret"]);
    let ha2 = Algorithm::Md5.of_parts(&["INVITE", uri]);
    let nc = format!("{count:08x}");
    let response = Algorithm::Md5.of_parts(&[&ha1, nonce, &nc, "cn", "auth", &ha2]);
    Message::request(Method::Invite, asked)
        .with(
            "Via",
            format!("SIP/2.0/UDP 192.168.1.7;branch=z9hG4bKi{count}"),
        )
        .with("From", "<sip:1001@phones.test>;tag=them")
        .with("To", "<sip:600@phones.test>")
        .with("Call-ID", "p1")
        .with("CSeq", format!("{count} INVITE"))
        .with("Contact", "<sip:1001@192.168.1.7:5060>")
        .with(
            "Authorization",
            format!(
                "Digest username=\"1001\", realm=\"{REALM}\", nonce=\"{nonce}\", \
                 uri=\"{uri}\", response=\"{response}\", qop=auth, nc={nc}, cnonce=\"cn\""
            ),
        )
        .with_body("application/sdp", description(33_000))
}

#[test]
fn a_registered_phone_calls_and_an_unregistered_one_does_not() {
    let (mut rig, nonce) = registered();
    rig.arrive(phone_call(&nonce, 2), phone());
    rig.expect(&["100 INVITE", "tell Incoming 1001 600 Phone(\"1001\")"]);

    let mut rig = Rig::new();
    let nonce = self::nonce(&mut rig);
    rig.arrive(phone_call(&nonce, 1), phone());
    rig.expect(&["403 INVITE"]);
}

#[test]
fn a_phone_beside_the_carrier_is_still_a_phone() {
    let mut rig = Rig::new();
    let mut beside = carrier();
    beside.addr.set_port(42_000);
    let nonce = rig.core.nonces.make(beside.addr.ip(), rig.now_ms);
    rig.arrive(Register::default().signed(&nonce), beside);
    rig.expect(&["200 REGISTER", "tell Registered 1001"]);
    // Without credentials it is challenged, not taken for the carrier.
    rig.arrive(phone_call(&nonce, 2).without(&["Authorization"]), beside);
    rig.expect(&["401 INVITE"]);
    rig.arrive(phone_call(&nonce, 3), beside);
    rig.expect(&["100 INVITE", "tell Incoming 1001 600 Phone(\"1001\")"]);
}

#[test]
fn credentials_are_good_for_whom_they_were_made() {
    let (mut rig, nonce) = registered();
    let call = |asked: &str, count| phone_call_signed(asked, "sip:600@phones.test", &nonce, count);
    rig.arrive(call("sip:0900@phones.test", 2), phone());
    rig.expect(&["400 INVITE"]);
    // What proxies change on the way changes nothing.
    rig.arrive(call("sip:600@192.0.2.1:5070;user=phone", 3), phone());
    rig.expect(&["100 INVITE", "tell Incoming 1001 600 Phone(\"1001\")"]);
}

#[test]
fn credentials_without_a_count_are_good_once_and_the_phone_may_try_again() {
    let without_qop = |nonce: &str, cseq| {
        let register = Register {
            cseq,
            ..Register::default()
        };
        let ha1 = Algorithm::Md5.of_parts(&["1001", REALM, "secret"]);
        let ha2 = Algorithm::Md5.of_parts(&["REGISTER", "sip:phones.test"]);
        let response = Algorithm::Md5.of_parts(&[&ha1, nonce, &ha2]);
        register.plain().with(
            "Authorization",
            format!(
                "Digest username=\"1001\", realm=\"{REALM}\", nonce=\"{nonce}\", \
                 uri=\"sip:phones.test\", response=\"{response}\""
            ),
        )
    };
    let mut rig = Rig::new();
    let first = nonce(&mut rig);
    rig.arrive(without_qop(&first, 1), phone());
    rig.expect(&["200 REGISTER", "tell Registered 1001"]);
    rig.arrive(without_qop(&first, 2), phone());
    rig.expect(&["401 REGISTER"]);
    let challenge = rig.answer().header("WWW-Authenticate").map(str::to_owned);
    let challenge = challenge.expect("a challenge");
    assert!(challenge.contains("stale=true"), "{challenge}");
    let second = challenge.split('"').nth(3).expect("a nonce").to_owned();
    rig.arrive(without_qop(&second, 3), phone());
    rig.expect(&["200 REGISTER"]);
    // Nor with a count, once it was good without one.
    let counted = Register {
        cseq: 4,
        count: 9,
        ..Register::default()
    };
    rig.arrive(counted.signed(&second), phone());
    rig.expect(&["401 REGISTER"]);
}

#[test]
fn a_phone_behind_the_address_of_a_gateway_is_spoken_to_from_the_port_it_registered_at() {
    let mut rig = Rig::with(|config| {
        config.trunk_port = Some(5080);
        let beside = SocketAddr::new(phone().addr.ip(), 5060);
        config.gateways = vec![Gateway::udp("carrier", beside)];
    });
    let nonce = nonce(&mut rig);
    rig.arrive(Register::default().signed(&nonce), phone());
    let via = |rig: &Rig| {
        let (_, invite, _) = rig.last(&Method::Invite);
        invite.top_via().expect("a Via").sent_by
    };
    rig.invite().expect("there is the gateway");
    assert_eq!(via(&rig), "192.0.2.10:5080");
    rig.command(Command::Invite {
        call: CallRef(Uuid::from_u128(2)),
        to: Destination::Phone {
            extension: "1001".into(),
        },
        caller: Identity::default(),
        offer: description(30_000).into(),
        ring_timeout: Duration::from_secs(30),
    })
    .expect("registered");
    assert_eq!(via(&rig), "192.0.2.10:5060");
}
