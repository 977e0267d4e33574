//! Looks after the folders of recordings and messages: what is too old goes, what nobody knows of is counted.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result};
use media::archive::{self, Kept, Swept};
use store::{
    Db,
    house_settings::{self, Looked, RecordingRules, Sweep},
    recordings, voicemails,
};
use tracing::{info, warn};

const DAY: Duration = Duration::from_secs(86_400);
/// A file that was written to within this time may be of a call that is not on the books yet.
const SETTLE: Duration = DAY;
/// Of the id of a call or of a message, at most.
const DIGITS: usize = 16;

/// Keeps the folders of recordings and of messages.
pub struct Keeper {
    pub db: Db,
    pub recordings: PathBuf,
    pub messages: PathBuf,
    /// What no call and no mailbox knows of is deleted, not only counted.
    pub delete_orphans: bool,
}

/// One of the two folders, and the books about it.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Recordings,
    Messages,
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
    /// When the database or a folder cannot be read.
    pub async fn look(&self) -> Result<Sweep> {
        let now = now();
        let rules = house_settings::get::<RecordingRules>(&self.db).await?;
        let rules = rules.unwrap_or_default();
        let recordings = self.look_into(Kind::Recordings, rules.keep_days, now);
        let recordings = recordings.await?;
        let messages = self.look_into(Kind::Messages, rules.keep_message_days, now);
        let done = Sweep {
            at: millis(now),
            recordings,
            messages: messages.await?,
        };
        house_settings::put(&self.db, &done, engine::time::Millis(done.at)).await?;
        Ok(done)
    }

    async fn look_into(&self, kind: Kind, keep_days: u32, now: SystemTime) -> Result<Looked> {
        let mut done = Looked::default();
        if keep_days > 0 {
            let (folder, keep) = (self.folder(kind), DAY * keep_days);
            let old = blocking(move || archive::too_old(&folder, now, keep)).await?;
            // First the books: they never name a file that is gone.
            self.expired(kind, &self.names(kind, &old)).await?;
            let swept = self.remove(kind, old).await?;
            (done.expired, done.expired_bytes) = (swept.files, swept.bytes);
            done.failed += failed(&swept);
        }
        let strays = self.strays(kind, now).await?;
        done.orphans = strays.len() as u64;
        done.orphan_bytes = strays.iter().map(|kept| kept.bytes).sum();
        if self.delete_orphans {
            let swept = self.remove(kind, strays).await?;
            done.orphans_deleted = swept.files;
            done.failed += failed(&swept);
        }
        info!(
            folder = ?kind,
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

    fn folder(&self, kind: Kind) -> PathBuf {
        match kind {
            Kind::Recordings => self.recordings.clone(),
            Kind::Messages => self.messages.clone(),
        }
    }

    async fn expired(&self, kind: Kind, names: &[String]) -> Result<()> {
        match kind {
            Kind::Recordings => recordings::expired(&self.db, names).await?,
            Kind::Messages => voicemails::expired(&self.db, names).await?,
        };
        Ok(())
    }

    async fn remove(&self, kind: Kind, files: Vec<Kept>) -> Result<Swept> {
        let folder = self.folder(kind);
        blocking(move || Ok(archive::remove(&folder, files))).await
    }

    async fn strays(&self, kind: Kind, now: SystemTime) -> Result<Vec<Kept>> {
        let folder = self.folder(kind);
        let all = blocking(move || archive::orphans(&folder, now, SETTLE, |_| false)).await?;
        let names = self.names(kind, &all);
        let known: HashSet<String> = match kind {
            Kind::Recordings => recordings::known(&self.db, &names).await?,
            Kind::Messages => voicemails::known(&self.db, &names).await?,
        };
        let named = all.into_iter().zip(names);
        let strays = named.filter(|(_, name)| !known.contains(name));
        // What was given another name in between is known by that one.
        let strays = strays.filter(|(kept, _)| kept.path.exists());
        Ok(strays.map(|(kept, _)| kept).collect())
    }

    /// As the books name them.
    fn names(&self, kind: Kind, files: &[Kept]) -> Vec<String> {
        let folder = self.folder(kind);
        files.iter().map(|kept| name(&folder, &kept.path)).collect()
    }
}

fn name(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder)
        .unwrap_or(path)
        .display()
        .to_string()
}

fn failed(swept: &Swept) -> u64 {
    for (path, error) in &swept.failed {
        warn!(file = whose(path), %error, "a recording could not be deleted");
    }
    swept.failed.len() as u64
}

/// The call or the message that a file is of: its name may have numbers of people in it.
fn whose(path: &Path) -> String {
    let text = path.to_string_lossy();
    let id = ["cal_", "snd_"].iter().find_map(|kind| {
        let (_, after) = text.rsplit_once(kind)?;
        let digits = after.chars().take_while(char::is_ascii_hexdigit);
        Some(kind.chars().chain(digits.take(DIGITS)).collect())
    });
    id.unwrap_or_else(|| "of no call".into())
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

    fn keeper(home: &store::testing::Home) -> Keeper {
        Keeper {
            db: home.db.clone(),
            recordings: home.data_dir.join("recordings"),
            messages: home.data_dir.join("voicemails"),
            delete_orphans: false,
        }
    }

    #[test]
    fn a_file_is_told_of_without_the_numbers_in_its_name() {
        for (path, told) in [
            (
                "/r/139/13900001111-cal_0000000000007.wav.sealed",
                "cal_0000000000007",
            ),
            (
                "/r/cal_1a22b33c44d55e6613900001111.wav",
                "cal_1a22b33c44d55e66",
            ),
            ("/v/2026-11-20/snd_0064f5a2c0001.wav", "snd_0064f5a2c0001"),
            ("/r/13900001111.wav", "of no call"),
        ] {
            assert_eq!(whose(Path::new(path)), told);
        }
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
            let mut keeper = keeper(&home);
            let told = keeper.look().await.expect("a look");
            let done = told.recordings;
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
            let stored = house_settings::get::<Sweep>(&db).await.expect("a database");
            assert_eq!(stored, Some(told));
            keeper.delete_orphans = true;
            let done = keeper.look().await.expect("a look").recordings;
            assert_eq!((done.expired, done.orphans_deleted), (0, 1));
            assert!(!folder.join("2/stray.wav").exists() && folder.join("2/fresh.wav").exists());
            assert!(folder.join("2/running.wav").exists());
            // Kept for ever.
            file(&folder, "2/new.wav.sealed", 4_000);
            let for_ever = RecordingRules {
                keep_days: 0,
                ..RecordingRules::default()
            };
            house_settings::put(&db, &for_ever, Millis(1))
                .await
                .expect("a database");
            let done = keeper.look().await.expect("a look");
            assert_eq!(done.recordings.expired, 0);
            assert!(folder.join("2/new.wav.sealed").exists());
        })
        .await;
    }

    /// Whoever is killed in between, or loses the database, leaves no call that names a file that is gone; a
    /// file that the books have let go is still too old.
    #[tokio::test]
    async fn the_books_let_go_of_a_recording_before_its_file_goes() {
        on_both(|home| async move {
            let (db, keeper) = (home.db.clone(), keeper(&home));
            let there = || {
                let names = ["1/old.wav", "1/older.wav"];
                names.map(|name| keeper.recordings.join(name).exists())
            };
            file(&keeper.recordings, "1/old.wav", 200);
            file(&keeper.recordings, "1/older.wav", 300);
            call(&db, 1, "1/older.wav").await;
            let names = ["1/older.wav".to_owned()];
            let expired = keeper.expired(Kind::Recordings, &names).await;
            expired.expect("a database");
            assert_eq!(there(), [true, true]);
            let done = keeper.look().await.expect("a look").recordings;
            assert_eq!((done.expired, there()), (2, [false, false]));
            file(&keeper.recordings, "1/old.wav", 200);
            call(&db, 2, "1/old.wav").await;
            db.close().await;
            let done = keeper.look_into(Kind::Recordings, 180, now()).await;
            assert!(done.is_err());
            assert_eq!(there(), [true, false]);
        })
        .await;
    }

    async fn message(db: &Db, number: u64, file: &str) {
        let left = engine::floor::VoiceMessage {
            sound: engine::ids::SoundId(number),
            call: CallId(number),
            mailbox: "sales".into(),
            queue: None,
            caller: "13900001111".into(),
            called: "4001".into(),
            at: Millis(1),
            ms: 7_000,
            file: file.into(),
        };
        voicemails::keep(db, &left).await.expect("a message");
    }

    #[tokio::test]
    async fn old_messages_go_with_their_place_in_the_mailbox_and_strays_are_counted() {
        on_both(|home| async move {
            let (db, mut keeper) = (home.db.clone(), keeper(&home));
            for (name, days) in [("1/old.wav", 200), ("2/new.wav", 3), ("2/stray.wav", 3)] {
                file(&keeper.messages, name, days);
            }
            message(&db, 1, "1/old.wav").await;
            message(&db, 2, "2/new.wav").await;
            let left = || async {
                let wanted = voicemails::Wanted::default();
                let orgi = store::access::FIRST_ORGI;
                let page = voicemails::page(&db, orgi, &wanted, None, 9).await;
                let page = page.expect("a database").into_iter();
                page.map(|one| one.file).collect::<Vec<_>>()
            };
            let done = keeper.look().await.expect("a look");
            assert_eq!(done.recordings, Looked::default());
            let expected = Looked {
                expired: 1,
                expired_bytes: 5,
                orphans: 1,
                orphan_bytes: 5,
                ..Looked::default()
            };
            assert_eq!(done.messages, expected);
            assert_eq!(left().await, ["2/new.wav"]);
            assert!(!keeper.messages.join("1").exists());
            let sooner = RecordingRules {
                keep_message_days: 2,
                ..RecordingRules::default()
            };
            house_settings::put(&db, &sooner, Millis(1))
                .await
                .expect("a database");
            keeper.delete_orphans = true;
            let done = keeper.look().await.expect("a look").messages;
            // A stray that is too old goes as such.
            assert_eq!((done.expired, done.orphans), (2, 0));
            assert_eq!(left().await, [""; 0]);
        })
        .await;
    }
}
