//! SIPp as somebody who calls us.

use std::{
    fs::{self, File},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use super::{ports, process::Process, tone_end::ToneEnd};

/// One inbound call.
#[derive(Debug)]
pub struct Caller {
    pub process: Process,
    _dir: TempDir,
}

/// How a caller presses keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// RFC 4733
    Events,
    /// SIP INFO
    Info,
}

impl Caller {
    /// Calls `number` at the server whose SIP port this is, and hangs up `talk_ms` after the answer.
    ///
    /// # Panics
    /// When SIPp cannot be started.
    pub fn call(sip: u16, number: &str, talk_ms: u32) -> Self {
        let talk = format!("<pause milliseconds=\"{talk_ms}\"/>\n");
        Self::play(sip, number, &format!("{INVITE}{talk}{BYE}"))
    }

    /// The same, but presses keys a second and a half after the answer and waits until the house hangs
    /// up.
    ///
    /// # Panics
    /// When SIPp cannot be started.
    pub fn press(sip: u16, number: &str, keys: &str, how: Keys) -> Self {
        let pressed = match how {
            // Every `play_dtmf` begins at the same timestamp: two would be one key.
            Keys::Events => EVENTS.replace("KEYS", keys),
            Keys::Info => (2..).zip(keys.chars()).map(info).collect(),
        };
        Self::play(sip, number, &format!("{INVITE}{pressed}{TAKES_BYE}"))
    }

    /// Calls `number` with the sound of a far end of its own, presses keys by INFO, the first a second and a
    /// half after the answer, and waits until the house hangs up.
    ///
    /// # Panics
    /// When SIPp cannot be started.
    pub fn hear(sip: u16, number: &str, keys: &str, sound: &ToneEnd) -> Self {
        let pressed: String = (2..).zip(keys.chars()).map(info).collect();
        let invite = INVITE.replace("[media_port]", &sound.port.to_string());
        Self::play(sip, number, &format!("{invite}{pressed}{TAKES_BYE}"))
    }

    /// Calls `number`, which is refused with this status.
    ///
    /// # Panics
    /// When SIPp cannot be started.
    pub fn refused(sip: u16, number: &str, status: u16) -> Self {
        let answers = INVITE.find("<recv response=\"200\"").expect("an answer");
        let invite = &INVITE[..answers];
        let refused = format!("<recv response=\"{status}\"/>\n{ACK_OF_REFUSAL}");
        Self::play(sip, number, &format!("{invite}{refused}"))
    }

    fn play(sip: u16, number: &str, scenario: &str) -> Self {
        let dir = TempDir::new().expect("a temporary directory");
        let scenario = format!("{HEAD}{scenario}</scenario>\n");
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

fn info((nth, key): (u32, char)) -> String {
    let info = INFO.replace("NTH", &nth.to_string());
    info.replace("KEY", &key.to_string())
}

const HEAD: &str = r#"<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="caller">
"#;

const INVITE: &str = r#"<send retrans="500"><![CDATA[
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
m=audio [media_port] RTP/AVP 8 96
a=rtpmap:8 PCMA/8000
a=rtpmap:96 telephone-event/8000
a=fmtp:96 0-15
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
"#;

const ACK_OF_REFUSAL: &str = r#"<send><![CDATA[
ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0
[last_Via:]
Max-Forwards: 70
[last_From:]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Content-Length: 0

]]></send>
"#;

const BYE: &str = r#"<send retrans="500"><![CDATA[
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
"#;

/// SIPp's telephone-events have the payload type 96.
const EVENTS: &str = r#"<pause milliseconds="1500"/>
<nop><action><exec play_dtmf="KEYS"/></action></nop>
"#;

const INFO: &str = r#"<pause milliseconds="1500"/>
<send retrans="500"><![CDATA[
INFO [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
[routes]
From: <sip:02066660000@[local_ip]:[local_port]>;tag=a[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: NTH INFO
Content-Type: application/dtmf-relay
Content-Length: [len]

Signal=KEY
Duration=160
]]></send>
<recv response="200"/>
"#;

const TAKES_BYE: &str = r#"<recv request="BYE" timeout="60000"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
"#;
