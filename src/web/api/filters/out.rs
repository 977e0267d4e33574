//! A filter as it is shown: with its conditions in words and what is the matter with them.

use engine::filter::{self, Column, Form, Tongue};
use serde::Serialize;
use store::filters::Filter;
use utoipa::ToSchema;

use super::columns_of;
use crate::{clock::At, house::House, problem::Problem};

#[derive(Debug, Serialize, ToSchema)]
pub struct FilterOut {
    id: String,
    name: String,
    /// batch or business.
    filter_type: String,
    /// 筛选对象: the batch, of a batch filter.
    batch_id: Option<String>,
    /// followup or marketing, of a business filter: all batches of this type.
    business_type: Option<String>,
    description: String,
    /// Rows of {field, op, value, connector}, or groups {all: [..]} and {any: [..]} of them.
    #[schema(value_type = Object)]
    conditions: Form,
    /// Whose today is meant.
    zone: String,
    /// The conditions in words.
    sentence: Sentence,
    /// What is the matter with conditions whose fields were deleted or changed.
    problems: Vec<TroubleOut>,
    creater: String,
    created_at: At,
    updated_at: At,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Sentence {
    zh: String,
    en: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TroubleOut {
    /// JSON pointer of the condition within `conditions`.
    pointer: String,
    field: String,
    /// FIELD_DELETED, FIELD_TYPE_CHANGED, ...
    code: String,
    message: String,
    /// Whether the filter cannot run before this is put right.
    blocks: bool,
}

pub(super) async fn out(house: &House, filter: Filter) -> Result<FilterOut, Problem> {
    let columns = columns_of(house, filter.over()).await?;
    let troubles = filter::troubles(&filter.conditions, &columns, &filter.known);
    let problems = troubles.into_iter().map(|trouble| TroubleOut {
        pointer: trouble.pointer,
        field: trouble.field,
        code: trouble.code.into(),
        message: trouble.message,
        blocks: trouble.blocks,
    });
    Ok(FilterOut {
        problems: problems.collect(),
        sentence: sentence(&filter.conditions, &columns),
        id: filter.id,
        name: filter.name,
        filter_type: filter.filter_type,
        batch_id: filter.batch_id,
        business_type: filter.business_type,
        description: filter.description,
        conditions: filter.conditions.0,
        zone: filter.zone,
        creater: filter.creater,
        created_at: At(filter.created_at),
        updated_at: At(filter.updated_at),
    })
}

pub(super) fn sentence(form: &Form, columns: &[Column]) -> Sentence {
    Sentence {
        zh: filter::words(form, columns, Tongue::Zh),
        en: filter::words(form, columns, Tongue::En),
    }
}
