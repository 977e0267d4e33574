//! Which keys an import has met: one that is new needs no look-up in the database.

use std::hash::{DefaultHasher, Hash, Hasher};

use roaring::RoaringBitmap;

/// Fingerprints of keys, some five bytes each.
#[derive(Debug, Default)]
pub struct Seen(RoaringBitmap);

impl Seen {
    /// Notes a key. `false`: it was certainly not noted before; two keys may share a fingerprint.
    pub fn note(&mut self, key: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let [.., a, b, c, d] = hasher.finish().to_be_bytes();
        !self.0.insert(u32::from_be_bytes([a, b, c, d]))
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
