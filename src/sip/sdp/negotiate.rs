//! RFC 3264: our answer to an offer, and what an answer to ours settled.

use super::{
    Agreed, Audio, Codec, CryptoLine, Local, PACKET_TIMES, SdpError, Session, Suite,
    build::{AudioLine, audio_line, declined, head},
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
            declined(&mut text, media);
        }
    }
    let agreed = Agreed {
        remote: audio.addr,
        codec,
        send_payload_type: pt,
        receive_payload_type: pt,
        send_dtmf: dtmf,
        receive_dtmf: dtmf,
        ptime_ms: packet_time(audio, local.ptime_ms),
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
        ptime_ms: packet_time(audio, local.ptime_ms),
        direction: local.direction.within(audio.direction.reversed()),
        rtcp: audio.rtcp().filter(|_| !audio.rtcp_mux),
        crypto: agreed_crypto(audio, local)?,
    })
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

/// Their answer must take the one line that we offered.
fn agreed_crypto(
    audio: &Audio,
    local: &Local,
) -> Result<Option<(CryptoLine, CryptoLine)>, SdpError> {
    let offered = |line: &&CryptoLine| line.suite == Suite::Sha1_80;
    match (audio.encrypted, local.encrypted) {
        (false, false) => Ok(None),
        (false, true) if local.may_be_open => Ok(None),
        (false, true) | (true, false) => Err(SdpError::NoCrypto),
        (true, true) => {
            let theirs = audio.crypto.first().filter(offered);
            let theirs = *theirs.ok_or(SdpError::NoCrypto)?;
            let keying = local.keying.ok_or(SdpError::NoCrypto)?;
            Ok(Some((CryptoLine { keying, ..theirs }, theirs)))
        }
    }
}

/// The longest packets that we can send and that are no longer than they ask for, or than we do where
/// they say nothing, and than they take.
pub(super) fn packet_time(audio: &Audio, ours_ms: u16) -> u16 {
    let asked = audio.ptime_ms.unwrap_or(ours_ms);
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
