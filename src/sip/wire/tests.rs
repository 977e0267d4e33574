//! The torture messages of RFC 4475 (`message/torture`), and mutations of them.

use std::{collections::BTreeMap, fs, sync::Arc};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use super::guard::{self, Unfit};
use crate::{
    Config, Credentials, Ha1, Hop, PhoneBook, SipEvent,
    core::{Command, Core, Input, Output, TxId},
    digest::ClientAuth,
    fuzz, ha1,
    message::{Message, NameAddr, Uri},
    sdp::{self, Local},
};

/// Folder, section of RFC 4475, message, what becomes of it. A status is the only answer, or the first and
/// the last one once the house has taken the call: 200 accepts, 401 asks who it is. `taken` are responses that belong to nothing; `dropped` lacks
/// what an answer needs. Where the RFC leaves a choice: a wrong Date or display name is passed over,
/// a request of RFC 2543 (no tags, no branch) is refused.
pub(crate) const FATES: &str = "\
valid 3.1.1.8 dblreq 401
valid 3.1.1.3 esc01 100-200
valid 3.1.1.5 esc02 501
valid 3.1.1.4 escnull 401
valid 3.1.1.2 intmeth 501
valid 3.1.1.7 longreq 100-200
valid 3.1.1.6 lwsdisp 200
valid 3.1.1.11 mpart01 405
valid 3.1.1.13 noreason taken
valid 3.1.1.9 semiuri 200
valid 3.1.1.10 transports 200
valid 3.1.1.12 unreason taken
valid 3.1.1.1 wsinv 481
invalid 3.1.2.14 badaspec 200
invalid 3.2.1 badbranch 400
invalid 3.1.2.12 baddate 100-200
invalid 3.1.2.15 baddn 200
invalid 3.1.2.1 badinv01 400
invalid 3.1.2.16 badvers 505
invalid 3.3.10 bcast dropped
invalid 3.3.5 bext01 420
invalid 3.1.2.19 bigcode dropped
invalid 3.1.2.2 clerr 400
invalid 3.3.12 cparam01 401
invalid 3.3.13 cparam02 401
invalid 3.1.2.11 escruri 400
invalid 3.3.1 insuf 400
invalid 3.4.1 inv2543 400
invalid 3.3.6 invut 415
invalid 3.1.2.7 ltgtruri 400
invalid 3.1.2.8 lwsruri 400
invalid 3.1.2.9 lwsstart 400
invalid 3.3.9 mcl01 400
invalid 3.1.2.17 mismatch01 400
invalid 3.1.2.18 mismatch02 400
invalid 3.3.8 multi01 400
invalid 3.1.2.3 ncl 400
invalid 3.3.3 novelsc 416
invalid 3.1.2.6 quotbal 400
invalid 3.3.7 regaut01 401
invalid 3.1.2.13 regbadct 401
invalid 3.3.14 regescrt 401
invalid 3.1.2.4 scalar02 400
invalid 3.1.2.5 scalarlg dropped
invalid 3.3.15 sdp01 406
invalid - test dropped
invalid 3.1.2.10 trws 400
invalid 3.3.2 unkscm 416
invalid 3.3.4 unksm2 401
invalid 3.3.11 zeromf 200
";

pub(crate) fn files(kind: &str) -> BTreeMap<String, Vec<u8>> {
    let folder = fuzz::beside("message/torture").join(kind);
    let entries = fs::read_dir(folder).expect("the folder is there");
    let files = entries.map(|e| e.expect("an entry").path());
    files
        .map(|path| {
            let name = path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            (name, fs::read(path).expect("readable"))
        })
        .collect()
}

fn core() -> Core {
    let addr = std::net::SocketAddr::from(([192, 0, 2, 10], 5060));
    let mut config = Config::new(addr, "test");
    config.gateways = vec![crate::Gateway::udp(
        "peer",
        ([198, 51, 100, 1], 5060).into(),
    )];
    Core::new(config, addr, Arc::new(Everybody), [1; 32], 0)
}

/// What becomes of a datagram: the status of its first answer and of its last where that is another,
/// `taken` or `dropped`. The house takes every call.
fn fate(core: &mut Core, bytes: &[u8], number: u64) -> String {
    let message = match guard::admit(bytes) {
        Ok(message) => message,
        Err(Unfit::Refuse(answer)) => return format!("{}", answer.status().expect("a response")),
        Err(Unfit::Drop) => return "dropped".into(),
    };
    let again = Message::parse(&message.to_bytes()).expect("what we write, we read");
    assert_eq!(again.to_bytes(), message.to_bytes());
    // The layer below may find fault with it, and no more than that.
    let _ = rsipstack::sip::SipMessage::try_from(&message.to_bytes()[..]);
    let from = Hop::udp(([198, 51, 100, 1], 5060).into());
    let input = if message.method().is_some() {
        Input::Request {
            tx: TxId::Server(number),
            message,
            from,
        }
    } else {
        Input::Response {
            tx: TxId::Client(number),
            message,
        }
    };
    let mut outputs = core.on(input, number);
    let call = outputs.iter().find_map(|output| match output {
        Output::Tell(SipEvent::Incoming { call, .. }) => Some(*call),
        _ => None,
    });
    if let Some(call) = call {
        let ours = Local::new(([192, 0, 2, 10], 40_000).into(), 1);
        let taken = core.command(Command::Answer(call, sdp::offer(&ours)), number);
        outputs.extend(taken.expect("it has just come in"));
    }
    let mut statuses = outputs.iter().filter_map(|output| match output {
        Output::Respond { message, .. } => message.status(),
        _ => None,
    });
    match (statuses.next(), statuses.next_back()) {
        (None, _) => "taken".into(),
        (Some(only), None) => only.to_string(),
        (Some(first), Some(last)) => format!("{first}-{last}"),
    }
}

#[test]
fn the_fate_of_every_torture_message() {
    let mut told = Vec::new();
    for kind in ["valid", "invalid"] {
        for (name, bytes) in files(kind) {
            told.push(format!("{kind} {name} {}", fate(&mut core(), &bytes, 1)));
        }
    }
    let without_section = |row: &str| {
        let words: Vec<_> = row.split(' ').collect();
        [words[0], words[2], words[3]].join(" ")
    };
    let expected: Vec<_> = FATES.lines().map(without_section).collect();
    assert_eq!(told, expected);
}

/// What the registrar says once it knows who asks: everybody's password is `secret`.
#[test]
fn the_registrations_among_them_once_signed() {
    for (name, expected) in [
        ("cparam01", 200),
        ("cparam02", 200),
        ("regescrt", 200),
        ("regaut01", 200),
        ("regbadct", 400),
        ("unksm2", 400),
    ] {
        let bytes = &files("invalid")[name];
        let mut core = core();
        let register = Message::parse(bytes).expect("readable");
        let register = register.without(&["Authorization"]);
        let mut answer = |message: Message, number: u64| {
            let from = Hop::udp(([203, 0, 113, 9], 5060).into());
            let tx = TxId::Server(number);
            let outputs = core.on(Input::Request { tx, message, from }, number);
            let found = outputs.into_iter().find_map(|output| match output {
                Output::Respond { message, .. } => Some(message),
                _ => None,
            });
            found.expect("an answer")
        };
        let challenge = answer(register.clone(), 1);
        let mut auth = ClientAuth::default();
        assert!(auth.challenged(&register, &challenge, 0), "{name}");
        let username = match Uri::parse(
            &NameAddr::parse(register.header("To").expect("To"))
                .expect("an address")
                .uri,
        ) {
            Some(uri) if uri.scheme == "sip" => uri.user,
            _ => "user".to_owned(),
        };
        let credentials = Credentials {
            username,
            password: "secret".into(),
        };
        let mut signed = register;
        auth.sign(&mut signed, &credentials, "cnonce");
        assert_eq!(answer(signed, 2).status(), Some(expected), "{name}");
    }
}

/// Everybody is known, by one password.
struct Everybody;

impl PhoneBook for Everybody {
    fn secrets(&self, extension: &str) -> Option<Ha1> {
        Some(ha1(extension, "test", "secret"))
    }
}

/// What speaks another protocol to the same port is dropped without an answer (RFC 7983).
#[test]
fn stun_and_dtls_are_dropped() {
    for bytes in fuzz::corpus(fuzz::beside("../media/tests/corpus/stun")) {
        assert_eq!(fate(&mut core(), &bytes, 1), "dropped", "{bytes:?}");
    }
}

#[test]
fn no_mutation_of_them_panics() {
    let seeds: Vec<_> = files("valid")
        .into_values()
        .chain(files("invalid").into_values())
        .collect();
    let (mut rounds, seed) = fuzz::rounds(20_000);
    let mut random = StdRng::seed_from_u64(seed);
    let mut core = core();
    while let Some(number) = rounds.next_round() {
        let mut bytes = seeds[random.random_range(0..seeds.len())].clone();
        for _ in 0..random.random_range(1..12) {
            fuzz::mutate(&mut bytes, &seeds, &mut random);
        }
        fate(&mut core, &bytes, number);
    }
}
