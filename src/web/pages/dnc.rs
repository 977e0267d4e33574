//! DNC lists.

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, Method},
    routing::get,
};
use render::pages::{Choice, DncEntryRow, DncList, DncListRow, DncLists};
use store::{
    campaigns,
    dnc::{self, Entry, List},
};

use super::{ROWS, Shown, cut, may, page};
use crate::{api::find, caller::Caller, clock::now, house::House, input::Params, paging::Paging};

/// Most campaigns that a list can be bound to from here.
const CAMPAIGNS: i64 = 200;

pub fn routes() -> Router<House> {
    Router::new()
        .route("/dnc", get(lists))
        .route("/dnc/{id}", get(one))
}

async fn lists(State(house): State<House>, caller: Caller, asked: HeaderMap) -> Shown {
    let rows = dnc::list(&house.db, caller.orgi()).await?;
    let campaigns = campaigns::list(&house.db, caller.orgi(), None, CAMPAIGNS).await?;
    let path = "/api/v1/dnc-lists/{id}";
    let shown = DncLists {
        lists: rows.into_iter().map(list_row).collect(),
        campaigns: campaigns
            .into_iter()
            .map(|one| Choice::new(one.id, one.name))
            .collect(),
        may_make: may(caller.role(), &Method::PUT, path),
        may_drop: may(caller.role(), &Method::DELETE, path),
    };
    page(&caller, &asked, "/dnc", &shown)
}

async fn one(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Params(paging): Params<Paging>,
    asked: HeaderMap,
) -> Shown {
    let after = paging.after()?.unwrap_or_default();
    let (db, orgi) = (&house.db, caller.orgi());
    let (list, bound) = find::there(dnc::get(db, orgi, &id).await?)?;
    let mut names = Vec::new();
    for campaign in &bound {
        let found = campaigns::get(db, orgi, campaign).await?;
        names.push(found.map_or_else(|| campaign.clone(), |found| found.name));
    }
    let rows = dnc::page(db, orgi, &id, &after, ROWS as u32 + 1).await?;
    let (rows, next) = cut(rows, Entry::key);
    let shown = DncList {
        list: list_row(list),
        campaigns: names,
        entries: rows.into_iter().map(entry_row).collect(),
        may_take_off: may(
            caller.role(),
            &Method::POST,
            "/api/v1/dnc-lists/{id}/entries/remove",
        ),
        next,
    };
    page(&caller, &asked, "/dnc", &shown)
}

fn list_row(list: List) -> DncListRow {
    DncListRow {
        id: list.id,
        name: list.name,
        scope: list.scope,
        source: list.source,
        version: list.version,
        entries: list.entries,
        updated_at: list.updated_at,
    }
}

fn entry_row(entry: Entry) -> DncEntryRow {
    DncEntryRow {
        is_over: entry.expires_at.is_some_and(|at| at <= now().0),
        number: entry.number,
        is_prefix: entry.is_prefix,
        reason: entry.reason,
        source: entry.source,
        created_at: entry.created_at,
        expires_at: entry.expires_at,
    }
}
