//! Hands out sealed recordings to those who may hear them: opened, with the header of a wav file
//! before them, whole or in ranges.

use std::{fs::File, io::BufReader, path::Path};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::stream;
use http_range_header::parse_range_header;
use seal::{Keys, OpenError, Reader};

use crate::{download, house::House, problem::Problem};

/// What the name of a sealed recording ends with.
const SEALED: &str = "sealed";

const RATE: u32 = 8_000;
const CHANNELS: u16 = 2;
const HEADER: u64 = 44;

type Opened = Reader<BufReader<File>>;

/// A recording as a wav file, sealed or not.
///
/// # Errors
/// As [`download::file`] and [`wav`].
pub async fn recording(house: &House, path: &Path, request: Request) -> Result<Response, Problem> {
    if path.extension().is_some_and(|it| it == SEALED) {
        return wav(path, house.config.keys.as_ref(), request.headers()).await;
    }
    download::file(path, request).await
}

/// A sealed recording as a wav file; `Range` is honoured, one range of it.
///
/// # Errors
/// `NOT_FOUND` when it is gone, `BAD_RANGE`, `RECORDING_SEALED` when its key is not here,
/// `RECORDING_FORGED` when somebody changed it.
async fn wav(path: &Path, keys: Option<&Keys>, asked: &HeaderMap) -> Result<Response, Problem> {
    let keys = keys
        .cloned()
        .ok_or_else(|| Problem::of("RECORDING_SEALED"))?;
    let path = path.to_owned();
    let opened = tokio::task::spawn_blocking(move || open(&path, &keys)).await;
    let reader = opened.map_err(|error| Problem::internal(&error))??;
    let length = HEADER + reader.length();
    let wanted = asked
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok());
    let (first, last) = match wanted {
        None => (0, length - 1),
        Some(text) => range(text, length)?,
    };
    let mut response = Body::from_stream(pieces(reader, first, last)).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("audio/x-wav"),
    );
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(last - first + 1));
    if wanted.is_some() {
        let part = format!("bytes {first}-{last}/{length}");
        if let Ok(part) = HeaderValue::from_str(&part) {
            headers.insert(header::CONTENT_RANGE, part);
        }
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

fn open(path: &Path, keys: &Keys) -> Result<Opened, Problem> {
    let file = File::open(path).map_err(|_| Problem::not_found())?;
    Reader::open(BufReader::new(file), keys).map_err(|error| refused(&error))
}

fn refused(error: &OpenError) -> Problem {
    match error {
        OpenError::NoKey => Problem::of("RECORDING_SEALED"),
        OpenError::Forged | OpenError::NotSealed => Problem::of("RECORDING_FORGED"),
        OpenError::Unreadable(error) => Problem::internal(error),
    }
}

/// First and last byte; of several ranges the first is given.
fn range(text: &str, length: u64) -> Result<(u64, u64), Problem> {
    let parsed = parse_range_header(text).map_err(|_| Problem::of("BAD_RANGE"))?;
    let ranges = parsed
        .validate(length)
        .map_err(|_| Problem::of("BAD_RANGE"))?;
    let first = ranges.into_iter().next();
    let first = first.ok_or_else(|| Problem::of("BAD_RANGE"))?;
    Ok((*first.start(), *first.end()))
}

/// The bytes from `first` to `last` of the wav file, a chunk at a time.
fn pieces(
    reader: Opened,
    first: u64,
    last: u64,
) -> impl stream::Stream<Item = Result<Bytes, std::io::Error>> {
    stream::try_unfold((reader, first), move |(mut reader, at)| async move {
        if at > last {
            return Ok(None);
        }
        let read = move || {
            let piece = match at.checked_sub(HEADER) {
                Some(at) => reader.read_at(at).map_err(std::io::Error::other)?,
                None => head(reader.length())[at as usize..].to_vec(),
            };
            Ok::<_, std::io::Error>((reader, piece))
        };
        let (reader, mut piece) = tokio::task::spawn_blocking(read)
            .await
            .map_err(std::io::Error::other)??;
        if piece.is_empty() {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        piece.truncate(usize::try_from(last - at + 1).unwrap_or(usize::MAX));
        let next = at + piece.len() as u64;
        Ok(Some((Bytes::from(piece), (reader, next))))
    })
}

/// The header of a wav file with this many bytes of sound.
fn head(bytes: u64) -> [u8; HEADER as usize] {
    let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
    let frame = CHANNELS * 2;
    let mut head = [0; HEADER as usize];
    let mut at = 0;
    let mut put = |part: &[u8]| {
        head[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    };
    put(b"RIFF");
    put(&bytes.saturating_add(36).to_le_bytes());
    put(b"WAVEfmt ");
    put(&16_u32.to_le_bytes());
    put(&1_u16.to_le_bytes());
    put(&CHANNELS.to_le_bytes());
    put(&RATE.to_le_bytes());
    put(&(RATE * u32::from(frame)).to_le_bytes());
    put(&frame.to_le_bytes());
    put(&16_u16.to_le_bytes());
    put(b"data");
    put(&bytes.to_le_bytes());
    head
}
