//! A house in which there is something to see on every page.

use serde_json::json;

use super::{
    client::Client,
    stage::{self, text},
};

/// One of each thing that has a page.
pub async fn furnish(api: &Client) -> Vec<String> {
    let batch = stage::batch(api, "may", &["13800138000", "13800138001"]).await;
    let gateway = stage::gateway_at(api, 9, 10.0).await;
    stage::queue(api, "sales", &["8001"], json!({})).await;
    let filter = stage::filter(api, &batch).await;
    let mut campaign = vec![];
    for mode in ["predictive", "preview", "robot"] {
        let body = json!({
            "name": mode, "campaign_type": mode, "filter_id": filter, "settings": stage::settings(&gateway),
        });
        campaign.push(format!(
            "/campaigns/{}",
            text(&api.post("/campaigns", body).await["id"])
        ));
    }
    let route = json!({ "number": "4008001234", "queue_id": "sales" });
    api.put("/routes/hotline", route).await;
    for name in ["more", "hours", "welcome"] {
        let mut sound = b"RIFF\x24\x0c\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
        sound.extend(b"\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\x0c\0\0");
        sound.extend([7; 3_072]);
        let made = api
            .upload("/prompts", &[("name", name)], "sound.wav", sound)
            .await;
        assert_eq!(made.status, 201, "{}", made.body);
    }
    let five = json!({ "prompt": "more", "keys": [{ "key": "5", "score": 1 }] });
    api.put("/surveys/five", json!({ "name": "Five", "survey": five }))
        .await;
    let more = json!({ "greet_long": "more", "nodes": [
        { "name": "Back", "keys": "0", "action": { "type": "back" } },
        { "name": "Opening hours", "keys": "5", "action": { "type": "play", "prompt": "hours" } },
    ] });
    api.put("/ivr-menus/more", json!({ "name": "More", "menu": more }))
        .await;
    let main = json!({ "greet_long": "welcome", "nodes": [
        { "name": "Sales", "keys": "1", "action": { "type": "queue", "queue": "sales" } },
        { "name": "More", "keys": "2", "action": { "type": "submenu", "menu": "more" } },
        { "name": "End", "keys": "#", "action": { "type": "hangup" } },
    ] });
    api.put(
        "/ivr-menus/main",
        json!({ "name": "Reception", "menu": main }),
    )
    .await;
    let route = json!({ "number": "200", "rule": { "type": "ivr", "menu": "main" } });
    api.put("/routes/ivr", route).await;
    api.put("/dnc-lists/house", json!({ "name": "house" }))
        .await;
    api.put("/holidays/2027-01-01", json!({ "name": "New Year" }))
        .await;
    let pages = [
        "/desk",
        "/floor",
        "/campaigns",
        "/campaigns/new",
        "/batches",
        "/filters",
        "/calls",
        "/voicemails",
        "/voicemails?state=unread",
        "/call-backs",
        "/call-backs?state=waiting",
        "/prompts",
        "/dnc",
        "/dnc/house",
        "/rules",
        "/ivr",
        "/lines",
        "/queues/sales",
        "/routes/hotline",
        "/setup",
        "/account",
    ];
    let mut all: Vec<String> = pages.map(String::from).into();
    all.extend([
        format!("/batches/{}", batch.id),
        format!("/filters/{filter}"),
    ]);
    all.extend(campaign);
    all
}
