//! `/ivr-menus` (IVR 菜单): what callers hear and what their keys lead to (VOX-128 to VOX-154).

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use engine::{
    destination::Destination,
    ids::MenuId,
    ivr::{self, Action, Menu, Menus},
};
use serde::{Deserialize, Serialize};
use store::{
    Doc, extensions,
    ivr_menus::{self as stored, IvrMenu},
    queues,
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    check,
    configured::{deleted, saved},
    find, named_by, prompts,
};
use crate::{
    caller::Caller,
    clock::now,
    house::House,
    input::{Body, strict_at},
    paging::List,
    problem::{Fault, Problem},
};

/// Most menus of a tenant.
const MOST: usize = 500;

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get, put, remove))
}

#[derive(Serialize, ToSchema)]
pub struct MenuOut {
    id: String,
    name: String,
    /// greet_long, greet_short, invalid_sound, exit_sound, transfer_sound, confirm_key, timeout_ms,
    /// inter_digit_timeout_ms, max_failures, max_timeouts, digit_len, then (where a caller goes when the
    /// menu ends), nodes [{name, keys, action}]. An action is extension {extension}, number {number},
    /// queue {queue}, voicemail {mailbox}, submenu {menu}, play {prompt}, back {}, root {} or hangup {},
    /// named by `type`.
    #[schema(value_type = Object)]
    menu: Menu,
}

impl From<IvrMenu> for MenuOut {
    fn from(row: IvrMenu) -> Self {
        Self {
            id: row.id,
            name: row.name,
            menu: row.menu.0,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MenuIn {
    /// Its id, when not given.
    name: Option<String>,
    /// Settings that differ from the defaults, and the nodes; `greet_long` at least.
    #[schema(value_type = Object)]
    menu: serde_json::Value,
}

/// IVR 菜单列表 · All voice menus, by name.
#[utoipa::path(get, path = "/api/v1/ivr-menus", tag = "setup",
    responses((status = 200, body = List<MenuOut>)))]
async fn list(State(house): State<House>, caller: Caller) -> Result<Json<List<MenuOut>>, Problem> {
    let rows = stored::list(&house.db, caller.orgi()).await?;
    let shown = rows.into_iter().map(MenuOut::from);
    Ok(Json(List::whole(shown.collect())))
}

/// IVR 菜单 · One voice menu.
#[utoipa::path(get, path = "/api/v1/ivr-menus/{id}", tag = "setup", params(("id" = String, Path)),
    responses((status = 200, body = MenuOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<MenuOut>, Problem> {
    let found = stored::get(&house.db, caller.orgi(), &id).await?;
    Ok(Json(find::there(found)?.into()))
}

/// 设置 IVR 菜单 · Add a voice menu under this id, or change the one that has it. Callers who are in it
/// stay in the menu as it was. `MENU_CIRCLE` and `MENU_TOO_DEEP` when menus would lead to one another in
/// a circle, or through more than ten levels.
#[utoipa::path(put, path = "/api/v1/ivr-menus/{id}", tag = "setup", params(("id" = String, Path)),
    request_body = MenuIn, responses((status = 200, body = MenuOut)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<MenuIn>,
) -> Result<Json<MenuOut>, Problem> {
    let id = check::chosen_id("/id", &id)?;
    let name = check::name("/name", asked.name.as_deref().unwrap_or(&id))?;
    let menu: Menu = strict_at("/menu", asked.menu)?;
    menu.validate()
        .map_err(|bad| Problem::at(&format!("/menu{}", bad.at), "value", bad.message))?;
    let mut others = menus(&house, &caller).await?;
    let id: MenuId = id.into();
    others.insert(id.clone(), Arc::new(menu.clone()));
    if others.len() > MOST {
        let text = format!("there are {MOST} voice menus already");
        return Err(Problem::because("TOO_MANY_MENUS", text));
    }
    leads_somewhere(&house, &caller, &menu, &others).await?;
    prompts::exist(&house, "/menu", menu.prompts()).await?;
    ivr::check_nesting(&others).map_err(|bad| {
        let code = match bad {
            ivr::BadNesting::Circle(_) => "MENU_CIRCLE",
            ivr::BadNesting::Deep(_) => "MENU_TOO_DEEP",
        };
        Problem::because(code, bad.to_string())
    })?;
    let row = IvrMenu {
        id: id.into(),
        name,
        menu: Doc(menu),
    };
    let mut tx = house.db.begin().await?;
    if !stored::put(&mut tx, caller.orgi(), &row, now()).await? {
        return Err(Problem::of("NAME_TAKEN"));
    }
    saved(&house, tx).await?;
    Ok(Json(row.into()))
}

/// 删除 IVR 菜单 · Delete a voice menu. `MENU_IN_USE` while a route, a queue or another menu leads to it.
#[utoipa::path(delete, path = "/api/v1/ivr-menus/{id}", tag = "setup",
    params(("id" = String, Path)), responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    if let Some(why) = named_by::menu(&house.db, caller.orgi(), &id).await? {
        return Err(Problem::because("MENU_IN_USE", why));
    }
    let mut tx = house.db.begin().await?;
    let was_there = stored::delete(&mut tx, caller.orgi(), &id).await?;
    deleted(&house, tx, was_there).await
}

/// # Errors
/// `NO_SUCH_MENU` when the tenant has no such menu.
pub async fn known(house: &House, caller: &Caller, id: &MenuId) -> Result<(), Problem> {
    match stored::get(&house.db, caller.orgi(), id.as_str()).await? {
        Some(_) => Ok(()),
        None => Err(Problem::of("NO_SUCH_MENU")),
    }
}

async fn menus(house: &House, caller: &Caller) -> Result<Menus, Problem> {
    let rows = stored::list(&house.db, caller.orgi()).await?.into_iter();
    Ok(rows
        .map(|row| (row.id.into(), Arc::new(row.menu.0)))
        .collect())
}

/// # Errors
/// `INVALID`, with the place of everything that leads to a menu, a queue or an extension that the
/// tenant does not have.
async fn leads_somewhere(
    house: &House,
    caller: &Caller,
    menu: &Menu,
    menus: &Menus,
) -> Result<(), Problem> {
    let queues = queues::revisions(&house.db, caller.orgi()).await?;
    let mut faults = Vec::new();
    let mut missing = |at: String, what: &str, id: &str| {
        let text = format!("there is no {what} {id}");
        faults.push(Fault::new(&at, "missing", text));
    };
    for (nth, node) in menu.nodes.iter().enumerate() {
        let at = |field: &str| format!("/menu/nodes/{nth}/action/{field}");
        match &node.action {
            Action::Submenu { menu } if !menus.contains_key(menu) => {
                missing(at("menu"), "voice menu", menu.as_str());
            }
            Action::Queue { queue } if !queues.contains_key(queue.as_str()) => {
                missing(at("queue"), "queue", queue.as_str());
            }
            Action::Extension { extension }
                if !extensions::is_of(&house.db, caller.orgi(), extension).await? =>
            {
                missing(at("extension"), "extension", extension);
            }
            _ => {}
        }
    }
    match &menu.then {
        Some(Destination::Queue { queue }) if !queues.contains_key(queue.as_str()) => {
            missing("/menu/then/queue".into(), "queue", queue.as_str());
        }
        Some(Destination::Ivr { menu }) if !menus.contains_key(menu) => {
            missing("/menu/then/menu".into(), "voice menu", menu.as_str());
        }
        _ => {}
    }
    match faults.is_empty() {
        true => Ok(()),
        false => Err(Problem::invalid(faults)),
    }
}
