//! SIPp as somebody who calls the house: is heard and hears, presses keys, and hangs up when the test says so.

use std::{
    fs::{self, File},
    net::UdpSocket,
    process::{Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::{ports, process::Process, tone_end::ToneEnd, voice::Voice};

/// What customers speak with.
pub const CUSTOMER_HERTZ: f64 = 500.0;
const LIMIT: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// What a house says that does not know the caller's gateway or the number yet, or is busy with itself.
const NOT_YET: [u16; 4] = [401, 403, 404, 503];
/// What a house may say to a call that it does not take.
const REFUSALS: [u16; 7] = [401, 403, 404, 480, 486, 503, 603];

/// One call that the house has answered.
#[derive(Debug)]
pub struct Customer {
    pub sound: ToneEnd,
    process: Process,
    port: u16,
    pressed: u16,
    dir: TempDir,
}

impl Customer {
    /// Calls a number of the house whose SIP port this is and waits for the answer; again where the house
    /// is not ready for it yet.
    ///
    /// # Panics
    /// When there is no answer in time, or another one.
    pub async fn call(house: u16, from: &str, number: &str) -> Self {
        let deadline = Instant::now() + LIMIT;
        loop {
            match Self::ask(house, from, number).await {
                Ok(customer) => return customer,
                Err(status) => {
                    let may_change = NOT_YET.contains(&status) && Instant::now() < deadline;
                    assert!(may_change, "{number} answered {from} with {status}");
                }
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// Calls once.
    ///
    /// # Errors
    /// The status with which the house refuses.
    ///
    /// # Panics
    /// When it says nothing in time.
    pub async fn ask(house: u16, from: &str, number: &str) -> Result<Self, u16> {
        let mut customer = Self::dial(house, from, number);
        let deadline = Instant::now() + LIMIT;
        loop {
            match customer.told() {
                Some(200) => return Ok(customer),
                Some(status) => {
                    customer.until_over().await;
                    return Err(status);
                }
                None => assert!(Instant::now() < deadline, "no answer for {from}"),
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    fn dial(house: u16, from: &str, number: &str) -> Self {
        let dir = TempDir::new().expect("a temporary directory");
        let file = |name: &str| dir.path().join(name);
        fs::write(file("customer.xml"), scenario()).expect("it is writable");
        let sound = ToneEnd::start(Voice::Tone(CUSTOMER_HERTZ));
        let port = ports::one();
        let process = Process::start(
            Command::new("sipp")
                .current_dir(dir.path())
                .args(["-sf", "customer.xml", "-i", "127.0.0.1", "-nostdin"])
                .args(["-m", "1", "-p", &port.to_string()])
                .args(["-mp", &ports::range(4).to_string()])
                .args(["-cid_str", &call_id(port)])
                .args(["-key", "sound_port", &sound.port.to_string()])
                .args(["-key", "caller_number", from])
                .args(["-trace_logs", "-log_file", "told.log"])
                .args(["-trace_err", "-error_file", "errors.log"])
                .args(["-s", number, &format!("127.0.0.1:{house}")])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(File::create(file("stderr.log")).expect("it is writable")),
        );
        Self {
            sound,
            process,
            port,
            pressed: 0,
            dir,
        }
    }

    /// The house's final answer, once it has come.
    fn told(&self) -> Option<u16> {
        let log = fs::read_to_string(self.dir.path().join("told.log")).ok()?;
        let status = log.split_once("TOLD ")?.1.get(..3)?;
        status.parse().ok()
    }

    /// Presses keys for 80 ms each (RFC 4733): digits, * and #.
    ///
    /// # Panics
    /// At another key, or before anything was heard.
    pub fn press(&mut self, keys: &str) {
        let event = |key: char| match key {
            '*' => 10,
            '#' => 11,
            key => key.to_digit(10).expect("a key") as u8,
        };
        let events: Vec<u8> = keys.chars().map(event).collect();
        self.sound.press(self.pressed, &events);
        self.pressed += events.len() as u16;
    }

    /// Hangs up, and waits until the house has taken that.
    pub async fn hang_up(mut self) {
        let note = format!(
            "INFO sip:customer@127.0.0.1:{port} SIP/2.0\r\n\
             Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK-hang-up\r\n\
             From: <sip:test@127.0.0.1>;tag=test\r\nTo: <sip:customer@127.0.0.1>\r\n\
             Call-ID: {call}\r\nCSeq: 1 INFO\r\nContent-Length: 0\r\n\r\n",
            port = self.port,
            call = call_id(self.port),
        );
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let sent = socket.send_to(note.as_bytes(), ("127.0.0.1", self.port));
        sent.expect("loopback takes it");
        self.until_over().await;
    }

    /// Waits until the house has hung up, and gives what was heard to the end.
    pub async fn released(mut self) -> Vec<i16> {
        self.until_over().await;
        self.sound.heard()
    }

    async fn until_over(&mut self) {
        let exit = self
            .process
            .ended("the customer's call to end", LIMIT)
            .await;
        let errors = fs::read_to_string(self.dir.path().join("errors.log")).unwrap_or_default();
        assert!(exit.success(), "SIPp: {exit}\n{errors}");
    }
}

fn call_id(port: u16) -> String {
    format!("customer-at-{port}")
}

fn scenario() -> String {
    let refusals = REFUSALS.map(|status| {
        let note = note(status, "");
        format!("<recv response=\"{status}\" optional=\"true\" next=\"refused\">{note}</recv>\n")
    });
    let early =
        [100, 180, 183].map(|early| format!("<recv response=\"{early}\" optional=\"true\"/>\n"));
    let answer = format!(
        "<recv response=\"200\" rrs=\"true\" timeout=\"60000\">{}</recv>\n\
         <Reference variables=\"house\"/>\n",
        note(
            200,
            "<ereg regexp=\".*\" search_in=\"hdr\" header=\"To:\" assign_to=\"house\"/>"
        )
    );
    [
        HEAD.to_owned(),
        request("INVITE", 1, TO, OFFER).replace("<send>", REPEATED),
        early.concat(),
        refusals.concat(),
        answer,
        request("ACK", 1, TO_HOUSE, EMPTY),
        "<recv request=\"BYE\" optional=\"true\" next=\"released\"/>\n".into(),
        // The test's own word.
        "<recv request=\"INFO\"/>\n".into(),
        request("BYE", 2, TO_HOUSE, EMPTY).replace("<send>", REPEATED),
        "<recv response=\"200\" next=\"over\"/>\n".into(),
        format!("<label id=\"released\"/>\n{OK}<nop next=\"over\"/>\n"),
        format!("<label id=\"refused\"/>\n{}", acknowledged()),
        "<label id=\"over\"/>\n</scenario>\n".into(),
    ]
    .concat()
}

fn note(status: u16, besides: &str) -> String {
    format!("<action>{besides}<log message=\"TOLD {status}\"/></action>")
}

fn request(method: &str, cseq: u32, to: &str, rest: &str) -> String {
    let (uri, routes) = match method {
        "INVITE" => ("sip:[service]@[remote_ip]:[remote_port]", ""),
        _ => ("[next_url]", "[routes]\n"),
    };
    format!(
        "<send><![CDATA[
{method} {uri} SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
{routes}{FROM}
{to}
Call-ID: [call_id]
CSeq: {cseq} {method}
Contact: <sip:customer@[local_ip]:[local_port]>
{rest}]]></send>
"
    )
}

/// The ACK of a refusal belongs to its INVITE (RFC 3261 section 17.1.1.3).
fn acknowledged() -> String {
    format!(
        "<send><![CDATA[
ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0
[last_Via:]
Max-Forwards: 70
{FROM}
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
{EMPTY}]]></send>
"
    )
}

const HEAD: &str =
    "<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>\n<scenario name=\"customer\">\n";
const REPEATED: &str = "<send retrans=\"500\">";
const FROM: &str = "From: <sip:[caller_number]@[local_ip]:[local_port]>;tag=a[call_number]";
const TO: &str = "To: <sip:[service]@[remote_ip]:[remote_port]>";
const TO_HOUSE: &str = "To:[$house]";
const EMPTY: &str = "Content-Length: 0\n\n";

const OFFER: &str = "Content-Type: application/sdp
Content-Length: [len]

v=0
o=customer 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio [sound_port] RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
";

const OK: &str = "<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
";
