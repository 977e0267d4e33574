//! Writes our session descriptions.

use std::{fmt::Write as _, net::IpAddr};

use super::{Codec, CryptoLine, Direction, Local, Media, Suite};

/// Our offer.
#[must_use]
pub fn offer(local: &Local) -> Vec<u8> {
    let codecs: Vec<_> = local
        .codecs
        .iter()
        .map(|c| (c.payload_type(), *c))
        .collect();
    let mut text = head(local);
    let keying = local.keying.filter(|_| local.encrypted);
    let crypto = keying.map(|keying| CryptoLine {
        tag: 1,
        suite: Suite::Sha1_80,
        keying,
    });
    let line = AudioLine {
        codecs: &codecs,
        dtmf: local.dtmf,
        direction: local.direction,
        crypto,
        rtcp_mux: false,
    };
    audio_line(&mut text, local, &line);
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

/// What is said about one audio stream.
pub(super) struct AudioLine<'a> {
    pub codecs: &'a [(u8, Codec)],
    pub dtmf: Option<u8>,
    pub direction: Direction,
    pub crypto: Option<CryptoLine>,
    pub rtcp_mux: bool,
}

/// One audio line with its attributes.
pub(super) fn audio_line(text: &mut String, local: &Local, line: &AudioLine<'_>) {
    let AudioLine {
        codecs,
        dtmf,
        direction,
        crypto,
        rtcp_mux,
    } = *line;
    let protocol = match crypto {
        Some(_) => "RTP/SAVP",
        None => "RTP/AVP",
    };
    let mut formats: Vec<String> = codecs.iter().map(|(pt, _)| pt.to_string()).collect();
    formats.extend(dtmf.map(|pt| pt.to_string()));
    put(
        text,
        format_args!(
            "m=audio {} {protocol} {}",
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
    if let Some(crypto) = crypto {
        put(text, format_args!("a=crypto:{}", crypto.write()));
    }
    if rtcp_mux {
        put(text, format_args!("a=rtcp-mux"));
    }
    put(text, format_args!("a=ptime:{}", local.ptime_ms));
    put(text, format_args!("a={}", direction.name()));
}

/// A media line that we do not take, or that is switched off.
pub(super) fn declined(text: &mut String, media: &Media) {
    let (kind, protocol) = (&media.kind, &media.protocol);
    let formats = media.formats.join(" ");
    put(text, format_args!("m={kind} 0 {protocol} {formats}"));
}

/// A line ending in CR LF.
fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    write!(text, "{line}\r\n").expect("writing to a string cannot fail");
}

fn address(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => format!("IN IP4 {ip}"),
        IpAddr::V6(ip) => format!("IN IP6 {ip}"),
    }
}
