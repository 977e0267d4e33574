//! The one gate at the INVITE (OUT-259): may this lead be called, now, by us?
//!
//! It fails closed: a fact that is missing blocks. Its verdict is stored with the attempt or with
//! the lead; a blocked lead is never an attempt.

use serde::{Deserialize, Serialize};

use crate::{
    campaign::Settings,
    gateway::{Full, Gateway},
    time::Millis,
};

/// What the house knows of a lead and its number, read freshly for this dial.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// On the blacklist, or flagged at import.
    pub dnc: bool,
    pub voided: bool,
    /// Attempts on this lead that count.
    pub attempts: u32,
    /// Attempts on this number since its local midnight, over all campaigns.
    pub attempts_today: u32,
    /// Another attempt on this number is up (OUT-241).
    pub live: bool,
}

/// A pass, with what it was based on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    pub checked_at: Millis,
    pub facts: Facts,
    pub caller: String,
}

/// Why a lead is not dialled now. The first that holds is the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    Voided,
    /// Never to be called.
    Dnc,
    /// The lead's attempts are used up.
    Cap,
    /// Today's attempts on the number are used up.
    DayCap,
    /// Outside the calling window.
    Window,
    /// No number to show the called party.
    CallerId,
    /// The number is in a call already.
    Live,
    /// The gateway is unknown or switched off.
    GatewayMissing,
    /// The gateway's channels, rate or health keep the dial waiting.
    Gateway,
    /// The campaign was paused or stopped meanwhile.
    Stopped,
}

impl Block {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Voided => "voided",
            Self::Dnc => "dnc",
            Self::Cap => "cap",
            Self::DayCap => "day_cap",
            Self::Window => "window",
            Self::CallerId => "caller_id",
            Self::Live => "live",
            Self::GatewayMissing => "gateway_missing",
            Self::Gateway => "gateway",
            Self::Stopped => "stopped",
        }
    }

    /// When the lead may be looked at again; `None`: never under this campaign.
    #[must_use]
    pub fn retry_at(self, settings: &Settings, now: Millis) -> Option<Millis> {
        match self {
            Self::Voided | Self::Dnc | Self::Cap => None,
            Self::DayCap => Some(next_local_day(settings, now)),
            Self::Window => settings.window.next_open(now),
            Self::Live | Self::Gateway | Self::Stopped => Some(now.plus(30_000)),
            Self::CallerId | Self::GatewayMissing => Some(now.plus(300_000)),
        }
    }
}

/// Decides about one dial and, when it passes, takes the gateway's channel and token for it.
///
/// # Errors
/// The first reason not to dial; nothing is taken.
pub fn check(
    facts: &Facts,
    settings: &Settings,
    caller: Option<&str>,
    gateway: Option<&mut Gateway>,
    now: Millis,
) -> Result<Verdict, Block> {
    let blocks = [
        (facts.voided, Block::Voided),
        (facts.dnc, Block::Dnc),
        (facts.attempts >= settings.retry.max_attempts, Block::Cap),
        (
            facts.attempts_today >= settings.retry.attempts_per_day,
            Block::DayCap,
        ),
        (!settings.window.is_open(now), Block::Window),
        (caller.is_none(), Block::CallerId),
        (facts.live, Block::Live),
    ];
    if let Some((_, block)) = blocks.into_iter().find(|(holds, _)| *holds) {
        return Err(block);
    }
    let gateway = gateway.ok_or(Block::GatewayMissing)?;
    gateway.admit(now).map_err(|full| match full {
        Full::Channels | Full::Rate | Full::Paused => Block::Gateway,
    })?;
    Ok(Verdict {
        checked_at: now,
        facts: facts.clone(),
        caller: caller.unwrap_or_default().to_owned(),
    })
}

/// Midnight in the campaign's zone.
fn next_local_day(settings: &Settings, now: Millis) -> Millis {
    use chrono::{Duration, TimeZone};
    let next = settings.window.local(now).and_then(|local| {
        let tomorrow = (local + Duration::days(1))
            .date_naive()
            .and_hms_opt(0, 0, 0)?;
        local.timezone().from_local_datetime(&tomorrow).earliest()
    });
    next.map_or_else(
        || now.plus(86_400_000),
        |midnight| Millis(midnight.timestamp_millis()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{gateway, window::Window};

    fn settings() -> Settings {
        Settings {
            window: Window::always(),
            ..Settings::default()
        }
    }

    fn trunk() -> Gateway {
        Gateway::new(gateway::Settings::default(), Millis(0))
    }

    fn verdict(facts: &Facts, settings: &Settings) -> Result<Verdict, Block> {
        check(
            facts,
            settings,
            Some("02110000"),
            Some(&mut trunk()),
            Millis(0),
        )
    }

    #[test]
    fn a_clean_lead_passes_and_takes_a_channel() {
        let mut gateway = trunk();
        let pass = check(
            &Facts::default(),
            &settings(),
            Some("02110000"),
            Some(&mut gateway),
            Millis(7),
        );
        assert_eq!(pass.map(|pass| pass.checked_at), Ok(Millis(7)));
        assert_eq!(gateway.in_use, 1);
    }

    #[test]
    fn each_reason_blocks_and_the_first_is_named() {
        let facts = Facts::default;
        let table = [
            (
                Facts {
                    voided: true,
                    dnc: true,
                    ..facts()
                },
                Block::Voided,
            ),
            (
                Facts {
                    dnc: true,
                    live: true,
                    ..facts()
                },
                Block::Dnc,
            ),
            (
                Facts {
                    attempts: 3,
                    ..facts()
                },
                Block::Cap,
            ),
            (
                Facts {
                    attempts_today: 2,
                    ..facts()
                },
                Block::DayCap,
            ),
            (
                Facts {
                    live: true,
                    ..facts()
                },
                Block::Live,
            ),
        ];
        for (facts, block) in table {
            assert_eq!(verdict(&facts, &settings()), Err(block), "{facts:?}");
        }
    }

    #[test]
    fn without_a_window_a_caller_or_a_gateway_nothing_is_dialled() {
        let shut = Settings {
            window: Window {
                weekdays: vec![],
                ..Window::always()
            },
            ..Settings::default()
        };
        assert_eq!(verdict(&Facts::default(), &shut), Err(Block::Window));
        let no_caller = check(
            &Facts::default(),
            &settings(),
            None,
            Some(&mut trunk()),
            Millis(0),
        );
        assert_eq!(no_caller, Err(Block::CallerId));
        let no_gateway = check(&Facts::default(), &settings(), Some("1"), None, Millis(0));
        assert_eq!(no_gateway, Err(Block::GatewayMissing));
    }

    #[test]
    fn a_blocked_dial_takes_no_channel() {
        let mut gateway = trunk();
        let dnc = Facts {
            dnc: true,
            ..Facts::default()
        };
        assert!(check(&dnc, &settings(), Some("1"), Some(&mut gateway), Millis(0)).is_err());
        assert_eq!(gateway.in_use, 0);
    }

    #[test]
    fn todays_cap_ends_at_local_midnight() {
        let noon_utc = Millis(1_763_640_000_000); // 2025-11-20 20:00 in Shanghai
        assert_eq!(
            Block::DayCap.retry_at(&settings(), noon_utc),
            Some(noon_utc.plus(4 * 3_600_000))
        );
    }
}
