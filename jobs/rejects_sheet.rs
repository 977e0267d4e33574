//! The rejects of an import as a sheet: the original columns, then row, column, code and reason.

use std::path::PathBuf;

use store::{files, imports, rejects};
use tokio::sync::mpsc;

use crate::{
    error::JobError,
    house::{House, Ticket},
    sheet,
    write_sheet::{Value, Writer},
};

const PAGE: i64 = 1_000;

pub async fn run(house: &House, ticket: &Ticket, id: &str) -> Result<(), JobError> {
    let import = imports::get(&house.db, id).await?;
    let import = import.ok_or_else(|| JobError::user("NO_SUCH_IMPORT", "the import is gone"))?;
    let source = house.data_dir.join(&import.file_path);
    let target = files::rejects(&house.data_dir, id);
    let (pages, received) = mpsc::channel(2);
    let writing = tokio::task::spawn_blocking(move || write(&source, target, received));
    let mut after = 0;
    loop {
        house.may_go_on()?;
        let page = rejects::page(&house.db, id, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.row_no;
        if pages.send(page).await.is_err() {
            break;
        }
        let mut tx = house.db.begin().await?;
        ticket
            .progress(&mut tx, "writing", after, import.row_cursor)
            .await?;
        tx.commit().await?;
    }
    drop(pages);
    writing
        .await
        .map_err(|broken| JobError::Panicked(broken.to_string()))??;
    let mut tx = house.db.begin().await?;
    ticket.succeed(&mut tx).await?;
    Ok(tx.commit().await?)
}

fn write(
    source: &std::path::Path,
    target: PathBuf,
    mut pages: mpsc::Receiver<Vec<rejects::Reject>>,
) -> Result<(), JobError> {
    let header = sheet::header(source)?;
    let mut titles: Vec<&str> = header.iter().map(String::as_str).collect();
    titles.extend(["行号 Row", "列 Column", "代码 Code", "原因 Reason"]);
    let mut writer = Writer::new(&target, "rejects", &titles)?;
    while let Some(page) = pages.blocking_recv() {
        for reject in page {
            let mut cells = reject.cells.0;
            cells.resize(header.len(), String::new());
            let mut row: Vec<Value> = cells.into_iter().map(Value::Text).collect();
            row.push(reject.row_no.into());
            row.extend([reject.column_title, reject.code, reject.reason].map(Value::Text));
            writer.row(&row)?;
        }
    }
    writer.finish()
}
