use serde_json::json;
use store::{
    access::{Role, audit},
    testing::{on_both, sqlite},
};

use super::kit::{Kit, PASSWORD};
use crate::rights::TABLE;

#[tokio::test]
async fn a_session_begins_with_a_password_and_ends_with_a_word() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Admin).await;
        let me = kit.with(&token, "GET", "/api/v1/auth/me", None).await;
        assert_eq!(me.body["role"], "admin");
        let out = kit.with(&token, "POST", "/api/v1/auth/logout", None).await;
        assert_eq!(out.status, 204);
        let me = kit.with(&token, "GET", "/api/v1/auth/me", None).await;
        assert_eq!((me.status.as_u16(), me.code()), (401, "UNAUTHENTICATED"));
    })
    .await;
}

#[tokio::test]
async fn wrong_passwords_are_slowed_down() {
    let home = sqlite().await;
    let kit = Kit::new(&home);
    kit.user(Role::Agent).await;
    let mut codes = Vec::new();
    for _ in 0..7 {
        let asked = json!({"username": "agent", "password": "guess"});
        let answer = kit
            .ask("POST", "/api/v1/auth/login", &[], Some(asked))
            .await;
        codes.push(answer.code().to_owned());
        if answer.code() == "LOCKED_OUT" {
            assert!(answer.headers.contains_key("retry-after"));
        }
    }
    assert_eq!(codes[..6], ["BAD_CREDENTIALS"; 6]);
    assert_eq!(codes[6], "LOCKED_OUT");
}

#[tokio::test]
async fn a_page_needs_its_token_and_its_own_site() {
    let home = sqlite().await;
    let kit = Kit::new(&home);
    kit.user(Role::Supervisor).await;
    let asked = json!({"username": "supervisor", "password": PASSWORD, "cookie": true});
    let login = kit
        .ask("POST", "/api/v1/auth/login", &[], Some(asked))
        .await;
    assert!(login.body["token"].is_null());
    let set = login.headers["set-cookie"].to_str().unwrap();
    assert!(
        set.contains("HttpOnly") && set.contains("SameSite=Strict"),
        "{set}"
    );
    let cookie = set.split(';').next().unwrap();
    let csrf = csrf(&kit, cookie).await;

    let name = || Some(json!({"name": "回访批次"}));
    let post = |headers: Vec<(&'static str, String)>, cookie: String, kit: Kit| async move {
        let mut all = vec![("cookie", cookie.as_str()), ("host", "cc.local")];
        all.extend(headers.iter().map(|(name, value)| (*name, value.as_str())));
        kit.ask("POST", "/api/v1/batches", &all, name()).await
    };
    let bare = post(vec![], cookie.into(), kit.clone()).await;
    assert_eq!((bare.status.as_u16(), bare.code()), (403, "CSRF"));
    let foreign = vec![
        ("x-csrf-token", csrf.clone()),
        ("origin", "https://evil.example".into()),
    ];
    let foreign = post(foreign, cookie.into(), kit.clone()).await;
    assert_eq!(foreign.code(), "ORIGIN");
    let own = vec![("x-csrf-token", csrf), ("origin", "http://cc.local".into())];
    let own = post(own, cookie.into(), kit.clone()).await;
    assert_eq!(own.status, 201, "{}", own.text);
}

/// What the page would carry.
async fn csrf(kit: &Kit, cookie: &str) -> String {
    let (_, token) = cookie.split_once('=').unwrap();
    let hash = crate::secret::digest(token.as_bytes());
    let found = store::access::sessions::find(&kit.db, &hash, 0)
        .await
        .unwrap();
    found.expect("a session").csrf
}

#[tokio::test]
async fn every_route_asks_for_the_role() {
    let home = sqlite().await;
    let kit = Kit::new(&home);
    let mut tokens = Vec::new();
    for role in Role::ALL {
        tokens.push((role, kit.token(role).await));
    }
    for (method, template, who) in TABLE {
        if *template == "/api/v1/auth/logout" || !template.starts_with("/api/") {
            continue;
        }
        let path = concrete(template);
        let body = (*method != "GET").then(|| json!({}));
        let nobody = kit.ask(method, &path, &[], body.clone()).await;
        let needs_session = !matches!(who, crate::rights::Who::Anyone);
        assert_eq!(
            nobody.code() == "UNAUTHENTICATED",
            needs_session,
            "{method} {path}"
        );
        for (role, token) in &tokens {
            let answer = kit.with(token, method, &path, body.clone()).await;
            let refused = answer.code() == "FORBIDDEN";
            assert_eq!(
                refused,
                !who.includes(*role),
                "{role}: {method} {path}: {}",
                answer.text
            );
            assert_ne!(
                answer.status, 500,
                "{role}: {method} {path}: {}",
                answer.text
            );
        }
    }
}

fn concrete(template: &str) -> String {
    template
        .split('/')
        .map(|part| if part.starts_with('{') { "x1" } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

#[tokio::test]
async fn the_last_administrator_stays_one() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Admin).await;
        let change = Some(json!({"role": "agent"}));
        let answer = kit
            .with(&token, "PATCH", "/api/v1/users/usr_admin", change)
            .await;
        assert_eq!((answer.status.as_u16(), answer.code()), (409, "LAST_ADMIN"));
    })
    .await;
}

#[tokio::test]
async fn changes_leave_a_trail_and_reading_does_not() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Marketer).await;
        let name = Some(json!({"name": "回访批次"}));
        let made = kit
            .with(&token, "POST", "/api/v1/batches", name.clone())
            .await;
        kit.with(&token, "GET", "/api/v1/batches", None).await;
        let again = kit.with(&token, "POST", "/api/v1/batches", name).await;
        assert_eq!(again.code(), "NAME_TAKEN");
        let trail = audit::list(&kit.db, store::access::FIRST_ORGI, None, 10)
            .await
            .unwrap();
        assert_eq!(trail.len(), 1);
        assert_eq!(trail[0].action, "POST batches");
        assert_eq!(trail[0].user_id.as_deref(), Some("usr_marketer"));
        assert!(trail[0].detail.contains(&made.id()), "{}", trail[0].detail);
    })
    .await;
}

#[tokio::test]
async fn the_first_administrator_is_made_once() {
    on_both(|home| async move {
        let password = crate::first_admin(&home.db)
            .await
            .unwrap()
            .expect("a password");
        assert_eq!(crate::first_admin(&home.db).await.unwrap(), None);
        let kit = Kit::new(&home);
        let asked = json!({"username": "admin", "password": password});
        let answer = kit
            .ask("POST", "/api/v1/auth/login", &[], Some(asked))
            .await;
        assert_eq!(answer.status, 200);
    })
    .await;
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let home = sqlite().await;
    let kit = Kit::new(&home);
    let first = kit.token(Role::Agent).await;
    let second = kit.sign_in("agent").await;
    let weak = json!({"old": PASSWORD, "new": "short"});
    let answer = kit
        .with(&first, "POST", "/api/v1/auth/password", Some(weak))
        .await;
    assert_eq!(answer.body["errors"][0]["pointer"], "/new");
    let good = json!({"old": PASSWORD, "new": "a longer password"});
    let answer = kit
        .with(&first, "POST", "/api/v1/auth/password", Some(good))
        .await;
    assert_eq!(answer.status, 204);
    let me = |token: String| {
        let kit = kit.clone();
        async move {
            kit.with(&token, "GET", "/api/v1/auth/me", None)
                .await
                .status
        }
    };
    assert_eq!(me(first).await, 200);
    assert_eq!(me(second).await, 401);
}
