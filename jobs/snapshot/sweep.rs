//! Files of batches that are gone, and what a killed process left half written.

use std::{
    collections::HashSet,
    path::Path,
    time::{Duration, UNIX_EPOCH},
};

use engine::time::Millis;
use store::segments;

use super::{blocking, file};
use crate::{error::JobError, house::House};

/// Nobody writes one file for so long.
const HALF_WRITTEN: Duration = Duration::from_secs(60 * 60);

/// Removes what no batch needs.
///
/// # Errors
/// When the database or the file system fails.
pub async fn sweep(house: &House) -> Result<(), JobError> {
    let folder = file::folder(&house.data_dir);
    if !folder.exists() {
        return Ok(());
    }
    // Folders first: one that is made while this looks belongs to a batch that the question finds.
    let folders: Vec<String> = names(&folder)?;
    let there: HashSet<String> = segments::batches_there(&house.db)
        .await?
        .into_iter()
        .collect();
    let now = house.now();
    blocking(move || {
        for name in folders {
            let path = folder.join(&name);
            if !there.contains(&name) {
                std::fs::remove_dir_all(&path)?;
                continue;
            }
            for file in names(&path)? {
                let file = path.join(file);
                if file.extension().is_some_and(|kind| kind == "tmp") && is_old(&file, now) {
                    std::fs::remove_file(&file)?;
                }
            }
        }
        Ok(())
    })
    .await
}

fn names(folder: &Path) -> Result<Vec<String>, JobError> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}

fn is_old(path: &Path, now: Millis) -> bool {
    let changed = path.metadata().and_then(|meta| meta.modified()).ok();
    let changed = changed.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let now = Duration::from_millis(u64::try_from(now.0).unwrap_or_default());
    changed.is_some_and(|at| now.saturating_sub(at) > HALF_WRITTEN)
}
