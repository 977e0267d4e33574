//! `/settings/phones`, `/settings/recordings` and `/settings/files`: what the house sets for all its lines
//! and lists.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use store::house_settings::{self, FileRules, Looked, PhoneCaps, RecordingRules, Sweep};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::configured::saved;
use crate::{
    clock::{At, now},
    house::House,
    input::Body,
    problem::{Fault, Problem},
};

/// The longest that anything is kept; 0 is for ever.
const MOST_DAYS: u32 = 3_650;

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(phones, set_phones))
        .routes(routes!(recordings, set_recordings))
        .routes(routes!(kept_files, set_kept_files))
}

/// What one phone may do with its password: bounds of what a stolen one costs.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PhoneCapsDoc {
    /// Calls from one phone at once, 1 to 100.
    at_once: u32,
    /// Calls from one phone within an hour, 1 to 10,000.
    per_hour: u32,
    /// Starts of numbers that phones may not call: at most 200, each of 1 to 32 digits, +, * or #.
    denied: Vec<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordingRulesIn {
    /// Recordings are deleted after so many days, at most 3,650; 0 keeps them.
    keep_days: u32,
    /// The same for messages in mailboxes, heard or not; left out, it stays as it is.
    keep_message_days: Option<u32>,
}

/// How long files that jobs make are kept. Uploads stay as long as an import, a dry run or a batch's template
/// has them, and go a day after.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FileRulesDoc {
    /// Exports, reports and sheets of rejects are deleted after so many days, at most 3,650; 0 keeps them.
    keep_days: u32,
}

#[derive(Serialize, ToSchema)]
pub struct RecordingRulesOut {
    keep_days: u32,
    keep_message_days: u32,
    /// What the last look at the folders came to; none before the first.
    last_look: Option<SweepOut>,
}

#[derive(Serialize, ToSchema)]
pub struct SweepOut {
    at: At,
    #[serde(flatten)]
    recordings: LookedOut,
    /// The same of the messages.
    messages: LookedOut,
}

#[derive(Serialize, ToSchema)]
pub struct LookedOut {
    /// Files that were too old and are gone.
    expired: u64,
    expired_bytes: u64,
    /// Files that no call, or no mailbox, knows of.
    orphans: u64,
    orphan_bytes: u64,
    /// Those of them that are gone.
    orphans_deleted: u64,
    /// Files that could not be deleted; the log says why.
    failed: u64,
}

/// 分机限制 · What one phone may do with its password.
#[utoipa::path(get, path = "/api/v1/settings/phones", tag = "setup",
    responses((status = 200, body = PhoneCapsDoc)))]
async fn phones(State(house): State<House>) -> Result<Json<PhoneCapsDoc>, Problem> {
    let caps = house_settings::get::<PhoneCaps>(&house.db).await?;
    let caps = caps.unwrap_or_else(|| house.config.phone_caps.clone());
    Ok(Json(shown(caps)))
}

/// 设置分机限制 · Set it; calls that are up stay up. What agents and phones may have called outside in a
/// transfer is bounded likewise.
#[utoipa::path(put, path = "/api/v1/settings/phones", tag = "setup",
    request_body = PhoneCapsDoc, responses((status = 200, body = PhoneCapsDoc)))]
async fn set_phones(
    State(house): State<House>,
    Body(asked): Body<PhoneCapsDoc>,
) -> Result<Json<PhoneCapsDoc>, Problem> {
    let caps = PhoneCaps {
        at_once: asked.at_once,
        per_hour: asked.per_hour,
        denied: asked.denied,
    };
    check(&caps)?;
    let mut tx = house.db.begin().await?;
    house_settings::put_in(&mut tx, &caps, now()).await?;
    saved(&house, tx).await?;
    Ok(Json(shown(caps)))
}

/// 录音保留 · How long recordings and messages are kept, and what the last look at them came to.
#[utoipa::path(get, path = "/api/v1/settings/recordings", tag = "setup",
    responses((status = 200, body = RecordingRulesOut)))]
async fn recordings(State(house): State<House>) -> Result<Json<RecordingRulesOut>, Problem> {
    let rules = house_settings::get::<RecordingRules>(&house.db).await?;
    Ok(Json(rules_out(&house, rules.unwrap_or_default()).await?))
}

/// 设置录音保留 · Set how long recordings and messages are kept; the next look deletes what is older.
#[utoipa::path(put, path = "/api/v1/settings/recordings", tag = "setup",
    request_body = RecordingRulesIn, responses((status = 200, body = RecordingRulesOut)))]
async fn set_recordings(
    State(house): State<House>,
    Body(asked): Body<RecordingRulesIn>,
) -> Result<Json<RecordingRulesOut>, Problem> {
    let before = house_settings::get::<RecordingRules>(&house.db).await?;
    let before = before.unwrap_or_default();
    let rules = RecordingRules {
        keep_days: asked.keep_days,
        keep_message_days: asked.keep_message_days.unwrap_or(before.keep_message_days),
    };
    let asked = [
        ("/keep_days", rules.keep_days),
        ("/keep_message_days", rules.keep_message_days),
    ];
    if let Some((field, _)) = asked.iter().find(|(_, days)| *days > MOST_DAYS) {
        return Err(Problem::at(field, "range", "must be 0 to 3,650"));
    }
    house_settings::put(&house.db, &rules, now()).await?;
    Ok(Json(rules_out(&house, rules).await?))
}

/// 文件保留 · How long exports, reports and sheets of rejects are kept.
#[utoipa::path(get, path = "/api/v1/settings/files", tag = "setup",
    responses((status = 200, body = FileRulesDoc)))]
async fn kept_files(State(house): State<House>) -> Result<Json<FileRulesDoc>, Problem> {
    let rules = house_settings::get::<FileRules>(&house.db).await?;
    let keep_days = rules.unwrap_or_default().keep_days;
    Ok(Json(FileRulesDoc { keep_days }))
}

/// 设置文件保留 · Set how long they are kept; what is older goes with the next day.
#[utoipa::path(put, path = "/api/v1/settings/files", tag = "setup",
    request_body = FileRulesDoc, responses((status = 200, body = FileRulesDoc)))]
async fn set_kept_files(
    State(house): State<House>,
    Body(asked): Body<FileRulesDoc>,
) -> Result<Json<FileRulesDoc>, Problem> {
    if asked.keep_days > MOST_DAYS {
        return Err(Problem::at("/keep_days", "range", "must be 0 to 3,650"));
    }
    let keep_days = asked.keep_days;
    house_settings::put(&house.db, &FileRules { keep_days }, now()).await?;
    Ok(Json(asked))
}

fn check(caps: &PhoneCaps) -> Result<(), Problem> {
    let mut faults = Vec::new();
    if !(1..=100).contains(&caps.at_once) {
        faults.push(Fault::new("/at_once", "range", "must be 1 to 100"));
    }
    if !(1..=10_000).contains(&caps.per_hour) {
        faults.push(Fault::new("/per_hour", "range", "must be 1 to 10,000"));
    }
    if caps.denied.len() > 200 {
        faults.push(Fault::new("/denied", "length", "at most 200"));
    }
    let fits = |c: char| c.is_ascii_digit() || matches!(c, '+' | '*' | '#');
    let is_start = |text: &str| (1..=32).contains(&text.len()) && text.chars().all(fits);
    for (at, text) in caps.denied.iter().enumerate() {
        if !is_start(text) {
            let why = "must be 1 to 32 digits, +, * or #";
            faults.push(Fault::new(&format!("/denied/{at}"), "format", why));
        }
    }
    match faults.is_empty() {
        true => Ok(()),
        false => Err(Problem::invalid(faults)),
    }
}

fn shown(caps: PhoneCaps) -> PhoneCapsDoc {
    PhoneCapsDoc {
        at_once: caps.at_once,
        per_hour: caps.per_hour,
        denied: caps.denied,
    }
}

async fn rules_out(house: &House, rules: RecordingRules) -> Result<RecordingRulesOut, Problem> {
    let last = house_settings::get::<Sweep>(&house.db).await?;
    Ok(RecordingRulesOut {
        keep_days: rules.keep_days,
        keep_message_days: rules.keep_message_days,
        last_look: last.map(|last| SweepOut {
            at: At(last.at),
            recordings: looked(last.recordings),
            messages: looked(last.messages),
        }),
    })
}

fn looked(at: Looked) -> LookedOut {
    LookedOut {
        expired: at.expired,
        expired_bytes: at.expired_bytes,
        orphans: at.orphans,
        orphan_bytes: at.orphan_bytes,
        orphans_deleted: at.orphans_deleted,
        failed: at.failed,
    }
}
