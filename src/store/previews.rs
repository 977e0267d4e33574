//! Dry runs: an uploaded file is read as its import would read it, and nothing is written.

use std::collections::BTreeMap;

use engine::time::Millis;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use crate::{Db, Doc, Error, Result, Tx, doc, imports::Options, new_id, on};

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

/// What an import of the file would do. `good`, `invalid` and `duplicates` add up to `rows`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Outcome {
    /// Rows that hold something.
    pub rows: i64,
    /// Rows that can become leads, each number or key once.
    pub good: i64,
    pub invalid: i64,
    /// The same by code.
    pub invalid_by_code: BTreeMap<String, i64>,
    /// Rows whose key stands in an earlier row of the file.
    pub duplicates: i64,
    /// Of the good ones: those whose key the batch has already.
    pub existing: i64,
    /// Of the good ones: those whose number must not be called.
    pub blacklisted: i64,
    /// The sheet that was read; none for text.
    pub sheet: Option<String>,
    /// Other sheets that hold something.
    pub other_sheets: Vec<String>,
    /// Sheet row of the titles; 0: there are none.
    pub header_row: u32,
    pub columns: Vec<Column>,
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
}
