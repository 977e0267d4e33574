//! A house to knock at.

use std::time::Duration;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use live::{Lines, Live};
use serde_json::{Value, json};
use store::{
    Db,
    access::{FIRST_ORGI, Role, users},
    testing::Home,
};
use tower::ServiceExt;

use crate::{Config, House, clock, router, secret};

pub const PASSWORD: &str = "correct horse battery";

#[derive(Clone)]
pub struct Kit {
    pub router: Router,
    pub db: Db,
    pub live: Live,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
    pub text: String,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The id of what was made or asked for.
    pub fn id(&self) -> String {
        self.body["id"].as_str().expect("an id").into()
    }
}

impl Kit {
    pub fn new(home: &Home) -> Self {
        Self::set_up(home, |config| config)
    }

    /// The same with other settings.
    pub fn set_up(home: &Home, change: impl FnOnce(Config) -> Config) -> Self {
        Self::of(home, Live::ended(), change)
    }

    /// A house over these lines.
    pub fn over(home: &Home, lines: Lines) -> Self {
        Self::of(home, Live::ended().with(lines), |config| config)
    }

    fn of(home: &Home, live: Live, change: impl FnOnce(Config) -> Config) -> Self {
        let config = change(Config {
            patience: Duration::ZERO,
            ..Config::new(home.data_dir.clone())
        });
        let house = House::new(config, home.db.clone(), live.clone());
        Self {
            router: router(house),
            db: home.db.clone(),
            live,
        }
    }

    /// Adds a user of this role, named after it.
    pub async fn user(&self, role: Role) -> String {
        let id = format!("usr_{role}");
        let user = users::User {
            id: id.clone(),
            orgi: FIRST_ORGI.into(),
            username: role.as_str().into(),
            password_hash: secret::hash(PASSWORD).await,
            display_name: role.as_str().into(),
            role,
            department_id: None,
            disabled: false,
            created_at: clock::now().0,
        };
        users::add(&self.db, &user).await.expect("a fresh user");
        id
    }

    /// A bearer token of a fresh user of this role.
    pub async fn token(&self, role: Role) -> String {
        self.user(role).await;
        self.sign_in(role.as_str()).await
    }

    pub async fn sign_in(&self, username: &str) -> String {
        let asked = json!({"username": username, "password": PASSWORD});
        let answer = self
            .ask("POST", "/api/v1/auth/login", &[], Some(asked))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.body["token"].as_str().expect("a token").into()
    }

    /// Asks with a bearer token.
    pub async fn with(&self, token: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
        let bearer = format!("Bearer {token}");
        self.ask(method, path, &[("authorization", &bearer)], body)
            .await
    }

    /// Opens a page of the console, in English.
    pub async fn page(&self, token: &str, path: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("accept", "text/html"),
            ("accept-language", "en"),
        ];
        self.ask("GET", path, &headers, None).await
    }

    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).expect("a request")).await
    }

    /// Uploads a file as a browser does.
    pub async fn upload(&self, token: &str, path: &str, name: &str, bytes: &[u8]) -> Answer {
        self.form(token, ("POST", path), &[], (name, bytes)).await
    }

    /// Sends a form of text parts and a file.
    pub async fn form(
        &self,
        token: &str,
        (method, path): (&str, &str),
        texts: &[(&str, &str)],
        (name, bytes): (&str, &[u8]),
    ) -> Answer {
        self.parts(token, (method, path), texts, Some((name, bytes)))
            .await
    }

    /// The same, with a file or without.
    pub async fn parts(
        &self,
        token: &str,
        (method, path): (&str, &str),
        texts: &[(&str, &str)],
        file: Option<(&str, &[u8])>,
    ) -> Answer {
        let part = "--cut\r\nContent-Disposition: form-data; name=";
        let mut body = String::new();
        for (name, text) in texts {
            body.push_str(&format!("{part}\"{name}\"\r\n\r\n{text}\r\n"));
        }
        let mut body = body.into_bytes();
        if let Some((name, bytes)) = file {
            let head = format!("{part}\"file\"; filename=\"{name}\"\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--cut--\r\n");
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=cut")
            .body(Body::from(body))
            .expect("a request");
        self.send(request).await
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self
            .router
            .clone()
            .oneshot(request)
            .await
            .unwrap_or_else(|never| match never {});
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("the whole body");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
            bytes: bytes.to_vec(),
        }
    }
}

/// Somebody who supervises, at work.
pub struct Desk {
    pub kit: Kit,
    pub token: String,
}

impl Desk {
    pub async fn new(home: &Home) -> Self {
        let kit = Kit::new(home);
        let token = kit.token(Role::Supervisor).await;
        Self { kit, token }
    }

    pub async fn ask(&self, method: &str, path: &str, body: Value) -> Answer {
        let path = format!("/api/v1{path}");
        let body = Some(body).filter(|body| !body.is_null());
        self.kit.with(&self.token, method, &path, body).await
    }
}
