//! What the browser gets beside pages.

use std::borrow::Cow;

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../templates/assets/"]
struct Assets;

/// A file for the browser.
#[derive(Debug, Clone)]
pub struct Asset {
    pub bytes: Cow<'static, [u8]>,
    pub content_type: &'static str,
    /// Changes with the content; hex.
    pub version: String,
}

/// The asset at this path below `templates/assets/`.
#[must_use]
pub fn asset(path: &str) -> Option<Asset> {
    let content_type = match path.rsplit('.').next()? {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => return None,
    };
    let file = Assets::get(path)?;
    let hash = file.metadata.sha256_hash();
    Some(Asset {
        bytes: file.data,
        content_type,
        version: hash[..6].iter().map(|byte| format!("{byte:02x}")).collect(),
    })
}

/// Where a page finds the asset.
pub(crate) fn place(path: &str) -> String {
    match asset(path) {
        Some(asset) => format!("/assets/{path}?v={}", asset.version),
        None => format!("⟦{path}⟧"),
    }
}
