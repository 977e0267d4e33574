//! The thread that writes recordings, so that a slow disk never delays sound.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::mpsc::Receiver,
};

use crate::{
    command::{LegId, RecordId},
    event::Event,
    g711::RATE,
    outlet::Outlet,
    sink::Sink,
};

/// Samples after which the header is made true again: five seconds.
const HEADER_EVERY: u64 = 5 * RATE as u64;
/// Samples of each side that a wav file has room for, whose lengths are numbers of 32 bits, with as much
/// to spare as any header needs: 37 hours.
const LONGEST: u64 = (u32::MAX as u64 - 1_024) / 4;

/// Why a recording of that length ends.
const TOO_LONG: &str = "a wav file has room for 37 hours: what follows is not recorded";

/// An order to the writer.
#[derive(Debug)]
pub enum Work {
    Create {
        leg: LegId,
        record: RecordId,
        path: PathBuf,
    },
    Write(Chunk),
    /// The recording is `samples` long; chunks that were lost at its end become silence.
    Close {
        leg: LegId,
        record: RecordId,
        samples: u64,
    },
}

/// A piece of sound, left and right interleaved.
#[derive(Debug)]
pub struct Chunk {
    pub leg: LegId,
    pub record: RecordId,
    /// Where it belongs, in samples since the start.
    pub at: u64,
    pub samples: Vec<i16>,
}

type Key = (LegId, RecordId);

/// Writes every recording of the engine.
#[derive(Debug)]
pub struct Recorder {
    files: HashMap<Key, Recording>,
    events: Outlet<Event>,
    /// Bytes that must stay free.
    reserve: u64,
    /// [`LONGEST`], or less.
    longest: u64,
    /// What recordings are sealed with.
    key: Option<seal::Key>,
}

/// A file that is being written.
struct Recording {
    path: PathBuf,
    sink: Sink,
    /// Samples written, left and right counted as one.
    written: u64,
    header_at: u64,
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recording")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Recorder {
    pub fn new(events: Outlet<Event>, reserve: u64, key: Option<seal::Key>) -> Self {
        Self {
            files: HashMap::new(),
            events,
            reserve,
            longest: LONGEST,
            key,
        }
    }

    /// Works until every media thread is gone, then closes what is still open.
    pub fn run(mut self, work: Receiver<Work>) {
        while let Ok(work) = work.recv() {
            self.events.flush();
            match work {
                Work::Create { leg, record, path } => self.create((leg, record), path),
                Work::Write(chunk) => self.write(chunk),
                Work::Close {
                    leg,
                    record,
                    samples,
                } => self.close((leg, record), samples),
            }
        }
        for (key, recording) in std::mem::take(&mut self.files) {
            self.done(key, recording, None);
        }
    }

    fn create(&mut self, key: Key, path: PathBuf) {
        match Recording::create(&path, self.reserve, self.key.as_ref()) {
            Ok(recording) => {
                self.events.push(Event::RecordStarted {
                    leg: key.0,
                    record: key.1,
                    path: recording.path.clone(),
                });
                self.files.insert(key, recording);
            }
            Err(error) => self.failed(key, path, 0, error),
        }
    }

    fn write(&mut self, chunk: Chunk) {
        let key = (chunk.leg, chunk.record);
        let Some(recording) = self.files.get_mut(&key) else {
            return;
        };
        let written = recording
            .write(chunk.at, &chunk.samples, self.longest)
            .and_then(|()| recording.keep_playable(self.reserve));
        if let Err(error) = written {
            self.give_up(key, error);
        }
    }

    fn close(&mut self, key: Key, samples: u64) {
        let Some(recording) = self.files.get_mut(&key) else {
            return;
        };
        match recording.write(samples, &[], self.longest) {
            Ok(()) => {
                if let Some(recording) = self.files.remove(&key) {
                    self.done(key, recording, None);
                }
            }
            Err(error) => self.give_up(key, error),
        }
    }

    fn give_up(&mut self, key: Key, error: io::Error) {
        if let Some(recording) = self.files.remove(&key) {
            self.done(key, recording, Some(error));
        }
    }

    fn done(&mut self, key: Key, recording: Recording, error: Option<io::Error>) {
        let Recording {
            path,
            sink,
            written,
            ..
        } = recording;
        match sink.finish().err().or(error) {
            Some(error) => self.failed(key, path, written, error),
            None => self.tell(key, path, written, None),
        }
    }

    fn failed(&mut self, key: Key, path: PathBuf, written: u64, error: io::Error) {
        tracing::warn!(path = %path.display(), %error, "a recording failed");
        self.tell(key, path, written, Some(error.to_string()));
    }

    fn tell(&mut self, key: Key, path: PathBuf, written: u64, error: Option<String>) {
        let bytes = std::fs::metadata(&path).map_or(0, |file| file.len());
        let ms = written * 1_000 / u64::from(RATE);
        self.events.push(Event::RecordDone {
            leg: key.0,
            record: key.1,
            path,
            ms,
            bytes,
            error,
        });
    }
}

impl Recording {
    fn create(path: &Path, reserve: u64, key: Option<&seal::Key>) -> Result<Self, io::Error> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
            leave_free(folder, reserve)?;
        }
        let (sink, path) = Sink::create(path, key)?;
        Ok(Self {
            path,
            sink,
            written: 0,
            header_at: 0,
        })
    }

    /// Fills up to `at` with silence, then writes; an error when that is longer than `longest`, with as
    /// much as fits.
    fn write(&mut self, at: u64, interleaved: &[i16], longest: u64) -> Result<(), io::Error> {
        for _ in self.written..at.min(longest) {
            self.sink.write(0)?;
            self.sink.write(0)?;
            self.written += 1;
        }
        let mut pairs = interleaved.chunks_exact(2);
        for pair in pairs.by_ref().take((longest - self.written) as usize) {
            self.sink.write(pair[0])?;
            self.sink.write(pair[1])?;
            self.written += 1;
        }
        if at > longest || pairs.next().is_some() {
            return Err(io::Error::other(TOO_LONG));
        }
        Ok(())
    }

    /// Now and then makes the header true, and looks how much room the disk has left.
    fn keep_playable(&mut self, reserve: u64) -> Result<(), io::Error> {
        if self.written - self.header_at >= HEADER_EVERY {
            self.header_at = self.written;
            self.sink.flush()?;
            leave_free(&self.path, reserve)?;
        }
        Ok(())
    }
}

/// An error when the disk that `path` is on has less than `reserve` bytes free.
fn leave_free(path: &Path, reserve: u64) -> std::io::Result<()> {
    let disk = rustix::fs::statvfs(path)?;
    if disk.f_bavail.saturating_mul(disk.f_frsize) < reserve {
        return Err(std::io::ErrorKind::StorageFull.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    const KEY: Key = (LegId(1), RecordId(1));

    fn second(nth: u64) -> Chunk {
        let samples = vec![500; 2 * RATE as usize];
        Chunk {
            leg: KEY.0,
            record: KEY.1,
            at: nth * u64::from(RATE),
            samples,
        }
    }

    #[test]
    fn a_file_is_playable_before_it_is_complete_and_gaps_are_silence() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("call.wav");
        let (sender, events) = sync_channel(10);
        let mut recorder = Recorder::new(Outlet::new(sender), 0, None);
        recorder.create(KEY, path.clone());
        (0..5)
            .filter(|nth| *nth != 2)
            .for_each(|nth| recorder.write(second(nth)));
        let reader = hound::WavReader::open(&path).expect("a playable file");
        assert_eq!(reader.duration(), 5 * RATE);
        let samples: Vec<i16> = reader.into_samples().flatten().collect();
        let loud = samples.iter().filter(|&&sample| sample == 500).count();
        assert_eq!(loud, 4 * 2 * RATE as usize);
        recorder.close(KEY, 6 * u64::from(RATE));
        let done = events.iter().nth(1).expect("two events");
        let Event::RecordDone {
            ms,
            bytes,
            error: None,
            ..
        } = done
        else {
            panic!("{done:?}")
        };
        assert_eq!((ms, bytes), (6_000, 44 + 6 * 4 * u64::from(RATE)));
    }

    #[test]
    fn a_full_disk_ends_a_recording_whole_and_begins_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("call.wav");
        let (sender, events) = sync_channel(10);
        let mut recorder = Recorder::new(Outlet::new(sender), 0, None);
        recorder.create(KEY, path.clone());
        recorder.reserve = u64::MAX;
        (0..9).for_each(|nth| recorder.write(second(nth)));
        recorder.create((LegId(1), RecordId(2)), folder.path().join("other.wav"));
        let told: Vec<_> = events.try_iter().collect();
        let [
            Event::RecordStarted { .. },
            Event::RecordDone {
                ms: 5_000,
                error: Some(_),
                ..
            },
            Event::RecordDone {
                ms: 0,
                bytes: 0,
                error: Some(_),
                ..
            },
        ] = &told[..]
        else {
            panic!("{told:?}")
        };
        let reader = hound::WavReader::open(&path).expect("a playable file");
        assert_eq!(reader.duration(), 5 * RATE);
    }

    #[test]
    fn a_recording_ends_whole_where_a_wav_file_has_no_more_room() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("call.wav");
        let (sender, events) = sync_channel(10);
        let mut recorder = Recorder::new(Outlet::new(sender), 0, None);
        recorder.longest = 5 * u64::from(RATE) / 2;
        // In the middle of a piece, in a gap before one, and in silence at the end.
        for pieces in [&[0, 1, 2, 3][..], &[0, 1, 7, 8], &[0, 1]] {
            recorder.create(KEY, path.clone());
            pieces.iter().for_each(|nth| recorder.write(second(*nth)));
            recorder.close(KEY, 9 * u64::from(RATE));
            let told: Vec<_> = events.try_iter().collect();
            let [
                Event::RecordStarted { .. },
                Event::RecordDone {
                    ms: 2_500,
                    bytes,
                    error: Some(why),
                    ..
                },
            ] = &told[..]
            else {
                panic!("{told:?}")
            };
            assert_eq!(
                (*bytes, why.as_str()),
                (44 + 10 * u64::from(RATE), TOO_LONG)
            );
            let reader = hound::WavReader::open(&path).expect("a playable file");
            assert_eq!(reader.duration(), 5 * RATE / 2);
        }
        recorder.longest = 3 * u64::from(RATE);
        recorder.create(KEY, path.clone());
        (0..3).for_each(|nth| recorder.write(second(nth)));
        recorder.close(KEY, 3 * u64::from(RATE));
        let done = events.try_iter().nth(1);
        assert!(matches!(done, Some(Event::RecordDone { error: None, .. })));
    }

    #[test]
    fn the_longest_recording_fits_into_a_wav_file() {
        let bytes = LONGEST * 4 + 44;
        assert!(u32::try_from(bytes).is_ok());
        assert_eq!(LONGEST / u64::from(RATE) / 3_600, 37);
    }

    #[test]
    fn a_sealed_recording_holds_the_same_samples_and_says_its_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("call.wav");
        let (sender, events) = sync_channel(10);
        let key = seal::Key::new([3; 32]);
        let mut recorder = Recorder::new(Outlet::new(sender), 0, Some(key.clone()));
        recorder.create(KEY, path.clone());
        (0..5)
            .filter(|nth| *nth != 2)
            .for_each(|nth| recorder.write(second(nth)));
        recorder.close(KEY, 5 * u64::from(RATE));
        let done = events.iter().nth(1).expect("two events");
        let Event::RecordDone {
            path: named,
            ms,
            error: None,
            ..
        } = done
        else {
            panic!("{done:?}")
        };
        assert_eq!(
            (ms, named.file_name()),
            (5_000, Some("call.wav.sealed".as_ref()))
        );
        assert!(!path.exists());
        let sealed = std::fs::read(&named).expect("a file");
        let loud: Vec<u8> = [500_i16.to_le_bytes(); 8].concat();
        assert!(!sealed.windows(16).any(|part| part == loud));
        let keys = seal::Keys::new(key, Vec::new());
        let mut reader = seal::Reader::open(std::io::Cursor::new(sealed), &keys).expect("ours");
        assert_eq!(reader.length(), 5 * 4 * u64::from(RATE));
        let start = reader.read_at(0).expect("genuine");
        let mut two_seconds = start[..2 * 4 * RATE as usize].chunks_exact(2);
        assert!(two_seconds.all(|pair| pair == 500_i16.to_le_bytes()));
        let gap = reader.read_at(2 * 4 * u64::from(RATE)).expect("genuine");
        assert!(gap[..100].iter().all(|byte| *byte == 0));
    }
}
