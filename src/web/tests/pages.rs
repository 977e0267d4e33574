use axum::http::Request;
use serde_json::json;
use store::{
    access::Role,
    testing::{on_both, sqlite},
};

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
