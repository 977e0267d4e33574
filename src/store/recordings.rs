//! The files that calls are recorded into, by their names below the recordings directory. A file is on the
//! books from its beginning on; its length comes with its end.

use std::collections::HashSet;

use engine::{ids::CallId, time::Millis};
use sqlx::QueryBuilder;

use crate::{Db, Result, on};

/// Names asked for in one statement.
const AT_ONCE: usize = 500;

macro_rules! one_of {
    ($query:expr, $names:expr) => {{
        $query.push(" IN (");
        let mut list = $query.separated(", ");
        for name in $names {
            list.push_bind(name.clone());
        }
        $query.push(")");
    }};
}

/// A call that was being recorded, or may have been, when its process was killed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interrupted {
    pub call: CallId,
    /// `None`: not even the beginning of a recording was noted.
    pub file: Option<String>,
    pub started: Millis,
}

/// The call is being recorded into this file.
///
/// # Errors
/// When the database refuses.
pub async fn begin(db: &Db, call: &str, file: &str) -> Result<()> {
    on!(db.write(), c => sqlx::query(
        "UPDATE calls SET recording = $2
         WHERE id = $1 AND recording_ms IS NULL AND recording_error IS NULL")
        .bind(call).bind(file).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// The calls of this node that have a recording without an end, and those that are open without one.
/// Ask before anything is closed for an earlier process and before a new call begins.
///
/// # Errors
/// When the database refuses.
pub async fn interrupted(db: &Db, node: &str) -> Result<Vec<Interrupted>> {
    let rows: Vec<(String, Option<String>, i64)> = on!(db.read(), c => sqlx::query_as(
        "SELECT id, recording, started_at FROM calls
         WHERE node = $1 AND recording IS NOT NULL AND recording_ms IS NULL
         UNION ALL
         SELECT id, recording, started_at FROM calls
         WHERE node = $1 AND state = 'open' AND recording IS NULL AND recording_error IS NULL
         ORDER BY id")
        .bind(node).fetch_all(c).await)?;
    let rows = rows.into_iter().filter_map(|(id, file, started)| {
        Some(Interrupted {
            call: id.parse().ok()?,
            file,
            started: Millis(started),
        })
    });
    Ok(rows.collect())
}

/// Those of the names that a call knows, or is to have for its recording. One statement: a move that ends
/// meanwhile is known by one or by the other.
///
/// # Errors
/// When the database fails.
pub async fn known(db: &Db, names: &[String]) -> Result<HashSet<String>> {
    let mut found = HashSet::new();
    for some in names.chunks(AT_ONCE) {
        let rows: Vec<String> = on!(db.read(), c => {
            let mut query = QueryBuilder::new("SELECT recording FROM calls WHERE recording");
            one_of!(query, some);
            query.push(" UNION SELECT file FROM recording_moves WHERE file");
            one_of!(query, some);
            query.build_query_scalar().fetch_all(c).await
        })?;
        found.extend(rows);
    }
    Ok(found)
}

/// The files are too old and about to go: their calls say so, and nothing moves any more.
///
/// # Errors
/// When the database fails.
pub async fn expired(db: &Db, names: &[String]) -> Result<u64> {
    let mut changed = 0;
    for some in names.chunks(AT_ONCE) {
        let mut tx = db.begin().await?;
        for by in [
            "recording",
            "id IN (SELECT call_id FROM recording_moves WHERE file",
        ] {
            changed += on!(tx.conn(), c => {
                let mut query = QueryBuilder::new(
                    "UPDATE calls SET recording = NULL, recording_error = 'expired' WHERE ");
                query.push(by);
                one_of!(query, some);
                query.push(if by.contains('(') { ")" } else { "" });
                query.build().execute(c).await.map(|done| done.rows_affected())
            })?;
        }
        on!(tx.conn(), c => sqlx::query(
            "DELETE FROM recording_moves WHERE EXISTS (
                 SELECT 1 FROM calls c WHERE c.id = recording_moves.call_id AND c.recording IS NULL)")
            .execute(c).await.map(|_| ()))?;
        tx.commit().await?;
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use engine::floor::OpenCall;

    use super::*;
    use crate::{access::FIRST_ORGI, calls, recover::recover, sample_floor, testing::on_both};

    async fn call(db: &Db, number: u64) -> String {
        let call = OpenCall {
            id: CallId(number),
            ..sample_floor::inbound()
        };
        calls::open_inbound(db, "n", &call).await.unwrap();
        call.id.to_string()
    }

    #[tokio::test]
    async fn a_recording_is_on_the_books_from_its_beginning_and_known_as_interrupted_until_its_end()
    {
        on_both(|home| async move {
            let db = &home.db;
            let mut ids = Vec::new();
            for number in 1..=4 {
                ids.push(call(db, number).await);
            }
            for (id, file) in [
                (&ids[0], "a/1.wav"),
                (&ids[1], "a/2.wav"),
                (&ids[2], "a/3.wav"),
            ] {
                begin(db, id, file).await.unwrap();
            }
            let names: Vec<String> = vec!["a/1.wav".into(), "a/9.wav".into()];
            assert_eq!(
                known(db, &names).await.unwrap(),
                ["a/1.wav".to_owned()].into()
            );
            calls::recorded(db, &ids[0], "a/1.wav", 10, None)
                .await
                .unwrap();
            // A beginning that is told late changes nothing.
            begin(db, &ids[0], "a/other.wav").await.unwrap();
            let found = |number: u64, file: Option<&str>| Interrupted {
                call: CallId(number),
                file: file.map(Into::into),
                started: crate::sample::NOW,
            };
            let open = [
                found(2, Some("a/2.wav")),
                found(3, Some("a/3.wav")),
                found(4, None),
            ];
            assert_eq!(interrupted(db, "n").await.unwrap(), open);
            assert_eq!(interrupted(db, "m").await.unwrap(), []);
            calls::recorded(db, &ids[1], "a/2.wav", 700, Some("interrupted"))
                .await
                .unwrap();
            recover(db, "n", crate::sample::NOW).await.unwrap();
            let left = interrupted(db, "n").await.unwrap();
            assert_eq!(left, open[1..2], "of closed calls those with a file");
            let first = calls::get(db, FIRST_ORGI, &ids[0])
                .await
                .unwrap()
                .expect("a call");
            assert_eq!(
                (first.recording.as_deref(), first.recording_ms),
                (Some("a/1.wav"), Some(10))
            );
        })
        .await;
    }

    #[tokio::test]
    async fn files_are_known_by_their_calls_until_they_expire() {
        on_both(|home| async move {
            let db = &home.db;
            for (number, file) in [(1, "a/one.wav"), (2, "a/two.wav")] {
                let id = call(db, number).await;
                calls::recorded(db, &id, file, 10, None).await.unwrap();
            }
            let names: Vec<String> = ["a/one.wav", "a/two.wav", "a/stray.wav"]
                .map(Into::into)
                .into();
            let found = known(db, &names).await.unwrap();
            assert!(found.len() == 2 && !found.contains("a/stray.wav"));
            assert_eq!(expired(db, &names[..1]).await.unwrap(), 1);
            let call = calls::get(db, FIRST_ORGI, &CallId(1).to_string())
                .await
                .unwrap();
            let call = call.expect("a call");
            assert_eq!(
                (call.recording, call.recording_error.as_deref()),
                (None, Some("expired"))
            );
            assert_eq!(known(db, &names).await.unwrap().len(), 1);
        })
        .await;
    }
}
