//! Takes an uploaded file: streamed to disk, bounded, hashed. It appears whole or not at all.

use std::{collections::BTreeMap, path::Path};

use axum::extract::{Multipart, multipart::Field};
use sha2::{Digest, Sha256};
use store::files;
use tokio::{fs, io::AsyncWriteExt};

use crate::{house::House, problem::Problem};

/// Longest text part, bytes: a mapping of 200 columns.
const TEXT_LIMIT: usize = 64 * 1024;

/// A file that lies in the data directory.
#[derive(Debug)]
pub struct Upload {
    /// As the uploader named it, at most 200 characters.
    pub file_name: String,
    /// Relative to the data directory.
    pub file_path: String,
    pub sha256: String,
    pub bytes: u64,
}

/// A form that was read.
#[derive(Debug, Default)]
pub struct Form {
    file: Option<Upload>,
    /// The text parts by their names.
    pub texts: BTreeMap<String, String>,
}

impl Form {
    /// # Errors
    /// `FILE_MISSING`.
    pub fn file(self) -> Result<Upload, Problem> {
        self.file.ok_or_else(|| Problem::of("FILE_MISSING"))
    }

    #[must_use]
    pub fn has_file(&self) -> bool {
        self.file.is_some()
    }
}

/// Reads a form with at most one part `file` and text parts of these names. `id` names the stored file.
///
/// # Errors
/// `TOO_LARGE`, `MALFORMED`, `INVALID` for parts that are not known or stand twice.
pub async fn receive(
    house: &House,
    id: &str,
    parts: Multipart,
    known: &[&str],
) -> Result<Form, Problem> {
    receive_up_to(house, house.config.upload_limit, id, parts, known).await
}

/// The same with another limit of the file, bytes.
///
/// # Errors
/// As [`receive`].
pub async fn receive_up_to(
    house: &House,
    limit: u64,
    id: &str,
    mut parts: Multipart,
    known: &[&str],
) -> Result<Form, Problem> {
    let mut form = Form::default();
    loop {
        let taken = match parts.next_field().await.map_err(unreadable) {
            Ok(Some(part)) => take(house, (limit, id), part, known, &mut form).await,
            Ok(None) => return Ok(form),
            Err(problem) => Err(problem),
        };
        if let Err(problem) = taken {
            if let Some(upload) = form.file {
                discard(house, &upload).await;
            }
            return Err(problem);
        }
    }
}

async fn take(
    house: &House,
    (limit, id): (u64, &str),
    part: Field<'_>,
    known: &[&str],
    form: &mut Form,
) -> Result<(), Problem> {
    let name = part.name().unwrap_or_default().to_owned();
    if name == "file" && form.file.is_none() {
        form.file = Some(keep(house, limit, id, part).await?);
        return Ok(());
    }
    if !known.contains(&name.as_str()) || form.texts.contains_key(&name) {
        let told = "this part is not expected";
        return Err(Problem::at(&format!("/{name}"), "unknown_field", told));
    }
    form.texts.insert(name, text(part).await?);
    Ok(())
}

/// Removes a file that is not used after all.
pub async fn discard(house: &House, upload: &Upload) {
    let path = house.config.data_dir.join(&upload.file_path);
    if let Err(error) = fs::remove_file(&path).await {
        tracing::warn!(%error, "an unused upload could not be removed");
    }
}

/// Removes files that nothing names any more; not everything that may have one has.
pub async fn remove(house: &House, paths: Vec<String>) {
    for path in paths {
        let _ = fs::remove_file(house.config.data_dir.join(path)).await;
    }
}

async fn keep(house: &House, limit: u64, id: &str, part: Field<'_>) -> Result<Upload, Problem> {
    let file_name: String = part
        .file_name()
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_control())
        .take(200)
        .collect();
    let file_path = files::upload(id, &file_name);
    let path = house.config.data_dir.join(&file_path);
    let half = path.with_extension("part");
    let written = write(&half, part, limit).await;
    let (bytes, sha256) = match written {
        Ok(written) => written,
        Err(problem) => {
            // Whatever was written so far is of no use.
            let _ = fs::remove_file(&half).await;
            return Err(problem);
        }
    };
    fs::rename(&half, &path)
        .await
        .map_err(|error| Problem::internal(&error))?;
    Ok(Upload {
        file_name,
        file_path,
        sha256,
        bytes,
    })
}

async fn write(path: &Path, mut part: Field<'_>, limit: u64) -> Result<(u64, String), Problem> {
    let io = |error: std::io::Error| Problem::internal(&error);
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).await.map_err(io)?;
    }
    let mut file = fs::File::create(path).await.map_err(io)?;
    let mut hash = Sha256::new();
    let mut bytes = 0_u64;
    while let Some(chunk) = part.chunk().await.map_err(unreadable)? {
        bytes += chunk.len() as u64;
        if bytes > limit {
            return Err(Problem::because(
                "TOO_LARGE",
                format!("a file has at most {limit} bytes"),
            ));
        }
        hash.update(&chunk);
        file.write_all(&chunk).await.map_err(io)?;
    }
    file.sync_all().await.map_err(io)?;
    let sha256 = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok((bytes, sha256))
}

async fn text(mut part: Field<'_>) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(unreadable)? {
        if bytes.len() + chunk.len() > TEXT_LIMIT {
            return Err(Problem::of("TOO_LARGE"));
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|_| Problem::of("MALFORMED"))
}

fn unreadable(error: axum::extract::multipart::MultipartError) -> Problem {
    match error.status().as_u16() {
        413 => Problem::of("TOO_LARGE"),
        _ => Problem::because("MALFORMED", error.body_text()),
    }
}
