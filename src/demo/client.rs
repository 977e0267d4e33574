//! The demo speaks to the server as any program would: over its REST interface.

use std::{net::SocketAddr, path::Path, time::Duration};

use anyhow::{Context, Result, bail};
use reqwest::{Method, RequestBuilder, multipart};
use serde_json::{Value, json};

#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Client {
    /// # Errors
    /// When the server does not let the user in.
    pub async fn sign_in(server: SocketAddr, user: &str, password: &str) -> Result<Self> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()?;
        let base = format!("http://{server}/api/v1");
        let mut client = Self {
            http,
            base,
            token: String::new(),
        };
        let login = json!({ "username": user, "password": password });
        let answer = client.post("/auth/login", &login).await?;
        client.token = text(&answer, "token")?;
        Ok(client)
    }

    /// # Errors
    /// When the server refuses.
    pub async fn get(&self, path: &str) -> Result<Value> {
        self.send(path, self.request(Method::GET, path)).await
    }

    /// # Errors
    /// When the server refuses.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(path, self.request(Method::POST, path).json(body))
            .await
    }

    /// # Errors
    /// When the server refuses.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(path, self.request(Method::PUT, path).json(body))
            .await
    }

    /// # Errors
    /// When the server refuses.
    pub async fn delete(&self, path: &str) -> Result<()> {
        self.send(path, self.request(Method::DELETE, path)).await?;
        Ok(())
    }

    /// # Errors
    /// When the file cannot be read or the server refuses.
    pub async fn upload(&self, path: &str, file: &Path) -> Result<Value> {
        let name = file
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let part = multipart::Part::bytes(tokio::fs::read(file).await?)
            .file_name(name.unwrap_or_default());
        let form = multipart::Form::new().part("file", part);
        self.send(path, self.request(Method::POST, path).multipart(form))
            .await
    }

    /// Uploads a prompt under this name.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn upload_prompt(&self, name: &str, wav: &'static [u8]) -> Result<Value> {
        let part = multipart::Part::bytes(wav).file_name(format!("{name}.wav"));
        let form = multipart::Form::new()
            .text("name", name.to_owned())
            .part("file", part);
        let path = "/prompts";
        self.send(path, self.request(Method::POST, path).multipart(form))
            .await
    }

    /// Waits until a job is over.
    ///
    /// # Errors
    /// When it failed, or takes longer than two minutes.
    pub async fn finished(&self, job: &str) -> Result<Value> {
        for _ in 0..600 {
            let seen = self.get(&format!("/jobs/{job}")).await?;
            match seen["state"].as_str() {
                Some("succeeded") => return Ok(seen),
                Some("failed" | "cancelled") => bail!("job {job} failed: {seen}"),
                _ => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        }
        bail!("job {job} takes too long")
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        if self.token.is_empty() {
            request
        } else {
            request.bearer_auth(&self.token)
        }
    }

    async fn send(&self, path: &str, request: RequestBuilder) -> Result<Value> {
        let answer = request
            .send()
            .await
            .with_context(|| format!("{path}: no answer"))?;
        let status = answer.status();
        let body = answer.text().await?;
        if !status.is_success() {
            bail!("{path}: {status}: {body}");
        }
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&body).with_context(|| format!("{path}: not JSON: {body}"))
    }
}

/// # Errors
/// When the answer has no such text.
pub fn text(answer: &Value, name: &str) -> Result<String> {
    answer[name]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("no {name} in {answer}"))
}
