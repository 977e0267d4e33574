//! What a waiting caller is told now and then (VOX-045 to VOX-047).

use serde::{Deserialize, Serialize};

use super::{BadSetting, first_out_of};
use crate::route;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Announcement {
    /// 播报语音: a prompt name, such as that all agents are busy and which keys lead out.
    pub prompt: Option<String>,
    /// 播报频率; seconds, 5 to 600.
    pub every_s: u32,
    /// The caller's place in the line.
    pub place: bool,
    /// How long the wait will be, as far as lately handled calls tell.
    pub wait: bool,
}

impl Default for Announcement {
    fn default() -> Self {
        Self {
            prompt: None,
            every_s: 40,
            place: false,
            wait: false,
        }
    }
}

impl Announcement {
    /// # Errors
    /// The first value that makes no sense.
    pub fn validate(&self) -> Result<(), BadSetting> {
        first_out_of(&[("/announcement/every_s", self.every_s.into(), 5, 600)])?;
        if let Some(prompt) = &self.prompt {
            route::prompt_name("/announcement/prompt", prompt)?;
        }
        Ok(())
    }
}
