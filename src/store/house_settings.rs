//! What the house sets for all its lines: one row a name, the value as JSON.

use engine::time::Millis;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Db, Result, Tx, doc, on};

/// A setting and the name it is stored under.
pub trait Named: Serialize + DeserializeOwned {
    const NAME: &'static str;
}

/// What one phone may do with its password: bounds of what a stolen one costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PhoneCaps {
    /// Calls from one phone at once, 1 to 100.
    pub at_once: u32,
    /// Calls from one phone within an hour, 1 to 10,000.
    pub per_hour: u32,
    /// Starts of numbers that phones may not call, at most 200.
    pub denied: Vec<String>,
}

impl Default for PhoneCaps {
    fn default() -> Self {
        Self {
            at_once: 4,
            per_hour: 120,
            denied: Vec::new(),
        }
    }
}

impl Named for PhoneCaps {
    const NAME: &'static str = "phones";
}

/// What becomes of recordings (VOX-202).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecordingRules {
    /// They are deleted after so many days, at most 3,650; 0 keeps them.
    pub keep_days: u32,
    /// The same for messages in mailboxes, heard or not.
    pub keep_message_days: u32,
}

impl Default for RecordingRules {
    fn default() -> Self {
        Self {
            keep_days: 180,
            keep_message_days: 180,
        }
    }
}

impl Named for RecordingRules {
    const NAME: &'static str = "recordings";
}

/// What becomes of files that jobs make: exports, reports, sheets of rejects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileRules {
    /// They are deleted after so many days, at most 3,650; 0 keeps them.
    pub keep_days: u32,
}

impl Default for FileRules {
    fn default() -> Self {
        Self { keep_days: 30 }
    }
}

impl Named for FileRules {
    const NAME: &'static str = "files";
}

/// What the last look at the folders of recordings and messages came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sweep {
    /// UTC milliseconds.
    pub at: i64,
    #[serde(flatten)]
    pub recordings: Looked,
    pub messages: Looked,
}

/// What a look at one folder came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Looked {
    /// Files that were too old and are gone.
    pub expired: u64,
    pub expired_bytes: u64,
    /// Files that no call, and no mailbox, knows of.
    pub orphans: u64,
    pub orphan_bytes: u64,
    /// Those of them that are gone.
    pub orphans_deleted: u64,
    /// Files that could not be deleted.
    pub failed: u64,
}

impl Named for Sweep {
    const NAME: &'static str = "recordings.swept";
}

/// What is set; `None` when nobody has.
///
/// # Errors
/// When the database fails or what is stored cannot be read.
pub async fn get<T: Named>(db: &Db) -> Result<Option<T>> {
    let value: Option<String> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT value FROM house_settings WHERE name = $1"
    ).bind(T::NAME).fetch_optional(c).await)?;
    value.map(|value| doc::parse(T::NAME, &value)).transpose()
}

/// # Errors
/// When the database fails.
pub async fn put<T: Named>(db: &Db, value: &T, now: Millis) -> Result<()> {
    let mut tx = db.begin().await?;
    put_in(&mut tx, value, now).await?;
    tx.commit().await
}

/// The same in this write.
///
/// # Errors
/// When the database fails.
pub async fn put_in<T: Named>(tx: &mut Tx, value: &T, now: Millis) -> Result<()> {
    let text = doc::text(T::NAME, value)?;
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO house_settings (name, value, updated_at) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at")
        .bind(T::NAME).bind(&text).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{sample::NOW, testing::on_both};

    fn kept(keep_days: u32) -> RecordingRules {
        RecordingRules {
            keep_days,
            ..RecordingRules::default()
        }
    }

    #[tokio::test]
    async fn a_setting_is_there_once_it_is_made_and_changes_alone() {
        on_both(|home| async move {
            let db = &home.db;
            assert_eq!(get::<PhoneCaps>(db).await.unwrap(), None);
            let caps = PhoneCaps {
                denied: vec!["00".into()],
                ..PhoneCaps::default()
            };
            put(db, &caps, NOW).await.unwrap();
            put(db, &kept(7), NOW).await.unwrap();
            put(db, &kept(9), NOW).await.unwrap();
            assert_eq!(get::<PhoneCaps>(db).await.unwrap(), Some(caps));
            let rules = get::<RecordingRules>(db).await.unwrap();
            assert_eq!(rules, Some(kept(9)));
        })
        .await;
    }
}
