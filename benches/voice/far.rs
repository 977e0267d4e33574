//! The far end as a process of its own: a switch that answers every call. The number says what it
//! does then: `talk` plays a tone for ever, `hear` listens, `short` hangs up after two seconds.

use std::{
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    process::{Command as Program, Stdio},
    sync::Arc,
    time::Duration,
};

use embedded::{Config, Embedded, Gateway};
use switch::{Cause, Command, CommandId, EventKind, LegId, PlayId, Switch};

use super::proc::Process;

/// What `talk` says.
const TONE: &str = "tone:1000:1000";
const FOR_EVER: u32 = 1_000_000;
const SHORT: Duration = Duration::from_secs(2);

/// Starts one; gives its address.
pub fn start() -> (Process, SocketAddr) {
    let program = std::env::current_exe().expect("our own name");
    let mut process = Process::start(
        Program::new(program)
            .args(["far", "49000-64998"])
            .stdout(Stdio::piped()),
    );
    let out = process.0.stdout.take().expect("piped");
    let mut line = String::new();
    BufReader::new(out)
        .read_line(&mut line)
        .expect("its address");
    (process, line.trim().parse().expect("an address"))
}

/// Serves until it is killed.
pub async fn serve(ports: &str) {
    let (first, last) = ports.split_once('-').expect("first-last");
    let ports = first.parse().expect("a port")..=last.parse().expect("a port");
    let mut config = Config::new(([127, 0, 0, 1], 0).into(), "far", ports);
    config.sip.flood_limit = 0;
    // Whoever calls from loopback is a gateway.
    config.gateways = vec![Gateway::udp("near", ([127, 0, 0, 1], 9).into())];
    let switch = Embedded::start(config).await.expect("the far end starts");
    let mut events = switch.events().expect("the first listener");
    println!("{}", switch.sip_address());
    // Whoever started us reads one line.
    let _ = std::io::stdout().flush();
    let mut command = 0;
    while let Some(event) = events.recv().await {
        if let (Some(leg), EventKind::Incoming { to, .. }) = (event.leg, event.kind) {
            command += 2;
            take(&switch, leg, &to, command);
        }
    }
}

fn take(switch: &Arc<Embedded>, leg: LegId, number: &str, command: u64) {
    // A caller that has gone meanwhile needs no answer.
    let _ = switch.send(CommandId(command), Command::Answer { leg });
    match number {
        "talk" => {
            let talk = Command::Play {
                leg,
                play: PlayId(command),
                prompt: TONE.into(),
                times: FOR_EVER,
            };
            let _ = switch.send(CommandId(command + 1), talk);
        }
        "short" => {
            let switch = Arc::clone(switch);
            tokio::spawn(async move {
                tokio::time::sleep(SHORT).await;
                let cause = Cause::Normal;
                let _ = switch.send(CommandId(command + 1), Command::Hangup { leg, cause });
            });
        }
        _ => {}
    }
}
