//! RTCP both ways, and what it adds to a leg's statistics.

use std::net::UdpSocket;

use super::{DEADLINE, Far, House, LOOPBACK, in_time, received};
use crate::{
    Codec, Event, LegId, Stats,
    rtcp::{Block, LONGEST, Report},
    tone,
};

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind((LOOPBACK, 0)).expect("a socket");
    socket.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    socket
}

fn report_at(socket: &UdpSocket, about: u32) -> Report {
    let mut buffer = [0; 1_500];
    let length = received(socket, &mut buffer);
    Report::read(&buffer[..length], about).expect("a valid report")
}

fn closed(house: &House, leg: LegId) -> Stats {
    house.media.close(leg).expect("a leg");
    house.wait(|event| match event {
        Event::Closed { stats, .. } => Some(stats),
        _ => None,
    })
}

fn answer(report: &Report, far: &Far) -> Vec<u8> {
    let middle = report.sender.map_or(0, |sender| (sender.ntp >> 16) as u32);
    let block = Block {
        ssrc: report.ssrc,
        lost: 7,
        jitter: 80,
        last_report: middle,
        ..Block::default()
    };
    let answer = Report {
        ssrc: far.ssrc,
        sender: None,
        block: Some(block),
        goodbye: false,
    };
    let mut buffer = [0; LONGEST];
    let length = answer.write(b"the-other-side-x", &mut buffer);
    buffer[..length].to_vec()
}

#[test]
fn both_sides_learn_what_the_other_received() {
    let house = House::new();
    let reports = socket();
    let address = reports.local_addr().expect("an address");
    let (leg, mut far) = house.call_with(Codec::Pcma, |it| it.rtcp = Some(address));
    let kilo = tone::sine(1_000.0, 1_000);
    let mut turn = 0;
    in_time(60, || {
        turn += 1;
        if turn % 10 == 0 {
            far.sequence = far.sequence.wrapping_add(1);
        }
        far.say(&kilo);
        far.hear_waiting();
    });
    let report = report_at(&reports, far.ssrc);
    let sender = report.sender.expect("it sends");
    assert!(sender.packets >= 50 && sender.bytes == sender.packets * 160);
    let block = report.block.expect("it receives");
    assert!((3..=6).contains(&block.lost), "{block:?}");
    let mut port = far.engine;
    port.set_port(port.port() + 1);
    let answer = answer(&report, &far);
    // A stranger's report about us says nothing.
    let stranger = UdpSocket::bind(("127.0.0.2", 0)).expect("another host");
    let mut lie = answer.clone();
    lie[12 + 3] = 200;
    stranger.send_to(&lie, port).expect("loopback takes it");
    reports.send_to(&answer, port).expect("loopback takes it");
    far.hear_waiting();
    (0..5).for_each(|_| drop(far.hear()));
    let stats = closed(&house, leg);
    assert_eq!(stats.reported_lost, Some(7));
    assert_eq!(stats.reported_jitter_ms, Some(10.0));
    assert!(stats.round_trip_ms.is_some());
    assert!(
        stats.mos.is_some_and(|mos| (2.0..4.4).contains(&mos)),
        "{stats:?}"
    );
    assert!(report_at(&reports, far.ssrc).goodbye);
}

#[test]
fn one_port_may_carry_both() {
    let house = House::new();
    let (leg, far) = {
        let mut address = None;
        let (leg, far) = house.call_with(Codec::Pcmu, |it| address = Some(it.address));
        let mut remote = crate::Remote::open(far.address(), Codec::Pcmu);
        remote.rtcp = address;
        house.media.connect(leg, remote).expect("a leg");
        (leg, far)
    };
    let mut buffer = [0; 2_000];
    let report = loop {
        let length = received(&far.socket, &mut buffer);
        if let Some(report) = Report::read(&buffer[..length], far.ssrc) {
            break report;
        }
    };
    let answer = answer(&report, &far);
    far.socket
        .send_to(&answer, far.engine)
        .expect("loopback takes it");
    (0..2).for_each(|_| _ = received(&far.socket, &mut buffer));
    assert_eq!(closed(&house, leg).reported_lost, Some(7));
}
