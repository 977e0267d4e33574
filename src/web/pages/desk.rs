//! The agent's page.

use axum::{Router, extract::State, http::HeaderMap, routing::get};
use engine::{
    campaign::{Mode, State as Campaign},
    disposition::Code,
};
use render::pages::{Choice, Desk};
use store::{agents, campaigns};

use super::{Shown, page};
use crate::{caller::Caller, house::House};

pub fn routes() -> Router<House> {
    Router::new().route("/desk", get(desk))
}

async fn desk(State(house): State<House>, caller: Caller, asked: HeaderMap) -> Shown {
    let agent = agents::of_user(&house.db, caller.user_id()).await?;
    let running = campaigns::in_states(&house.db, &[Campaign::Running]).await?;
    let shown = Desk {
        extension: agent
            .as_ref()
            .map(|one| one.extension.clone())
            .unwrap_or_default(),
        agent: agent.map(|one| Choice::new(one.id, one.name)),
        previews: running
            .into_iter()
            .filter(|one| one.orgi == caller.orgi())
            .filter(|one| one.campaign_type == Mode::Preview.as_str())
            .map(|one| Choice::new(one.id, one.name))
            .collect(),
        dispositions: Code::ALL.map(Code::as_str).to_vec(),
        mixes: house.live.lines().capabilities().mixing,
    };
    page(&caller, &asked, "/desk", &shown)
}
