//! Steps of a call's walk at which a test may end the process as `kill -9` does. `PACELINE_DIE_AT=ringing:3`
//! ends it when it comes to `ringing` for the third time. Only builds with debug assertions read the
//! variable: in a release these functions do nothing.

use engine::floor::{Command, Input};

/// Before the floor hears of it.
pub(crate) fn at_input(input: &Input) {
    let step = match input {
        Input::Drawn { leads, .. } if !leads.is_empty() => "reserved",
        Input::Checked { facts: Some(_), .. } => "checked",
        Input::AttemptOpened { .. } => "opened",
        Input::NumberChecked { .. } => "allowed",
        Input::LegRinging { .. } => "ringing",
        Input::LegAnswered { .. } => "answered",
        Input::Bridged { .. } => "bridged",
        Input::RecordStarted { .. } => "recording",
        Input::LegEnded { .. } => "ended",
        _ => return,
    };
    reach(step);
}

/// What is reached once the switch has a command; see [`reach`].
pub(crate) fn after(command: &Command) -> Option<&'static str> {
    match command {
        Command::Dial { .. } => Some("dialled"),
        Command::Park { music: Some(_), .. } => Some("queued"),
        Command::RingPhone { .. } => Some("offered"),
        Command::Hangup { .. } => Some("hung_up"),
        _ => None,
    }
}

/// What is reached before and after the store writes a command; see [`reach`].
pub(crate) fn around(command: &Command) -> Option<(&'static str, &'static str)> {
    match command {
        Command::CloseCall(_) => Some(("closing", "closed")),
        Command::Promise(_) => Some(("promising", "promised")),
        Command::TakeCallBack { .. } => Some(("taking", "taken")),
        Command::NameRecording { .. } => Some(("naming", "named")),
        Command::BeginMessage(_) => Some(("leaving", "left")),
        _ => None,
    }
}

/// Nothing in a release.
#[cfg(not(debug_assertions))]
pub fn reach(_step: &str) {}

/// Ends the process at once when this is where it is to end: nothing is put in order.
#[cfg(debug_assertions)]
pub fn reach(step: &str) {
    use std::sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    };
    static TRAP: OnceLock<Option<(String, AtomicU32)>> = OnceLock::new();
    let trap = TRAP.get_or_init(|| {
        let wanted = std::env::var("PACELINE_DIE_AT").ok()?;
        let (step, times) = wanted.split_once(':')?;
        Some((step.to_owned(), AtomicU32::new(times.parse().ok()?)))
    });
    if let Some((wanted, times)) = trap
        && wanted == step
        && times.fetch_sub(1, Ordering::Relaxed) == 1
    {
        std::process::abort();
    }
}
