//! A template's header becomes the batch's fields (OUT-030 to OUT-035, OUT-072).

use engine::import_row::check_template;
use store::fields;

use crate::{
    error::JobError,
    house::{House, Ticket},
    sheet,
};

pub async fn run(
    house: &House,
    ticket: &Ticket,
    batch: &str,
    file_path: &str,
) -> Result<(), JobError> {
    let path = house.data_dir.join(file_path);
    let header = tokio::task::spawn_blocking(move || sheet::header(&path)).await;
    let header = header.unwrap_or_else(|broken| {
        Err(JobError::user(
            "FILE_DAMAGED",
            format!("the file cannot be read: {broken}"),
        ))
    })?;
    check_template(&header, 1)?;
    let mut tx = house.db.begin().await?;
    fields::add_titles(&mut tx, batch, &header, house.now()).await?;
    ticket.succeed(&mut tx).await?;
    Ok(tx.commit().await?)
}
