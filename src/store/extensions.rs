//! Extensions (分机) and what their phones prove themselves with.

use engine::time::Millis;

use crate::{Db, Result, Tx, on};

/// An extension's digest credentials (RFC 7616 HA1, hex). The secret itself is not kept.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Extension {
    pub extension: String,
    pub ha1_md5: String,
    pub ha1_sha256: String,
}

/// Adds an extension or gives it a new secret.
///
/// # Errors
/// When the database refuses.
pub async fn put(tx: &mut Tx, orgi: &str, extension: &Extension, now: Millis) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO extensions (extension, orgi, ha1_md5, ha1_sha256, created_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (extension) DO UPDATE SET ha1_md5 = excluded.ha1_md5,
             ha1_sha256 = excluded.ha1_sha256")
        .bind(&extension.extension).bind(orgi).bind(&extension.ha1_md5)
        .bind(&extension.ha1_sha256).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// All tenants' extensions: the switch has one book of phones.
///
/// # Errors
/// When the database refuses.
pub async fn list(db: &Db) -> Result<Vec<Extension>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT extension, ha1_md5, ha1_sha256 FROM extensions ORDER BY extension")
        .fetch_all(c).await)?)
}

/// A tenant's extensions, in their order.
///
/// # Errors
/// When the database refuses.
pub async fn of_tenant(db: &Db, orgi: &str) -> Result<Vec<String>> {
    Ok(on!(db.read(), c => sqlx::query_scalar(
        "SELECT extension FROM extensions WHERE orgi = $1 ORDER BY extension")
        .bind(orgi).fetch_all(c).await)?)
}

/// Whether a tenant has this extension.
///
/// # Errors
/// When the database refuses.
pub async fn is_of(db: &Db, orgi: &str, extension: &str) -> Result<bool> {
    let found: Option<String> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT extension FROM extensions WHERE orgi = $1 AND extension = $2")
        .bind(orgi).bind(extension).fetch_optional(c).await)?;
    Ok(found.is_some())
}

/// # Errors
/// When the database refuses.
pub async fn delete(tx: &mut Tx, orgi: &str, extension: &str) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "DELETE FROM extensions WHERE orgi = $1 AND extension = $2")
        .bind(orgi).bind(extension).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}
