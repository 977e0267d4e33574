use std::sync::Arc;

use axum::http::Request;
use live::Lines;
use serde_json::json;
use store::{
    access::Role,
    testing::{on_both, sqlite},
};
use tokio::sync::mpsc::UnboundedReceiver;

use super::kit::Kit;

#[tokio::test]
async fn every_page_opens_on_both_databases() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Admin).await;
        let made = async |path: &str, body| {
            let answer = kit.with(&token, "POST", path, Some(body)).await;
            assert_eq!(answer.status, 201, "{}", answer.text);
            answer.id()
        };
        let batch = made("/api/v1/batches", json!({"name": "五月 <b>"})).await;
        let filter = made("/api/v1/filters", json!({"name": "f", "batch_id": batch})).await;
        let campaign = json!({"name": "c", "campaign_type": "robot", "filter_id": filter});
        let campaign = made("/api/v1/campaigns", campaign).await;
        for (path, body) in [
            ("/api/v1/queues/sales", json!({"name": "s", "code": "<b>"})),
            (
                "/api/v1/routes/hotline",
                json!({"number": "4008", "queue_id": "sales"}),
            ),
        ] {
            let put = kit.with(&token, "PUT", path, Some(body)).await;
            assert_eq!(put.status, 200, "{}", put.text);
        }
        let one = [
            format!("/batches/{batch}"),
            format!("/filters/{filter}"),
            format!("/campaigns/{campaign}"),
        ];
        let lists = [
            "/batches",
            "/filters",
            "/campaigns",
            "/campaigns/new",
            "/desk",
            "/calls",
            "/call-backs",
            "/call-backs?state=waiting",
            "/voicemails?state=",
            "/setup",
            "/lines",
            "/queues/sales",
            "/routes/hotline",
            "/ivr",
            "/account",
        ];
        for path in lists.into_iter().map(String::from).chain(one) {
            let page = kit.page(&token, &path).await;
            assert_eq!(page.status, 200, "{path}: {}", page.text);
            assert!(page.text.contains("<html lang=\"en\""), "{path}");
            assert!(!page.text.contains("<b>"), "{path}: a name is no markup");
        }
    })
    .await;
}

/// It records; it neither mixes nor tells people from machines.
struct Plain;

impl switch::Switch for Plain {
    fn capabilities(&self) -> switch::Capabilities {
        switch::Capabilities {
            recording: true,
            ..switch::Capabilities::default()
        }
    }

    fn send(&self, _: switch::CommandId, _: switch::Command) -> Result<(), switch::Refused> {
        Err(switch::Refused::Unsupported)
    }

    fn events(&self) -> Option<UnboundedReceiver<switch::Event>> {
        None
    }

    fn legs(&self) -> Vec<switch::LegId> {
        Vec::new()
    }
}

#[tokio::test]
async fn what_the_switch_cannot_do_is_not_offered() {
    let home = sqlite().await;
    let kit = Kit::over(&home, Lines::of(Arc::new(Plain)));
    let able = Kit::new(&home);
    let token = kit.token(Role::Admin).await;
    let batch = json!({"name": "b"});
    let batch = kit
        .with(&token, "POST", "/api/v1/batches", Some(batch))
        .await;
    let filter = json!({"name": "f", "batch_id": batch.id()});
    kit.with(&token, "POST", "/api/v1/filters", Some(filter))
        .await;
    kit.with(&token, "PUT", "/api/v1/extensions/8001", Some(json!({})))
        .await;
    let agent = json!({"name": "Ann", "extension": "8001", "user_id": "usr_admin"});
    let agent = kit
        .with(&token, "PUT", "/api/v1/agents/1", Some(agent))
        .await;
    assert_eq!(agent.status, 200, "{}", agent.text);
    for (path, what, is_offered) in [
        ("/floor", "data-mixes", false),
        ("/floor", "data-mine=\"listen\"", false),
        ("/floor", "data-mine=\"intercept\"", true),
        ("/desk", "data-in-call=\"hold\"", false),
        ("/desk", "data-to=\"consult\"", false),
        ("/desk", "data-to=\"transfer\"", true),
        ("/campaigns/new", "settings.classification.enabled", false),
        ("/setup", "rule.record", true),
        ("/setup", "rule.listens", false),
    ] {
        let shown = kit.page(&token, path).await;
        assert_eq!(shown.text.contains(what), is_offered, "{path}: {what}");
        let shown = able.page(&token, path).await;
        assert!(shown.text.contains(what), "{path}: {what}");
    }
}

#[tokio::test]
async fn a_refusal_is_told_in_the_language_of_the_page() {
    let home = sqlite().await;
    let kit = Kit::new(&home);
    let token = kit.token(Role::Supervisor).await;
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("accept", "text/html"),
        ("accept-language", "zh-CN"),
    ];
    let page = kit
        .ask("GET", "/voicemails?state=eaten", &headers, None)
        .await;
    assert!(page.text.contains("state: 不是可选的值"), "{}", page.text);
    assert!(!page.text.contains("must be"), "{}", page.text);
}

#[tokio::test]
async fn a_state_that_there_is_not_is_said_so() {
    let home = sqlite().await;
    let kit = Kit::new(&home);
    let token = kit.token(Role::Supervisor).await;
    for path in ["/voicemails?state=eaten", "/call-backs?state=eaten"] {
        let page = kit.page(&token, path).await;
        assert_eq!(page.status, 422, "{path}: {}", page.text);
        assert!(page.text.contains("<h1>Not known</h1>"), "{}", page.text);
        assert!(page.text.contains("state: must be one of"), "{}", page.text);
    }
}

#[tokio::test]
async fn who_is_not_signed_in_goes_to_the_door() {
    let home = sqlite().await;
    let kit = Kit::new(&home);
    let away = kit
        .ask("GET", "/batches", &[("accept", "text/html")], None)
        .await;
    assert_eq!(away.status, 303);
    assert_eq!(away.headers["location"], "/login");
    let door = kit.ask("GET", "/login", &[], None).await;
    assert_eq!(door.status, 200);
    assert!(door.text.contains("<html lang=\"zh-CN\""));
    let token = kit.token(Role::Agent).await;
    let home_page = kit.page(&token, "/").await;
    assert_eq!(home_page.headers["location"], "/desk");
    let refused = kit.page(&token, "/setup").await;
    assert_eq!(refused.status, 403);
    assert!(
        refused.text.contains("<h1>Not allowed</h1>"),
        "{}",
        refused.text
    );
    assert!(
        !kit.page(&token, "/desk")
            .await
            .text
            .contains("href=\"/setup\"")
    );
}

#[tokio::test]
async fn assets_are_served_once() {
    let home = sqlite().await;
    let kit = Kit::new(&home);
    let first = kit.ask("GET", "/assets/app.css", &[], None).await;
    assert_eq!(first.status, 200);
    let tag = first.headers["etag"].to_str().unwrap().to_owned();
    let again = kit
        .ask("GET", "/assets/app.css", &[("if-none-match", &tag)], None)
        .await;
    assert_eq!(again.status, 304);
    for path in [
        "/assets/../Cargo.toml",
        "/assets/%2e%2e/layout/shell.html",
        "/assets/none.css",
    ] {
        let request = Request::get(path).body(axum::body::Body::empty()).unwrap();
        assert_eq!(kit.send(request).await.status, 404, "{path}");
    }
    let texts = kit.ask("GET", "/texts/en.json", &[], None).await;
    assert_eq!(texts.body["word-role-admin"], "Administrator");
}
