//! SIPp as many who call us at once.

use std::{
    fs::{self, File},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use super::{ports, process::Process};

/// Calls that are answered, and hung up at once, or turned away.
#[derive(Debug)]
pub struct Crowd {
    pub process: Process,
    dir: TempDir,
}

impl Crowd {
    /// So many calls to `number`, so many a second.
    ///
    /// # Panics
    /// When SIPp cannot be started.
    pub fn call(sip: u16, number: &str, calls: u32, rate: u32) -> Self {
        Self::play(sip, (number, number), calls, rate)
    }

    /// One call to `number` that a registrar sends to what `user` has registered.
    ///
    /// # Panics
    /// When SIPp cannot be started.
    pub fn retargeted(sip: u16, user: &str, number: &str) -> Self {
        Self::play(sip, (user, number), 1, 1)
    }

    fn play(sip: u16, (user, number): (&str, &str), calls: u32, rate: u32) -> Self {
        let dir = TempDir::new().expect("a temporary directory");
        fs::write(dir.path().join("crowd.xml"), scenario()).expect("it is writable");
        let (calls, rate) = (calls.to_string(), rate.to_string());
        let process = Process::start(
            Command::new("sipp")
                .current_dir(dir.path())
                .args(["-sf", "crowd.xml", "-i", "127.0.0.1", "-nostdin"])
                .args(["-m", &calls, "-r", &rate, "-l", &calls])
                .args(["-p", &ports::one().to_string()])
                .args(["-mp", &ports::range(4).to_string()])
                .args(["-trace_logs", "-log_file", "answers.log"])
                .args(["-key", "called", number])
                .args(["-s", user, &format!("127.0.0.1:{sip}")])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(File::create(dir.path().join("stderr.log")).expect("it is writable")),
        );
        Self { process, dir }
    }

    /// What each call was answered with: `200`, or `503` and the seconds of its Retry-After, if any.
    pub fn answers(&self) -> Vec<String> {
        let log = fs::read_to_string(self.dir.path().join("answers.log")).unwrap_or_default();
        let answer = |line: &str| Some(line.split_once("ANSWER ")?.1.trim().to_owned());
        log.lines().filter_map(answer).collect()
    }
}

fn scenario() -> String {
    let request = |method: &str, cseq: &str, uri: &str, routes: &str| {
        format!(
            "<send{}><![CDATA[
{method} {uri} SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
{routes}From: <sip:02066660000@[local_ip]:[local_port]>;tag=a[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: {cseq}
Content-Length: 0

]]></send>
",
            if method == "BYE" {
                " retrans=\"500\""
            } else {
                ""
            }
        )
    };
    [
        INVITE.to_owned(),
        request("ACK", "1 ACK", "[next_url]", "[routes]\n"),
        "<nop><action><log message=\"ANSWER 200\"/></action></nop>\n".to_owned(),
        request("BYE", "2 BYE", "[next_url]", "[routes]\n"),
        "<recv response=\"200\" next=\"end\"/>\n<label id=\"refused\"/>\n".to_owned(),
        request(
            "ACK",
            "1 ACK",
            "sip:[service]@[remote_ip]:[remote_port]",
            "",
        ),
        "<nop><action><log message=\"ANSWER 503 [$after]\"/></action></nop>\n".to_owned(),
        "<label id=\"end\"/>\n</scenario>\n".to_owned(),
    ]
    .concat()
}

const INVITE: &str = r#"<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="crowd">
<send retrans="500"><![CDATA[
INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:02066660000@[local_ip]:[local_port]>;tag=a[call_number]
To: <sip:[called]@[remote_ip]:[remote_port]>
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
m=audio [media_port] RTP/AVP 8
a=rtpmap:8 PCMA/8000
]]></send>
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="183" optional="true"/>
<recv response="503" optional="true" next="refused"><action><ereg regexp="[0-9]+" search_in="hdr" header="Retry-After:" check_it="false" assign_to="after"/></action></recv>
<recv response="200" rrs="true" timeout="60000"/>
"#;
