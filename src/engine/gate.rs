//! The one gate at the INVITE (OUT-259): may this lead be called, now, by us?
//!
//! It fails closed: a fact that is missing blocks. Its verdict is stored with the attempt or with
//! the lead; a blocked lead is never an attempt.

pub mod caller;
mod facts;
pub mod pool;
mod rules;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use facts::{Ask, Consent, Facts, Listed, Said, Used};
pub use rules::Rules;

use crate::{
    campaign::Settings,
    gateway::{Full, Gateway},
    time::Millis,
};

/// A pass, with what it was based on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    pub checked_at: Millis,
    pub facts: Facts,
    pub caller: String,
    /// The rules that were kept.
    #[serde(default)]
    pub basis: Basis,
}

/// Where the called party was taken to be, and by which rules that was judged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Basis {
    /// IANA names: the window was open in each.
    pub zones: Vec<String>,
    pub states: Vec<String>,
    /// Jurisdiction packs, each with its version: `us@2026-11-01`.
    pub packs: Vec<String>,
    /// Version of the numbering data.
    pub numbering: String,
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
    /// A consent is needed, and there is none.
    Consent,
    /// Today's attempts on the number are used up.
    DayCap,
    /// The number was dialled often enough for now.
    NumberCap,
    /// The person was dialled often enough for now, whatever the number.
    PersonCap,
    /// The lead's column names a time zone that does not exist.
    Zone,
    /// The campaign names a jurisdiction pack that does not exist.
    Jurisdiction,
    /// Outside the calling window, in a zone where the called party may be.
    Window,
    /// A day on which nobody is called there.
    Holiday,
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
            Self::Consent => "consent",
            Self::DayCap => "day_cap",
            Self::NumberCap => "number_cap",
            Self::PersonCap => "person_cap",
            Self::Zone => "zone",
            Self::Jurisdiction => "jurisdiction",
            Self::Window => "window",
            Self::Holiday => "holiday",
            Self::CallerId => "caller_id",
            Self::Live => "live",
            Self::GatewayMissing => "gateway_missing",
            Self::Gateway => "gateway",
            Self::Stopped => "stopped",
        }
    }

    /// When the lead may be looked at again, where nothing more exact is known ([`No::retry_at`]);
    /// `None`: never under this campaign.
    #[must_use]
    pub fn retry_at(self, settings: &Settings, now: Millis) -> Option<Millis> {
        match self {
            Self::Voided | Self::Dnc | Self::Cap => None,
            Self::DayCap => Some(next_local_day(settings, now)),
            Self::Window => settings.window.next_open(now),
            Self::Live | Self::Gateway | Self::Stopped => Some(now.plus(30_000)),
            Self::CallerId | Self::GatewayMissing => Some(now.plus(300_000)),
            Self::NumberCap | Self::PersonCap => Some(now.plus(3_600_000)),
            // Somebody has to change a column, a consent or the campaign first.
            Self::Consent | Self::Zone | Self::Jurisdiction | Self::Holiday => {
                Some(now.plus(86_400_000))
            }
        }
    }
}

/// A lead that is not dialled now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct No {
    pub block: Block,
    /// When it may be looked at again; `None`: never under this campaign.
    pub retry_at: Option<Millis>,
    /// What it stands on: the list and its version, the zone, the pack.
    pub basis: Option<String>,
}

/// Decides about one dial and, when it passes, takes the gateway's channel and token for it.
///
/// # Errors
/// The first reason not to dial; nothing is taken.
pub fn examine(
    facts: &Facts,
    settings: &Settings,
    caller: Option<&str>,
    gateway: Option<&mut Gateway>,
    now: Millis,
) -> Result<Verdict, No> {
    let no = |block: Block| No {
        block,
        retry_at: block.retry_at(settings, now),
        basis: None,
    };
    of_the_lead(facts, settings, now)?;
    let rules = Rules::of(facts, settings).map_err(|(block, what)| No {
        basis: Some(what),
        ..no(block)
    })?;
    rules.allow(facts, settings, now)?;
    if caller.is_none() {
        return Err(no(Block::CallerId));
    }
    if facts.live {
        return Err(no(Block::Live));
    }
    let gateway = gateway.ok_or_else(|| no(Block::GatewayMissing))?;
    gateway.admit(now).map_err(|full| match full {
        Full::Channels | Full::Rate | Full::Paused => no(Block::Gateway),
    })?;
    Ok(Verdict {
        checked_at: now,
        facts: facts.clone(),
        caller: caller.unwrap_or_default().to_owned(),
        basis: rules.basis(),
    })
}

/// What forbids this lead wherever and whenever it is called.
fn of_the_lead(facts: &Facts, settings: &Settings, now: Millis) -> Result<(), No> {
    let blocks = [
        (facts.voided, Block::Voided),
        (facts.dnc || facts.listed.is_some(), Block::Dnc),
        (facts.attempts >= settings.retry.max_attempts, Block::Cap),
        (
            facts.attempts_today >= settings.retry.attempts_per_day,
            Block::DayCap,
        ),
    ];
    let Some((_, block)) = blocks.into_iter().find(|(holds, _)| *holds) else {
        return Ok(());
    };
    let listed = facts.listed.as_ref().filter(|_| block == Block::Dnc);
    // A flag has no end; an entry may have one.
    let until = listed
        .filter(|_| !facts.dnc)
        .and_then(|listed| listed.until);
    Err(No {
        block,
        retry_at: until.or(block.retry_at(settings, now)),
        basis: listed.map(Listed::told),
    })
}

/// As [`examine`], for one who only asks why.
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
    examine(facts, settings, caller, gateway, now).map_err(|no| no.block)
}

/// Whether a lead that passed may still be called: an INVITE leaves a moment after its check, and the
/// window may have closed in that moment.
#[must_use]
pub fn is_still_open(facts: &Facts, settings: &Settings, now: Millis) -> bool {
    Rules::of(facts, settings).is_ok_and(|rules| rules.is_open(facts, settings, now))
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
