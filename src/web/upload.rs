//! Takes an uploaded spreadsheet: streamed to disk, bounded, hashed. It appears whole or not at all.

use std::path::Path;

use axum::extract::{Multipart, multipart::Field};
use sha2::{Digest, Sha256};
use store::files;
use tokio::{fs, io::AsyncWriteExt};

use crate::{house::House, problem::Problem};

/// Longest text part, bytes.
const TEXT_LIMIT: usize = 200;

/// A file that lies in the data directory.
#[derive(Debug)]
pub struct Upload {
    /// As the uploader named it, at most 200 characters.
    pub file_name: String,
    /// Relative to the data directory.
    pub file_path: String,
    pub sha256: String,
    pub bytes: u64,
    /// The text part `dup_policy`.
    pub dup_policy: Option<String>,
}

/// Reads a form with one part `file` and, perhaps, `dup_policy`. `id` names the stored file.
///
/// # Errors
/// `FILE_MISSING`, `TOO_LARGE`, `MALFORMED`, `INVALID` for parts we do not know.
pub async fn receive(house: &House, id: &str, mut form: Multipart) -> Result<Upload, Problem> {
    let mut upload: Option<Upload> = None;
    let mut dup_policy = None;
    while let Some(part) = form.next_field().await.map_err(unreadable)? {
        let taken = match part.name() {
            Some("file") if upload.is_none() => keep(house, id, part).await.map(|kept| {
                upload = Some(kept);
            }),
            Some("dup_policy") => text(part).await.map(|text| dup_policy = Some(text)),
            other => Err(Problem::at(
                &format!("/{}", other.unwrap_or_default()),
                "unknown_field",
                "this part is not expected",
            )),
        };
        if let Err(problem) = taken {
            if let Some(upload) = upload {
                discard(house, &upload).await;
            }
            return Err(problem);
        }
    }
    upload
        .map(|upload| Upload {
            dup_policy,
            ..upload
        })
        .ok_or_else(|| Problem::of("FILE_MISSING"))
}

/// Removes a file that is not used after all.
pub async fn discard(house: &House, upload: &Upload) {
    let path = house.config.data_dir.join(&upload.file_path);
    if let Err(error) = fs::remove_file(&path).await {
        tracing::warn!(%error, "an unused upload could not be removed");
    }
}

async fn keep(house: &House, id: &str, part: Field<'_>) -> Result<Upload, Problem> {
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
    let written = write(&half, part, house.config.upload_limit).await;
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
        dup_policy: None,
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
