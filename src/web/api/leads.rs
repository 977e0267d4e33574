//! `/leads` (名单).

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use engine::{
    control::Control,
    dictionary::{Dictionary, Item},
    field::{Element, Field, Position},
};
use serde::{Deserialize, Serialize};
use store::{
    associations::Related,
    dictionaries, fields,
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
    problem::Problem,
};

mod form;
mod guesses;
mod marks;
mod sales;
mod search;
mod work;

use form::{Reader, ranked, status_of};
pub use search::{Search, refused, words_of};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .merge(search::routes())
        .merge(marks::routes())
        .merge(work::routes())
        .merge(sales::routes())
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
    /// 分配人: the user who handed the lead on, or else started the task; only in searches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alloc_by: Option<String>,
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
    /// What that stood on: a list and its version, time zones, packs of rules.
    pub blocked_basis: Option<String>,
    pub created_at: At,
    pub updated_at: At,
    /// Field code to what people see of the records that the field names (OUT-057).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub related: BTreeMap<String, String>,
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
    /// What people see of the records that the value names, where the field has an association.
    #[serde(skip_serializing_if = "Option::is_none")]
    shown: Option<String>,
    /// 元素类型: text, textarea, radio, checkbox, select, date, datetime or number.
    #[schema(value_type = String)]
    element: Element,
    /// What may be chosen, where the field has a dictionary.
    #[serde(skip_serializing_if = "Option::is_none")]
    choices: Option<Vec<ChoiceOut>>,
    /// 显示位置: list, add, edit, detail. The pop-up shows what has edit or detail.
    #[schema(value_type = Vec<String>)]
    positions: Vec<Position>,
    /// 修改: agents may change it (OUT-055).
    editable: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ChoiceOut {
    /// What is kept.
    code: String,
    /// What people see.
    label: String,
}

impl LeadDetail {
    fn of(lead: LeadOut, fields: &[Field], dictionaries: &[Dictionary]) -> Self {
        let fields = fields.iter().map(|field| {
            let control = Control::of(field, dictionaries);
            let choice = |item: Item| ChoiceOut {
                code: item.code,
                label: item.label,
            };
            LeadField {
                value: lead.data.get(&control.code).cloned().unwrap_or_default(),
                shown: lead.related.get(&control.code).cloned(),
                code: control.code,
                title: control.title,
                element: control.element,
                choices: control
                    .choices
                    .map(|items| items.into_iter().map(choice).collect()),
                positions: control.positions,
                editable: control.editable,
            }
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
    /// 业务状态, at most 100 characters; empty takes it away. Where the campaign's `business_status` is
    /// the id of a dictionary, one of its codes or labels.
    business_status: Option<String>,
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
    let dictionaries = dictionaries::for_fields(&house.db, &fields).await?;
    let lead = show_one(&house, &caller, lead, &fields).await?;
    Ok(Json(LeadDetail::of(lead, &fields, &dictionaries)))
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
    if find::batch(&house, &caller, &lead.batch_id).await?.state == "archived" {
        return Err(Problem::of("BATCH_ARCHIVED"));
    }
    let fields = fields::list(&house.db, &lead.batch_id).await?;
    let changes = Reader::of(&house, &caller, &lead, &fields).await?;
    let changes = changes.read(&house, asked.data).await?;
    let status = match asked.business_status {
        Some(text) => Some(status_of(&house, &caller, &lead, text).await?),
        None => None,
    };
    let priority = asked.priority.map(|asked| ranked(&caller, asked));
    let priority = priority.transpose()?;
    let mut tx = house.db.begin().await?;
    if !changes.is_empty() {
        leads::patch(&mut tx, &id, &changes, now()).await?;
    }
    if let Some(status) = status {
        leads::set_business_status(&mut tx, &id, &status, now()).await?;
    }
    if let Some(priority) = priority {
        leads::prioritise(&mut tx, &id, priority, now()).await?;
    }
    tx.commit().await?;
    let lead = find::lead(&house, &caller, &id).await?;
    Ok(Json(show_one(&house, &caller, lead, &fields).await?))
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
pub fn show(lead: Lead, fields: &[Field], masks: &Masks, related: &Related) -> LeadOut {
    let all = masks.hide(lead.campaign_id.as_deref());
    let hides = |field: &Field| field.hidden || (all && field.is_phone);
    let hides_phone = all || fields.iter().any(|field| field.is_phone && field.hidden);
    let mut data = lead.data.0;
    let mut shown = BTreeMap::new();
    for field in fields {
        let value = data.get(&field.code).map_or("", String::as_str);
        if let Some(text) = related.shown(field, value) {
            shown.insert(field.code.clone(), text);
        }
    }
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
        alloc_by: None,
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
        blocked_basis: lead.blocked_basis,
        created_at: lead.created_at.shown(),
        updated_at: lead.updated_at.shown(),
        related: shown,
    }
}

/// One lead as the caller sees it.
///
/// # Errors
/// When the database fails.
pub async fn show_one(
    house: &House,
    caller: &Caller,
    lead: Lead,
    fields: &[Field],
) -> Result<LeadOut, Problem> {
    let masks = Masks::of(house, caller).await?;
    let data = std::iter::once(&lead.data.0);
    let related = Related::of(&house.db, caller.orgi(), fields, data).await?;
    Ok(show(lead, fields, &masks, &related))
}
