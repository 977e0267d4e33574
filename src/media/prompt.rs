//! Prompts: read once, converted once, shared by every leg that plays them.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    g711::{Law, RATE},
    resample,
    shelf::{Found, Shelf},
    tone,
    wav::Sound,
};

/// How many files of the prompt directory are read at the start.
const MOST_PRELOADED: usize = 500;

/// Why a prompt cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    #[error("no prompt has that name")]
    Unknown,
    #[error("the file cannot be read")]
    Read(#[source] std::io::Error),
    #[error("not a usable wav file: {0}")]
    Wav(hound::Error),
    #[error("not a usable sound file: {0}")]
    Format(&'static str),
}

/// One prompt in both laws, at 8 kHz.
#[derive(Debug)]
pub struct Prompt {
    pcmu: Box<[u8]>,
    pcma: Box<[u8]>,
}

impl Prompt {
    /// Makes a prompt of samples at 8 kHz.
    #[must_use]
    pub fn of_samples(samples: &[i16]) -> Self {
        let encode = |law: Law| samples.iter().map(|&sample| law.encode(sample)).collect();
        Self {
            pcmu: encode(Law::Pcmu),
            pcma: encode(Law::Pcma),
        }
    }

    /// Converts an uploaded sound.
    ///
    /// # Errors
    /// [`PromptError::Format`] for one without any sound in it.
    pub fn of_sound(sound: &Sound) -> Result<Self, PromptError> {
        if sound.samples.is_empty() {
            return Err(PromptError::Format("there is no sound in it"));
        }
        Ok(Self::of_samples(&resample::to_8k(
            &sound.samples,
            sound.rate,
        )))
    }

    /// The prompt's bytes in one law.
    #[must_use]
    pub fn bytes(&self, law: Law) -> &[u8] {
        match law {
            Law::Pcmu => &self.pcmu,
            Law::Pcma => &self.pcma,
        }
    }

    /// How long it plays once, in milliseconds.
    #[must_use]
    pub fn ms(&self) -> u64 {
        self.pcmu.len() as u64 * 1_000 / u64::from(RATE)
    }
}

/// All prompts by name: the built-in tones and the wav and mp3 files of one directory.
///
/// `welcome` is `<directory>/welcome.wav` or `welcome.mp3`; the built-in names are `tone:<hz>[:<ms>]`,
/// `silence[:<ms>]`, `voice[:<ms>]`, `music`, `ringback`, `dial-tone` and `refused`. A file hides a built-in of the same name. A file
/// that is put in the place of another is heard by whoever hears the prompt next.
#[derive(Debug)]
pub struct Prompts {
    shelf: Option<Shelf>,
    loaded: Mutex<HashMap<String, Loaded>>,
}

/// A prompt that was read, and the file that it was; `None`: a built-in.
#[derive(Debug, Clone)]
struct Loaded {
    prompt: Arc<Prompt>,
    of: Option<Found>,
}

impl Prompts {
    /// Reads the directory's files ahead; one that cannot be read is told in the log.
    #[must_use]
    pub fn open(directory: Option<PathBuf>) -> Self {
        let prompts = Self {
            shelf: directory.map(Shelf::new),
            loaded: Mutex::default(),
        };
        let names = prompts.shelf.as_ref().map(Shelf::names);
        let names = names.and_then(Result::ok).unwrap_or_default();
        for name in names.iter().take(MOST_PRELOADED) {
            if let Err(error) = prompts.get(name) {
                tracing::warn!(prompt = name, %error, "a prompt cannot be loaded");
            }
        }
        prompts
    }

    /// The prompt of that name, read from its file if this is the first time or the file is another one. While
    /// a new file cannot be read, as one that is just being copied, what was heard before is heard.
    ///
    /// # Errors
    /// [`PromptError`] when there is none or its file is unusable.
    pub fn get(&self, name: &str) -> Result<Arc<Prompt>, PromptError> {
        let found = self.shelf.as_ref().and_then(|shelf| shelf.find(name));
        let before = self.lock().get(name).cloned();
        if let Some(loaded) = before.as_ref().filter(|loaded| loaded.of == found) {
            return Ok(loaded.prompt.clone());
        }
        match load(name, found.as_ref()) {
            Ok(prompt) => {
                let prompt = Arc::new(prompt);
                let loaded = Loaded {
                    prompt: prompt.clone(),
                    of: found,
                };
                self.lock().insert(name.to_owned(), loaded);
                Ok(prompt)
            }
            Err(error) => match before.filter(|_| found.is_some()) {
                Some(loaded) => {
                    tracing::warn!(prompt = name, %error, "the new file of a prompt cannot be loaded");
                    Ok(loaded.prompt)
                }
                None => Err(error),
            },
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Loaded>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn load(name: &str, found: Option<&Found>) -> Result<Prompt, PromptError> {
    match found {
        Some(found) => Prompt::of_sound(&found.read()?),
        None => {
            let samples = tone::built_in(name).ok_or(PromptError::Unknown)?;
            Ok(Prompt::of_samples(&samples))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{g711::Law, goertzel};

    fn decoded(prompt: &Prompt, law: Law) -> Vec<i16> {
        prompt
            .bytes(law)
            .iter()
            .map(|&byte| law.decode(byte))
            .collect()
    }

    fn write_wav(path: &Path, rate: u32, channels: u16, bits: u16) {
        let sample_format = hound::SampleFormat::Int;
        let spec = hound::WavSpec {
            channels,
            sample_rate: rate,
            bits_per_sample: bits,
            sample_format,
        };
        let mut writer = hound::WavWriter::create(path, spec).expect("a new wav");
        let scale = f64::from(1_u32 << (bits - 1)) * 0.4;
        for n in 0..rate {
            let angle = std::f64::consts::TAU * 1_000.0 * f64::from(n) / f64::from(rate);
            for _ in 0..channels {
                writer
                    .write_sample((angle.sin() * scale) as i32)
                    .expect("a sample");
            }
        }
        writer.finalize().expect("a whole wav");
    }

    fn write_g711_wav(path: &Path, law: Law) {
        let data: Vec<u8> = tone::sine(1_000.0, 1_000)
            .iter()
            .map(|&s| law.encode(s))
            .collect();
        let tag = if law == Law::Pcma { 6_u16 } else { 7 };
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x12\0\0\0".to_vec();
        bytes.extend(tag.to_le_bytes());
        bytes.extend(1_u16.to_le_bytes());
        bytes.extend(8_000_u32.to_le_bytes());
        bytes.extend(8_000_u32.to_le_bytes());
        bytes.extend([1, 0, 8, 0, 0, 0]);
        bytes.extend(b"data");
        bytes.extend((data.len() as u32).to_le_bytes());
        bytes.extend(data);
        std::fs::write(path, bytes).expect("a written file");
    }

    #[test]
    fn wav_files_of_every_kind_sound_alike() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(format!("{name}.wav"));
        write_wav(&at("mono16"), 8_000, 1, 16);
        write_wav(&at("stereo48"), 48_000, 2, 16);
        write_wav(&at("eight"), 16_000, 1, 8);
        write_g711_wav(&at("alaw"), Law::Pcma);
        write_g711_wav(&at("ulaw"), Law::Pcmu);
        let prompts = Prompts::open(Some(folder.path().to_owned()));
        for name in ["mono16", "stereo48", "eight", "alaw", "ulaw"] {
            let prompt = prompts.get(name).expect(name);
            assert_eq!(prompt.ms(), 1_000, "{name}");
            for law in [Law::Pcmu, Law::Pcma] {
                let db = goertzel::over_noise_db(&decoded(&prompt, law), 1_000.0);
                assert!(db > 25.0, "{name} {law:?} {db}");
            }
        }
    }

    #[test]
    fn a_file_in_the_place_of_another_is_heard_and_one_that_is_gone_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("hello.wav");
        let prompts = Prompts::open(Some(folder.path().to_owned()));
        assert!(prompts.get("hello").is_err());
        write_wav(&path, 8_000, 1, 16);
        assert_eq!(prompts.get("hello").expect("a file").ms(), 1_000);
        let new = folder.path().join("new.part");
        write_wav(&new, 16_000, 2, 16);
        std::fs::rename(&new, &path).expect("one file");
        let heard = prompts.get("hello").expect("the new one");
        assert!(Arc::ptr_eq(
            &heard,
            &prompts.get("hello").expect("read once")
        ));
        assert_eq!(heard.bytes(Law::Pcma).len(), 8_000);
        std::fs::write(&path, b"RIFF, and more to come").expect("half a copy");
        let before = prompts.get("hello").expect("what was heard before");
        assert!(Arc::ptr_eq(&heard, &before));
        std::fs::remove_file(&path).expect("a file");
        assert!(matches!(prompts.get("hello"), Err(PromptError::Unknown)));
    }

    #[test]
    fn a_name_cannot_leave_the_directory() {
        let folder = tempfile::tempdir().expect("a folder");
        write_wav(&folder.path().join("secret.wav"), 8_000, 1, 16);
        let inner = folder.path().join("inner");
        std::fs::create_dir(&inner).expect("a folder");
        let prompts = Prompts::open(Some(inner));
        for name in ["../secret", "/etc/passwd", "", "x/../../secret"] {
            assert!(
                matches!(prompts.get(name), Err(PromptError::Unknown)),
                "{name}"
            );
        }
    }

    #[test]
    fn a_file_that_is_no_wav_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, bytes) in [
            ("text", &b"hello"[..]),
            ("cut", b"RIFF\0\0\0\0WAVEfmt \x10"),
        ] {
            std::fs::write(folder.path().join(format!("{name}.wav")), bytes).expect("a file");
            let prompts = Prompts::open(Some(folder.path().to_owned()));
            assert!(prompts.get(name).is_err(), "{name}");
        }
    }

    #[test]
    fn an_mp3_sounds_like_a_wav() {
        // One second of 1 kHz at 44.1 kHz, mono, 64 kbit/s.
        let bytes = include_bytes!("testdata/kilohertz.mp3");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("tone.mp3"), bytes).expect("a file");
        std::fs::write(folder.path().join("cut.mp3"), &bytes[..60]).expect("a file");
        let prompts = Prompts::open(Some(folder.path().to_owned()));
        let prompt = prompts.get("tone").expect("a usable mp3");
        assert!((950..=1_100).contains(&prompt.ms()), "{} ms", prompt.ms());
        let heard = decoded(&prompt, Law::Pcma);
        let db = goertzel::best_over_noise_db(&heard, 1_000.0);
        assert!(db > 25.0, "{db}");
        assert!(matches!(prompts.get("cut"), Err(PromptError::Format(_))));
    }
}
