//! Everything that decides how a batch's file is read, from the database.

use std::path::PathBuf;

use store::{Db, dictionaries, fields, imports::Options, mappings};

use crate::{error::JobError, reading::Source};

/// # Errors
/// When the database fails.
pub async fn of(db: &Db, batch: &str, path: PathBuf, options: Options) -> Result<Source, JobError> {
    let fields = fields::list(db, batch).await?;
    Ok(Source {
        path,
        options,
        dictionaries: dictionaries::for_fields(db, &fields).await?,
        remembered: mappings::of_batch(db, batch).await?,
        fields,
    })
}
