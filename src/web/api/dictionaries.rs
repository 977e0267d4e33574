//! `/dictionaries` (字典): ADM-052, ADM-053.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use serde::{Deserialize, Serialize};
use store::dictionaries::{self, Choice, Draft, Kept};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{answer::created, check, find, shown::shown};
use crate::{
    caller::Caller,
    clock::{At, now},
    house::House,
    input::{Body, Params},
    paging::{List, Paging},
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(get, put, remove))
        .routes(routes!(uses))
}

shown! {
    DictionaryOut of Kept {
        id: String,
        name: String,
        description: String,
        /// code, label, enabled, sort.
        #[schema(value_type = Vec<Object>)]
        items: Vec<Choice>,
        creater: String,
        created_at: At,
        updated_at: At,
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DictionaryIn {
    /// 1 to 100 characters, unique.
    name: String,
    #[serde(default)]
    description: String,
    /// At most 1,000 of code, label, enabled (true) and sort (0); codes and labels each stand once.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Choice>,
}

/// A field that a dictionary is bound to.
#[derive(Serialize, ToSchema)]
pub struct UseOut {
    batch_id: String,
    batch: String,
    /// Title of the field.
    field: String,
}

/// 字典列表 · Dictionaries, newest first.
#[utoipa::path(get, path = "/api/v1/dictionaries", tag = "dictionaries", params(Paging),
    responses((status = 200, body = List<DictionaryOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(paging): Params<Paging>,
) -> Result<Json<List<DictionaryOut>>, Problem> {
    let (limit, before) = (paging.limit()?, paging.after()?);
    let (orgi, before) = (caller.orgi(), before.as_deref());
    let rows = dictionaries::list(&house.db, orgi, before, limit as i64 + 1).await?;
    Ok(Json(List::of(
        rows,
        limit,
        |row| row.id.clone(),
        DictionaryOut::from,
    )))
}

/// 添加字典 · Add a dictionary.
#[utoipa::path(post, path = "/api/v1/dictionaries", tag = "dictionaries",
    request_body(content = DictionaryIn, example = json!({
        "name": "客户意向", "items": [{"code": "1", "label": "有意向"}]})),
    responses((status = 201, body = DictionaryOut)))]
async fn add(
    State(house): State<House>,
    caller: Caller,
    Body(asked): Body<DictionaryIn>,
) -> Result<Response, Problem> {
    let asked = asked.checked()?;
    let mut tx = house.db.begin().await?;
    let (orgi, user) = (caller.orgi(), caller.user_id());
    let id = dictionaries::create(&mut tx, orgi, user, &asked.draft(), now()).await?;
    tx.commit().await?;
    let kept = kept(&house, &caller, &id).await?;
    Ok(created(
        format!("/api/v1/dictionaries/{id}"),
        DictionaryOut::from(kept),
    ))
}

/// 字典 · One dictionary.
#[utoipa::path(get, path = "/api/v1/dictionaries/{id}", tag = "dictionaries",
    params(("id" = String, Path)), responses((status = 200, body = DictionaryOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<DictionaryOut>, Problem> {
    Ok(Json(kept(&house, &caller, &id).await?.into()))
}

/// 修改字典 · Write a dictionary anew. An item of a bound dictionary is disabled, not left out:
/// `DICTIONARY_ITEM_IN_USE`.
#[utoipa::path(put, path = "/api/v1/dictionaries/{id}", tag = "dictionaries",
    params(("id" = String, Path)), request_body = DictionaryIn,
    responses((status = 200, body = DictionaryOut)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<DictionaryIn>,
) -> Result<Json<DictionaryOut>, Problem> {
    kept(&house, &caller, &id).await?;
    let asked = asked.checked()?;
    let mut tx = house.db.begin().await?;
    dictionaries::save(&mut tx, &id, &asked.draft(), now()).await?;
    tx.commit().await?;
    Ok(Json(kept(&house, &caller, &id).await?.into()))
}

/// 删除字典 · Delete a dictionary. `DICTIONARY_IN_USE` while a field is bound to it.
#[utoipa::path(delete, path = "/api/v1/dictionaries/{id}", tag = "dictionaries",
    params(("id" = String, Path)), responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    kept(&house, &caller, &id).await?;
    let mut tx = house.db.begin().await?;
    let uses = dictionaries::uses(&mut tx, &id).await?;
    if let Some(first) = uses.first() {
        let detail = format!("field {} of batch {}", first.field, first.batch);
        return Err(Problem::because("DICTIONARY_IN_USE", detail));
    }
    dictionaries::delete(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 字典引用 · The fields that a dictionary is bound to.
#[utoipa::path(get, path = "/api/v1/dictionaries/{id}/uses", tag = "dictionaries",
    params(("id" = String, Path)), responses((status = 200, body = List<UseOut>)))]
async fn uses(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<List<UseOut>>, Problem> {
    kept(&house, &caller, &id).await?;
    let mut tx = house.db.begin().await?;
    let uses = dictionaries::uses(&mut tx, &id).await?.into_iter();
    let uses = uses.map(|one| UseOut {
        batch_id: one.batch_id,
        batch: one.batch,
        field: one.field,
    });
    Ok(Json(List::whole(uses.collect())))
}

async fn kept(house: &House, caller: &Caller, id: &str) -> Result<Kept, Problem> {
    find::there(dictionaries::get(&house.db, caller.orgi(), id).await?)
}

impl DictionaryIn {
    fn checked(mut self) -> Result<Self, Problem> {
        self.name = check::name("/name", &self.name)?;
        self.description = check::text("/description", self.description, 2_000)?;
        self.draft()
            .validate()
            .map_err(|bad| Problem::at(&bad.pointer, "invalid", bad.message))?;
        Ok(self)
    }

    fn draft(&self) -> Draft<'_> {
        Draft {
            name: &self.name,
            description: &self.description,
            items: &self.items,
        }
    }
}
