//! One caller in the menus.
//!
//! ```text
//! enter -> prompts -> (key ends them) -> listens -> keys -> decides -> a node: leaves, another menu, or asks again
//!                                            |                      -> an extension: leaves
//!                                            +-- nothing came, or what came leads nowhere: asks again,
//!                                                and after so many times the menu ends
//! ```
//!
//! It always ends: each input is one of [`MOST_CHOICES`], and all of them have [`LONGEST_MS`].

use std::{collections::VecDeque, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Action, MOST_LEVELS, Menu, Menus};
use crate::{destination::Destination, ids::MenuId, time::Millis};

/// Inputs of one call in all menus, those that did not come included.
pub const MOST_CHOICES: usize = 100;
/// Nobody is in the menus for longer.
pub const LONGEST_MS: i64 = 1_800_000;
/// What is heard before a call ends of which nothing could be heard.
const SORRY: &str = "sorry";

/// One input of a caller, as the record of the call keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub menu: MenuId,
    /// What was pressed; empty: nothing.
    pub keys: String,
    /// What it led to: the kind of a node's action, `invalid` or `timeout`.
    pub led_to: String,
}

/// What a caller gets next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// A prompt, in place of the one being heard.
    Play(String),
    /// Silence, until a key comes or this time. What is being heard ends.
    Listen(Millis),
    /// The caller leaves the menus. What is being heard ends.
    Go(Destination),
    /// As before.
    Stay,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Visit {
    menus: Arc<Menus>,
    root: Level,
    below: Vec<Level>,
    stand: Stand,
    /// Keys of the input that has begun.
    pressed: String,
    failures: u32,
    timeouts: u32,
    /// A greeting of this menu was heard.
    greeted: bool,
    ends_at: Millis,
    path: Vec<Choice>,
}

#[derive(Debug, Clone)]
struct Level {
    id: MenuId,
    menu: Arc<Menu>,
}

#[derive(Debug, Clone)]
enum Stand {
    /// A prompt is being heard, and these follow; the last is a greeting, `spare` the other one.
    Hearing {
        left: VecDeque<String>,
        spare: Option<String>,
    },
    Listening {
        until: Millis,
    },
    /// Last words; keys lead nowhere any more.
    Leaving {
        left: VecDeque<String>,
        to: Destination,
    },
}

impl Visit {
    /// A caller comes to a menu; `None`: there is no such menu. `path`: what the call chose before.
    #[must_use]
    pub fn begin(
        menus: &Arc<Menus>,
        menu: &MenuId,
        path: Vec<Choice>,
        now: Millis,
    ) -> Option<(Self, Next)> {
        let root = Level::of(menus, menu)?;
        let mut visit = Self {
            menus: menus.clone(),
            root,
            below: Vec::new(),
            stand: Stand::Listening { until: now },
            pressed: String::new(),
            failures: 0,
            timeouts: 0,
            greeted: false,
            ends_at: now.plus(LONGEST_MS),
            path,
        };
        let next = visit.enter();
        Some((visit, next))
    }

    /// The caller presses a key. `is_extension`: whether a number is one that may be dialled here.
    pub fn key(&mut self, key: char, is_extension: impl Fn(&str) -> bool, now: Millis) -> Next {
        if matches!(self.stand, Stand::Leaving { .. }) {
            return Next::Stay;
        }
        let menu = self.here().menu.clone();
        let begins = self.pressed.is_empty();
        let is_node = || begins && menu.action(key.encode_utf8(&mut [0; 4])).is_some();
        if menu.confirm_key == Some(key) && !is_node() {
            return self.decide(is_extension);
        }
        self.pressed.push(key);
        if !menu.may_go_on(&self.pressed) {
            return self.decide(is_extension);
        }
        self.listen(now.plus(menu.inter_digit_timeout_ms))
    }

    /// A prompt is over, or could not be `heard`.
    pub fn prompt_over(&mut self, heard: bool, now: Millis) -> Next {
        let timeout = self.here().menu.timeout_ms;
        match &mut self.stand {
            Stand::Listening { .. } => Next::Stay,
            Stand::Leaving { left, to } => match left.pop_front() {
                Some(prompt) => Next::Play(prompt),
                None => Next::Go(to.clone()),
            },
            Stand::Hearing { left, spare } => {
                if let Some(prompt) = left.pop_front() {
                    return Next::Play(prompt);
                }
                self.greeted |= heard;
                match spare.take() {
                    Some(prompt) if !heard => Next::Play(prompt),
                    _ if self.greeted => self.listen(now.plus(timeout)),
                    // Nobody knows what to press in a menu that says nothing.
                    _ => self.end(None),
                }
            }
        }
    }

    /// The time that [`Next::Listen`] named has come, or the end of all visits; any other does nothing.
    pub fn due(&mut self, is_extension: impl Fn(&str) -> bool, now: Millis) -> Next {
        if now >= self.ends_at {
            return Next::Go(self.way_out());
        }
        match &self.stand {
            Stand::Listening { until } if *until <= now => {}
            _ => return Next::Stay,
        }
        if !self.pressed.is_empty() {
            return self.decide(is_extension);
        }
        self.timeouts += 1;
        let may_try_again = self.timeouts < self.here().menu.max_timeouts;
        match self.note("timeout") && may_try_again {
            true => self.ask_again(None),
            false => self.end(None),
        }
    }

    /// When [`Self::due`] ends the visit, whatever happens.
    #[must_use]
    pub fn ends_at(&self) -> Millis {
        self.ends_at
    }

    /// What was chosen so far.
    #[must_use]
    pub fn path(&self) -> &[Choice] {
        &self.path
    }

    /// Every time in it comes so much later, or earlier.
    pub fn shift(&mut self, by_ms: i64) {
        self.ends_at = self.ends_at.plus(by_ms);
        if let Stand::Listening { until } = &mut self.stand {
            *until = until.plus(by_ms);
        }
    }

    fn here(&self) -> &Level {
        self.below.last().unwrap_or(&self.root)
    }

    fn listen(&mut self, until: Millis) -> Next {
        self.stand = Stand::Listening { until };
        Next::Listen(until)
    }

    fn decide(&mut self, is_extension: impl Fn(&str) -> bool) -> Next {
        let menu = self.here().menu.clone();
        if let Some(action) = menu.action(&self.pressed) {
            return match self.note(action.as_str()) {
                true => self.act(&menu, action),
                false => self.end(None),
            };
        }
        if menu.dials(&self.pressed) && is_extension(&self.pressed) {
            let extension = self.pressed.clone();
            self.note("extension");
            let to = Destination::Extension { extension };
            return self.leave(menu.transfer_sound.clone(), to);
        }
        self.failures += 1;
        let may_try_again = self.failures < menu.max_failures;
        let sorry = menu.invalid_sound.clone();
        match self.note("invalid") && may_try_again {
            true => self.ask_again(sorry),
            false => self.end(sorry),
        }
    }

    fn act(&mut self, menu: &Menu, action: &Action) -> Next {
        if let Some(to) = action.destination() {
            let words = match to {
                Destination::Hangup => &menu.exit_sound,
                _ => &menu.transfer_sound,
            };
            return self.leave(words.clone(), to);
        }
        match action {
            Action::Play { prompt } => self.ask_again(Some(prompt.clone())),
            Action::Submenu { menu } => {
                let is_room = self.below.len() + 1 < MOST_LEVELS;
                match Level::of(&self.menus, menu).filter(|_| is_room) {
                    Some(level) => self.below.push(level),
                    None => return self.end(None),
                }
                self.enter()
            }
            Action::Root => {
                self.below.clear();
                self.enter()
            }
            _ => {
                self.below.pop();
                self.enter()
            }
        }
    }

    /// Keeps what was pressed; `false`: it was one input too many.
    fn note(&mut self, led_to: &str) -> bool {
        let keys = std::mem::take(&mut self.pressed);
        if self.path.len() < MOST_CHOICES {
            self.path.push(Choice {
                menu: self.here().id.clone(),
                keys,
                led_to: led_to.to_owned(),
            });
        }
        self.path.len() < MOST_CHOICES
    }

    /// The menu greets.
    fn enter(&mut self) -> Next {
        self.failures = 0;
        self.timeouts = 0;
        self.greeted = false;
        let menu = self.here().menu.clone();
        self.hear(
            VecDeque::from([menu.greet_long.clone()]),
            menu.greet_short.clone(),
        )
    }

    /// The menu asks again, after these words.
    fn ask_again(&mut self, first: Option<String>) -> Next {
        let menu = self.here().menu.clone();
        let mut words: VecDeque<String> = first.into_iter().collect();
        let long = menu.greet_long.clone();
        let (greeting, spare) = match menu.greet_short.clone() {
            Some(short) => (short, Some(long)),
            None => (long, None),
        };
        words.push_back(greeting);
        self.hear(words, spare)
    }

    fn hear(&mut self, mut left: VecDeque<String>, spare: Option<String>) -> Next {
        let first = left.pop_front().unwrap_or_default();
        self.stand = Stand::Hearing { left, spare };
        Next::Play(first)
    }

    /// The menu ends: the caller has not found the way.
    fn end(&mut self, first: Option<String>) -> Next {
        let to = self.way_out();
        let exit = self.here().menu.exit_sound.clone();
        let is_mute = exit.is_none() && !self.greeted && to == Destination::Hangup;
        let exit = exit.or_else(|| is_mute.then(|| SORRY.to_owned()));
        self.leave(first.into_iter().chain(exit), to)
    }

    /// Where a caller goes when the menu ends.
    fn way_out(&self) -> Destination {
        if let Stand::Leaving { to, .. } = &self.stand {
            return to.clone();
        }
        let mut levels = self.below.iter().rev().chain([&self.root]);
        let then = levels.find_map(|level| level.menu.then.clone());
        then.unwrap_or(Destination::Hangup)
    }

    fn leave(&mut self, words: impl IntoIterator<Item = String>, to: Destination) -> Next {
        let mut left: VecDeque<String> = words.into_iter().collect();
        match left.pop_front() {
            Some(first) => {
                self.stand = Stand::Leaving { left, to };
                Next::Play(first)
            }
            None => Next::Go(to),
        }
    }
}

impl Level {
    fn of(menus: &Menus, id: &MenuId) -> Option<Self> {
        let menu = menus.get(id)?.clone();
        let id = id.clone();
        Some(Self { id, menu })
    }
}
