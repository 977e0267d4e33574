//! Campaigns and their dashboards.

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, Method},
    routing::get,
};
use engine::draw::{Target, TargetType};
use render::pages::{
    Answers, Campaign, CampaignRow, Campaigns, Choice, NewCampaign, TargetRow, TaskRow,
};
use store::{
    agents, campaign_report, campaigns, filters, gateways, ivr_menus, queues, surveys, targets,
    tasks,
};

use super::{ROWS, Shown, cut, page};
use crate::{
    api::{find, prompt_names},
    caller::Caller,
    house::House,
    input::Params,
    paging::Paging,
    problem::Problem,
    rights,
};

pub fn routes() -> Router<House> {
    Router::new()
        .route("/campaigns", get(list))
        .route("/campaigns/new", get(form))
        .route("/campaigns/{id}", get(one))
}

async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(paging): Params<Paging>,
    asked: HeaderMap,
) -> Shown {
    let before = paging.after()?;
    let rows =
        campaigns::list(&house.db, caller.orgi(), before.as_deref(), ROWS as i64 + 1).await?;
    let (rows, next) = cut(rows, |row| row.id.clone());
    let shown = Campaigns {
        campaigns: rows.into_iter().map(row).collect(),
        commands: commands(&caller),
        next,
    };
    page(&caller, &asked, "/campaigns", &shown)
}

async fn form(State(house): State<House>, caller: Caller, asked: HeaderMap) -> Shown {
    let (db, orgi) = (&house.db, caller.orgi());
    let filters = filters::list(db, orgi, None, 200).await?;
    let gateways = gateways::list(db)
        .await?
        .into_iter()
        .filter(|one| one.enabled);
    let queues = queues::list(db, orgi).await?;
    let menus = ivr_menus::list(db, orgi).await?.into_iter();
    let agents = agents::list(db, orgi).await?;
    let able = house.live.lines().capabilities();
    let shown = NewCampaign {
        prompts: prompt_names(&house).await?,
        listens: able.machine_detection,
        hears_speech: able.speech_detection,
        menus: menus.map(|one| Choice::new(one.id, one.name)).collect(),
        surveys: surveys_of(&house, &caller).await?,
        filters: filters
            .into_iter()
            .map(|one| Choice::new(one.id, one.name))
            .collect(),
        gateways: gateways.map(|one| Choice::new(one.id, one.name)).collect(),
        queues: queues
            .into_iter()
            .map(|one| Choice::new(one.id, one.name))
            .collect(),
        agents: agents
            .into_iter()
            .map(|one| Choice::new(&*one.id, format!("{} {}", one.id, one.name)))
            .collect(),
    };
    page(&caller, &asked, "/campaigns", &shown)
}

async fn one(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    asked: HeaderMap,
) -> Shown {
    let db = &house.db;
    let campaign = find::campaign(&house, &caller, &id).await?;
    let filter = find::filter(&house, &caller, &campaign.filter_id).await?;
    let wanted = store::numbers::settings_of(db, &campaign).await?.gateway;
    let gateways = gateways::list(db).await?;
    let gateway = gateways
        .into_iter()
        .find(|one| wanted.as_ref().is_some_and(|id| id.as_str() == one.id));
    let shown = Campaign {
        filter: Choice::new(filter.id, filter.name),
        gateway: gateway.map(|one| one.name),
        targets: target_rows(&house, &caller, targets::list(db, &id).await?).await?,
        tasks: tasks::list(db, &id, None, 10)
            .await?
            .into_iter()
            .map(task_row)
            .collect(),
        commands: commands(&caller),
        surveys: surveys_of(&house, &caller).await?,
        survey: campaign
            .settings
            .survey
            .clone()
            .map(Into::into)
            .unwrap_or_default(),
        answers: answers(campaign_report::surveys(db, &id).await?),
        campaign: row(campaign),
    };
    page(&caller, &asked, "/campaigns", &shown)
}

async fn surveys_of(house: &House, caller: &Caller) -> Result<Vec<Choice>, Problem> {
    let all = surveys::list(&house.db, caller.orgi()).await?.into_iter();
    Ok(all.map(|one| Choice::new(one.id, one.name)).collect())
}

fn answers(sums: campaign_report::Surveys) -> Answers {
    Answers {
        asked: sums.asked,
        satisfied: sums.satisfied,
        fair: sums.fair,
        dissatisfied: sums.dissatisfied,
        unanswered: sums.unanswered,
    }
}

/// Whether this person may start and stop campaigns.
fn commands(caller: &Caller) -> bool {
    rights::of(&Method::POST, "/api/v1/campaigns/{id}/start")
        .is_some_and(|who| who.includes(caller.role()))
}

fn row(campaign: campaigns::Campaign) -> CampaignRow {
    CampaignRow {
        id: campaign.id,
        name: campaign.name,
        mode: campaign.campaign_type,
        state: campaign.state,
        description: campaign.description,
        revision: campaign.revision,
        created_at: campaign.created_at,
    }
}

async fn target_rows(
    house: &House,
    caller: &Caller,
    targets: Vec<Target>,
) -> Result<Vec<TargetRow>, Problem> {
    let queues = queues::list(&house.db, caller.orgi()).await?;
    let agents = agents::list(&house.db, caller.orgi()).await?;
    let departments = store::access::departments::list(&house.db, caller.orgi()).await?;
    let name = |target: &Target| {
        let id = &target.target_id;
        let found = match target.target_type {
            TargetType::Queue => queues.iter().find(|one| one.id == *id).map(|one| &one.name),
            TargetType::Agent => agents.iter().find(|one| one.id == *id).map(|one| &one.name),
            TargetType::Department => departments
                .iter()
                .find(|one| one.id == *id)
                .map(|one| &one.name),
            TargetType::Robot => None,
        };
        found.unwrap_or(id).clone()
    };
    Ok(targets
        .iter()
        .map(|target| TargetRow {
            target_type: target.target_type.as_str().into(),
            name: name(target),
            quantity: i64::try_from(target.quantity).unwrap_or(i64::MAX),
        })
        .collect())
}

fn task_row(task: tasks::Task) -> TaskRow {
    TaskRow {
        title: task.title,
        state: task.state,
        filtered: task.filtered,
        allocated: task.to_agent + task.to_dept + task.to_ai + task.to_queue,
        unallocated: task.unallocated,
        recycled: task.recycled + task.recycled_dept,
        error_code: task.error_code,
        job_id: task.job_id,
    }
}
