//! Texts by language (Fluent). A text that neither language has shows as `⟦id⟧`.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use rust_embed::RustEmbed;

use crate::lang::Lang;

#[derive(RustEmbed)]
#[folder = "../../templates/locales/"]
struct Locales;

/// The texts of one language.
pub(crate) struct Texts {
    bundle: FluentBundle<FluentResource>,
    /// Every id, in order.
    pub(crate) ids: Vec<String>,
}

static KEPT: RwLock<[Option<Arc<Texts>>; 2]> = RwLock::new([None, None]);

/// The texts of a language, read once.
pub(crate) fn texts(lang: Lang) -> Arc<Texts> {
    let at = lang as usize;
    if let Some(texts) = &KEPT.read().unwrap_or_else(PoisonError::into_inner)[at] {
        return Arc::clone(texts);
    }
    let texts = Arc::new(Texts::read(lang));
    KEPT.write().unwrap_or_else(PoisonError::into_inner)[at] = Some(Arc::clone(&texts));
    texts
}

/// In debug builds a page shows what the files say now.
pub(crate) fn refresh() {
    if cfg!(debug_assertions) {
        *KEPT.write().unwrap_or_else(PoisonError::into_inner) = [None, None];
    }
}

/// The text with this id in this language, else in Chinese.
pub(crate) fn text(lang: Lang, id: &str, args: Option<&FluentArgs<'_>>) -> String {
    texts(lang)
        .get(id, args)
        .or_else(|| texts(Lang::Zh).get(id, args))
        .unwrap_or_else(|| format!("⟦{id}⟧"))
}

/// What is wrong with a value, which `message` says in English. Other languages go by the code.
#[must_use]
pub fn fault(lang: Lang, code: &str, message: &str) -> String {
    if lang == Lang::En {
        return message.to_owned();
    }
    let mut values = FluentArgs::new();
    values.set("range", "");
    let known = |id: &str| texts(lang).get(id, Some(&values));
    let text = known(&format!("fault-{code}")).or_else(|| known("fault-invalid"));
    text.unwrap_or_default().trim().to_owned()
}

/// What scripts show: texts whose id begins with `js-`, `code-`, `fault-` or `word-`. Placeables stay as
/// `{ $name }` for the script to fill.
#[must_use]
pub fn script_texts(lang: Lang) -> BTreeMap<String, String> {
    refresh();
    let used = |id: &&String| {
        ["js-", "code-", "fault-", "word-"]
            .iter()
            .any(|head| id.starts_with(head))
    };
    let texts = texts(Lang::Zh);
    texts
        .ids
        .iter()
        .filter(used)
        .map(|id| (id.clone(), text(lang, id, None)))
        .collect()
}

impl Texts {
    fn read(lang: Lang) -> Self {
        let tag = lang.tag();
        let language = tag.parse().expect("our tags are well-formed");
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        bundle.set_use_isolating(false);
        let mut ids = Vec::new();
        let mut paths: Vec<_> = Locales::iter()
            .filter(|path| path.starts_with(tag))
            .collect();
        paths.sort();
        for path in paths {
            let file = Locales::get(&path).expect("a listed file is there");
            let source = String::from_utf8_lossy(&file.data).into_owned();
            ids.extend(ids_of(&source));
            // A file with an error still gives its other texts; the tests refuse the error.
            let resource = FluentResource::try_new(source).unwrap_or_else(|(rest, errors)| {
                debug_assert!(errors.is_empty(), "{path}: {errors:?}");
                rest
            });
            bundle.add_resource_overriding(resource);
        }
        Self { bundle, ids }
    }

    fn get(&self, id: &str, args: Option<&FluentArgs<'_>>) -> Option<String> {
        let pattern = self.bundle.get_message(id)?.value()?;
        let mut errors = Vec::new();
        let text: Cow<'_, str> = self.bundle.format_pattern(pattern, args, &mut errors);
        Some(text.replace("{$", "{ $"))
    }
}

fn ids_of(source: &str) -> impl Iterator<Item = String> {
    source.lines().filter_map(|line| {
        let (id, _) = line.split_once(" =")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        (!id.is_empty() && id.chars().all(plain)).then(|| id.to_owned())
    })
}
