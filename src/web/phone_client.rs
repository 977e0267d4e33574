//! Whoever asks desk phones over HTTP. The process that has a client hands it in.

use std::{fmt, future::Future, pin::Pin};

/// The status that the phone answered with, or why there was no answer.
pub type Asked = Pin<Box<dyn Future<Output = Result<u16, String>> + Send>>;

/// What a phone wants to be shown.
#[derive(Clone)]
pub struct SignIn {
    pub username: String,
    pub password: String,
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn").finish_non_exhaustive()
    }
}

/// Asks a phone's own web server, within three seconds, and follows it nowhere.
pub trait PhoneClient: fmt::Debug + Send + Sync {
    fn get(&self, url: String, sign_in: Option<SignIn>) -> Asked;
}
