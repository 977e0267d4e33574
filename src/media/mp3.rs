//! Reads the mp3 files that people upload as prompts.

use std::path::Path;

use nanomp3::{Channels, SliceReader};

use crate::{
    prompt::PromptError,
    wav::{self, Sound},
};

/// A longer one is refused: a quarter of an hour at 48 kHz. A small file may unpack to a large sound.
const MOST_SAMPLES: usize = 900 * 48_000;

/// Reads an mp3 file, mono or stereo, 8 to 48 kHz.
///
/// # Errors
/// [`PromptError`] when the file cannot be read, holds no mp3 sound, or too much of it.
pub fn read(path: &Path) -> Result<Sound, PromptError> {
    let bytes = wav::bytes_of(path)?;
    let unusable = |_| PromptError::Format("the mp3 cannot be decoded");
    let mut reader = SliceReader::<f32>::new(&bytes);
    let mut samples = Vec::new();
    let mut piece = vec![0.0; 8_192];
    loop {
        let count = reader.read(&mut piece).map_err(unusable)?;
        if count == 0 {
            break;
        }
        match reader.channels() {
            Some(Channels::Stereo) => {
                let pairs = piece[..count].chunks(2);
                samples.extend(pairs.map(|pair| pair.iter().sum::<f32>() / pair.len() as f32));
            }
            _ => samples.extend_from_slice(&piece[..count]),
        }
        if samples.len() > MOST_SAMPLES {
            return Err(PromptError::Format("the sound is too long"));
        }
    }
    if reader.channels().is_none() {
        return Err(PromptError::Format("there is no sound in it"));
    }
    wav::sound_of(&samples, 1, reader.sample_rate())
}
