//! Who may register as a phone: the store's extensions, kept in memory for the registrar.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use sip::{Ha1, PhoneBook};
use store::Db;

#[derive(Default)]
pub struct Extensions(RwLock<HashMap<String, Ha1>>);

impl Extensions {
    /// Reads the extensions anew; gives those that are gone or have another secret, whose phones have
    /// no business here any more.
    ///
    /// # Errors
    /// When the database does not answer; the old ones stay.
    pub async fn load(&self, db: &Db) -> store::Result<Vec<String>> {
        let read = store::extensions::list(db).await?.into_iter().map(|row| {
            (
                row.extension,
                Ha1 {
                    md5: row.ha1_md5,
                    sha256: row.ha1_sha256,
                },
            )
        });
        let fresh: HashMap<String, Ha1> = read.collect();
        let mut book = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let stale = |(extension, secret): (&String, &Ha1)| {
            (fresh.get(extension) != Some(secret)).then(|| extension.clone())
        };
        let revoked = book.iter().filter_map(stale).collect();
        *book = fresh;
        Ok(revoked)
    }
}

impl PhoneBook for Extensions {
    fn secrets(&self, extension: &str) -> Option<Ha1> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(extension)
            .cloned()
    }
}
