//! A wall clock that a test moves. The built binary runs as it is: libfaketime tells it the time, so
//! nothing in the product knows of it. Monotonic time stays true, and with it every timer.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use chrono::{DateTime, Utc};

/// The clock of one house.
#[derive(Debug)]
pub struct Clock {
    file: PathBuf,
}

impl Clock {
    /// A clock kept below `dir` that shows `at` (RFC 3339) now and goes on from there.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn showing(dir: &Path, at: &str) -> Self {
        let clock = Self {
            file: dir.join("clock"),
        };
        clock.set(at);
        clock
    }

    /// From now on it shows `at` (RFC 3339) and goes on from there.
    ///
    /// # Panics
    /// When `at` is no time, or the clock cannot be written.
    pub fn set(&self, at: &str) {
        let ahead_s = (instant(at) - truly()).as_seconds_f64();
        // Whole or not at all: it is read at every look at the time.
        let fresh = self.file.with_extension("fresh");
        fs::write(&fresh, format!("{ahead_s:+.3}")).expect("it is writable");
        fs::rename(&fresh, &self.file).expect("it is writable");
    }

    /// Lets a program and its children go by this clock.
    ///
    /// # Panics
    /// When libfaketime is not installed.
    pub fn wind(&self, program: &mut Command) {
        program
            .env("LD_PRELOAD", library())
            .env("FAKETIME_TIMESTAMP_FILE", &self.file)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("NO_FAKE_STAT", "1");
    }
}

/// A time as the API writes it.
///
/// # Panics
/// When it is none.
pub fn instant(text: &str) -> DateTime<Utc> {
    let at = DateTime::parse_from_rfc3339(text);
    at.unwrap_or_else(|error| panic!("{text}: {error}"))
        .with_timezone(&Utc)
}

/// The time where the tests run.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where tests read the time"
)]
fn truly() -> DateTime<Utc> {
    SystemTime::now().into()
}

fn library() -> OsString {
    fs::read_dir("/usr/lib")
        .expect("Linux")
        .flatten()
        .map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"))
        .find(|path| path.exists())
        .expect("libfaketime, of Debian's package faketime")
        .into_os_string()
}
