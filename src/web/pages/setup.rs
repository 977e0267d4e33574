//! Set-up.

use axum::{Router, extract::State, http::HeaderMap, routing::get};
use engine::{
    desk::{Function, Settings},
    gateway::Trouble,
    queue::Strategy,
    route::Kind,
};
use render::pages::{
    AgentRow, Choice, DepartmentRow, ExtensionRow, FunctionRow, GatewayRow, Kept, LookedInto,
    NumberRow, QueueRow, RouteRow, Setup, Supervised, SurveyRow, UserRow,
};
use store::{
    access::{Role, departments, users},
    desk,
    house_settings::{self, FileRules, Looked, RecordingRules, Sweep},
    ivr_menus, routes,
    tenant_settings::{self, Supervision, Surveys},
};

use super::{Shown, page};
use crate::{
    api::{
        all_agents, all_extensions, all_gateways, all_numbers, all_queues, all_surveys,
        prompt_names,
    },
    caller::Caller,
    house::House,
    problem::Problem,
};

/// Most users listed.
const USERS: i64 = 200;

pub fn routes() -> Router<House> {
    Router::new().route("/setup", get(setup))
}

async fn setup(State(house): State<House>, caller: Caller, asked: HeaderMap) -> Shown {
    let is_admin = caller.role() == Role::Admin;
    let agents = all_agents(&house, &caller).await?;
    let users = users::list(&house.db, caller.orgi(), "", USERS).await?;
    let default_survey: Surveys = tenant_settings::get(&house.db, caller.orgi()).await?;
    let taken = |id: &str| agents.iter().any(|one| one.user_id.as_deref() == Some(id));
    let free_users = users
        .iter()
        .filter(|user| !user.disabled && !taken(&user.id))
        .map(|user| {
            Choice::new(
                &*user.id,
                format!("{} ({})", user.display_name, user.username),
            )
        })
        .collect();
    let desk = desk::get(&house.db, caller.orgi()).await?;
    let able = house.live.lines().capabilities();
    let shown = Setup {
        free_users,
        functions: match is_admin {
            true => functions(&desk),
            false => Vec::new(),
        },
        numbers_lead_outside: desk.numbers_lead_outside,
        phones_forward: desk.phones_forward,
        supervision: match is_admin {
            true => Some(supervised(&house, &caller).await?),
            false => None,
        },
        kept: match is_admin {
            true => Some(kept(&house).await?),
            false => None,
        },
        users: if is_admin {
            users.into_iter().map(user_row).collect()
        } else {
            Vec::new()
        },
        gateways: all_gateways(&house)
            .await?
            .into_iter()
            .map(gateway_row)
            .collect(),
        queues: all_queues(&house, &caller)
            .await?
            .into_iter()
            .map(queue_row)
            .collect(),
        routes: routes::list(&house.db, caller.orgi())
            .await?
            .into_iter()
            .map(route_row)
            .collect(),
        menus: ivr_menus::list(&house.db, caller.orgi())
            .await?
            .into_iter()
            .map(|menu| Choice::new(menu.id, menu.name))
            .collect(),
        extensions: all_extensions(&house, &caller)
            .await?
            .into_iter()
            .map(|one| ExtensionRow {
                id: one.extension,
                caller_ids: one.caller_ids,
                gateway: one.gateway,
            })
            .collect(),
        surveys: all_surveys(&house, &caller)
            .await?
            .into_iter()
            .map(survey_row)
            .collect(),
        numbers: all_numbers(&house, &caller)
            .await?
            .into_iter()
            .map(number_row)
            .collect(),
        default_survey: default_survey.survey.into(),
        records: able.recording,
        hears_speech: able.speech_detection,
        agents: agents.into_iter().map(agent_row).collect(),
        prompts: prompt_names(&house).await?,
        strategies: Strategy::ALL.iter().map(|one| one.as_str()).collect(),
        is_admin,
    };
    page(&caller, &asked, "/setup", &shown)
}

async fn supervised(house: &House, caller: &Caller) -> Result<Supervised, Problem> {
    let set: Supervision = tenant_settings::get(&house.db, caller.orgi()).await?;
    let granted = set.departments.as_deref().unwrap_or_default();
    let departments = departments::list(&house.db, caller.orgi()).await?;
    let row = |one: departments::Department| DepartmentRow {
        granted: granted.contains(&one.id),
        id: one.id,
        name: one.name,
    };
    Ok(Supervised {
        is_granted: set.departments.is_some(),
        departments: departments.into_iter().map(row).collect(),
    })
}

async fn kept(house: &House) -> Result<Kept, Problem> {
    let recordings = house_settings::get::<RecordingRules>(&house.db).await?;
    let recordings = recordings.unwrap_or_default();
    let files = house_settings::get::<FileRules>(&house.db).await?;
    let swept = house_settings::get::<Sweep>(&house.db).await?;
    Ok(Kept {
        recording_days: recordings.keep_days,
        message_days: recordings.keep_message_days,
        file_days: files.unwrap_or_default().keep_days,
        looked: swept.map(|swept| render::pages::Looked {
            at: swept.at,
            folders: vec![
                looked_into("recordings", swept.recordings),
                looked_into("messages", swept.messages),
            ],
        }),
    })
}

fn looked_into(folder: &'static str, seen: Looked) -> LookedInto {
    let shown = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    LookedInto {
        folder,
        expired: shown(seen.expired),
        expired_bytes: shown(seen.expired_bytes),
        orphans: shown(seen.orphans),
        orphan_bytes: shown(seen.orphan_bytes),
        orphans_deleted: shown(seen.orphans_deleted),
        failed: shown(seen.failed),
    }
}

fn agent_row(agent: crate::api::AgentOut) -> AgentRow {
    AgentRow {
        id: agent.id,
        name: agent.name,
        extension: agent.extension,
        registered: agent.now.registered,
        state: agent.now.state,
        queues: agent.now.queues,
    }
}

fn queue_row(queue: crate::api::QueueOut) -> QueueRow {
    QueueRow {
        id: queue.id,
        name: queue.name,
        code: queue.code,
        agents: queue.agents,
        strategy: queue.settings.strategy().as_str(),
        in_effect: queue.in_effect,
        waiting: queue.waiting.into(),
        ready: queue.ready.into(),
        signed_in: queue.signed_in.into(),
    }
}

fn gateway_row(gateway: crate::api::GatewayOut) -> GatewayRow {
    GatewayRow {
        place: format!("{}:{}/{}", gateway.host, gateway.port, gateway.transport),
        kind: gateway.kind.as_str(),
        state: gateway.state,
        health: gateway.health,
        last_error: gateway.last_error,
        id: gateway.id,
        name: gateway.name,
        remark: gateway.remark,
        enabled: gateway.enabled,
        is_silent: gateway.trouble == Some(Trouble::Silent),
        paused: gateway.paused,
        in_use: gateway.in_use.into(),
        max_channels: gateway.settings.max_channels.into(),
        max_cps: gateway.settings.max_cps,
    }
}

fn survey_row(survey: crate::api::SurveyOut) -> SurveyRow {
    let keys = survey.survey.keys.into_iter();
    SurveyRow {
        id: survey.id,
        name: survey.name,
        prompt: survey.survey.prompt,
        keys: keys.map(|answer| (answer.key, answer.score)).collect(),
    }
}

fn number_row(number: crate::api::NumberOut) -> NumberRow {
    NumberRow {
        number: number.number,
        gateway: number.gateway_id,
        area: number.area,
        daily_limit: number.daily_limit,
        used_today: number.used_today,
        enabled: number.enabled,
        created_at: number.created_at.0,
    }
}

fn route_row(route: store::routes::Route) -> RouteRow {
    RouteRow {
        id: route.id,
        position: route.position,
        number: route.number,
        kind: route.rule.as_str(),
        to: match &route.rule.0 {
            Kind::Queue { queue, .. } => queue.to_string(),
            Kind::Inbound(rule) => rule.to.clone(),
            Kind::Outbound(rule) => rule
                .gateway
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            Kind::Ivr { menu } => menu.to_string(),
            Kind::Robot(robot) => robot.prompt.clone(),
            Kind::Basic => String::new(),
        },
        enabled: route.enabled,
    }
}

fn functions(set: &Settings) -> Vec<FunctionRow> {
    let row = |one: &Function| FunctionRow {
        name: one.as_str(),
        hidden: set.hidden.contains(one),
        hidden_remote: set.hidden_remote.contains(one),
    };
    Function::ALL.iter().map(row).collect()
}

fn user_row(user: users::User) -> UserRow {
    UserRow {
        id: user.id,
        username: user.username,
        display_name: user.display_name,
        role: user.role.as_str(),
        disabled: user.disabled,
    }
}
