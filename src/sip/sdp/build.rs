//! Writes our session descriptions.

use std::{fmt::Write as _, net::IpAddr};

use super::{Codec, Direction, Local};

/// Our offer.
#[must_use]
pub fn offer(local: &Local) -> Vec<u8> {
    let codecs: Vec<_> = local
        .codecs
        .iter()
        .map(|c| (c.payload_type(), *c))
        .collect();
    let mut text = head(local);
    audio_line(&mut text, local, &codecs, local.dtmf, local.direction);
    text.into_bytes()
}

/// Everything above the first media line.
pub(super) fn head(local: &Local) -> String {
    let address = address(local.addr.ip());
    format!(
        "v=0\r\no=- {} {} {address}\r\ns=-\r\nc={address}\r\nt=0 0\r\n",
        local.session_id, local.version
    )
}

/// One audio line with its attributes.
pub(super) fn audio_line(
    text: &mut String,
    local: &Local,
    codecs: &[(u8, Codec)],
    dtmf: Option<u8>,
    direction: Direction,
) {
    let mut formats: Vec<String> = codecs.iter().map(|(pt, _)| pt.to_string()).collect();
    formats.extend(dtmf.map(|pt| pt.to_string()));
    put(
        text,
        format_args!(
            "m=audio {} RTP/AVP {}",
            local.addr.port(),
            formats.join(" ")
        ),
    );
    for (pt, codec) in codecs {
        put(text, format_args!("a=rtpmap:{pt} {}/8000", codec.name()));
    }
    if let Some(pt) = dtmf {
        put(text, format_args!("a=rtpmap:{pt} telephone-event/8000"));
        put(text, format_args!("a=fmtp:{pt} 0-16"));
    }
    put(text, format_args!("a=ptime:{}", local.ptime_ms));
    put(text, format_args!("a={}", direction.name()));
}

/// A line ending in CR LF.
pub(super) fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    write!(text, "{line}\r\n").expect("writing to a string cannot fail");
}

fn address(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => format!("IN IP4 {ip}"),
        IpAddr::V6(ip) => format!("IN IP6 {ip}"),
    }
}
