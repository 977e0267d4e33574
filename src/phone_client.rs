//! Asks desk phones over HTTP to press a key (CTI-081).

use std::time::Duration;

use anyhow::Result;
use reqwest::{Client, redirect::Policy};
use web::{Asked, PhoneClient, SignIn};

/// CTI-081.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Debug)]
pub struct Phones(Client);

impl Phones {
    /// # Errors
    /// When there is no TLS to be had.
    pub fn new() -> Result<Self> {
        // The first to install one wins; it is the same one everywhere.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .user_agent("paceline")
            .build()?;
        Ok(Self(client))
    }
}

impl PhoneClient for Phones {
    fn get(&self, url: String, sign_in: Option<SignIn>) -> Asked {
        let mut request = self.0.get(url);
        if let Some(SignIn { username, password }) = sign_in {
            request = request.basic_auth(username, Some(password));
        }
        Box::pin(async move {
            // What the phone says beside its status is left where it is. The address, which may show where a
            // phone stands, stays out of what is told.
            let answer = request
                .send()
                .await
                .map_err(|error| match error.is_timeout() {
                    true => "the phone did not answer within three seconds".to_owned(),
                    false => "the phone could not be asked".to_owned(),
                })?;
            Ok(answer.status().as_u16())
        })
    }
}
