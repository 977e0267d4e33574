//! Batches (批次): spreadsheets' worth of leads with one data structure.

use engine::time::Millis;
use serde::Serialize;
use sqlx::FromRow;

use crate::{Db, Error, Result, Tx, doc, new_id, on, work::Work};

#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct Batch {
    pub id: String,
    pub orgi: String,
    pub creater: String,
    pub name: String,
    /// `temporary`, `planned` or `external`.
    pub batch_type: String,
    /// `upload`.
    pub import_mode: String,
    pub description: String,
    /// `draft` (no saved template), `ready`, `archived` or `deleting`.
    pub state: String,
    /// Rises with every import and edit; names the snapshot a filter ran on.
    pub snapshot_version: i64,
    /// `followup`, `marketing` or empty: which business filters look at it (OUT-088).
    pub business_type: String,
    pub created_at: i64,
    pub updated_at: i64,
    /// Leads in it.
    pub rows: i64,
}

#[derive(Debug, Clone)]
pub struct NewBatch<'a> {
    pub orgi: &'a str,
    pub creater: &'a str,
    pub name: &'a str,
    pub batch_type: &'a str,
    pub description: &'a str,
}

/// # Errors
/// `NAME_TAKEN` when the tenant has a batch of that name.
pub async fn create(tx: &mut Tx, new: &NewBatch<'_>, now: Millis) -> Result<String> {
    let id = new_id("bat");
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO batches
            (id, orgi, creater, name, batch_type, import_mode, description, state, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, 'upload', $6, 'draft', $7, $7)"
    ).bind(&id).bind(new.orgi).bind(new.creater).bind(new.name).bind(new.batch_type)
        .bind(new.description).bind(now.0).execute(c).await.map(|_| ()))
    .map_err(|error| Error::from(error).unique_as("NAME_TAKEN"))?;
    Ok(id)
}

/// # Errors
/// When the database fails.
pub async fn get(db: &Db, orgi: &str, id: &str) -> Result<Option<Batch>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT b.*, (SELECT COUNT(*) FROM leads l WHERE l.batch_id = b.id) AS rows
         FROM batches b WHERE b.orgi = $1 AND b.id = $2"
    ).bind(orgi).bind(id).fetch_optional(c).await)?)
}

/// The tenant's batches, newest first, those before the id `before`.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, orgi: &str, before: Option<&str>, limit: i64) -> Result<Vec<Batch>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT b.*, (SELECT COUNT(*) FROM leads l WHERE l.batch_id = b.id) AS rows
         FROM batches b WHERE b.orgi = $1 AND ($2 = '' OR b.id < $2) ORDER BY b.id DESC LIMIT $3"
    ).bind(orgi).bind(before.unwrap_or_default()).bind(limit).fetch_all(c).await)?)
}

/// Changes name and description.
///
/// # Errors
/// `NAME_TAKEN`.
pub async fn rename(
    tx: &mut Tx,
    id: &str,
    name: &str,
    description: &str,
    now: Millis,
) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE batches SET name = $2, description = $3, updated_at = $4 WHERE id = $1"
    ).bind(id).bind(name).bind(description).bind(now.0).execute(c).await
        .map(|done| done.rows_affected()))
    .map_err(|error| Error::from(error).unique_as("NAME_TAKEN"))?;
    Ok(rows == 1)
}

/// Says which business filters look at the batch.
///
/// # Errors
/// When the database fails.
pub async fn set_business_type(tx: &mut Tx, id: &str, kind: &str, now: Millis) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "UPDATE batches SET business_type = $2, updated_at = $3 WHERE id = $1"
    ).bind(id).bind(kind).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// The batches of a business type whose template is saved, oldest first, with the version of their
/// snapshots.
///
/// # Errors
/// When the database fails.
pub async fn of_business(db: &Db, orgi: &str, kind: &str) -> Result<Vec<(String, i64)>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT id, snapshot_version FROM batches
         WHERE orgi = $1 AND business_type = $2 AND state = 'ready' ORDER BY id"
    ).bind(orgi).bind(kind).fetch_all(c).await)?)
}

/// The version of a batch's snapshot; 0 when there is no such batch.
///
/// # Errors
/// When the database fails.
pub async fn version(db: &Db, id: &str) -> Result<i64> {
    let version: Option<i64> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT snapshot_version FROM batches WHERE id = $1"
    ).bind(id).fetch_optional(c).await)?;
    Ok(version.unwrap_or_default())
}

/// Saves the template: from now on data can be imported (OUT-048, OUT-069).
///
/// # Errors
/// `NO_PHONE_FIELD` when no field is marked as phone number.
pub async fn save_template(tx: &mut Tx, id: &str, now: Millis) -> Result<()> {
    let fields = crate::fields::list_in(tx, id).await?;
    if !fields.iter().any(|field| field.is_phone) {
        return Err(Error::conflict("NO_PHONE_FIELD"));
    }
    on!(tx.conn(), c => sqlx::query(
        "UPDATE batches SET state = 'ready', updated_at = $2 WHERE id = $1 AND state = 'draft'"
    ).bind(id).bind(now.0).execute(c).await.map(|_| ()))?;
    touch(tx, id, now).await
}

/// Makes the batch read-only. `false`: it is already.
///
/// # Errors
/// `BATCH_IN_USE` while one of its jobs is not over.
pub async fn archive(tx: &mut Tx, id: &str, now: Millis) -> Result<bool> {
    if is_worked_on(tx, id).await? {
        return Err(Error::conflict("BATCH_IN_USE"));
    }
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE batches SET archived_from = state, state = 'archived', updated_at = $2
         WHERE id = $1 AND state NOT IN ('archived', 'deleting')"
    ).bind(id).bind(now.0).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Makes an archived batch what it was before. `false`: it is not archived.
///
/// # Errors
/// When the database fails.
pub async fn unarchive(tx: &mut Tx, id: &str, now: Millis) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE batches SET state = COALESCE(archived_from, 'draft'), archived_from = NULL,
             updated_at = $2
         WHERE id = $1 AND state = 'archived'"
    ).bind(id).bind(now.0).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Whether a job of this batch is queued, running or paused.
pub(crate) async fn is_worked_on(tx: &mut Tx, id: &str) -> Result<bool> {
    let jobs: i64 = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT COUNT(*) FROM job_runs
         WHERE batch_id = $1 AND kind <> 'build_snapshot'
             AND state IN ('queued', 'running', 'paused')"
    ).bind(id).fetch_one(c).await)?;
    Ok(jobs > 0)
}

/// The batch's rows or fields changed: the next filter run takes a new snapshot (OUT-101).
///
/// # Errors
/// When the database fails.
pub async fn touch(tx: &mut Tx, id: &str, now: Millis) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "UPDATE batches SET snapshot_version = snapshot_version + 1, updated_at = $2 WHERE id = $1"
    ).bind(id).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Keeps other imports out of the batch until this write ends: two that look for duplicates at once
/// would not see each other's rows. On SQLite any write does.
///
/// # Errors
/// When the database fails.
pub async fn lock(tx: &mut Tx, id: &str) -> Result<()> {
    if let Tx::Pg(pg) = tx {
        sqlx::query("SELECT id FROM batches WHERE id = $1 FOR UPDATE")
            .bind(id)
            .execute(&mut **pg)
            .await?;
    }
    Ok(())
}

/// Keeps out other imports that look for duplicates everywhere, until this write ends.
///
/// # Errors
/// When the database fails.
pub async fn lock_tenant(tx: &mut Tx, orgi: &str) -> Result<()> {
    if let Tx::Pg(pg) = tx {
        sqlx::query("SELECT pg_advisory_xact_lock(hashtext('duplicates'), hashtext($1))")
            .bind(orgi)
            .execute(&mut **pg)
            .await?;
    }
    Ok(())
}

/// Uploads, also those that were only looked at, templates, sheets of rejects and exports.
pub(crate) async fn files(tx: &mut Tx, id: &str) -> Result<Vec<String>> {
    let imports: Vec<(String, String)> = on!(tx.conn(), c => sqlx::query_as(
        "SELECT id, file_path FROM imports WHERE batch_id = $1"
    ).bind(id).fetch_all(c).await)?;
    let templates: Vec<String> = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT payload FROM job_runs
         WHERE batch_id = $1 AND kind = 'read_template' AND payload <> ''"
    ).bind(id).fetch_all(c).await)?;
    let mut files = Vec::new();
    for (import, path) in imports {
        files.push(crate::files::rejects_of(&import));
        files.push(path);
    }
    for template in templates {
        if let Work::ReadTemplate { file_path, .. } = doc::parse("work", &template)? {
            files.push(file_path);
        }
    }
    let looked_at: Vec<String> = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT file_path FROM previews WHERE batch_id = $1"
    ).bind(id).fetch_all(c).await)?;
    files.extend(looked_at);
    let exports: Vec<(String, String)> = on!(tx.conn(), c => sqlx::query_as(
        "SELECT id, format FROM exports WHERE batch_id = $1"
    ).bind(id).fetch_all(c).await)?;
    let exports = exports.iter();
    files.extend(exports.map(|(export, format)| format!("files/export-{export}.{format}")));
    files.retain(|path| !path.is_empty());
    files.sort_unstable();
    files.dedup();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        removal,
        sample::{self, NOW},
        testing::on_both,
    };

    #[tokio::test]
    async fn a_name_is_taken_once_a_tenant() {
        on_both(|home| async move {
            sample::draft(&home.db, "一").await;
            let mut tx = home.db.begin().await.unwrap();
            let new = |orgi| NewBatch {
                orgi,
                creater: "u",
                name: "一",
                batch_type: "temporary",
                description: "",
            };
            assert!(create(&mut tx, &new("other"), NOW).await.is_ok());
            let error = create(&mut tx, &new("o"), NOW).await.unwrap_err();
            assert_eq!(error.code(), Some("NAME_TAKEN"));
        })
        .await;
    }

    #[tokio::test]
    async fn a_template_needs_a_phone_field() {
        on_both(|home| async move {
            let id = sample::draft(&home.db, "一").await;
            let mut tx = home.db.begin().await.unwrap();
            let error = save_template(&mut tx, &id, NOW).await.unwrap_err();
            assert_eq!(error.code(), Some("NO_PHONE_FIELD"));
            drop(tx);
            let (ready, _) = sample::batch(&home.db, "二").await;
            assert_eq!(
                get(&home.db, "o", &ready).await.unwrap().unwrap().state,
                "ready"
            );
            assert_eq!(
                get(&home.db, "o", &id).await.unwrap().unwrap().state,
                "draft"
            );
            assert_eq!(get(&home.db, "other", &id).await.unwrap(), None);
        })
        .await;
    }

    #[tokio::test]
    async fn batches_are_listed_newest_first_with_their_rows() {
        on_both(|home| async move {
            let (one, fields) = sample::batch(&home.db, "一").await;
            sample::leads(&home.db, &one, &fields, 3).await;
            let two = sample::draft(&home.db, "二").await;
            let page = list(&home.db, "o", None, 1).await.unwrap();
            assert_eq!((page[0].id.as_str(), page[0].rows), (two.as_str(), 0));
            let next = list(&home.db, "o", Some(&two), 10).await.unwrap();
            assert_eq!(
                (next[0].id.as_str(), next[0].rows, next.len()),
                (one.as_str(), 3, 1)
            );
        })
        .await;
    }

    #[tokio::test]
    async fn a_used_batch_is_not_deleted() {
        on_both(|home| async move {
            let (id, fields) = sample::batch(&home.db, "一").await;
            sample::leads(&home.db, &id, &fields, 3).await;
            let filter = sample::filter(&home.db, &id, "f", &[]).await;
            let mut tx = home.db.begin().await.unwrap();
            let used = removal::batch(&mut tx, &id, NOW).await.unwrap_err();
            assert_eq!(used.code(), Some("BATCH_IN_USE"));
            assert!(crate::filters::delete(&mut tx, &filter).await.unwrap());
            assert!(removal::batch(&mut tx, &id, NOW).await.unwrap().is_some());
            assert!(removal::batch(&mut tx, &id, NOW).await.unwrap().is_none());
            tx.commit().await.unwrap();
            assert_eq!(crate::leads::count(&home.db, &id).await.unwrap(), 0);
        })
        .await;
    }

    #[tokio::test]
    async fn an_archived_batch_takes_no_import() {
        on_both(|home| async move {
            let (id, _) = sample::batch(&home.db, "一").await;
            let mut tx = home.db.begin().await.unwrap();
            assert!(rename(&mut tx, &id, "新", "说明", NOW).await.unwrap());
            archive(&mut tx, &id, NOW).await.unwrap();
            let new = crate::imports::NewImport {
                id: "imp_x",
                orgi: "o",
                batch_id: &id,
                creater: "u",
                title: "",
                file_name: "",
                file_path: "",
                sha256: "",
                bytes: 0,
                options: &crate::imports::Options::keeping_all(),
            };
            let error = crate::imports::create(&mut tx, &new, NOW)
                .await
                .unwrap_err();
            assert_eq!(error.code(), Some("BATCH_NOT_READY"));
        })
        .await;
    }
}
