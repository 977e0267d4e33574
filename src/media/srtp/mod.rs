//! SRTP (RFC 3711) with the two suites of RFC 4568 that telephones speak:
//! `AES_CM_128_HMAC_SHA1_80` and `AES_CM_128_HMAC_SHA1_32`.

#[cfg(test)]
mod tests;

use aes::{
    Aes128,
    cipher::{KeyIvInit, StreamCipher},
};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

type Stream = ctr::Ctr128BE<Aes128>;
type Tag = Hmac<Sha1>;

/// Master key and salt together, as they stand in `a=crypto` (RFC 4568 §6.2).
pub const KEYING: usize = 30;
/// What protection adds to a packet at most: an RTCP index and a tag.
pub const OVERHEAD: usize = 14;
const KEY: usize = 16;
const SALT: usize = 14;
const AUTH: usize = 20;
const RTP_HEADER: usize = 12;
const RTCP_HEADER: usize = 8;
/// Tag of a control packet, in both suites (RFC 4568 §6.2).
const RTCP_TAG: usize = 10;
/// Packets by which one may come late and still be taken.
const WINDOW: u64 = 64;
/// Streams under one key that are remembered: who plays music under an SSRC of its own goes on with the
/// former one afterwards.
const MOST_SOURCES: usize = 8;
const ENCRYPTED: u32 = 0x8000_0000;

/// How packets are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Suite {
    /// `AES_CM_128_HMAC_SHA1_80`: a tag of ten bytes.
    Sha1_80,
    /// `AES_CM_128_HMAC_SHA1_32`: a tag of four bytes.
    Sha1_32,
}

impl Suite {
    const fn tag(self) -> usize {
        match self {
            Self::Sha1_80 => 10,
            Self::Sha1_32 => 4,
        }
    }
}

/// The master key of one direction. Never shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Keying {
    pub suite: Suite,
    pub key_and_salt: [u8; KEYING],
}

impl Keying {
    /// A fresh random one.
    #[must_use]
    pub fn random(suite: Suite) -> Self {
        let mut key_and_salt = [0; KEYING];
        rand::fill(&mut key_and_salt);
        Self {
            suite,
            key_and_salt,
        }
    }

    /// Takes over the suite of the same key; `false` when it is another key. Both suites have the same
    /// session keys (RFC 3711 §4.3).
    fn continue_with(&mut self, other: &Self) -> bool {
        let is_same = self.key_and_salt == other.key_and_salt;
        if is_same {
            self.suite = other.suite;
        }
        is_same
    }
}

impl std::fmt::Debug for Keying {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keying")
            .field("suite", &self.suite)
            .finish_non_exhaustive()
    }
}

/// Session keys of one kind of packet.
#[derive(Clone)]
struct Keys {
    cipher: [u8; KEY],
    auth: Tag,
    salt: [u8; SALT],
}

impl Keys {
    /// RFC 3711 §4.3 with a key derivation rate of 0; `label` is that of the cipher key.
    fn derive(keying: &Keying, label: u8) -> Self {
        let (mut cipher, mut auth, mut salt) = ([0; KEY], [0; AUTH], [0; SALT]);
        derive(keying, label, &mut cipher);
        derive(keying, label + 1, &mut auth);
        derive(keying, label + 2, &mut salt);
        let auth = Tag::new_from_slice(&auth).expect("HMAC takes a key of any length");
        Self { cipher, auth, salt }
    }

    /// Encrypts or decrypts (RFC 3711 §4.1.1).
    fn apply(&self, ssrc: [u8; 4], index: u64, bytes: &mut [u8]) {
        let mut iv = [0; 16];
        iv[..SALT].copy_from_slice(&self.salt);
        xor(&mut iv[4..8], &ssrc);
        xor(&mut iv[8..14], &index.to_be_bytes()[2..]);
        Stream::new(&self.cipher.into(), &iv.into()).apply_keystream(bytes);
    }

    fn tag(&self, parts: [&[u8]; 2]) -> [u8; AUTH] {
        let mut tag = self.auth.clone();
        parts.iter().for_each(|part| tag.update(part));
        tag.finalize().into_bytes().into()
    }

    /// Compares in constant time.
    fn matches(&self, parts: [&[u8]; 2], tag: &[u8]) -> bool {
        let mut own = self.auth.clone();
        parts.iter().for_each(|part| own.update(part));
        own.verify_truncated_left(tag).is_ok()
    }
}

fn derive(keying: &Keying, label: u8, out: &mut [u8]) {
    let mut iv = [0; 16];
    iv[..SALT].copy_from_slice(&keying.key_and_salt[KEY..]);
    iv[7] ^= label;
    let mut key = [0; KEY];
    key.copy_from_slice(&keying.key_and_salt[..KEY]);
    Stream::new(&key.into(), &iv.into()).apply_keystream(out);
}

fn xor(bytes: &mut [u8], with: &[u8]) {
    for (byte, with) in bytes.iter_mut().zip(with) {
        *byte ^= with;
    }
}

/// What we send.
pub struct Protect {
    keying: Keying,
    rtp: Keys,
    rtcp: Keys,
    /// Index of the next packet's predecessor: rollovers and sequence number.
    last: Option<u64>,
    next_rtcp: u32,
}

impl Protect {
    #[must_use]
    pub fn new(keying: &Keying) -> Self {
        Self {
            keying: *keying,
            rtp: Keys::derive(keying, 0),
            rtcp: Keys::derive(keying, 3),
            last: None,
            next_rtcp: 0,
        }
    }

    /// Goes on under the same key, perhaps in another suite; `false` when it is another key.
    pub fn continue_with(&mut self, keying: &Keying) -> bool {
        self.keying.continue_with(keying)
    }

    /// Protects the RTP packet in the first `length` bytes of `buffer`, whose header has no
    /// extras; returns the new length, or `None` when there is no room.
    pub fn rtp(&mut self, buffer: &mut [u8], length: usize) -> Option<usize> {
        let tag = self.keying.suite.tag();
        if length < RTP_HEADER || buffer.len() < length + tag {
            return None;
        }
        let sequence = u16::from_be_bytes([buffer[2], buffer[3]]);
        let index = match self.last {
            Some(last) => nearest(last, sequence),
            None => u64::from(sequence),
        };
        self.last = Some(self.last.unwrap_or(0).max(index));
        let ssrc = [buffer[8], buffer[9], buffer[10], buffer[11]];
        self.rtp.apply(ssrc, index, &mut buffer[RTP_HEADER..length]);
        let rollover = (index >> 16) as u32;
        let made = self.rtp.tag([&buffer[..length], &rollover.to_be_bytes()]);
        buffer[length..length + tag].copy_from_slice(&made[..tag]);
        Some(length + tag)
    }

    /// Protects a compound RTCP packet (RFC 3711 §3.4); as [`Self::rtp`].
    pub fn rtcp(&mut self, buffer: &mut [u8], length: usize) -> Option<usize> {
        if length < RTCP_HEADER || buffer.len() < length + 4 + RTCP_TAG {
            return None;
        }
        let index = self.next_rtcp & !ENCRYPTED;
        self.next_rtcp = index + 1;
        let ssrc = [buffer[4], buffer[5], buffer[6], buffer[7]];
        self.rtcp
            .apply(ssrc, u64::from(index), &mut buffer[RTCP_HEADER..length]);
        let end = length + 4;
        buffer[length..end].copy_from_slice(&(index | ENCRYPTED).to_be_bytes());
        let made = self.rtcp.tag([&buffer[..end], &[]]);
        buffer[end..end + RTCP_TAG].copy_from_slice(&made[..RTCP_TAG]);
        Some(end + RTCP_TAG)
    }
}

/// What we receive.
pub struct Unprotect {
    keying: Keying,
    rtp: Keys,
    rtcp: Keys,
    /// The one that was heard last is the last. Only who has the key is among them.
    sources: Vec<Source>,
}

/// A stream that is received; every SSRC has counts of its own (RFC 3711 §3.2.3).
#[derive(Clone, Copy)]
struct Source {
    ssrc: [u8; 4],
    rtp: Seen,
    rtcp: Seen,
}

/// Which indices have come (RFC 3711 §3.3.2).
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    highest: Option<u64>,
    /// Bit n is the index n below the highest.
    window: u64,
}

impl Unprotect {
    #[must_use]
    pub fn new(keying: &Keying) -> Self {
        Self {
            keying: *keying,
            rtp: Keys::derive(keying, 0),
            rtcp: Keys::derive(keying, 3),
            sources: Vec::new(),
        }
    }

    /// As [`Protect::continue_with`].
    pub fn continue_with(&mut self, keying: &Keying) -> bool {
        self.keying.continue_with(keying)
    }

    /// Checks and decrypts an RTP packet in place; returns its length without the tag, or `None`
    /// when it is forged, repeated or cut.
    pub fn rtp(&mut self, datagram: &mut [u8]) -> Option<usize> {
        let length = datagram.len().checked_sub(self.keying.suite.tag())?;
        let start = payload_start(&datagram[..length])?;
        let ssrc = [datagram[8], datagram[9], datagram[10], datagram[11]];
        let sequence = u16::from_be_bytes([datagram[2], datagram[3]]);
        let source = self.source(ssrc);
        let seen = source.rtp;
        let index = match seen.highest {
            Some(highest) => nearest(highest, sequence),
            None => u64::from(sequence),
        };
        let rollover = ((index >> 16) as u32).to_be_bytes();
        let (packet, tag) = datagram.split_at_mut(length);
        if seen.has(index) || !self.rtp.matches([packet, &rollover], tag) {
            return None;
        }
        self.rtp.apply(ssrc, index, &mut packet[start..]);
        let rtp = seen.with(index);
        self.remember(Source { rtp, ..source });
        Some(length)
    }

    /// As [`Self::rtp`], for a compound RTCP packet.
    pub fn rtcp(&mut self, datagram: &mut [u8]) -> Option<usize> {
        let end = datagram.len().checked_sub(RTCP_TAG)?;
        let length = end.checked_sub(4).filter(|length| *length >= RTCP_HEADER)?;
        let (packet, tag) = datagram.split_at_mut(end);
        let word = u32::from_be_bytes(packet[length..].try_into().ok()?);
        let index = u64::from(word & !ENCRYPTED);
        let ssrc = [packet[4], packet[5], packet[6], packet[7]];
        let source = self.source(ssrc);
        if source.rtcp.has(index) || !self.rtcp.matches([packet, &[]], tag) {
            return None;
        }
        let rtcp = source.rtcp.with(index);
        self.remember(Source { rtcp, ..source });
        if word & ENCRYPTED != 0 {
            self.rtcp
                .apply(ssrc, index, &mut packet[RTCP_HEADER..length]);
        }
        Some(length)
    }

    fn source(&self, ssrc: [u8; 4]) -> Source {
        let known = self.sources.iter().find(|source| source.ssrc == ssrc);
        known.copied().unwrap_or(Source {
            ssrc,
            rtp: Seen::default(),
            rtcp: Seen::default(),
        })
    }

    /// Forgets the one that was not heard for the longest time where there are too many.
    fn remember(&mut self, source: Source) {
        match self.sources.last_mut() {
            Some(last) if last.ssrc == source.ssrc => *last = source,
            _ => {
                self.sources.retain(|known| known.ssrc != source.ssrc);
                if self.sources.len() == MOST_SOURCES {
                    self.sources.remove(0);
                }
                self.sources.push(source);
            }
        }
    }
}

impl Seen {
    fn has(self, index: u64) -> bool {
        match self.highest {
            Some(highest) if index <= highest => {
                let below = highest - index;
                below >= WINDOW || self.window >> below & 1 == 1
            }
            _ => false,
        }
    }

    fn with(self, index: u64) -> Self {
        match self.highest {
            Some(highest) if index <= highest => Self {
                window: self.window | 1 << (highest - index),
                ..self
            },
            Some(highest) => Self {
                highest: Some(index),
                window: self
                    .window
                    .checked_shl((index - highest).min(64) as u32)
                    .unwrap_or(0)
                    | 1,
            },
            None => Self {
                highest: Some(index),
                window: 1,
            },
        }
    }
}

/// The index with this sequence number that is nearest to `last` (RFC 3711 appendix A).
fn nearest(last: u64, sequence: u16) -> u64 {
    let ahead = sequence.wrapping_sub(last as u16) as i16;
    let index = last.saturating_add_signed(i64::from(ahead));
    // Before the first packet there is nothing: a rollover has not happened yet.
    if index as u16 == sequence {
        index
    } else {
        u64::from(sequence)
    }
}

/// Where the payload starts; `None` when the header is cut.
fn payload_start(packet: &[u8]) -> Option<usize> {
    let first = *packet.first()?;
    let mut start = RTP_HEADER + usize::from(first & 0x0F) * 4;
    if first & 0x10 != 0 {
        let words = packet.get(start + 2..start + 4)?;
        start += 4 + 4 * usize::from(u16::from_be_bytes([words[0], words[1]]));
    }
    (start <= packet.len()).then_some(start)
}

impl std::fmt::Debug for Protect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Protect").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Unprotect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unprotect").finish_non_exhaustive()
    }
}
