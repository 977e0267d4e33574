//! `POST /batches/{id}/rows`: another system pushes rows into an external batch (OUT-023, RST-005).
//!
//! Rows are checked as an import checks them. Valid rows are stored, all in one write; the others are
//! answered for one by one, and kept in the same write as an import keeps its rejects.

use std::collections::{BTreeMap, HashMap};

use axum::{
    Json,
    extract::{DefaultBodyLimit, Path, State},
};
use engine::{
    field::{self, Field},
    import_row::{Ask, Cell, Choices, NewLead, Plan, show},
    mapping::{self, Known},
    window::Window,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{
    associations::{self, Astray},
    dictionaries, fields, files,
    rows::{Outcome, Push, Refused, Row, Status, push},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::find;
use crate::{
    ROWS_LIMIT, caller::Caller, clock::now, house::House, input::Body, problem::Problem, upload,
};

/// Rows of one request.
const ROWS_MAX: usize = 5_000;
/// What the external id stands under among rejects.
const EXTERNAL_ID: &str = "external_id";
/// Characters kept of a value that is rejected.
const CELL_MAX: usize = 4_000;
/// Characters of an external id.
const EXTERNAL_MAX: usize = 200;

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(add))
        .layer(DefaultBodyLimit::max(ROWS_LIMIT))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RowsIn {
    /// 1 to 5,000.
    rows: Vec<RowIn>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RowIn {
    /// What the other system calls it, 1 to 200 characters; the same one again changes the lead.
    external_id: Option<String>,
    /// 0 to 9, 9 first in campaigns that are ordered by it; a lead that is there keeps its own when
    /// none is given.
    priority: Option<i64>,
    /// Value by field title or field code: text, number, true, false, null, or a list of these for a
    /// field with several values.
    #[schema(value_type = Object)]
    data: BTreeMap<String, Value>,
}

/// What became of the rows, in their order.
#[derive(Serialize, ToSchema)]
pub struct RowsOut {
    /// All rows of the batch and day belong to this import; its rejects are those that were rejected.
    import_id: String,
    created: usize,
    updated: usize,
    duplicate: usize,
    rejected: usize,
    rows: Vec<RowOut>,
}

#[derive(Serialize, ToSchema)]
pub struct RowOut {
    /// Place in the request, from 0.
    index: usize,
    /// created, updated, duplicate or rejected.
    status: &'static str,
    /// The lead that the row is, or that was there before it.
    lead_id: Option<String>,
    code: Option<&'static str>,
    message: Option<String>,
}

/// 推送数据 · Push rows into an external batch, 1 to 5,000 at a time. Valid rows are stored, the others
/// are rejected with code and reason, and kept as rejects of the day's import. `BATCH_NOT_EXTERNAL` for batches of another type.
#[utoipa::path(post, path = "/api/v1/batches/{id}/rows", tag = "imports", params(("id" = String, Path)),
    request_body(content = RowsIn, example = json!({"rows": [
        {"external_id": "crm-1", "data": {"姓名": "李", "号码": "13800138000"}}]})),
    responses((status = 200, body = RowsOut)))]
async fn add(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<RowsIn>,
) -> Result<Json<RowsOut>, Problem> {
    let batch = find::open_batch(&house, &caller, &id).await?;
    if batch.batch_type != "external" {
        return Err(Problem::of("BATCH_NOT_EXTERNAL"));
    }
    if batch.state != "ready" {
        return Err(Problem::of("BATCH_NOT_READY"));
    }
    if !(1..=ROWS_MAX).contains(&asked.rows.len()) {
        return Err(Problem::at("/rows", "length", "must have 1 to 5,000 rows"));
    }
    let reader = Reader::of(&house, &id).await?;
    let mut told: Vec<RowOut> = Vec::with_capacity(asked.rows.len());
    let (mut good, mut refused) = (Vec::new(), Vec::new());
    for (index, row) in asked.rows.into_iter().enumerate() {
        let cells = reader.as_it_came(&row);
        let read = reader.read(row);
        told.push(RowOut::rejected(index, read.as_ref().err()));
        match read {
            Ok(row) => good.push((index, Row { cells, ..row })),
            Err(bad) => refused.push(bad.row(cells)),
        }
    }
    let good = reader
        .with_records(&house, &caller, good, &mut told, &mut refused)
        .await?;
    let (places, rows): (Vec<usize>, Vec<Row>) = good.into_iter().unzip();
    let day = Window::default().local(now());
    let day = day.map(|day| day.format("%Y-%m-%d").to_string());
    let day = day.unwrap_or_default();
    let from = Push {
        orgi: caller.orgi(),
        creater: caller.user_id(),
        batch: &id,
        day: &day,
        title: &format!("{}_{day}", batch.name),
        phones: &reader.phones,
        is_keyed: reader.is_keyed,
        titles: &reader.titles,
    };
    let mut tx = house.db.begin().await?;
    let (import_id, outcomes) = push(&mut tx, from, rows, refused, now()).await?;
    tx.commit().await?;
    for (place, outcome) in places.into_iter().zip(outcomes) {
        told[place].became(outcome);
    }
    if told.iter().any(|row| row.status == "rejected") {
        // The sheet of the day's rejects is written anew when it is asked for.
        upload::remove(&house, vec![files::rejects_of(&import_id)]).await;
    }
    let of = |status| told.iter().filter(|row| row.status == status).count();
    Ok(Json(RowsOut {
        import_id,
        created: of("created"),
        updated: of("updated"),
        duplicate: of("duplicate"),
        rejected: of("rejected"),
        rows: told,
    }))
}

impl RowOut {
    fn rejected(index: usize, why: Option<&Bad>) -> Self {
        Self {
            index,
            status: "rejected",
            lead_id: None,
            code: why.map(|bad| bad.code),
            message: why.map(|bad| bad.message.clone()),
        }
    }

    fn became(&mut self, outcome: Outcome) {
        let refusal = outcome.status.refusal();
        self.status = match outcome.status {
            Status::Created => "created",
            Status::Updated => "updated",
            Status::Duplicate => "duplicate",
            Status::KeyTaken | Status::Busy => "rejected",
        };
        self.code = refusal.map(|(code, _)| code);
        self.message = refusal.map(|(_, reason)| reason.into());
        self.lead_id = Some(outcome.lead);
    }
}

/// Why a row is rejected.
struct Bad {
    /// Title of the field, where it is one.
    column: String,
    code: &'static str,
    message: String,
}

impl Bad {
    fn row(self, cells: Vec<String>) -> Refused {
        Refused {
            column: self.column,
            code: self.code,
            reason: self.message,
            cells,
        }
    }
}

/// Reads rows as the batch's fields want them; local fields, too, for this is no file (OUT-066).
struct Reader {
    plan: Plan,
    /// Column of a field by its code and by its title.
    columns: HashMap<String, usize>,
    /// Codes of the phone fields in dialling order.
    phones: Vec<String>,
    is_keyed: bool,
    /// Of the external id and the fields.
    titles: Vec<String>,
    width: usize,
    associated: Vec<Field>,
}

impl Reader {
    async fn of(house: &House, batch: &str) -> Result<Self, Problem> {
        let fields: Vec<Field> = fields::list(&house.db, batch)
            .await?
            .into_iter()
            .map(|field| Field {
                local_only: false,
                no_exchange: false,
                ..field
            })
            .collect();
        let dictionaries = dictionaries::for_fields(&house.db, &fields).await?;
        let header: Vec<String> = fields.iter().map(|field| field.title.clone()).collect();
        let mapped = mapping::suggest(&header, &[], &fields, &Known::default());
        let ask = Ask {
            fields: &fields,
            dictionaries: &dictionaries,
            choices: &Choices::new(),
            is_1904: false,
            adds_leads: true,
        };
        let plan = Plan::over(&mapped, &ask)
            .map_err(|bad| Problem::of_job(Some(bad.code.to_owned()), Some(bad.message)))?;
        let mut columns = HashMap::new();
        for (at, field) in fields.iter().enumerate() {
            columns.insert(field.title.trim().to_lowercase(), at);
        }
        // A title may look like a code: the code wins.
        for (at, field) in fields.iter().enumerate() {
            columns.insert(field.code.clone(), at);
        }
        let phones = field::phones(&fields);
        let phones = phones.iter().map(|&at| fields[at].code.clone()).collect();
        Ok(Self {
            plan,
            columns,
            phones,
            is_keyed: fields.iter().any(|field| field.is_key),
            titles: [EXTERNAL_ID.to_owned()].into_iter().chain(header).collect(),
            width: fields.len(),
            associated: fields
                .into_iter()
                .filter(|field| field.association.is_some())
                .collect(),
        })
    }

    /// A row under the titles, cut where it is longer than a cell may be.
    fn as_it_came(&self, row: &RowIn) -> Vec<String> {
        let mut cells = vec![String::new(); self.width + 1];
        cells[0] = row.external_id.clone().unwrap_or_default();
        for (name, value) in &row.data {
            if let Some(at) = self.column(name) {
                cells[at + 1] = text(value);
            }
        }
        for cell in &mut cells {
            if let Some((end, _)) = cell.char_indices().nth(CELL_MAX) {
                cell.truncate(end);
            }
        }
        cells
    }

    fn column(&self, name: &str) -> Option<usize> {
        let found = self.columns.get(name);
        let found = found.or_else(|| self.columns.get(&name.trim().to_lowercase()));
        found.copied()
    }

    /// The rows that name only records that are there (OUT-057); `told` and `refused` get the others.
    async fn with_records(
        &self,
        house: &House,
        caller: &Caller,
        rows: Vec<(usize, Row)>,
        told: &mut [RowOut],
        refused: &mut Vec<Refused>,
    ) -> Result<Vec<(usize, Row)>, Problem> {
        let data: Vec<_> = rows.iter().map(|(_, row)| row.lead.data.to_map()).collect();
        let mut conn = house.db.reading().await?;
        let orgi = caller.orgi();
        let astray = associations::astray(&mut conn, orgi, &self.associated, &data).await?;
        let mut good = Vec::with_capacity(rows.len());
        for ((index, row), astray) in rows.into_iter().zip(astray) {
            match astray {
                None => good.push((index, row)),
                Some(astray) => {
                    let bad = Bad {
                        code: Astray::CODE,
                        message: format!("{}: {}", astray.column, astray.reason()),
                        column: astray.column,
                    };
                    told[index] = RowOut::rejected(index, Some(&bad));
                    refused.push(bad.row(row.cells));
                }
            }
        }
        Ok(good)
    }

    fn read(&self, row: RowIn) -> Result<Row, Bad> {
        let external_id = row.external_id.map(external).transpose()?;
        let priority = row.priority;
        if priority.is_some_and(|priority| !(0..=9).contains(&priority)) {
            return Err(Bad {
                column: "priority".into(),
                code: "BAD_PRIORITY",
                message: "priority must be 0 to 9".into(),
            });
        }
        let mut cells = vec![Cell::Empty; self.width];
        for (name, value) in row.data {
            let Some(at) = self.column(&name) else {
                return Err(Bad {
                    code: "UNKNOWN_FIELD",
                    message: format!("the batch has no field {name}"),
                    column: name,
                });
            };
            cells[at] = cell(&value).ok_or_else(|| Bad {
                code: "BAD_VALUE",
                message: format!("{name}: not a text, number, true, false, null or list of these"),
                column: name,
            })?;
        }
        let lead: NewLead = self.plan.read(&cells).map_err(|bad| Bad {
            code: bad.code,
            message: format!("{}: {}", bad.column, bad.reason),
            column: bad.column,
        })?;
        Ok(Row {
            external_id,
            lead,
            priority,
            cells: Vec::new(),
        })
    }
}

fn external(id: String) -> Result<String, Bad> {
    if (1..=EXTERNAL_MAX).contains(&id.chars().count()) && !id.chars().any(char::is_control) {
        Ok(id)
    } else {
        Err(Bad {
            column: EXTERNAL_ID.into(),
            code: "BAD_EXTERNAL_ID",
            message: "external_id must have 1 to 200 characters".into(),
        })
    }
}

/// A value for people to read.
fn text(value: &Value) -> String {
    match (value, cell(value).as_ref().and_then(show)) {
        (_, Some(text)) => text,
        (Value::Null, None) => String::new(),
        (other, None) => other.to_string(),
    }
}

/// A number is read as the text it was sent as: 18618616001 loses nothing.
fn cell(value: &Value) -> Option<Cell> {
    Some(match value {
        Value::Null => Cell::Empty,
        Value::Bool(truth) => Cell::Bool(*truth),
        Value::Number(number) => Cell::Text(number.to_string()),
        Value::String(text) => Cell::Text(text.clone()),
        Value::Array(all) => {
            let parts: Option<Vec<String>> = all
                .iter()
                .map(|one| match one {
                    Value::String(text) => Some(text.clone()),
                    Value::Number(number) => Some(number.to_string()),
                    _ => None,
                })
                .collect();
            Cell::Text(parts?.join(","))
        }
        Value::Object(_) => return None,
    })
}
