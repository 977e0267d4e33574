//! The supervisor's page.

use axum::{Router, extract::State, http::HeaderMap, routing::get};
use render::pages::Floor;
use store::agents;

use super::{Shown, page};
use crate::{caller::Caller, house::House};

pub fn routes() -> Router<House> {
    Router::new().route("/floor", get(floor))
}

async fn floor(State(house): State<House>, caller: Caller, asked: HeaderMap) -> Shown {
    let own = agents::of_user(&house.db, caller.user_id()).await?;
    let extension = own.map(|agent| agent.extension).unwrap_or_default();
    let mixes = house.live.lines().capabilities().mixing;
    page(&caller, &asked, "/floor", &Floor { extension, mixes })
}
