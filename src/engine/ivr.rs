//! Voice menus (IVR 菜单, VOX-119, VOX-128 to VOX-154): a prompt says which keys lead where, and the keys
//! that are pressed decide.
//!
//! A menu is a thing of its own; its nodes may lead to other menus, ten levels deep and never in a
//! circle ([`nesting`]). A caller's way through them is a [`Visit`].

mod nesting;
#[cfg(test)]
mod tests;
mod visit;

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    destination::Destination,
    ids::{MenuId, QueueId},
    route::prompt_name,
};
pub use nesting::{BadNesting, check as check_nesting};
pub use visit::{Choice, Next, Visit};

/// Menus nest to so many levels (VOX-154).
pub const MOST_LEVELS: usize = 10;
/// Most nodes of a menu.
pub const MOST_NODES: usize = 50;
/// Most keys of an input (VOX-141).
const MOST_KEYS: usize = 15;

/// All menus as they stand now. A visit keeps those with which it began.
pub type Menus = BTreeMap<MenuId, Arc<Menu>>;

/// One menu, as stored with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Menu {
    /// 欢迎提示音: a prompt name; on entering.
    pub greet_long: String,
    /// 欢迎短提示音: when it is asked again; `None`: the long one.
    pub greet_short: Option<String>,
    /// 无效输入提示音: after keys that lead nowhere.
    pub invalid_sound: Option<String>,
    /// 离开提示音: before the menu ends.
    pub exit_sound: Option<String>,
    /// 转接提示音: before a transfer.
    pub transfer_sound: Option<String>,
    /// 确认按键: ends an input at once.
    pub confirm_key: Option<char>,
    /// 超时时间: so long a first key is waited for; milliseconds, 1 to 60 s.
    pub timeout_ms: i64,
    /// 按键间隔超时: so long the next key of an input is waited for; milliseconds, 0.5 to 10 s.
    pub inter_digit_timeout_ms: i64,
    /// 最大失败次数: with so many wrong inputs the menu ends; 1 to 10.
    pub max_failures: u32,
    /// 最大超时次数: with so many inputs that did not come the menu ends; 1 to 10.
    pub max_timeouts: u32,
    /// 数字按键长度: most keys of an input, 1 to 15; with 1 no extension can be dialled.
    pub digit_len: u8,
    /// Where a caller goes when the menu ends; else where the menu above says, else the call ends.
    pub then: Option<Destination>,
    pub nodes: Vec<Node>,
}

/// What keys of a menu lead to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    #[serde(default)]
    pub name: String,
    /// 拨号键: 0 to 9, * or #, as many as an input may have.
    pub keys: String,
    pub action: Action,
}

/// 类型 of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// 转内线
    Extension { extension: String },
    /// 转外线: by the outbound routes; DNC lists and barred numbers hold for it.
    Number { number: String },
    /// 转队列
    Queue { queue: QueueId },
    /// 语音留言: a queue or an extension.
    Voicemail { mailbox: String },
    /// 转子菜单
    Submenu { menu: MenuId },
    /// 播放语音文件: then the menu asks again.
    Play { prompt: String },
    /// 转上级
    Back,
    /// 转根目录
    Root,
    /// 挂断
    Hangup,
}

/// A menu that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BadMenu {
    /// JSON pointer within the menu.
    pub at: String,
    pub message: String,
}

impl Default for Menu {
    fn default() -> Self {
        Self {
            greet_long: String::new(),
            greet_short: None,
            invalid_sound: None,
            exit_sound: None,
            transfer_sound: None,
            confirm_key: Some('#'),
            timeout_ms: 10_000,
            inter_digit_timeout_ms: 2_000,
            max_failures: 3,
            max_timeouts: 3,
            digit_len: 4,
            then: None,
            nodes: Vec::new(),
        }
    }
}

impl Action {
    /// Its kind, as records and lists name it.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Extension { .. } => "extension",
            Self::Number { .. } => "number",
            Self::Queue { .. } => "queue",
            Self::Voicemail { .. } => "voicemail",
            Self::Submenu { .. } => "submenu",
            Self::Play { .. } => "play",
            Self::Back => "back",
            Self::Root => "root",
            Self::Hangup => "hangup",
        }
    }

    /// Where a caller goes who leaves the menus by it; `None`: the caller stays in them.
    #[must_use]
    pub fn destination(&self) -> Option<Destination> {
        Some(match self.clone() {
            Self::Extension { extension } => Destination::Extension { extension },
            Self::Number { number } => Destination::Number { number },
            Self::Queue { queue } => Destination::Queue { queue },
            Self::Voicemail { mailbox } => Destination::Voicemail { mailbox },
            Self::Hangup => Destination::Hangup,
            Self::Submenu { .. } | Self::Play { .. } | Self::Back | Self::Root => return None,
        })
    }
}

impl Menu {
    /// The menus that it leads to.
    pub fn menus(&self) -> impl Iterator<Item = &MenuId> {
        let nodes = self.nodes.iter().filter_map(|node| match &node.action {
            Action::Submenu { menu } => Some(menu),
            _ => None,
        });
        nodes.chain(self.then.as_ref().and_then(Destination::menu))
    }

    /// The queues that it leads to.
    pub fn queues(&self) -> impl Iterator<Item = &QueueId> {
        let nodes = self.nodes.iter().filter_map(|node| match &node.action {
            Action::Queue { queue } => Some(queue),
            _ => None,
        });
        nodes.chain(self.then.as_ref().and_then(Destination::queue))
    }

    /// What these keys lead to.
    #[must_use]
    pub fn action(&self, keys: &str) -> Option<&Action> {
        let node = self.nodes.iter().find(|node| node.keys == keys);
        node.map(|node| &node.action)
    }

    /// Whether digits that are no node's keys may be an extension.
    #[must_use]
    pub fn dials(&self, keys: &str) -> bool {
        self.digit_len > 1 && keys.len() > 1 && all_digits(keys)
    }

    /// Whether an input that begins so may go on.
    #[must_use]
    pub fn may_go_on(&self, keys: &str) -> bool {
        let is_longer = |node: &Node| node.keys.len() > keys.len() && node.keys.starts_with(keys);
        let is_full = keys.len() >= usize::from(self.digit_len);
        !is_full && (all_digits(keys) || self.nodes.iter().any(is_longer))
    }

    /// The prompts that it names, each with its JSON pointer.
    #[must_use]
    pub fn prompts(&self) -> Vec<(String, &str)> {
        let sounds = [
            ("/greet_long", Some(&self.greet_long)),
            ("/greet_short", self.greet_short.as_ref()),
            ("/invalid_sound", self.invalid_sound.as_ref()),
            ("/exit_sound", self.exit_sound.as_ref()),
            ("/transfer_sound", self.transfer_sound.as_ref()),
        ];
        let sounds = sounds
            .into_iter()
            .filter_map(|(at, name)| Some((at.to_owned(), &**name?)));
        let nodes = self.nodes.iter().enumerate();
        let played = nodes.filter_map(|(nth, node)| match &node.action {
            Action::Play { prompt } => Some((format!("/nodes/{nth}/action/prompt"), &**prompt)),
            _ => None,
        });
        sounds.chain(played).collect()
    }

    /// # Errors
    /// What makes no sense in it; whether what it leads to is there is not asked here.
    pub fn validate(&self) -> Result<(), BadMenu> {
        prompt("/greet_long", &self.greet_long)?;
        let others = [
            ("/greet_short", &self.greet_short),
            ("/invalid_sound", &self.invalid_sound),
            ("/exit_sound", &self.exit_sound),
            ("/transfer_sound", &self.transfer_sound),
        ];
        for (at, name) in others {
            if let Some(name) = name {
                prompt(at, name)?;
            }
        }
        if !self.confirm_key.is_none_or(is_key) {
            return bad("/confirm_key", "must be 0 to 9, * or #");
        }
        within("/timeout_ms", self.timeout_ms, 1_000, 60_000)?;
        let inter = self.inter_digit_timeout_ms;
        within("/inter_digit_timeout_ms", inter, 500, 10_000)?;
        within("/max_failures", self.max_failures.into(), 1, 10)?;
        within("/max_timeouts", self.max_timeouts.into(), 1, 10)?;
        within("/digit_len", self.digit_len.into(), 1, MOST_KEYS as i64)?;
        match &self.then {
            Some(Destination::Callback) => return bad("/then", "only a queue calls back"),
            Some(to) => to.validate().or_else(|text| bad("/then", text))?,
            None => {}
        }
        if self.nodes.len() > MOST_NODES {
            return bad("/nodes", &format!("must be at most {MOST_NODES}"));
        }
        (0..self.nodes.len()).try_for_each(|nth| self.validate_node(nth))
    }

    fn validate_node(&self, nth: usize) -> Result<(), BadMenu> {
        let Node { name, keys, action } = &self.nodes[nth];
        let at = |field: &str| format!("/nodes/{nth}/{field}");
        if name.chars().count() > 100 || name.chars().any(char::is_control) {
            return bad(&at("name"), "must have at most 100 characters");
        }
        if keys.is_empty() || !keys.chars().all(is_key) {
            return bad(&at("keys"), "must be 0 to 9, * or #");
        }
        if keys.len() > usize::from(self.digit_len) {
            let text = format!("must be at most {} keys, as digit_len says", self.digit_len);
            return bad(&at("keys"), &text);
        }
        // Alone it is no confirmation: there is nothing to confirm.
        if keys.len() > 1 && self.confirm_key.is_some_and(|key| keys.contains(key)) {
            return bad(&at("keys"), "must not contain the confirm key");
        }
        if self.nodes[..nth].iter().any(|other| other.keys == *keys) {
            return bad(&at("keys"), "each key leads to one place");
        }
        let field = |name: &str| at(&format!("action/{name}"));
        match action {
            Action::Play { prompt: name } => prompt(&field("prompt"), name),
            Action::Submenu { .. } | Action::Queue { .. } => Ok(()),
            Action::Back | Action::Root | Action::Hangup => Ok(()),
            Action::Extension { .. } | Action::Number { .. } | Action::Voicemail { .. } => {
                let name = match action {
                    Action::Voicemail { .. } => "mailbox",
                    other => other.as_str(),
                };
                let to = action.destination().map_or(Ok(()), |to| to.validate());
                to.or_else(|text| bad(&field(name), text))
            }
        }
    }
}

fn is_key(key: char) -> bool {
    key.is_ascii_digit() || matches!(key, '*' | '#')
}

fn all_digits(keys: &str) -> bool {
    keys.chars().all(|key| key.is_ascii_digit())
}

fn bad(at: &str, message: &str) -> Result<(), BadMenu> {
    Err(BadMenu {
        at: at.to_owned(),
        message: message.to_owned(),
    })
}

fn prompt(at: &str, name: &str) -> Result<(), BadMenu> {
    prompt_name("", name).or_else(|error| bad(at, &error.message))
}

fn within(at: &str, value: i64, least: i64, most: i64) -> Result<(), BadMenu> {
    match (least..=most).contains(&value) {
        true => Ok(()),
        false => bad(at, &format!("must be {least} to {most}")),
    }
}
