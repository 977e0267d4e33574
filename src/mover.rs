//! Gives recordings the names that their queues have for them (VOX-048), once the books ask for it.
//!
//! A file is moved within its folder, which is one step on the disk, and then the books follow. Killed in between,
//! the next look finds the file where it was going to and lets the books follow; until then they know both names.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Result;
use live::failpoint;
use store::{
    Db,
    recording_moves::{self, Move},
};
use tracing::warn;

/// Moves that are read at once.
const AT_ONCE: u16 = 500;

/// Moves recordings of one node.
pub struct Mover {
    pub db: Db,
    pub node: String,
    pub recordings: PathBuf,
    /// The call that was looked at last; empty: the next look begins with the oldest.
    pub behind: String,
}

/// What became of a file that was to be moved.
#[derive(Debug)]
enum Way {
    /// It has its new name.
    Moved,
    /// It has the old one, and this is why.
    Kept(io::Error),
    /// It has neither.
    Gone,
}

impl Mover {
    /// Looks at once, and then this often, for ever.
    pub async fn keep(mut self, every: Duration) {
        let mut beat = tokio::time::interval(every);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            beat.tick().await;
            if let Err(error) = self.look().await {
                warn!(error = ?error, "recordings could not be given their names");
            }
        }
    }

    /// Moves what is to be moved now. What cannot be moved keeps its name.
    ///
    /// # Errors
    /// When the database does not answer; the next look does the rest.
    pub async fn look(&mut self) -> Result<()> {
        self.go_on(AT_ONCE).await
    }

    /// Looks at so many, behind those of the look before: what nobody can say anything about today keeps none of the
    /// later ones from their names.
    async fn go_on(&mut self, most: u16) -> Result<()> {
        let all = recording_moves::planned(&self.db, &self.node, &self.behind, most).await?;
        let last = all.last().filter(|_| all.len() == usize::from(most));
        let behind = last.map_or_else(String::new, |last| last.call.clone());
        for planned in all {
            let (folder, names) = (self.recordings.clone(), planned.clone());
            failpoint::reach("moving");
            let way = tokio::task::spawn_blocking(move || bring(&folder, &names)).await?;
            failpoint::reach("moved");
            self.note(&planned, way).await?;
        }
        self.behind = behind;
        Ok(())
    }

    /// Names may have numbers of people in them: the log has the call.
    async fn note(&self, planned: &Move, way: io::Result<Way>) -> Result<()> {
        let call = &planned.call;
        match way {
            Ok(Way::Moved) => return Ok(recording_moves::done(&self.db, planned).await?),
            Ok(Way::Kept(error)) => warn!(call, %error, "a recording keeps the name that it has"),
            Ok(Way::Gone) => warn!(call, "a recording that was to be named is gone"),
            Err(error) => {
                warn!(call, %error, "nobody can say where a recording is");
                return Ok(());
            }
        }
        Ok(recording_moves::give_up(&self.db, call).await?)
    }
}

/// Moves a file, or finds it moved.
///
/// # Errors
/// When the folder cannot be looked into: the file may be there by either name.
fn bring(folder: &Path, planned: &Move) -> io::Result<Way> {
    let (from, to) = (folder.join(&planned.from), folder.join(&planned.to));
    Ok(match (from.try_exists()?, to.try_exists()?) {
        (false, true) => Way::Moved,
        (false, false) => Way::Gone,
        (true, true) => Way::Kept(io::ErrorKind::AlreadyExists.into()),
        (true, false) => rename(folder, &from, &to).map_or_else(Way::Kept, |()| Way::Moved),
    })
}

fn rename(folder: &Path, from: &Path, to: &Path) -> io::Result<()> {
    let parent = to.parent().unwrap_or(folder);
    let is_new = !parent.exists();
    std::fs::create_dir_all(parent)?;
    std::fs::rename(from, to)?;
    // The books are not to be ahead of a disk that loses its current.
    let above = parent.ancestors().take_while(|it| it.starts_with(folder));
    for folder in above.take(if is_new { usize::MAX } else { 1 }) {
        if let Err(error) = File::open(folder).and_then(|folder| folder.sync_all()) {
            warn!(%error, "a folder of recordings cannot be made safe");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use engine::{floor::OpenCall, ids::CallId, queue::Settings, time::Millis};
    use store::{
        access::FIRST_ORGI,
        calls, queues, recordings, recover,
        testing::{Home, inbound, on_both},
    };

    use super::*;
    use crate::keeper::Keeper;

    const NODE: &str = "n";

    /// A call of a queue whose recording lies under `from` since three days.
    async fn recorded(home: &Home, number: u64, from: &str) -> String {
        let call = OpenCall {
            queue: Some("sales".into()),
            ..inbound(number, Millis(1))
        };
        calls::open_inbound(&home.db, NODE, &call)
            .await
            .expect("a call");
        let id = call.id.to_string();
        lay(home, from);
        calls::recorded(&home.db, &id, from, 10, None)
            .await
            .expect("a recording");
        id
    }

    fn lay(home: &Home, name: &str) {
        let path = home.data_dir.join("recordings").join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, name).expect("a file");
        let file = File::options().write(true).open(&path).expect("our file");
        let long_ago = file
            .metadata()
            .and_then(|file| file.modified())
            .expect("a time");
        file.set_modified(long_ago - Duration::from_secs(3 * 86_400))
            .expect("a time");
    }

    async fn set_up(home: &Home) -> Mover {
        let queue = queues::Queue {
            id: "sales".into(),
            name: "sales".into(),
            code: String::new(),
            settings: Settings {
                recording_name: Some("archive/{queue}/{called}-{call_id}".into()),
                ..Settings::default()
            },
            agents: Vec::new(),
        };
        let mut tx = home.db.begin().await.expect("a database");
        let put = queues::put(&mut tx, FIRST_ORGI, &queue, Millis(1)).await;
        put.expect("a queue");
        tx.commit().await.expect("a database");
        Mover {
            db: home.db.clone(),
            node: NODE.into(),
            recordings: home.data_dir.join("recordings"),
            behind: String::new(),
        }
    }

    fn named(number: u64, ending: &str) -> String {
        format!("archive/sales/2-{}{ending}", CallId(number))
    }

    /// What is in the file that the books name.
    async fn heard(home: &Home, call: &str) -> String {
        let call = calls::get(&home.db, FIRST_ORGI, call)
            .await
            .expect("a database");
        let name = call.and_then(|call| call.recording).expect("a name");
        let path = home.data_dir.join("recordings").join(&name);
        let sound = std::fs::read_to_string(path).expect("a file of that name");
        format!("{name} has {sound}")
    }

    /// Whoever looks after the folder knows every file in it and would delete what it does not know.
    async fn nothing_strays(home: &Home) {
        let keeper = Keeper {
            db: home.db.clone(),
            recordings: home.data_dir.join("recordings"),
            messages: home.data_dir.join("voicemails"),
            delete_orphans: true,
        };
        let seen = keeper.look().await.expect("a look").recordings;
        assert_eq!((seen.orphans, seen.orphans_deleted, seen.failed), (0, 0, 0));
    }

    #[tokio::test]
    async fn a_recording_takes_its_queue_s_name_wherever_the_process_was_killed_before() {
        on_both(|home| async move {
            let mut mover = set_up(&home).await;
            let mut calls = Vec::new();
            for (number, from) in [
                (1, "d/1.wav"),
                (2, "d/2.wav"),
                (3, "d/3.wav.sealed"),
                (4, "d/4.wav"),
            ] {
                calls.push(recorded(&home, number, from).await);
            }
            mover.look().await.expect("a look");
            assert_eq!(
                heard(&home, &calls[0]).await,
                "d/1.wav has d/1.wav",
                "it is not over"
            );
            // The process was killed: the next one closes the calls.
            recover::recover(&home.db, NODE, Millis(2))
                .await
                .expect("a database");
            nothing_strays(&home).await;
            // The second file was moved before the process was killed, the books were not told.
            let moves = recording_moves::planned(&home.db, NODE, "", 9)
                .await
                .expect("moves");
            assert!(matches!(
                bring(&mover.recordings, &moves[1]),
                Ok(Way::Moved)
            ));
            nothing_strays(&home).await;
            assert_eq!(heard(&home, &calls[0]).await, "d/1.wav has d/1.wav");
            // The fourth one's file is gone, and there is nothing to be lost.
            std::fs::remove_file(mover.recordings.join("d/4.wav")).expect("a file");

            mover.look().await.expect("a look");
            for (number, ending, sound) in [
                (1, ".wav", "d/1.wav"),
                (2, ".wav", "d/2.wav"),
                (3, ".wav.sealed", "d/3.wav.sealed"),
            ] {
                let expected = format!("{} has {sound}", named(number, ending));
                assert_eq!(heard(&home, &calls[number as usize - 1]).await, expected);
            }
            let left = recording_moves::planned(&home.db, NODE, "", 9).await;
            assert_eq!(left.expect("a database"), []);
            nothing_strays(&home).await;
            mover
                .look()
                .await
                .expect("another look finds nothing to do");
        })
        .await;
    }

    #[tokio::test]
    async fn a_recording_that_cannot_have_its_name_keeps_the_one_it_has() {
        on_both(|home| async move {
            let mut mover = set_up(&home).await;
            let taken = recorded(&home, 1, "d/1.wav").await;
            lay(&home, &named(1, ".wav"));
            let mut calls = vec![taken];
            for number in 2..=3 {
                calls.push(recorded(&home, number, &format!("d/{number}.wav")).await);
            }
            recover::recover(&home.db, NODE, Millis(2))
                .await
                .expect("a database");
            let first = recording_moves::planned(&home.db, NODE, "", 9)
                .await
                .expect("moves")
                .remove(0);
            assert!(matches!(bring(&mover.recordings, &first), Ok(Way::Kept(_))));
            mover.look().await.expect("a look");
            assert_eq!(heard(&home, &calls[0]).await, "d/1.wav has d/1.wav");
            assert_eq!(
                heard(&home, &calls[1]).await,
                format!("{} has d/2.wav", named(2, ".wav"))
            );
            let other = std::fs::read_to_string(mover.recordings.join(named(1, ".wav")));
            assert_eq!(
                other.expect("a file"),
                named(1, ".wav"),
                "nothing is written over"
            );
            assert!(
                recording_moves::planned(&home.db, NODE, "", 9)
                    .await
                    .expect("moves")
                    .is_empty()
            );
        })
        .await;
    }

    #[tokio::test]
    async fn recordings_that_nobody_can_look_at_keep_no_later_one_from_its_name() {
        on_both(|home| async move {
            let mut mover = set_up(&home).await;
            let mut calls = Vec::new();
            for number in 1..=2 {
                calls.push(recorded(&home, number, &format!("d{number}/1.wav")).await);
            }
            recover::recover(&home.db, NODE, Millis(2))
                .await
                .expect("a database");
            let folder = mover.recordings.join("d1");
            std::fs::rename(&folder, mover.recordings.join("away")).expect("a folder");
            lay(&home, "d1");
            for _ in 0..2 {
                mover.go_on(1).await.expect("a look");
            }
            let second = format!("{} has d2/1.wav", named(2, ".wav"));
            assert_eq!(heard(&home, &calls[1]).await, second);

            std::fs::remove_file(&folder).expect("a file");
            std::fs::rename(mover.recordings.join("away"), &folder).expect("a folder");
            for _ in 0..2 {
                mover.go_on(1).await.expect("a look");
            }
            let first = format!("{} has d1/1.wav", named(1, ".wav"));
            assert_eq!(heard(&home, &calls[0]).await, first, "the looks begin anew");
        })
        .await;
    }

    #[tokio::test]
    async fn a_folder_that_is_a_file_leaves_the_recording_where_it_is() {
        on_both(|home| async move {
            let mut mover = set_up(&home).await;
            let call = recorded(&home, 1, "d/1.wav").await;
            lay(&home, "archive");
            recover::recover(&home.db, NODE, Millis(2))
                .await
                .expect("a database");
            mover.look().await.expect("a look");
            assert_eq!(heard(&home, &call).await, "d/1.wav has d/1.wav");
            let names = ["d/1.wav".to_owned()];
            let known = recordings::known(&home.db, &names)
                .await
                .expect("a database");
            assert_eq!(known.len(), 1);
        })
        .await;
    }
}
