//! RFC 3264: our answer to an offer, and what an answer to ours settled.

use super::{
    Agreed, Audio, Codec, CryptoLine, Direction, Local, Media, PACKET_TIMES, SdpError, Session,
    Suite,
    build::{AudioLine, audio_line, head, put},
};

/// Answers an offer: the first of the offer's codecs that we know, or where we say so the first of
/// ours that it has, with the offer's payload types;
/// every other media line is refused with port 0. An offer of SRTP is answered with our key in the
/// first of its suites.
///
/// # Errors
/// [`SdpError::NoAudio`], [`SdpError::NoCodec`], [`SdpError::NoCrypto`].
pub fn answer(offer: &Session, local: &Local) -> Result<(Vec<u8>, Agreed), SdpError> {
    let audio = offer.audio().ok_or(SdpError::NoAudio)?;
    let (pt, codec) = choose(audio, local, local.own_order)?;
    let crypto = answer_crypto(audio, local)?;
    let dtmf = local.dtmf.and(audio.dtmf);
    let direction = local.direction.within(audio.direction.reversed());
    let mut text = head(local);
    let mut answered = false;
    for media in &offer.media {
        if media.audio.as_ref() == Some(audio) && !answered {
            answered = true;
            let line = AudioLine {
                codecs: &[(pt, codec)],
                dtmf,
                direction,
                crypto: crypto.map(|(ours, _)| ours),
                rtcp_mux: audio.rtcp_mux,
            };
            audio_line(&mut text, local, &line);
        } else {
            refused_line(&mut text, media);
        }
    }
    let agreed = Agreed {
        remote: audio.addr,
        codec,
        send_payload_type: pt,
        receive_payload_type: pt,
        send_dtmf: dtmf,
        receive_dtmf: dtmf,
        ptime_ms: packet_time(audio, local),
        direction,
        rtcp: audio.rtcp(),
        crypto,
    };
    Ok((text.into_bytes(), agreed))
}

/// What the far end's answer to our offer settled.
///
/// # Errors
/// [`SdpError::NoAudio`], [`SdpError::NoCodec`], [`SdpError::NoCrypto`].
pub fn agree(local: &Local, their_answer: &Session) -> Result<Agreed, SdpError> {
    let audio = their_answer.audio().ok_or(SdpError::NoAudio)?;
    let (pt, codec) = choose(audio, local, false)?;
    Ok(Agreed {
        remote: audio.addr,
        codec,
        send_payload_type: pt,
        receive_payload_type: codec.payload_type(),
        send_dtmf: local.dtmf.and(audio.dtmf),
        receive_dtmf: audio.dtmf.and(local.dtmf),
        ptime_ms: packet_time(audio, local),
        direction: local.direction.within(audio.direction.reversed()),
        rtcp: audio.rtcp().filter(|_| !audio.rtcp_mux),
        crypto: agreed_crypto(audio, local)?,
    })
}

/// Answers a later offer of the same call with what our last description said: same address, same
/// codecs, its version raised, its direction following the offer. `last` is our own description.
///
/// # Errors
/// [`SdpError::NoAudio`], [`SdpError::NoCodec`], and [`SdpError::Unreadable`] when `last` is none
/// of ours.
pub fn answer_again(offer: &Session, last: &Session) -> Result<Vec<u8>, SdpError> {
    answer(offer, &next_of(last)?).map(|(bytes, _)| bytes)
}

/// Answers a later offer of the same call that we cannot take where it cannot be refused otherwise:
/// every media line with port 0.
///
/// # Errors
/// [`SdpError::Unreadable`] when `last` is none of ours.
pub fn decline(offer: &Session, last: &Session) -> Result<Vec<u8>, SdpError> {
    let mut text = head(&next_of(last)?);
    for media in &offer.media {
        refused_line(&mut text, media);
    }
    Ok(text.into_bytes())
}

/// What our last description said, its version raised.
fn next_of(last: &Session) -> Result<Local, SdpError> {
    let ours = last.audio().ok_or(SdpError::Unreadable)?;
    let number = |text: &str| text.parse::<u64>().map_err(|_| SdpError::Unreadable);
    Ok(Local {
        addr: ours.addr,
        codecs: ours.codecs.iter().map(|(_, codec)| *codec).collect(),
        own_order: false,
        dtmf: ours.dtmf,
        ptime_ms: ours.ptime_ms.unwrap_or(20),
        direction: Direction::SendRecv,
        keying: ours.crypto.first().map(|line| line.keying),
        encrypted: ours.encrypted,
        may_be_open: false,
        session_id: number(&last.origin.0)?,
        version: number(&last.origin.1)?.wrapping_add(1),
    })
}

fn refused_line(text: &mut String, media: &Media) {
    let formats = media.formats.join(" ");
    put(
        text,
        format_args!("m={} 0 {} {formats}", media.kind, media.protocol),
    );
}

/// Our key beside theirs, under their tag.
fn answer_crypto(
    audio: &Audio,
    local: &Local,
) -> Result<Option<(CryptoLine, CryptoLine)>, SdpError> {
    if !audio.encrypted {
        return match local.encrypted {
            true => Err(SdpError::NoCrypto),
            false => Ok(None),
        };
    }
    let theirs = *audio.crypto.first().ok_or(SdpError::NoCrypto)?;
    let keying = local.keying.ok_or(SdpError::NoCrypto)?;
    Ok(Some((CryptoLine { keying, ..theirs }, theirs)))
}

/// Their answer must take the one line that we offered. Where we offered none they may still bring
/// their key again: a later offer in a call whose keys we answered.
fn agreed_crypto(
    audio: &Audio,
    local: &Local,
) -> Result<Option<(CryptoLine, CryptoLine)>, SdpError> {
    let offered = |line: &&CryptoLine| !local.encrypted || line.suite == Suite::Sha1_80;
    match (audio.encrypted, local.encrypted) {
        (false, false) => Ok(None),
        (false, true) if local.may_be_open => Ok(None),
        (false, true) => Err(SdpError::NoCrypto),
        (true, _) => {
            let theirs = audio.crypto.first().filter(offered);
            let theirs = *theirs.ok_or(SdpError::NoCrypto)?;
            let keying = local.keying.ok_or(SdpError::NoCrypto)?;
            Ok(Some((CryptoLine { keying, ..theirs }, theirs)))
        }
    }
}

/// The longest packets that we can send and that are no longer than they ask for, or than we do where
/// they say nothing, and than they take.
fn packet_time(audio: &Audio, local: &Local) -> u16 {
    let asked = audio.ptime_ms.unwrap_or(local.ptime_ms);
    let most = audio.max_ptime_ms.map_or(asked, |most| asked.min(most));
    let fits = |ms: &u16| *ms <= most;
    let longest = PACKET_TIMES.into_iter().rfind(fits);
    longest.unwrap_or(PACKET_TIMES[0])
}

fn choose(audio: &Audio, local: &Local, own_order: bool) -> Result<(u8, Codec), SdpError> {
    if audio.addr.is_ipv4() != local.addr.is_ipv4() {
        return Err(SdpError::NoCodec);
    }
    let mut common = audio
        .codecs
        .iter()
        .filter_map(|found| Some((local.codecs.iter().position(|c| *c == found.1)?, *found)));
    let chosen = match own_order {
        true => common.min_by_key(|(place, _)| *place),
        false => common.next(),
    };
    chosen.map(|(_, found)| found).ok_or(SdpError::NoCodec)
}
