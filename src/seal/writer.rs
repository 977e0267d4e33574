//! Seals as it writes.

use std::io::{self, Write};

use aead_stream::{NewStream, StreamPrimitive, aead::Payload};
use rand::TryRngCore;

use crate::{CHUNK, HEAD, Key, MAGIC, NONCE, Stream};

/// Seals what is written to it. [`Writer::finish`] completes the file; one that was dropped before
/// can be read but for what its last chunk would have held.
pub struct Writer<W: Write> {
    out: W,
    stream: Stream,
    head: [u8; HEAD],
    /// Plain bytes of the chunk that is being filled.
    filling: Vec<u8>,
    chunk: u32,
}

impl<W: Write> Writer<W> {
    /// Writes the head.
    ///
    /// # Errors
    /// When `out` does not take it, or the system gives no random bytes.
    pub fn new(mut out: W, key: &Key) -> io::Result<Self> {
        let mut head = [0; HEAD];
        head[..MAGIC.len()].copy_from_slice(MAGIC);
        head[MAGIC.len()..HEAD - NONCE].copy_from_slice(key.id());
        let nonce = &mut head[HEAD - NONCE..];
        rand::rngs::OsRng
            .try_fill_bytes(nonce)
            .map_err(io::Error::other)?;
        let stream = stream(key, nonce);
        out.write_all(&head)?;
        Ok(Self {
            out,
            stream,
            head,
            filling: Vec::with_capacity(CHUNK),
            chunk: 0,
        })
    }

    /// Seals the last chunk and gives the inner writer back, flushed.
    ///
    /// # Errors
    /// When it does not take it.
    pub fn finish(mut self) -> io::Result<W> {
        self.seal(true)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn seal(&mut self, last: bool) -> io::Result<()> {
        let payload = Payload {
            msg: &self.filling,
            aad: &self.head,
        };
        let sealed = self.stream.encrypt(self.chunk, last, payload);
        let sealed = sealed.map_err(|_| io::Error::other("a chunk cannot be sealed"))?;
        self.out.write_all(&sealed)?;
        self.filling.clear();
        // 2^32 chunks are 256 TiB.
        self.chunk = self
            .chunk
            .checked_add(1)
            .ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(())
    }
}

impl<W: Write> Write for Writer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full chunk waits for what follows: only the last one says that it is the last.
        if self.filling.len() == CHUNK && !bytes.is_empty() {
            self.seal(false)?;
        }
        let taken = bytes.len().min(CHUNK - self.filling.len());
        self.filling.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    /// Whole chunks reach the disk; what is being filled stays here.
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

pub fn stream(key: &Key, nonce: &[u8]) -> Stream {
    let mut own = [0; NONCE];
    own.copy_from_slice(nonce);
    Stream::new(key.bytes().into(), &own.into())
}
