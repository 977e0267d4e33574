//! `/batches/{id}/template` and `/fields`: the batch's data structure (OUT-030 to OUT-072).

use axum::{
    Json,
    extract::{DefaultBodyLimit, Multipart, Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use engine::field::Field;
use serde::Serialize;
use store::{
    batches, fields,
    imports::Options,
    work::{By, Work, enqueue},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{answer::Accepted, find, import_options, wait};
use crate::{
    caller::Caller,
    clock::now,
    house::House,
    input::{Body, strict},
    problem::{Fault, Problem},
    upload,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .merge(
            OpenApiRouter::new()
                .routes(routes!(read))
                .layer(DefaultBodyLimit::disable()),
        )
        .routes(routes!(save))
        .routes(routes!(list, put))
        .routes(routes!(remove))
}

/// The fields of a batch, in column order.
#[derive(Serialize, ToSchema)]
pub struct Fields {
    /// code, title, max_len, element, no_exchange, is_key, is_phone, phone_type, lost_zero, hidden,
    /// dictionary, positions, association, checks, to_date, multi, replace, local_only, data_type.
    #[schema(value_type = Vec<Object>)]
    data: Vec<Field>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes the form")]
pub struct SheetForm {
    /// .xlsx, .xlsb, .xls, .ods, .csv or .tsv.
    #[schema(value_type = String, format = Binary)]
    file: String,
    /// Row of the titles, from 1. Looked for when it is not given.
    header_row: Option<u32>,
    /// Name or number of the sheet; the first visible one that holds something when it is not given.
    sheet: Option<String>,
}

/// 上传模板 · Read the header row of a sheet into the batch's fields.
#[utoipa::path(post, path = "/api/v1/batches/{id}/template", tag = "batches",
    params(("id" = String, Path)),
    request_body(content = SheetForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Fields), (status = 202, body = Accepted)))]
async fn read(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    form: Multipart,
) -> Result<Response, Problem> {
    find::open_batch(&house, &caller, &id).await?;
    let known = ["header_row", "sheet"];
    let form = upload::receive(&house, &store::new_id("tpl"), form, &known).await?;
    let options = import_options::of(&form.texts, Options::default());
    let file = form.file()?;
    let options = match options {
        Ok(options) => options,
        Err(problem) => {
            upload::discard(&house, &file).await;
            return Err(problem);
        }
    };
    let work = Work::ReadTemplate {
        batch: id.clone(),
        file_path: file.file_path,
        file_name: file.file_name,
        header_row: options.header_row,
        sheet: options.sheet,
    };
    let by = By {
        orgi: caller.orgi(),
        user: caller.user_id(),
        batch: Some(&id),
    };
    let mut tx = house.db.begin().await?;
    let job = enqueue(&mut tx, work, by, now()).await?;
    tx.commit().await?;
    if wait::done(&house, &job).await? {
        return Ok(Json(stored(&house, &id).await?).into_response());
    }
    Ok(Accepted::job(job).into_response())
}

/// 保存模板 · Save the template: from now on data can be imported. `NO_PHONE_FIELD` when no field is
/// marked as phone number.
#[utoipa::path(post, path = "/api/v1/batches/{id}/template/save", tag = "batches",
    params(("id" = String, Path)), responses((status = 200, body = super::batches::BatchOut)))]
async fn save(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<super::batches::BatchOut>, Problem> {
    find::open_batch(&house, &caller, &id).await?;
    let mut tx = house.db.begin().await?;
    batches::save_template(&mut tx, &id, now()).await?;
    tx.commit().await?;
    Ok(Json(find::batch(&house, &caller, &id).await?.into()))
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
#[utoipa::path(put, path = "/api/v1/batches/{id}/fields", tag = "batches",
    params(("id" = String, Path)), request_body = Vec<Object>,
    responses((status = 200, body = Fields)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<serde_json::Value>,
) -> Result<Json<Fields>, Problem> {
    find::open_batch(&house, &caller, &id).await?;
    let asked: Vec<Field> = strict(asked)?;
    check(&asked)?;
    let mut tx = house.db.begin().await?;
    for (at, field) in asked.iter().enumerate() {
        if !fields::update(&mut tx, &id, field, now()).await? {
            return Err(Problem::at(
                &format!("/{at}/code"),
                "unknown",
                "no such field",
            ));
        }
    }
    tx.commit().await?;
    Ok(Json(stored(&house, &id).await?))
}

/// 删除字段 · Delete a field. `FIELD_IN_USE` while a filter asks about it.
#[utoipa::path(delete, path = "/api/v1/batches/{id}/fields/{code}", tag = "batches",
    params(("id" = String, Path), ("code" = String, Path)), responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path((id, code)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    find::open_batch(&house, &caller, &id).await?;
    let mut tx = house.db.begin().await?;
    if !fields::delete(&mut tx, &id, &code, now()).await? {
        return Err(Problem::not_found());
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn check(asked: &[Field]) -> Result<(), Problem> {
    let faults: Vec<Fault> = asked
        .iter()
        .enumerate()
        .filter_map(|(at, field)| field.validate().err().map(|bad| (at, bad)))
        .map(|(at, bad)| Fault::new(&format!("/{at}{}", bad.pointer), "invalid", bad.message))
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Problem::invalid(faults))
    }
}

async fn stored(house: &House, batch: &str) -> Result<Fields, Problem> {
    Ok(Fields {
        data: fields::list(&house.db, batch).await?,
    })
}
