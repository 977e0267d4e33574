//! The prompts that come with the product. The first start writes them into the data directory,
//! where a house puts its own in their place.

use std::path::Path;

use anyhow::{Context, Result};

const SHIPPED: [(&str, &[u8]); 4] = [
    (
        "music.wav",
        include_bytes!("../templates/prompts/music.wav"),
    ),
    (
        "ringback.wav",
        include_bytes!("../templates/prompts/ringback.wav"),
    ),
    (
        "robot.wav",
        include_bytes!("../templates/prompts/robot.wav"),
    ),
    (
        "sorry.wav",
        include_bytes!("../templates/prompts/sorry.wav"),
    ),
];

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
