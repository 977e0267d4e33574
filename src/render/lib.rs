//! Shows. Typed contexts for `templates/`, in Chinese and English.
//!
//! A page is a struct in [`pages`] that names its template and gives samples of itself; one test
//! renders every sample in both languages. Templates, texts and assets are read from disk in debug
//! builds and are part of the binary in release builds.

mod asset;
mod format;
mod lang;
mod page;
pub mod pages;
mod texts;

#[cfg(test)]
mod tests;

pub use asset::{Asset, asset};
pub use lang::Lang;
pub use page::{Error, Frame, Page, Person, page};
pub use texts::{fault, script_texts};
