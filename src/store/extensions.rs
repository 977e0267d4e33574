//! Extensions (分机) and what their phones prove themselves with.

use std::collections::{BTreeMap, BTreeSet};

use engine::{floor::PhoneGateways, ids::GatewayId, time::Millis};

use crate::{Db, Result, Tx, desk, on};

/// An extension's digest credentials (RFC 7616 HA1, hex). The secret itself is not kept.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Extension {
    pub extension: String,
    pub ha1_md5: String,
    pub ha1_sha256: String,
}

/// Adds an extension or gives it a new secret; false when it is another tenant's.
///
/// # Errors
/// When the database refuses.
pub async fn put(tx: &mut Tx, orgi: &str, extension: &Extension, now: Millis) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "INSERT INTO extensions (extension, orgi, ha1_md5, ha1_sha256, created_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (extension) DO UPDATE SET ha1_md5 = excluded.ha1_md5,
             ha1_sha256 = excluded.ha1_sha256
             WHERE extensions.orgi = excluded.orgi")
        .bind(&extension.extension).bind(orgi).bind(&extension.ha1_md5)
        .bind(&extension.ha1_sha256).bind(now.0).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
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

/// Whether any tenant has this extension.
///
/// # Errors
/// When the database refuses.
pub async fn is_anybodys(db: &Db, extension: &str) -> Result<bool> {
    let found: Option<String> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT extension FROM extensions WHERE extension = $1")
        .bind(extension).fetch_optional(c).await)?;
    Ok(found.is_some())
}

/// Binds an extension to a gateway, or to none (VOX-019). False: there is no such extension.
///
/// # Errors
/// When the database refuses.
pub async fn bind_gateway(
    tx: &mut Tx,
    orgi: &str,
    extension: &str,
    gateway: Option<&str>,
) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE extensions SET gateway_id = $3 WHERE orgi = $1 AND extension = $2")
        .bind(orgi).bind(extension).bind(gateway)
        .execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// The gateway of every extension that is bound to one.
///
/// # Errors
/// When the database refuses.
pub async fn gateways(db: &Db) -> Result<PhoneGateways> {
    let rows: Vec<(String, String)> = on!(db.read(), c => sqlx::query_as(
        "SELECT extension, gateway_id FROM extensions WHERE gateway_id IS NOT NULL
         ORDER BY extension").fetch_all(c).await)?;
    let bound = rows.into_iter();
    let bound = bound.map(|(extension, gateway)| (extension, GatewayId::from(gateway)));
    Ok(bound.collect::<BTreeMap<_, _>>())
}

/// The extensions of tenants in which numbers do not lead outside by themselves (AGT-144).
///
/// # Errors
/// When the database refuses, or what is stored cannot be read.
pub async fn inside_only(db: &Db) -> Result<BTreeSet<String>> {
    of_tenants(db, |set| !set.numbers_lead_outside).await
}

/// The extensions of tenants whose phones send no calls on.
///
/// # Errors
/// When the database refuses, or what is stored cannot be read.
pub async fn keep_calls(db: &Db) -> Result<BTreeSet<String>> {
    of_tenants(db, |set| !set.phones_forward).await
}

async fn of_tenants(
    db: &Db,
    which: impl Fn(&engine::desk::Settings) -> bool,
) -> Result<BTreeSet<String>> {
    let tenants = desk::all(db).await?;
    let mut found = BTreeSet::new();
    for (orgi, _) in tenants.iter().filter(|(_, set)| which(set)) {
        found.extend(of_tenant(db, orgi).await?);
    }
    Ok(found)
}

/// # Errors
/// When the database refuses.
pub async fn delete(tx: &mut Tx, orgi: &str, extension: &str) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "DELETE FROM extensions WHERE orgi = $1 AND extension = $2")
        .bind(orgi).bind(extension).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::on_both;

    #[tokio::test]
    async fn an_extension_keeps_its_gateway_under_a_new_secret_until_it_is_bound_to_none() {
        on_both(|home| async move {
            let db = &home.db;
            let phone = Extension {
                extension: "8001".into(),
                ha1_md5: "a".into(),
                ha1_sha256: "b".into(),
            };
            let mut tx = db.begin().await.unwrap();
            put(&mut tx, "o", &phone, Millis(1)).await.unwrap();
            assert!(
                bind_gateway(&mut tx, "o", "8001", Some("gw"))
                    .await
                    .unwrap()
            );
            assert!(!bind_gateway(&mut tx, "p", "8001", None).await.unwrap());
            assert!(!bind_gateway(&mut tx, "o", "8002", None).await.unwrap());
            put(&mut tx, "o", &phone, Millis(2)).await.unwrap();
            tx.commit().await.unwrap();
            let bound = [("8001".to_owned(), GatewayId::from("gw"))];
            assert_eq!(gateways(db).await.unwrap(), bound.into());
            let mut tx = db.begin().await.unwrap();
            assert!(bind_gateway(&mut tx, "o", "8001", None).await.unwrap());
            tx.commit().await.unwrap();
            assert!(gateways(db).await.unwrap().is_empty());
        })
        .await;
    }
    #[tokio::test]
    async fn only_extensions_of_a_tenant_that_says_so_stay_inside_or_keep_their_calls() {
        on_both(|home| async move {
            let db = &home.db;
            let mut tx = db.begin().await.unwrap();
            for (orgi, extension) in [("o", "8001"), ("p", "9001"), ("q", "7001")] {
                let phone = Extension {
                    extension: extension.into(),
                    ha1_md5: "a".into(),
                    ha1_sha256: "b".into(),
                };
                put(&mut tx, orgi, &phone, Millis(1)).await.unwrap();
            }
            let inside = engine::desk::Settings {
                numbers_lead_outside: false,
                ..engine::desk::Settings::default()
            };
            let keeping = engine::desk::Settings {
                phones_forward: false,
                ..engine::desk::Settings::default()
            };
            for (orgi, set) in [("o", &inside), ("p", &keeping)] {
                desk::put(&mut tx, orgi, set, "u", Millis(1)).await.unwrap();
            }
            tx.commit().await.unwrap();
            let found = inside_only(db).await.unwrap();
            assert_eq!(found, ["8001".to_owned()].into());
            let found = keep_calls(db).await.unwrap();
            assert_eq!(found, ["9001".to_owned()].into());
        })
        .await;
    }
}
