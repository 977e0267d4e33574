//! SIPp as somebody who calls us.

use std::{
    fs::{self, File},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use super::{ports, process::Process};

/// One inbound call; it hangs up `talk_ms` after the answer.
#[derive(Debug)]
pub struct Caller {
    pub process: Process,
    _dir: TempDir,
}

impl Caller {
    /// Calls `number` at the server whose SIP port this is.
    ///
    /// # Panics
    /// When SIPp cannot be started.
    pub fn call(sip: u16, number: &str, talk_ms: u32) -> Self {
        let dir = TempDir::new().expect("a temporary directory");
        let scenario = SCENARIO.replace("TALK_MS", &talk_ms.to_string());
        fs::write(dir.path().join("caller.xml"), scenario).expect("it is writable");
        let process = Process::start(
            Command::new("sipp")
                .current_dir(dir.path())
                .args([
                    "-sf",
                    "caller.xml",
                    "-i",
                    "127.0.0.1",
                    "-nostdin",
                    "-m",
                    "1",
                ])
                .args([
                    "-p",
                    &ports::one().to_string(),
                    "-mp",
                    &ports::range(4).to_string(),
                ])
                .args(["-s", number, &format!("127.0.0.1:{sip}")])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(File::create(dir.path().join("stderr.log")).expect("it is writable")),
        );
        Self { process, _dir: dir }
    }
}

const SCENARIO: &str = r#"<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="caller">
<send retrans="500"><![CDATA[
INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:02066660000@[local_ip]:[local_port]>;tag=a[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:caller@[local_ip]:[local_port]>
Content-Type: application/sdp
Content-Length: [len]

v=0
o=caller 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio [media_port] RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
]]></send>
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="183" optional="true"/>
<recv response="200" rrs="true" timeout="60000"/>
<send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
[routes]
From: <sip:02066660000@[local_ip]:[local_port]>;tag=a[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Content-Length: 0

]]></send>
<pause milliseconds="TALK_MS"/>
<send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
[routes]
From: <sip:02066660000@[local_ip]:[local_port]>;tag=a[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 2 BYE
Content-Length: 0

]]></send>
<recv response="200"/>
</scenario>
"#;
