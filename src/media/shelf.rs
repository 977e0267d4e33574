//! The folder of prompts: what is uploaded is converted once and kept beside its original.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use crate::{
    g711::RATE,
    mp3,
    prompt::PromptError,
    resample, tone,
    wav::{self, Sound},
};

/// Below the folder of prompts: what was uploaded, as it was.
const ORIGINALS: &str = "originals";
/// Longest name, bytes.
const LONGEST_NAME: usize = 64;

type Reader = fn(&Path) -> Result<Sound, PromptError>;

/// What a prompt's file may be, the first that is there counts.
const READERS: [(&str, Reader); 2] = [("wav", wav::read), ("mp3", mp3::read)];

/// See the module.
#[derive(Debug, Clone)]
pub struct Shelf {
    folder: PathBuf,
}

/// A prompt on the shelf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub name: String,
    /// How long it plays, in milliseconds; `None` for a file that cannot be played.
    pub ms: Option<u64>,
    /// Of the file that is played.
    pub bytes: u64,
    pub changed: SystemTime,
    /// `wav` or `mp3`, where the original is kept.
    pub original: Option<&'static str>,
}

/// A prompt's file.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    path: PathBuf,
    read: Reader,
    changed: SystemTime,
    bytes: u64,
}

impl PartialEq for Found {
    /// Whether it is the same file with the same content, as far as the disk tells.
    fn eq(&self, other: &Self) -> bool {
        (&self.path, self.changed, self.bytes) == (&other.path, other.changed, other.bytes)
    }
}

impl Found {
    pub fn read(&self) -> Result<Sound, PromptError> {
        (self.read)(&self.path)
    }
}

impl Shelf {
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Whether a prompt may be put here under this name: 1 to 64 bytes of letters, digits, `-` and `_`.
    #[must_use]
    pub fn takes(name: &str) -> bool {
        let named = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
        (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(named)
    }

    /// Whether something can be played under this name: a file, or a tone that needs none.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some() || tone::is_built_in(name)
    }

    /// Every prompt that is a file, by name.
    ///
    /// # Errors
    /// When the folder cannot be read; one that is not there has none.
    pub fn list(&self) -> io::Result<Vec<Kept>> {
        let names = self.names()?;
        Ok(names
            .into_iter()
            .filter_map(|name| self.one(&name))
            .collect())
    }

    /// One prompt that is a file.
    #[must_use]
    pub fn one(&self, name: &str) -> Option<Kept> {
        let found = self.find(name)?;
        let original = READERS
            .iter()
            .find(|(kind, _)| self.original(name, kind).is_file());
        Some(Kept {
            name: name.to_owned(),
            ms: length(&found),
            bytes: found.bytes,
            changed: found.changed,
            original: original.map(|(kind, _)| *kind),
        })
    }

    /// The file that is played, and the original where it is kept.
    #[must_use]
    pub fn paths(&self, name: &str) -> (Option<PathBuf>, Option<PathBuf>) {
        let originals = READERS.iter().map(|(kind, _)| self.original(name, kind));
        let original = originals.into_iter().find(|path| path.is_file());
        let played = self.find(name).map(|found| found.path);
        (played, original.filter(|_| Self::takes(name)))
    }

    /// Converts a wav or mp3 file to 8 kHz, mono, 16 bit, and takes both in under this name, in place of
    /// what had it. The file is moved. From then on it is what is played, also by calls that are up.
    ///
    /// # Errors
    /// [`PromptError`] when it is no sound that can be used, [`PromptError::Unknown`] for a name that is
    /// none; then nothing has changed.
    pub fn put(&self, name: &str, file: &Path) -> Result<Kept, PromptError> {
        if !Self::takes(name) {
            return Err(PromptError::Unknown);
        }
        let (kind, read) = kind_of(file)?;
        let sound = read(file)?;
        if sound.samples.is_empty() {
            return Err(PromptError::Format("there is no sound in it"));
        }
        let samples = resample::to_8k(&sound.samples, sound.rate);
        drop(sound);
        fs::create_dir_all(self.folder.join(ORIGINALS)).map_err(PromptError::Read)?;
        let half = self.folder.join(ORIGINALS).join(format!("{name}.part"));
        write(&half, &samples)?;
        let played = self.folder.join(format!("{name}.wav"));
        let moved = fs::rename(file, self.original(name, kind))
            .and_then(|()| fs::rename(&half, &played))
            .and_then(|()| self.forget_others(name, kind));
        moved.map_err(PromptError::Read)?;
        self.one(name).ok_or(PromptError::Unknown)
    }

    /// Takes a prompt and its original away; false when there is none.
    ///
    /// # Errors
    /// When a file cannot be deleted.
    pub fn remove(&self, name: &str) -> io::Result<bool> {
        let mut was_there = false;
        for (kind, _) in READERS {
            let played = self.path_of(name, kind);
            let files = [played, Some(self.original(name, kind))];
            for path in files.into_iter().flatten().filter(|_| Self::takes(name)) {
                was_there |= gone(&path)?;
            }
        }
        Ok(was_there)
    }

    /// What may have had the name before: an mp3 that is hidden now, an original of the other kind.
    fn forget_others(&self, name: &str, kind: &str) -> io::Result<()> {
        for (other, _) in READERS {
            if other != kind {
                gone(&self.original(name, other))?;
            }
        }
        gone(&self.folder.join(format!("{name}.mp3"))).map(|_| ())
    }

    fn original(&self, name: &str, kind: &str) -> PathBuf {
        self.folder.join(ORIGINALS).join(format!("{name}.{kind}"))
    }

    pub(crate) fn find(&self, name: &str) -> Option<Found> {
        READERS.into_iter().find_map(|(kind, read)| {
            let path = self.path_of(name, kind)?;
            let file = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
            Some(Found {
                path,
                read,
                changed: file.modified().ok()?,
                bytes: file.len(),
            })
        })
    }

    /// Where a prompt's file would be; `None` for a name that would leave the folder.
    fn path_of(&self, name: &str, kind: &str) -> Option<PathBuf> {
        let mut parts = Path::new(name).components();
        let part = parts.next()?;
        let inside = matches!(part, std::path::Component::Normal(_)) && parts.next().is_none();
        inside.then(|| self.folder.join(format!("{name}.{kind}")))
    }

    /// The names of all files that could be prompts, sorted.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub fn names(&self) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let kind = path.extension();
            let is_known = READERS
                .iter()
                .any(|(known, _)| kind == Some(known.as_ref()));
            let name = path.file_stem().filter(|_| is_known);
            names.extend(name.and_then(|name| name.to_str()).map(str::to_owned));
        }
        names.sort();
        names.dedup();
        Ok(names)
    }
}

/// By its content: people rename files.
fn kind_of(file: &Path) -> Result<(&'static str, Reader), PromptError> {
    let mut head = [0; 4];
    let read = fs::File::open(file).and_then(|mut file| io::Read::read_exact(&mut file, &mut head));
    match read {
        Ok(()) if &head == b"RIFF" => Ok(READERS[0]),
        Ok(()) => Ok(READERS[1]),
        Err(_) => Err(PromptError::Format("there is no sound in it")),
    }
}

fn length(found: &Found) -> Option<u64> {
    // The header of a wav tells; of what has none to trust the sound does.
    if let Ok(wav) = hound::WavReader::open(&found.path) {
        let rate = u64::from(wav.spec().sample_rate).max(1);
        return Some(u64::from(wav.duration()) * 1_000 / rate);
    }
    let sound = found.read().ok()?;
    Some(sound.samples.len() as u64 * 1_000 / u64::from(sound.rate))
}

fn write(path: &Path, samples: &[i16]) -> Result<(), PromptError> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).map_err(PromptError::Wav)?;
    for &sample in samples {
        writer.write_sample(sample).map_err(PromptError::Wav)?;
    }
    writer.finalize().map_err(PromptError::Wav)?;
    let file = fs::File::open(path).map_err(PromptError::Read)?;
    file.sync_all().map_err(PromptError::Read)
}

/// Deletes a file; false when it was not there.
fn gone(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MP3: &[u8] = include_bytes!("testdata/kilohertz.mp3");

    fn wav(path: &Path, rate: u32, channels: u16, seconds: u32) {
        let spec = hound::WavSpec {
            channels,
            sample_rate: rate,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(path, spec).expect("a file");
        let count = rate * u32::from(channels) * seconds;
        (0..count).for_each(|n| writer.write_sample((n % 900) as i16).expect("a sample"));
        writer.finalize().expect("a whole file");
    }

    #[test]
    fn what_is_uploaded_is_converted_once_and_its_original_kept() {
        let home = tempfile::tempdir().expect("a folder");
        let shelf = Shelf::new(home.path().join("prompts"));
        assert_eq!(shelf.list().expect("none"), []);
        let upload = home.path().join("upload.bin");
        wav(&upload, 48_000, 2, 2);
        let before = fs::read(&upload).expect("a file");
        let kept = shelf.put("欢迎", &upload).expect("a usable file");
        assert_eq!((kept.ms, kept.original), (Some(2_000), Some("wav")));
        assert!(!upload.exists());
        let (played, original) = shelf.paths("欢迎");
        assert_eq!(fs::read(original.expect("kept")).expect("a file"), before);
        let spec = hound::WavReader::open(played.expect("there"))
            .expect("a wav")
            .spec();
        assert_eq!(
            (spec.sample_rate, spec.channels, spec.bits_per_sample),
            (8_000, 1, 16)
        );

        fs::write(&upload, MP3).expect("a file");
        let kept = shelf.put("欢迎", &upload).expect("a usable file");
        assert!(
            kept.ms.is_some_and(|ms| (950..=1_100).contains(&ms)),
            "{kept:?}"
        );
        assert_eq!(kept.original, Some("mp3"));
        assert_eq!(shelf.list().expect("a list"), [kept]);
        assert!(shelf.has("欢迎") && shelf.has("tone:440") && !shelf.has("nobody"));
        assert!(shelf.remove("欢迎").expect("ours"));
        assert!(!shelf.remove("欢迎").expect("nothing"));
        let left = fs::read_dir(home.path().join("prompts/originals")).expect("a folder");
        assert_eq!(left.count(), 0);
    }

    #[test]
    fn what_cannot_be_used_changes_nothing() {
        let home = tempfile::tempdir().expect("a folder");
        let shelf = Shelf::new(home.path().to_owned());
        let upload = home.path().join("upload.bin");
        wav(&upload, 8_000, 1, 1);
        let kept = shelf.put("hello", &upload).expect("a usable file");
        for bytes in [&b""[..], b"RIFF", b"a letter, not a sound", &MP3[..60]] {
            fs::write(&upload, bytes).expect("a file");
            assert!(shelf.put("hello", &upload).is_err(), "{bytes:?}");
        }
        wav(&upload, 96_000, 1, 1);
        assert!(matches!(
            shelf.put("hello", &upload),
            Err(PromptError::Format(_))
        ));
        wav(&upload, 8_000, 1, 0);
        assert!(matches!(
            shelf.put("hello", &upload),
            Err(PromptError::Format(_))
        ));
        wav(&upload, 8_000, 1, 1);
        for name in ["", "..", "a/b", "tone:440", "a.b", &"x".repeat(65)] {
            assert!(
                matches!(shelf.put(name, &upload), Err(PromptError::Unknown)),
                "{name}"
            );
            assert!(!shelf.remove(name).expect("nothing"));
        }
        assert_eq!(shelf.list().expect("a list"), [kept]);
    }

    #[test]
    fn what_a_house_copies_here_is_listed_with_its_length() {
        let home = tempfile::tempdir().expect("a folder");
        let shelf = Shelf::new(home.path().to_owned());
        wav(&home.path().join("copied.wav"), 16_000, 2, 3);
        fs::write(home.path().join("song.mp3"), MP3).expect("a file");
        fs::write(home.path().join("broken.wav"), b"hello").expect("a file");
        fs::write(home.path().join("notes.txt"), b"hello").expect("a file");
        let list = shelf.list().expect("a list");
        let told: Vec<_> = list
            .iter()
            .map(|kept| (kept.name.as_str(), kept.original))
            .collect();
        assert_eq!(told, [("broken", None), ("copied", None), ("song", None)]);
        assert_eq!((list[0].ms, list[1].ms), (None, Some(3_000)));
        assert!(list[2].ms.is_some());
    }
}
