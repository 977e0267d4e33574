//! SIPp as a phone: it registers, is called or calls, and does step by step what its script says, with
//! several calls at once where that says so.

mod hook;
mod registers;
mod told;

use std::{
    fs::{self, File},
    process::{Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use super::{ports, process::Process};

const LIMIT: Duration = Duration::from_secs(120);

/// A phone of the house.
#[derive(Debug)]
pub struct SippPhone {
    extension: String,
    secret: String,
    house: u16,
    /// Of its contact.
    pub port: u16,
    dir: TempDir,
}

impl SippPhone {
    /// Registers for an hour with the house whose SIP port this is.
    ///
    /// # Panics
    /// When the house does not take it.
    pub async fn register(extension: &str, secret: &str, house: u16) -> Self {
        Self::register_at(ports::one(), extension, secret, house).await
    }

    /// The same for a phone that speaks at this port.
    ///
    /// # Panics
    /// When the house does not take it.
    pub async fn register_at(port: u16, extension: &str, secret: &str, house: u16) -> Self {
        let phone = Self {
            extension: extension.to_owned(),
            secret: secret.to_owned(),
            house,
            port,
            dir: TempDir::new().expect("a temporary directory"),
        };
        let mut process = phone.run(&phone.script().registers(), &[]);
        phone.ended(&mut process).await;
        phone
    }

    /// Where it is, on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it is to do.
    pub fn script(&self) -> Script {
        Script {
            extension: self.extension.clone(),
            secret: self.secret.clone(),
            house: format!("127.0.0.1:{}", self.house),
            steps: String::new(),
            sent: 0,
            rest: String::new(),
        }
    }

    /// Begins to play a script; `sounds` are the RTP ports of its calls, in their order.
    ///
    /// # Panics
    /// When SIPp cannot be started.
    pub fn run(&self, script: &Script, sounds: &[u16]) -> Process {
        let file = |name: &str| self.dir.path().join(name);
        let scenario = format!("{HEAD}{}</scenario>\n", script.steps);
        fs::write(file("phone.xml"), scenario).expect("it is writable");
        let mut command = Command::new("sipp");
        for (call, port) in sounds.iter().enumerate() {
            command.args(["-key", &format!("sound{}", call + 1), &port.to_string()]);
        }
        Process::start(
            command
                .current_dir(self.dir.path())
                .args(["-sf", "phone.xml", "-i", "127.0.0.1", "-nostdin"])
                // It answers OPTIONS.
                .arg("-aa")
                .args(["-m", "1", "-p", &self.port.to_string()])
                .args(["-mp", &ports::range(4).to_string()])
                .args(["-trace_err", "-error_file", "errors.log"])
                .args(["-trace_msg", "-message_file", "messages.log"])
                .arg(&script.house)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(File::create(file("stderr.log")).expect("it is writable")),
        )
    }

    /// Waits until everything went as the script says.
    ///
    /// # Panics
    /// When it did not.
    pub async fn ended(&self, process: &mut Process) {
        let exit = process.ended("the phone's script to end", LIMIT).await;
        let errors = fs::read_to_string(self.dir.path().join("errors.log")).unwrap_or_default();
        let errors: String = errors.chars().take(4_000).collect();
        assert!(exit.success(), "SIPp: {exit}\n{errors}");
    }
}

impl Drop for SippPhone {
    /// A failing test shows how far the script had come.
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = fs::read_to_string(self.dir.path().join("messages.log")).unwrap_or_default();
            let last = log.char_indices().rev().nth(6_000).map_or(0, |(at, _)| at);
            eprintln!("SIPp's last messages:\n{}", &log[last..]);
        }
    }
}

/// The steps of a phone, as SIPp reads them.
#[derive(Debug, Clone)]
pub struct Script {
    extension: String,
    secret: String,
    house: String,
    steps: String,
    /// Requests sent so far in the first call.
    sent: u32,
    /// What is still to come of a call that rings.
    rest: String,
}

impl Script {
    fn credentials(&self) -> String {
        let (name, word) = (&self.extension, &self.secret);
        format!("[authentication username={name} password={word}]\n")
    }

    /// It is called, and answers: the first call.
    pub fn takes_a_call(mut self) -> Self {
        self.steps += r#"<recv request="INVITE"><action>
<ereg regexp="tag=([^;]+)" search_in="hdr" header="From:" check_it="true" assign_to="whole,house_tag"/>
<ereg regexp="sip:[^>]*" search_in="hdr" header="Contact:" check_it="true" assign_to="target"/>
<ereg regexp=".*" search_in="hdr" header="From:" assign_to="from"/>
</action></recv>
<Reference variables="whole,house_tag,target,from"/>
"#;
        self.steps += &self.answer("180 Ringing", "Content-Length: 0\n\n", "");
        let sound = description(1);
        self.steps += &self.answer("200 OK", &sound, " retrans=\"500\"");
        self.steps += "<recv request=\"ACK\"/>\n";
        self
    }

    fn answer(&self, status: &str, body: &str, repeat: &str) -> String {
        format!(
            "<send{repeat}><![CDATA[
SIP/2.0 {status}
[last_Via:]
[last_From:]
[last_To:];tag={TAG}
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:{}@[local_ip]:[local_port]>
{body}]]></send>\n",
            self.extension
        )
    }

    /// Whoever holds the phone takes a breath.
    pub fn waits(mut self, ms: u32) -> Self {
        self.steps += &format!("<pause milliseconds=\"{ms}\"/>\n");
        self
    }

    /// It asks for a transfer of its first call, and the house says at once what it thinks of that.
    pub fn refers(mut self, headers: &str, status: u16) -> Self {
        self.in_first("REFER", headers, "Content-Length: 0\n\n");
        // The first NOTIFY may overtake the 202 (RFC 6665 section 4.1.2.4).
        let how = if status == 202 {
            " optional=\"true\""
        } else {
            ""
        };
        self.steps += &format!("<recv response=\"{status}\"{how}/>\n");
        self
    }

    /// It is told how the transfer goes: a NOTIFY with this status.
    pub fn told(mut self, status: u16) -> Self {
        self.steps += "<recv response=\"202\" optional=\"true\"/>\n";
        self.steps += &format!(
            "<recv request=\"NOTIFY\"><action>
<ereg regexp=\"message/sipfrag\" search_in=\"hdr\" header=\"Content-Type:\" check_it=\"true\" assign_to=\"kind{status}\"/>
<ereg regexp=\"SIP/2.0 {status} \" search_in=\"body\" check_it=\"true\" assign_to=\"told{status}\"/>
</action></recv>
<Reference variables=\"kind{status},told{status}\"/>\n"
        );
        self.steps += OK;
        self
    }

    /// The house hangs up on it, in one of its calls.
    pub fn released(mut self) -> Self {
        self.steps += BYE;
        self.steps += OK;
        self
    }

    /// It is called, rings, and refuses (`486 Busy Here`).
    pub fn refuses_a_call(mut self, status: &str) -> Self {
        self.steps += "<recv request=\"INVITE\"/>\n";
        self.steps += &self.answer("180 Ringing", "Content-Length: 0\n\n", "");
        self.steps += &self.answer(status, "Content-Length: 0\n\n", " retrans=\"500\"");
        self.steps += "<recv request=\"ACK\"/>\n";
        self
    }

    /// It is called, and sends the call on (302) to the number `to`.
    pub fn forwards_a_call(mut self, to: &str) -> Self {
        self.steps += "<recv request=\"INVITE\"/>\n";
        let own = format!("Contact: <sip:{}@", self.extension);
        let moved = "302 Moved Temporarily";
        let moved = self.answer(moved, "Content-Length: 0\n\n", " retrans=\"500\"");
        self.steps += &moved.replace(&own, &format!("Contact: <sip:{to}@"));
        self.steps += "<recv request=\"ACK\"/>\n";
        self
    }

    /// It calls a number: the call `call`, from 2 on, which comes to this status.
    pub fn calls(self, call: u32, number: &str, headers: &str, status: u16) -> Self {
        let (name, word) = (self.extension.clone(), self.secret.clone());
        self.calls_as((&name, &word), call, number, headers, status)
    }

    /// The same with somebody else's name and password.
    pub fn calls_as(
        self,
        who: (&str, &str),
        call: u32,
        number: &str,
        headers: &str,
        status: u16,
    ) -> Self {
        self.invites(who, (call, number, headers), None, status)
    }

    /// It calls a number and is told `early` (180 or 183) before the call comes to this status.
    pub fn calls_and_is_told(self, call: u32, number: &str, early: u16, status: u16) -> Self {
        let (name, word) = (self.extension.clone(), self.secret.clone());
        self.invites((&name, &word), (call, number, ""), Some(early), status)
    }

    /// It calls a number, which rings; what comes of that is [`Self::let_go_of_told_and_released`].
    pub fn calls_and_it_rings(self, call: u32, number: &str) -> Self {
        let mut script = self.calls_and_is_told(call, number, 180, 480);
        let rings = script
            .steps
            .rfind("<recv response=\"180\"")
            .expect("it rings");
        let rest = script.steps.split_off(rings);
        let end = rest.find("<recv response=\"480\"").expect("an end");
        let ends = rest[end..].to_owned();
        // The tag that names the call is there as soon as it rings.
        let refusal = ends.find("<send>").expect("the ACK of the refusal");
        let rings = ends[..refusal].replace("response=\"480\"", "response=\"180\"");
        script.steps += &rings;
        script.rest = ends;
        script
    }

    /// The house gives up the call that rings, tells how the transfer went, and hangs up in the first call.
    /// The refusal comes whenever it comes: no step waits in between where SIPp would not listen.
    pub fn let_go_of_told_and_released(mut self, status: u16) -> Self {
        let ends = std::mem::take(&mut self.rest);
        let ack = ends.find("<send>").expect("the ACK of the refusal");
        let (refused, ack) = ends.split_at(ack);
        let perhaps = |next: &str| {
            let any_time = format!("optional=\"true\" next=\"{next}\"");
            refused.replacen("timeout=\"60000\"", &any_time, 1)
        };
        let last = |sent: &str| sent.replacen("<send", "<send next=\"all\"", 1);
        self.steps += &perhaps("refused_first");
        self = self.told(status);
        self.steps += &perhaps("refused_then");
        self = self.released();
        self.steps += &format!("{refused}{}", last(ack));
        self.steps += &format!("<label id=\"refused_first\"/>\n{ack}");
        self = self.told(status);
        self.steps += &format!("{BYE}{}", last(OK));
        self.steps += &format!("<label id=\"refused_then\"/>\n{ack}");
        self = self.released();
        self.steps += "<label id=\"all\"/>\n";
        self
    }

    fn invites(
        mut self,
        (name, word): (&str, &str),
        (call, number, headers): (u32, &str, &str),
        awaited: Option<u16>,
        status: u16,
    ) -> Self {
        let house = self.house.clone();
        let request = |method: &str, cseq: u32, via: &str, to: &str, uri: &str, rest: &str| {
            let repeat = match method {
                "INVITE" => " retrans=\"500\"",
                _ => "",
            };
            format!(
                "<send{repeat}><![CDATA[
{method} {uri} SIP/2.0
{via}From: <sip:{name}@{house}>;tag={TAG}{call}
{to}
Call-ID: {call}///[call_id]
CSeq: {cseq} {method}
Contact: <sip:{name}@[local_ip]:[local_port]>
{rest}]]></send>\n"
            )
        };
        let uri = format!("sip:{number}@{house}");
        let to = format!("To: <{uri}>");
        let body = description(call);
        let bare = "Content-Length: 0\n\n";
        let (old, new) = ("[last_Via:]\nMax-Forwards: 70\n", VIA);
        let wants = format!("{headers}{body}");
        self.steps += &request("INVITE", 1, new, &to, &uri, &wants);
        self.steps += "<recv response=\"401\" auth=\"true\"/>\n";
        self.steps += &request("ACK", 1, old, "[last_To:]", &uri, bare);
        let wants = format!("[authentication username={name} password={word}]\n{wants}");
        self.steps += &request("INVITE", 2, new, &to, &uri, &wants);
        for early in [100, 180, 183] {
            let how = match awaited == Some(early) {
                true => "timeout=\"60000\"",
                false => "optional=\"true\"",
            };
            self.steps += &format!("<recv response=\"{early}\" {how}/>\n");
        }
        self.steps += &format!(
            "<recv response=\"{status}\" timeout=\"60000\" rrs=\"true\"><action>
<ereg regexp=\"tag=([^;]+)\" search_in=\"hdr\" header=\"To:\" check_it=\"true\" assign_to=\"whole{call},tag{call}\"/>
</action></recv>
<Reference variables=\"whole{call},tag{call}\"/>\n"
        );
        self.steps += &match status {
            200 => request("ACK", 2, new, "[last_To:]", "[next_url]", bare),
            _ => request("ACK", 2, old, "[last_To:]", &uri, bare),
        };
        self
    }

    /// It calls a number, and hangs up when it is answered, without acknowledging that.
    pub fn calls_and_hangs_up_at_once(self, call: u32, number: &str) -> Self {
        let mut script = self.calls(call, number, "", 200);
        let ack = script.steps.rfind("<send>").expect("the ACK of the 200");
        let bye = script.steps.split_off(ack).replace("ACK", "BYE");
        script.steps += &bye.replace("CSeq: 2 ", "CSeq: 3 ");
        script.steps += "<recv response=\"200\"/>\n";
        script
    }

    fn in_first(&mut self, method: &str, headers: &str, body: &str) {
        self.sent += 1;
        let (sent, ext) = (self.sent, &self.extension);
        let repeat = match method {
            "ACK" => "",
            _ => " retrans=\"500\"",
        };
        self.steps += &format!(
            "<send{repeat}><![CDATA[
{method} [$target] SIP/2.0
{VIA}From: <sip:{ext}@{}>;tag={TAG}
To:[$from]
Call-ID: [call_id]
CSeq: {sent} {method}
Contact: <sip:{ext}@[local_ip]:[local_port]>
{headers}{body}]]></send>\n",
            self.house
        );
    }
}

/// A Refer-To that names the call `call` of the same phone, its far end being `number`.
pub fn refer_to_call(number: &str, call: u32) -> String {
    format!(
        "Refer-To: <sip:{number}@127.0.0.1?Replaces={call}%2F%2F%2F[call_id]%3Bto-tag%3D[$tag{call}]\
         %3Bfrom-tag%3D{TAG}{call}>\n"
    )
}

const TAG: &str = "phone[call_number]";

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>\n<scenario name=\"phone\">\n";

const VIA: &str = "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
";

const BYE: &str = "<recv request=\"BYE\" timeout=\"60000\"/>\n";

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

fn description(call: u32) -> String {
    format!(
        "Content-Type: application/sdp
Content-Length: [len]

v=0
o=phone 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio [sound{call}] RTP/AVP 8
a=rtpmap:8 PCMA/8000
"
    )
}
