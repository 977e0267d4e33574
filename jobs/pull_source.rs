//! Looks whether a planned batch's source has something new, and queues its import (OUT-023).
//!
//! A file is known by its SHA-256: what a source has imported once it does not import again, whatever
//! it is called. A file, the memory of it, its import and the import's job are one write.

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use engine::window::Window;
use glob::Pattern;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::{
    batches::{self, Batch},
    files,
    imports::{self, NewImport},
    sources::{self, Place, Source},
    work::{self, By, Work},
};

use crate::{
    error::JobError,
    house::{House, Ticket},
};

mod address;
mod fetch;

/// Files of a directory that are looked at in one go, the last changed of them.
const FILES_MAX: usize = 1_000;

/// A file that lies in the data directory.
pub struct Taken {
    /// As its owner calls it.
    name: String,
    sha256: String,
    bytes: u64,
}

pub async fn run(house: &House, ticket: &Ticket, id: &str) -> Result<(), JobError> {
    let source = sources::get(&house.db, id).await?;
    let source = source.ok_or_else(|| JobError::user("NO_SUCH_SOURCE", "the source is gone"))?;
    let batch = batches::get(&house.db, &source.orgi, &source.batch_id).await?;
    let batch = batch.filter(|batch| batch.state == "ready");
    let batch = batch.ok_or_else(|| {
        JobError::user(
            "BATCH_NOT_READY",
            "the batch has no saved template or is archived",
        )
    })?;
    tokio::fs::create_dir_all(house.data_dir.join("uploads")).await?;
    let part = own_part(house, ticket).await;
    let done = match &source.spec.from {
        Place::Directory { path, pattern } => {
            directory(house, ticket, (&source, &batch), (path, pattern), &part).await
        }
        Place::Url { url } => web(house, ticket, (&source, &batch), url, &part).await,
    };
    // There is none when the last file was taken.
    let _ = tokio::fs::remove_file(&part).await;
    let Pulled { seen, imports, bad } = done?;
    let mut tx = house.db.begin().await?;
    let state = match (bad.first(), imports.is_empty()) {
        (Some(_), _) => "failed",
        (None, true) => "nothing_new",
        (None, false) => "imported",
    };
    let trouble = bad.first().map(|(code, text)| (*code, text.as_str()));
    sources::told(&mut tx, id, state, trouble, house.now()).await?;
    let bad: Vec<&String> = bad.iter().map(|(_, text)| text).collect();
    let imported = imports.len();
    let result = json!({"files": seen, "imported": imported, "imports": imports, "bad": bad});
    ticket.succeed(&mut tx, &result).await?;
    Ok(tx.commit().await?)
}

/// Where this start of the job puts a file while it comes in: a worker that is believed dead and is not
/// writes into another one. What starts that died left is removed.
async fn own_part(house: &House, ticket: &Ticket) -> PathBuf {
    let of = |fence: i64| {
        let name = format!("uploads/.{}.{fence}.part", ticket.job);
        house.data_dir.join(name)
    };
    for earlier in 1..ticket.fence {
        let _ = tokio::fs::remove_file(of(earlier)).await;
    }
    of(ticket.fence)
}

/// What a pull came to.
#[derive(Default)]
struct Pulled {
    /// Files that were looked at.
    seen: usize,
    /// Of the new ones.
    imports: Vec<String>,
    /// Files that could not be taken, with code and text; they are in nobody's way.
    bad: Vec<(&'static str, String)>,
}

type Done = Result<Pulled, JobError>;

async fn directory(
    house: &House,
    ticket: &Ticket,
    (source, batch): (&Source, &Batch),
    (path, pattern): (&str, &str),
    part: &Path,
) -> Done {
    let allowed = house.sources.clone();
    let (path, pattern) = (PathBuf::from(path), pattern.to_owned());
    let found = tokio::task::spawn_blocking(move || {
        list(
            &path,
            &pattern,
            &allowed.roots,
            Duration::from_secs(allowed.settle_s),
        )
    });
    let found = found.await.map_err(broken)??;
    let mut pulled = Pulled {
        seen: found.len(),
        ..Pulled::default()
    };
    for file in &found {
        house.may_go_on()?;
        let (from, into, most) = (file.clone(), part.to_owned(), house.sources.max_bytes);
        let copied = tokio::task::spawn_blocking(move || copy(&from, &into, most));
        let taken = match copied.await.map_err(broken)? {
            Ok(Some(taken)) => taken,
            // One that changed while it was read is taken the next time.
            Ok(None) => continue,
            Err(JobError::User { code, text }) => {
                pulled.bad.push((code, text));
                continue;
            }
            Err(error) => return Err(error),
        };
        let import = import(house, ticket, (source, batch), taken, part, None).await?;
        pulled.imports.extend(import);
    }
    Ok(pulled)
}

async fn web(
    house: &House,
    ticket: &Ticket,
    (source, batch): (&Source, &Batch),
    url: &str,
    part: &Path,
) -> Done {
    let last = fetch::Last {
        etag: source.etag.as_deref(),
        last_modified: source.last_modified.as_deref(),
    };
    let answer = tokio::select! {
        answer = fetch::fetch(url, last, &house.sources, part) => answer?,
        () = house.stopped() => return Err(JobError::ShuttingDown),
    };
    match answer {
        fetch::Answer::Unchanged => Ok(Pulled::default()),
        fetch::Answer::File {
            taken,
            etag,
            last_modified,
        } => {
            let marks = Some((etag, last_modified));
            let import = import(house, ticket, (source, batch), taken, part, marks).await?;
            Ok(Pulled {
                seen: 1,
                imports: import.into_iter().collect(),
                bad: Vec::new(),
            })
        }
    }
}

/// What the server said about a file: its tag and its date.
type Marks = (Option<String>, Option<String>);

/// Queues the import of a file, unless this source has had it.
async fn import(
    house: &House,
    ticket: &Ticket,
    (source, batch): (&Source, &Batch),
    taken: Taken,
    part: &Path,
    marks: Option<Marks>,
) -> Result<Option<String>, JobError> {
    let id = imports::new_import_id();
    let path = files::upload(&id, &taken.name);
    let known = sources::knows(&house.db, &source.id, &taken.sha256).await?;
    if !known {
        tokio::fs::rename(part, house.data_dir.join(&path)).await?;
    }
    let now = house.now();
    let mut tx = house.db.begin().await?;
    ticket.progress(&mut tx, "looking", 0, 0).await?;
    if let Some((etag, last_modified)) = marks {
        let (etag, last_modified) = (etag.as_deref(), last_modified.as_deref());
        sources::seen(&mut tx, &source.id, etag, last_modified).await?;
    }
    if known {
        tx.commit().await?;
        return Ok(None);
    }
    let at = Window::default().local(now);
    let at = at.map(|at| at.format("%Y-%m-%d %H:%M:%S").to_string());
    let new = NewImport {
        id: &id,
        orgi: &source.orgi,
        batch_id: &source.batch_id,
        creater: &source.creater,
        title: &format!("{}_{}", batch.name, at.unwrap_or_default()),
        file_name: &taken.name,
        file_path: &path,
        sha256: &taken.sha256,
        bytes: i64::try_from(taken.bytes).unwrap_or(i64::MAX),
        options: &source.spec.options,
    };
    let file = (taken.sha256.as_str(), taken.name.as_str(), id.as_str());
    if !sources::remember(&mut tx, &source.id, file, now).await? {
        // Another worker has had it meanwhile.
        tx.rollback().await?;
        tokio::fs::remove_file(house.data_dir.join(&path)).await?;
        return Ok(None);
    }
    imports::create(&mut tx, &new, now).await?;
    let by = By {
        orgi: &source.orgi,
        user: &source.creater,
        batch: Some(&source.batch_id),
    };
    let work = Work::ImportBatch { import: id.clone() };
    work::enqueue(&mut tx, work, by, now).await?;
    tx.commit().await?;
    Ok(Some(id))
}

/// The directory's files whose name fits, by name; of very many the last changed. What a link leads to has to be in a root as well.
fn list(
    path: &Path,
    pattern: &str,
    roots: &[PathBuf],
    settle: Duration,
) -> Result<Vec<PathBuf>, JobError> {
    let pattern = Pattern::new(pattern)
        .map_err(|error| JobError::user("SOURCE_INVALID", error.to_string()))?;
    let roots: Vec<PathBuf> = roots
        .iter()
        .filter_map(|root| root.canonicalize().ok())
        .collect();
    let inside = |path: &Path| roots.iter().any(|root| path.starts_with(root));
    let real = path.canonicalize().ok().filter(|real| inside(real));
    let real = real.ok_or_else(|| {
        let text = "the directory is not there or not below jobs.sources.roots";
        JobError::user("SOURCE_NOT_ALLOWED", text)
    })?;
    let mut found = Vec::new();
    for entry in std::fs::read_dir(real)? {
        let entry = entry?;
        if !pattern.matches(&entry.file_name().to_string_lossy()) {
            continue;
        }
        let Some(file) = entry.path().canonicalize().ok().filter(|file| inside(file)) else {
            continue;
        };
        let about = file.metadata()?;
        if about.is_file() && is_settled(about.modified().ok(), settle) {
            found.push((about.modified().ok(), file));
        }
    }
    found.sort();
    let last = found.len().saturating_sub(FILES_MAX);
    let mut files: Vec<PathBuf> = found.drain(last..).map(|(_, file)| file).collect();
    files.sort();
    Ok(files)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a file's age is measured on the clock of its machine"
)]
fn is_settled(modified: Option<SystemTime>, settle: Duration) -> bool {
    let age = modified.and_then(|at| SystemTime::now().duration_since(at).ok());
    settle.is_zero() || age.is_some_and(|age| age > settle)
}

/// Copies a file; `None` when it changed meanwhile.
fn copy(from: &Path, into: &Path, most: u64) -> Result<Option<Taken>, JobError> {
    let before = from.metadata()?;
    if before.len() > most {
        let text = format!("{} has more than {most} bytes", from.display());
        return Err(JobError::user("TOO_LARGE", text));
    }
    let source = std::fs::File::open(from).map_err(|error| {
        let text = format!("{} cannot be read: {error}", from.display());
        JobError::user("FILE_UNREADABLE", text)
    })?;
    let mut source = source.take(most);
    let mut copy = std::fs::File::create(into)?;
    let (mut hash, mut bytes) = (Sha256::new(), 0_u64);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = source.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
        copy.write_all(&buffer[..read])?;
        bytes += u64::try_from(read).unwrap_or(u64::MAX);
    }
    copy.sync_all()?;
    let after = from.metadata()?;
    if (before.len(), before.modified().ok()) != (after.len(), after.modified().ok())
        || bytes != after.len()
    {
        return Ok(None);
    }
    let name = from.file_name().unwrap_or_default().to_string_lossy();
    Ok(Some(Taken {
        name: name.chars().take(200).collect(),
        sha256: hex(&hash.finalize()),
        bytes,
    }))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn broken(error: tokio::task::JoinError) -> JobError {
    JobError::Panicked(error.to_string())
}

#[cfg(test)]
mod tests;
