//! `/settings/outbound` (电销设置): OUT-146 to OUT-154.
//!
//! Some are asked for wherever the levels meet: the limits on calls at once of agents and robots,
//! whether agents see numbers masked, when their pop-up opens, and after how many days leads are taken
//! back. The others are kept with each campaign: attempts, retry minutes, attempts a day, ring timeout,
//! countdown, whether the pop-up must be saved, what may be abandoned and how many lines an agent gets,
//! whether answers are listened to. A campaign, also one that runs, follows the wider levels in those
//! that it does not set itself (`own_settings`); `PATCH /campaigns/{id}` sets them, or gives them back.
//! What each setting does is told with [`engine::settings::Settings`].

use std::collections::BTreeSet;

use axum::{Json, extract::State};
use engine::{
    pacing::Policy,
    settings::{self, Overrides, Own},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{
    own_settings,
    settings::{Scope, own, save},
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{configured::saved, find};
use crate::{
    caller::Caller,
    clock::now,
    house::House,
    input::{Body, Params},
    problem::{Fault, Problem},
};

/// What a campaign has in its own settings.
const OF_CAMPAIGN: [&str; 10] = [
    "auto_dial_enabled",
    "auto_dial_countdown",
    "max_attempts",
    "retry_minutes",
    "attempts_per_day",
    "ring_timeout",
    "wrapup_required",
    "predictive_ratio_max",
    "abandon_target",
    "amd_enabled",
];

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(get, put))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Where {
    /// tenant (default), department or campaign.
    scope: Option<String>,
    /// The department's or campaign's id.
    id: Option<String>,
}

/// The settings at one level.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettingsOut {
    scope: &'static str,
    id: Option<String>,
    /// What this level sets itself.
    #[schema(value_type = Object)]
    own: Overrides,
    /// What holds here.
    #[schema(value_type = Object)]
    effective: settings::Settings,
    /// Where each value comes from: default, tenant, department or campaign.
    #[schema(value_type = Object)]
    sources: Map<String, Value>,
}

/// 电销设置 · The outbound settings of a level, what holds there, and where each value comes from.
#[utoipa::path(get, path = "/api/v1/settings/outbound", tag = "settings", params(Where),
    responses((status = 200, body = SettingsOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Params(asked): Params<Where>,
) -> Result<Json<SettingsOut>, Problem> {
    let scope = asked.scope(&house, &caller).await?;
    Ok(Json(seen(&house, &caller, scope).await?))
}

/// 保存电销设置 · Replace what a level sets; what is left out comes from the wider level.
/// Campaigns, running ones too, take it over at once in what is not in their `own_settings`.
#[utoipa::path(put, path = "/api/v1/settings/outbound", tag = "settings", params(Where),
    request_body(content = Object, example = json!({"ring_timeout": 40, "retry_minutes": {"busy": 15}})),
    responses((status = 200, body = SettingsOut)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Params(asked): Params<Where>,
    Body(value): Body<Overrides>,
) -> Result<Json<SettingsOut>, Problem> {
    let scope = asked.scope(&house, &caller).await?;
    check(scope, &value)?;
    let mut tx = house.db.begin().await?;
    let (orgi, user) = (caller.orgi(), caller.user_id());
    save(&mut tx, orgi, scope, &value, user, now()).await?;
    own_settings::follow(&mut tx, orgi, now()).await?;
    saved(&house, tx).await?;
    Ok(Json(seen(&house, &caller, scope).await?))
}

fn check(scope: Scope<'_>, value: &Overrides) -> Result<(), Problem> {
    let mut faults: Vec<Fault> = value
        .validate()
        .err()
        .unwrap_or_default()
        .into_iter()
        .map(|bad| Fault::new(bad.pointer, "range", bad.message))
        .collect();
    if matches!(scope, Scope::Campaign(_)) {
        let set = leaves(value)?;
        let elsewhere = OF_CAMPAIGN
            .iter()
            .filter(|name| set.keys().any(|key| key.split('/').next() == Some(**name)));
        faults.extend(elsewhere.map(|name| {
            let message = "belongs to the campaign's own settings: PATCH /campaigns/{id}";
            Fault::new(&format!("/{name}"), "elsewhere", message)
        }));
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Problem::invalid(faults))
    }
}

/// The levels above and at this one, the widest first.
async fn levels(
    house: &House,
    caller: &Caller,
    scope: Scope<'_>,
) -> Result<Vec<(&'static str, Overrides)>, Problem> {
    let (db, orgi) = (&house.db, caller.orgi());
    let mut levels = vec![("tenant", own(db, orgi, Scope::Tenant).await?)];
    if let Scope::Department(_) = scope {
        levels.push(("department", own(db, orgi, scope).await?));
    }
    if let Scope::Campaign(id) = scope {
        let campaign = find::campaign(house, caller, id).await?;
        let of = department_of(house, caller, &campaign.creater).await?;
        if let Some(department) = &of {
            let scope = Scope::Department(department);
            levels.push(("department", own(db, orgi, scope).await?));
        }
        let mut narrowest = own(db, orgi, scope).await?;
        in_force(&mut narrowest, &campaign.settings, &campaign.own_settings);
        levels.push(("campaign", narrowest));
    }
    Ok(levels)
}

/// What the campaign sets itself, whatever the wider levels say.
fn in_force(level: &mut Overrides, campaign: &engine::campaign::Settings, own: &BTreeSet<Own>) {
    let (retry, minutes) = (&campaign.retry, &mut level.retry_minutes);
    for own in own {
        match own {
            Own::RingTimeout => level.ring_timeout = Some(campaign.ring_timeout_s),
            Own::MaxAttempts => level.max_attempts = Some(retry.max_attempts),
            Own::AttemptsPerDay => level.attempts_per_day = Some(retry.attempts_per_day),
            Own::RetryNoAnswer => minutes.no_answer = Some(retry.no_answer_minutes),
            Own::RetryBusy => minutes.busy = Some(retry.busy_minutes),
            Own::RetryUnavailable => minutes.unavailable = Some(retry.unavailable_minutes),
            Own::RetryDeclined => minutes.declined = Some(retry.declined_minutes),
            Own::RetryFault => minutes.fault = Some(retry.fault_minutes),
            Own::AutoDial => {
                level.auto_dial_enabled = Some(campaign.preview_countdown_s > 0);
                level.auto_dial_countdown = Some(campaign.preview_countdown_s);
            }
            Own::WrapupRequired => level.wrapup_required = Some(campaign.disposition_required),
            Own::Pacing => {
                if let Policy::Predictive(pacing) = &campaign.pacing {
                    level.abandon_target = Some(pacing.cap * 100.0);
                    level.predictive_ratio_max = pacing.most_lines;
                }
            }
            Own::Amd => level.amd_enabled = Some(campaign.classification.enabled),
        }
    }
}

/// What holds above a campaign of this maker, the widest first.
///
/// # Errors
/// When the database fails.
pub async fn above(house: &House, caller: &Caller, maker: &str) -> Result<Vec<Overrides>, Problem> {
    let levels = store::settings::levels(&house.db, caller.orgi()).await?;
    let department = department_of(house, caller, maker).await?;
    Ok(levels.above(department.as_deref()))
}

async fn department_of(
    house: &House,
    caller: &Caller,
    user: &str,
) -> Result<Option<String>, Problem> {
    let user = store::access::users::get(&house.db, caller.orgi(), user).await?;
    Ok(user.and_then(|user| user.department_id))
}

async fn seen(house: &House, caller: &Caller, scope: Scope<'_>) -> Result<SettingsOut, Problem> {
    let levels = levels(house, caller, scope).await?;
    let values: Vec<Overrides> = levels.iter().map(|(_, level)| level.clone()).collect();
    let effective = settings::effective(&values);
    let mut sources = leaves(&effective)?;
    for source in sources.values_mut() {
        *source = "default".into();
    }
    for (name, level) in &levels {
        for key in leaves(level)?.keys() {
            sources.insert(key.clone(), (*name).into());
        }
    }
    let id = match scope {
        Scope::Tenant => None,
        Scope::Department(id) | Scope::Campaign(id) => Some(id.to_owned()),
    };
    Ok(SettingsOut {
        scope: scope.name(),
        id,
        own: own(&house.db, caller.orgi(), scope).await?,
        effective,
        sources,
    })
}

/// Every value by its path, as `ring_timeout` and `retry_minutes/busy`.
fn leaves<T: Serialize>(value: &T) -> Result<Map<String, Value>, Problem> {
    let mut flat = Map::new();
    let whole = serde_json::to_value(value).map_err(|error| Problem::internal(&error))?;
    for (name, value) in whole.as_object().into_iter().flatten() {
        match value {
            Value::Object(inner) => flat.extend(
                inner
                    .iter()
                    .map(|(key, value)| (format!("{name}/{key}"), value.clone())),
            ),
            value => {
                flat.insert(name.clone(), value.clone());
            }
        }
    }
    Ok(flat)
}

impl Where {
    async fn scope(&self, house: &House, caller: &Caller) -> Result<Scope<'_>, Problem> {
        let id = self.id.as_deref();
        match (self.scope.as_deref().unwrap_or("tenant"), id) {
            ("tenant", None) => Ok(Scope::Tenant),
            ("department", Some(id)) => {
                let found = store::access::departments::get(&house.db, caller.orgi(), id).await?;
                find::there(found)?;
                Ok(Scope::Department(id))
            }
            ("campaign", Some(id)) => {
                find::campaign(house, caller, id).await?;
                Ok(Scope::Campaign(id))
            }
            ("tenant", Some(_)) => Err(Problem::at("/id", "unknown_field", "a tenant has none")),
            ("department" | "campaign", None) => {
                Err(Problem::at("/id", "missing_field", "says whose"))
            }
            _ => Err(Problem::at(
                "/scope",
                "choice",
                "must be one of tenant, department, campaign",
            )),
        }
    }
}
