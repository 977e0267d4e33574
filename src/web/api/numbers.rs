//! `/numbers` (号码池): the house's own numbers, shown to whom its phones, queues and campaigns call
//! (VOX-198 to VOX-200).

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use engine::campaign;
use serde::{Deserialize, Serialize};
use store::numbers::{self, Row};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    check,
    configured::{deleted, saved},
    find, named_by,
};
use crate::{
    caller::Caller,
    clock::{At, now},
    house::House,
    input::Body,
    paging::List,
    problem::Problem,
};

/// Numbers that one request may add.
const MOST: usize = 1_000;
/// Numbers that an extension or a queue may show.
pub const MOST_BOUND: usize = 200;

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(get, put, remove))
        .routes(routes!(bind))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct NumberOut {
    pub number: String,
    pub gateway_id: Option<String>,
    pub area: Option<String>,
    pub daily_limit: Option<i64>,
    pub enabled: bool,
    /// Calls out that showed it since midnight.
    pub used_today: i64,
    pub created_at: At,
}

/// What holds of a number.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberIn {
    /// The only gateway through which it is shown; not given: any.
    gateway_id: Option<String>,
    /// Where it belongs, for people; at most 100 characters.
    area: Option<String>,
    /// Calls out a day that may show it, 1 to 100,000; not given: any number.
    daily_limit: Option<i64>,
    /// true when not given.
    enabled: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NumbersIn {
    /// One number or several, with commas between them; at most 1,000.
    numbers: String,
    gateway_id: Option<String>,
    area: Option<String>,
    daily_limit: Option<i64>,
    enabled: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BoundIn {
    /// Numbers of the pool, at most 200; none: what route and queue say.
    #[serde(default)]
    caller_ids: Vec<String>,
}

/// 号码池 · The house's own numbers.
#[utoipa::path(get, path = "/api/v1/numbers", tag = "setup",
    responses((status = 200, body = List<NumberOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
) -> Result<Json<List<NumberOut>>, Problem> {
    Ok(Json(List::whole(all(&house, &caller).await?)))
}

/// # Errors
/// When the database does not answer.
pub async fn all(house: &House, caller: &Caller) -> Result<Vec<NumberOut>, Problem> {
    let midnight = campaign::Settings::default().window.day_start(now());
    let used = numbers::used(&house.db, caller.orgi(), midnight).await?;
    let rows = numbers::list(&house.db, caller.orgi()).await?;
    Ok(rows.into_iter().map(|row| show(row, &used)).collect())
}

/// 新增号码 · Add numbers, all or none. `NUMBER_TAKEN` when one is there already.
#[utoipa::path(post, path = "/api/v1/numbers", tag = "setup",
    request_body(content = NumbersIn, example = json!({"numbers": "62620668, 62620669"})),
    responses((status = 201, body = List<NumberOut>)))]
async fn add(
    State(house): State<House>,
    caller: Caller,
    Body(asked): Body<NumbersIn>,
) -> Result<(StatusCode, Json<List<NumberOut>>), Problem> {
    let wanted = several(&asked.numbers)?;
    let holds = NumberIn {
        gateway_id: asked.gateway_id,
        area: asked.area,
        daily_limit: asked.daily_limit,
        enabled: asked.enabled,
    };
    let model = row(&house, String::new(), holds).await?;
    let mut tx = house.db.begin().await?;
    for number in &wanted {
        let row = Row {
            number: number.clone(),
            ..model.clone()
        };
        if !numbers::add(&mut tx, caller.orgi(), &row).await? {
            let why = format!("{number} is in the pool already");
            return Err(Problem::because("NUMBER_TAKEN", why));
        }
    }
    saved(&house, tx).await?;
    let mut added = all(&house, &caller).await?;
    added.retain(|number| wanted.contains(&number.number));
    Ok((StatusCode::CREATED, Json(List::whole(added))))
}

/// 号码 · One number of the pool.
#[utoipa::path(get, path = "/api/v1/numbers/{number}", tag = "setup",
    params(("number" = String, Path)), responses((status = 200, body = NumberOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(number): Path<String>,
) -> Result<Json<NumberOut>, Problem> {
    Ok(Json(one(&house, &caller, &number).await?))
}

async fn one(house: &House, caller: &Caller, number: &str) -> Result<NumberOut, Problem> {
    let mut rows = all(house, caller).await?.into_iter();
    find::there(rows.find(|row| row.number == number))
}

/// 编辑号码 · Change what holds of a number.
#[utoipa::path(put, path = "/api/v1/numbers/{number}", tag = "setup",
    params(("number" = String, Path)), request_body = NumberIn,
    responses((status = 200, body = NumberOut)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Path(number): Path<String>,
    Body(asked): Body<NumberIn>,
) -> Result<Json<NumberOut>, Problem> {
    let row = row(&house, number.clone(), asked).await?;
    let mut tx = house.db.begin().await?;
    if !numbers::change(&mut tx, caller.orgi(), &row).await? {
        return Err(Problem::not_found());
    }
    saved(&house, tx).await?;
    Ok(Json(one(&house, &caller, &number).await?))
}

/// 删除号码 · Take a number out of the pool. `NUMBER_IN_USE` while an extension, a queue, an outbound route or a
/// campaign that is not finished shows it.
#[utoipa::path(delete, path = "/api/v1/numbers/{number}", tag = "setup",
    params(("number" = String, Path)), responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(number): Path<String>,
) -> Result<StatusCode, Problem> {
    if let Some(why) = named_by::number(&house.db, caller.orgi(), &number).await? {
        return Err(Problem::because("NUMBER_IN_USE", why));
    }
    let mut tx = house.db.begin().await?;
    let was_there = numbers::delete(&mut tx, caller.orgi(), &number).await?;
    deleted(&house, tx, was_there).await
}

/// 分机主叫号码 · Which numbers of the pool the phone of an extension shows outside.
#[utoipa::path(put, path = "/api/v1/extensions/{extension}/caller-ids", tag = "setup",
    params(("extension" = String, Path)), request_body = BoundIn,
    responses((status = 204)))]
async fn bind(
    State(house): State<House>,
    caller: Caller,
    Path(extension): Path<String>,
    Body(asked): Body<BoundIn>,
) -> Result<StatusCode, Problem> {
    in_pool(&house, &caller, "/caller_ids", &asked.caller_ids).await?;
    let mut tx = house.db.begin().await?;
    let was_there = numbers::bind(&mut tx, caller.orgi(), &extension, &asked.caller_ids).await?;
    deleted(&house, tx, was_there).await
}

/// # Errors
/// `INVALID` when they are too many, or one is not in the pool.
pub async fn in_pool(
    house: &House,
    caller: &Caller,
    pointer: &str,
    callers: &[String],
) -> Result<(), Problem> {
    if callers.len() > MOST_BOUND {
        let text = format!("must be at most {MOST_BOUND} numbers");
        return Err(Problem::at(pointer, "length", text));
    }
    if callers.is_empty() {
        return Ok(());
    }
    let rows = numbers::list(&house.db, caller.orgi()).await?;
    let known: BTreeSet<&str> = rows.iter().map(|row| row.number.as_str()).collect();
    match callers
        .iter()
        .find(|caller| !known.contains(caller.as_str()))
    {
        Some(unknown) => {
            let text = format!("{unknown} is not in the number pool");
            Err(Problem::at(pointer, "unknown", text))
        }
        None => Ok(()),
    }
}

/// `62620668, 62620669`: each once, in their order.
fn several(text: &str) -> Result<Vec<String>, Problem> {
    let between = |c: char| matches!(c, ',' | '，' | '、' | ';') || c.is_whitespace();
    let mut numbers: Vec<String> = Vec::new();
    for number in text.split(between).filter(|part| !part.is_empty()) {
        let digits = number.strip_prefix('+').unwrap_or(number);
        let is_number = (3..=20).contains(&digits.len());
        if !is_number || !digits.chars().all(|c| c.is_ascii_digit()) {
            let shown: String = number.chars().take(40).collect();
            let text = format!("\"{shown}\" is no number of 3 to 20 digits");
            return Err(Problem::at("/numbers", "format", text));
        }
        if !numbers.iter().any(|known| known == number) {
            numbers.push(number.to_owned());
        }
        if numbers.len() > MOST {
            let text = format!("must be at most {MOST} numbers");
            return Err(Problem::at("/numbers", "length", text));
        }
    }
    match numbers.is_empty() {
        true => Err(Problem::at(
            "/numbers",
            "missing",
            "must be a number or several",
        )),
        false => Ok(numbers),
    }
}

async fn row(house: &House, number: String, asked: NumberIn) -> Result<Row, Problem> {
    if asked
        .daily_limit
        .is_some_and(|most| !(1..=100_000).contains(&most))
    {
        return Err(Problem::at("/daily_limit", "range", "must be 1 to 100,000"));
    }
    if let Some(id) = &asked.gateway_id {
        let gateways = store::gateways::list(&house.db).await?;
        if !gateways.iter().any(|gateway| gateway.id == *id) {
            return Err(Problem::at(
                "/gateway_id",
                "unknown",
                "there is no such gateway",
            ));
        }
    }
    let area = asked.area.map(|text| text.trim().to_owned());
    let area = area.filter(|text| !text.is_empty());
    Ok(Row {
        number,
        gateway_id: asked.gateway_id,
        area: area
            .map(|text| check::text("/area", text, 100))
            .transpose()?,
        daily_limit: asked.daily_limit,
        enabled: asked.enabled.unwrap_or(true),
        created_at: now().0,
    })
}

fn show(row: Row, used: &BTreeMap<String, i64>) -> NumberOut {
    NumberOut {
        used_today: used.get(&row.number).copied().unwrap_or_default(),
        number: row.number,
        gateway_id: row.gateway_id,
        area: row.area,
        daily_limit: row.daily_limit,
        enabled: row.enabled,
        created_at: At(row.created_at),
    }
}
