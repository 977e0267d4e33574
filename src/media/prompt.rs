//! Prompts: read once, converted once, shared by every leg that plays them.

use std::{
    collections::HashMap,
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    g711::{Law, RATE},
    mp3, resample, tone,
    wav::{self, Sound},
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
    #[error("not a usable wav file")]
    Wav(#[source] hound::Error),
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

type Reader = fn(&Path) -> Result<Sound, PromptError>;

/// What a prompt's file may be, the first that is there counts.
const READERS: [(&str, Reader); 2] = [("wav", wav::read), ("mp3", mp3::read)];

/// All prompts by name: the built-in tones and the wav and mp3 files of one directory.
///
/// `welcome` is `<directory>/welcome.wav` or `welcome.mp3`; the built-in names are `tone:<hz>[:<ms>]`,
/// `silence[:<ms>]`, `voice[:<ms>]`, `music` and `ringback`. A file hides a built-in of the same name.
#[derive(Debug)]
pub struct Prompts {
    directory: Option<PathBuf>,
    loaded: Mutex<HashMap<String, Arc<Prompt>>>,
}

impl Prompts {
    /// Reads the directory's wav files ahead; one that cannot be read is told in the log.
    #[must_use]
    pub fn open(directory: Option<PathBuf>) -> Self {
        let prompts = Self {
            directory,
            loaded: Mutex::default(),
        };
        for name in prompts.names_on_disk() {
            if let Err(error) = prompts.get(&name) {
                tracing::warn!(prompt = name, %error, "a prompt cannot be loaded");
            }
        }
        prompts
    }

    /// The prompt of that name, read from its file if this is the first time.
    ///
    /// # Errors
    /// [`PromptError`] when there is none or its file is unusable.
    pub fn get(&self, name: &str) -> Result<Arc<Prompt>, PromptError> {
        if let Some(prompt) = self.lock().get(name) {
            return Ok(prompt.clone());
        }
        let prompt = Arc::new(self.load(name)?);
        self.lock().insert(name.to_owned(), prompt.clone());
        Ok(prompt)
    }

    fn load(&self, name: &str) -> Result<Prompt, PromptError> {
        for (extension, read) in READERS {
            let path = self.path_of(name, extension);
            if let Some(path) = path.filter(|path| path.is_file()) {
                return Prompt::of_sound(&read(&path)?);
            }
        }
        let samples = tone::built_in(name).ok_or(PromptError::Unknown)?;
        Ok(Prompt::of_samples(&samples))
    }

    /// Where a prompt's file would be; `None` for a name that would leave the directory.
    fn path_of(&self, name: &str, extension: &str) -> Option<PathBuf> {
        let inside = Path::new(name)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        let directory = self.directory.as_ref()?;
        (inside && !name.is_empty()).then(|| directory.join(format!("{name}.{extension}")))
    }

    fn names_on_disk(&self) -> Vec<String> {
        let Some(entries) = self
            .directory
            .as_ref()
            .and_then(|dir| std::fs::read_dir(dir).ok())
        else {
            return Vec::new();
        };
        let paths = entries.flatten().map(|entry| entry.path());
        paths
            .filter(|path| {
                let known =
                    |(extension, _): &(&str, Reader)| path.extension() == Some(extension.as_ref());
                READERS.iter().any(known)
            })
            .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
            .take(MOST_PRELOADED)
            .collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Prompt>>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
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
