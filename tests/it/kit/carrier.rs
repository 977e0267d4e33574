//! The SIPp scenario of a carrier, or of phones, at which the last digit of a number decides what happens.

use std::fmt::Write;

/// What happens to a call.
#[derive(Debug, Clone, Copy)]
pub enum Fate {
    /// Refused with this status and phrase.
    Refused(u16, &'static str),
    /// Rings until it is cancelled.
    Rings,
    /// Rings for `ring_ms`, answers, and hangs up after `talk_ms` unless the other side does before.
    Answers { ring_ms: u32, talk_ms: u32 },
    /// Sound before the answer (183 with SDP), and no answer: until it is cancelled.
    Announces,
    /// Says so reliably that it rings (RFC 3262), is busy once that has been acknowledged.
    BusyReliably,
    /// Sound before the answer (183 with SDP), otherwise the same.
    EarlyMedia { ring_ms: u32, talk_ms: u32 },
}

/// Whose number it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Called,
    Caller,
}

/// The scenario file of a carrier. Numbers whose digit is not listed are answered like the first listed.
pub fn scenario(fates: &[(char, Fate)]) -> String {
    scenario_by(By::Called, fates)
}

/// The same where it may be the caller's number that decides.
pub fn scenario_by(by: By, fates: &[(char, Fate)]) -> String {
    let mut xml = String::from(HEAD);
    xml.push_str(&invite(by, fates));
    xml.push_str(&response(100, "Trying", Body::None, Repeat::No));
    for (digit, _) in fates {
        let _ = writeln!(xml, r#"<nop next="fate{digit}" test="is{digit}"/>"#);
    }
    for (digit, fate) in fates {
        let _ = writeln!(xml, r#"<label id="fate{digit}"/>"#);
        xml.push_str(&fate_of(*digit, *fate));
    }
    xml.push_str(TAIL);
    xml
}

const HEAD: &str = r#"<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="carrier by last digit">
"#;

const TAIL: &str = r#"<label id="end"/>
<timewait milliseconds="200"/>
</scenario>
"#;

/// Takes the call, writes it down, and compares the number's last digit.
fn invite(by: By, fates: &[(char, Fate)]) -> String {
    let (called, caller) = match by {
        By::Called => ("digit", "other"),
        By::Caller => ("other", "digit"),
    };
    let mut xml = format!(
        r#"<recv request="INVITE"><action>
<ereg regexp="sip:([+0-9]*([0-9]))@" search_in="hdr" header="To:" check_it="true" assign_to="all,number,{called}"/>
<ereg regexp="sip:([+0-9]*([0-9]))@" search_in="hdr" header="From:" assign_to="whole,caller,{caller}"/>
<ereg regexp="[0-9]+" search_in="hdr" header="CSeq:" assign_to="cseq"/>
<ereg regexp="sip:[^>]*" search_in="hdr" header="Contact:" assign_to="target"/>
<ereg regexp=".*" search_in="hdr" header="From:" assign_to="from"/>
<ereg regexp=".*" search_in="hdr" header="Via:" assign_to="via"/>
"#
    );
    xml += &wrote("INVITE");
    for (digit, _) in fates {
        let _ = writeln!(
            xml,
            r#"<strcmp assign_to="as{digit}" variable="digit" value="{digit}"/><test assign_to="is{digit}" variable="as{digit}" compare="equal" value="0"/>"#
        );
    }
    xml.push_str(
        "</action></recv>\n<Reference variables=\"all,whole,other,cseq,target,from,via\"/>\n",
    );
    xml
}

/// What happens is written down: of whose call, whose it is, by whom, and at which millisecond since SIPp
/// began.
fn wrote(what: &str) -> String {
    format!("<log message=\"{what} [$number] [call_id] [$caller] [clock_tick]\"/>\n")
}

fn fate_of(digit: char, fate: Fate) -> String {
    match fate {
        Fate::Refused(status, phrase) => {
            response(status, phrase, Body::None, Repeat::Yes)
                + "<recv request=\"ACK\" next=\"end\"/>\n"
        }
        Fate::Rings => rings(180, "Ringing", Body::None),
        Fate::BusyReliably => busy_reliably(),
        Fate::Announces => rings(183, "Session Progress", Body::Sdp),
        Fate::Answers { ring_ms, talk_ms } => {
            response(180, "Ringing", Body::None, Repeat::No) + &answers(digit, ring_ms, talk_ms)
        }
        Fate::EarlyMedia { ring_ms, talk_ms } => {
            response(183, "Session Progress", Body::Sdp, Repeat::No)
                + &answers(digit, ring_ms, talk_ms)
        }
    }
}

fn rings(status: u16, phrase: &str, body: Body) -> String {
    let terminated = response(487, "Request Terminated", Body::None, Repeat::Yes)
        .replace("[last_CSeq:]", "CSeq: [$cseq] INVITE");
    [
        response(status, phrase, body, Repeat::No),
        format!(
            "<recv request=\"CANCEL\" timeout=\"120000\"><action>{}</action></recv>\n",
            wrote("CANCEL")
        ),
        response(200, "OK", Body::None, Repeat::No),
        terminated,
        "<recv request=\"ACK\" next=\"end\"/>\n".into(),
    ]
    .concat()
}

fn busy_reliably() -> String {
    let wants = "RSeq: 1\nRequire: 100rel\nContent-Length: 0\n\n";
    let ringing = response(180, "Ringing", Body::None, Repeat::No);
    let ringing = ringing.replace("Content-Length: 0\n\n", wants);
    let taken = response(200, "OK", Body::None, Repeat::No).replace(TO_WITH_TAG, "[last_To:]");
    let busy = response(486, "Busy Here", Body::None, Repeat::Yes)
        .replace("[last_Via:]", "Via:[$via]")
        .replace(TO_WITH_TAG, "[last_To:]")
        .replace("[last_CSeq:]", "CSeq: [$cseq] INVITE");
    let acknowledged = r#"<recv request="PRACK"><action>
<ereg regexp="^ *1 [0-9]+ INVITE *$" search_in="hdr" header="RAck:" check_it="true" assign_to="rack"/>
</action></recv>
<Reference variables="rack"/>
"#;
    let over = "<recv request=\"ACK\" next=\"end\"/>\n";
    [&ringing, acknowledged, &taken, &busy, over].concat()
}

/// Either side may hang up: whoever is first.
fn answers(digit: char, ring_ms: u32, talk_ms: u32) -> String {
    [
        format!("<pause milliseconds=\"{ring_ms}\"/>\n"),
        response(200, "OK", Body::Sdp, Repeat::Yes),
        format!("<recv request=\"ACK\"><action>{}</action></recv>\n", wrote("ACK")),
        format!(
            "<recv request=\"BYE\" timeout=\"{talk_ms}\" ontimeout=\"tired{digit}\"><action>{}</action></recv>\n",
            wrote("BYE")
        ),
        response(200, "OK", Body::None, Repeat::No).replace(TO_WITH_TAG, "[last_To:]"),
        "<nop next=\"end\"/>\n".into(),
        format!("<label id=\"tired{digit}\"/>\n"),
        BYE.into(),
        "<recv response=\"200\" next=\"end\"/>\n".into(),
    ]
    .concat()
}

#[derive(Clone, Copy, PartialEq)]
enum Body {
    None,
    Sdp,
}

/// Whether SIPp sends it again until it is acknowledged.
#[derive(Clone, Copy, PartialEq)]
enum Repeat {
    Yes,
    No,
}

const TO_WITH_TAG: &str = "[last_To:];tag=c[pid]-[call_number]";

fn response(status: u16, phrase: &str, body: Body, repeat: Repeat) -> String {
    let repeat = if repeat == Repeat::Yes {
        " retrans=\"500\""
    } else {
        ""
    };
    let rest = if body == Body::Sdp {
        SDP
    } else {
        "Content-Length: 0\n\n"
    };
    format!(
        "<send{repeat}><![CDATA[
SIP/2.0 {status} {phrase}
[last_Via:]
[last_From:]
{TO_WITH_TAG}
[last_Call-ID:]
[last_CSeq:]
[last_Record-Route:]
Contact: <sip:carrier@[local_ip]:[local_port]>
{rest}]]></send>
"
    )
}

const SDP: &str = "Content-Type: application/sdp
Content-Length: [len]

v=0
o=carrier 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio [sound_port] RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=ptime:20
";

const BYE: &str = "<send retrans=\"500\"><![CDATA[
BYE [$target] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:carrier@[local_ip]:[local_port]>;tag=c[pid]-[call_number]
To:[$from]
Call-ID: [call_id]
CSeq: 1 BYE
Content-Length: 0

]]></send>
";
