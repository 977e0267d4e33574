//! Who answered when, and when which end first heard the other. Every end says one byte of A-law over and
//! over, so that whoever hears it knows whose it is, and takes neither silence nor music for it.

use std::{
    net::{SocketAddr, UdpSocket},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use super::telephone::{Call, Telephone};
use crate::proc::now;

const FRAME: Duration = Duration::from_millis(20);
/// A person takes the call so long after it came in.
const RING: Duration = Duration::from_millis(100);
/// Who does not hear an agent for so long hangs up.
const PATIENCE: Duration = Duration::from_secs(5);
/// So long a conversation goes on after both have heard each other.
const TALK: Duration = Duration::from_millis(200);
/// What agents say: one after the other from here on.
const AGENTS: u8 = 0x10;
/// What people say: the next one something else, and so round.
const PEOPLE: std::ops::Range<u8> = 0x20..0x50;

/// One person's answer.
pub struct Answer {
    pub number: String,
    says: u8,
    at: Instant,
    /// The same by the wall clock, as the CDR has it.
    pub at_wall: SystemTime,
    person_heard: OnceLock<Instant>,
    agent_heard: OnceLock<Instant>,
}

impl Answer {
    /// From the 200 OK to the first packet of the agent's sound at the person.
    pub fn to_person(&self) -> Option<Duration> {
        self.person_heard.get().map(|heard| *heard - self.at)
    }

    /// From the 200 OK to the first packet of the person's sound at the agent.
    pub fn to_agent(&self) -> Option<Duration> {
        self.agent_heard.get().map(|heard| *heard - self.at)
    }

    pub fn both_ways(&self) -> Option<Duration> {
        let (person, agent) = (self.to_person()?, self.to_agent()?);
        Some(person.max(agent))
    }
}

/// All answers of one measurement.
#[derive(Default)]
pub struct Board(Mutex<Answers>);

#[derive(Default)]
struct Answers {
    all: Vec<Arc<Answer>>,
    agents_up: usize,
}

impl Board {
    pub fn answers(&self) -> Vec<Arc<Answer>> {
        self.lock().all.clone()
    }

    /// Agents whose telephone was called and taken up.
    pub fn agents_up(&self) -> usize {
        self.lock().agents_up
    }

    /// A person is about to say that the call is taken.
    fn begin(&self, number: &str) -> Arc<Answer> {
        let mut answers = self.lock();
        let kinds = usize::from(PEOPLE.end - PEOPLE.start);
        let says = PEOPLE.start + (answers.all.len() % kinds) as u8;
        let answer = Arc::new(Answer {
            number: number.to_owned(),
            says,
            at: Instant::now(),
            at_wall: now(),
            person_heard: OnceLock::new(),
            agent_heard: OnceLock::new(),
        });
        answers.all.push(answer.clone());
        answer
    }

    /// An agent hears somebody: the one who said that last.
    fn agent_hears(&self, says: u8, at: Instant) {
        let answers = self.lock();
        if let Some(answer) = answers.all.iter().rev().find(|answer| answer.says == says) {
            answer.agent_heard.get_or_init(|| at);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Answers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// People who take every call, and hang up when they have talked.
pub fn people(board: &Arc<Board>) -> Telephone {
    let board = board.clone();
    Telephone::at(0, move |call| person(&board, &call))
}

fn person(board: &Board, call: &Call) {
    let (socket, port) = sound();
    call.ring();
    std::thread::sleep(RING);
    let ok = call.ok(port);
    let answer = board.begin(call.number());
    call.send(&ok);
    let mut since = None;
    talk(&socket, call.sound(), answer.says, |heard| {
        if let Some((says, at)) = heard
            && (AGENTS..PEOPLE.start).contains(&says)
        {
            answer.person_heard.get_or_init(|| at);
        }
        let now = Instant::now();
        if since.is_none() && answer.both_ways().is_some() {
            since = Some(now);
        }
        let is_told = since.is_some_and(|since| now - since > TALK);
        !call.is_over() && !is_told && now - answer.at < PATIENCE
    });
    call.hang_up();
}

/// An agent's telephone at this port of loopback, 0 for any: it is taken up at once and stays up.
pub fn agent(board: &Arc<Board>, nth: u8, port: u16) -> Telephone {
    let board = board.clone();
    Telephone::at(port, move |call| {
        let (socket, port) = sound();
        call.send(&call.ok(port));
        board.lock().agents_up += 1;
        talk(&socket, call.sound(), AGENTS + nth, |heard| {
            if let Some((says, at)) = heard {
                board.agent_hears(says, at);
            }
            !call.is_over()
        });
    })
}

fn sound() -> (UdpSocket, u16) {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a port");
    let port = socket.local_addr().expect("bound").port();
    (socket, port)
}

/// Says `says` to `peer` every 20 ms from now on, while `goes_on`, which is asked again and again and told
/// of each packet that is one byte all through.
fn talk(
    socket: &UdpSocket,
    peer: SocketAddr,
    says: u8,
    mut goes_on: impl FnMut(Option<(u8, Instant)>) -> bool,
) {
    let mut packet = [says; 172];
    packet[..2].copy_from_slice(&[0x80, 8]);
    packet[8..12].copy_from_slice(&u32::from(says).to_be_bytes());
    let (mut number, mut due, mut buffer) = (0_u16, Instant::now(), [0; 1_600]);
    loop {
        if Instant::now() >= due {
            due += FRAME;
            number = number.wrapping_add(1);
            packet[2..4].copy_from_slice(&number.to_be_bytes());
            packet[4..8].copy_from_slice(&(u32::from(number) * 160).to_be_bytes());
            // A leg that is gone hears nothing.
            let _ = socket.send_to(&packet, peer);
        }
        let wait = due.saturating_duration_since(Instant::now());
        let wait = wait.max(Duration::from_micros(100));
        socket.set_read_timeout(Some(wait)).expect("not zero");
        let heard = socket.recv_from(&mut buffer);
        let at = Instant::now();
        let heard = heard
            .ok()
            .and_then(|(length, _)| one_byte(&buffer[..length]));
        if !goes_on(heard.map(|says| (says, at))) {
            return;
        }
    }
}

/// What an RTP packet of A-law without extensions says, if that is the same all through.
fn one_byte(packet: &[u8]) -> Option<u8> {
    let (header, said) = packet.split_at_checked(12)?;
    let first = *said.first()?;
    let is_sound = header[0] == 0x80 && header[1] & 0x7f == 8;
    (is_sound && said.iter().all(|byte| *byte == first)).then_some(first)
}
