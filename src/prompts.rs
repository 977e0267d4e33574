//! The prompts that come with the product. The first start writes them into the data directory,
//! where a house puts its own in their place.

use std::path::Path;

use anyhow::{Context, Result};

macro_rules! shipped {
    ($($name:literal)*) => {
        /// Name and sound.
        const SHIPPED: &[(&str, &[u8])] = &[$((
            concat!($name, ".wav"),
            include_bytes!(concat!("../templates/prompts/", $name, ".wav")),
        ),)*];
    };
}

shipped!(
    "agent"
    "agent-end"
    "busy"
    "callback"
    "closed"
    "music"
    "number-0"
    "number-1"
    "number-10"
    "number-2"
    "number-3"
    "number-4"
    "number-5"
    "number-6"
    "number-7"
    "number-8"
    "number-9"
    "place"
    "place-end"
    "ringback"
    "robot"
    "sorry"
    "survey"
    "thanks"
    "voicemail"
    "wait-1"
    "wait-10"
    "wait-15"
    "wait-2"
    "wait-20"
    "wait-3"
    "wait-30"
    "wait-5"
    "wait-more"
);

/// Writes those that are not there.
///
/// # Errors
/// When the directory cannot be written.
pub fn lay_out(directory: &Path) -> Result<()> {
    std::fs::create_dir_all(directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    for (name, sound) in SHIPPED {
        let path = directory.join(name);
        if !path.exists() {
            std::fs::write(&path, sound)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_that_callers_are_told_is_shipped() {
        for name in engine::speech::prompts() {
            let file = format!("{name}.wav");
            assert!(
                SHIPPED.iter().any(|(shipped, _)| *shipped == file),
                "{file}"
            );
        }
        for (file, _) in SHIPPED {
            let name = file.strip_suffix(".wav").expect("a wav file");
            assert!(engine::speech::is_own(name), "{name}");
        }
    }
}
