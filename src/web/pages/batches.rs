//! Batches.

use axum::{
    Router,
    extract::{Path, State},
    http::HeaderMap,
    routing::get,
};
use engine::field::{Field, Position};
use render::pages::{Batch, BatchRow, Batches, FieldRow, ImportRow, LeadRow};
use store::{associations::Related, batches, fields, imports, leads};

use super::{ROWS, Shown, cut, page};
use crate::{
    api::{find, masks::Masks, show_lead, word},
    caller::Caller,
    house::House,
    input::Params,
    paging::Paging,
    problem::Problem,
};

/// Columns of the list of leads beside the number.
const COLUMNS: usize = 8;

pub fn routes() -> Router<House> {
    Router::new()
        .route("/batches", get(list))
        .route("/batches/{id}", get(one))
}

async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(paging): Params<Paging>,
    asked: HeaderMap,
) -> Shown {
    let before = paging.after()?;
    let rows = batches::list(&house.db, caller.orgi(), before.as_deref(), ROWS as i64 + 1).await?;
    let (rows, next) = cut(rows, |row| row.id.clone());
    let batches = rows.into_iter().map(row).collect();
    page(&caller, &asked, "/batches", &Batches { batches, next })
}

async fn one(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Params(paging): Params<Paging>,
    asked: HeaderMap,
) -> Shown {
    let db = &house.db;
    let batch = find::batch(&house, &caller, &id).await?;
    let fields = fields::list(db, &id).await?;
    let imports = imports::list(db, &id, None, 10).await?;
    let after = match paging.after()? {
        Some(text) => text.parse().map_err(|_| Problem::of("BAD_CURSOR"))?,
        None => -1,
    };
    let rows = leads::page(db, &id, after, ROWS as i64 + 1).await?;
    let (rows, next) = cut(rows, |row| row.position.to_string());
    let columns: Vec<&Field> = fields
        .iter()
        .filter(|field| !field.is_phone && field.positions.contains(&Position::List))
        .take(COLUMNS)
        .collect();
    let data = rows.iter().map(|lead| &lead.data.0);
    let related = Related::of(db, caller.orgi(), &fields, data).await?;
    let shown = Batch {
        batch: row(batch),
        columns: columns.iter().map(|field| field.title.clone()).collect(),
        leads: rows
            .into_iter()
            .map(|lead| lead_row(lead, &fields, &columns, &related))
            .collect(),
        fields: fields.iter().map(field_row).collect::<Result<_, _>>()?,
        imports: imports.into_iter().map(import_row).collect(),
        next,
        upload_limit: i64::try_from(house.config.upload_limit).unwrap_or(i64::MAX),
    };
    page(&caller, &asked, "/batches", &shown)
}

fn row(batch: batches::Batch) -> BatchRow {
    BatchRow {
        id: batch.id,
        name: batch.name,
        batch_type: batch.batch_type,
        description: batch.description,
        state: batch.state,
        rows: batch.rows,
        created_at: batch.created_at,
    }
}

fn field_row(field: &Field) -> Result<FieldRow, Problem> {
    Ok(FieldRow {
        code: field.code.clone(),
        title: field.title.clone(),
        is_phone: field.is_phone,
        is_key: field.is_key,
        hidden: field.hidden,
        data_type: word(&field.data_type).unwrap_or_default(),
        checks: field.checks.iter().filter_map(word).collect(),
        json: serde_json::to_string(field).map_err(|error| Problem::internal(&error))?,
    })
}

fn import_row(import: imports::Import) -> ImportRow {
    ImportRow {
        id: import.id,
        title: import.title,
        file_name: import.file_name,
        bytes: import.bytes,
        state: import.state,
        good: import.good,
        invalid: import.invalid,
        duplicate: import.duplicate,
        updated: import.updated,
        error_code: import.error_code,
        error_text: import.error_text,
        job_id: import.job_id,
        created_at: import.created_at,
    }
}

fn lead_row(lead: leads::Lead, fields: &[Field], columns: &[&Field], related: &Related) -> LeadRow {
    let next_dial_at = lead.next_dial_at;
    let mut lead = show_lead(lead, fields, &Masks::default(), related);
    LeadRow {
        cells: columns
            .iter()
            .map(|field| {
                let shown = lead.related.remove(&field.code);
                shown.or_else(|| lead.data.remove(&field.code))
            })
            .map(Option::unwrap_or_default)
            .collect(),
        id: lead.id,
        row_no: lead.row_no,
        phone: lead.phone,
        alloc_status: lead.alloc_status,
        call_status: lead.call_status,
        outcome: lead.outcome,
        disposition: lead.disposition,
        dial_count: lead.dial_count,
        next_dial_at,
    }
}
