//! Mutates a corpus, from a fixed seed, or for as long as `PACELINE_FUZZ_S` says (seconds), from a
//! random seed that is printed.

use std::time::{Duration, Instant};

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
    let seconds = std::env::var("PACELINE_FUZZ_S").ok();
    let until = seconds
        .and_then(|s| s.parse().ok())
        .map(|s| Instant::now() + Duration::from_secs(s));
    let seed = match until {
        Some(_) => rand::random(),
        None => 4475,
    };
    eprintln!("seed {seed}");
    let done = 0;
    (Rounds { done, limit, until }, seed)
}

/// Changes something: a byte, a piece left out, doubled, or taken from another of the corpus.
pub(crate) fn mutate(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut StdRng) {
    if bytes.is_empty() {
        return;
    }
    let at = random.random_range(0..bytes.len());
    let to = random.random_range(at..bytes.len().min(at + 40));
    match random.random_range(0..6) {
        0 => bytes[at] = random.random(),
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
