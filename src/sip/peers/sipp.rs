//! SIPp as far end, both ways. Without it these tests say so and pass.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::process::{Child, Command};

use super::{Side, answer_to, caller, new_call, offer};
use crate::{Destination, EndCause, Gateway, Side as Who, SipEvent, Source};

const SIPP: &str = "/usr/bin/sipp";

pub(super) fn is_there() -> bool {
    let there = Path::new(SIPP).exists();
    if !there {
        eprintln!("skipped: {SIPP} is not installed (Debian: sip-tester)");
    }
    there
}

pub(super) fn free_port() -> u16 {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
    socket.local_addr().expect("bound").port()
}

pub(super) fn sipp(port: u16, arguments: &[&str]) -> Child {
    let port = port.to_string();
    let common = ["-i", "127.0.0.1", "-p", &port, "-nostdin", "-trace_err"];
    Command::new(SIPP)
        .args(common)
        .args(arguments)
        .current_dir(std::env::temp_dir())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("SIPp starts")
}

pub(super) async fn success(mut sipp: Child) {
    let ended = tokio::time::timeout(Duration::from_secs(60), sipp.wait()).await;
    let status = ended.expect("SIPp ends").expect("it ran");
    assert!(status.success(), "SIPp says {status}");
}

pub(super) fn scenario(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("peers")
        .join(name);
    path.to_string_lossy().into_owned()
}

/// A file of one account, as SIPp's `-inf` wants it.
fn account() -> PathBuf {
    let path = std::env::temp_dir().join(format!("sip-test-account-{}.csv", uuid::Uuid::new_v4()));
    let line = "SEQUENTIAL\n1001;[authentication username=1001 password=pw1001];\n";
    std::fs::write(&path, line).expect("a temporary file");
    path
}

#[tokio::test]
async fn fifty_calls_to_the_default_uas() {
    if !is_there() {
        return;
    }
    let port = free_port();
    let uas = sipp(port, &["-sn", "uas", "-m", "50"]);
    let addr = SocketAddr::from(([127, 0, 0, 1], port));
    let mut a = Side::start(|c| {
        c.gateways = vec![Gateway::udp("b", addr)];
        c.timers = crate::Timers::default();
    })
    .await;
    for _ in 0..50 {
        let to = Destination::Gateway {
            gateway: "b".into(),
            number: "5550199".into(),
        };
        let ring = Duration::from_secs(30);
        a.agent
            .invite(new_call(), to, caller(), offer(), ring)
            .expect("accepted");
    }
    let mut ended = 0;
    while ended < 50 {
        let (answered, over) = a
            .wait(|event| match event {
                SipEvent::Answered { call, .. } => Some((Some(call), None)),
                SipEvent::Ended {
                    side, sip_status, ..
                } => Some((None, Some((side, sip_status)))),
                _ => None,
            })
            .await;
        if let Some(call) = answered {
            a.agent.end(call, EndCause::Normal).expect("up");
        }
        if let Some(over) = over {
            assert_eq!(over, (Who::Us, None));
            ended += 1;
        }
    }
    success(uas).await;
}

#[tokio::test]
async fn a_phone_registers_with_digest_and_calls() {
    if !is_there() {
        return;
    }
    let mut pbx = Side::start(|c| c.timers = crate::Timers::default()).await;
    let accounts = account();
    let target = pbx.agent.local_addr().to_string();
    let scenario = scenario("register_and_call.xml");
    let accounts_name = accounts.to_string_lossy().into_owned();
    let arguments = [
        "-sf",
        &*scenario,
        "-inf",
        &*accounts_name,
        "-m",
        "1",
        &*target,
    ];
    let phone = sipp(free_port(), &arguments);
    let extension = pbx
        .wait(|event| match event {
            SipEvent::Registered { extension, .. } => Some(extension),
            _ => None,
        })
        .await;
    assert_eq!(extension, "1001");
    let (call, sdp, source) = pbx
        .wait(|event| match event {
            SipEvent::Incoming {
                call,
                sdp_offer,
                source,
                ..
            } => Some((call, sdp_offer?, source)),
            _ => None,
        })
        .await;
    assert_eq!(source, Source::Phone("1001".into()));
    pbx.agent.ring(call).expect("offered");
    pbx.agent.answer(call, answer_to(&sdp)).expect("offered");
    assert_eq!(pbx.ended().await, (call, Who::Them, None, Some(16)));
    pbx.wait(|e| matches!(e, SipEvent::Unregistered { .. }).then_some(()))
        .await;
    success(phone).await;
    std::fs::remove_file(accounts).ok();
}
