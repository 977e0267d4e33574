//! Opens what was sealed.

use std::io::{self, Read, Seek, SeekFrom};

use aead_stream::{StreamPrimitive, aead::Payload};

use crate::{CHUNK, HEAD, Keys, MAGIC, NONCE, Stream, TAG, writer::stream};

/// Why a sealed file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the file cannot be read")]
    Unreadable(#[from] io::Error),
    #[error("it is no sealed file")]
    NotSealed,
    #[error("it was sealed with a key that is not here")]
    NoKey,
    #[error("it was changed after it was sealed")]
    Forged,
}

/// A sealed file that is read in pieces.
pub struct Reader<R> {
    file: R,
    stream: Stream,
    head: [u8; HEAD],
    /// Sealed bytes after the head.
    sealed: u64,
    /// It ends with the chunk that says so; otherwise its writer was killed.
    is_whole: bool,
}

impl<R: Read + Seek> Reader<R> {
    /// Reads the head, and the last chunk to see that it is one.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(mut file: R, keys: &Keys) -> Result<Self, OpenError> {
        let length = file.seek(SeekFrom::End(0))?;
        let mut head = [0; HEAD];
        file.seek(SeekFrom::Start(0))?;
        file.read_exact(&mut head)
            .map_err(|_| OpenError::NotSealed)?;
        if &head[..MAGIC.len()] != MAGIC {
            return Err(OpenError::NotSealed);
        }
        let key = keys.named(&head[MAGIC.len()..HEAD - NONCE]);
        let stream = stream(key.ok_or(OpenError::NoKey)?, &head[HEAD - NONCE..]);
        let mut reader = Self {
            file,
            stream,
            head,
            sealed: length - HEAD as u64,
            is_whole: true,
        };
        reader.find_end()?;
        Ok(reader)
    }

    /// Whether it was finished; what is there can be read either way.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Plain bytes.
    pub fn length(&self) -> u64 {
        let chunks = self.chunks();
        self.sealed - chunks * TAG as u64
    }

    /// The plain bytes from `at` on up to the end of their chunk; none at the end of the file.
    ///
    /// # Errors
    /// [`OpenError::Unreadable`], [`OpenError::Forged`].
    pub fn read_at(&mut self, at: u64) -> Result<Vec<u8>, OpenError> {
        if at >= self.length() {
            return Ok(Vec::new());
        }
        let chunk = at / CHUNK as u64;
        let last = self.is_whole && chunk + 1 == self.chunks();
        let mut plain = self.chunk(chunk, last)?;
        plain.drain(..(at % CHUNK as u64) as usize);
        Ok(plain)
    }

    fn chunks(&self) -> u64 {
        self.sealed.div_ceil((CHUNK + TAG) as u64)
    }

    /// What was cut off in the middle of a chunk is left out.
    fn find_end(&mut self) -> Result<(), OpenError> {
        let most = (CHUNK + TAG) as u64;
        let last = self.chunks().checked_sub(1);
        if let Some(last) = last
            && self.sealed - last * most >= TAG as u64
            && self.chunk(last, true).is_ok()
        {
            return Ok(());
        }
        self.is_whole = false;
        self.sealed -= self.sealed % most;
        match self.chunks().checked_sub(1) {
            // Not whole, but genuine as far as it goes.
            Some(last) => self.chunk(last, false).map(|_| ()),
            None => Ok(()),
        }
    }

    fn chunk(&mut self, number: u64, last: bool) -> Result<Vec<u8>, OpenError> {
        let most = (CHUNK + TAG) as u64;
        let at = number * most;
        let length = most.min(self.sealed - at);
        self.file.seek(SeekFrom::Start(HEAD as u64 + at))?;
        let mut sealed = vec![0; length as usize];
        self.file.read_exact(&mut sealed)?;
        let position = u32::try_from(number).map_err(|_| OpenError::Forged)?;
        let payload = Payload {
            msg: &sealed,
            aad: &self.head,
        };
        let plain = self.stream.decrypt(position, last, payload);
        plain.map_err(|_| OpenError::Forged)
    }
}
