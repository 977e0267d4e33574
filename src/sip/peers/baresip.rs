//! A real phone, baresip.

use std::{fs, net::SocketAddr, path::Path, process::Stdio, time::Duration};

use tokio::process::{Child, Command};

use super::{
    REALM, Side, caller, new_call, offer,
    sipp::{free_port, is_installed},
};
use crate::{Destination, EndCause, SipEvent, sdp};

const BARESIP: &str = "/usr/bin/baresip";

/// A phone without a sound card that answers by itself.
fn phone(folder: &Path, registrar: SocketAddr) -> Child {
    let port = free_port();
    let sound = folder.join("silence.wav");
    let sound = sound.to_string_lossy();
    let config = format!(
        "poll_method epoll\nsip_listen 127.0.0.1:{port}\nsip_trans_def udp\n\
         audio_source aufile,{sound}\naudio_player aufile,/dev/null\naudio_alert aufile,/dev/null\n\
         ausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\nauplay_channels 1\n\
         rtp_ports 43000-43090\nmodule_path /usr/lib/baresip/modules\nmodule g711.so\n\
         module aufile.so\nmodule_tmp account.so\nmodule_app menu.so\n"
    );
    let account = format!(
        "<sip:1003@{REALM};transport=udp>;outbound=\"sip:{registrar}\";auth_user=1003;\
         auth_pass=pw1003;answermode=auto;audio_codecs=PCMA;regint=60\n"
    );
    fs::create_dir_all(folder).expect("a folder");
    fs::write(&*sound, silence(20)).expect("written");
    fs::write(folder.join("config"), config).expect("written");
    fs::write(folder.join("accounts"), account).expect("written");
    fs::write(folder.join("contacts"), "").expect("written");
    Command::new(BARESIP)
        .arg("-f")
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("baresip starts")
}

/// A WAV file of that many seconds, 8 kHz, 16 bits.
fn silence(seconds: u32) -> Vec<u8> {
    let bytes = seconds * 16_000;
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + bytes).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(8_000_u32.to_le_bytes());
    wav.extend(16_000_u32.to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend(bytes.to_le_bytes());
    wav.resize(44 + bytes as usize, 0);
    wav
}

#[tokio::test]
async fn a_baresip_registers_and_answers() {
    if !is_installed(BARESIP, "baresip-core") {
        return;
    }
    let mut pbx = Side::start(|c| c.timers = crate::Timers::default()).await;
    let folder = std::env::temp_dir().join(format!("sip-test-baresip-{}", uuid::Uuid::new_v4()));
    let _phone = phone(&folder, pbx.agent.local_addr());
    let (extension, user_agent) = pbx
        .wait(|event| match event {
            SipEvent::Registered {
                extension,
                user_agent,
                ..
            } => Some((extension, user_agent)),
            _ => None,
        })
        .await;
    assert_eq!(extension, "1003");
    assert!(user_agent.starts_with("baresip"), "{user_agent}");

    let call = new_call();
    let to = Destination::Phone { extension };
    let ring = Duration::from_secs(20);
    pbx.agent
        .invite(call, to, caller(), offer(), ring)
        .expect("registered");
    let answer = pbx
        .wait(|event| match event {
            SipEvent::Answered { sdp, .. } => Some(sdp),
            _ => None,
        })
        .await;
    let answer = sdp::parse(&answer).expect("a session description");
    let agreed = sdp::agree(&super::local(), &answer).expect("a codec");
    assert_eq!(agreed.codec, sdp::Codec::Pcma);
    pbx.agent.end(call, EndCause::Normal).expect("up");
    pbx.ended().await;
    pbx.agent.shutdown(Duration::from_secs(5)).await;
    fs::remove_dir_all(folder).ok();
}
