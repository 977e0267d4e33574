//! Keys that a waiting caller presses to leave the queue (VOX-034, VOX-035).

use serde::{Deserialize, Serialize};

use super::BadSetting;
use crate::destination::Destination;

const MOST: usize = 5;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExitKey {
    /// 0 to 9, * or #.
    pub key: char,
    pub to: Destination,
}

pub(super) fn validate(keys: &[ExitKey]) -> Result<(), BadSetting> {
    let bad = |message: &str| Err(BadSetting::new("/exit_keys", message));
    if keys.len() > MOST {
        return bad("must be at most five");
    }
    for (at, exit) in keys.iter().enumerate() {
        if !exit.key.is_ascii_digit() && !matches!(exit.key, '*' | '#') {
            return bad("a key is 0 to 9, * or #");
        }
        if keys[..at].iter().any(|other| other.key == exit.key) {
            return bad("each key leads to one place");
        }
        if let Err(message) = exit.to.validate() {
            return bad(message);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: char) -> ExitKey {
        let to = Destination::Hangup;
        ExitKey { key, to }
    }

    #[test]
    fn five_keys_that_differ_are_enough() {
        let keys: Vec<ExitKey> = "12345".chars().map(key).collect();
        assert!(validate(&keys).is_ok());
        let keys: Vec<ExitKey> = "123456".chars().map(key).collect();
        assert!(validate(&keys).is_err());
        assert!(validate(&[key('1'), key('1')]).is_err());
        assert!(validate(&[key('A')]).is_err());
        assert!(validate(&[key('*'), key('#')]).is_ok());
    }
}
