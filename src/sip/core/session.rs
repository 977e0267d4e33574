//! Session timers (RFC 4028): an answered call is refreshed now and then, or it ends.

use std::time::Duration;

use super::{
    Core, call::Up, errands::Purpose, reoffer::Wish, target::MIN_SESSION_S, timers::Timer,
};
use crate::{
    CallRef,
    message::{Message, Method, Params},
};

/// Longer intervals than this are not granted.
const MAX_SESSION_S: u32 = 24 * 3600;
/// A refused refresh is tried again after this long, as a re-INVITE.
const REFUSED: Duration = Duration::from_secs(3);
/// A refresh is refused so often before we leave it to the end of the interval.
const MAX_REFUSALS: u8 = 2;

/// The timer of an answered call. Without an interval there is none.
#[derive(Debug, Default)]
pub(super) struct SessionTimer {
    interval_s: u32,
    we_refresh: bool,
    /// A refresh of ours is out.
    refreshing: bool,
    /// How often that was refused.
    refusals: u8,
    /// Tells the timers of earlier intervals apart.
    turn: u64,
}

/// Session-Expires: seconds, and who refreshes, as seen by the request that carried it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SessionExpires {
    seconds: u32,
    refresher_is_uac: Option<bool>,
}

impl SessionExpires {
    pub(super) fn of(message: &Message) -> Option<Self> {
        let value = message.header("Session-Expires")?;
        let (seconds, params) = value.split_once(';').unwrap_or((value, ""));
        let refresher = Params::parse(params);
        let refresher = refresher.get("refresher").map(|r| r.to_ascii_lowercase());
        Some(Self {
            seconds: seconds.trim().parse().ok()?,
            refresher_is_uac: match refresher.as_deref() {
                Some("uac") => Some(true),
                Some("uas") => Some(false),
                _ => None,
            },
        })
    }
}

/// Whether a request asks for an interval that we find too short (422).
pub(super) fn is_too_short(request: &Message) -> bool {
    SessionExpires::of(request).is_some_and(|s| s.seconds < MIN_SESSION_S)
}

/// The request with the interval that a 422 demands; `None` when it was that long already.
pub(super) fn with_longer_interval(request: &Message, response: &Message) -> Option<Message> {
    let least = response.header("Min-SE")?;
    let least: u32 = least.split(';').next()?.trim().parse().ok()?;
    let asked = SessionExpires::of(request)?;
    if least <= asked.seconds || least > MAX_SESSION_S {
        return None;
    }
    let refresher = match asked.refresher_is_uac {
        Some(true) => ";refresher=uac",
        Some(false) => ";refresher=uas",
        None => "",
    };
    Some(
        request
            .without(&["Session-Expires", "Min-SE"])
            .with("Session-Expires", format!("{least}{refresher}"))
            .with("Min-SE", least.to_string()),
    )
}

impl Core {
    /// Takes what a 2xx to our INVITE, re-INVITE or UPDATE says of the session.
    pub(super) fn start_session(&mut self, id: CallRef, response: &Message) {
        let granted = SessionExpires::of(response);
        let interval_s = granted.map_or(0, |s| s.seconds);
        let we_refresh = granted.is_some_and(|s| s.refresher_is_uac != Some(false));
        self.set_session(id, interval_s, we_refresh);
    }

    /// Grants what their INVITE, re-INVITE or UPDATE asks of the session, in the 2xx to it.
    pub(super) fn grant_session(
        &mut self,
        id: CallRef,
        request: &Message,
        mut ok: Message,
    ) -> Message {
        let Some(asked) = SessionExpires::of(request) else {
            self.set_session(id, 0, false);
            return ok;
        };
        let seconds = asked.seconds.clamp(MIN_SESSION_S, MAX_SESSION_S);
        let they_can = request.names("Supported", "timer") || request.names("Require", "timer");
        let they_refresh = they_can && asked.refresher_is_uac != Some(false);
        let refresher = if they_refresh { "uac" } else { "uas" };
        ok.push(
            "Session-Expires",
            format!("{seconds};refresher={refresher}"),
        );
        if they_refresh {
            ok.push("Require", "timer");
        }
        self.set_session(id, seconds, !they_refresh);
        ok
    }

    fn set_session(&mut self, id: CallRef, interval_s: u32, we_refresh: bool) {
        let Some(up) = self.up(id) else {
            return;
        };
        let turn = up.session.turn + 1;
        up.session = SessionTimer {
            interval_s,
            we_refresh,
            refreshing: false,
            refusals: 0,
            turn,
        };
        if interval_s > 0 {
            // RFC 4028 section 10: half way to refresh, shortly before the end to give up.
            let wait_s = if we_refresh {
                interval_s / 2
            } else {
                interval_s - (interval_s / 3).min(32)
            };
            let wait = Duration::from_secs(wait_s.max(1).into());
            self.after(wait, Timer::Session(id, turn));
        }
    }

    pub(super) fn on_session_timer(&mut self, id: CallRef, turn: u64) {
        let Some(up) = self.up(id).filter(|up| up.session.turn == turn) else {
            return;
        };
        if !up.session.we_refresh || up.session.refreshing {
            return self.end_lost(id, "the session was not refreshed");
        }
        up.session.refreshing = true;
        let left_s = up.session.interval_s - up.session.interval_s / 2;
        let last = Duration::from_secs((left_s - (left_s / 3).min(10)).max(1).into());
        self.after(last, Timer::Session(id, turn));
        self.refresh(id);
    }

    fn refresh(&mut self, id: CallRef) {
        let Some(up) = self.up(id) else {
            return;
        };
        if !up.takes_update {
            return self.want_offer(id, Wish::Refresh);
        }
        if let Ok(update) = self.in_dialog(id, Method::Update) {
            let update = self.with_session(id, update);
            self.run_errand(id, Purpose::Refresh, update, 0);
        }
    }

    /// Adds the session headers to a request of ours that refreshes it.
    pub(super) fn with_session(&mut self, id: CallRef, request: Message) -> Message {
        let Some(session) = self.up(id).map(|up| &up.session) else {
            return request;
        };
        let request = request.with("Supported", "timer");
        if session.interval_s == 0 {
            return request;
        }
        let refresher = if session.we_refresh { "uac" } else { "uas" };
        let interval_s = session.interval_s;
        request
            .with(
                "Session-Expires",
                format!("{interval_s};refresher={refresher}"),
            )
            .with("Min-SE", MIN_SESSION_S.to_string())
    }

    pub(super) fn on_refreshed(&mut self, id: CallRef, status: u16, response: &Message) {
        match status {
            200..=299 => {
                if let Some(up) = self.up(id) {
                    up.dialog.refresh(response);
                }
                self.start_session(id, response);
            }
            408 | 481 => self.end_lost(id, "the session could not be refreshed"),
            _ => {
                if let (405 | 488 | 501, Some(up)) = (status, self.up(id)) {
                    up.takes_update = false;
                }
                self.refresh_again(id);
            }
        }
    }

    /// A refresh was refused, which need not mean the call: it is tried again by re-INVITE, which all
    /// must know. When that is of no use either, the timer ends the call unless they refresh it.
    pub(super) fn refresh_again(&mut self, id: CallRef) {
        let Some(up) = self.up(id).filter(|up| up.session.refreshing) else {
            return;
        };
        up.session.refusals += 1;
        if up.session.refusals <= MAX_REFUSALS {
            let turn = up.session.turn;
            self.after(REFUSED, Timer::RefreshAgain(id, turn));
        }
    }

    pub(super) fn on_refresh_again(&mut self, id: CallRef, turn: u64) {
        let same = |up: &&mut Up| up.session.turn == turn && up.session.refreshing;
        if self.up(id).filter(same).is_some() {
            self.want_offer(id, Wish::Refresh);
        }
    }
}
