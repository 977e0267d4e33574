//! What a recording is written into: a wav file that can be played while it grows, or a sealed file.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use seal::Writer;

use crate::g711::RATE;

/// What the name of a sealed recording ends with, after that of the wav file that it holds.
pub const SEALED: &str = "sealed";

/// A file that is being written.
pub enum Sink {
    Plain(hound::WavWriter<BufWriter<File>>),
    /// The samples alone, little-endian, left and right in turn: how long the file is stands in no
    /// header that would have to be written again. Whoever opens it puts the header before it.
    Sealed(Box<Writer<BufWriter<File>>>),
}

impl Sink {
    /// Begins the file, and says what it is called in the end.
    pub fn create(path: &Path, key: Option<&seal::Key>) -> io::Result<(Self, PathBuf)> {
        let Some(key) = key else {
            let mut writer = hound::WavWriter::create(path, spec()).map_err(plain)?;
            writer.flush().map_err(plain)?;
            return Ok((Self::Plain(writer), path.to_owned()));
        };
        let mut name = path.as_os_str().to_owned();
        name.push(".");
        name.push(SEALED);
        let path = PathBuf::from(name);
        let file = BufWriter::new(File::create(&path)?);
        let mut writer = Writer::new(file, key)?;
        writer.flush()?;
        Ok((Self::Sealed(Box::new(writer)), path))
    }

    pub fn write(&mut self, sample: i16) -> io::Result<()> {
        match self {
            Self::Plain(wav) => wav.write_sample(sample).map_err(plain),
            Self::Sealed(sealed) => sealed.write_all(&sample.to_le_bytes()),
        }
    }

    /// What is written so far can be played after a crash; of a sealed file, whole chunks can.
    pub fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(wav) => wav.flush().map_err(plain),
            Self::Sealed(sealed) => sealed.flush(),
        }
    }

    pub fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(wav) => wav.finalize().map_err(plain),
            Self::Sealed(sealed) => sealed.finish().map(|_| ()),
        }
    }
}

fn plain(error: hound::Error) -> io::Error {
    match error {
        hound::Error::IoError(error) => error,
        other => io::Error::other(other),
    }
}

fn spec() -> hound::WavSpec {
    hound::WavSpec {
        channels: 2,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    }
}
