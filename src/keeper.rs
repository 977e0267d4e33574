//! Looks after the folder of recordings: what is too old goes, what no call knows of is counted.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result};
use media::archive::{self, Kept, Swept};
use store::{
    Db,
    house_settings::{self, RecordingRules, Sweep},
    recordings,
};
use tracing::{info, warn};

const DAY: Duration = Duration::from_secs(86_400);
/// A file that was written to within this time may be of a call that is not on the books yet.
const SETTLE: Duration = DAY;

/// Keeps one folder of recordings.
pub struct Keeper {
    pub db: Db,
    pub folder: PathBuf,
    /// What no call knows of is deleted, not only counted.
    pub delete_orphans: bool,
}

impl Keeper {
    /// Looks at once, and then this often, for ever.
    pub async fn keep(self, every: Duration) {
        let mut beat = tokio::time::interval(every);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            beat.tick().await;
            if let Err(error) = self.look().await {
                warn!(error = ?error, "the recordings could not be looked after");
            }
        }
    }

    /// # Errors
    /// When the database or the folder cannot be read.
    pub async fn look(&self) -> Result<Sweep> {
        let now = now();
        let rules = house_settings::get::<RecordingRules>(&self.db).await?;
        let rules = rules.unwrap_or_default();
        let mut done = Sweep {
            at: millis(now),
            ..Sweep::default()
        };
        if rules.keep_days > 0 {
            let keep = DAY * rules.keep_days;
            let folder = self.folder.clone();
            let swept = blocking(move || archive::sweep(&folder, now, keep)).await?;
            recordings::expired(&self.db, &names(&swept)).await?;
            (done.expired, done.expired_bytes) = (swept.files, swept.bytes);
            done.failed += failed(&swept);
        }
        let strays = self.strays(now).await?;
        done.orphans = strays.len() as u64;
        done.orphan_bytes = strays.iter().map(|kept| kept.bytes).sum();
        if self.delete_orphans {
            let folder = self.folder.clone();
            let swept = blocking(move || Ok(archive::remove(&folder, strays))).await?;
            done.orphans_deleted = swept.files;
            done.failed += failed(&swept);
        }
        house_settings::put(&self.db, &done, engine::time::Millis(done.at)).await?;
        info!(
            expired = done.expired,
            expired_bytes = done.expired_bytes,
            orphans = done.orphans,
            orphan_bytes = done.orphan_bytes,
            orphans_deleted = done.orphans_deleted,
            failed = done.failed,
            "looked after the recordings"
        );
        Ok(done)
    }

    async fn strays(&self, now: SystemTime) -> Result<Vec<Kept>> {
        let folder = self.folder.clone();
        let all = blocking(move || archive::orphans(&folder, now, SETTLE, |_| false)).await?;
        let name = |kept: &Kept| name(&self.folder, &kept.path);
        let names: Vec<String> = all.iter().map(name).collect();
        let known: HashSet<String> = recordings::known(&self.db, &names).await?;
        Ok(all
            .into_iter()
            .filter(|kept| !known.contains(&name(kept)))
            .collect())
    }
}

fn names(swept: &Swept) -> Vec<String> {
    let names = swept.gone.iter();
    names.map(|path| path.display().to_string()).collect()
}

fn name(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder)
        .unwrap_or(path)
        .display()
        .to_string()
}

fn failed(swept: &Swept) -> u64 {
    for (path, error) in &swept.failed {
        warn!(path = %path.display(), %error, "a recording could not be deleted");
    }
    swept.failed.len() as u64
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await?;
    done.context("cannot read the folder of recordings")
}

#[expect(
    clippy::disallowed_methods,
    reason = "the age of a file is told by the clock that dates files"
)]
fn now() -> SystemTime {
    SystemTime::now()
}

fn millis(time: SystemTime) -> i64 {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use engine::{ids::CallId, time::Millis};
    use store::{
        calls,
        testing::{inbound, on_both},
    };

    use super::*;

    /// A recording that was written so many days ago.
    fn file(folder: &Path, name: &str, days: u32) {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(&path, b"sound").expect("a file");
        let file = std::fs::File::options()
            .write(true)
            .open(&path)
            .expect("our file");
        file.set_modified(now() - DAY * days).expect("a time");
    }

    async fn call(db: &Db, number: u64, recording: &str) {
        let id = open(db, number).await;
        calls::recorded(db, &id, recording, 10, None)
            .await
            .expect("a recording");
    }

    async fn open(db: &Db, number: u64) -> String {
        let call = inbound(number, Millis(1));
        calls::open_inbound(db, "n", &call).await.expect("a call");
        call.id.to_string()
    }

    #[tokio::test]
    async fn old_recordings_go_and_strays_are_counted_and_go_when_they_are_to() {
        on_both(|home| async move {
            let (db, folder) = (home.db.clone(), home.data_dir.join("recordings"));
            for (name, days) in [
                ("1/old.wav", 200),
                ("2/new.wav.sealed", 3),
                ("2/stray.wav", 3),
                ("2/running.wav", 3),
                ("2/fresh.wav", 0),
            ] {
                file(&folder, name, days);
            }
            call(&db, 1, "1/old.wav").await;
            call(&db, 2, "2/new.wav.sealed").await;
            // Its end is not written yet; a call may hang on a queue for days.
            recordings::begin(&db, &open(&db, 3).await, "2/running.wav")
                .await
                .expect("a recording that runs");
            let mut keeper = Keeper {
                db: db.clone(),
                folder: folder.clone(),
                delete_orphans: false,
            };
            let done = keeper.look().await.expect("a look");
            assert_eq!((done.expired, done.expired_bytes, done.failed), (1, 5, 0));
            assert_eq!(
                (done.orphans, done.orphan_bytes, done.orphans_deleted),
                (1, 5, 0)
            );
            assert!(!folder.join("1").exists() && folder.join("2/stray.wav").exists());
            let old = calls::get(&db, store::access::FIRST_ORGI, &CallId(1).to_string()).await;
            let old = old.expect("a database").expect("a call");
            assert_eq!(
                (old.recording, old.recording_error.as_deref()),
                (None, Some("expired"))
            );
            let told = house_settings::get::<Sweep>(&db).await.expect("a database");
            assert_eq!(told, Some(done));
            keeper.delete_orphans = true;
            let done = keeper.look().await.expect("a look");
            assert_eq!((done.expired, done.orphans_deleted), (0, 1));
            assert!(!folder.join("2/stray.wav").exists() && folder.join("2/fresh.wav").exists());
            assert!(folder.join("2/running.wav").exists());
            // Kept for ever.
            file(&folder, "2/new.wav.sealed", 4_000);
            let for_ever = RecordingRules { keep_days: 0 };
            house_settings::put(&db, &for_ever, Millis(1))
                .await
                .expect("a database");
            assert_eq!(keeper.look().await.expect("a look").expired, 0);
            assert!(folder.join("2/new.wav.sealed").exists());
        })
        .await;
    }
}
