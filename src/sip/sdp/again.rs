//! Later offers and answers of the same call (RFC 3264 section 8, RFC 6337 section 5).

use super::{
    Agreed, CryptoLine, Direction, Local, SdpError, Session, Suite, answer,
    build::{AudioLine, audio_line, declined, head},
    negotiate::packet_time,
};

/// Answers a later offer of a call: same address, same key, the version raised. A codec of `last`,
/// our own last description, is kept while they offer it; else one of all that we speak in the call
/// is chosen, `speaks`. The direction is what is left of `wanted`.
///
/// # Errors
/// [`SdpError::NoAudio`], [`SdpError::NoCodec`], [`SdpError::NoCrypto`], and
/// [`SdpError::Unreadable`] when `last` is none of ours.
pub fn answer_again(
    offer: &Session,
    last: &Session,
    speaks: Option<&Local>,
    wanted: Direction,
) -> Result<Vec<u8>, SdpError> {
    let mut local = raised(last, speaks, wanted)?;
    let mut answered = answer(offer, &local);
    if let (Err(SdpError::NoCodec), Some(speaks)) = (&answered, speaks) {
        local.codecs.clone_from(&speaks.codecs);
        local.own_order = speaks.own_order;
        answered = answer(offer, &local);
    }
    answered.map(|(bytes, _)| bytes)
}

/// Answers a later offer that we cannot take where it cannot be refused otherwise: every media line
/// with port 0.
///
/// # Errors
/// [`SdpError::Unreadable`] when `last` is none of ours.
pub fn decline(offer: &Session, last: &Session) -> Result<Vec<u8>, SdpError> {
    let mut text = head(&raised(last, None, Direction::SendRecv)?);
    for media in &offer.media {
        declined(&mut text, media);
    }
    Ok(text.into_bytes())
}

/// Offers all that we speak in a call, what `last` said of it first and under the same payload types;
/// same address, same key, the version raised.
///
/// # Errors
/// [`SdpError::Unreadable`] when `last` is none of ours.
pub fn offer_again(
    last: &Session,
    speaks: Option<&Local>,
    wanted: Direction,
) -> Result<Vec<u8>, SdpError> {
    let ours = last.audio().ok_or(SdpError::Unreadable)?;
    let local = raised(last, speaks, wanted)?;
    let mut codecs = ours.codecs.clone();
    for codec in speaks.into_iter().flat_map(|speaks| &speaks.codecs) {
        let number = codec.payload_type();
        let said = |(pt, known): &(u8, _)| *pt == number || known == codec;
        if !codecs.iter().any(said) && local.dtmf != Some(number) {
            codecs.push((number, *codec));
        }
    }
    let line = AudioLine {
        codecs: &codecs,
        dtmf: local
            .dtmf
            .filter(|pt| !codecs.iter().any(|said| said.0 == *pt)),
        direction: wanted,
        crypto: ours.crypto.first().copied(),
        rtcp_mux: ours.rtcp_mux,
    };
    let mut text = head(&local);
    for media in &last.media {
        match &media.audio {
            Some(audio) if audio == ours => audio_line(&mut text, &local, &line),
            _ => declined(&mut text, media),
        }
    }
    Ok(text.into_bytes())
}

/// What two descriptions settled, whichever of them answered the other: both say the same of a codec
/// and of the keys, and the one that answered says nothing else.
///
/// # Errors
/// [`SdpError::NoAudio`], [`SdpError::NoCodec`], [`SdpError::NoCrypto`]; where `may_be_open`, an
/// offer of SRTP may have been answered without.
pub fn settled(ours: &Session, theirs: &Session, may_be_open: bool) -> Result<Agreed, SdpError> {
    let ours = ours.audio().ok_or(SdpError::NoAudio)?;
    let theirs = theirs.audio().ok_or(SdpError::NoAudio)?;
    if ours.addr.is_ipv4() != theirs.addr.is_ipv4() {
        return Err(SdpError::NoCodec);
    }
    let in_both = |(pt, codec): &(u8, _)| {
        let mine = ours.codecs.iter().find(|(_, mine)| mine == codec)?;
        Some((*pt, mine.0, *codec))
    };
    let (send, receive, codec) = theirs
        .codecs
        .iter()
        .find_map(in_both)
        .ok_or(SdpError::NoCodec)?;
    let crypto = match (theirs.encrypted, ours.encrypted) {
        (false, false) => None,
        (false, true) if may_be_open => None,
        (true, true) => Some(common_line(&ours.crypto, &theirs.crypto).ok_or(SdpError::NoCrypto)?),
        _ => return Err(SdpError::NoCrypto),
    };
    Ok(Agreed {
        remote: theirs.addr,
        codec,
        send_payload_type: send,
        receive_payload_type: receive,
        send_dtmf: ours.dtmf.and(theirs.dtmf),
        receive_dtmf: theirs.dtmf.and(ours.dtmf),
        ptime_ms: packet_time(theirs, ours.ptime_ms.unwrap_or(20)),
        direction: ours.direction.within(theirs.direction.reversed()),
        rtcp: theirs.rtcp().filter(|_| !theirs.rtcp_mux || ours.rtcp_mux),
        crypto,
    })
}

/// The line that answers the other: same tag, same suite (RFC 4568 section 5.1.2).
fn common_line(ours: &[CryptoLine], theirs: &[CryptoLine]) -> Option<(CryptoLine, CryptoLine)> {
    let name = |line: &CryptoLine| -> (u32, Suite) { (line.tag, line.suite) };
    theirs.iter().find_map(|line| {
        let mine = ours.iter().find(|mine| name(mine) == name(line))?;
        Some((*mine, *line))
    })
}

/// Our side as our last description has it, one version later.
fn raised(last: &Session, speaks: Option<&Local>, direction: Direction) -> Result<Local, SdpError> {
    let ours = last.audio().ok_or(SdpError::Unreadable)?;
    let number = |text: &str| text.parse::<u64>().map_err(|_| SdpError::Unreadable);
    let said = ours.crypto.first().map(|line| line.keying);
    Ok(Local {
        addr: ours.addr,
        codecs: ours.codecs.iter().map(|(_, codec)| *codec).collect(),
        own_order: false,
        dtmf: ours.dtmf.or(speaks.and_then(|speaks| speaks.dtmf)),
        ptime_ms: ours.ptime_ms.unwrap_or(20),
        direction,
        keying: said.or(speaks.and_then(|speaks| speaks.keying)),
        encrypted: ours.encrypted,
        may_be_open: false,
        session_id: number(&last.origin.0)?,
        version: number(&last.origin.1)?.wrapping_add(1),
    })
}
