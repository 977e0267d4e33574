//! The keys of a house.

use std::path::Path;

use base64::{Engine, prelude::BASE64_STANDARD};
use rand::TryRngCore;
use sha2::{Digest, Sha256};

use crate::KEY_ID;

/// Why a key file is of no use.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the key file cannot be read")]
    Unreadable(#[source] std::io::Error),
    #[error("a key file is 32 bytes in base64, as paceline key makes it")]
    NoKey,
    #[error("the system gives no random bytes")]
    NoRandom,
}

/// 32 bytes that nobody else knows.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    bytes: [u8; 32],
    id: [u8; KEY_ID],
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Key {
    /// A key of these bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        let digest = Sha256::new()
            .chain_update(b"paceline seal")
            .chain_update(bytes);
        let digest = digest.finalize();
        let mut id = [0; KEY_ID];
        id.copy_from_slice(&digest[..KEY_ID]);
        Self { bytes, id }
    }

    /// A key that nobody has.
    ///
    /// # Errors
    /// [`KeyError::NoRandom`].
    pub fn random() -> Result<Self, KeyError> {
        let mut bytes = [0; 32];
        rand::rngs::OsRng
            .try_fill_bytes(&mut bytes)
            .map_err(|_| KeyError::NoRandom)?;
        Ok(Self::new(bytes))
    }

    /// Reads a key file: 32 bytes in base64, white space around them.
    ///
    /// # Errors
    /// [`KeyError::Unreadable`], [`KeyError::NoKey`].
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let text = std::fs::read_to_string(path).map_err(KeyError::Unreadable)?;
        let bytes = BASE64_STANDARD.decode(text.trim());
        let bytes = bytes.map_err(|_| KeyError::NoKey)?;
        Ok(Self::new(bytes.try_into().map_err(|_| KeyError::NoKey)?))
    }

    /// As a key file holds it.
    #[must_use]
    pub fn text(&self) -> String {
        BASE64_STANDARD.encode(self.bytes) + "\n"
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    pub(crate) fn id(&self) -> &[u8; KEY_ID] {
        &self.id
    }
}

/// The key that seals, and those of earlier times that still open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    seals: Key,
    opens: Vec<Key>,
}

impl Keys {
    #[must_use]
    pub fn new(seals: Key, earlier: Vec<Key>) -> Self {
        let opens = std::iter::once(seals.clone()).chain(earlier).collect();
        Self { seals, opens }
    }

    /// What new files are sealed with.
    #[must_use]
    pub fn sealing(&self) -> &Key {
        &self.seals
    }

    pub(crate) fn named(&self, id: &[u8]) -> Option<&Key> {
        self.opens.iter().find(|key| key.id == id)
    }
}
