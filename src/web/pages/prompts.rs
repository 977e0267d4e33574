//! The sounds that callers hear.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, Method},
    routing::get,
};
use render::pages::{PromptRow, Prompts, UseRow};

use super::{Shown, may, page};
use crate::{
    api::{PROMPT_LIMIT, PromptOut, all_prompts},
    caller::Caller,
    house::House,
};

pub fn routes() -> Router<House> {
    Router::new().route("/prompts", get(list))
}

async fn list(State(house): State<House>, caller: Caller, asked: HeaderMap) -> Shown {
    let shown = Prompts {
        prompts: all_prompts(&house).await?.into_iter().map(row).collect(),
        may_change: may(caller.role(), &Method::POST, "/api/v1/prompts"),
        limit: PROMPT_LIMIT,
    };
    page(&caller, &asked, "/prompts", &shown)
}

fn row(prompt: PromptOut) -> PromptRow {
    let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let uses = prompt.used_by.into_iter();
    PromptRow {
        name: prompt.name,
        ms: prompt.ms.map(whole),
        bytes: whole(prompt.bytes),
        changed_at: prompt.changed_at.0,
        original: prompt.original,
        own: prompt.own,
        used_by: uses
            .map(|one| UseRow {
                kind: one.kind,
                name: one.name,
            })
            .collect(),
    }
}
