//! `/dnc-lists`: DNC lists of the house and of campaigns, with their entries.

use axum::{
    Json,
    extract::{DefaultBodyLimit, Path, State},
    http::StatusCode,
};
use engine::{campaign::Settings, phone};
use serde::{Deserialize, Serialize};
use store::dnc::{self, Entry, List as DncList, NewEntry, NewList, Removal};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    check,
    dnc::{DncOut, reason},
    find,
};
use crate::{
    ROWS_LIMIT,
    caller::Caller,
    clock::{At, moment, now},
    house::House,
    input::{Body, Params},
    paging::{List, Paging},
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get, put, remove))
        .routes(routes!(entries, add))
        .routes(routes!(take_off))
        .routes(routes!(look_up))
        .layer(DefaultBodyLimit::max(ROWS_LIMIT))
}

#[derive(Serialize, ToSchema)]
pub struct DncListOut {
    pub id: String,
    pub name: String,
    /// house: for everything that is dialled; campaigns: for those that are named.
    pub scope: String,
    /// The campaigns that it is bound to; not told in the list of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaigns: Option<Vec<String>>,
    /// Where it comes from, such as a register's name.
    pub source: String,
    /// Rises with every change of its entries, and stands in each verdict that it led to.
    pub version: i64,
    pub entries: i64,
    pub created_at: At,
    pub updated_at: At,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DncListIn {
    name: String,
    /// Campaigns that it is bound to; not given: it holds for the whole house.
    campaigns: Option<Vec<String>>,
    #[serde(default)]
    source: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DncEntriesIn {
    /// 1 to 5,000.
    entries: Vec<DncEntryIn>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DncEntryIn {
    /// As leads have it: without `+86`, with `+` for other countries.
    number: String,
    /// The number is the beginning of numbers.
    #[serde(default)]
    is_prefix: bool,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    source: String,
    /// RFC 3339; not given: it holds for ever.
    expires_at: Option<String>,
}

/// What became of the entries, in their order.
#[derive(Serialize, ToSchema)]
pub struct DncEntriesOut {
    added: usize,
    /// They stood there already.
    known: usize,
    rejected: usize,
    rows: Vec<DncRowOut>,
}

#[derive(Serialize, ToSchema)]
pub struct DncRowOut {
    /// Place in the request, from 0.
    index: usize,
    /// added, known or rejected.
    status: &'static str,
    code: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DncRemovalIn {
    number: String,
    #[serde(default)]
    is_prefix: bool,
    /// 1 to 200 characters; kept with what was taken off.
    reason: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    number: String,
}

#[derive(Serialize, ToSchema)]
pub struct DncLookUpOut {
    /// The number as leads have it.
    number: String,
    /// Every entry of any list that is this number or begins it, expired ones too.
    entries: Vec<DncHitOut>,
    /// How often an entry for it was taken off a list.
    removed: i64,
}

#[derive(Serialize, ToSchema)]
pub struct DncHitOut {
    list_id: String,
    #[serde(flatten)]
    entry: DncOut,
}

/// 黑名单列表 · All lists.
#[utoipa::path(get, path = "/api/v1/dnc-lists", tag = "setup",
    responses((status = 200, body = List<DncListOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
) -> Result<Json<List<DncListOut>>, Problem> {
    let rows = dnc::list(&house.db, caller.orgi()).await?;
    let all = rows.into_iter().map(|row| show(row, None)).collect();
    Ok(Json(List::whole(all)))
}

/// 黑名单 · One list.
#[utoipa::path(get, path = "/api/v1/dnc-lists/{id}", tag = "setup", params(("id" = String, Path)),
    responses((status = 200, body = DncListOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<DncListOut>, Problem> {
    shown(&house, &caller, &id).await
}

/// 设置黑名单 · Make a list under this id, or change the one that has it; its entries stay.
#[utoipa::path(put, path = "/api/v1/dnc-lists/{id}", tag = "setup", params(("id" = String, Path)),
    request_body = DncListIn, responses((status = 200, body = DncListOut)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<DncListIn>,
) -> Result<Json<DncListOut>, Problem> {
    let id = check::chosen_id("/id", &id)?;
    if asked
        .campaigns
        .as_ref()
        .is_some_and(|all| all.len() > 1_000)
    {
        return Err(Problem::at(
            "/campaigns",
            "length",
            "at most 1,000 campaigns",
        ));
    }
    for (index, campaign) in asked.campaigns.iter().flatten().enumerate() {
        if find::campaign(&house, &caller, campaign).await.is_err() {
            let at = format!("/campaigns/{index}");
            return Err(Problem::at(&at, "unknown", "there is no such campaign"));
        }
    }
    let new = NewList {
        name: &check::name("/name", &asked.name)?,
        campaigns: asked.campaigns.as_deref(),
        source: &check::text("/source", asked.source, 200)?,
    };
    let by = Some(caller.user_id());
    let mut tx = house.db.begin().await?;
    dnc::put(&mut tx, caller.orgi(), &id, new, by, now()).await?;
    tx.commit().await?;
    shown(&house, &caller, &id).await
}

/// 删除黑名单 · Drop a list with its entries. The house's own stays.
#[utoipa::path(delete, path = "/api/v1/dnc-lists/{id}", tag = "setup",
    params(("id" = String, Path)), responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let mut tx = house.db.begin().await?;
    if !dnc::delete(&mut tx, caller.orgi(), &id).await? {
        return Err(Problem::not_found());
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 黑名单号码 · Entries of a list, by number.
#[utoipa::path(get, path = "/api/v1/dnc-lists/{id}/entries", tag = "setup",
    params(("id" = String, Path), Paging), responses((status = 200, body = List<DncOut>)))]
async fn entries(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Params(paging): Params<Paging>,
) -> Result<Json<List<DncOut>>, Problem> {
    let limit = paging.limit()?;
    let after = paging.after()?.unwrap_or_default();
    find::there(dnc::get(&house.db, caller.orgi(), &id).await?)?;
    let most = limit as u32 + 1;
    let rows = dnc::page(&house.db, caller.orgi(), &id, &after, most).await?;
    Ok(Json(List::of(rows, limit, Entry::key, DncOut::from)))
}

/// 添加号码 · Put 1 to 5,000 entries on a list. What can be read is stored in one write; the rest is
/// rejected one by one.
#[utoipa::path(post, path = "/api/v1/dnc-lists/{id}/entries", tag = "setup",
    params(("id" = String, Path)),
    request_body(content = DncEntriesIn, example = json!({"entries": [
        {"number": "13800138000", "reason": "asked"},
        {"number": "+1900", "is_prefix": true, "expires_at": "2027-01-01T00:00:00Z"}]})),
    responses((status = 200, body = DncEntriesOut)))]
async fn add(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<DncEntriesIn>,
) -> Result<Json<DncEntriesOut>, Problem> {
    if !(1..=dnc::ENTRIES_MOST).contains(&asked.entries.len()) {
        return Err(Problem::at(
            "/entries",
            "length",
            "must have 1 to 5,000 entries",
        ));
    }
    let read: Vec<Result<NewEntry, Problem>> = asked.entries.into_iter().map(read).collect();
    let good: Vec<NewEntry> = read.iter().flatten().cloned().collect();
    let by = Some(caller.user_id());
    let mut tx = house.db.begin().await?;
    let told = dnc::add_many(&mut tx, caller.orgi(), &id, &good, by, now()).await?;
    let mut told = find::there(told)?.into_iter();
    tx.commit().await?;
    let rows: Vec<DncRowOut> = read
        .iter()
        .enumerate()
        .map(|(index, entry)| row_out(index, entry, &mut told))
        .collect();
    let count = |status| rows.iter().filter(|row| row.status == status).count();
    Ok(Json(DncEntriesOut {
        added: count("added"),
        known: count("known"),
        rejected: count("rejected"),
        rows,
    }))
}

/// 移出号码 · Take an entry off a list, and say why.
#[utoipa::path(post, path = "/api/v1/dnc-lists/{id}/entries/remove", tag = "setup",
    params(("id" = String, Path)), request_body = DncRemovalIn, responses((status = 204)))]
async fn take_off(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<DncRemovalIn>,
) -> Result<StatusCode, Problem> {
    let number = entry_number(&asked.number, asked.is_prefix)?;
    let why = Removal {
        reason: &reason(asked.reason)?,
        by: caller.user_id(),
    };
    let entry = (number.as_str(), asked.is_prefix);
    let mut tx = house.db.begin().await?;
    if !dnc::remove(&mut tx, caller.orgi(), &id, entry, why, now()).await? {
        return Err(Problem::not_found());
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 查询号码 · What the lists say of a number, however it is written.
#[utoipa::path(get, path = "/api/v1/dnc-look-up", tag = "setup", params(Wanted),
    responses((status = 200, body = DncLookUpOut)))]
async fn look_up(
    State(house): State<House>,
    caller: Caller,
    Params(wanted): Params<Wanted>,
) -> Result<Json<DncLookUpOut>, Problem> {
    let number = check::number("/number", &wanted.number)?;
    let spellings = phone::spellings(&number, &Settings::default().home_country);
    let found = dnc::holding(&house.db, caller.orgi(), &spellings).await?;
    let hit = |entry: Entry| DncHitOut {
        list_id: entry.list_id.clone(),
        entry: entry.into(),
    };
    Ok(Json(DncLookUpOut {
        entries: found.into_iter().map(hit).collect(),
        removed: dnc::removed(&house.db, caller.orgi(), &number).await?,
        number,
    }))
}

async fn shown(house: &House, caller: &Caller, id: &str) -> Result<Json<DncListOut>, Problem> {
    let (list, campaigns) = find::there(dnc::get(&house.db, caller.orgi(), id).await?)?;
    Ok(Json(show(list, Some(campaigns))))
}

fn show(list: DncList, campaigns: Option<Vec<String>>) -> DncListOut {
    DncListOut {
        id: list.id,
        name: list.name,
        scope: list.scope,
        campaigns,
        source: list.source,
        version: list.version,
        entries: list.entries,
        created_at: At(list.created_at),
        updated_at: At(list.updated_at),
    }
}

fn read(asked: DncEntryIn) -> Result<NewEntry, Problem> {
    let expires_at =
        match asked.expires_at.as_deref() {
            None => None,
            Some(text) => Some(moment(text).ok_or_else(|| {
                Problem::at("/expires_at", "format", "must be a moment of RFC 3339")
            })?),
        };
    Ok(NewEntry {
        number: entry_number(&asked.number, asked.is_prefix)?,
        is_prefix: asked.is_prefix,
        reason: check::text("/reason", asked.reason, 200)?,
        source: check::text("/source", asked.source, 200)?,
        expires_at,
    })
}

/// A number, or 1 to 20 digits that numbers begin with.
fn entry_number(text: &str, is_prefix: bool) -> Result<String, Problem> {
    if !is_prefix {
        return check::number("/number", text);
    }
    let text = text.trim();
    let digits = text.strip_prefix('+').unwrap_or(text);
    if (1..=20).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        let message = "must be 1 to 20 digits, with a leading + for other countries";
        Err(Problem::at("/number", "format", message))
    }
}

fn row_out(
    index: usize,
    entry: &Result<NewEntry, Problem>,
    told: &mut impl Iterator<Item = bool>,
) -> DncRowOut {
    let fault = entry.as_ref().err().and_then(|bad| bad.errors.first());
    let status = match entry {
        Err(_) => "rejected",
        Ok(_) if told.next() == Some(true) => "added",
        Ok(_) => "known",
    };
    DncRowOut {
        index,
        status,
        code: fault.map(|fault| fault.code.clone()),
        message: fault.map(|fault| fault.message.clone()),
    }
}
