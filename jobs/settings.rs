//! What the configuration says about jobs.

use std::path::PathBuf;

use serde::Deserialize;

use crate::house::PER_TENANT;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Jobs of one tenant that run at once, 1 to 64 (OUT-013).
    pub max_parallel_per_tenant: u32,
    pub sources: Sources,
}

/// Where planned batches may get files from. Nothing is allowed unless it is named.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sources {
    /// Directories of the worker's machine, with everything below them.
    pub roots: Vec<PathBuf>,
    /// Hosts: `files.example.com`, or `*.example.com` for every name below it.
    pub hosts: Vec<String>,
    /// Also addresses that are not public: private, loopback, link-local.
    pub allow_private: bool,
    /// Also `http://`.
    pub allow_http: bool,
    /// Largest file, bytes.
    pub max_bytes: u64,
    /// Seconds that one file may take to come.
    pub timeout_s: u64,
    /// A file in a directory that changed this many seconds ago or less is still being written.
    pub settle_s: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_parallel_per_tenant: u32::try_from(PER_TENANT).unwrap_or(u32::MAX),
            sources: Sources::default(),
        }
    }
}

impl Default for Sources {
    fn default() -> Self {
        Self {
            roots: Vec::new(),
            hosts: Vec::new(),
            allow_private: false,
            allow_http: false,
            max_bytes: 200 * 1024 * 1024,
            timeout_s: 300,
            settle_s: 5,
        }
    }
}

impl Settings {
    /// # Errors
    /// The first value out of its range.
    pub fn validate(&self) -> Result<(), &'static str> {
        if !(1..=64).contains(&self.max_parallel_per_tenant) {
            return Err("jobs.max_parallel_per_tenant: 1 to 64");
        }
        if self.sources.roots.iter().any(|root| !root.is_absolute()) {
            return Err("jobs.sources.roots: absolute paths");
        }
        if self.sources.timeout_s == 0 || self.sources.max_bytes == 0 {
            return Err("jobs.sources: timeout_s and max_bytes must be more than 0");
        }
        Ok(())
    }
}
