//! The files that calls were recorded into, by their names below the recordings directory.

use std::collections::HashSet;

use sqlx::QueryBuilder;

use crate::{Db, Result, on};

/// Names asked for in one statement.
const AT_ONCE: usize = 500;

/// Those of the names that a call knows.
///
/// # Errors
/// When the database fails.
pub async fn known(db: &Db, names: &[String]) -> Result<HashSet<String>> {
    let mut found = HashSet::new();
    for some in names.chunks(AT_ONCE) {
        let rows: Vec<String> = on!(db.read(), c => {
            let mut query = QueryBuilder::new("SELECT recording FROM calls WHERE recording IN (");
            let mut list = query.separated(", ");
            for name in some {
                list.push_bind(name.clone());
            }
            query.push(")");
            query.build_query_scalar().fetch_all(c).await
        })?;
        found.extend(rows);
    }
    Ok(found)
}

/// The files are gone because they were too old: their calls say so.
///
/// # Errors
/// When the database fails.
pub async fn expired(db: &Db, names: &[String]) -> Result<u64> {
    let mut changed = 0;
    for some in names.chunks(AT_ONCE) {
        changed += on!(db.write(), c => {
            let mut query = QueryBuilder::new(
                "UPDATE calls SET recording = NULL, recording_error = 'expired' WHERE recording IN (");
            let mut list = query.separated(", ");
            for name in some {
                list.push_bind(name.clone());
            }
            query.push(")");
            query.build().execute(c).await.map(|done| done.rows_affected())
        })?;
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use engine::{floor::OpenCall, ids::CallId, time::Millis};

    use super::*;
    use crate::{access::FIRST_ORGI, calls, testing::on_both};

    #[tokio::test]
    async fn files_are_known_by_their_calls_until_they_expire() {
        on_both(|home| async move {
            let db = &home.db;
            for (number, file) in [(1, "a/one.wav"), (2, "a/two.wav")] {
                let call = OpenCall {
                    id: CallId(number),
                    mode: None,
                    campaign: None,
                    task: None,
                    lead: None,
                    queue: None,
                    agent: None,
                    gateway: None,
                    caller: "1".into(),
                    callee: "2".into(),
                    started_at: Millis(1),
                    is_test: false,
                    is_call_back: false,
                };
                calls::open_inbound(db, "n", &call).await.unwrap();
                let id = call.id.to_string();
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
