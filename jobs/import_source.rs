//! Everything that decides how a batch's file is read, from the database.

use std::path::PathBuf;

use store::{
    Db, dictionaries, fields,
    imports::{Options, Reading},
    mappings,
};

use crate::{error::JobError, reading::Source};

/// # Errors
/// When the database fails.
pub async fn of(db: &Db, batch: &str, path: PathBuf, options: Options) -> Result<Source, JobError> {
    Ok(with(now(db, batch).await?, path, options))
}

/// What files of the batch are read with now.
///
/// # Errors
/// When the database fails.
pub async fn now(db: &Db, batch: &str) -> Result<Reading, JobError> {
    let fields = fields::list(db, batch).await?;
    Ok(Reading {
        dictionaries: dictionaries::for_fields(db, &fields).await?,
        remembered: mappings::of_batch(db, batch).await?,
        fields,
    })
}

/// This file, read with that.
#[must_use]
pub fn with(reading: Reading, path: PathBuf, options: Options) -> Source {
    Source {
        path,
        options,
        fields: reading.fields,
        dictionaries: reading.dictionaries,
        remembered: reading.remembered,
    }
}
