//! Contacts (联系人): people with a number, and the leads that are made of them (OUT-136).

mod leads;

use engine::time::Millis;
use serde::Serialize;
use sqlx::FromRow;

pub use leads::{Made, batch, chunk, import, make};

use crate::{Db, Error, Result, Tx, new_id, on};

#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub struct Contact {
    pub id: String,
    pub orgi: String,
    pub name: String,
    /// Normalised, as leads have it; one contact a number.
    pub phone: String,
    pub phone_raw: String,
    pub note: String,
    pub created_by: String,
    pub created_at: i64,
    pub updated_at: i64,
}

/// What a person writes of a contact.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'a> {
    pub name: &'a str,
    pub phone: &'a str,
    pub phone_raw: &'a str,
    pub note: &'a str,
}

/// # Errors
/// `CONTACT_EXISTS` when the tenant has one with this number.
pub async fn create(
    tx: &mut Tx,
    orgi: &str,
    draft: Draft<'_>,
    (by, now): (&str, Millis),
) -> Result<String> {
    let id = new_id("con");
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO contacts (id, orgi, name, phone, phone_raw, note, created_by, created_at,
             updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)"
    ).bind(&id).bind(orgi).bind(draft.name).bind(draft.phone).bind(draft.phone_raw)
        .bind(draft.note).bind(by).bind(now.0).execute(c).await.map(|_| ()))
    .map_err(|error| Error::from(error).unique_as("CONTACT_EXISTS"))?;
    Ok(id)
}

/// # Errors
/// `CONTACT_EXISTS` when another of the tenant has this number.
pub async fn save(
    tx: &mut Tx,
    orgi: &str,
    id: &str,
    draft: Draft<'_>,
    now: Millis,
) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE contacts SET name = $3, phone = $4, phone_raw = $5, note = $6, updated_at = $7
         WHERE orgi = $1 AND id = $2"
    ).bind(orgi).bind(id).bind(draft.name).bind(draft.phone).bind(draft.phone_raw)
        .bind(draft.note).bind(now.0).execute(c).await.map(|done| done.rows_affected()))
    .map_err(|error| Error::from(error).unique_as("CONTACT_EXISTS"))?;
    Ok(rows == 1)
}

/// Deletes a contact; leads that were made of it stay.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx, orgi: &str, id: &str) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query("DELETE FROM contacts WHERE orgi = $1 AND id = $2")
        .bind(orgi).bind(id).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// # Errors
/// When the database fails.
pub async fn get(db: &Db, orgi: &str, id: &str) -> Result<Option<Contact>> {
    Ok(
        on!(db.read(), c => sqlx::query_as("SELECT * FROM contacts WHERE orgi = $1 AND id = $2")
        .bind(orgi).bind(id).fetch_optional(c).await)?,
    )
}

/// The tenant's contacts in order of creation, those after the id `after`, whose name or number
/// contains `search`.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &Db,
    orgi: &str,
    search: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<Contact>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT * FROM contacts WHERE orgi = $1 AND id > $2
             AND ($3 = '' OR name LIKE $4 ESCAPE '\\' OR phone LIKE $4 ESCAPE '\\')
         ORDER BY id LIMIT $5"
    ).bind(orgi).bind(after).bind(search).bind(like(search)).bind(limit).fetch_all(c).await)?)
}

/// A pattern for texts that contain this one, word by word.
fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
