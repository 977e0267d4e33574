//! .csv: UTF-8 where the bytes are, UTF-16 where a mark says so, else GB18030 (OUT-033).

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek},
    path::Path,
};

use encoding_rs::{CoderResult, Decoder, Encoding, GB18030, UTF_8};

use super::{COLUMNS_KEPT, Flow, Part, Row, Take, clip, damaged, not_a_spreadsheet};
use crate::error::JobError;

/// Whether the first bytes of a file could be text, in whatever encoding.
pub fn looks_like(start: &[u8]) -> bool {
    if Encoding::for_bom(start).is_some() {
        return true;
    }
    let is_control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
    !start.is_empty()
        && !start.iter().any(is_control)
        && !start.starts_with(b"%PDF")
        && !start.trim_ascii_start().starts_with(b"<")
        && !start.trim_ascii_start().starts_with(b"{")
}

pub fn read(path: &Path, take: &mut Take<'_>) -> Result<(), JobError> {
    let Nature { encoding, lines } = nature(path)?;
    take(Part::About(lines))?;
    let mut file = File::open(path)?;
    let delimiter = delimiter(&mut file, encoding)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(Utf8::new(file, encoding));
    let mut record = csv::StringRecord::new();
    let mut no = 0;
    while reader.read_record(&mut record).map_err(damaged)? {
        no += 1;
        let kept = if no == 1 { usize::MAX } else { COLUMNS_KEPT };
        let cells = record.iter().take(kept).map(clip).collect();
        if take(Part::Row(Row { no, cells }))? == Flow::Stop {
            return Ok(());
        }
    }
    Ok(())
}

struct Nature {
    encoding: &'static Encoding,
    /// Rows, unless a cell holds a line end.
    lines: u32,
}

/// The encoding in which the whole file makes sense.
fn nature(path: &Path) -> Result<Nature, JobError> {
    let mut file = File::open(path)?;
    let mut start = [0_u8; 3];
    let count = file.read(&mut start)?;
    if let Some((encoding, _)) = Encoding::for_bom(&start[..count]) {
        return Ok(Nature { encoding, lines: 0 });
    }
    for encoding in [UTF_8, GB18030] {
        file.rewind()?;
        if let Some(lines) = lines_in(&mut file, encoding)? {
            return Ok(Nature { encoding, lines });
        }
    }
    Err(not_a_spreadsheet())
}

/// Line ends of a file that makes sense in this encoding; `None` when it does not.
fn lines_in(file: &mut File, encoding: &'static Encoding) -> io::Result<Option<u32>> {
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
        lines += input[..count].iter().filter(|byte| **byte == b'\n').count();
    }
}

/// The separator that the header uses most, a comma when in doubt.
fn delimiter(file: &mut File, encoding: &'static Encoding) -> Result<u8, JobError> {
    let mut start = Vec::new();
    file.take(64 * 1024).read_to_end(&mut start)?;
    file.rewind()?;
    let (text, ..) = encoding.decode(&start);
    let line = text.lines().next().unwrap_or_default();
    let count = |byte: u8| line.bytes().filter(|other| *other == byte).count();
    let most = [b',', b';', b'\t']
        .into_iter()
        .rev()
        .max_by_key(|byte| count(*byte));
    Ok(most.unwrap_or(b','))
}

/// Reads any encoding as UTF-8, without its mark.
struct Utf8<R> {
    input: BufReader<R>,
    decoder: Decoder,
    buffer: Vec<u8>,
    filled: usize,
    given: usize,
    at_end: bool,
}

impl<R: Read> Utf8<R> {
    fn new(input: R, encoding: &'static Encoding) -> Self {
        Self {
            input: BufReader::with_capacity(64 * 1024, input),
            decoder: encoding.new_decoder_with_bom_removal(),
            buffer: vec![0; 256 * 1024],
            filled: 0,
            given: 0,
            at_end: false,
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        use std::io::BufRead;
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
