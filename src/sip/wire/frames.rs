//! Where the messages in a stream end (RFC 3261 section 18.3).

use crate::message::{MAX_BYTES, Malformed, Message};

/// What a stream holds next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// Two empty lines, to be answered with one (RFC 5626 section 4.4.1).
    Ping,
    /// The bytes of one message.
    Message(Vec<u8>),
    /// The head of a message of which nobody knows where it ends, and the status that its sender is told:
    /// what follows is not to be read.
    Lost(Vec<u8>, u16),
}

/// Takes a stream as it comes, in whatever pieces.
#[derive(Default)]
pub(super) struct Frames {
    bytes: Vec<u8>,
    /// Up to here no end of a head was found.
    searched: usize,
    /// How long the message at the beginning is.
    wanted: Option<usize>,
}

impl Frames {
    /// Where what comes is to be put.
    pub(super) fn room(&mut self) -> &mut Vec<u8> {
        self.bytes.reserve(4_096);
        &mut self.bytes
    }

    /// `None`: more has to come.
    pub(super) fn next(&mut self) -> Option<Frame> {
        if self.wanted.is_none() {
            if self.skips_to_ping() {
                return Some(Frame::Ping);
            }
            let Some(head) = Message::head_end(&self.bytes, self.searched) else {
                self.searched = self.bytes.len().saturating_sub(3);
                let is_endless = self.bytes.len() > MAX_BYTES;
                return is_endless.then(|| self.lose(MAX_BYTES, 513));
            };
            match Message::length(&self.bytes[..head]) {
                Ok(length) if length <= MAX_BYTES - head.min(MAX_BYTES) => {
                    self.wanted = Some(head + length);
                }
                Ok(_) | Err(Malformed::TooLong) => return Some(self.lose(head, 513)),
                Err(_) => return Some(self.lose(head, 400)),
            }
        }
        let wanted = self.wanted.filter(|wanted| *wanted <= self.bytes.len())?;
        let rest = self.bytes.split_off(wanted);
        let message = std::mem::replace(&mut self.bytes, rest);
        (self.searched, self.wanted) = (0, None);
        Some(Frame::Message(message))
    }

    /// Passes over empty lines before a message; true when two of them are a ping.
    fn skips_to_ping(&mut self) -> bool {
        let mut skipped = 0;
        let is_ping = loop {
            match &self.bytes[skipped..] {
                [b'\r', b'\n', b'\r', b'\n', ..] => {
                    skipped += 4;
                    break true;
                }
                // A ping may still become of it.
                [b'\r'] | [b'\r', b'\n'] | [b'\r', b'\n', b'\r'] => break false,
                [b'\r' | b'\n', ..] => skipped += 1,
                _ => break false,
            }
        };
        if skipped > 0 {
            self.bytes.drain(..skipped);
            self.searched = 0;
        }
        is_ping
    }

    fn lose(&mut self, head: usize, status: u16) -> Frame {
        let mut head_bytes = std::mem::take(&mut self.bytes);
        head_bytes.truncate(head);
        Frame::Lost(head_bytes, status)
    }
}

#[cfg(test)]
mod tests;
