//! Renders a page into its frame.

use std::{
    fmt::Write,
    sync::{Arc, OnceLock},
};

use fluent_bundle::FluentArgs;
use minijinja::{
    AutoEscape, Environment, UndefinedBehavior, Value,
    value::{Kwargs, Serde},
};
use rust_embed::RustEmbed;
use serde::Serialize;

use crate::{
    asset::place,
    format,
    lang::Lang,
    texts::{refresh, text},
};

#[derive(RustEmbed)]
#[folder = "../../templates/"]
#[include = "layout/*"]
#[include = "ui/*"]
#[include = "pages/**/*"]
struct Templates;

/// A page that cannot be rendered: a fault in its template.
#[derive(Debug, thiserror::Error)]
#[error("page {template} cannot be rendered: {detail}")]
pub struct Error {
    pub template: &'static str,
    detail: String,
}

/// What a screen shows.
pub trait Page: Serialize + Sized {
    /// Below `templates/`.
    const TEMPLATE: &'static str;

    /// Pages like real ones, for the test that renders everything.
    fn samples() -> Vec<Self>;
}

/// What every page has around it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Frame {
    #[serde(skip)]
    pub lang: Lang,
    /// `light`, `dark`, or empty for the system's.
    pub theme: String,
    pub person: Option<Person>,
    /// Screens this person may open: their paths.
    pub screens: Vec<&'static str>,
    /// First part of this page's path: `/batches`.
    pub section: String,
}

/// Who looks at the page.
#[derive(Debug, Clone, Serialize)]
pub struct Person {
    pub name: String,
    pub role: &'static str,
    pub agent: Option<String>,
    /// What the page's scripts send along with each write.
    pub csrf: String,
}

#[derive(Serialize)]
struct Whole<'a, P> {
    lang: &'static str,
    frame: &'a Frame,
    page: &'a P,
}

/// # Errors
/// When the template has a fault.
pub fn page<P: Page>(frame: &Frame, page: &P) -> Result<String, Error> {
    refresh();
    let whole = Whole {
        lang: frame.lang.tag(),
        frame,
        page,
    };
    environment(frame.lang)
        .get_template(P::TEMPLATE)
        .and_then(|template| template.render(Serde(&whole)))
        .map_err(|error| Error {
            template: P::TEMPLATE,
            detail: whole_story(&error),
        })
}

fn whole_story(error: &minijinja::Error) -> String {
    let mut text = format!("{error:#}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let _ = write!(text, ": {cause:#}");
        source = cause.source();
    }
    text
}

/// The templates of a language; in debug builds as the files are now.
fn environment(lang: Lang) -> Arc<Environment<'static>> {
    static KEPT: [OnceLock<Arc<Environment<'static>>>; 2] = [const { OnceLock::new() }; 2];
    if cfg!(debug_assertions) {
        return Arc::new(build(lang));
    }
    Arc::clone(KEPT[lang as usize].get_or_init(|| Arc::new(build(lang))))
}

fn build(lang: Lang) -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    env.set_loader(|name| {
        let file = Templates::get(name);
        Ok(file.map(|file| String::from_utf8_lossy(&file.data).into_owned()))
    });
    env.add_function("t", move |id: &str, args: Kwargs| {
        let mut values = FluentArgs::new();
        for name in args.args() {
            values.set(name.to_owned(), argument(&args.get(name)?));
        }
        Ok::<_, minijinja::Error>(text(lang, id, Some(&values)))
    });
    env.add_function("asset", |path: &str| place(path));
    env.add_filter("when", format::when);
    env.add_filter("length", |ms: Option<i64>| format::length(ms));
    env.add_filter("count", format::count);
    env.add_filter("size", format::size);
    env
}

fn argument(value: &Value) -> fluent_bundle::FluentValue<'static> {
    match i64::try_from(value.clone()) {
        Ok(number) => number.into(),
        Err(_) => value.to_string().into(),
    }
}
