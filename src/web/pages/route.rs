//! One route: its text as it is kept, and what it was (VOX-117, VOX-118).

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, Method},
    routing::get,
};
use render::pages::{Route, VersionRow};
use store::{
    access::users,
    routes::{self, Document, Version},
};

use super::{Shown, may, page};
use crate::{api::find, caller::Caller, house::House, problem::Problem};

/// Most users whose names are shown.
const USERS: i64 = 1_000;

pub fn routes() -> Router<House> {
    Router::new().route("/routes/{id}", get(one))
}

async fn one(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    asked: HeaderMap,
) -> Shown {
    let mut all = routes::list(&house.db, caller.orgi()).await?.into_iter();
    let route = find::there(all.find(|route| route.id == id))?;
    let users = users::list(&house.db, caller.orgi(), "", USERS).await?;
    let names = users.into_iter().map(|user| (user.id, user.display_name));
    let names: BTreeMap<String, String> = names.collect();
    let versions = routes::versions(&house.db, caller.orgi(), &id).await?;
    let versions = versions.into_iter().map(|version| row(version, &names));
    let shown = Route {
        versions: versions.collect::<Result<_, _>>()?,
        name: route.name.clone(),
        text: text(&route.document())?,
        may_restore: may(
            caller.role(),
            &Method::POST,
            "/api/v1/routes/{id}/versions/{version}/restore",
        ),
        id,
    };
    page(&caller, &asked, "/setup", &shown)
}

fn row(version: Version, names: &BTreeMap<String, String>) -> Result<VersionRow, Problem> {
    let document = version.document.0;
    Ok(VersionRow {
        text: text(&document)?,
        version: version.version,
        kind: document.rule.as_str(),
        number: document.number,
        position: document.position,
        enabled: document.enabled,
        by: version.saved_by.and_then(|id| names.get(&id).cloned()),
        at: version.saved_at,
    })
}

fn text(document: &Document) -> Result<String, Problem> {
    serde_json::to_string_pretty(document).map_err(|error| Problem::internal(&error))
}
