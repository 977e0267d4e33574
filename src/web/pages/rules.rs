//! Jurisdictions and holidays.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, Method},
    routing::get,
};
use engine::jurisdiction::{self, Pack, Span};
use render::pages::{Choice, HoursRow, LimitRow, PackRow, Rules};
use store::holidays;

use super::{Shown, may, page};
use crate::{caller::Caller, house::House};

pub fn routes() -> Router<House> {
    Router::new().route("/rules", get(rules))
}

async fn rules(State(house): State<House>, caller: Caller, asked: HeaderMap) -> Shown {
    let holidays = holidays::list(&house.db, caller.orgi()).await?;
    let shown = Rules {
        holidays: holidays
            .into_iter()
            .map(|one| Choice::new(one.day, one.name))
            .collect(),
        packs: jurisdiction::all().iter().map(pack_row).collect(),
        may_change: may(caller.role(), &Method::PUT, "/api/v1/holidays/{day}"),
    };
    page(&caller, &asked, "/rules", &shown)
}

fn pack_row(pack: &Pack) -> PackRow {
    let ring = (pack.min_ring_s > 0).then_some(pack.min_ring_s);
    let limits = [
        ("day", pack.caps.day.map(i64::from)),
        ("week", pack.caps.week.map(i64::from)),
        ("rest-days", pack.caps.rest_days.map(i64::from)),
        ("ring", ring.map(i64::from)),
        ("message", pack.message_within_ms),
        ("after-abandoned", pack.after_abandoned_hours.map(i64::from)),
    ];
    PackRow {
        id: pack.id.clone(),
        title: pack.title.clone(),
        version: pack.version.clone(),
        derived: pack.derived,
        hours: pack.hours.iter().flat_map(hours).collect(),
        limits: limits
            .into_iter()
            .filter_map(|(kind, number)| number.map(|number| LimitRow { kind, number }))
            .collect(),
        consent: pack.consent,
        holidays: pack.holidays.iter().map(ToString::to_string).collect(),
        sources: pack.sources.clone(),
    }
}

/// A row for each run of days that follow one another.
fn hours(span: &Span) -> Vec<HoursRow> {
    let mut rows: Vec<HoursRow> = Vec::new();
    for &day in &span.days {
        match rows.last_mut() {
            Some(row) if row.last + 1 == day => row.last = day,
            _ => rows.push(HoursRow {
                first: day,
                last: day,
                from: span.from.into(),
                to: span.to.into(),
            }),
        }
    }
    rows
}
