//! Gets a file over HTTPS, if there is a new one.

use std::{path::Path, time::Duration};

use reqwest::{
    Client, Response, StatusCode, Url,
    header::{
        ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION,
    },
    redirect::Policy,
};
use sha2::{Digest, Sha256};
use tokio::{fs::File, io::AsyncWriteExt};

use super::{Taken, address, hex};
use crate::{JobError, settings::Sources};

/// Most addresses that lead to the next one.
const HOPS: usize = 5;
const CONNECT: Duration = Duration::from_secs(10);

/// What the server said.
pub enum Answer {
    /// It is the file of last time.
    Unchanged,
    File {
        taken: Taken,
        etag: Option<String>,
        last_modified: Option<String>,
    },
}

/// The marks of the file that came last.
#[derive(Debug, Clone, Copy)]
pub struct Last<'a> {
    pub etag: Option<&'a str>,
    pub last_modified: Option<&'a str>,
}

/// Gets what is behind `url` into `into`. Every address on the way is checked before it is asked.
pub async fn fetch(
    url: &str,
    last: Last<'_>,
    allowed: &Sources,
    into: &Path,
) -> Result<Answer, JobError> {
    let whole = Duration::from_secs(allowed.timeout_s);
    tokio::time::timeout(whole, follow(url, last, allowed, into))
        .await
        .unwrap_or_else(|_| {
            let text = format!("it took more than {} seconds", allowed.timeout_s);
            Err(JobError::Unreachable(text))
        })
}

async fn follow(
    url: &str,
    last: Last<'_>,
    allowed: &Sources,
    into: &Path,
) -> Result<Answer, JobError> {
    let mut url = parse(url)?;
    for _ in 0..=HOPS {
        let response = ask(&url, last, allowed).await?;
        let status = response.status();
        if status == StatusCode::NOT_MODIFIED {
            return Ok(Answer::Unchanged);
        }
        if status.is_redirection() {
            let next = text(response.headers(), LOCATION);
            let next = next.and_then(|next| url.join(&next).ok());
            url = next.ok_or_else(|| refused("it leads on, but does not say where to"))?;
            continue;
        }
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(JobError::Unreachable(format!("the server said {status}")));
        }
        if status != StatusCode::OK {
            return Err(refused(&format!("the server said {status}")));
        }
        let etag = text(response.headers(), ETAG);
        let last_modified = text(response.headers(), LAST_MODIFIED);
        let name = name_of(&url);
        let taken = keep(response, name, allowed.max_bytes, into).await?;
        return Ok(Answer::File {
            taken,
            etag,
            last_modified,
        });
    }
    Err(refused("it leads on and on"))
}

async fn ask(url: &Url, last: Last<'_>, allowed: &Sources) -> Result<Response, JobError> {
    let target = address::check(url, allowed).await?;
    // The first to install one wins; it is the same one everywhere.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT)
        // Only what was checked is connected to, whatever the name leads to by then.
        .resolve_to_addrs(&target.host, &target.addresses)
        .user_agent("paceline")
        .build()
        .map_err(|error| unreachable(&error))?;
    let mut request = client.get(url.clone());
    if let Some(etag) = last.etag {
        request = request.header(IF_NONE_MATCH, etag);
    }
    if let Some(at) = last.last_modified {
        request = request.header(IF_MODIFIED_SINCE, at);
    }
    request.send().await.map_err(|error| unreachable(&error))
}

async fn keep(
    mut response: Response,
    name: String,
    most: u64,
    into: &Path,
) -> Result<Taken, JobError> {
    let mut file = File::create(into).await?;
    let (mut hash, mut bytes) = (Sha256::new(), 0_u64);
    while let Some(part) = response
        .chunk()
        .await
        .map_err(|error| unreachable(&error))?
    {
        bytes += u64::try_from(part.len()).unwrap_or(u64::MAX);
        if bytes > most {
            return Err(JobError::user(
                "TOO_LARGE",
                format!("the file has more than {most} bytes"),
            ));
        }
        hash.update(&part);
        file.write_all(&part).await?;
    }
    file.sync_all().await?;
    Ok(Taken {
        name,
        sha256: hex(&hash.finalize()),
        bytes,
    })
}

fn parse(url: &str) -> Result<Url, JobError> {
    Url::parse(url).map_err(|error| refused(&error.to_string()))
}

/// The last part of the path.
fn name_of(url: &Url) -> String {
    let last = url.path_segments().and_then(|mut parts| parts.next_back());
    let name: String = last.unwrap_or_default().chars().take(200).collect();
    if name.is_empty() {
        "download".into()
    } else {
        name
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    (text.len() <= 1_000).then(|| text.to_owned())
}

fn refused(text: &str) -> JobError {
    JobError::user("SOURCE_REFUSED", text)
}

/// Without the address: it may hold a secret.
fn unreachable(error: &reqwest::Error) -> JobError {
    let mut text = String::from("the server cannot be reached");
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    JobError::Unreachable(text)
}
