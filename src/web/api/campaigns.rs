//! `/campaigns` (活动): OUT-104 to OUT-126.

mod asked;
mod form;
mod leads;

use std::collections::BTreeSet;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use engine::{
    campaign::{Mode, Robot, Settings},
    draw::Target,
    settings::{Own, for_new_campaign, own},
};
use serde::Deserialize;
use store::{
    campaigns::{self, Campaign},
    targets,
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use asked::{are_fields, over, settings_of, with_window};
use form::Form;

use super::{answer::created, find, prompts, shown::shown, surveys};
use crate::{
    caller::Caller,
    clock::{At, now},
    house::House,
    input::{Body, Params},
    paging::{List, Paging},
    problem::Problem,
};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(get, change, remove))
}

shown! {
    CampaignOut of Campaign {
        id: String,
        name: String,
        /// preview, predictive or robot.
        campaign_type: String,
        filter_id: String,
        /// followup or marketing.
        business_type: String,
        /// The id of a dictionary: what agents may say of its leads; or a word of one's own.
        business_status: String,
        /// 抽取数量: leads drawn at one start.
        extract_count: i64,
        /// 默认分配数: quantity of a target that names none.
        default_alloc: i64,
        /// all, 75, 50 or 25.
        alloc_mode: String,
        description: String,
        /// gateway, caller_ids, window, ring_timeout_s, pacing, retry (max_attempts, attempts_per_day and the
        /// minutes after no_answer, busy, unavailable, declined, machine, silent, abandoned and fault),
        /// max_concurrency, robot (prompt; then_queue; listens {voice_level, silence_level, pause_ms, wait_s,
        /// interruptible, silent} and otherwise, as of a robot's route: who speaks goes to then_queue once
        /// they pause; who says nothing is asked once more where `silent` names a prompt, then goes to
        /// `otherwise` or is hung up on, which is the outcome `silent`), preview_countdown_s,
        /// disposition_required, record, survey (none, standard or an id; null: the queue's), list_order,
        /// division, classification
        /// (enabled; machine: hang_up, message or connect; message: the prompt that machines record;
        /// fax and network: hang_up or connect; checked_share; mistaken_prior; thresholds).
        #[schema(value_type = Object)]
        settings: Settings,
        /// What of the outbound settings the campaign sets itself: ring_timeout, max_attempts,
        /// attempts_per_day, retry_no_answer, retry_busy, retry_unavailable, retry_declined,
        /// retry_fault, auto_dial, wrapup_required, pacing, amd. In the others it follows
        /// /settings/outbound.
        #[schema(value_type = Vec<String>)]
        own_settings: BTreeSet<Own>,
        /// draft, running, paused, finished or stopped.
        state: String,
        /// Rises with every change; a change names the one it was made from.
        revision: i64,
        creater: String,
        created_at: At,
        updated_at: At,
    }
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCampaign {
    pub name: String,
    /// preview, predictive or robot.
    pub campaign_type: String,
    /// 筛选表单; also `filter_form`.
    #[serde(alias = "filter_form")]
    pub filter_id: String,
    /// followup (default) or marketing.
    pub business_type: Option<String>,
    pub business_status: Option<String>,
    /// 1 to 1,000,000; 100 when not given.
    pub extract_count: Option<i64>,
    /// 0 to 1,000,000; 100 when not given.
    pub default_alloc: Option<i64>,
    /// all (default), 75, 50 or 25.
    pub alloc_mode: Option<String>,
    pub description: Option<String>,
    /// What of the outbound settings is named here is the campaign's own; in the others it follows
    /// /settings/outbound.
    #[schema(value_type = Object)]
    pub settings: Option<serde_json::Value>,
    /// The same as `window` in `settings`; not both.
    #[schema(value_type = Option<Object>)]
    pub window: Option<serde_json::Value>,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CampaignChange {
    /// The revision that was read.
    pub revision: i64,
    pub name: Option<String>,
    pub campaign_type: Option<String>,
    #[serde(alias = "filter_form")]
    pub filter_id: Option<String>,
    pub business_type: Option<String>,
    pub business_status: Option<String>,
    pub extract_count: Option<i64>,
    pub default_alloc: Option<i64>,
    pub alloc_mode: Option<String>,
    pub description: Option<String>,
    /// All settings; those not named take their default, or what the outbound settings say. What of
    /// these is other than it was becomes the campaign's own.
    #[schema(value_type = Object)]
    pub settings: Option<serde_json::Value>,
    /// The `window` of the settings alone; not with `settings`.
    #[schema(value_type = Option<Object>)]
    pub window: Option<serde_json::Value>,
    /// What the campaign sets itself from now on; what is not named follows the outbound settings again.
    #[schema(value_type = Option<Vec<String>>)]
    pub own_settings: Option<BTreeSet<Own>>,
}

/// 活动列表 · Campaigns, newest first.
#[utoipa::path(get, path = "/api/v1/campaigns", tag = "campaigns", params(Paging),
    responses((status = 200, body = List<CampaignOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(paging): Params<Paging>,
) -> Result<Json<List<CampaignOut>>, Problem> {
    let (limit, before) = (paging.limit()?, paging.after()?);
    let rows = campaigns::list(
        &house.db,
        caller.orgi(),
        before.as_deref(),
        limit as i64 + 1,
    )
    .await?;
    Ok(Json(List::of(
        rows,
        limit,
        |row| row.id.clone(),
        CampaignOut::from,
    )))
}

/// 创建活动 · Add a campaign.
#[utoipa::path(post, path = "/api/v1/campaigns", tag = "campaigns",
    request_body(content = NewCampaign, example = json!({
        "name": "回访", "campaign_type": "predictive", "filter_id": "flt_…",
        "extract_count": 100, "settings": {"gateway": "gw1", "caller_ids": ["02110000"]}})),
    responses((status = 201, body = CampaignOut)))]
async fn add(
    State(house): State<House>,
    caller: Caller,
    Body(asked): Body<NewCampaign>,
) -> Result<Response, Problem> {
    let campaign = create(&house, &caller, asked, None).await?;
    let at = format!("/api/v1/campaigns/{}", campaign.id);
    Ok(created(at, CampaignOut::from(campaign)))
}

/// Adds a campaign, with its only target where there is one.
///
/// # Errors
/// `INVALID`, also for a code that is no field of the leads; `NO_SUCH_FILTER`; `NAME_TAKEN`.
pub async fn create(
    house: &House,
    caller: &Caller,
    asked: NewCampaign,
    to: Option<Target>,
) -> Result<Campaign, Problem> {
    let filter = find::filter(house, caller, &asked.filter_id)
        .await
        .map_err(|_| Problem::of("NO_SUCH_FILTER"))?;
    let mode = mode_of(&asked.campaign_type);
    let levels = super::settings::above(house, caller, caller.user_id()).await?;
    let asked_settings = with_window(asked.settings, asked.window, None)?;
    let own_settings = asked_settings.as_ref().map(own::asked).unwrap_or_default();
    let mut settings = over(for_new_campaign(&levels, mode), asked_settings)?;
    own::follow(&mut settings, &own_settings, &levels, mode);
    let form = Form {
        name: asked.name,
        campaign_type: asked.campaign_type,
        filter_id: asked.filter_id,
        business_type: asked.business_type.unwrap_or_else(|| "followup".into()),
        business_status: asked.business_status.unwrap_or_default(),
        extract_count: asked.extract_count.unwrap_or(100),
        default_alloc: asked.default_alloc.unwrap_or(100),
        alloc_mode: asked.alloc_mode.unwrap_or_else(|| "all".into()),
        description: asked.description.unwrap_or_default(),
        settings,
        own_settings,
    };
    let form = form.checked()?;
    prompts::exist(house, "", form.prompts()).await?;
    if let Some(survey) = &form.settings.survey {
        surveys::known(house, caller, "/settings/survey", survey).await?;
    }
    leads::somewhere(house, caller, &form.settings.robot, &Robot::default()).await?;
    let mut tx = house.db.begin().await?;
    are_fields(&mut tx, &filter, form.settings.fields()).await?;
    let draft = form.draft()?;
    let id = campaigns::create(&mut tx, caller.orgi(), caller.user_id(), &draft, now()).await?;
    if let Some(to) = to {
        targets::replace(&mut tx, &id, &[to], now()).await?;
    }
    tx.commit().await?;
    find::campaign(house, caller, &id).await
}

/// 活动 · One campaign.
#[utoipa::path(get, path = "/api/v1/campaigns/{id}", tag = "campaigns", params(("id" = String, Path)),
    responses((status = 200, body = CampaignOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<CampaignOut>, Problem> {
    Ok(Json(find::campaign(&house, &caller, &id).await?.into()))
}

/// 修改活动 · Change a campaign, also while it runs; type and filter only as a draft.
/// `REVISION_CONFLICT` when somebody else changed it meanwhile.
#[utoipa::path(patch, path = "/api/v1/campaigns/{id}", tag = "campaigns",
    params(("id" = String, Path)), request_body = CampaignChange,
    responses((status = 200, body = CampaignOut)))]
async fn change(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<CampaignChange>,
) -> Result<Json<CampaignOut>, Problem> {
    Ok(Json(save(&house, &caller, &id, asked, None).await?.into()))
}

/// Changes a campaign, and its only target where there is one.
///
/// # Errors
/// `INVALID`; `NO_SUCH_FILTER`; `REVISION_CONFLICT`; `NAME_TAKEN`; `NOT_DRAFT`.
pub async fn save(
    house: &House,
    caller: &Caller,
    id: &str,
    asked: CampaignChange,
    to: Option<Target>,
) -> Result<Campaign, Problem> {
    let old = find::campaign(house, caller, id).await?;
    let filter = asked.filter_id.as_ref().unwrap_or(&old.filter_id);
    let filter = find::filter(house, caller, filter)
        .await
        .map_err(|_| Problem::of("NO_SUCH_FILTER"))?;
    let same_filter = filter.id == old.filter_id;
    let fields_before = old.settings.clone();
    let named_before: BTreeSet<String> = mode_of(&old.campaign_type)
        .map(|mode| old.settings.prompts(mode))
        .into_iter()
        .flatten()
        .map(|(_, name)| name.to_owned())
        .collect();
    let asked_before = old.settings.survey.clone();
    let robot_before = old.settings.robot.clone();
    let before = &old.own_settings.0;
    let asked_settings = with_window(asked.settings, asked.window, Some(&old.settings.0))?;
    let (mut settings, own) = match asked_settings {
        Some(asked) => {
            let new = settings_of(asked.clone())?;
            let own = own::changed(before, &old.settings, &new, &asked);
            (new, own)
        }
        None => (old.settings.0, before.clone()),
    };
    let own_settings = asked.own_settings.unwrap_or(own);
    let campaign_type = asked.campaign_type.unwrap_or(old.campaign_type);
    let levels = super::settings::above(house, caller, &old.creater).await?;
    own::follow(
        &mut settings,
        &own_settings,
        &levels,
        mode_of(&campaign_type),
    );
    let form = Form {
        name: asked.name.unwrap_or(old.name),
        campaign_type,
        filter_id: asked.filter_id.unwrap_or(old.filter_id),
        business_type: asked.business_type.unwrap_or(old.business_type),
        business_status: asked.business_status.unwrap_or(old.business_status),
        extract_count: asked.extract_count.unwrap_or(old.extract_count),
        default_alloc: asked.default_alloc.unwrap_or(old.default_alloc),
        alloc_mode: asked.alloc_mode.unwrap_or(old.alloc_mode),
        description: asked.description.unwrap_or(old.description),
        settings,
        own_settings,
    };
    let form = form.checked()?;
    // One that has gone since keeps nobody from changing something else.
    let mut named = form.prompts();
    named.retain(|(_, name)| !named_before.contains(*name));
    prompts::exist(house, "", named).await?;
    let asks = &form.settings.survey;
    if let Some(survey) = asks.as_ref().filter(|_| *asks != asked_before) {
        surveys::known(house, caller, "/settings/survey", survey).await?;
    }
    leads::somewhere(house, caller, &form.settings.robot, &robot_before).await?;
    let mut tx = house.db.begin().await?;
    let mut fields = form.settings.fields();
    let known = fields_before.fields();
    fields.retain(|field| !same_filter || !known.contains(field));
    are_fields(&mut tx, &filter, fields).await?;
    campaigns::save(&mut tx, id, asked.revision, &form.draft()?, now()).await?;
    if let Some(to) = to {
        targets::replace(&mut tx, id, &[to], now()).await?;
    }
    tx.commit().await?;
    find::campaign(house, caller, id).await
}

/// 删除活动 · Delete a campaign that was never started.
#[utoipa::path(delete, path = "/api/v1/campaigns/{id}", tag = "campaigns",
    params(("id" = String, Path)), responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    find::campaign(&house, &caller, &id).await?;
    let mut tx = house.db.begin().await?;
    campaigns::delete(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn mode_of(campaign_type: &str) -> Option<Mode> {
    serde_json::from_value(campaign_type.into()).ok()
}
