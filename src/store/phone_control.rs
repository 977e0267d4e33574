//! How the keys of desk phones are pressed over HTTP.

use std::{collections::BTreeSet, fmt};

use crate::{Db, Result, Tx, on};

/// Of one extension's phone.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct PhoneControl {
    /// An [`engine::phone_control::Template`].
    pub url: String,
    pub username: Option<String>,
    /// `None` keeps the one that is stored, an empty one takes it away.
    pub password: Option<String>,
}

impl fmt::Debug for PhoneControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PhoneControl")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// Sets it. `false`: the tenant has no such extension.
///
/// # Errors
/// When the database refuses.
pub async fn put(tx: &mut Tx, orgi: &str, extension: &str, control: &PhoneControl) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE extensions SET control_url = $3, control_username = $4,
             control_password = NULLIF(COALESCE($5, control_password), '')
         WHERE orgi = $1 AND extension = $2")
        .bind(orgi).bind(extension).bind(&control.url).bind(&control.username)
        .bind(&control.password)
        .execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Takes it away. `false`: there was none.
///
/// # Errors
/// When the database refuses.
pub async fn remove(tx: &mut Tx, orgi: &str, extension: &str) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE extensions SET control_url = NULL, control_username = NULL,
             control_password = NULL
         WHERE orgi = $1 AND extension = $2 AND control_url IS NOT NULL")
        .bind(orgi).bind(extension).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// What is set, the password included.
///
/// # Errors
/// When the database refuses.
pub async fn get(db: &Db, orgi: &str, extension: &str) -> Result<Option<PhoneControl>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT control_url AS url, control_username AS username, control_password AS password
         FROM extensions WHERE orgi = $1 AND extension = $2 AND control_url IS NOT NULL")
        .bind(orgi).bind(extension).fetch_optional(c).await)?)
}

/// The extensions of a tenant whose phones have it.
///
/// # Errors
/// When the database refuses.
pub async fn all(db: &Db, orgi: &str) -> Result<BTreeSet<String>> {
    let rows: Vec<String> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT extension FROM extensions WHERE orgi = $1 AND control_url IS NOT NULL")
        .bind(orgi).fetch_all(c).await)?;
    Ok(rows.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        extensions::{self, Extension},
        sample::NOW,
        testing::on_both,
    };

    #[tokio::test]
    async fn a_password_stays_until_it_is_changed_or_taken_away() {
        on_both(|home| async move {
            let db = &home.db;
            let phone = Extension {
                extension: "8001".into(),
                ha1_md5: "a".into(),
                ha1_sha256: "b".into(),
            };
            let mut tx = db.begin().await.unwrap();
            extensions::put(&mut tx, "o", &phone, NOW).await.unwrap();
            tx.commit().await.unwrap();
            let set = async |orgi: &str, password: Option<&str>| {
                let control = PhoneControl {
                    url: "http://{phone}/{key}".into(),
                    username: Some("admin".into()),
                    password: password.map(Into::into),
                };
                let mut tx = db.begin().await.unwrap();
                let done = put(&mut tx, orgi, "8001", &control).await.unwrap();
                tx.commit().await.unwrap();
                done
            };
            let password = async || {
                let control = get(db, "o", "8001").await.unwrap();
                assert!(!format!("{control:?}").contains("secret"), "{control:?}");
                control.expect("it is set").password
            };
            assert!(!set("p", Some("theirs")).await);
            assert_eq!(get(db, "o", "8001").await.unwrap(), None);
            assert!(set("o", Some("secret")).await && set("o", None).await);
            assert_eq!(password().await.as_deref(), Some("secret"));
            assert_eq!(all(db, "o").await.unwrap(), ["8001".to_owned()].into());
            assert!(all(db, "p").await.unwrap().is_empty());
            assert!(set("o", Some("")).await);
            assert_eq!(password().await, None);
            let mut tx = db.begin().await.unwrap();
            assert!(!remove(&mut tx, "p", "8001").await.unwrap());
            assert!(remove(&mut tx, "o", "8001").await.unwrap());
            assert!(!remove(&mut tx, "o", "8001").await.unwrap());
            tx.commit().await.unwrap();
            assert_eq!(get(db, "o", "8001").await.unwrap(), None);
        })
        .await;
    }
}
