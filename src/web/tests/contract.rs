//! The document and the routes say the same (RST-022).

use std::collections::BTreeSet;

use serde_json::{Value, json};
use store::{access::Role, testing::sqlite};

use super::kit::Kit;
use crate::rights::TABLE;

pub async fn document(kit: &Kit) -> Value {
    let answer = kit.ask("GET", "/api/v1/openapi.json", &[], None).await;
    assert_eq!(answer.status, 200);
    answer.body
}

#[tokio::test]
async fn every_route_is_in_the_document_and_in_the_table() {
    let home = sqlite().await;
    let document = document(&Kit::new(&home)).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let documented: BTreeSet<String> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let known: BTreeSet<String> = TABLE
        .iter()
        .filter(|(_, path, _)| path.starts_with("/api/") && !path.ends_with("/openapi.json"))
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    assert_eq!(documented, known);
}

#[tokio::test]
async fn every_reference_in_the_document_leads_somewhere() {
    let home = sqlite().await;
    let document = document(&Kit::new(&home)).await;
    let mut refs = Vec::new();
    references(&document, &mut refs);
    for reference in refs {
        let pointer = reference.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let summary = operation["summary"].as_str().unwrap_or_default();
            assert!(
                summary.contains('·'),
                "{method} {path} has no summary in both languages"
            );
        }
    }
}

fn references(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| match value {
            Value::String(text) if key == "$ref" => into.push(text.clone()),
            other => references(other, into),
        }),
        Value::Array(all) => all.iter().for_each(|value| references(value, into)),
        _ => {}
    }
}

#[tokio::test]
async fn a_refusal_is_a_problem_with_a_stable_code() {
    let home = sqlite().await;
    let kit = Kit::new(&home);
    let token = kit.token(Role::Admin).await;
    let unknown = json!({"name": "a", "colour": 1});
    let table = [
        ("GET", "/api/v1/nothing", None, 404, "NOT_FOUND"),
        (
            "PUT",
            "/api/v1/batches",
            Some(json!({})),
            405,
            "METHOD_NOT_ALLOWED",
        ),
        ("GET", "/api/v1/batches/bat_0", None, 404, "NOT_FOUND"),
        ("POST", "/api/v1/batches", Some(unknown), 422, "INVALID"),
        ("GET", "/api/v1/batches?limit=0", None, 422, "INVALID"),
        ("GET", "/api/v1/batches?page=2", None, 400, "MALFORMED"),
        ("GET", "/api/v1/batches?cursor=%25", None, 400, "BAD_CURSOR"),
        ("POST", "/api/v1/batches", None, 415, "UNSUPPORTED_MEDIA"),
    ];
    for (method, path, body, status, code) in table {
        let answer = kit.with(&token, method, path, body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (status, code),
            "{method} {path}"
        );
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        assert_eq!(
            answer.body["request_id"],
            answer.headers["x-request-id"].to_str().unwrap()
        );
        assert_eq!(answer.body["status"], status);
        assert!(
            answer.headers["content-security-policy"]
                .to_str()
                .unwrap()
                .contains("'none'")
        );
    }
}

#[tokio::test]
async fn a_large_body_is_refused() {
    let home = sqlite().await;
    let kit = Kit::new(&home);
    let token = kit.token(Role::Admin).await;
    let body = json!({"name": "x".repeat(crate::BODY_LIMIT)});
    let answer = kit
        .with(&token, "POST", "/api/v1/batches", Some(body))
        .await;
    assert_eq!((answer.status.as_u16(), answer.code()), (413, "TOO_LARGE"));
}

#[tokio::test]
async fn a_cursor_goes_on_where_the_page_ended() {
    store::testing::on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Marketer).await;
        for name in ["a", "b", "c", "d", "e"] {
            kit.with(
                &token,
                "POST",
                "/api/v1/batches",
                Some(json!({"name": name})),
            )
            .await;
        }
        let mut seen = Vec::new();
        let mut path = "/api/v1/batches?limit=2".to_owned();
        loop {
            let page = kit.with(&token, "GET", &path, None).await.body;
            let names = page["data"].as_array().unwrap();
            seen.extend(
                names
                    .iter()
                    .map(|row| row["name"].as_str().unwrap().to_owned()),
            );
            if seen.len() == 2 {
                // A row that comes meanwhile neither repeats nor hides others.
                kit.with(
                    &token,
                    "POST",
                    "/api/v1/batches",
                    Some(json!({"name": "f"})),
                )
                .await;
            }
            match page["next_cursor"].as_str() {
                Some(cursor) => path = format!("/api/v1/batches?limit=2&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(seen, ["e", "d", "c", "b", "a"]);
    })
    .await;
}
