//! A JSON document kept as TEXT.

use serde::{Serialize, de::DeserializeOwned};

use crate::error::{Error, Result};

/// A column that holds a JSON document.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(transparent)]
pub struct Doc<T>(pub T);

impl<T: DeserializeOwned> TryFrom<String> for Doc<T> {
    type Error = serde_json::Error;

    fn try_from(text: String) -> std::result::Result<Self, Self::Error> {
        serde_json::from_str(&text).map(Self)
    }
}

impl<T> std::ops::Deref for Doc<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Writes a JSON document.
pub(crate) fn text<T: Serialize + ?Sized>(what: &'static str, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|source| Error::Document { what, source })
}

/// Reads a JSON document.
pub(crate) fn parse<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|source| Error::Document { what, source })
}
