//! `/settings/desk` (座席功能): which functions agents do not have (AGT-088 to AGT-090), and whether numbers
//! lead outside by themselves (AGT-144), and phones send calls on.

use axum::{Json, extract::State};
use engine::desk::{Function, Settings};
use serde::Serialize;
use store::desk;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::configured::saved;
use crate::{caller::Caller, clock::now, house::House, input::Body, problem::Problem};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(get, put))
}

#[derive(Serialize, ToSchema)]
pub struct DeskSettingsOut {
    #[serde(flatten)]
    #[schema(value_type = Object)]
    set: Settings,
    /// Every function, by its name.
    functions: Vec<FunctionOut>,
}

#[derive(Serialize, ToSchema)]
pub struct FunctionOut {
    name: &'static str,
    /// What older softphones call it (table 7.1.2).
    legacy_ids: Vec<u16>,
}

/// 座席功能 · `numbers_lead_outside`: a number that is nobody's in the house and is given for an extension, or
/// dialled at a phone, in a transfer or a consultation is called outside. `phones_forward`: a phone that is set to forward its
/// calls (it answers 3xx) has them forwarded, to whatever it may call itself. `hidden` and `hidden_remote`: what agents do not have at a
/// phone of the house, and at a telephone outside; and which functions there are.
#[utoipa::path(get, path = "/api/v1/settings/desk", tag = "settings",
    responses((status = 200, body = DeskSettingsOut)))]
async fn get(State(house): State<House>, caller: Caller) -> Result<Json<DeskSettingsOut>, Problem> {
    Ok(Json(shown(desk::get(&house.db, caller.orgi()).await?)))
}

/// 设置座席功能 · Set it. Functions go by name or legacy id; what is left out is as it comes. Agents are
/// refused what is hidden with `FUNCTION_HIDDEN` from now on; supervisors and administrators never are.
#[utoipa::path(put, path = "/api/v1/settings/desk", tag = "settings",
    request_body(content = Object, example = json!({"hidden": ["not_ready", 34], "hidden_remote": ["hold"]})),
    responses((status = 200, body = DeskSettingsOut)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Body(asked): Body<Settings>,
) -> Result<Json<DeskSettingsOut>, Problem> {
    let mut tx = house.db.begin().await?;
    desk::put(&mut tx, caller.orgi(), &asked, caller.user_id(), now()).await?;
    saved(&house, tx).await?;
    Ok(Json(shown(asked)))
}

fn shown(set: Settings) -> DeskSettingsOut {
    let functions = Function::ALL.iter().map(|one| FunctionOut {
        name: one.as_str(),
        legacy_ids: one.legacy().to_vec(),
    });
    DeskSettingsOut {
        set,
        functions: functions.collect(),
    }
}
