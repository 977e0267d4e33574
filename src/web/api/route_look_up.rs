//! `/route-look-up`: where a number would go, rule by rule.

use axum::{Json, extract::State};
use engine::{
    destination::Destination,
    route::{self, End, Side, Verdict},
};
use serde::{Deserialize, Serialize};
use store::{extensions, numbers};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    caller::Caller,
    clock::{At, moment, now},
    house::House,
    input::Params,
    problem::Problem,
};

/// Longer ones are no numbers.
const LONGEST: usize = 64;

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(look_up))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// The called number.
    number: String,
    /// Who calls: a number, inside an extension.
    caller: Option<String>,
    /// gateway or inside; gateway when not given.
    #[param(value_type = Option<String>)]
    side: Option<Side>,
    /// RFC 3339; now when not given.
    at: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct LookUpOut {
    at: At,
    /// Every rule that was asked, in order; after an inbound rule once more for its number. None where the
    /// number is that of a phone or an agent, or begins with `*5` or `*6`, and is dialled inside.
    steps: Vec<StepOut>,
    /// to, out or nowhere.
    end: &'static str,
    /// What the caller hears before it: a prompt name.
    prompt: Option<String>,
    /// Where the call goes; past a robot that listens, that of who speaks.
    #[schema(value_type = Option<Object>)]
    to: Option<Destination>,
    /// Past a robot that listens, where the call of who does not speak goes.
    #[schema(value_type = Option<Object>)]
    otherwise: Option<Destination>,
    /// On top of the queue's.
    priority: Option<u8>,
    /// What is dialled.
    number: Option<String>,
    /// Others follow when it is full, rests or refuses. `null`: the gateway with most free channels.
    gateway_id: Option<String>,
    /// What the far end sees: of the numbers of the calling extension the first.
    shown_caller: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct StepOut {
    route_id: String,
    name: String,
    /// basic, inbound, outbound, queue, ivr or robot.
    kind: &'static str,
    /// The number that was asked for.
    number: String,
    /// no_match, wrong_side, closed or taken.
    #[schema(value_type = String)]
    verdict: Verdict,
}

/// 路由查询 · Where would this number go? The rules answer as they would answer the call, inside after the
/// phones that are registered and the agents who are there now.
#[utoipa::path(get, path = "/api/v1/route-look-up", tag = "setup", params(Which),
    responses((status = 200, body = LookUpOut)))]
async fn look_up(
    State(house): State<House>,
    caller: Caller,
    Params(asked): Params<Which>,
) -> Result<Json<LookUpOut>, Problem> {
    if asked.number.is_empty() || asked.number.len() > LONGEST {
        let text = format!("must have 1 to {LONGEST} characters");
        return Err(Problem::at("/number", "length", text));
    }
    let at = match asked.at {
        Some(text) => {
            moment(&text).ok_or_else(|| Problem::at("/at", "format", "must be RFC 3339"))?
        }
        None => now(),
    };
    let side = asked.side.unwrap_or(Side::Gateway);
    let mut shown = LookUpOut {
        at: At(at.0),
        steps: Vec::new(),
        end: "nowhere",
        prompt: None,
        to: None,
        otherwise: None,
        priority: None,
        number: None,
        gateway_id: None,
        shown_caller: None,
    };
    if side == Side::Inside
        && let Some(named) = house.live.named_at_phone(asked.number.clone()).await
    {
        shown.end = if named.is_some() { "to" } else { "nowhere" };
        shown.to = named;
        return Ok(Json(shown));
    }
    let rules = store::routes::specs(&house.db, Some(caller.orgi())).await?;
    let walk = route::walk(&rules, &asked.number, side, at);
    let steps = walk.steps.into_iter().map(|step| StepOut {
        route_id: step.rule,
        name: step.name,
        kind: step.kind,
        number: step.number,
        verdict: step.verdict,
    });
    shown.steps = steps.collect();
    match walk.end {
        End::To {
            prompt,
            listening,
            then,
            priority,
        } => {
            shown.end = "to";
            shown.otherwise = listening.map(|listening| listening.otherwise);
            shown.prompt = prompt;
            shown.to = Some(then);
            shown.priority = Some(priority);
        }
        End::Out { number, rule } => {
            shown.end = "out";
            shown.number = Some(number);
            let phone = asked.caller.as_deref().unwrap_or_default();
            let bound = extensions::gateways(&house.db).await?.remove(phone);
            let bound = bound.filter(|_| rule.by_extension);
            shown.gateway_id = bound.or(rule.gateway).map(Into::into);
            let own = numbers::of_phones(&house.db).await?.remove(phone);
            let own = own.and_then(|numbers| numbers.into_iter().next());
            shown.shown_caller = own.or(rule.caller).or(asked.caller);
        }
        End::Nowhere => {}
    }
    Ok(Json(shown))
}
