//! `menu main greet=hello 1:queue/sales 0:back`: the settings of a voice menu and its nodes.

use super::{seconds, set::destination};
use crate::ivr::{Action, Menu, Node};

pub fn menu(options: &[&str]) -> Menu {
    let mut menu = Menu {
        greet_long: "greet".into(),
        ..Menu::default()
    };
    for option in options {
        match option.split_once('=') {
            Some((name, value)) => set(&mut menu, name, value),
            None => menu.nodes.push(node(option)),
        }
    }
    let valid = menu.validate();
    assert_eq!(valid, Ok(()), "{options:?}");
    menu
}

fn set(menu: &mut Menu, name: &str, value: &str) {
    let number = || value.parse::<u32>().expect("a number");
    let prompt = Some(value.to_owned());
    match name {
        "greet" => menu.greet_long = value.into(),
        "short" => menu.greet_short = prompt,
        "invalid" => menu.invalid_sound = prompt,
        "exit" => menu.exit_sound = prompt,
        "transfer" => menu.transfer_sound = prompt,
        "confirm" => menu.confirm_key = value.chars().next(),
        "timeout" => menu.timeout_ms = seconds(value),
        "between" => menu.inter_digit_timeout_ms = seconds(value),
        "failures" => menu.max_failures = number(),
        "timeouts" => menu.max_timeouts = number(),
        "keys" => menu.digit_len = u8::try_from(number()).expect("a few"),
        "then" => menu.then = Some(destination(value)),
        other => panic!("no setting of a menu: {other}"),
    }
}

/// `1:submenu/more`, `0:back`.
fn node(text: &str) -> Node {
    let (keys, action) = text.split_once(':').expect("keys:action");
    let (kind, value) = action.split_once('/').unwrap_or((action, ""));
    let to = value.to_owned();
    Node {
        name: String::new(),
        keys: keys.into(),
        action: match kind {
            "extension" => Action::Extension { extension: to },
            "number" => Action::Number { number: to },
            "queue" => Action::Queue { queue: to.into() },
            "voicemail" => Action::Voicemail { mailbox: to },
            "submenu" => Action::Submenu { menu: to.into() },
            "play" => Action::Play { prompt: to },
            "back" => Action::Back,
            "root" => Action::Root,
            "hangup" => Action::Hangup,
            other => panic!("no kind of node: {other}"),
        },
    }
}
