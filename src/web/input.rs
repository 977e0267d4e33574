//! Request bodies and queries: bounded, and strict about unknown fields.

use axum::{
    body::HttpBody as _,
    extract::{FromRequest, FromRequestParts, Query, Request},
    http::{header, request::Parts},
};
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::problem::{Fault, Problem};

/// A JSON body.
#[derive(Debug)]
pub struct Body<T>(pub T);

/// A JSON body that may be left out; then it says what the default says.
#[derive(Debug)]
pub struct OptionalBody<T>(pub T);

/// The query of the URL.
#[derive(Debug)]
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers().get(header::CONTENT_TYPE)) {
            return Err(Problem::because(
                "UNSUPPORTED_MEDIA",
                "expected application/json",
            ));
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|refused| match refused.into_response_status() {
                413 => Problem::of("TOO_LARGE"),
                _ => Problem::of("MALFORMED"),
            })?;
        parse(&bytes).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for OptionalBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if request.headers().get(header::CONTENT_TYPE).is_none() && request.body().is_end_stream() {
            return Ok(Self(T::default()));
        }
        let Body(taken) = Body::from_request(request, state).await?;
        Ok(Self(taken))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Query::<T>::try_from_uri(&parts.uri)
            .map(|Query(params)| Self(params))
            .map_err(|refused| Problem::because("MALFORMED", refused.body_text()))
    }
}

/// # Errors
/// `MALFORMED` for text that is no JSON, `INVALID` with the pointer of the first value that does
/// not fit.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let at = pointer(error.path());
        let cause = error.into_inner();
        if !cause.is_data() {
            return Problem::because("MALFORMED", cause.to_string());
        }
        let message = cause.to_string();
        Problem::invalid(vec![Fault::new(&at, fault_code(&message), message)])
    })?;
    json.end()
        .map_err(|error| Problem::because("MALFORMED", error.to_string()))?;
    Ok(value)
}

/// Reads a document whose type ignores what it does not know, and refuses just that.
///
/// # Errors
/// `INVALID` with the pointer of the first value that does not fit or is not known.
pub fn strict<T: DeserializeOwned + Serialize>(asked: Value) -> Result<T, Problem> {
    let taken: T = serde_path_to_error::deserialize(&asked).map_err(|error| {
        let at = pointer(error.path());
        let message = error.into_inner().to_string();
        Problem::invalid(vec![Fault::new(&at, fault_code(&message), message)])
    })?;
    let known = serde_json::to_value(&taken).map_err(|error| Problem::internal(&error))?;
    match unknown(&asked, &known) {
        Some(at) => Err(Problem::at(&at, "unknown_field", "this field is not known")),
        None => Ok(taken),
    }
}

/// As [`strict`], for a document that stands at `under` of the body.
///
/// # Errors
/// `INVALID` with the pointer from the whole body.
pub fn strict_at<T: DeserializeOwned + Serialize>(under: &str, asked: Value) -> Result<T, Problem> {
    strict(asked).map_err(|mut problem| {
        for fault in &mut problem.errors {
            fault.pointer.insert_str(0, under);
        }
        problem
    })
}

/// The pointer of the first member of `asked` that `known` does not have.
fn unknown(asked: &Value, known: &Value) -> Option<String> {
    match (asked, known) {
        (Value::Object(asked), Value::Object(known)) => {
            asked.iter().find_map(|(key, value)| match known.get(key) {
                None => Some(format!("/{key}")),
                Some(other) => unknown(value, other).map(|rest| format!("/{key}{rest}")),
            })
        }
        (Value::Array(asked), Value::Array(known)) => asked
            .iter()
            .zip(known)
            .enumerate()
            .find_map(|(at, (a, k))| unknown(a, k).map(|rest| format!("/{at}{rest}"))),
        _ => None,
    }
}

fn fault_code(message: &str) -> &'static str {
    if message.starts_with("unknown field") {
        "unknown_field"
    } else if message.starts_with("missing field") {
        "missing_field"
    } else {
        "invalid"
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { .. } | Segment::Unknown => String::new(),
        })
        .collect()
}

fn is_json(kind: Option<&axum::http::HeaderValue>) -> bool {
    kind.and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| {
            kind.split(';')
                .next()
                .is_some_and(|t| t.trim() == "application/json")
        })
}

/// The status a rejection would have had.
trait StatusOf {
    fn into_response_status(self) -> u16;
}

impl<T: axum::response::IntoResponse> StatusOf for T {
    fn into_response_status(self) -> u16 {
        self.into_response().status().as_u16()
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        #[expect(dead_code, reason = "only its shape matters")]
        targets: Vec<Target>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Target {
        #[expect(dead_code, reason = "only its shape matters")]
        quantity: u32,
    }

    #[test]
    fn a_lenient_type_is_made_strict() {
        #[derive(Debug, Deserialize, serde::Serialize)]
        #[serde(default)]
        #[derive(Default)]
        struct Row {
            op: String,
        }
        let bad = serde_json::json!([{"op": "eq"}, {"op": "ne", "colour": 1}]);
        let problem = strict::<Vec<Row>>(bad).unwrap_err();
        assert_eq!(problem.errors[0].pointer, "/1/colour");
        assert!(strict::<Vec<Row>>(serde_json::json!([{}])).is_ok());
    }

    fn refusal(text: &str) -> (String, Vec<(String, String)>) {
        let problem = parse::<Order>(text.as_bytes()).unwrap_err();
        let faults = problem
            .errors
            .into_iter()
            .map(|fault| (fault.pointer, fault.code))
            .collect();
        (problem.code.into(), faults)
    }

    #[test]
    fn a_fault_names_its_place() {
        let of = |pointer: &str, code: &str| vec![(pointer.to_owned(), code.to_owned())];
        assert_eq!(
            refusal(r#"{"targets":[{"quantity":1},{"quantity":"x"}]}"#),
            ("INVALID".into(), of("/targets/1/quantity", "invalid"))
        );
        assert_eq!(
            refusal(r#"{"targets":[],"color":1}"#),
            ("INVALID".into(), of("/color", "unknown_field"))
        );
        assert_eq!(refusal("{}"), ("INVALID".into(), of("", "missing_field")));
        assert_eq!(refusal("{").0, "MALFORMED");
        assert_eq!(refusal(r#"{"targets":[]} x"#).0, "MALFORMED");
    }
}
