//! `/routes` (路由规则): what becomes of a called number (VOX-097 to VOX-118).

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use engine::route::{Kind, Pattern};
use serde::{Deserialize, Serialize};
use store::{
    Doc, gateways, queues,
    routes::{self as stored, Route},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    check,
    configured::{deleted, saved},
    find, ivr_menus, prompts,
};
use crate::{
    caller::Caller,
    clock::{At, now},
    house::House,
    input::{Body, strict_at},
    paging::List,
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(put, remove))
        .routes(routes!(versions))
        .routes(routes!(restore))
}

#[derive(Serialize, ToSchema)]
pub struct RouteOut {
    id: String,
    name: String,
    /// 序号: routes are tried in this order, those of one position by age.
    position: i64,
    /// 号码规则: a number, `*` for every other, or a regular expression.
    number: String,
    /// What the route does: `type` and what belongs to it.
    #[schema(value_type = Object)]
    rule: Kind,
    /// Of a queue rule.
    queue_id: Option<String>,
    enabled: bool,
}

impl From<Route> for RouteOut {
    fn from(route: Route) -> Self {
        let queue_id = match &route.rule.0 {
            Kind::Queue { queue, .. } => Some(queue.to_string()),
            _ => None,
        };
        Self {
            id: route.id,
            name: route.name,
            position: route.position,
            number: route.number,
            rule: route.rule.0,
            queue_id,
            enabled: route.enabled,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteIn {
    /// Its id, when not given.
    name: Option<String>,
    /// 1 when not given; 90 for outbound, 100 for basic rules, 1000 for `*`.
    position: Option<i64>,
    /// A number, `*`, or a regular expression of at most 200 characters. `BAD_PATTERN`.
    number: String,
    /// basic {}, inbound {to, office {zone, spans, holidays, shut, open}, closed_prompt, closed_to},
    /// outbound {gateway, by_extension, fallback_gateways, prefix, caller, ring_timeout_s, record}, queue {queue,
    /// priority}, ivr {menu} or robot {prompt, then, listens {voice_level, silence_level, pause_ms, wait_s,
    /// interruptible, silent}, otherwise}, named by `type`. A robot with `listens`, which may be `{}`, sends who
    /// speaks to `then`, once they pause, and who does not to `otherwise`. Levels: the mean of the absolute
    /// values of the linear 16-bit samples of 20 ms.
    #[schema(value_type = Object)]
    rule: Option<serde_json::Value>,
    /// Short for a queue rule.
    queue_id: Option<String>,
    enabled: Option<bool>,
}

#[derive(Serialize, ToSchema)]
pub struct VersionOut {
    version: i64,
    name: String,
    position: i64,
    number: String,
    #[schema(value_type = Object)]
    rule: Kind,
    enabled: bool,
    saved_by: Option<String>,
    saved_at: At,
}

/// 路由规则 · Routes in the order in which they are tried.
#[utoipa::path(get, path = "/api/v1/routes", tag = "setup",
    responses((status = 200, body = List<RouteOut>)))]
async fn list(State(house): State<House>, caller: Caller) -> Result<Json<List<RouteOut>>, Problem> {
    let rows = stored::list(&house.db, caller.orgi()).await?;
    Ok(Json(List::whole(
        rows.into_iter().map(RouteOut::from).collect(),
    )))
}

/// 设置路由 · Add a route under this id, or change the one that has it.
#[utoipa::path(put, path = "/api/v1/routes/{id}", tag = "setup", params(("id" = String, Path)),
    request_body = RouteIn, responses((status = 200, body = RouteOut)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<RouteIn>,
) -> Result<Json<RouteOut>, Problem> {
    let id = check::chosen_id("/id", &id)?;
    let rule = rule_of(asked.rule, asked.queue_id)?;
    leads_somewhere(&house, &caller, &rule).await?;
    prompts::exist(&house, "/rule", rule.prompts()).await?;
    let pattern = pattern(&asked.number)?;
    let route = Route {
        name: check::name("/name", asked.name.as_deref().unwrap_or(&id))?,
        id,
        position: asked.position.unwrap_or_else(|| usual(&rule, &pattern)),
        number: pattern.as_str().to_owned(),
        rule: Doc(rule),
        enabled: asked.enabled.unwrap_or(true),
    };
    save(&house, &caller, &route).await?;
    Ok(Json(route.into()))
}

/// 删除路由 · Delete a route.
#[utoipa::path(delete, path = "/api/v1/routes/{id}", tag = "setup", params(("id" = String, Path)),
    responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let mut tx = house.db.begin().await?;
    let was_there = stored::delete(&mut tx, caller.orgi(), &id).await?;
    deleted(&house, tx, was_there).await
}

/// 路由版本 · What a route was, newest first; the last 200 changes.
#[utoipa::path(get, path = "/api/v1/routes/{id}/versions", tag = "setup",
    params(("id" = String, Path)), responses((status = 200, body = List<VersionOut>)))]
async fn versions(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<List<VersionOut>>, Problem> {
    let rows = stored::versions(&house.db, caller.orgi(), &id).await?;
    find::there(rows.first())?;
    let shown = rows.into_iter().map(|row| {
        let document = row.document.0;
        VersionOut {
            version: row.version,
            name: document.name,
            position: document.position,
            number: document.number,
            rule: document.rule,
            enabled: document.enabled,
            saved_by: row.saved_by,
            saved_at: At(row.saved_at),
        }
    });
    Ok(Json(List::whole(shown.collect())))
}

/// 路由回退 · Make a route again what it was in a version; that is a new version.
#[utoipa::path(post, path = "/api/v1/routes/{id}/versions/{version}/restore", tag = "setup",
    params(("id" = String, Path), ("version" = i64, Path)),
    responses((status = 200, body = RouteOut)))]
async fn restore(
    State(house): State<House>,
    caller: Caller,
    Path((id, version)): Path<(String, i64)>,
) -> Result<Json<RouteOut>, Problem> {
    let rows = stored::versions(&house.db, caller.orgi(), &id).await?;
    let row = find::there(rows.into_iter().find(|row| row.version == version))?;
    let route = row.document.0.route(&id);
    leads_somewhere(&house, &caller, &route.rule.0).await?;
    prompts::exist(&house, "/rule", route.rule.prompts()).await?;
    save(&house, &caller, &route).await?;
    Ok(Json(route.into()))
}

async fn save(house: &House, caller: &Caller, route: &Route) -> Result<(), Problem> {
    let mut tx = house.db.begin().await?;
    stored::put(&mut tx, caller.orgi(), route, caller.user_id(), now()).await?;
    saved(house, tx).await
}

/// A pattern that can be used.
///
/// # Errors
/// `BAD_PATTERN`.
fn pattern(text: &str) -> Result<Pattern, Problem> {
    Pattern::new(text).map_err(|bad| Problem::because("BAD_PATTERN", bad.to_string()))
}

fn rule_of(rule: Option<serde_json::Value>, queue: Option<String>) -> Result<Kind, Problem> {
    let rule: Kind = match (rule, queue) {
        (Some(rule), None) => strict_at("/rule", rule)?,
        (None, Some(queue)) => Kind::Queue {
            queue: queue.into(),
            priority: 0,
        },
        _ => {
            let text = "either a rule or a queue_id";
            return Err(Problem::at("/rule", "choice", text));
        }
    };
    rule.validate()
        .map_err(|bad| Problem::at(&format!("/rule{}", bad.at), "value", bad.message))?;
    Ok(rule)
}

/// Where a rule stands that does not say so: what is sure before what is broad (VOX-099).
fn usual(rule: &Kind, pattern: &Pattern) -> i64 {
    match rule {
        _ if pattern.is_any() => 1_000,
        Kind::Outbound(_) => 90,
        Kind::Basic => 100,
        _ => 1,
    }
}

/// # Errors
/// `NO_SUCH_QUEUE`, `NO_SUCH_MENU`, or a fault at `/rule`, when it leads to one that is not there.
async fn leads_somewhere(house: &House, caller: &Caller, rule: &Kind) -> Result<(), Problem> {
    let known = queues::revisions(&house.db, caller.orgi()).await?;
    if rule
        .queues()
        .any(|queue| !known.contains_key(queue.as_str()))
    {
        return Err(Problem::of("NO_SUCH_QUEUE"));
    }
    let known = gateways::list(&house.db).await?;
    if let Some(gone) = rule
        .gateways()
        .find(|id| !known.iter().any(|one| one.id == id.as_str()))
    {
        let text = format!("there is no gateway {gone}");
        return Err(Problem::at("/rule", "unknown", text));
    }
    for menu in rule.menus() {
        ivr_menus::known(house, caller, menu).await?;
    }
    Ok(())
}
