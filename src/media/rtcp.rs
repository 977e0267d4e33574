//! RTCP packets (RFC 3550 §6): the reports of both sides, their names, and the goodbye.

/// Room for everything we send in one datagram.
pub const LONGEST: usize = 128;
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;

/// True for a datagram that is RTCP, not RTP, on a port that carries both (RFC 5761 §4).
#[must_use]
pub fn is_rtcp(datagram: &[u8]) -> bool {
    datagram.len() >= 8 && datagram[0] >> 6 == 2 && (192..=223).contains(&datagram[1])
}

/// What a receiver tells about one source (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Block {
    /// The source.
    pub ssrc: u32,
    /// Share lost since the last report, in 256ths.
    pub fraction: u8,
    /// Packets lost in all; negative when some came twice.
    pub lost: i32,
    /// Extended highest sequence number received.
    pub highest: u32,
    /// Interarrival jitter in timestamp units.
    pub jitter: u32,
    /// The middle of the NTP timestamp of the last sender report; 0 when none came.
    pub last_report: u32,
    /// Since that report, in 1/65536 s.
    pub delay: u32,
}

/// What a sender tells about its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender {
    /// Seconds and 2^-32 seconds on the sender's clock.
    pub ntp: u64,
    /// The same moment on the clock of its timestamps.
    pub timestamp: u32,
    pub packets: u32,
    pub bytes: u32,
}

/// One compound packet, as far as a call with one stream each way needs it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Who reports.
    pub ssrc: u32,
    pub sender: Option<Sender>,
    /// About the stream of the reader.
    pub block: Option<Block>,
    pub goodbye: bool,
}

impl Report {
    /// Reads a compound packet; `about` is our stream. `None` when it is not a valid one
    /// (RFC 3550 appendix A.2).
    #[must_use]
    pub fn read(datagram: &[u8], about: u32) -> Option<Self> {
        let mut report = Self::default();
        let mut rest = datagram;
        let mut first = true;
        while !rest.is_empty() {
            let header = rest.first_chunk::<4>()?;
            let length = 4 + 4 * usize::from(u16::from_be_bytes([header[2], header[3]]));
            let (packet, after) = rest.split_at_checked(length)?;
            let begins_right = (SENDER_REPORT..=RECEIVER_REPORT).contains(&header[1]);
            if header[0] >> 6 != 2 || (first && !begins_right) {
                return None;
            }
            report.take(packet, about)?;
            first = false;
            rest = after;
        }
        (!first).then_some(report)
    }

    fn take(&mut self, packet: &[u8], about: u32) -> Option<()> {
        let blocks_at = match packet[1] {
            SENDER_REPORT => {
                self.sender = Some(Sender {
                    ntp: u64::from(u32_at(packet, 8)?) << 32 | u64::from(u32_at(packet, 12)?),
                    timestamp: u32_at(packet, 16)?,
                    packets: u32_at(packet, 20)?,
                    bytes: u32_at(packet, 24)?,
                });
                28
            }
            RECEIVER_REPORT => 8,
            GOODBYE => {
                self.goodbye = true;
                return Some(());
            }
            _ => return Some(()),
        };
        self.ssrc = u32_at(packet, 4)?;
        let blocks = packet.get(blocks_at..)?.chunks_exact(24);
        let count = usize::from(packet[0] & 0x1F);
        let ours = blocks.take(count).find(|it| u32_at(it, 0) == Some(about));
        if let Some(bytes) = ours {
            self.block = Some(Block::read(bytes)?);
        }
        Some(())
    }

    /// Writes the report with the sender's name and, where it is the last, a goodbye; returns
    /// its length in `buffer`.
    ///
    /// # Panics
    /// When `buffer` has less room than [`LONGEST`].
    pub fn write(&self, name: &[u8; 16], buffer: &mut [u8]) -> usize {
        let mut out = Out { buffer, at: 0 };
        let count = u8::from(self.block.is_some());
        let kind = match self.sender {
            Some(_) => SENDER_REPORT,
            None => RECEIVER_REPORT,
        };
        let report = out.open(count, kind, self.ssrc);
        if let Some(sender) = self.sender {
            out.put(&sender.ntp.to_be_bytes());
            out.put(&sender.timestamp.to_be_bytes());
            out.put(&sender.packets.to_be_bytes());
            out.put(&sender.bytes.to_be_bytes());
        }
        if let Some(block) = self.block {
            block.write(&mut out);
        }
        out.close(report);
        let description = out.open(1, DESCRIPTION, self.ssrc);
        out.put(&[1, 16]);
        out.put(name);
        // The end of the list, and up to the next whole word.
        out.put(&[0, 0]);
        out.close(description);
        if self.goodbye {
            let goodbye = out.open(1, GOODBYE, self.ssrc);
            out.close(goodbye);
        }
        out.at
    }
}

impl Block {
    fn read(bytes: &[u8]) -> Option<Self> {
        let word = u32_at(bytes, 4)?;
        Some(Self {
            ssrc: u32_at(bytes, 0)?,
            fraction: (word >> 24) as u8,
            lost: (word << 8) as i32 >> 8,
            highest: u32_at(bytes, 8)?,
            jitter: u32_at(bytes, 12)?,
            last_report: u32_at(bytes, 16)?,
            delay: u32_at(bytes, 20)?,
        })
    }

    fn write(&self, out: &mut Out<'_>) {
        let lost = self.lost.clamp(-0x80_0000, 0x7F_FFFF) as u32 & 0xFF_FFFF;
        out.put(&self.ssrc.to_be_bytes());
        out.put(&(u32::from(self.fraction) << 24 | lost).to_be_bytes());
        out.put(&self.highest.to_be_bytes());
        out.put(&self.jitter.to_be_bytes());
        out.put(&self.last_report.to_be_bytes());
        out.put(&self.delay.to_be_bytes());
    }
}

/// A buffer that is written from front to back.
struct Out<'a> {
    buffer: &'a mut [u8],
    at: usize,
}

impl Out<'_> {
    fn put(&mut self, bytes: &[u8]) {
        self.buffer[self.at..self.at + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }

    /// Begins a packet; its length is written by [`Self::close`].
    fn open(&mut self, count: u8, kind: u8, ssrc: u32) -> usize {
        let start = self.at;
        self.put(&[0x80 | count, kind, 0, 0]);
        self.put(&ssrc.to_be_bytes());
        start
    }

    fn close(&mut self, start: usize) {
        let words = (self.at - start) / 4 - 1;
        self.buffer[start + 2..start + 4].copy_from_slice(&(words as u16).to_be_bytes());
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block() -> Block {
        Block {
            ssrc: 77,
            fraction: 12,
            lost: -3,
            highest: 70_000,
            jitter: 40,
            last_report: 5,
            delay: 6,
        }
    }

    #[test]
    fn what_was_written_is_read_again() {
        let sender = Sender {
            ntp: 0x0102_0304_0506_0708,
            timestamp: 160,
            packets: 50,
            bytes: 8_000,
        };
        for (sender, block, goodbye) in [
            (Some(sender), Some(block()), true),
            (Some(sender), None, false),
            (None, Some(block()), false),
            (None, None, true),
        ] {
            let report = Report {
                ssrc: 9,
                sender,
                block,
                goodbye,
            };
            let mut buffer = [0; LONGEST];
            let length = report.write(b"0123456789abcdef", &mut buffer);
            assert!(is_rtcp(&buffer[..length]));
            assert_eq!(Report::read(&buffer[..length], 77), Some(report));
            let for_another = Report::read(&buffer[..length], 78).expect("a report");
            assert_eq!(for_another.block, None);
            for cut in 1..length {
                // Whole packets at the front are a shorter report; anything else is none.
                if let Some(short) = Report::read(&buffer[..cut], 77) {
                    assert_eq!(cut % 4, 0);
                    assert_eq!(short.ssrc, 9);
                }
            }
        }
    }

    #[test]
    fn junk_is_no_report() {
        for junk in [
            &[][..],
            &[0x80, 200, 0, 1, 0, 0, 0, 9],
            &[0x81, 203, 0, 1, 0, 0, 0, 9],
            &[0x40, 201, 0, 1, 0, 0, 0, 9],
            &[0x80, 201, 0, 9, 0, 0, 0, 9],
        ] {
            assert_eq!(Report::read(junk, 1), None, "{junk:?}");
        }
    }
}
