//! Dry runs: an uploaded file is read as its import would read it, and nothing is written.

use std::collections::BTreeMap;

use engine::{import_row::Choice, time::Millis};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use crate::{
    Db, Doc, Error, Result, Tx, doc,
    imports::{Import, Options},
    new_id, on,
};

/// An ordinal that no import ever has; the positions behind it still fit.
const BEHIND_ALL: i64 = 1 << 38;

#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct Preview {
    pub id: String,
    pub orgi: String,
    pub batch_id: String,
    pub creater: String,
    /// As the uploader called it.
    pub file_name: String,
    /// Relative to the data directory.
    pub file_path: String,
    pub sha256: String,
    pub bytes: i64,
    #[sqlx(try_from = "String")]
    pub options: Doc<Options>,
    /// `queued`, `succeeded` or `failed`.
    pub state: String,
    pub error_code: Option<String>,
    pub error_text: Option<String>,
    pub job_id: Option<String>,
    pub created_at: i64,
    pub finished_at: Option<i64>,
}

#[derive(Debug, Clone)]
pub struct NewPreview<'a> {
    /// From [`new_preview_id`], so that the file can be stored under it first.
    pub id: &'a str,
    pub orgi: &'a str,
    pub batch_id: &'a str,
    pub creater: &'a str,
    pub file_name: &'a str,
    pub file_path: &'a str,
    pub sha256: &'a str,
    pub bytes: i64,
    pub options: &'a Options,
}

impl Preview {
    /// The import that the file would be, behind all others. It is nowhere but here.
    #[must_use]
    pub fn as_import(&self) -> Import {
        Import {
            id: self.id.clone(),
            ordinal: BEHIND_ALL,
            orgi: self.orgi.clone(),
            batch_id: self.batch_id.clone(),
            creater: self.creater.clone(),
            title: String::new(),
            file_name: self.file_name.clone(),
            file_path: self.file_path.clone(),
            sha256: self.sha256.clone(),
            bytes: self.bytes,
            dup_policy: self.options.dup_policy.name().into(),
            options: self.options.clone(),
            state: "queued".into(),
            row_cursor: 0,
            good: 0,
            invalid: 0,
            duplicate: 0,
            updated: 0,
            blank: 0,
            blacklisted: 0,
            undo_cursor: -1,
            removed: 0,
            restored: 0,
            undone_by: None,
            undone_at: None,
            warnings: Doc(Vec::new()),
            error_code: None,
            error_text: None,
            job_id: self.job_id.clone(),
            created_at: self.created_at,
            finished_at: None,
        }
    }
}

/// What an import of the file would do: its counts are those that the import then has, as long as
/// nobody changes the house in between. `good`, `invalid`, `duplicates` and `updated` add up to `rows`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Outcome {
    /// Rows that hold something.
    pub rows: i64,
    /// Rows that would become leads.
    pub good: i64,
    /// Rows that would become nothing.
    pub invalid: i64,
    /// The same by code.
    pub invalid_by_code: BTreeMap<String, i64>,
    /// Rows that would be left out, because their lead is there: from an earlier row of the file or
    /// from before.
    pub duplicates: i64,
    /// Rows that would change a lead.
    pub updated: i64,
    /// Of the duplicates and the updates: those whose lead is there from before.
    pub existing: i64,
    /// Empty rows between others.
    pub blank: i64,
    /// Of the good ones and the updates: those whose number must not be called.
    pub blacklisted: i64,
    /// The sheet that was read; none for text.
    pub sheet: Option<String>,
    /// Other sheets that hold something.
    pub other_sheets: Vec<String>,
    /// Sheet row of the titles; 0: there are none.
    pub header_row: u32,
    pub columns: Vec<Column>,
    /// What stands in the columns of choices.
    pub choices: Vec<FileChoices>,
    pub warnings: Vec<String>,
    /// Why an import of it would fail.
    pub blocked: Option<Blocked>,
    /// The first rows that would not be imported.
    pub problems: Vec<Problem>,
    /// The first rows as they would be kept.
    pub examples: Vec<Example>,
}

/// A column, what it fills, and why.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Column {
    /// As the spreadsheet names it: `B`.
    pub column: String,
    pub title: String,
    /// Code and title of the field.
    pub field: Option<String>,
    pub field_title: Option<String>,
    /// Stable name: `title`, `synonym`, `cells` ...
    pub reason: String,
    /// The reason in words.
    pub why: String,
    /// 0 to 100.
    pub confidence: u8,
    /// `false`: it is only suggested, and has to be confirmed by a mapping.
    pub applies: bool,
    /// The first values.
    pub samples: Vec<String>,
}

/// The values of a column that fills a field with a dictionary.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FileChoices {
    /// As the spreadsheet names it: `B`.
    pub column: String,
    /// Code and title of the field.
    pub field: String,
    pub field_title: String,
    /// The commonest first.
    pub values: Vec<FileValue>,
    /// Different values that are not listed.
    pub more: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FileValue {
    pub value: String,
    /// Rows that have it.
    pub rows: i64,
    /// Code and label of the item that it becomes; `None`: of none.
    pub code: Option<String>,
    pub label: Option<String>,
    /// What the uploader said of it, now or with an earlier file of the same header.
    pub choice: Option<Choice>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Blocked {
    pub code: String,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Problem {
    pub row_no: i64,
    /// Title of the column at fault.
    pub column_title: String,
    pub code: String,
    pub reason: String,
    /// The row as it is.
    pub cells: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Example {
    pub row_no: i64,
    /// Every number, in dialling order.
    pub phones: Vec<String>,
    /// Title of the field to the value that would be kept.
    pub values: BTreeMap<String, String>,
}

#[must_use]
pub fn new_preview_id() -> String {
    new_id("prv")
}

/// Records an upload. Enqueue `work::Work::DryRun` in the same write.
///
/// # Errors
/// `BATCH_NOT_READY` when the batch has no saved template or is archived.
pub async fn create(tx: &mut Tx, new: &NewPreview<'_>, now: Millis) -> Result<()> {
    let options = doc::text("options", new.options)?;
    let rows = on!(tx.conn(), c => sqlx::query(
        "INSERT INTO previews (id, orgi, batch_id, creater, file_name, file_path, sha256, bytes,
             options, state, created_at)
         SELECT $1, $2, b.id, $4, $5, $6, $7, $8, $9, 'queued', $10
         FROM batches b WHERE b.id = $3 AND b.orgi = $2 AND b.state = 'ready'"
    ).bind(new.id).bind(new.orgi).bind(new.batch_id).bind(new.creater).bind(new.file_name)
        .bind(new.file_path).bind(new.sha256).bind(new.bytes).bind(options).bind(now.0)
        .execute(c).await.map(|done| done.rows_affected()))?;
    if rows == 1 {
        Ok(())
    } else {
        Err(Error::conflict("BATCH_NOT_READY"))
    }
}

/// # Errors
/// When the database fails.
pub async fn get(db: &Db, id: &str) -> Result<Option<Preview>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT id, orgi, batch_id, creater, file_name, file_path, sha256, bytes, options, state,
             error_code, error_text, job_id, created_at, finished_at
         FROM previews WHERE id = $1"
    ).bind(id).fetch_optional(c).await)?)
}

/// What a dry run found; `None` before its end.
///
/// # Errors
/// When the database fails.
pub async fn outcome(db: &Db, id: &str) -> Result<Option<Outcome>> {
    let text: Option<Option<String>> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT outcome FROM previews WHERE id = $1"
    ).bind(id).fetch_optional(c).await)?;
    let text = text.flatten();
    text.map(|text| doc::parse("outcome", &text)).transpose()
}

/// # Errors
/// When the database fails.
pub async fn succeed(tx: &mut Tx, id: &str, outcome: &Outcome, now: Millis) -> Result<()> {
    let outcome = doc::text("outcome", outcome)?;
    on!(tx.conn(), c => sqlx::query(
        "UPDATE previews SET state = 'succeeded', outcome = $2, finished_at = $3 WHERE id = $1"
    ).bind(id).bind(outcome).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// # Errors
/// When the database fails.
pub async fn fail(tx: &mut Tx, id: &str, code: &str, text: &str, now: Millis) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "UPDATE previews SET state = 'failed', error_code = $2, error_text = $3, finished_at = $4
         WHERE id = $1"
    ).bind(id).bind(code).bind(text).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Keeps a dry run from being swept until this write ends. `false`: it is gone.
///
/// # Errors
/// When the database fails.
pub async fn hold(tx: &mut Tx, id: &str) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE previews SET created_at = created_at WHERE id = $1"
    ).bind(id).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Deletes the dry runs from before `before` that are over. Returns their files that no import and no other
/// dry run has, relative to the data directory, to be removed after the commit.
///
/// # Errors
/// When the database fails.
pub async fn sweep(tx: &mut Tx, before: Millis) -> Result<Vec<String>> {
    let gone: Vec<String> = on!(tx.conn(), c => sqlx::query_scalar(
        "DELETE FROM previews WHERE created_at < $1 AND NOT EXISTS (
             SELECT 1 FROM job_runs j WHERE j.id = previews.job_id
                 AND j.state IN ('queued', 'running', 'paused'))
         RETURNING file_path"
    ).bind(before.0).fetch_all(c).await)?;
    let mut free = Vec::new();
    for path in gone {
        if !is_named(tx, &path).await? {
            free.push(path);
        }
    }
    Ok(free)
}

/// Whether an import or a dry run has this file.
///
/// # Errors
/// When the database fails.
pub async fn is_named(tx: &mut Tx, path: &str) -> Result<bool> {
    Ok(on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM imports WHERE file_path = $1)
             OR EXISTS (SELECT 1 FROM previews WHERE file_path = $1)"
    ).bind(path).fetch_one(c).await)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        sample::{self, NOW},
        testing::on_both,
    };

    #[tokio::test]
    async fn a_dry_run_keeps_what_it_found() {
        on_both(|home| async move {
            let (batch, _) = sample::batch(&home.db, "一").await;
            let options = Options::default();
            let new = NewPreview {
                id: "prv_1",
                orgi: "o",
                batch_id: &batch,
                creater: "u",
                file_name: "a.csv",
                file_path: "uploads/a.csv",
                sha256: "",
                bytes: 1,
                options: &options,
            };
            let found = Outcome {
                rows: 3,
                invalid_by_code: [("PHONE_EMPTY".to_owned(), 1)].into(),
                ..Outcome::default()
            };
            let mut tx = home.db.begin().await.unwrap();
            create(&mut tx, &new, NOW).await.unwrap();
            let strange = NewPreview {
                id: "prv_2",
                orgi: "other",
                ..new
            };
            let error = create(&mut tx, &strange, NOW).await.unwrap_err();
            assert_eq!(error.code(), Some("BATCH_NOT_READY"));
            tx.commit().await.unwrap();
            assert_eq!(outcome(&home.db, "prv_1").await.unwrap(), None);
            let mut tx = home.db.begin().await.unwrap();
            succeed(&mut tx, "prv_1", &found, NOW).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(outcome(&home.db, "prv_1").await.unwrap(), Some(found));
            let kept = get(&home.db, "prv_1").await.unwrap().unwrap();
            assert_eq!(kept.state, "succeeded");
        })
        .await;
    }

    /// A file that was imported is the import's, and one that is being looked at is needed.
    #[tokio::test]
    async fn a_dry_run_goes_with_its_file_when_it_is_old() {
        on_both(|home| async move {
            let (batch, _) = sample::batch(&home.db, "一").await;
            let options = Options::default();
            let mut tx = home.db.begin().await.unwrap();
            for (id, path) in [
                ("prv_1", "uploads/1.csv"),
                ("prv_2", "uploads/2.csv"),
                ("prv_3", "uploads/3.csv"),
                ("prv_4", "uploads/4.csv"),
            ] {
                let new = NewPreview {
                    id,
                    orgi: "o",
                    batch_id: &batch,
                    creater: "u",
                    file_name: "a.csv",
                    file_path: path,
                    sha256: "",
                    bytes: 1,
                    options: &options,
                };
                let at = NOW.plus(if id == "prv_4" { 10 } else { 0 });
                create(&mut tx, &new, at).await.unwrap();
            }
            let import = crate::imports::NewImport {
                id: "imp_1",
                orgi: "o",
                batch_id: &batch,
                creater: "u",
                title: "t",
                file_name: "a.csv",
                file_path: "uploads/2.csv",
                sha256: "",
                bytes: 1,
                options: &options,
            };
            crate::imports::create(&mut tx, &import, NOW).await.unwrap();
            let work = crate::work::Work::DryRun {
                preview: "prv_3".into(),
            };
            let by = crate::work::By {
                orgi: "o",
                user: "u",
                batch: Some(&batch),
            };
            crate::work::enqueue(&mut tx, work, by, NOW).await.unwrap();
            let free = sweep(&mut tx, NOW.plus(1)).await.unwrap();
            assert_eq!(free, ["uploads/1.csv"]);
            for (id, is_there) in [
                ("prv_1", false),
                ("prv_2", false),
                ("prv_3", true),
                ("prv_4", true),
            ] {
                assert_eq!(hold(&mut tx, id).await.unwrap(), is_there, "{id}");
            }
            tx.commit().await.unwrap();
        })
        .await;
    }
}
