//! From the 200 OK of a called person to sound both ways with an agent whose phone is up already. Both
//! far ends are SIPp for the signalling and a socket of ours for the sound: each says something that
//! only it says, and waits to hear the other.

use std::{
    net::UdpSocket,
    process::{Command, Stdio},
    sync::mpsc::{Receiver, Sender, channel},
    time::{Duration, SystemTime},
};

use switch::{EventKind, OnEnd};

use super::{
    Plan,
    callers::Callers,
    proc::{Process, now, percentile},
    setup::carrier::{self, Fate},
};

const AGENT: u16 = 31_180;
const PERSON: u16 = 31_280;
const LONG: Fate = Fate::Answers {
    ring_ms: 0,
    talk_ms: 3_600_000,
};
const FRAME: Duration = Duration::from_millis(20);

/// An end of the call: says `says` in A-law every 20 ms to whoever speaks to it.
struct End {
    _sipp: Process,
    _folder: tempfile::TempDir,
    /// When it first heard the other since it was last asked.
    heard: Receiver<SystemTime>,
    listen: Sender<()>,
}

fn end(port: u16, says: u8, awaits: u8) -> End {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("carrier.xml");
    std::fs::write(&file, carrier::scenario(&[('0', LONG)])).expect("writable");
    let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a port");
    let sound = socket.local_addr().expect("bound").port();
    let sipp = Process::start(
        Command::new("sipp")
            .current_dir(folder.path())
            .args(["-sf", "carrier.xml", "-i", "127.0.0.1", "-nostdin"])
            .args(["-p", &port.to_string(), "-mp", &(port + 10).to_string()])
            .args(["-key", "sound_port", &sound.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    );
    let (tell, heard) = channel();
    let (listen, asked) = channel();
    std::thread::spawn(move || speak(&socket, says, awaits, &tell, &asked));
    End {
        _sipp: sipp,
        _folder: folder,
        heard,
        listen,
    }
}

fn speak(
    socket: &UdpSocket,
    says: u8,
    awaits: u8,
    tell: &Sender<SystemTime>,
    asked: &Receiver<()>,
) {
    let mut packet = [says; 172];
    packet[..2].copy_from_slice(&[0x80, 8]);
    packet[8..12].copy_from_slice(&u32::from(says).to_be_bytes());
    let (mut number, mut peer, mut listening) = (0_u16, None, false);
    let mut due = std::time::Instant::now();
    let mut buffer = [0; 1_600];
    loop {
        let wait = due.saturating_duration_since(std::time::Instant::now());
        let wait = wait.max(Duration::from_micros(100));
        socket.set_read_timeout(Some(wait)).expect("a time");
        if let Ok((length, from)) = socket.recv_from(&mut buffer) {
            peer = Some(from);
            listening |= asked.try_recv().is_ok();
            let other = length == 172 && buffer[12..172].iter().all(|byte| *byte == awaits);
            if listening && other {
                listening = false;
                if tell.send(now()).is_err() {
                    return;
                }
            }
        }
        if std::time::Instant::now() >= due {
            due += FRAME;
            number = number.wrapping_add(1);
            packet[2..4].copy_from_slice(&number.to_be_bytes());
            packet[4..8].copy_from_slice(&(u32::from(number) * 160).to_be_bytes());
            if let Some(peer) = peer {
                // A leg that is gone hears nothing.
                let _ = socket.send_to(&packet, peer);
            }
        }
    }
}

pub async fn measure(plan: &Plan) {
    let (agent, person) = (end(AGENT, 0x11, 0x22), end(PERSON, 0x22, 0x11));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut callers = Callers::start(([127, 0, 0, 1], AGENT).into()).await;
    let agents_leg = callers.answered("130", 1).await[0];
    callers.switch.set_gateways(vec![embedded::Gateway::udp(
        "person",
        ([127, 0, 0, 1], PERSON).into(),
    )]);
    let mut waits = Vec::new();
    for _ in 0..plan.samples {
        let leg = callers.dial("person", "130").expect("room for a call");
        let at = callers
            .until("an answer", |event| {
                (event.kind == EventKind::Answered).then_some(event.at)
            })
            .await;
        for end in [&agent, &person] {
            end.listen.send(()).expect("it listens");
        }
        callers.send(switch::Command::Bridge {
            a: leg,
            b: agents_leg,
            on_end: OnEnd::Park,
        });
        let heard = [&agent, &person].map(|end| {
            let heard = end.heard.recv_timeout(Duration::from_secs(5));
            heard.expect("they hear each other")
        });
        let both = heard[0].max(heard[1]);
        waits.push(both.duration_since(at).unwrap_or_default());
        let cause = switch::Cause::Normal;
        callers.send(switch::Command::Hangup { leg, cause });
        callers
            .until("the end of a call", |event| {
                let over = matches!(event.kind, EventKind::Ended(_));
                (over && event.leg == Some(leg)).then_some(())
            })
            .await;
    }
    waits.sort();
    let ms = |share| percentile(&waits, share).as_secs_f64() * 1_000.0;
    println!("\n## From the answer to sound both ways with an agent who is on the line\n");
    println!("| answers | p50, ms | p95, ms | p99, ms | longest, ms |");
    println!("| --- | --- | --- | --- | --- |");
    println!(
        "| {} | {:.1} | {:.1} | {:.1} | {:.1} |",
        waits.len(),
        ms(0.5),
        ms(0.95),
        ms(0.99),
        ms(1.0)
    );
}
