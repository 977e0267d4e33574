//! One leg with real sockets, turn by turn: the clock is ours.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::mpsc::{Receiver, sync_channel},
};

use super::*;
use crate::{
    Crypto, Keying, Suite,
    packet::{HEADER, Packet},
    ports::Ports,
    rtcp::{LONGEST, Report},
    srtp::{OVERHEAD, Unprotect},
};

/// Turns of silence after which the far end counts as gone.
const TIMEOUT: u64 = 100;
const FAR: [u8; 4] = [127, 0, 0, 1];
const STRANGER: [u8; 4] = [127, 0, 0, 2];
const ROUTER: [u8; 4] = [127, 0, 0, 3];

struct Line {
    leg: Leg,
    address: SocketAddr,
    out: Outlets,
    events: Receiver<Event>,
    tick: u64,
}

impl Line {
    fn new() -> Self {
        let ports = Ports::new(Ipv4Addr::LOCALHOST.into(), &(28_000..=28_998));
        let sockets = ports.open().expect("a free port");
        let address = sockets.address;
        let (sender, events) = sync_channel(1_000);
        Self {
            leg: Leg::new(LegId(1), sockets),
            address,
            out: Outlets {
                events: Outlet::new(sender),
                work: Outlet::new(sync_channel(1).0),
            },
            events,
            tick: 1_000,
        }
    }

    fn connect(&mut self, signalled: &End, change: impl FnOnce(&mut Remote)) {
        let address = signalled.socket.local_addr().expect("bound");
        let mut remote = Remote::open(address, Codec::Pcma);
        change(&mut remote);
        self.leg.connect(remote, self.tick);
    }

    fn turn(&mut self) {
        let turn = Turn {
            tick: self.tick,
            arrival: self.tick as i64 * FRAME as i64,
            timeout: TIMEOUT,
        };
        self.leg.serve(None, None, turn, &mut self.out);
        self.tick += 1;
    }

    /// Packets of the far end that were taken so far.
    fn taken(&self) -> u64 {
        self.leg.stats().received
    }

    /// How many of `turns` packets, one a turn, are taken.
    fn takes(&mut self, from: &mut End, turns: u64) -> u64 {
        let before = self.taken();
        for _ in 0..turns {
            from.say(self.address);
            self.turn();
        }
        self.taken() - before
    }

    fn timed_out(&self) -> bool {
        let told = self.events.try_iter();
        told.filter(|it| matches!(it, Event::Timeout { .. }))
            .count()
            > 0
    }
}

/// Somebody who sends.
struct End {
    socket: UdpSocket,
    sequence: u16,
}

impl End {
    fn at(host: [u8; 4]) -> Self {
        let socket = UdpSocket::bind(SocketAddr::from((host, 0))).expect("a free port");
        let sequence = 65_500;
        Self { socket, sequence }
    }

    fn ssrc(&self) -> u32 {
        u32::from(self.socket.local_addr().expect("bound").port())
    }

    fn say(&mut self, to: SocketAddr) {
        self.sequence = self.sequence.wrapping_add(1);
        let packet = Packet {
            payload_type: 8,
            marker: false,
            sequence: self.sequence,
            timestamp: u32::from(self.sequence) * FRAME as u32,
            ssrc: self.ssrc(),
            payload: &[0xD5; FRAME],
        };
        let mut buffer = [0; HEADER + crate::packet::LONGEST_PAYLOAD];
        let length = packet.write(&mut buffer);
        let sent = self.socket.send_to(&buffer[..length], to);
        sent.expect("loopback takes it");
    }

    fn report(&self, goodbye: bool, to: SocketAddr) {
        let report = Report {
            ssrc: self.ssrc(),
            goodbye,
            ..Report::default()
        };
        let mut buffer = [0; LONGEST];
        let length = report.write(b"the-other-side-x", &mut buffer);
        let port = SocketAddr::new(to.ip(), to.port() + 1);
        let sent = self.socket.send_to(&buffer[..length], port);
        sent.expect("loopback takes it");
    }
}

#[test]
fn a_far_end_that_is_silent_lives_on_by_its_reports() {
    let (mut line, mut far) = (Line::new(), End::at(FAR));
    line.connect(&far, |_| ());
    line.takes(&mut far, 5);
    for turn in 0..4 * TIMEOUT {
        if turn % (TIMEOUT / 2) == 0 {
            far.report(false, line.address);
        }
        line.turn();
    }
    assert!(!line.timed_out());
    for turn in 0..2 * TIMEOUT {
        if turn % (TIMEOUT / 2) == 0 {
            End::at(STRANGER).report(false, line.address);
            far.report(true, line.address);
        }
        line.turn();
    }
    assert!(line.timed_out());
}

#[test]
fn silence_by_intent_is_no_timeout() {
    let (mut line, mut far) = (Line::new(), End::at(FAR));
    line.connect(&far, |it| it.expects_sound = false);
    (0..2 * TIMEOUT).for_each(|_| line.turn());
    assert!(!line.timed_out());
    line.connect(&far, |_| ());
    line.takes(&mut far, TIMEOUT);
    assert!(!line.timed_out());
    (0..=TIMEOUT).for_each(|_| line.turn());
    assert!(line.timed_out());
}

#[test]
fn an_answer_begins_the_wait_for_sound_anew() {
    let (mut line, far) = (Line::new(), End::at(FAR));
    line.connect(&far, |_| ());
    (0..2 * TIMEOUT).for_each(|_| line.turn());
    assert!(line.timed_out(), "while it rang");
    line.leg.answered(line.tick);
    (0..TIMEOUT).for_each(|_| line.turn());
    assert!(!line.timed_out());
    line.turn();
    assert!(line.timed_out());
}

#[test]
fn strangers_however_many_hold_up_no_sound_and_no_report() {
    let (mut line, mut far) = (Line::new(), End::at(FAR));
    let mut crowd: Vec<End> = (0..50).map(|_| End::at(STRANGER)).collect();
    line.connect(&far, |_| ());
    assert_eq!(line.takes(&mut far, 5), 5);
    for turn in 0..20 {
        for stranger in &mut crowd {
            stranger.say(line.address);
            if turn % 5 == 0 {
                stranger.report(false, line.address);
            }
        }
        assert_eq!(line.takes(&mut far, 1), 1);
    }
    line.turn();
    far.report(false, line.address);
    (0..10).for_each(|_| line.turn());
    assert_eq!(line.leg.far.as_ref().and_then(|far| far.reports_from), {
        far.socket.local_addr().ok()
    });
}

#[test]
fn of_a_flood_of_the_far_end_itself_a_turn_takes_a_part() {
    let (mut line, mut far) = (Line::new(), End::at(FAR));
    line.connect(&far, |_| ());
    (0..20).for_each(|_| far.say(line.address));
    line.turn();
    assert_eq!(line.taken(), 8);
    line.turn();
    assert_eq!(line.taken(), 16);
}

#[test]
fn behind_nat_the_host_of_the_signalling_is_heard_at_once_and_others_after_a_second() {
    let inside = End::at([127, 0, 0, 9]);
    let (mut line, mut phone) = (Line::new(), End::at(ROUTER));
    line.leg.signalled_from(vec![ROUTER.into()]);
    line.connect(&inside, |_| ());
    let mut stranger = End::at(STRANGER);
    assert_eq!(line.takes(&mut stranger, 40), 0);
    assert_eq!(line.takes(&mut phone, 5), 5);
    for _ in 0..300 {
        stranger.say(line.address);
        assert_eq!(line.takes(&mut phone, 1), 1);
    }

    let (mut line, mut phone) = (Line::new(), End::at(ROUTER));
    line.connect(&inside, |_| ());
    assert_eq!(line.takes(&mut phone, 50), 0);
    assert_eq!(line.takes(&mut phone, 50), 47);
}

#[test]
fn a_phone_behind_nat_comes_back_from_another_port_after_a_hold() {
    let inside = End::at([127, 0, 0, 9]);
    let (mut line, mut phone) = (Line::new(), End::at(ROUTER));
    line.leg.signalled_from(vec![ROUTER.into()]);
    line.connect(&inside, |_| ());
    assert_eq!(line.takes(&mut phone, 300), 300);
    line.connect(&inside, |it| it.expects_sound = false);
    // Nobody takes its place meanwhile.
    assert_eq!(line.takes(&mut End::at(STRANGER), 300), 0);
    let mut later = End::at(ROUTER);
    line.connect(&inside, |_| ());
    assert_eq!(line.takes(&mut later, 100), 97);
}

#[test]
fn after_the_answer_the_called_party_is_heard_in_place_of_the_announcement() {
    let (mut line, mut announcement) = (Line::new(), End::at(FAR));
    line.connect(&announcement, |_| ());
    assert_eq!(line.takes(&mut announcement, 400), 400);
    let mut called = End::at(STRANGER);
    assert_eq!(line.takes(&mut called, 20), 0, "it rings still");
    line.leg.answered(line.tick);
    assert_eq!(line.takes(&mut called, 100), 97);
}

#[test]
fn a_key_that_rests_while_the_sound_is_open_goes_on_counting() {
    let keying = || Keying::random(Suite::Sha1_80);
    let crypto = Crypto {
        ours: keying(),
        theirs: keying(),
    };
    let (mut line, end) = (Line::new(), End::at(FAR));
    let mut theirs = Unprotect::new(&crypto.ours);
    let mut reports = |line: &mut Line| {
        let mut buffer = [0; 8 + OVERHEAD];
        buffer[..4].copy_from_slice(&[0x80, 201, 0, 1]);
        let guard = line.leg.far.as_mut().and_then(Far::guard)?;
        let length = guard.protect.rtcp(&mut buffer, 8)?;
        theirs.rtcp(&mut buffer[..length])
    };
    line.connect(&end, |it| it.crypto = Some(crypto));
    assert!(reports(&mut line).is_some());
    line.connect(&end, |_| ());
    assert!(line.leg.far.as_mut().and_then(Far::guard).is_none());
    line.connect(&end, |it| it.crypto = Some(crypto));
    assert!(
        reports(&mut line).is_some(),
        "a number that was not used yet"
    );
}
