//! The way in, one's own account, the language.

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use render::{Frame, Lang, pages};
use store::access::{FIRST_ORGI, Role, users};

use super::{Shown, lang, page, show, theme};
use crate::{caller::Caller, house::House, problem::Problem};

pub fn routes() -> Router<House> {
    Router::new()
        .route("/", get(home))
        .route("/login", get(login))
        .route("/account", get(account))
        .route("/language/{tag}", get(language))
}

async fn home(caller: Caller) -> Redirect {
    Redirect::to(match caller.role() {
        Role::Agent => "/desk",
        Role::Marketer => "/batches",
        Role::Admin | Role::Supervisor => "/campaigns",
    })
}

async fn login(State(house): State<House>, caller: Option<Signed>, asked: HeaderMap) -> Shown {
    if caller.is_some() {
        return Ok(Redirect::to("/").into_response());
    }
    let frame = Frame {
        lang: lang(&asked),
        theme: theme(&asked),
        ..Frame::default()
    };
    let empty = users::list(&house.db, FIRST_ORGI, "", 1).await?.is_empty();
    show(&frame, &pages::Login { empty })
}

async fn account(caller: Caller, asked: HeaderMap) -> Shown {
    page(&caller, &asked, "/account", &pages::Account {})
}

/// Keeps the language and goes back to where the person came from.
async fn language(Path(tag): Path<String>, asked: HeaderMap) -> Result<Response, Problem> {
    let lang = Lang::parse(&tag).ok_or_else(Problem::not_found)?;
    let kept = format!(
        "lang={}; Path=/; Max-Age=31536000; SameSite=Lax",
        lang.tag()
    );
    let back = came_from(&asked).unwrap_or_else(|| "/".into());
    Ok(([(header::SET_COOKIE, kept)], Redirect::to(&back)).into_response())
}

/// The path of the page before, when it was one of ours.
fn came_from(asked: &HeaderMap) -> Option<String> {
    let text = |name| asked.get(name).and_then(|value| value.to_str().ok());
    let (_, rest) = text(header::REFERER)?.split_once("://")?;
    let path = rest.strip_prefix(text(header::HOST)?)?;
    (path.starts_with('/') && !path.starts_with("//")).then(|| path.to_owned())
}

/// Whoever is signed in, if anybody.
struct Signed;

impl<S: Send + Sync> axum::extract::OptionalFromRequestParts<S> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        _: &S,
    ) -> Result<Option<Self>, Problem> {
        Ok(parts.extensions.get::<Caller>().map(|_| Self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_back_only_to_our_own_pages() {
        let from = |referer: &str| {
            let mut asked = HeaderMap::new();
            asked.insert(header::HOST, "cc.local:8080".parse().unwrap());
            asked.insert(header::REFERER, referer.parse().unwrap());
            came_from(&asked)
        };
        assert_eq!(
            from("http://cc.local:8080/batches?x=1"),
            Some("/batches?x=1".into())
        );
        assert_eq!(from("http://evil.example/batches"), None);
        assert_eq!(from("http://cc.local:8080//evil.example"), None);
        assert_eq!(from("http://cc.local:8080.evil.example/"), None);
    }
}
