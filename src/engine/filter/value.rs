//! The value of a condition row: text, or a list of texts for `in` and `between`.

use serde::{Deserialize, Deserializer, Serialize};

/// Numbers and booleans in JSON are taken as their text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(untagged)]
pub enum Value {
    #[default]
    None,
    One(String),
    Many(Vec<String>),
}

impl Value {
    /// The value as one text, trimmed.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::One(text) => Some(text.trim()),
            Self::Many(texts) if texts.len() == 1 => Some(texts[0].trim()),
            _ => None,
        }
        .filter(|text| !text.is_empty())
    }

    /// Characters of its longest text; a list in one text is cut first.
    #[must_use]
    pub fn longest(&self) -> usize {
        let list = self.list();
        let longest = list.into_iter().map(|text| text.chars().count()).max();
        longest.unwrap_or_default()
    }

    /// The value as a list: as it is, or one text cut at `,` `;` `、`, their full-width forms or
    /// line ends.
    #[must_use]
    pub fn list(&self) -> Vec<&str> {
        let texts: Vec<&str> = match self {
            Self::None => Vec::new(),
            Self::One(text) => text.split(crate::import_row::is_separator).collect(),
            Self::Many(texts) => texts.iter().map(String::as_str).collect(),
        };
        texts
            .into_iter()
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .collect()
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Json::deserialize(deserializer)? {
            Json::Null(()) => Self::None,
            Json::Scalar(scalar) => Self::One(scalar.text()),
            Json::List(scalars) => Self::Many(scalars.into_iter().map(Scalar::text).collect()),
        })
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Json {
    Scalar(Scalar),
    List(Vec<Scalar>),
    Null(()),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Whole(i64),
    Number(f64),
    Truth(bool),
}

impl Scalar {
    fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Whole(number) => number.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Truth(truth) => truth.to_string(),
        }
    }
}
