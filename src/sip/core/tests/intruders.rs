//! Password guessing, scans, stolen passwords, and too many calls.

use std::net::IpAddr;

use super::{
    phones::{Register, phone},
    *,
};
use crate::BanReason;

fn ip() -> IpAddr {
    stranger().addr.ip()
}

fn bans(rig: &Rig) -> Vec<u64> {
    let seconds = |e: &SipEvent| match e {
        SipEvent::Banned {
            source, seconds, ..
        } if *source == ip() => Some(*seconds),
        _ => None,
    };
    rig.events.iter().filter_map(seconds).collect()
}

#[test]
fn guessing_passwords_is_a_ban_and_again_a_longer_one() {
    let mut rig = Rig::new();
    for round in 1..=3 {
        for guess in 0..8 {
            assert_eq!(bans(&rig).len(), round - 1);
            let nonce = rig.core.nonces.make(ip(), rig.now_ms);
            let register = Register {
                password: "guess",
                cseq: guess + 1,
                ..Register::default()
            };
            rig.arrive(register.signed(&nonce), stranger());
            assert_eq!(rig.answer().status(), Some(403));
        }
    }
    assert_eq!(bans(&rig), [60, 240, 960]);
    let listed = rig.core.bans();
    let [ban] = &listed[..] else {
        panic!("{listed:?}")
    };
    assert_eq!((ban.source, ban.reason), (ip(), BanReason::WrongPassword));
    let length = ban.until.duration_since(ban.since).expect("later");
    assert_eq!(length, Duration::from_secs(960));
    rig.log.clear();
    rig.command(Command::Pardon(ip())).expect("always");
    rig.expect(&["ban"]);
    assert!(rig.core.bouncer.is_unknown(ip()));
    assert_eq!(rig.core.bans(), []);
}

#[test]
fn whoever_forges_an_address_has_nobody_shut_out_for_guessing() {
    let mut rig = Rig::new();
    let own = IpAddr::from([192, 0, 2, 66]);
    for cseq in 1..=40 {
        let nonce = rig.core.nonces.make(own, rig.now_ms);
        let register = Register {
            password: "guess",
            cseq,
            ..Register::default()
        };
        rig.arrive(register.signed(&nonce), stranger());
        assert_eq!(rig.answer().status(), Some(401), "another's nonce is none");
    }
    assert_eq!(bans(&rig), []);
}

#[test]
fn a_phone_that_mistypes_is_forgiven() {
    let mut rig = Rig::new();
    for _ in 0..5 {
        for password in ["guess", "guess", "guess", "secret"] {
            let nonce = rig.core.nonces.make(ip(), rig.now_ms);
            let register = Register {
                password,
                cseq: u32::try_from(rig.served).expect("few") + 1,
                ..Register::default()
            };
            rig.arrive(register.signed(&nonce), stranger());
        }
    }
    assert_eq!(bans(&rig), []);
}

#[test]
fn who_knows_one_password_is_banned_for_guessing_anothers() {
    let mut rig = Rig::new();
    for guess in 1..=8 {
        assert_eq!(bans(&rig), []);
        for (user, password) in [("1001", "secret"), ("1002", "guess")] {
            let nonce = rig.core.nonces.make(ip(), rig.now_ms);
            let register = Register {
                user,
                password,
                cseq: guess,
                expires: "0",
                ..Register::default()
            };
            rig.arrive(register.signed(&nonce), stranger());
        }
    }
    assert_eq!(bans(&rig), [60]);
}

#[test]
fn looking_for_extensions_is_a_ban() {
    let mut rig = Rig::new();
    for extension in 100..180 {
        assert_eq!(bans(&rig), []);
        let to = format!("<sip:{extension}@phones.test>");
        let register = Register::default().plain();
        let register = register.without(&["To"]).with("To", to);
        rig.arrive(register, stranger());
        assert_eq!(
            rig.answer().status(),
            Some(401),
            "nobody is told who exists"
        );
    }
    assert_eq!(bans(&rig), [60]);
}

#[test]
fn a_scanner_is_banned_at_once() {
    let mut rig = Rig::new();
    rig.arrive(options("friendly-scanner"), stranger());
    rig.expect(&["ban", "tell Banned 60", "403 OPTIONS"]);
}

#[test]
fn a_phone_that_is_called_as_a_scanner_is_let_in_with_its_password() {
    let mut rig = Rig::new();
    let called = |register: Message| register.with("User-Agent", "sipcli/v1.8");
    for round in 1..=8 {
        let first = Register {
            cseq: 2 * round,
            ..Register::default()
        };
        rig.arrive(called(first.plain()), stranger());
        rig.expect(&["401 REGISTER"]);
        let nonce = rig.core.nonces.make(ip(), rig.now_ms);
        let signed = Register {
            cseq: 2 * round + 1,
            ..Register::default()
        };
        rig.arrive(called(signed.signed(&nonce)), stranger());
        assert_eq!(rig.answer().status(), Some(200));
        rig.log.clear();
        // It signs off, and is a stranger again.
        rig.core.registrar.forget("1001");
    }
    assert_eq!(bans(&rig), []);
}

#[test]
fn a_scanner_that_looks_for_extensions_learns_nothing_and_is_soon_banned() {
    let mut rig = Rig::new();
    for extension in 1001..1005 {
        assert_eq!(bans(&rig), []);
        let to = format!("<sip:{extension}@phones.test>");
        let register = Register::default().plain().without(&["To"]).with("To", to);
        rig.arrive(register.with("User-Agent", "friendly-scanner"), stranger());
        assert_eq!(rig.answer().status(), Some(401));
    }
    assert_eq!(bans(&rig), [60]);
    assert_eq!(rig.core.bans()[0].reason, BanReason::Scanner);
}

fn options(user_agent: &str) -> Message {
    let options = Message::request(Method::Options, "sip:phones.test");
    let register = Register::default().plain();
    ["Via", "From", "To", "Call-ID"]
        .into_iter()
        .fold(options, |options, name| {
            options.with(name, register.header(name).expect("it is there"))
        })
        .with("CSeq", "2000 OPTIONS")
        .with("User-Agent", user_agent)
}

#[test]
fn whom_we_know_may_call_itself_what_it_likes() {
    let mut rig = Rig::new();
    let invite = super::incoming::invite().with("User-Agent", "Taiwaruba Telecom SBC");
    rig.arrive(invite, carrier());
    rig.expect(&[
        "100 INVITE",
        "tell Incoming 5550100 600 Gateway(\"carrier\")",
    ]);
    let (mut rig, _) = super::phones::registered();
    rig.arrive(options("sipcli/v1.8"), phone());
    rig.expect(&["200 OPTIONS"]);
    // Somebody else behind that address is nobody whom we know.
    let mut beside = phone();
    beside.addr.set_port(5);
    rig.arrive(options("sipcli/v1.8"), beside);
    rig.expect(&["403 OPTIONS"]);
    rig.arrive(options("sipcli/v1.8"), stranger());
    rig.expect(&["ban", "tell Banned 60", "403 OPTIONS"]);
}

#[test]
fn the_carrier_is_never_banned() {
    let mut rig = Rig::new();
    for _ in 0..200 {
        rig.arrive(Register::default().plain(), carrier());
    }
    let told = |e: &SipEvent| matches!(e, SipEvent::Banned { .. });
    assert!(!rig.events.iter().any(told));
}

#[test]
fn new_calls_are_turned_away_and_calls_in_progress_go_on() {
    let mut rig = Rig::up();
    rig.command(Command::Overloaded(true)).expect("always");
    let invite = super::incoming::invite();
    rig.arrive(invite.clone(), carrier());
    rig.expect(&["503 INVITE"]);
    assert_eq!(rig.answer().header("Retry-After"), Some("10"));
    let update = rig.in_dialog(Method::Update, 2);
    rig.arrive(update, carrier());
    rig.expect(&["200 UPDATE"]);
    rig.command(Command::Overloaded(false)).expect("always");
    rig.arrive(invite, carrier());
    assert_eq!(rig.log.first().map(String::as_str), Some("100 INVITE"));
}

#[test]
fn more_new_calls_a_second_than_wanted_are_503() {
    let mut rig = Rig::with(|config| config.max_new_calls_per_s = 3);
    let arrive = |number: u32, rig: &mut Rig| {
        let invite = super::incoming::invite().without(&["Call-ID"]);
        rig.arrive(invite.with("Call-ID", format!("{number}@x")), carrier());
        std::mem::take(&mut rig.log)[0].clone()
    };
    let answers: Vec<_> = (0..4).map(|n| arrive(n, &mut rig)).collect();
    let let_in = "100 INVITE";
    assert_eq!(answers, [let_in, let_in, let_in, "503 INVITE"]);
    rig.pass(1);
    assert_eq!(arrive(9, &mut rig), let_in);
}

#[test]
fn calls_above_the_limit_are_503() {
    let mut rig = Rig::with(|config| config.max_calls = 1);
    rig.invite().expect("accepted");
    rig.arrive(super::incoming::invite(), carrier());
    rig.expect(&["send INVITE", "503 INVITE"]);
}

#[test]
fn a_stolen_password_is_worth_a_few_calls() {
    let limits = crate::PhoneLimits {
        at_once: 2,
        per_hour: 3,
        denied: vec!["00".into(), "0900".into()],
    };
    let mut rig = Rig::with(|config| config.phone_limits = limits);
    let nonce = super::phones::nonce(&mut rig);
    rig.arrive(Register::default().signed(&nonce), phone());
    let mut count = 1;
    let mut call = |number: &str, rig: &mut Rig| {
        count += 1;
        let invite = super::phones::phone_call_to(number, &nonce, count);
        let invite = invite.without(&["Call-ID"]);
        rig.arrive(invite.with("Call-ID", format!("c{count}")), phone());
        let incoming = rig.events.iter().rev().find_map(|e| match e {
            SipEvent::Incoming { call, .. } => Some(*call),
            _ => None,
        });
        (rig.answer().status().expect("an answer"), incoming)
    };
    assert_eq!(call("0044123", &mut rig).0, 403);
    assert_eq!(call("0900123", &mut rig).0, 403);
    let (status, first) = call("600", &mut rig);
    assert_eq!((status, call("600", &mut rig).0), (100, 100));
    assert_eq!(call("600", &mut rig).0, 486);
    let first = first.expect("a call");
    rig.command(Command::End(first, EndCause::Busy))
        .expect("up");
    assert_eq!(call("600", &mut rig).0, 100);
    let (_, last) = call("600", &mut rig);
    rig.command(Command::End(last.expect("a call"), EndCause::Busy))
        .expect("up");
    assert_eq!(
        call("600", &mut rig).0,
        403,
        "the third within the hour was the last"
    );
    let limited = |e: &&SipEvent| matches!(e, SipEvent::PhoneLimited { .. });
    assert_eq!(rig.events.iter().filter(limited).count(), 5);
}

#[test]
fn who_shows_a_password_is_vouched_for_and_who_does_not_is_not() {
    let mut rig = Rig::new();
    for (password, vouched) in [("guess", 0), ("secret", 1)] {
        let nonce = rig.core.nonces.make(ip(), rig.now_ms);
        let register = Register {
            password,
            ..Register::default()
        };
        rig.arrive(register.signed(&nonce), stranger());
        assert_eq!(rig.vouched, vec![ip(); vouched]);
    }
}
