//! `/leads` (名单).

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use engine::{
    field::Field,
    import_row::{self, Cell},
};
use serde::{Deserialize, Serialize};
use store::{
    fields,
    leads::{self, Lead},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    find,
    heads::is_head,
    masks::Masks,
    shown::{Shown, mask, mask_text},
};
use crate::{
    caller::Caller,
    clock::{At, now},
    house::House,
    input::Body,
    problem::{Fault, Problem},
};

mod marks;
mod search;
mod work;

pub use search::{Search, refused, words_of};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .merge(search::routes())
        .merge(marks::routes())
        .merge(work::routes())
        .routes(routes!(get, change, remove))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LeadOut {
    pub id: String,
    pub batch_id: String,
    pub import_id: String,
    pub row_no: i64,
    /// E.164 or as it is dialled; masked where its field is hidden, and for agents where the outbound
    /// settings say `phone_mask`.
    pub phone: String,
    /// Field code to text.
    pub data: BTreeMap<String, String>,
    pub dnc: bool,
    /// 0 to 9, 9 first in campaigns that are ordered by it.
    pub priority: i64,
    pub voided: bool,
    /// unallocated, agent, dept, ai, queue, recycled or recycled_dept.
    pub alloc_status: String,
    /// agent, department, robot or queue.
    pub alloc_type: Option<String>,
    /// 分配执行人: the agent, department, robot or queue.
    pub alloc_target: Option<String>,
    /// 分配时间.
    pub alloc_at: Option<At>,
    pub task_id: Option<String>,
    /// 任务: what the task is called; only in searches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_title: Option<String>,
    pub campaign_id: Option<String>,
    pub business_status: Option<String>,
    /// notcall, calling, success, failed or exception.
    pub call_status: String,
    /// What the network said last.
    pub outcome: Option<String>,
    /// What the agent said last.
    pub disposition: Option<String>,
    pub dial_count: i64,
    pub fail_count: i64,
    pub preview_count: i64,
    /// 预约.
    pub appointed: bool,
    pub appoint_at: Option<At>,
    pub appoint_note: Option<String>,
    pub last_dial_at: Option<At>,
    /// `null`: nothing further is planned.
    pub next_dial_at: Option<At>,
    /// The gate's last verdict, when it was not a pass.
    pub blocked: Option<String>,
    pub created_at: At,
    pub updated_at: At,
}

/// A lead with its fields as a form shows them.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeadDetail {
    #[serde(flatten)]
    lead: LeadOut,
    fields: Vec<LeadField>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LeadField {
    code: String,
    title: String,
    value: String,
}

impl LeadDetail {
    fn of(lead: Lead, fields: &[Field], masks: &Masks) -> Self {
        let lead = show(lead, fields, masks);
        let fields = fields.iter().map(|field| LeadField {
            code: field.code.clone(),
            title: field.title.clone(),
            value: lead.data.get(&field.code).cloned().unwrap_or_default(),
        });
        Self {
            fields: fields.collect(),
            lead,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeadChange {
    /// Field code to text; an empty text empties the field. Phone fields cannot be changed.
    #[serde(default)]
    data: BTreeMap<String, String>,
    /// 0 to 9; not for agents. A lead that waits in a campaign ordered by priority changes its place.
    priority: Option<i64>,
}

/// 名单详情 · One lead. An agent sees the one on the phone or in preview, those of the own list, and
/// those of a department that the agent heads.
#[utoipa::path(get, path = "/api/v1/leads/{id}", tag = "leads", params(("id" = String, Path)),
    responses((status = 200, body = LeadDetail)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<LeadDetail>, Problem> {
    let lead = match of_my_department(&house, &caller, &id).await? {
        Some(lead) => lead,
        None => find_mine(&house, &caller, &id).await?,
    };
    let fields = fields::list(&house.db, &lead.batch_id).await?;
    let masks = Masks::of(&house, &caller).await?;
    Ok(Json(LeadDetail::of(lead, &fields, &masks)))
}

/// 修改名单 · Change some fields of a lead.
#[utoipa::path(patch, path = "/api/v1/leads/{id}", tag = "leads", params(("id" = String, Path)),
    request_body = LeadChange, responses((status = 200, body = LeadOut)))]
async fn change(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<LeadChange>,
) -> Result<Json<LeadOut>, Problem> {
    let lead = find_mine(&house, &caller, &id).await?;
    let fields = fields::list(&house.db, &lead.batch_id).await?;
    let changes = checked(asked.data, &fields)?;
    let priority = asked.priority.map(|asked| ranked(&caller, asked));
    let priority = priority.transpose()?;
    let mut tx = house.db.begin().await?;
    if !changes.is_empty() {
        leads::patch(&mut tx, &id, &changes, now()).await?;
    }
    if let Some(priority) = priority {
        leads::prioritise(&mut tx, &id, priority, now()).await?;
    }
    tx.commit().await?;
    let lead = find::lead(&house, &caller, &id).await?;
    let masks = Masks::of(&house, &caller).await?;
    Ok(Json(show(lead, &fields, &masks)))
}

/// 删除名单 · Delete a lead. `ROW_IN_USE` while it is allocated.
#[utoipa::path(delete, path = "/api/v1/leads/{id}", tag = "leads", params(("id" = String, Path)),
    responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    find::lead(&house, &caller, &id).await?;
    let mut tx = house.db.begin().await?;
    leads::delete(&mut tx, caller.orgi(), &id, now()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A priority that the caller may give.
fn ranked(caller: &Caller, priority: i64) -> Result<i64, Problem> {
    if caller.is_agent_only() {
        let message = "agents do not say which leads come first";
        return Err(Problem::at("/priority", "forbidden", message));
    }
    if (0..=9).contains(&priority) {
        Ok(priority)
    } else {
        Err(Problem::at("/priority", "range", "must be 0 to 9"))
    }
}

fn checked(
    data: BTreeMap<String, String>,
    fields: &[Field],
) -> Result<BTreeMap<String, String>, Problem> {
    let mut faults = Vec::new();
    let mut changes = BTreeMap::new();
    for (code, text) in data {
        let at = format!("/data/{code}");
        match fields.iter().find(|field| field.code == code) {
            None => faults.push(Fault::new(
                &at,
                "unknown_field",
                "the batch has no such field",
            )),
            Some(field) if field.is_phone => {
                faults.push(Fault::new(
                    &at,
                    "read_only",
                    "phone fields cannot be changed",
                ));
            }
            Some(field) => match import_row::value(field, &Cell::Text(text)) {
                Ok(value) => {
                    changes.insert(code, value.unwrap_or_default());
                }
                Err(bad) => faults.push(Fault::new(&at, bad.code, bad.reason)),
            },
        }
    }
    if faults.is_empty() {
        Ok(changes)
    } else {
        Err(Problem::invalid(faults))
    }
}

/// The lead a path names, when a department has it that the agent heads: to be looked at and handed on,
/// nothing more (OUT-130).
async fn of_my_department(
    house: &House,
    caller: &Caller,
    id: &str,
) -> Result<Option<Lead>, Problem> {
    if !caller.is_agent_only() {
        return Ok(None);
    }
    let Some(lead) = leads::get(&house.db, caller.orgi(), id).await? else {
        return Ok(None);
    };
    let holder = lead.alloc_target.as_deref();
    let holder = holder.filter(|_| lead.alloc_type.as_deref() == Some("department"));
    match holder {
        Some(department) if is_head(house, caller, department).await? => Ok(Some(lead)),
        _ => Ok(None),
    }
}

/// The lead a path names. An agent may name the own leads (OUT-184) and the one in hand.
pub async fn find_mine(house: &House, caller: &Caller, id: &str) -> Result<Lead, Problem> {
    if !caller.is_agent_only() {
        return find::lead(house, caller, id).await;
    }
    let in_hand = has_in_hand(house, caller, id)?;
    let agent = caller.agent()?;
    let found = leads::get(&house.db, caller.orgi(), id).await?;
    let own = |lead: &Lead| {
        lead.alloc_type.as_deref() == Some("agent")
            && lead.alloc_target.as_deref() == Some(agent.as_str())
    };
    match found {
        Some(lead) if in_hand || own(&lead) => Ok(lead),
        // Whether others have such a lead is none of an agent's business.
        _ => Err(Problem::not_found()),
    }
}

/// Whether the caller's agent has this lead on the phone, in preview or in after-call work.
fn has_in_hand(house: &House, caller: &Caller, lead: &str) -> Result<bool, Problem> {
    let agent = caller.agent()?;
    let view = house.live.view();
    let seen = view.agents.iter().find(|seen| seen.id == agent);
    Ok(seen.is_some_and(|seen| {
        let talks = seen.call.as_ref().and_then(|call| call.lead_id.as_ref());
        [talks, seen.preview.as_ref()]
            .into_iter()
            .flatten()
            .any(|id| id.as_str() == lead)
    }))
}

/// A lead as it is shown: hidden fields are masked (OUT-052), and every number where the settings
/// hide them from the caller.
#[must_use]
pub fn show(lead: Lead, fields: &[Field], masks: &Masks) -> LeadOut {
    let all = masks.hide(lead.campaign_id.as_deref());
    let hides = |field: &Field| field.hidden || (all && field.is_phone);
    let hides_phone = all || fields.iter().any(|field| field.is_phone && field.hidden);
    let mut data = lead.data.0;
    for field in fields.iter().filter(|field| hides(field)) {
        if let Some(text) = data.get_mut(&field.code) {
            *text = match field.is_phone {
                true => mask(text),
                false => mask_text(text),
            };
        }
    }
    LeadOut {
        phone: if hides_phone {
            mask(&lead.phone)
        } else {
            lead.phone
        },
        data,
        id: lead.id,
        batch_id: lead.batch_id,
        import_id: lead.import_id,
        row_no: lead.row_no,
        dnc: lead.dnc,
        priority: lead.priority,
        voided: lead.voided,
        alloc_status: lead.alloc_status,
        alloc_type: lead.alloc_type,
        alloc_target: lead.alloc_target,
        alloc_at: lead.alloc_at.shown(),
        task_id: lead.task_id,
        task_title: None,
        business_status: lead.business_status,
        campaign_id: lead.campaign_id,
        call_status: lead.call_status,
        outcome: lead.outcome,
        disposition: lead.disposition,
        dial_count: lead.dial_count,
        fail_count: lead.fail_count,
        preview_count: lead.preview_count,
        appointed: lead.appointed,
        appoint_at: lead.appoint_at.shown(),
        appoint_note: lead.appoint_note,
        last_dial_at: lead.last_dial_at.shown(),
        next_dial_at: lead.next_dial_at.shown(),
        blocked: lead.blocked,
        created_at: lead.created_at.shown(),
        updated_at: lead.updated_at.shown(),
    }
}
