//! `/records`: imports, filter runs and tasks with their counts (OUT-137 to OUT-145). Every count has
//! the search that opens its leads.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use engine::window::Window;
use serde::{Deserialize, Serialize};
use store::records::{self, DrawRecord, ImportRecord, Wanted};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::filters::Basis;
use crate::{
    caller::Caller,
    clock::At,
    house::House,
    input::Params,
    paging::{self, List},
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(imports))
        .routes(routes!(filters))
        .routes(routes!(tasks))
        .routes(routes!(others))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// 批次; also `batch`.
    #[serde(alias = "batch")]
    batch_id: Option<String>,
    /// 筛选表单; also `filter`.
    #[serde(alias = "filter")]
    filter_id: Option<String>,
    /// 活动; also `campaign`.
    #[serde(alias = "campaign")]
    campaign_id: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ImportRecordOut {
    id: String,
    batch_id: String,
    /// Batch, `_`, local date and time.
    title: String,
    state: String,
    /// 名单.
    rows: i64,
    /// 无效.
    invalid: i64,
    /// 导入时间.
    at: At,
    /// Count to the address of its rows.
    links: BTreeMap<&'static str, String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DrawRecordOut {
    id: String,
    /// 名称: filter or campaign, `_`, local date and time.
    title: String,
    state: String,
    batch_id: Option<String>,
    filter_id: Option<String>,
    campaign_id: Option<String>,
    run_id: Option<String>,
    task_id: Option<String>,
    /// What the filter was asked, and on what it ran.
    basis: Option<Basis>,
    /// What the filter selected, also what was not to be had.
    matched: i64,
    /// 筛选数量 = to_agent + to_dept + to_ai + to_queue + unallocated.
    filtered: i64,
    to_agent: i64,
    to_dept: i64,
    to_ai: i64,
    to_queue: i64,
    unallocated: i64,
    /// 回收: ever taken back.
    recycled: i64,
    recycled_dept: i64,
    at: At,
    /// Count to the address of its leads as they are now. `matched`, `filtered` and `unallocated` are
    /// there as long as the run's leads are known: always of a task that was started, and of the three
    /// newest runs of a filter; what a run selected that no task drew from is `unallocated`, whoever has
    /// the leads by another one. Of `recycled` those are shown that nobody was given since.
    links: BTreeMap<&'static str, String>,
}

/// 导入记录 · Imports, newest first.
#[utoipa::path(get, path = "/api/v1/records/imports", tag = "records", params(Which),
    responses((status = 200, body = List<ImportRecordOut>)))]
async fn imports(
    State(house): State<House>,
    caller: Caller,
    Params(asked): Params<Which>,
) -> Result<Json<List<ImportRecordOut>>, Problem> {
    let (limit, before) = page(&asked)?;
    let most = limit as i64 + 1;
    let wanted = wanted(&asked);
    let (rows, all) = records::imports(&house.db, caller.orgi(), &wanted, &before, most).await?;
    let page = List::of(rows, limit, |row| row.id.clone(), ImportRecordOut::from);
    Ok(Json(List {
        count: Some(all),
        ..page
    }))
}

/// 筛选记录 · Runs of filters, newest first, with what became of their leads.
#[utoipa::path(get, path = "/api/v1/records/filters", tag = "records", params(Which),
    responses((status = 200, body = List<DrawRecordOut>)))]
async fn filters(
    State(house): State<House>,
    caller: Caller,
    Params(asked): Params<Which>,
) -> Result<Json<List<DrawRecordOut>>, Problem> {
    let (limit, before) = page(&asked)?;
    let most = limit as i64 + 1;
    let wanted = wanted(&asked);
    let found = records::filters(&house.db, caller.orgi(), &wanted, &before, most).await?;
    Ok(Json(shown(found, limit)))
}

/// 拨打任务记录 · Tasks, newest first.
#[utoipa::path(get, path = "/api/v1/records/tasks", tag = "records", params(Which),
    responses((status = 200, body = List<DrawRecordOut>)))]
async fn tasks(
    State(house): State<House>,
    caller: Caller,
    Params(asked): Params<Which>,
) -> Result<Json<List<DrawRecordOut>>, Problem> {
    let (limit, before) = page(&asked)?;
    let most = limit as i64 + 1;
    let wanted = wanted(&asked);
    let found = records::tasks(&house.db, caller.orgi(), &wanted, false, &before, most).await?;
    Ok(Json(shown(found, limit)))
}

/// 其他任务记录 · Tasks of contacts, newest first.
#[utoipa::path(get, path = "/api/v1/records/others", tag = "records", params(Which),
    responses((status = 200, body = List<DrawRecordOut>)))]
async fn others(
    State(house): State<House>,
    caller: Caller,
    Params(asked): Params<Which>,
) -> Result<Json<List<DrawRecordOut>>, Problem> {
    let (limit, before) = page(&asked)?;
    let most = limit as i64 + 1;
    let wanted = wanted(&asked);
    let found = records::tasks(&house.db, caller.orgi(), &wanted, true, &before, most).await?;
    Ok(Json(shown(found, limit)))
}

fn page(asked: &Which) -> Result<(usize, String), Problem> {
    let before = asked.cursor.as_deref().map(paging::open).transpose()?;
    Ok((paging::limit(asked.limit)?, before.unwrap_or_default()))
}

fn wanted(asked: &Which) -> Wanted {
    Wanted {
        batch: asked.batch_id.clone().unwrap_or_default(),
        filter: asked.filter_id.clone().unwrap_or_default(),
        campaign: asked.campaign_id.clone().unwrap_or_default(),
    }
}

fn shown((rows, all): (Vec<DrawRecord>, i64), limit: usize) -> List<DrawRecordOut> {
    let page = List::of(rows, limit, |row| row.id.clone(), DrawRecordOut::from);
    List {
        count: Some(all),
        ..page
    }
}

impl From<ImportRecord> for ImportRecordOut {
    fn from(row: ImportRecord) -> Self {
        let links = [
            ("rows", format!("/api/v1/leads?import_id={}", row.id)),
            ("invalid", format!("/api/v1/imports/{}/invalid", row.id)),
        ];
        Self {
            links: links.into(),
            id: row.id,
            batch_id: row.batch_id,
            title: row.title,
            state: row.state,
            rows: row.good,
            invalid: row.invalid,
            at: At(row.created_at),
        }
    }
}

impl From<DrawRecord> for DrawRecordOut {
    fn from(row: DrawRecord) -> Self {
        Self {
            links: links(&row),
            basis: row.conditions.0.map(|asked| {
                let zone = row.zone.unwrap_or_default();
                Basis::new(asked, row.resolved.0, zone, row.versions.0)
            }),
            title: dated(&row.title, row.created_at),
            id: row.id,
            state: row.state,
            batch_id: row.batch_id,
            filter_id: row.filter_id,
            campaign_id: row.campaign_id,
            run_id: row.run_id,
            task_id: row.task_id,
            matched: row.matched,
            filtered: row.filtered,
            to_agent: row.to_agent,
            to_dept: row.to_dept,
            to_ai: row.to_ai,
            to_queue: row.to_queue,
            unallocated: row.unallocated,
            recycled: row.recycled,
            recycled_dept: row.recycled_dept,
            at: At(row.created_at),
        }
    }
}

fn links(row: &DrawRecord) -> BTreeMap<&'static str, String> {
    let mut links = BTreeMap::new();
    if let Some(filtered) = drawn_from(row) {
        let unallocated = match row.task_id {
            Some(_) => format!("{filtered}&alloc_status=unallocated,recycled"),
            // Nothing of it was given to anybody, whatever others did with the same leads.
            None => filtered.clone(),
        };
        links.insert("unallocated", unallocated);
        links.insert("filtered", filtered);
    }
    if let (true, Some(run)) = (row.is_kept, &row.run_id) {
        links.insert("matched", format!("/api/v1/leads?run_id={run}"));
    }
    if let Some(task) = &row.task_id {
        for (count, status) in [
            ("to_agent", "agent"),
            ("to_dept", "dept"),
            ("to_ai", "ai"),
            ("to_queue", "queue"),
            ("recycled", "recycled"),
            ("recycled_dept", "recycled_dept"),
        ] {
            let of_task = format!("/api/v1/leads?task_id={task}&alloc_status={status}");
            links.insert(count, of_task);
        }
    }
    links
}

/// The leads that there were to draw from: of the run what was free, or what the contacts became.
fn drawn_from(row: &DrawRecord) -> Option<String> {
    let of_run = |run: &String| format!("/api/v1/leads?run_id={run}");
    match (&row.ask.0, &row.drawn_run_id, &row.task_id) {
        (Some(ask), ..) => Some(format!("/api/v1/leads?import_id={}", ask.import)),
        (None, Some(drawn), _) => Some(of_run(drawn)),
        (None, None, None) if row.is_kept => row.run_id.as_ref().map(of_run),
        (None, None, _) => None,
    }
}

/// `name_yyyy-MM-dd HH:mm:ss` on the house's wall clock; a title that ends so stays as it is.
fn dated(title: &str, at: i64) -> String {
    let local = Window::default().local(engine::time::Millis(at));
    let time = local.map(|local| local.format("%Y-%m-%d %H:%M:%S").to_string());
    let tail = title.rsplit('_').next().unwrap_or_default();
    let is_dated = tail.len() == 19 && tail.as_bytes()[4] == b'-' && tail.as_bytes()[13] == b':';
    match time {
        Some(time) if !is_dated => format!("{title}_{time}"),
        _ => title.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::dated;

    #[test]
    fn a_record_is_named_after_its_time_once() {
        let at = 1_588_517_834_000;
        let named = "回访批次的筛选_2020-05-03 22:57:14";
        assert_eq!(dated("回访批次的筛选", at), named);
        assert_eq!(dated(named, at), named);
    }
}
