//! The supervisor's page. Who does what comes over the event channel.

use serde::Serialize;

use crate::page::Page;

#[derive(Debug, Serialize)]
pub struct Floor {
    /// Of the supervisor who is an agent too; may be empty.
    pub extension: String,
    /// The switch can let a supervisor hear a call, and mute.
    pub mixes: bool,
}

impl Page for Floor {
    const TEMPLATE: &'static str = "pages/floor.html";

    fn samples() -> Vec<Self> {
        ["", "8900"]
            .map(|extension| Self {
                extension: extension.into(),
                mixes: extension.is_empty(),
            })
            .into()
    }
}
