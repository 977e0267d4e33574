//! What one phone may do with its password: the settings file says it until somebody sets it in the
//! console.

use std::sync::Arc;

use embedded::Embedded;
use engine::floor::OutsideLimits;
use live::Live;
use sip::PhoneLimits;
use store::{
    Db,
    house_settings::{self, PhoneCaps},
};
use tokio::{
    sync::watch,
    time::{Duration, timeout},
};
use tracing::warn;

use crate::config::Config;

/// What could not be read is read again after this long: nobody says again that it has changed.
const ASK_AGAIN: Duration = Duration::from_secs(5);
const NEVER: Duration = Duration::MAX;

/// What the settings file says.
pub fn of(config: &Config) -> PhoneCaps {
    let phones = &config.sip.phones;
    PhoneCaps {
        at_once: phones.at_once,
        per_hour: phones.per_hour,
        denied: phones.denied.clone(),
    }
}

/// What is set, or else what the settings file says.
///
/// # Errors
/// When the database does not answer.
pub async fn stored(db: &Db, config: &Config) -> store::Result<PhoneCaps> {
    let caps = house_settings::get(db).await?;
    Ok(caps.unwrap_or_else(|| of(config)))
}

pub fn limits(caps: PhoneCaps) -> PhoneLimits {
    PhoneLimits {
        at_once: caps.at_once,
        per_hour: caps.per_hour,
        denied: caps.denied,
    }
}

/// The same for what agents and phones have called in a call, outside.
pub fn outside(caps: PhoneCaps) -> OutsideLimits {
    OutsideLimits {
        at_once: caps.at_once,
        per_hour: caps.per_hour,
        denied: caps.denied,
    }
}

/// Hands switch and floor what is set, now and whenever somebody changes it.
pub async fn follow(
    mut reloads: watch::Receiver<u64>,
    db: Db,
    switch: Arc<Embedded>,
    live: Live,
    otherwise: PhoneCaps,
) {
    loop {
        let read = house_settings::get::<PhoneCaps>(&db).await;
        let again = if read.is_ok() { NEVER } else { ASK_AGAIN };
        match read {
            Ok(caps) => {
                let caps = caps.unwrap_or_else(|| otherwise.clone());
                switch.set_phone_limits(limits(caps.clone()));
                live.limit_outside(outside(caps)).await;
            }
            Err(error) => warn!(error = ?error, "the limits of phones stay as they were for now"),
        }
        if let Ok(Err(_)) = timeout(again, reloads.changed()).await {
            return;
        }
    }
}
