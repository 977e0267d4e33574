//! The REST API as an integrator uses it.

use std::time::Duration;

use reqwest::{Method, StatusCode, multipart};
use serde_json::{Value, json};

/// An answer: status and JSON body (`null` when there is none).
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
}

impl Answer {
    /// The stable code of a problem (RFC 9457).
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

#[derive(Debug, Clone)]
pub struct Client {
    base: String,
    http: reqwest::Client,
    token: String,
}

impl Client {
    /// Signs in at `base`, such as `http://127.0.0.1:8080/api/v1`.
    ///
    /// # Panics
    /// When the server does not let this person in.
    pub async fn sign_in(base: &str, username: &str, password: &str) -> Self {
        // Whichever test comes first installs it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = Self {
            base: base.to_owned(),
            http: reqwest::Client::builder()
                .timeout(Duration::from_secs(30))
                .build()
                .expect("a client"),
            token: String::new(),
        };
        let who = json!({ "username": username, "password": password });
        let answer = client.post("/auth/login", who).await;
        client.token = answer["token"].as_str().expect("a token").to_owned();
        client
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    pub fn token(&self) -> &str {
        &self.token
    }

    /// # Panics
    /// When the answer is not a success.
    pub async fn get(&self, path: &str) -> Value {
        expect_success(path, self.ask(Method::GET, path, None).await)
    }

    /// # Panics
    /// When the answer is not a success.
    pub async fn post(&self, path: &str, body: Value) -> Value {
        expect_success(path, self.ask(Method::POST, path, Some(body)).await)
    }

    /// # Panics
    /// When the answer is not a success.
    pub async fn put(&self, path: &str, body: Value) -> Value {
        expect_success(path, self.ask(Method::PUT, path, Some(body)).await)
    }

    /// The answer, whatever it is.
    ///
    /// # Panics
    /// When there is none.
    pub async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(path, request).await
    }

    /// Uploads a file with further form fields, and gives the answer whatever it is.
    ///
    /// # Panics
    /// When there is none.
    pub async fn upload(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        name: &str,
        bytes: Vec<u8>,
    ) -> Answer {
        let mut form = multipart::Form::new();
        for (field, value) in fields {
            form = form.text((*field).to_owned(), (*value).to_owned());
        }
        form = form.part(
            "file",
            multipart::Part::bytes(bytes).file_name(name.to_owned()),
        );
        answer(path, self.request(Method::POST, path).multipart(form)).await
    }

    /// Puts a file in the place of another.
    ///
    /// # Panics
    /// When the server refuses it.
    pub async fn replace(&self, path: &str, bytes: Vec<u8>) -> Value {
        let file = multipart::Part::bytes(bytes).file_name("file");
        let form = multipart::Form::new().part("file", file);
        let answer = answer(path, self.request(Method::PUT, path).multipart(form)).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    /// Sends form fields without a file, and gives the answer whatever it is.
    ///
    /// # Panics
    /// When there is none.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = multipart::Form::new();
        for (field, value) in fields {
            form = form.text((*field).to_owned(), (*value).to_owned());
        }
        answer(path, self.request(Method::POST, path).multipart(form)).await
    }

    /// The bytes of a file.
    ///
    /// # Panics
    /// When the answer is not a success.
    pub async fn download(&self, path: &str) -> Vec<u8> {
        let response = self.request(Method::GET, path).send().await.expect(path);
        assert!(
            response.status().is_success(),
            "{path}: {}",
            response.status()
        );
        response.bytes().await.expect("a body").into()
    }

    /// Every element of a list, page by page.
    ///
    /// # Panics
    /// When the answer is not a list.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self
                .get(&format!("{path}{separator}limit=200{cursor}"))
                .await;
            found.extend(page["data"].as_array().expect("a list").iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) if page["has_more"] != false => cursor = format!("&cursor={next}"),
                _ => return found,
            }
        }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        if self.token.is_empty() {
            request
        } else {
            request.bearer_auth(&self.token)
        }
    }
}

async fn answer(path: &str, request: reqwest::RequestBuilder) -> Answer {
    let response = request
        .send()
        .await
        .unwrap_or_else(|error| panic!("{path}: {error:?}"));
    let status = response.status();
    let bytes = response
        .bytes()
        .await
        .unwrap_or_else(|error| panic!("{path}: {error:?}"));
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Answer { status, body }
}

fn expect_success(path: &str, answer: Answer) -> Value {
    assert!(
        answer.status.is_success(),
        "{path}: {} {}",
        answer.status,
        answer.body
    );
    answer.body
}
