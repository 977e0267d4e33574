//! Once a day, files go that are older than they are to be kept: exports, reports and sheets of rejects,
//! which can be made again, and uploads that nothing names any more. A second run finds nothing left to do.

use std::{
    io,
    path::Path,
    time::{Duration, SystemTime},
};

use engine::time::Millis;
use serde_json::json;
use store::{
    house_settings::{self, FileRules},
    kept_files,
};

use crate::{
    error::JobError,
    house::{House, Ticket},
};

const DAY: Duration = Duration::from_secs(24 * 3_600);
/// Younger uploads may be on their way to being named.
const NAMED_WITHIN: Duration = DAY;

/// What went.
#[derive(Debug, Default)]
struct Gone {
    files: i64,
    bytes: u64,
}

pub async fn run(house: &House, ticket: &Ticket) -> Result<(), JobError> {
    let rules = house_settings::get::<FileRules>(&house.db).await?;
    let days = rules.unwrap_or_default().keep_days;
    let now = clock(house.now());
    let mut made = Gone::default();
    if days > 0 {
        let before = now - DAY * days;
        sweep(&house.data_dir.join("files"), before, |_| false, &mut made)?;
    }
    house.may_go_on()?;
    // Read after the files are old enough: whoever named one since has it in here.
    let named = kept_files::uploads(&house.db).await?;
    let is_named = |name: &str| named.contains(&format!("uploads/{name}"));
    let mut uploads = Gone::default();
    let uploaded = house.data_dir.join("uploads");
    sweep(&uploaded, now - NAMED_WITHIN, is_named, &mut uploads)?;
    let did = json!({
        "files": made.files,
        "uploads": uploads.files,
        "bytes": made.bytes + uploads.bytes,
    });
    let mut tx = house.db.begin().await?;
    ticket.succeed(&mut tx, &did).await?;
    Ok(tx.commit().await?)
}

/// As files have it.
fn clock(at: Millis) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(at.0).unwrap_or_default())
}

/// Removes files that were last written before a time, but for those that are to stay.
fn sweep(
    dir: &Path,
    before: SystemTime,
    stays: impl Fn(&str) -> bool,
    gone: &mut Gone,
) -> Result<(), JobError> {
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let about = entry.metadata()?;
        let name = entry.file_name();
        let is_old = about.is_file() && about.modified()? < before;
        if !is_old || name.to_str().is_none_or(&stays) {
            continue;
        }
        match std::fs::remove_file(entry.path()) {
            Ok(()) => {
                gone.files += 1;
                gone.bytes += about.len();
            }
            // Whoever took it away did what was to be done.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
