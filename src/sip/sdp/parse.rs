//! Reads the far end's session descriptions: lenient where the network is, bounded everywhere.

use std::net::{IpAddr, SocketAddr};

use super::{Audio, Codec, CryptoLine, Direction, MAX_BYTES, Media, SdpError, Session};

const MAX_MEDIA: usize = 16;
const MAX_CRYPTO: usize = 16;

/// Reads a session description. Static payload types need no rtpmap; `c=` may stand at either
/// level; unknown lines are passed over.
///
/// # Errors
/// [`SdpError::Unreadable`].
pub fn parse(bytes: &[u8]) -> Result<Session, SdpError> {
    if bytes.len() > MAX_BYTES {
        return Err(SdpError::Unreadable);
    }
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text
        .split(['\n', '\r'])
        .filter(|l| !l.is_empty())
        .peekable();
    if lines.next() != Some("v=0") {
        return Err(SdpError::Unreadable);
    }
    let mut session = Level::default();
    let mut origin = (String::new(), String::new());
    let mut media: Vec<(MediaLine, Level)> = Vec::new();
    for line in lines {
        let Some((kind, value)) = line.split_once('=') else {
            return Err(SdpError::Unreadable);
        };
        match kind {
            "o" => origin = read_origin(value)?,
            "m" if media.len() == MAX_MEDIA => return Err(SdpError::Unreadable),
            "m" => media.push((read_media_line(value)?, Level::default())),
            _ => media
                .last_mut()
                .map_or(&mut session, |(_, level)| level)
                .read(kind, value)?,
        }
    }
    Ok(Session {
        origin,
        media: media
            .into_iter()
            .map(|(line, level)| to_media(line, &level, &session))
            .collect(),
    })
}

/// What may stand at session and at media level.
#[derive(Default)]
struct Level {
    address: Option<IpAddr>,
    direction: Option<Direction>,
    ptime_ms: Option<u16>,
    max_ptime_ms: Option<u16>,
    rtpmap: Vec<(u8, String, u32)>,
    rtcp_port: Option<u16>,
    rtcp_mux: bool,
    crypto: Vec<CryptoLine>,
}

impl Level {
    fn read(&mut self, kind: &str, value: &str) -> Result<(), SdpError> {
        match kind {
            "c" => self.address = Some(read_address(value)?),
            "a" => self.read_attribute(value),
            _ => {}
        }
        Ok(())
    }

    fn read_attribute(&mut self, value: &str) {
        let (name, value) = value.split_once(':').unwrap_or((value, ""));
        match name.trim() {
            "sendrecv" => self.direction = Some(Direction::SendRecv),
            "sendonly" => self.direction = Some(Direction::SendOnly),
            "recvonly" => self.direction = Some(Direction::RecvOnly),
            "inactive" => self.direction = Some(Direction::Inactive),
            "ptime" => self.ptime_ms = read_time(value),
            "maxptime" => self.max_ptime_ms = read_time(value),
            "rtcp" => {
                self.rtcp_port = value.split_whitespace().next().and_then(|p| p.parse().ok());
            }
            "rtcp-mux" => self.rtcp_mux = true,
            "crypto" if self.crypto.len() < MAX_CRYPTO => {
                self.crypto.extend(CryptoLine::read(value));
            }
            "rtpmap" => self.rtpmap.extend(read_rtpmap(value)),
            _ => {}
        }
    }
}

struct MediaLine {
    kind: String,
    port: u16,
    protocol: String,
    formats: Vec<String>,
}

fn read_origin(value: &str) -> Result<(String, String), SdpError> {
    let mut words = value.split_whitespace().skip(1);
    match (words.next(), words.next()) {
        (Some(id), Some(version)) => Ok((id.into(), version.into())),
        _ => Err(SdpError::Unreadable),
    }
}

fn read_media_line(value: &str) -> Result<MediaLine, SdpError> {
    let mut words = value.split_whitespace();
    let (Some(kind), Some(port), Some(protocol)) = (words.next(), words.next(), words.next())
    else {
        return Err(SdpError::Unreadable);
    };
    let port = port.split('/').next().unwrap_or_default();
    Ok(MediaLine {
        kind: kind.into(),
        port: port.parse().map_err(|_| SdpError::Unreadable)?,
        protocol: protocol.into(),
        formats: words.map(Into::into).collect(),
    })
}

fn read_address(value: &str) -> Result<IpAddr, SdpError> {
    let mut words = value.split_whitespace().skip(2);
    let address = words.next().unwrap_or_default();
    let address = address.split('/').next().unwrap_or_default();
    address.parse().map_err(|_| SdpError::Unreadable)
}

/// A packet time that makes sense.
fn read_time(value: &str) -> Option<u16> {
    value
        .trim()
        .parse()
        .ok()
        .filter(|ms| (5..=200).contains(ms))
}

fn read_rtpmap(value: &str) -> Option<(u8, String, u32)> {
    let (payload_type, encoding) = value.trim().split_once(char::is_whitespace)?;
    let mut parts = encoding.trim().split('/');
    let name = parts.next()?.to_ascii_uppercase();
    let rate = parts.next()?.trim().parse().ok()?;
    Some((payload_type.parse().ok()?, name, rate))
}

fn to_media(line: MediaLine, level: &Level, session: &Level) -> Media {
    let audio = to_audio(&line, level, session);
    Media {
        kind: line.kind,
        protocol: line.protocol,
        formats: line.formats,
        audio,
    }
}

fn to_audio(line: &MediaLine, level: &Level, session: &Level) -> Option<Audio> {
    let encrypted = line.protocol.eq_ignore_ascii_case("RTP/SAVP");
    let open = line.protocol.eq_ignore_ascii_case("RTP/AVP");
    if line.kind != "audio" || line.port == 0 || !(open || encrypted) {
        return None;
    }
    let ip = level.address.or(session.address)?;
    let payload_types = line.formats.iter().filter_map(|f| f.parse::<u8>().ok());
    let mut codecs = Vec::new();
    let mut dtmf = None;
    for pt in payload_types {
        match encoding(pt, &level.rtpmap) {
            Some("PCMU") => codecs.push((pt, Codec::Pcmu)),
            Some("PCMA") => codecs.push((pt, Codec::Pcma)),
            Some("G722") => codecs.push((pt, Codec::G722)),
            Some("TELEPHONE-EVENT") if dtmf.is_none() => dtmf = Some(pt),
            _ => {}
        }
    }
    let written = level
        .direction
        .or(session.direction)
        .unwrap_or(Direction::SendRecv);
    let held = if ip.is_unspecified() {
        Direction::SendOnly
    } else {
        Direction::SendRecv
    };
    Some(Audio {
        addr: SocketAddr::new(ip, line.port),
        codecs,
        dtmf,
        ptime_ms: level.ptime_ms.or(session.ptime_ms),
        max_ptime_ms: level.max_ptime_ms.or(session.max_ptime_ms),
        direction: written.within(held),
        rtcp_port: level.rtcp_port,
        rtcp_mux: level.rtcp_mux,
        encrypted,
        crypto: level.crypto.clone(),
    })
}

/// The encoding name of a payload type at 8000 Hz: its rtpmap, or else RFC 3551's static table.
fn encoding(pt: u8, rtpmap: &[(u8, String, u32)]) -> Option<&str> {
    match rtpmap.iter().find(|(mapped, ..)| *mapped == pt) {
        Some((_, name, 8000)) => Some(name),
        Some(_) => None,
        None => match pt {
            0 => Some("PCMU"),
            8 => Some("PCMA"),
            9 => Some("G722"),
            _ => None,
        },
    }
}
