//! Where the demo keeps its data.

use std::{fs::File, path::PathBuf, sync::Mutex};

use anyhow::{Context, Result, ensure};

use super::Options;
use crate::{config::Config, log};

pub struct Home {
    pub directory: PathBuf,
    removed_at_the_end: bool,
}

impl Home {
    /// # Errors
    /// When the directory cannot be made, or holds something already.
    pub fn make(options: &Options) -> Result<Self> {
        let directory = match &options.data {
            Some(directory) => directory.clone(),
            None => std::env::temp_dir().join(format!("paceline-demo-{}", std::process::id())),
        };
        std::fs::create_dir_all(&directory)
            .with_context(|| format!("cannot make {}", directory.display()))?;
        ensure!(
            !directory.join("paceline.db").exists(),
            "{} holds the data of another run; name an empty directory",
            directory.display()
        );
        Ok(Self {
            directory,
            removed_at_the_end: options.data.is_none(),
        })
    }

    pub fn config(&self, options: &Options) -> Config {
        let mut config = Config {
            data: self.directory.clone(),
            ..Config::default()
        };
        let free = "127.0.0.1:0".parse().expect("an address");
        config.http.listen = options.http.unwrap_or(free);
        config.sip.listen = free;
        config.sip.tcp = false;
        config.worker_log = Some(self.directory.join("worker.log"));
        config.rtp.ports = "20000-23999".into();
        config
    }

    /// The terminal is for the numbers; the log goes into a file.
    pub fn log(&self) {
        if let Ok(file) = File::create(self.directory.join("demo.log")) {
            log::start(Mutex::new(file), false);
        }
    }

    pub fn leave(self) {
        if self.removed_at_the_end {
            // What cannot be removed from the temporary directory is removed by the system.
            let _ = std::fs::remove_dir_all(&self.directory);
        }
    }
}
