//! `/batches/{id}/fields` (数据结构): the field editor, OUT-036 to OUT-072.
//!
//! A change that the leads' values do not fit is refused with how many do not: values are never
//! rewritten by a change of their field.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use engine::field::{Check, Field, Position, SYSTEM};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{
    batches::Batch,
    fields::{self, Use},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{answer::created, find};
use crate::{
    caller::Caller,
    clock::now,
    house::House,
    input::{Body, strict},
    problem::{Fault, Problem},
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list, put, add, change_many))
        .routes(routes!(put_one, change_one, remove))
        .routes(routes!(order))
        .routes(routes!(remove_many))
}

/// The fields of a batch, in column order.
#[derive(Serialize, ToSchema)]
pub struct Fields {
    /// code, title, max_len, element, no_exchange, is_key, is_phone, phone_type, lost_zero, hidden,
    /// dictionary, positions, association, checks, to_date, multi, replace, local_only, data_type.
    /// `association` is {table, column}: contacts (name, phone, note), products (title, kind, category,
    /// description), or the id of another batch and the code of one of its fields.
    #[schema(value_type = Vec<Object>)]
    data: Vec<Field>,
    /// Fields that every batch has; nobody changes or deletes them.
    system: Vec<SystemField>,
}

#[derive(Serialize, ToSchema)]
pub struct SystemField {
    code: &'static str,
    title: &'static str,
    /// string.
    data_type: &'static str,
}

/// One change for several fields; what is not named stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ManyChange {
    /// The ticked fields, 1 to 200.
    codes: Vec<String>,
    /// list, add, edit, detail.
    #[schema(value_type = Option<Vec<String>>)]
    positions: Option<Vec<Position>>,
    /// not_empty, number, date, datetime.
    #[schema(value_type = Option<Vec<String>>)]
    checks: Option<Vec<Check>>,
    hidden: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Codes {
    /// Codes of fields, 1 to 200.
    codes: Vec<String>,
}

/// 数据结构 · The batch's fields.
#[utoipa::path(get, path = "/api/v1/batches/{id}/fields", tag = "batches",
    params(("id" = String, Path)), responses((status = 200, body = Fields)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Fields>, Problem> {
    find::batch(&house, &caller, &id).await?;
    Ok(Json(stored(&house, &id).await?))
}

/// 编辑字段 · Change fields: each is known by its `code`; fields that are not named stay.
/// `FIELD_VALUES_UNFIT` when leads hold values that a changed field would not take.
#[utoipa::path(put, path = "/api/v1/batches/{id}/fields", tag = "batches",
    params(("id" = String, Path)), request_body = Vec<Object>,
    responses((status = 200, body = Fields)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<Value>,
) -> Result<Json<Fields>, Problem> {
    let batch = find::open_batch(&house, &caller, &id).await?;
    let asked: Vec<Field> = strict(asked)?;
    save(&house, &batch, &asked, true).await
}

/// 添加字段 · Add a local field by hand (本地字段); other fields come from a template.
#[utoipa::path(post, path = "/api/v1/batches/{id}/fields", tag = "batches",
    params(("id" = String, Path)),
    request_body(content = Object, example = json!({"title": "备注", "local_only": true})),
    responses((status = 201, body = Object)))]
async fn add(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<Value>,
) -> Result<Response, Problem> {
    find::open_batch(&house, &caller, &id).await?;
    let asked: Field = strict(asked)?;
    checked(&[&asked], false)?;
    if !asked.local_only {
        return Err(Problem::at("/local_only", "choice", "must be true"));
    }
    let mut tx = house.db.begin().await?;
    let code = fields::add_local(&mut tx, &id, &asked, now()).await?;
    tx.commit().await?;
    let field = one(&house, &id, &code).await?;
    Ok(created(
        format!("/api/v1/batches/{id}/fields/{code}"),
        field,
    ))
}

/// 批量修改 · One change of display positions, validation or hiding for all ticked fields.
#[utoipa::path(patch, path = "/api/v1/batches/{id}/fields", tag = "batches",
    params(("id" = String, Path)), request_body = ManyChange,
    responses((status = 200, body = Fields)))]
async fn change_many(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<ManyChange>,
) -> Result<Json<Fields>, Problem> {
    let batch = find::open_batch(&house, &caller, &id).await?;
    let known = fields::list(&house.db, &id).await?;
    let mut changed = Vec::new();
    for (at, code) in some(&asked.codes)?.iter().enumerate() {
        let field = known.iter().find(|field| field.code == *code);
        let field = field.ok_or_else(|| unknown_code(at, code))?;
        changed.push(Field {
            positions: asked.positions.clone().unwrap_or(field.positions.clone()),
            checks: asked.checks.clone().unwrap_or(field.checks.clone()),
            hidden: asked.hidden.unwrap_or(field.hidden),
            ..field.clone()
        });
    }
    save(&house, &batch, &changed, true).await
}

/// 编辑字段 · Write one field anew; what is left out takes its default.
#[utoipa::path(put, path = "/api/v1/batches/{id}/fields/{code}", tag = "batches",
    params(("id" = String, Path), ("code" = String, Path)), request_body = Object,
    responses((status = 200, body = Fields)))]
async fn put_one(
    State(house): State<House>,
    caller: Caller,
    Path((id, code)): Path<(String, String)>,
    Body(asked): Body<Value>,
) -> Result<Json<Fields>, Problem> {
    let batch = find::open_batch(&house, &caller, &id).await?;
    one(&house, &id, &code).await?;
    let asked: Field = strict(asked)?;
    save(&house, &batch, &[Field { code, ..asked }], false).await
}

/// 编辑字段 · Change one field; what is left out stays. `FIELD_IN_USE` when its values would be compared in
/// another way and a campaign relies on them.
#[utoipa::path(patch, path = "/api/v1/batches/{id}/fields/{code}", tag = "batches",
    params(("id" = String, Path), ("code" = String, Path)),
    request_body(content = Object, example = json!({"hidden": true})),
    responses((status = 200, body = Fields)))]
async fn change_one(
    State(house): State<House>,
    caller: Caller,
    Path((id, code)): Path<(String, String)>,
    Body(asked): Body<Value>,
) -> Result<Json<Fields>, Problem> {
    let batch = find::open_batch(&house, &caller, &id).await?;
    let old = one(&house, &id, &code).await?;
    let mut whole = serde_json::to_value(old).map_err(|error| Problem::internal(&error))?;
    let (Value::Object(into), Value::Object(changes)) = (&mut whole, asked) else {
        return Err(Problem::because("MALFORMED", "expected an object"));
    };
    into.extend(changes);
    let changed: Field = strict(whole)?;
    save(&house, &batch, &[Field { code, ..changed }], false).await
}

/// 排序 · Put the fields into this order; those that are not named follow. `PHONE_FIXED` when the leads'
/// numbers would be dialled in another order.
#[utoipa::path(put, path = "/api/v1/batches/{id}/field-order", tag = "batches",
    params(("id" = String, Path)), request_body = Codes,
    responses((status = 200, body = Fields)))]
async fn order(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<Codes>,
) -> Result<Json<Fields>, Problem> {
    find::open_batch(&house, &caller, &id).await?;
    let mut tx = house.db.begin().await?;
    if !fields::order(&mut tx, &id, some(&asked.codes)?, now()).await? {
        let message = "each must be a field of this batch, once";
        return Err(Problem::at("/codes", "unknown", message));
    }
    tx.commit().await?;
    Ok(Json(stored(&house, &id).await?))
}

/// 删除字段 · Delete a field. `FIELD_IN_USE` while somebody names it, with who: a filter and its campaigns, a
/// campaign's settings, a field of another batch; `PHONE_FIXED` when it holds numbers of leads.
#[utoipa::path(delete, path = "/api/v1/batches/{id}/fields/{code}", tag = "batches",
    params(("id" = String, Path), ("code" = String, Path)), responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path((id, code)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    find::open_batch(&house, &caller, &id).await?;
    one(&house, &id, &code).await?;
    delete(&house, &id, &[code]).await
}

/// 批量删除 · Delete all ticked fields, or none when one of them cannot go.
#[utoipa::path(post, path = "/api/v1/batches/{id}/fields/delete", tag = "batches",
    params(("id" = String, Path)), request_body = Codes, responses((status = 204)))]
async fn remove_many(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<Codes>,
) -> Result<StatusCode, Problem> {
    find::open_batch(&house, &caller, &id).await?;
    delete(&house, &id, some(&asked.codes)?).await
}

async fn delete(house: &House, batch: &str, codes: &[String]) -> Result<StatusCode, Problem> {
    let mut tx = house.db.begin().await?;
    let mut faults = Vec::new();
    for (at, code) in codes.iter().enumerate() {
        if SYSTEM.iter().any(|(_, system)| system == code) {
            let message = "a system field cannot be deleted";
            faults.push(Fault::new(&format!("/codes/{at}"), "FIELD_IN_USE", message));
            continue;
        }
        for one in fields::uses(&mut tx, batch, code).await? {
            faults.push(in_use(&format!("/codes/{at}"), &one));
        }
    }
    none(faults)?;
    for (at, code) in codes.iter().enumerate() {
        if !fields::delete(&mut tx, batch, code, now()).await? {
            return Err(unknown_code(at, code));
        }
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn in_use(pointer: &str, one: &Use) -> Fault {
    Fault::new(pointer, "FIELD_IN_USE", one.to_string())
}

/// `FIELD_IN_USE`, unless nobody is there to keep a field.
fn none(faults: Vec<Fault>) -> Result<(), Problem> {
    let Some(first) = faults.first() else {
        return Ok(());
    };
    let detail = first.message.clone();
    Err(Problem {
        errors: faults,
        ..Problem::because("FIELD_IN_USE", detail)
    })
}

/// Saves changed fields, all or none. `listed`: the request has them as an array.
async fn save(
    house: &House,
    batch: &Batch,
    changed: &[Field],
    listed: bool,
) -> Result<Json<Fields>, Problem> {
    checked(&changed.iter().collect::<Vec<_>>(), listed)?;
    let known = fields::list(&house.db, &batch.id).await?;
    let mut stricter = false;
    for (at, field) in changed.iter().enumerate() {
        let Some(old) = known.iter().find(|old| old.code == field.code) else {
            return Err(unknown_code(at, &field.code));
        };
        if fields::is_stricter(old, field) {
            stricter = true;
            let found = fields::unfit(&house.db, &batch.orgi, &batch.id, field).await?;
            if found.unfit > 0 {
                let detail = format!(
                    "{} of {} values of {} do not fit",
                    found.unfit, found.values, field.title
                );
                return Err(Problem::because("FIELD_VALUES_UNFIT", detail));
            }
        }
    }
    let mut tx = house.db.begin().await?;
    if stricter && fields::has_moved(&mut tx, batch).await? {
        // Rows came while they were looked at.
        return Err(Problem::of("BATCH_IN_USE"));
    }
    let mut faults = Vec::new();
    for (at, field) in changed.iter().enumerate() {
        let old = known.iter().find(|old| old.code == field.code);
        if old.is_some_and(|old| fields::changes_meaning(old, field)) {
            let place = if listed {
                format!("/{at}")
            } else {
                String::new()
            };
            let uses = fields::uses(&mut tx, &batch.id, &field.code).await?;
            let kept = uses.iter().filter(|one| one.is_relied_on());
            faults.extend(kept.map(|one| in_use(&format!("{place}/data_type"), one)));
        }
    }
    none(faults)?;
    for field in changed {
        fields::update(&mut tx, &batch.id, field, now()).await?;
    }
    tx.commit().await?;
    Ok(Json(stored(house, &batch.id).await?))
}

fn checked(asked: &[&Field], listed: bool) -> Result<(), Problem> {
    let faults: Vec<Fault> = asked
        .iter()
        .enumerate()
        .filter_map(|(at, field)| field.validate().err().map(|bad| (at, bad)))
        .map(|(at, bad)| {
            let place = if listed {
                format!("/{at}")
            } else {
                String::new()
            };
            Fault::new(&format!("{place}{}", bad.pointer), "invalid", bad.message)
        })
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Problem::invalid(faults))
    }
}

fn unknown_code(at: usize, code: &str) -> Problem {
    let message = format!("no such field: {code}");
    Problem::at(&format!("/{at}/code"), "unknown", message)
}

fn some(codes: &[String]) -> Result<&[String], Problem> {
    if (1..=200).contains(&codes.len()) {
        Ok(codes)
    } else {
        Err(Problem::at("/codes", "length", "must name 1 to 200 fields"))
    }
}

async fn one(house: &House, batch: &str, code: &str) -> Result<Field, Problem> {
    let fields = fields::list(&house.db, batch).await?;
    find::there(fields.into_iter().find(|field| field.code == code))
}

/// The fields as they are now.
///
/// # Errors
/// When the database fails.
pub async fn stored(house: &House, batch: &str) -> Result<Fields, Problem> {
    Ok(Fields {
        data: fields::list(&house.db, batch).await?,
        system: SYSTEM
            .iter()
            .map(|(title, code)| SystemField {
                code,
                title,
                data_type: "string",
            })
            .collect(),
    })
}
