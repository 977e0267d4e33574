//! Which files of the data directory are still wanted.

use std::collections::BTreeSet;

use crate::{Db, Result, doc, on, work::Work};

/// Paths, relative to the data directory, of uploads that something names: an import, a dry run, or a
/// template that a batch was made from.
///
/// # Errors
/// When the database fails or a job cannot be read.
pub async fn uploads(db: &Db) -> Result<BTreeSet<String>> {
    let paths: Vec<String> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT file_path FROM imports UNION SELECT file_path FROM previews"
    ).fetch_all(c).await)?;
    let templates: Vec<String> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT j.payload FROM job_runs j JOIN batches b ON b.id = j.batch_id
         WHERE j.kind = 'read_template' AND j.payload <> ''"
    ).fetch_all(c).await)?;
    let mut named: BTreeSet<String> = paths.into_iter().collect();
    for template in templates {
        if let Work::ReadTemplate { file_path, .. } = doc::parse("work", &template)? {
            named.insert(file_path);
        }
    }
    Ok(named)
}
