//! The folder of recordings as time goes by: what is too old, and what nobody knows of.
//!
//! Both only look at wav files, sealed or not, and follow no links, so that a folder that was named by mistake
//! loses nothing else.

use std::{
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use crate::sink::SEALED;

/// Folders inside folders that are looked into.
const DEEPEST: usize = 8;

/// A recording on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub path: PathBuf,
    pub bytes: u64,
    /// When it was written last.
    pub written: SystemTime,
}

/// What a sweep did.
#[derive(Debug, Default)]
pub struct Swept {
    pub files: u64,
    pub bytes: u64,
    /// What could not be deleted, and why.
    pub failed: Vec<(PathBuf, io::Error)>,
}

/// Every recording below `folder`; a folder that is not there has none.
///
/// # Errors
/// When a folder cannot be read.
pub fn recordings(folder: &Path) -> io::Result<Vec<Kept>> {
    let mut found = Vec::new();
    if folder.exists() {
        look(folder, 0, &mut found)?;
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// The recordings that `is_known` does not claim by their path below `folder`. One that was written
/// to within `settle` of `now` is left out: its call may not be on the books yet.
///
/// # Errors
/// As [`recordings`].
pub fn orphans(
    folder: &Path,
    now: SystemTime,
    settle: Duration,
    is_known: impl Fn(&Path) -> bool,
) -> io::Result<Vec<Kept>> {
    let all = recordings(folder)?.into_iter();
    let settled = all.filter(|kept| age(kept, now) >= settle);
    let strays = settled.filter(|kept| {
        let name = kept.path.strip_prefix(folder).unwrap_or(&kept.path);
        !is_known(name)
    });
    Ok(strays.collect())
}

/// The recordings that are older than `keep`.
///
/// # Errors
/// As [`recordings`].
pub fn too_old(folder: &Path, now: SystemTime, keep: Duration) -> io::Result<Vec<Kept>> {
    let all = recordings(folder)?.into_iter();
    Ok(all.filter(|kept| age(kept, now) > keep).collect())
}

/// Deletes these recordings, and the folders that become empty. What cannot be deleted is in
/// [`Swept::failed`].
#[must_use]
pub fn remove(folder: &Path, recordings: Vec<Kept>) -> Swept {
    let mut swept = Swept::default();
    for kept in recordings {
        match std::fs::remove_file(&kept.path) {
            Ok(()) => {
                swept.files += 1;
                swept.bytes += kept.bytes;
                remove_empty(folder, &kept.path);
            }
            Err(error) => swept.failed.push((kept.path, error)),
        }
    }
    swept
}

fn age(kept: &Kept, now: SystemTime) -> Duration {
    now.duration_since(kept.written).unwrap_or_default()
}

fn look(folder: &Path, depth: usize, found: &mut Vec<Kept>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let (kind, path) = (entry.file_type()?, entry.path());
        if kind.is_dir() && depth < DEEPEST {
            look(&path, depth + 1, found)?;
        } else if kind.is_file() && is_recording(&path) {
            let file = entry.metadata()?;
            found.push(Kept {
                path,
                bytes: file.len(),
                written: file.modified()?,
            });
        }
    }
    Ok(())
}

fn is_recording(path: &Path) -> bool {
    let ends = |path: &Path, with: &str| path.extension().is_some_and(|it| it == with);
    ends(path, "wav")
        || (ends(path, SEALED) && path.file_stem().is_some_and(|it| ends(it.as_ref(), "wav")))
}

/// Up from a deleted file to `folder`, which stays.
fn remove_empty(folder: &Path, file: &Path) {
    let between = file.ancestors().skip(1).take_while(|it| *it != folder);
    for parent in between {
        // The first that is not empty ends it.
        if std::fs::remove_dir(parent).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, days) in [
            ("2026/01/old.wav.sealed", 400),
            ("2026/11/new.wav", 1),
            ("2026/11/kept.sealed", 900),
            ("notes.txt", 900),
        ] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(&path, b"sound").expect("a file");
            let file = std::fs::File::options()
                .write(true)
                .open(&path)
                .expect("our file");
            file.set_modified(epoch() - DAY * days).expect("a time");
        }
        folder
    }

    fn epoch() -> SystemTime {
        SystemTime::UNIX_EPOCH + DAY * 20_000
    }

    #[test]
    fn what_is_too_old_goes_with_its_empty_folders_and_nothing_else() {
        let folder = folder();
        let old = too_old(folder.path(), epoch(), DAY * 180).expect("a readable folder");
        let paths: Vec<_> = old.iter().map(|kept| kept.path.clone()).collect();
        assert_eq!(paths, [folder.path().join("2026/01/old.wav.sealed")]);
        let swept = remove(folder.path(), old);
        assert_eq!((swept.files, swept.bytes, swept.failed.len()), (1, 5, 0));
        assert!(!folder.path().join("2026/01").exists());
        assert!(folder.path().join("2026/11/new.wav").exists());
        assert!(folder.path().join("notes.txt").exists());
    }

    #[test]
    fn strays_are_what_nobody_knows_and_nobody_just_wrote() {
        let folder = folder();
        let stray = |settle, known: &str| {
            let found = orphans(folder.path(), epoch(), settle, |path| {
                path == Path::new(known)
            });
            let found = found.expect("a readable folder").into_iter();
            found
                .map(|kept| kept.path.file_stem().expect("a name").to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(stray(DAY / 2, ""), ["old.wav", "new"]);
        assert_eq!(stray(DAY / 2, "2026/01/old.wav.sealed"), ["new"]);
        assert_eq!(stray(DAY * 2, ""), ["old.wav"]);
        let nothing = recordings(&folder.path().join("missing"));
        assert_eq!(nothing.expect("no folder, no recordings"), []);
    }

    #[test]
    fn links_are_not_followed() {
        let (inside, outside) = (tempfile::tempdir().expect("a folder"), folder());
        std::os::unix::fs::symlink(outside.path(), inside.path().join("way-out")).expect("a link");
        assert_eq!(recordings(inside.path()).expect("readable"), []);
    }
}
