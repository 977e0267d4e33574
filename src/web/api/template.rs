//! `/batches/{id}/template`: a sheet's header becomes the batch's fields (OUT-030 to OUT-035, OUT-069,
//! OUT-072).

use axum::{
    Json,
    extract::{DefaultBodyLimit, Multipart, Path, State},
    response::{IntoResponse, Response},
};
use store::{
    batches,
    imports::Options,
    work::{By, Work, enqueue},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::Accepted,
    fields::{self, Fields},
    find, import_options, wait,
};
use crate::{caller::Caller, clock::now, house::House, problem::Problem, upload};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .merge(
            OpenApiRouter::new()
                .routes(routes!(read))
                .layer(DefaultBodyLimit::disable()),
        )
        .routes(routes!(save))
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
        return Ok(Json(fields::stored(&house, &id).await?).into_response());
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
