//! What an import's file is read with, kept from its beginning: when its worker dies, the rows that are
//! still to come are read as those before were, whatever was edited since.

use std::collections::BTreeMap;

use engine::{dictionary::Dictionary, field::Field};
use serde::{Deserialize, Serialize};

use crate::{Db, Result, Tx, doc, mappings::Remembered, on};

/// What of the database decides how a batch's file is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    pub fields: Vec<Field>,
    /// Those that the fields name.
    pub dictionaries: Vec<Dictionary>,
    /// Confirmed for earlier files of the batch, by signature of the header.
    pub remembered: BTreeMap<String, Remembered>,
}

/// What the rows of an import that are in already were read with; `None`: none is in.
///
/// # Errors
/// When the database fails or it cannot be read.
pub async fn reading(db: &Db, id: &str) -> Result<Option<Reading>> {
    let text: Option<Option<String>> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT reading FROM imports WHERE id = $1 AND row_cursor > 0"
    ).bind(id).fetch_optional(c).await)?;
    let text = text.flatten();
    text.map(|text| doc::parse("reading", &text)).transpose()
}

/// The import runs, and reads its file with this.
///
/// # Errors
/// When the database fails.
pub async fn start(tx: &mut Tx, id: &str, reading: &Reading) -> Result<()> {
    let text = doc::text("reading", reading)?;
    on!(tx.conn(), c => sqlx::query(
        "UPDATE imports SET state = 'running', reading = $2 WHERE id = $1"
    ).bind(id).bind(text).execute(c).await.map(|_| ()))?;
    Ok(())
}
