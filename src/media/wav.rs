//! Reads the wav files that people upload as prompts.
//!
//! `hound` reads linear PCM; G.711 in a wav it refuses, so those two formats are read here.

use std::{fs::File, io::Read, ops::Range, path::Path};

use crate::{g711::Law, prompt::PromptError};

/// Larger files are refused unread.
const LARGEST_BYTES: u64 = 128 * 1024 * 1024;

/// One channel of sound, samples within -1.0 and 1.0.
#[derive(Debug)]
pub struct Sound {
    pub samples: Vec<f32>,
    /// Samples a second.
    pub rate: u32,
}

/// Reads a wav file: 8 to 32 bit PCM, float, A-law or mu-law, 8 to 48 kHz, mono or stereo.
///
/// # Errors
/// [`PromptError`] when the file cannot be read or is none of these.
pub fn read(path: &Path) -> Result<Sound, PromptError> {
    let mut bytes = bytes_of(path)?;
    cut_to_the_file(&mut bytes);
    let (interleaved, channels, rate) = match g711_of(&bytes) {
        Some(found) => found,
        None => linear(&bytes)?,
    };
    sound_of(&interleaved, channels, rate)
}

/// A file's content, if it is no larger than a prompt may be.
pub fn bytes_of(path: &Path) -> Result<Vec<u8>, PromptError> {
    let file = File::open(path).map_err(PromptError::Read)?;
    if file.metadata().map_err(PromptError::Read)?.len() > LARGEST_BYTES {
        return Err(PromptError::Format("the file is too large"));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST_BYTES)
        .read_to_end(&mut bytes)
        .map_err(PromptError::Read)?;
    Ok(bytes)
}

/// Interleaved samples as one channel, within the rates that are taken.
pub fn sound_of(interleaved: &[f32], channels: u16, rate: u32) -> Result<Sound, PromptError> {
    if !(8_000..=48_000).contains(&rate) {
        return Err(PromptError::Format(
            "the sample rate is not within 8 and 48 kHz",
        ));
    }
    Ok(Sound {
        samples: mono(interleaved, channels)?,
        rate,
    })
}

fn linear(bytes: &[u8]) -> Result<(Vec<f32>, u16, u32), PromptError> {
    let reader = hound::WavReader::new(bytes).map_err(PromptError::Wav)?;
    let spec = reader.spec();
    if !(1..=32).contains(&spec.bits_per_sample) {
        return Err(PromptError::Format("samples of an unknown size"));
    }
    let samples = match spec.sample_format {
        hound::SampleFormat::Float => reader.into_samples::<f32>().collect::<Result<Vec<_>, _>>(),
        hound::SampleFormat::Int => {
            let scale = 1.0 / (1_u32 << (spec.bits_per_sample - 1)) as f32;
            reader
                .into_samples::<i32>()
                .map(|s| s.map(|s| s as f32 * scale))
                .collect()
        }
    };
    Ok((
        samples.map_err(PromptError::Wav)?,
        spec.channels,
        spec.sample_rate,
    ))
}

/// The content of a G.711 wav; `None` when it is another format or broken, which is for `hound`
/// to say.
fn g711_of(bytes: &[u8]) -> Option<(Vec<f32>, u16, u32)> {
    if bytes.get(..4)? != b"RIFF" || bytes.get(8..12)? != b"WAVE" {
        return None;
    }
    let format = chunk(bytes, b"fmt ")?;
    let law = match u16_at(format, 0)? {
        6 => Law::Pcma,
        7 => Law::Pcmu,
        _ => return None,
    };
    let channels = u16_at(format, 2)?;
    let rate = u32::from_le_bytes(format.get(4..8)?.try_into().ok()?);
    let data = chunk(bytes, b"data")?;
    let samples = data
        .iter()
        .map(|&byte| f32::from(law.decode(byte)) / 32_768.0)
        .collect();
    Some((samples, channels, rate))
}

/// A writer that was killed, or wrote into a pipe, leaves a size larger than the file: then what is
/// there is the sound.
fn cut_to_the_file(bytes: &mut [u8]) -> Option<()> {
    let frame = usize::from(u16_at(chunk(bytes, b"fmt ")?, 12)?.max(1));
    let sound = place_of(bytes, b"data")?;
    let size = sound.start - 4..sound.start;
    let said = u32::from_le_bytes(bytes[size.clone()].try_into().ok()?) as usize;
    if said > sound.len() {
        let whole = u32::try_from(sound.len() / frame * frame).ok()?;
        bytes[size].copy_from_slice(&whole.to_le_bytes());
    }
    Some(())
}

fn chunk<'a>(bytes: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    bytes.get(place_of(bytes, name)?)
}

/// Where the content of a chunk is, as far as the file goes.
fn place_of(bytes: &[u8], name: &[u8; 4]) -> Option<Range<usize>> {
    let mut at = 12;
    loop {
        let size = u32::from_le_bytes(bytes.get(at + 4..at + 8)?.try_into().ok()?) as usize;
        let body = at + 8;
        if bytes.get(at..at + 4)? == name {
            return Some(body..bytes.len().min(body.saturating_add(size)));
        }
        at = body.checked_add(size + size % 2)?;
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn mono(interleaved: &[f32], channels: u16) -> Result<Vec<f32>, PromptError> {
    match channels {
        1 => Ok(interleaved.to_vec()),
        2 => Ok(interleaved
            .chunks_exact(2)
            .map(|pair| (pair[0] + pair[1]) / 2.0)
            .collect()),
        _ => Err(PromptError::Format("neither mono nor stereo")),
    }
}
