//! Which keys an import has met: one that is new needs no look-up in the database.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Bits of the map, 16 MB of them: of a million keys one in 130 is taken for met without having been.
const BITS: usize = 1 << 27;

/// A bit for each key's fingerprint. Pages of it that no key falls on are never touched.
#[derive(Debug)]
pub struct Seen(Vec<u64>);

impl Default for Seen {
    fn default() -> Self {
        Self(vec![0; BITS / 64])
    }
}

impl Seen {
    /// Notes a key, and tells whether it may have been noted before. `false` is certain.
    pub fn note(&mut self, key: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let [.., a, b, c, d] = hasher.finish().to_be_bytes();
        let bit = u32::from_be_bytes([a, b, c, d]) as usize % BITS;
        let (word, mask) = (&mut self.0[bit / 64], 1 << (bit % 64));
        let is_noted = *word & mask != 0;
        *word |= mask;
        is_noted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_new_once() {
        let mut seen = Seen::default();
        let first = (0..10_000).filter(|n| seen.note(&n.to_string())).count();
        let again = (0..10_000).filter(|n| seen.note(&n.to_string())).count();
        assert!(first < 10, "{first} of ten thousand share a fingerprint");
        assert_eq!(again, 10_000);
    }
}
