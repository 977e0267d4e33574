//! Makes a key file.

use std::{fs::File, io::Write, os::unix::fs::OpenOptionsExt, path::PathBuf};

use anyhow::{Context, Result};
use clap::Args;

#[derive(Debug, Args)]
pub struct Options {
    /// Where to; a file that is there already is not written over
    file: PathBuf,
}

/// # Errors
/// When the file is there or cannot be written.
pub fn run(options: &Options) -> Result<()> {
    let name = options.file.display();
    let key = seal::Key::random()?;
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&options.file)
        .with_context(|| format!("cannot make {name}"))?;
    file.write_all(key.text().as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("cannot write {name}"))?;
    // A closed pipe has nobody to tell.
    let _ = writeln!(
        std::io::stdout(),
        "made {name}; name it in recordings.keys, and keep a copy: without it nobody hears what it sealed"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_for_its_owner_and_never_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("key");
        let options = Options { file: file.clone() };
        run(&options).expect("a key");
        let key = seal::Key::read(&file).expect("a key file");
        let mode = file.metadata().expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(run(&options).is_err());
        assert_eq!(seal::Key::read(&file).expect("still there"), key);
    }
}
