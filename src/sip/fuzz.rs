//! Mutates a corpus, from a fixed seed, or for as long as `PACELINE_FUZZ_S` says (seconds), from a
//! random seed that is printed; `PACELINE_FUZZ_SEED` repeats it. `media` takes this file too.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rand::{Rng as _, rngs::StdRng};

/// How long a test goes on.
pub(crate) struct Rounds {
    done: u64,
    limit: u64,
    until: Option<Instant>,
}

impl Rounds {
    /// The number of the next round; `None` when it is over.
    pub(crate) fn next_round(&mut self) -> Option<u64> {
        self.done += 1;
        let goes_on = match self.until {
            Some(until) => Instant::now() < until,
            None => self.done <= self.limit,
        };
        goes_on.then_some(self.done)
    }
}

/// The rounds of a test, and its seed.
pub(crate) fn rounds(limit: u64) -> (Rounds, u64) {
    let number = |name: &str| std::env::var(name).ok()?.parse().ok();
    let until = number("PACELINE_FUZZ_S").map(|s| Instant::now() + Duration::from_secs(s));
    let seed = number("PACELINE_FUZZ_SEED").unwrap_or_else(|| match until {
        Some(_) => rand::random(),
        None => 4475,
    });
    eprintln!("seed {seed}");
    let done = 0;
    (Rounds { done, limit, until }, seed)
}

/// Where a file or folder beside the sources is. Cargo says so when it runs a test: what was built in
/// another checkout, and is used here because both share a target directory, remembers that one.
pub(crate) fn beside(path: &str) -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR");
    let here = here.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&here).join(path)
}

/// Every file of a folder, by name.
pub(crate) fn corpus(folder: impl AsRef<Path>) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut files: Vec<_> = entries.map(|e| e.expect("an entry").path()).collect();
    files.sort();
    assert!(!files.is_empty(), "there is something to mutate");
    let read = |path| std::fs::read(path).expect("readable");
    files.into_iter().map(read).collect()
}

/// Changes something: a bit, a byte, a piece left out, doubled, or taken from another of the corpus.
pub(crate) fn mutate(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut StdRng) {
    if bytes.is_empty() {
        return;
    }
    let at = random.random_range(0..bytes.len());
    let to = random.random_range(at..bytes.len().min(at + 40));
    match random.random_range(0..7) {
        0 => bytes[at] = random.random(),
        6 => bytes[at] ^= 1 << random.random_range(0..8),
        1 => bytes[at] = b";,:<>\"\\%=@ \r\n\t0"[random.random_range(0..15)],
        2 => drop(bytes.drain(at..to)),
        3 => {
            let copy = bytes[at..to].to_vec();
            bytes.splice(at..at, copy);
        }
        4 => bytes.truncate(at),
        _ => {
            let other = &seeds[random.random_range(0..seeds.len())];
            let from = random.random_range(0..other.len());
            let piece = &other[from..other.len().min(from + 60)];
            bytes.splice(at..at, piece.iter().copied());
        }
    }
}
