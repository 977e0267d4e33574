//! A template's header becomes the batch's fields (OUT-030 to OUT-035, OUT-072).

use engine::import_row::check_template;
use serde_json::json;
use store::{fields, imports::Options};

use crate::{
    error::JobError,
    house::{House, Ticket},
    import_source, reading,
};

/// What is read, and from where.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    pub batch: &'a str,
    /// Relative to the data directory.
    pub file_path: &'a str,
    /// Sheet row of the titles, from 1; looked for when it is not given.
    pub header_row: Option<u32>,
    pub sheet: Option<&'a str>,
}

pub async fn run(house: &House, ticket: &Ticket, ask: Ask<'_>) -> Result<(), JobError> {
    let path = house.data_dir.join(ask.file_path);
    let options = Options {
        header_row: ask.header_row,
        sheet: ask.sheet.map(str::to_owned),
        ..Options::default()
    };
    let source = import_source::of(&house.db, ask.batch, path, options).await?;
    let titles = tokio::task::spawn_blocking(move || reading::titles(&source)).await;
    let (row, header) = titles.unwrap_or_else(|broken| {
        Err(JobError::user(
            "FILE_DAMAGED",
            format!("the file cannot be read: {broken}"),
        ))
    })?;
    check_template(&header, row)?;
    let mut tx = house.db.begin().await?;
    let added = fields::add_titles(&mut tx, ask.batch, &header, house.now()).await?;
    let said = json!({ "header_row": row, "titles": header.len(), "added": added });
    ticket.succeed(&mut tx, &said).await?;
    Ok(tx.commit().await?)
}
