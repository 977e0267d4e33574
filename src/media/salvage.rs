//! Recordings whose writer was killed: made playable to their end, and measured.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

use crate::{g711::RATE, sink::SEALED};

/// Bytes of one sample of both channels.
const BLOCK: u64 = 4;
/// No header of ours is longer.
const LONGEST_HEADER: u64 = 1_024;

/// How long the sound of a recording is, in milliseconds. The header of a wav file is made true first:
/// its writer had no time to.
///
/// # Errors
/// When the file cannot be read or written, is no recording, or is sealed with a key that is not here.
pub fn salvage(path: &Path, keys: Option<&seal::Keys>) -> io::Result<u64> {
    let bytes = match path.extension().is_some_and(|it| it == SEALED) {
        true => sealed(path, keys)?,
        false => mend(path)?,
    };
    Ok(bytes / BLOCK * 1_000 / u64::from(RATE))
}

fn sealed(path: &Path, keys: Option<&seal::Keys>) -> io::Result<u64> {
    let keys = keys.ok_or_else(|| io::Error::other("its key is not here"))?;
    let opened = seal::Reader::open(File::open(path)?, keys).map_err(io::Error::other)?;
    Ok(opened.length())
}

/// Makes the header of a wav file tell how much sound follows; gives that in bytes.
fn mend(path: &Path) -> io::Result<u64> {
    let mut file = File::options().read(true).write(true).open(path)?;
    let size = file.metadata()?.len();
    let mut head = Vec::new();
    (&mut file).take(LONGEST_HEADER).read_to_end(&mut head)?;
    let begin = data_at(&head).ok_or(io::ErrorKind::InvalidData)?;
    let bytes = size.saturating_sub(begin) / BLOCK * BLOCK;
    let end = begin + bytes;
    file.set_len(end)?;
    for (at, length) in [(4, end - 8), (begin - 4, bytes)] {
        let length = u32::try_from(length).map_err(io::Error::other)?;
        file.seek(SeekFrom::Start(at))?;
        file.write_all(&length.to_le_bytes())?;
    }
    file.sync_all()?;
    Ok(bytes)
}

/// Where the sound of a wav file begins.
fn data_at(head: &[u8]) -> Option<u64> {
    if head.get(..4)? != b"RIFF" || head.get(8..12)? != b"WAVE" {
        return None;
    }
    let mut at = 12;
    while head.get(at..at + 4)? != b"data" {
        let size = u32::from_le_bytes(head.get(at + 4..at + 8)?.try_into().ok()?) as usize;
        at = at.checked_add(8)?.checked_add(size + size % 2)?;
    }
    head.get(at + 4..at + 8)?;
    u64::try_from(at + 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::Sink;

    /// As much as a writer that is killed leaves: it neither flushes nor finishes.
    fn killed(path: &Path, key: Option<&seal::Key>, samples: usize) -> std::path::PathBuf {
        let (mut sink, path) = Sink::create(path, key).expect("a new file");
        (0..2 * samples).for_each(|_| sink.write(700).expect("a sample"));
        std::mem::forget(sink);
        path
    }

    #[test]
    fn a_torso_is_playable_to_its_end_and_as_long_as_it_says() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = killed(&folder.path().join("call.wav"), None, 3 * RATE as usize);
        let unmended = hound::WavReader::open(&path).expect("a header");
        assert_eq!(unmended.duration(), 0, "nothing is told of what is there");
        let mut file = File::options().append(true).open(&path).expect("ours");
        file.write_all(&[1, 2, 3]).expect("half a sample");
        let ms = salvage(&path, None).expect("a recording");
        // What the writer and the file buffer is lost.
        assert!((2_400..=3_000).contains(&ms), "{ms}");
        let mended = hound::WavReader::open(&path).expect("a header");
        assert_eq!(u64::from(mended.duration()) * 1_000 / u64::from(RATE), ms);
        let samples: Vec<i16> = mended.into_samples().flatten().collect();
        assert!(samples[..samples.len() - 4].iter().all(|it| *it == 700));
        assert_eq!(
            salvage(&path, None).expect("a recording"),
            ms,
            "twice is once"
        );
    }

    #[test]
    fn a_sealed_torso_is_measured_with_its_key_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = seal::Key::new([5; 32]);
        let path = killed(
            &folder.path().join("call.wav"),
            Some(&key),
            10 * RATE as usize,
        );
        let keys = seal::Keys::new(key, Vec::new());
        let ms = salvage(&path, Some(&keys)).expect("a recording");
        assert!((7_000..=10_000).contains(&ms), "{ms}");
        assert!(salvage(&path, None).is_err());
        let others = seal::Keys::new(seal::Key::new([6; 32]), Vec::new());
        assert!(salvage(&path, Some(&others)).is_err());
    }

    #[test]
    fn what_is_no_recording_is_left_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        for bytes in [
            &b""[..],
            b"RIFF",
            b"RIFF\0\0\0\0WAVEfmt \xff\xff\xff\xff",
            &[7; 2_000],
        ] {
            let path = folder.path().join("torso.wav");
            std::fs::write(&path, bytes).expect("a file");
            assert!(salvage(&path, None).is_err());
            assert_eq!(std::fs::read(&path).expect("a file"), bytes);
        }
    }
}
