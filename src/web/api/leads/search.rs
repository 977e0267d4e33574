//! `GET /leads`: every filter of OUT-188.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use engine::{
    draw::TargetType,
    field::Field,
    lead_query::{self, Asked, Clock, Place, Query},
    window::Window,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{associations::Related, fields, lead_search};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{LeadOut, guesses, show};
use crate::{
    api::{find, heads::is_head, masks::Masks},
    caller::Caller,
    clock::now,
    house::House,
    input::Params,
    paging::{self, List},
    problem::{Fault, Problem},
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Most leads that are counted.
const COUNTED: i64 = 100_000;

#[derive(Debug, Clone, Default, Deserialize, Serialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct Search {
    /// 关键词: the beginning of a number, or text in any field. To agents who see numbers masked: a whole
    /// number, or text in a field that is not hidden.
    keyword: Option<String>,
    /// 筛选表单: the leads of its last run.
    filter_id: Option<String>,
    /// Or: those of this run.
    run_id: Option<String>,
    /// 批次.
    batch_id: Option<String>,
    import_id: Option<String>,
    /// 外呼任务.
    task_id: Option<String>,
    /// 活动.
    campaign_id: Option<String>,
    /// agent, department, robot or queue: leads given to any of them.
    alloc_type: Option<String>,
    /// 坐席.
    agent_id: Option<String>,
    /// 部门.
    department_id: Option<String>,
    /// 机器人.
    robot_id: Option<String>,
    /// 队列.
    queue_id: Option<String>,
    /// 业务状态.
    business_status: Option<String>,
    /// 拨打状态: notcall, calling, success, failed, exception; several separated by `,`.
    call_status: Option<String>,
    /// all, notcall, success, failed, exception, appointed, appointed_today or overdue.
    tab: Option<String>,
    /// 分配状态: unallocated, agent, dept, ai, queue, recycled, recycled_dept; several separated
    /// by `,`.
    alloc_status: Option<String>,
    /// 预约状态: none, appointed, today or overdue.
    appointment: Option<String>,
    /// 拨打日期: RFC 3339, or a date of the house's wall clock.
    dialled_from: Option<String>,
    /// A date is included.
    dialled_to: Option<String>,
    /// 预约日期.
    appointed_from: Option<String>,
    appointed_to: Option<String>,
    /// 是否作废.
    voided: Option<bool>,
    /// 关键字段: a field's code; needs batch_id.
    pub(super) field: Option<String>,
    /// 筛选条件: eq (when not given), ne, gt, ge, lt, le, like, not_like, prefix, in, between, is_null or
    /// not_null.
    pub(super) op: Option<String>,
    /// 值.
    pub(super) value: Option<String>,
    /// created (when not given), -created, last_dial, next_dial or appointment.
    sort: Option<String>,
    #[serde(skip_serializing)]
    limit: Option<u32>,
    #[serde(skip_serializing)]
    cursor: Option<String>,
    /// exact: count the leads that fit, 100,000 at most.
    #[serde(skip_serializing)]
    count: Option<String>,
}

/// A page of leads.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeadList {
    #[serde(flatten)]
    page: List<LeadOut>,
    /// exact, or at_least where there are more than were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    count_is: Option<&'static str>,
}

/// 名单 · Leads by any conditions. Agents see their own, and with `department_id` those of a department
/// that they head. Whole numbers that they see masked they look for thirty times at once and thirty times an
/// hour (`TOO_MANY`), and each is in the audit trail.
#[utoipa::path(get, path = "/api/v1/leads", tag = "leads", params(Search),
    responses((status = 200, body = LeadList)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(asked): Params<Search>,
) -> Result<Json<LeadList>, Problem> {
    let limit = paging::limit(asked.limit)?;
    let query = query_of(&house, &caller, &asked).await?;
    let print = fingerprint(&asked, &caller);
    let after = asked.cursor.as_deref().map(|cursor| place(cursor, &print));
    let after = after.transpose()?;
    let (db, orgi) = (&house.db, caller.orgi());
    let rows = lead_search::page(db, orgi, &query, after.as_ref(), limit as i64 + 1).await?;
    let (count, count_is) = match asked.count.as_deref() {
        Some("exact") => count(&house, &caller, &query).await?,
        _ => (None, None),
    };
    let known = Known::of(&house, &caller, &rows).await?;
    let sealed = |row: &lead_search::Found| {
        let Place { at, position, id } = row.place(query.sort);
        let at = at.map_or_else(|| "-".to_owned(), |at| at.to_string());
        format!("{print}.{at}.{position}.{id}")
    };
    let page = List::of(rows, limit, sealed, |row| known.show(row.lead));
    Ok(Json(LeadList {
        page: List { count, ..page },
        count_is,
    }))
}

async fn count(
    house: &House,
    caller: &Caller,
    query: &Query,
) -> Result<(Option<i64>, Option<&'static str>), Problem> {
    let counted = lead_search::count(&house.db, caller.orgi(), query, COUNTED + 1).await?;
    Ok(match counted {
        more if more > COUNTED => (Some(COUNTED), Some("at_least")),
        all => (Some(all), Some("exact")),
    })
}

/// What a search asks, within what its caller may see.
async fn query_of(house: &House, caller: &Caller, asked: &Search) -> Result<Query, Problem> {
    let words = words_of(house, caller, asked).await?;
    let fields = match (&words.batch, &words.field) {
        (Some(batch), Some(_)) => Some(fields::list(&house.db, batch).await?),
        _ => None,
    };
    let zone = Window::default();
    let clock = Clock {
        now: now(),
        zone: &zone,
    };
    let mut query = lead_query::read(&words, fields.as_deref(), clock).map_err(refused)?;
    if let Some(import) = &asked.import_id {
        let places = find::import(house, caller, import).await?.positions();
        query.positions = Some((*places.start(), *places.end()));
    }
    if is_masked(house, caller).await? {
        let hides = hides(asked, fields.as_deref().unwrap_or_default());
        whole_alone(asked, hides)?;
        query.masked = true;
        guesses::note(house, caller, (asked, &query), hides).await?;
    }
    if caller.is_agent_only() && !asks_as_head(house, caller, asked).await? {
        let agent = caller.agent()?;
        query.targets.push((TargetType::Agent, agent.into()));
    }
    Ok(query)
}

/// Whether some numbers are masked where the caller looks.
async fn is_masked(house: &House, caller: &Caller) -> Result<bool, Problem> {
    if !caller.is_agent_only() {
        return Ok(false);
    }
    let by_setting = Masks::of(house, caller).await?.hide_some();
    Ok(by_setting || fields::hide_some(&house.db, caller.orgi()).await?)
}

/// Whether the field that is compared is shown masked.
fn hides(asked: &Search, fields: &[Field]) -> bool {
    let mut fields = fields.iter();
    let field = fields.find(|field| Some(&field.code) == asked.field.as_ref());
    field.is_some_and(|field| field.hidden || field.is_phone)
}

/// What is shown masked can be compared as a whole alone: comparing parts of it would tell it.
fn whole_alone(asked: &Search, hides: bool) -> Result<(), Problem> {
    match asked.op.as_deref() {
        Some(op) if hides && !["eq", "is_null", "not_null"].contains(&op) => {
            let message = "a masked field can be compared as a whole alone (eq)";
            Err(Problem::at("/op", "masked", message))
        }
        _ => Ok(()),
    }
}

/// Whether the search is about the leads of a department that the caller heads.
async fn asks_as_head(house: &House, caller: &Caller, asked: &Search) -> Result<bool, Problem> {
    match &asked.department_id {
        Some(department) => is_head(house, caller, department).await,
        None => Ok(false),
    }
}

/// The search in words. What it names is the tenant's.
///
/// # Errors
/// `INVALID`; `NOT_FOUND`.
pub async fn words_of(house: &House, caller: &Caller, asked: &Search) -> Result<Asked, Problem> {
    let batch = match &asked.batch_id {
        Some(batch) if !caller.is_agent_only() => Some(find::batch(house, caller, batch).await?.id),
        batch => batch.clone(),
    };
    let import = match &asked.import_id {
        Some(import) => Some(find::import(house, caller, import).await?),
        None => None,
    };
    Ok(Asked {
        batch: batch.or_else(|| import.map(|import| import.batch_id)),
        run: run_of(house, caller, asked).await?,
        ..asked.words()
    })
}

/// Says what of a search cannot be used.
pub fn refused(bad: Vec<lead_query::BadQuery>) -> Problem {
    let faults = bad.into_iter();
    Problem::invalid(
        faults
            .map(|bad| Fault::new(bad.pointer, bad.code, bad.message))
            .collect(),
    )
}

async fn run_of(house: &House, caller: &Caller, asked: &Search) -> Result<Option<String>, Problem> {
    match (&asked.filter_id, &asked.run_id) {
        (None, None) => Ok(None),
        (None, Some(run)) => Ok(Some(find::kept_run(house, caller, run).await?.id)),
        (Some(filter), None) => {
            find::filter(house, caller, filter).await?;
            let run = lead_search::newest_run(&house.db, filter).await?;
            let never = || Problem::at("/filter_id", "never_run", "the filter was never run");
            Ok(Some(run.ok_or_else(never)?))
        }
        _ => Err(Problem::at("/run_id", "choice", "give filter_id or run_id")),
    }
}

impl Search {
    fn words(&self) -> Asked {
        let of = self.clone();
        Asked {
            keyword: of.keyword,
            import: of.import_id,
            task: of.task_id,
            campaign: of.campaign_id,
            alloc_type: of.alloc_type,
            agent: of.agent_id,
            department: of.department_id,
            robot: of.robot_id,
            queue: of.queue_id,
            business_status: of.business_status,
            call_status: of.call_status,
            tab: of.tab,
            alloc_status: of.alloc_status,
            appointment: of.appointment,
            dialled_from: of.dialled_from,
            dialled_to: of.dialled_to,
            appointed_from: of.appointed_from,
            appointed_to: of.appointed_to,
            voided: of.voided,
            field: of.field,
            op: of.op,
            value: of.value,
            sort: of.sort,
            ..Asked::default()
        }
    }
}

/// Tells one search from another, so that no cursor is used with a search it does not come from.
fn fingerprint(asked: &Search, caller: &Caller) -> String {
    let asked = serde_json::to_vec(asked).unwrap_or_default();
    let mut hash = Sha256::new();
    hash.update(caller.orgi());
    hash.update([0]);
    hash.update(asked);
    hash.finalize()[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn place(cursor: &str, print: &str) -> Result<Place, Problem> {
    let bad = || Problem::of("BAD_CURSOR");
    let text = paging::open(cursor)?;
    let mut parts = text.split('.');
    let mut part = || parts.next().ok_or_else(bad);
    let (of, at, position, id) = (part()?, part()?, part()?, part()?);
    if of != print {
        return Err(bad());
    }
    let at = match at {
        "-" => None,
        at => Some(at.parse().map_err(|_| bad())?),
    };
    let position = position.parse().map_err(|_| bad())?;
    Ok(Place {
        at,
        position,
        id: id.into(),
    })
}

/// What is needed to show the leads of a page.
struct Known {
    fields: BTreeMap<String, Vec<Field>>,
    tasks: BTreeMap<String, (String, Option<String>)>,
    masks: Masks,
    /// By batch.
    related: BTreeMap<String, Related>,
}

impl Known {
    async fn of(
        house: &House,
        caller: &Caller,
        rows: &[lead_search::Found],
    ) -> Result<Self, Problem> {
        let mut of = BTreeMap::new();
        for row in rows {
            if !of.contains_key(&row.lead.batch_id) {
                let fields = fields::list(&house.db, &row.lead.batch_id).await?;
                of.insert(row.lead.batch_id.clone(), fields);
            }
        }
        let mut related = BTreeMap::new();
        for (batch, fields) in &of {
            let own = rows.iter().filter(|row| row.lead.batch_id == *batch);
            let data = own.map(|row| &row.lead.data.0);
            let texts = Related::of(&house.db, caller.orgi(), fields, data).await?;
            related.insert(batch.clone(), texts);
        }
        let tasks = rows.iter().filter_map(|row| row.lead.task_id.clone());
        Ok(Self {
            related,
            fields: of,
            tasks: lead_search::task_titles(&house.db, tasks.collect()).await?,
            masks: Masks::of(house, caller).await?,
        })
    }

    fn show(&self, lead: store::leads::Lead) -> LeadOut {
        let fields = self.fields.get(&lead.batch_id).map(Vec::as_slice);
        let task = lead.task_id.as_ref().and_then(|task| self.tasks.get(task));
        let none = Related::default();
        let related = self.related.get(&lead.batch_id).unwrap_or(&none);
        LeadOut {
            task_title: task.map(|(title, _)| title.clone()),
            alloc_by: lead
                .alloc_by
                .clone()
                .or_else(|| task.and_then(|(_, by)| by.clone())),
            ..show(lead, fields.unwrap_or_default(), &self.masks, related)
        }
    }
}
