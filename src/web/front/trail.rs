//! Writes down every change that was made (OUT-261).

use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{Method, header},
    middleware::Next,
    response::Response,
};
use serde_json::json;
use store::access::audit;

use super::seal::RequestId;
use crate::{caller::Caller, clock, house::House};

/// What a handler adds to the trail's entry, as an extension of its response.
#[derive(Debug, Clone)]
pub struct Note(pub serde_json::Value);

pub async fn trail(State(house): State<House>, request: Request, next: Next) -> Response {
    let Some(mut entry) = entry(&request) else {
        return next.run(request).await;
    };
    let address = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(address)| address.ip().to_string());
    let request_id = request.extensions().get::<RequestId>().cloned();
    let always = is_kept_when_refused(&entry);
    let response = next.run(request).await;
    if response.status().is_success() || always {
        let made = response.headers().get(header::LOCATION);
        let note = response.extensions().get::<Note>();
        entry.detail = json!({
            "note": note.map(|Note(note)| note),
            "refused": (!response.status().is_success()).then(|| response.status().as_u16()),
            "request": request_id.map(|id| id.0),
            "address": address,
            "made": made.and_then(|made| made.to_str().ok()),
        })
        .to_string();
        if let Err(error) = audit::add(&house.db, &entry).await {
            tracing::error!(%error, action = entry.action, "a change is missing in the audit trail");
        }
    }
    response
}

/// Who tried to give whom orders, to end which call or to change who is in it, is kept, whatever came of
/// it (AGT-155).
fn is_kept_when_refused(entry: &audit::Entry) -> bool {
    let ends = ["/supervise", "/release"];
    let is_about_parties = entry.action.contains("calls/{id}/members");
    let is_to_agent = entry.action.starts_with("POST agents/{id}/");
    is_about_parties || is_to_agent || ends.iter().any(|end| entry.action.ends_with(end))
}

/// `None` for what changes nothing, and for an agent's own steps: those stand in the agent's states.
fn entry(request: &Request) -> Option<audit::Entry> {
    let caller = request.extensions().get::<Caller>()?;
    let template = request.extensions().get::<MatchedPath>()?.as_str();
    let path = template.strip_prefix("/api/v1/")?;
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if reads || request.uri().path().starts_with("/api/v1/agents/me/") {
        return None;
    }
    Some(audit::Entry {
        id: store::new_id("aud"),
        orgi: caller.orgi().into(),
        at: clock::now().0,
        user_id: Some(caller.user_id().into()),
        action: format!("{} {path}", request.method()),
        subject: request.uri().path().trim_start_matches("/api/v1/").into(),
        detail: String::new(),
    })
}
