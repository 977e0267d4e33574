//! Who wants to write SQLite.
//!
//! SQLite has one writer and no queue for it: who finds it taken asks again after a while, and a process
//! that writes without a break is never found free. So every process holds a shared lock on a file beside
//! the database while it writes or waits to; one with a long work asks whether it is alone.

use std::{
    fs::File,
    io,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// This process among the writers. Its pool has one connection, so that one mark is enough.
#[derive(Debug)]
pub struct Writers {
    file: File,
    /// Whether this process is marked; held while the lock of the file changes.
    is_marked: Mutex<bool>,
}

impl Writers {
    /// # Errors
    /// When the file cannot be made.
    pub fn open(place: &Path) -> io::Result<Self> {
        let path = place.join("paceline.writers");
        Ok(Self {
            file: File::options().create(true).append(true).open(path)?,
            is_marked: Mutex::new(false),
        })
    }

    /// This process writes or waits to, or no longer does.
    pub fn mark(&self, wants: bool) {
        let mut is_marked = self.marked();
        *is_marked = wants;
        self.hold(wants);
    }

    /// Whether another process writes or waits to.
    pub fn others_want(&self) -> bool {
        let is_marked = self.marked();
        let is_alone = self.file.try_lock().is_ok();
        self.hold(*is_marked);
        !is_alone
    }

    /// A file system without locks has everybody believe that others wait: slower, and nobody starves.
    fn hold(&self, shared: bool) {
        let _ = match shared {
            true => self.file.lock_shared(),
            false => self.file.unlock(),
        };
    }

    fn marked(&self) -> MutexGuard<'_, bool> {
        self.is_marked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_knows_whether_others_want_to_write() {
        let place = tempfile::tempdir().expect("a directory");
        let [ours, theirs] = [0, 1].map(|_| Writers::open(place.path()).expect("a file"));
        assert!(!ours.others_want());
        ours.mark(true);
        assert!(!ours.others_want(), "it does not count itself");
        assert!(theirs.others_want());
        theirs.mark(true);
        assert!(ours.others_want() && theirs.others_want());
        ours.mark(false);
        assert!(ours.others_want() && !theirs.others_want());
        theirs.mark(false);
        assert!(!ours.others_want());
        theirs.mark(true);
        drop(theirs);
        assert!(!ours.others_want(), "who is gone wants nothing");
    }
}
