//! What an earlier process of this node was recording when it was killed: each file is made playable to
//! its end, and the books say how long it is.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use engine::time::Millis;
use store::{Db, calls, recordings, voicemails};
use tracing::{info, warn};

const DAY_MS: i64 = 86_400_000;
/// Bytes: RIFF, its format and the beginning of its data.
const WAV_HEADER: u64 = 44;
/// As on the floor: anything shorter is somebody who hung up.
const SHORTEST_MESSAGE_MS: u64 = 1_000;

/// Where recordings and messages are, and what opens those that are sealed.
pub struct Folders {
    pub data: PathBuf,
    pub keys: Option<seal::Keys>,
}

impl Folders {
    /// Ask before the floor closes what the process left open.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn complete(self, db: &Db, node: &str) -> Result<()> {
        let (done, kept) = tokio::try_join!(self.recordings(db, node), self.messages(db, node))?;
        if done + kept > 0 {
            info!(
                recordings = done,
                messages = kept,
                "completed what was being recorded"
            );
        }
        Ok(())
    }

    async fn recordings(&self, db: &Db, node: &str) -> Result<u64> {
        let mut done = 0;
        for open in recordings::interrupted(db, node).await? {
            let folder = self.data.join("recordings");
            let call = open.call.to_string();
            let Some(file) = file_of(&folder, &open) else {
                if open.file.is_some() {
                    calls::recorded(db, &call, "", 0, Some("lost")).await?;
                }
                continue;
            };
            match self.salvage(folder.join(&file)).await {
                Ok(ms) => {
                    let ms = i64::try_from(ms).unwrap_or(i64::MAX);
                    calls::recorded(db, &call, &file, ms, Some("interrupted")).await?;
                    done += 1;
                }
                // The process was killed before it had written a header, let alone a sound.
                Err(_) if is_empty(&folder.join(&file)) => {
                    drop(tokio::fs::remove_file(folder.join(&file)).await);
                    calls::recorded(db, &call, "", 0, Some("lost")).await?;
                }
                Err(error) => {
                    warn!(file, error = ?error, "what was recorded cannot be played");
                    calls::recorded(db, &call, &file, 0, Some("unusable")).await?;
                }
            }
        }
        Ok(done)
    }

    async fn messages(&self, db: &Db, node: &str) -> Result<u64> {
        let mut kept = 0;
        for (sound, file) in voicemails::interrupted(db, node).await? {
            let path = self.data.join("voicemails").join(&file);
            let found = self.salvage(path.clone()).await;
            let long = found.as_ref().ok().filter(|ms| **ms >= SHORTEST_MESSAGE_MS);
            if let Some(ms) = long {
                let ms = i64::try_from(*ms).unwrap_or(i64::MAX);
                voicemails::complete(db, sound, ms).await?;
                kept += 1;
                continue;
            }
            match found {
                // Nobody said anything.
                Ok(_) => drop(tokio::fs::remove_file(path).await),
                Err(error) => {
                    warn!(file, error = ?error, "a message was cut off and cannot be played")
                }
            }
            voicemails::forget(db, sound).await?;
        }
        Ok(kept)
    }

    async fn salvage(&self, path: PathBuf) -> Result<u64> {
        let keys = self.keys.clone();
        let done =
            tokio::task::spawn_blocking(move || media::salvage(&path, keys.as_ref())).await?;
        done.context("cannot make it playable")
    }
}

fn is_empty(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.len() < WAV_HEADER)
}

/// The file of a recording, below the folder; of one whose beginning was not even noted it is found by the
/// name of its call. A promised call is made within a day.
fn file_of(folder: &Path, open: &recordings::Interrupted) -> Option<String> {
    let noted = open.file.iter().cloned();
    let days = [0, 1].map(|day| Millis(open.started.0 + day * DAY_MS));
    let names = days.map(|day| live::file_of(open.call, day).display().to_string());
    let plain = noted.chain(names.into_iter().filter(|_| open.file.is_none()));
    let mut either = plain.flat_map(|name| [format!("{name}.sealed"), name]);
    either.find(|name| folder.join(name).is_file())
}

#[cfg(test)]
mod tests {
    use engine::{
        floor::VoiceMessage,
        ids::{CallId, SoundId},
    };
    use store::{
        access::FIRST_ORGI,
        testing::{inbound, on_both},
        voicemails::Wanted,
    };

    use super::*;

    const STARTED: Millis = Millis(1_795_000_000_000);

    async fn call(db: &Db, number: u64) -> String {
        let call = inbound(number, STARTED);
        calls::open_inbound(db, "n", &call).await.expect("a call");
        call.id.to_string()
    }

    /// A file whose writer was killed before it could say how long it is.
    fn torso(path: &Path, seconds: usize) {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 8_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let writer = hound::WavWriter::create(path, spec).expect("a file");
        writer.finalize().expect("a header");
        let mut bytes = std::fs::read(path).expect("a file");
        bytes.resize(bytes.len() + seconds * 32_000, 7);
        std::fs::write(path, bytes).expect("a file");
    }

    async fn message(db: &Db, number: u64) -> String {
        let call = CallId(number);
        let file = format!("d/{number}.wav");
        let message = VoiceMessage {
            sound: SoundId(number),
            call,
            mailbox: "sales".into(),
            queue: None,
            caller: "1".into(),
            called: "2".into(),
            at: STARTED,
            ms: 0,
            file: file.clone(),
        };
        voicemails::begin(db, &message).await.expect("a message");
        file
    }

    #[tokio::test]
    async fn what_a_killed_process_was_recording_is_whole_and_on_the_books() {
        on_both(|home| async move {
            let db = &home.db;
            let recordings = home.data_dir.join("recordings");
            let mut ids = Vec::new();
            for number in 1..=5 {
                ids.push(call(db, number).await);
            }
            // The second one's beginning was not noted, and it was answered the next day.
            let names = [0, 1].map(|day| {
                let day = Millis(STARTED.0 + day * DAY_MS);
                let id = CallId(1 + u64::from(day != STARTED));
                live::file_of(id, day).display().to_string()
            });
            torso(&recordings.join(&names[0]), 3);
            torso(&recordings.join(&names[1]), 2);
            recordings::begin(db, &ids[0], &names[0])
                .await
                .expect("noted");
            recordings::begin(db, &ids[2], "2026/gone.wav")
                .await
                .expect("noted");
            // Of the fifth one there is nothing but a file.
            let empty = live::file_of(CallId(5), STARTED).display().to_string();
            let empty = recordings.join(empty);
            std::fs::write(&empty, b"RIFF").expect("a file");
            let messages = home.data_dir.join("voicemails");
            torso(&messages.join(message(db, 1).await), 5);
            torso(&messages.join(message(db, 2).await), 0);

            let folders = Folders {
                data: home.data_dir.clone(),
                keys: None,
            };
            folders.complete(db, "n").await.expect("a database");
            let told = async |id: &String| {
                let call = calls::get(db, FIRST_ORGI, id).await.expect("a database");
                let call = call.expect("a call");
                (call.recording, call.recording_ms, call.recording_error)
            };
            let cut =
                |name: &String, ms| (Some(name.clone()), Some(ms), Some("interrupted".into()));
            assert_eq!(told(&ids[0]).await, cut(&names[0], 3_000));
            assert_eq!(told(&ids[1]).await, cut(&names[1], 2_000));
            assert_eq!(told(&ids[2]).await, (None, Some(0), Some("lost".into())));
            assert_eq!(told(&ids[3]).await, (None, None, None));
            assert_eq!(told(&ids[4]).await, (None, Some(0), Some("lost".into())));
            assert!(!empty.exists());
            let path = recordings.join(&names[0]);
            let wav = hound::WavReader::open(path).expect("a playable file");
            assert_eq!(wav.duration(), 3 * 8_000);
            let kept = voicemails::page(db, FIRST_ORGI, &Wanted::default(), None, 9).await;
            let kept = kept.expect("a database");
            let kept: Vec<_> = kept.iter().map(|one| (one.file.as_str(), one.ms)).collect();
            assert_eq!(kept, [("d/1.wav", 5_000)]);
            assert!(!messages.join("d/2.wav").exists());
        })
        .await;
    }
}
