//! Any encoding as UTF-8.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
};

use encoding_rs::{CoderResult, Decoder, Encoding};

/// Line ends of a file that makes sense in this encoding; `None` when it does not.
pub fn lines_in(file: &mut File, encoding: &'static Encoding) -> io::Result<Option<u32>> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut input = vec![0_u8; 64 * 1024];
    let mut output = vec![0_u8; 256 * 1024];
    let mut lines = 0;
    loop {
        let count = file.read(&mut input)?;
        let (_, read, _, replaced) =
            decoder.decode_to_utf8(&input[..count], &mut output, count == 0);
        if replaced || read < count || input[..count].contains(&0) {
            return Ok(None);
        }
        if count == 0 {
            return Ok(Some(u32::try_from(lines).unwrap_or_default()));
        }
        lines += memchr::memchr_iter(b'\n', &input[..count]).count();
    }
}

/// Reads any encoding as UTF-8, without its mark, and with a line end at the end.
pub struct Utf8<R> {
    input: BufReader<R>,
    decoder: Decoder,
    buffer: Vec<u8>,
    filled: usize,
    given: usize,
    at_end: bool,
    ended: bool,
}

impl<R: Read> Utf8<R> {
    pub fn new(input: R, encoding: &'static Encoding) -> Self {
        Self {
            input: BufReader::with_capacity(64 * 1024, input),
            decoder: encoding.new_decoder_with_bom_removal(),
            buffer: vec![0; 256 * 1024],
            filled: 0,
            given: 0,
            at_end: false,
            ended: false,
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        (self.filled, self.given) = (0, 0);
        while self.filled == 0 && !self.at_end {
            let input = self.input.fill_buf()?;
            let last = input.is_empty();
            let (result, read, written, _) =
                self.decoder.decode_to_utf8(input, &mut self.buffer, last);
            self.input.consume(read);
            self.filled = written;
            self.at_end = last && result == CoderResult::InputEmpty;
        }
        if self.filled == 0 && !self.ended {
            // Then the last row ends as the others do.
            self.ended = true;
            self.buffer[0] = b'\n';
            self.filled = 1;
        }
        Ok(())
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.given == self.filled {
            self.fill()?;
        }
        let count = out.len().min(self.filled - self.given);
        out[..count].copy_from_slice(&self.buffer[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}
