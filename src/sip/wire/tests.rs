//! The torture messages of RFC 4475 (`message/torture`), and mutations of them.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use super::guard::{self, Unfit};
use crate::{
    Config, Hop, NoPhones,
    core::{Core, Input, Output, TxId},
    message::Message,
    sdp,
};

/// A status is the first answer: 100 and 200 accept, 401 asks who it is. `taken` are responses that
/// belong to nothing; `dropped` lacks what an answer needs.
const FATES: &str = "\
valid dblreq 401
valid esc01 100
valid esc02 501
valid escnull 401
valid intmeth 501
valid longreq 100
valid lwsdisp 200
valid mpart01 405
valid noreason taken
valid semiuri 200
valid transports 200
valid unreason taken
valid wsinv 481
invalid badaspec 200
invalid badbranch 400
invalid baddate 100
invalid baddn 200
invalid badinv01 100
invalid badvers 505
invalid bcast taken
invalid bext01 420
invalid bigcode dropped
invalid clerr 400
invalid cparam01 401
invalid cparam02 401
invalid escruri 400
invalid insuf dropped
invalid inv2543 400
invalid invut 415
invalid ltgtruri 400
invalid lwsruri 400
invalid lwsstart 400
invalid mcl01 400
invalid mismatch01 400
invalid mismatch02 400
invalid multi01 400
invalid ncl 400
invalid novelsc 416
invalid quotbal 400
invalid regaut01 401
invalid regbadct 401
invalid regescrt 401
invalid scalar02 400
invalid scalarlg dropped
invalid sdp01 100
invalid test dropped
invalid trws 400
invalid unkscm 416
invalid unksm2 401
invalid zeromf 200
";

fn files(kind: &str) -> BTreeMap<String, Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("message/torture")
        .join(kind);
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
    Core::new(config, addr, Arc::new(NoPhones), [1; 32], 0)
}

/// What becomes of a datagram: the status of its first answer, `taken` or `dropped`.
fn fate(core: &mut Core, bytes: &[u8], number: u64) -> String {
    let message = match guard::admit(bytes) {
        Ok(message) => message,
        Err(Unfit::Refuse(answer)) => return format!("{}", answer.status().expect("a response")),
        Err(Unfit::Drop) => return "dropped".into(),
    };
    let again = Message::parse(&message.to_bytes()).expect("what we write, we read");
    assert_eq!(again.to_bytes(), message.to_bytes());
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
    let outputs = core.on(input, number);
    let status = outputs.iter().find_map(|output| match output {
        Output::Respond { message, .. } => message.status(),
        _ => None,
    });
    status.map_or("taken".into(), |s| s.to_string())
}

#[test]
fn the_fate_of_every_torture_message() {
    let mut told = String::new();
    for kind in ["valid", "invalid"] {
        for (name, bytes) in files(kind) {
            told.push_str(&format!("{kind} {name} {}\n", fate(&mut core(), &bytes, 1)));
        }
    }
    assert_eq!(told, FATES);
}

#[test]
fn no_mutation_of_them_panics() {
    let seeds: Vec<_> = files("valid")
        .into_values()
        .chain(files("invalid").into_values())
        .collect();
    let mut random = StdRng::seed_from_u64(4475);
    let mut core = core();
    for number in 0..20_000 {
        let mut bytes = seeds[random.random_range(0..seeds.len())].clone();
        for _ in 0..random.random_range(1..12) {
            mutate(&mut bytes, &seeds, &mut random);
        }
        fate(&mut core, &bytes, number);
        let body = bytes
            .windows(4)
            .position(|w| w == b"\r\n\r\n")
            .map_or(0, |at| at + 4);
        let _ = sdp::parse(&bytes[body..]).map(|offer| {
            let local = sdp::Local::new(([192, 0, 2, 10], 4000).into(), 1);
            let answer = sdp::answer(&offer, &local).map(|(answer, _)| answer);
            answer.map(|bytes| sdp::parse(&bytes).expect("what we write, we read"))
        });
    }
}

fn mutate(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut StdRng) {
    if bytes.is_empty() {
        return;
    }
    let at = random.random_range(0..bytes.len());
    let to = random.random_range(at..bytes.len().min(at + 40));
    match random.random_range(0..6) {
        0 => bytes[at] = random.random(),
        1 => bytes[at] = b";,:<>\"\\%=@ \r\n\t0"[random.random_range(0..15)],
        2 => drop(bytes.drain(at..to)),
        3 => {
            let copy = bytes[at..to].to_vec();
            bytes.splice(at..at, copy);
        }
        4 => bytes.truncate(at),
        _ => {
            let other = &seeds[random.random_range(0..seeds.len())];
            let from = random.random_range(0..other.len());
            let piece = &other[from..other.len().min(from + 60)];
            bytes.splice(at..at, piece.iter().copied());
        }
    }
}
