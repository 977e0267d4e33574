//! The console's pages, rendered on the server. What they change goes through `/api/v1`.

mod batches;
mod call_backs;
mod calls;
mod campaigns;
mod desk;
mod dnc;
mod filters;
mod floor;
mod ivr;
mod lines;
mod plain;
mod prompts;
mod queue;
mod route;
mod rules;
mod setup;
mod statics;
mod trace;
mod voicemails;

use axum::{
    Router,
    http::{HeaderMap, Method, header},
    response::{Html, IntoResponse, Response},
};
use render::{Frame, Lang, Page, Person};
use serde::Deserialize;
use store::access::Role;

use crate::{
    caller::Caller,
    front::cookie,
    house::House,
    paging,
    problem::{Fault, Problem, ProblemBody},
    rights,
};

/// Rows on a page of a list.
const ROWS: usize = 50;

pub fn router() -> Router<House> {
    Router::new()
        .merge(plain::routes())
        .merge(statics::routes())
        .merge(batches::routes())
        .merge(filters::routes())
        .merge(campaigns::routes())
        .merge(desk::routes())
        .merge(floor::routes())
        .merge(calls::routes())
        .merge(trace::routes())
        .merge(setup::routes())
        .merge(queue::routes())
        .merge(route::routes())
        .merge(lines::routes())
        .merge(voicemails::routes())
        .merge(call_backs::routes())
        .merge(ivr::routes())
        .merge(prompts::routes())
        .merge(dnc::routes())
        .merge(rules::routes())
}

/// A page of a list, of the rows of one state where one is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfState {
    #[serde(default)]
    state: String,
    cursor: Option<String>,
}

/// A refusal as a page.
pub fn refusal(problem: &ProblemBody, asked: &HeaderMap) -> Response {
    let kind = match problem.status {
        404 => "not-found",
        403 => "forbidden",
        400 | 422 => "unknown",
        _ => "failed",
    };
    let page = render::pages::Refusal {
        status: problem.status,
        kind,
        request_id: problem.request_id.clone(),
        faults: problem
            .errors
            .iter()
            .map(|fault| named(lang(asked), fault))
            .collect(),
    };
    let frame = Frame {
        lang: lang(asked),
        theme: theme(asked),
        ..Frame::default()
    };
    show(&frame, &page).unwrap_or_else(IntoResponse::into_response)
}

fn named(lang: Lang, fault: &Fault) -> String {
    let name = fault.pointer.trim_start_matches('/');
    let what = render::fault(lang, &fault.code, &fault.message);
    format!("{name}: {what}")
}

/// A page in the caller's frame.
fn page<P: Page>(caller: &Caller, asked: &HeaderMap, section: &str, page: &P) -> Shown {
    let frame = Frame {
        lang: lang(asked),
        theme: theme(asked),
        person: Some(Person {
            name: caller.session.display_name.clone(),
            role: caller.role().as_str(),
            agent: caller.session.agent_id.clone(),
            csrf: caller.session.csrf.clone(),
        }),
        screens: screens(caller.role()),
        section: section.into(),
    };
    show(&frame, page)
}

/// Whether the role may do this.
fn may(role: Role, method: &Method, path: &str) -> bool {
    rights::of(method, path).is_some_and(|who| who.includes(role))
}

/// A page's answer.
type Shown = Result<Response, Problem>;

fn show<P: Page>(frame: &Frame, page: &P) -> Shown {
    render::page(frame, page)
        .map(|html| Html(html).into_response())
        .map_err(|error| Problem::internal(&error))
}

/// The screens in the navigation that this role may open.
fn screens(role: Role) -> Vec<&'static str> {
    [
        "/desk",
        "/floor",
        "/campaigns",
        "/batches",
        "/filters",
        "/calls",
        "/voicemails",
        "/call-backs",
        "/ivr",
        "/prompts",
        "/dnc",
        "/rules",
        "/lines",
        "/setup",
    ]
    .into_iter()
    .filter(|path| may(role, &Method::GET, path))
    .collect()
}

/// What was chosen, else what the browser wants, else Chinese.
fn lang(asked: &HeaderMap) -> Lang {
    let wanted = asked
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    cookie::get(asked, "lang")
        .and_then(Lang::parse)
        .or_else(|| wanted.and_then(Lang::accepted))
        .unwrap_or_default()
}

fn theme(asked: &HeaderMap) -> String {
    match cookie::get(asked, "theme") {
        Some(chosen @ ("light" | "dark")) => chosen.into(),
        _ => String::new(),
    }
}

/// The rows of a page and the cursor of the next, of which one row more than fits was read.
fn cut<R>(mut rows: Vec<R>, key: impl Fn(&R) -> String) -> (Vec<R>, Option<String>) {
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let next = rows
        .last()
        .filter(|_| more)
        .map(|last| paging::seal(&key(last)));
    (rows, next)
}
