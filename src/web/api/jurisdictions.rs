//! `/jurisdictions`: the packs of rules that a campaign can name, with their sources.

use axum::Json;
use engine::jurisdiction::{self, Pack};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{house::House, paging::List};

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(list))
}

#[derive(Serialize, ToSchema)]
pub struct JurisdictionOut {
    /// What settings.packs of a campaign names.
    pub id: String,
    pub title: String,
    pub version: String,
    /// Two letters; empty: several countries.
    pub country: String,
    pub state: Option<String>,
    /// It holds wherever evidence places a number there, whether a campaign names it or not.
    pub derived: bool,
    /// Hours by weekday on the called party's clock; empty: no rule about hours.
    #[schema(value_type = Vec<Object>)]
    pub hours: &'static [jurisdiction::Span],
    pub holidays: Vec<String>,
    /// day, week, rest_days: of a number, and of a person.
    #[schema(value_type = Object)]
    pub caps: engine::caps::Limits,
    pub consent: bool,
    pub min_ring_s: u32,
    pub message_within_ms: Option<i64>,
    pub after_abandoned_hours: Option<u32>,
    /// What it stands on. It claims no more than these, and is no legal advice.
    pub sources: Vec<String>,
}

/// 外呼法规 · Every pack of rules.
#[utoipa::path(get, path = "/api/v1/jurisdictions", tag = "setup",
    responses((status = 200, body = List<JurisdictionOut>)))]
async fn list() -> Json<List<JurisdictionOut>> {
    Json(List::whole(jurisdiction::all().iter().map(show).collect()))
}

fn show(pack: &'static Pack) -> JurisdictionOut {
    JurisdictionOut {
        id: pack.id.clone(),
        title: pack.title.clone(),
        version: pack.version.clone(),
        country: pack.country.clone(),
        state: pack.state.clone(),
        derived: pack.derived,
        hours: &pack.hours,
        holidays: pack.holidays.iter().map(ToString::to_string).collect(),
        caps: pack.caps,
        consent: pack.consent,
        min_ring_s: pack.min_ring_s,
        message_within_ms: pack.message_within_ms,
        after_abandoned_hours: pack.after_abandoned_hours,
        sources: pack.sources.clone(),
    }
}
