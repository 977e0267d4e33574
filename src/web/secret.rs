//! Tokens and passwords.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use rand::{Rng, distr::Alphanumeric};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

/// Hashing takes tens of megabytes and milliseconds: a flood of sign-ins waits its turn.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// A token nobody guesses: 238 bits.
#[must_use]
pub fn token() -> String {
    rand::rng()
        .sample_iter(Alphanumeric)
        .take(40)
        .map(char::from)
        .collect()
}

/// A password for a person to type once: no letters that look alike, 93 bits.
#[must_use]
pub fn one_time_password() -> String {
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let mut rng = rand::rng();
    (0..19)
        .map(|place| match place {
            4 | 9 | 14 => '-',
            _ => char::from(LETTERS[rng.random_range(0..LETTERS.len())]),
        })
        .collect()
}

/// What is stored of a token.
#[must_use]
pub fn digest(text: &[u8]) -> String {
    Sha256::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Argon2id, as a PHC string.
pub async fn hash(password: &str) -> String {
    let password = password.to_owned();
    let _turn = AT_ONCE.acquire().await;
    tokio::task::spawn_blocking(move || {
        Argon2::default()
            .hash_password(password.as_bytes())
            .expect("the default parameters are valid and the system has randomness")
            .to_string()
    })
    .await
    .expect("hashing does not panic")
}

/// Whether a password is the one that was hashed. Takes as long for a user who does not exist.
pub async fn matches(password: &str, stored: Option<&str>) -> bool {
    /// The hash of a password that was thrown away.
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5$\
        7hJbUGh1qXkRGTUOhNqEJAtnmfmHWe3V5HnNTCD3jYg";
    let known = stored.is_some();
    let (password, stored) = (password.to_owned(), stored.unwrap_or(NOBODY).to_owned());
    let _turn = AT_ONCE.acquire().await;
    let same = tokio::task::spawn_blocking(move || {
        PasswordHash::new(&stored).is_ok_and(|stored| {
            Argon2::default()
                .verify_password(password.as_bytes(), &stored)
                .is_ok()
        })
    })
    .await
    .unwrap_or(false);
    same && known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_only_its_own_hash() {
        let stored = hash("correct horse").await;
        assert!(stored.starts_with("$argon2id$"));
        assert!(matches("correct horse", Some(&stored)).await);
        assert!(!matches("battery staple", Some(&stored)).await);
        assert!(!matches("correct horse", None).await);
        assert!(!matches("x", Some("no hash")).await);
    }

    #[test]
    fn secrets_differ() {
        assert_ne!(token(), token());
        assert_eq!(token().len(), 40);
        assert_eq!(one_time_password().len(), 19);
        assert_eq!(digest(b"abc").len(), 64);
    }
}
