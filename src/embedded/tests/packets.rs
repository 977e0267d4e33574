//! Packets of the length that the far end asks for, over UDP.

use std::{io::ErrorKind, net::UdpSocket};

use media::{FRAME, Law, goertzel};
use sip::SipEvent;

use super::*;

/// A far end of SIP, behind whose gateway `b` everybody answers at `sound`.
struct Far {
    agent: sip::Agent,
    told: UnboundedReceiver<SipEvent>,
    sound: UdpSocket,
}

impl Far {
    async fn of(house: &Embedded) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut config = sip::Config::new(address, "far");
        config.gateways = vec![sip::Gateway::udp("house", house.sip_address())];
        let (agent, told) = sip::Agent::bind(config, Arc::new(sip::NoPhones))
            .await
            .expect("a free port");
        let sound = UdpSocket::bind(address).expect("a free port");
        sound.set_read_timeout(Some(DEADLINE)).expect("a timeout");
        Self { agent, told, sound }
    }

    /// Answers the next call; `asks` is what its answer says about packets.
    async fn answer(&mut self, asks: &str) {
        let call = loop {
            let event = tokio::time::timeout(DEADLINE, self.told.recv()).await;
            if let SipEvent::Incoming { call, .. } = event.expect("in time").expect("it runs") {
                break call;
            }
        };
        let port = self.sound.local_addr().expect("bound").port();
        let answer = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP 8\r\n{asks}"
        );
        self.agent
            .answer(call, answer.into_bytes())
            .expect("offered");
    }

    /// The next packet: its timestamp and its payload.
    fn packet(&self) -> (u32, Vec<u8>) {
        let mut buffer = [0; 2_000];
        let length = loop {
            match self.sound.recv(&mut buffer) {
                // A signal in between is nothing.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                length => break length.expect("a packet in time"),
            }
        };
        let timestamp = u32::from_be_bytes(buffer[4..8].try_into().expect("four bytes"));
        (timestamp, buffer[12..length].to_vec())
    }
}

/// What `asks` is answered with: how long the packets are that then come, while a tone is played.
async fn heard(gateway_ms: u16, asks: &str) -> Vec<(u32, Vec<u8>)> {
    let house = switch(48_000..=48_498).await;
    let mut far = Far::of(&house).await;
    let mut gateway = Gateway::udp("b", far.agent.local_addr());
    gateway.codecs = vec![sip::sdp::Codec::Pcma];
    gateway.ptime_ms = gateway_ms;
    house.set_gateways(vec![gateway]);
    let mut told = house.events().expect("events");
    let leg = dial(&house, "b").expect("it goes out");
    far.answer(asks).await;
    while next(&mut told).await.kind != EventKind::Answered {}
    let play = Command::Play {
        leg,
        play: switch::PlayId(1),
        prompt: "tone:1000:60000".to_owned(),
        times: 1,
    };
    house.send(CommandId(2), play).expect("a prompt");
    tokio::task::spawn_blocking(move || (0..30).map(|_| far.packet()).collect())
        .await
        .expect("packets")
}

#[tokio::test]
async fn what_the_far_end_asks_for_counts_then_what_the_gateway_has() {
    for (gateway_ms, asks, ms) in [
        (20, "a=ptime:60\r\n", 60),
        (20, "a=ptime:30\r\n", 30),
        (40, "", 40),
        (60, "a=maxptime:30\r\n", 30),
        (30, "a=ptime:10\r\n", 10),
        (20, "", 20),
    ] {
        let packets = heard(gateway_ms, asks).await;
        let length = usize::from(ms as u16) * FRAME / 20;
        assert!(
            packets[1..]
                .iter()
                .all(|(_, payload)| payload.len() == length)
        );
        // A thread that had to wait for the machine leaves a gap in time.
        let apart = packets
            .windows(2)
            .map(|two| two[1].0.wrapping_sub(two[0].0));
        let even = apart.filter(|&apart| apart as usize == length).count();
        assert!(even >= 15, "{gateway_ms} {asks}: {packets:?}");
        // The tone is as loud as it is made, and unbroken.
        let sound = packets.iter().flat_map(|(_, payload)| payload);
        let sound: Vec<i16> = sound.map(|byte| Law::Pcma.decode(*byte)).collect();
        let last = &sound[sound.len() - 1_600.min(sound.len() / 2)..];
        let level = 10.0 * (goertzel::power(last, 1_000.0) * 2.0 / 144e6).log10();
        assert!(level.abs() < 1.0, "{ms} ms: {level} dB");
        assert!(goertzel::over_noise_db(last, 1_000.0) > 20.0, "{ms} ms");
    }
}

#[tokio::test]
async fn two_who_want_other_packets_hear_each_other() {
    let house = switch(48_500..=48_998).await;
    let (mut long, mut short) = (Far::of(&house).await, Far::of(&house).await);
    let gateway = |name: &str, far: &Far| Gateway::udp(name, far.agent.local_addr());
    house.set_gateways(vec![gateway("long", &long), gateway("short", &short)]);
    let mut told = house.events().expect("events");
    let mut legs = Vec::new();
    for (name, far, asks) in [
        ("long", &mut long, "a=ptime:60\r\n"),
        ("short", &mut short, "a=ptime:20\r\n"),
    ] {
        legs.push(dial(&house, name).expect("it goes out"));
        far.answer(asks).await;
        while next(&mut told).await.kind != EventKind::Answered {}
    }
    let bridge = Command::Bridge {
        a: legs[0],
        b: legs[1],
        on_end: switch::OnEnd::Park,
    };
    house.send(CommandId(2), bridge).expect("legs that are up");
    let heard = tokio::task::spawn_blocking(move || {
        let to = |far: &Far| far.sound.peek_from(&mut [0; 1]).expect("sound in time").1;
        let house = to(&short);
        let mut heard = Vec::new();
        for turn in 0..120_u32 {
            let mut packet = vec![0x80, 8];
            packet.extend((turn as u16).to_be_bytes());
            packet.extend((turn * FRAME as u32).to_be_bytes());
            packet.extend(77_u32.to_be_bytes());
            let sample = |n: usize| {
                let time = (turn as usize * FRAME + n) as f64 / 8_000.0;
                Law::Pcma.encode(((time * 1_000.0 * std::f64::consts::TAU).sin() * 4_000.0) as i16)
            };
            packet.extend((0..FRAME).map(sample));
            short.sound.send_to(&packet, house).expect("loopback");
            short.packet();
            if turn % 3 == 2 {
                heard.push(long.packet());
            }
        }
        heard
    });
    let heard: Vec<_> = heard.await.expect("packets");
    assert!(heard.iter().all(|(_, payload)| payload.len() == 480));
    let sound = heard.iter().flat_map(|(_, payload)| payload);
    let sound: Vec<i16> = sound.map(|byte| Law::Pcma.decode(*byte)).collect();
    assert!(goertzel::best_over_noise_db(&sound, 1_000.0) > 20.0);
}

/// Their refresh of the session offers both codecs again, the other one first.
#[tokio::test]
async fn a_codec_that_was_answered_is_spoken_on_after_a_refresh_of_the_session() {
    let house = switch(49_000..=49_498).await;
    let mut far = Far::of(&house).await;
    let mut gateway = Gateway::udp("b", far.agent.local_addr());
    gateway.codecs = vec![sip::sdp::Codec::Pcma, sip::sdp::Codec::Pcmu];
    house.set_gateways(vec![gateway]);
    let mut told = house.events().expect("events");
    let port = far.sound.local_addr().expect("bound").port();
    let offer = |version: u32| {
        let text = format!(
            "v=0\r\no=- 1 {version} IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP 0 8\r\n"
        );
        text.into_bytes()
    };
    let call = sip::CallRef(uuid::Uuid::new_v4());
    let to = sip::Destination::Gateway {
        gateway: "house".to_owned(),
        number: "100".to_owned(),
    };
    far.agent
        .invite(call, to, sip::Identity::default(), offer(1), DEADLINE)
        .expect("it goes out");
    let leg = incoming(&mut told).await;
    house
        .send(CommandId(1), Command::Answer { leg })
        .expect("a leg that is up");
    let play = Command::Play {
        leg,
        play: switch::PlayId(1),
        prompt: "tone:1000:60000".to_owned(),
        times: 1,
    };
    house.send(CommandId(2), play).expect("a prompt");
    let mut reoffered = false;
    loop {
        let event = tokio::time::timeout(DEADLINE, far.told.recv()).await;
        match event.expect("in time").expect("it runs") {
            SipEvent::Answered { .. } => {
                reoffered = true;
                far.agent.reoffer(call, offer(2)).expect("up");
            }
            SipEvent::MediaChanged { remote_sdp, .. } => {
                let ours = String::from_utf8(remote_sdp).expect("text");
                assert!(ours.contains("RTP/AVP 8\r\n"), "{ours}");
                break;
            }
            _ => {}
        }
    }
    assert!(reoffered);
    let kinds = tokio::task::spawn_blocking(move || {
        let kind = |_| {
            let mut buffer = [0; 2_000];
            far.sound.recv(&mut buffer).expect("a packet in time");
            buffer[1] & 0x7f
        };
        (0..50).map(kind).collect::<Vec<u8>>()
    });
    let kinds = kinds.await.expect("packets");
    assert!(kinds.iter().all(|kind| *kind == 8), "{kinds:?}");
}
