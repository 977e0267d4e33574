//! SIPp as the phones of several agents at once, and what came to them.

use std::time::Duration;

use super::{
    carrier::{self, By, Fate},
    ports,
    sipp::{CARRIER_HERTZ, Seen, Sipp},
    sipp_phone::SippPhone,
    voice::Voice,
    wait,
};

const SOON: Duration = Duration::from_secs(60);

/// Phones at one port. All their calls speak through one RTP socket.
#[derive(Debug)]
pub struct DeskPhones {
    pub sipp: Sipp,
}

impl DeskPhones {
    /// Phones that are registered with the house whose SIP port this is, as `secret-of-` and their
    /// extension. The last digit of the extension, or of the caller's number, decides what they do.
    ///
    /// # Panics
    /// When the house does not take them.
    pub async fn register(extensions: &[&str], house: u16, by: By, fates: &[(char, Fate)]) -> Self {
        let port = ports::one();
        for extension in extensions {
            let secret = format!("secret-of-{extension}");
            SippPhone::register_at(port, extension, &secret, house).await;
        }
        let scenario = carrier::scenario_by(by, fates);
        let sipp = Sipp::at(port, Voice::Tone(CARRIER_HERTZ), &scenario);
        Self { sipp }
    }

    /// What happened so far to calls of this caller, or of all.
    fn seen(&self, caller: Option<&str>) -> Vec<Seen> {
        let mut seen = self.sipp.seen();
        seen.retain(|one| caller.is_none_or(|caller| one.caller == caller));
        seen
    }

    /// Waits until the phones were rung for this caller so many times, and gives the last digit of each
    /// that was, in order.
    ///
    /// # Panics
    /// When they are not in time.
    pub async fn rung(&self, caller: &str, times: usize) -> String {
        let rung = wait::until_seen(
            &format!("{times} rings for {caller}"),
            SOON,
            || async { digits(&self.seen(Some(caller)), "INVITE") },
            |rung| rung.len() >= times,
        )
        .await;
        rung[..times].to_owned()
    }

    /// Waits until this has happened to a call of the caller at a phone, and gives when.
    ///
    /// # Panics
    /// When it does not happen in time.
    pub async fn until(&self, what: &str, caller: &str, extension: &str) -> u64 {
        wait::until(
            &format!("{what} of {caller} at {extension}"),
            SOON,
            || async {
                let seen = self.seen(Some(caller));
                let is_it = |one: &&Seen| one.what == what && one.number == extension;
                seen.iter().find(is_it).map(|one| one.at_ms)
            },
        )
        .await
    }

    /// The last digit of each phone that was rung so far for this caller, in order.
    pub fn rung_so_far(&self, caller: &str) -> String {
        digits(&self.seen(Some(caller)), "INVITE")
    }

    /// Who the phones were rung for so far, in order.
    pub fn callers(&self) -> Vec<String> {
        let seen = self.seen(None).into_iter();
        let rung = seen.filter(|one| one.what == "INVITE");
        rung.map(|one| one.caller).collect()
    }

    /// When a phone was rung, in milliseconds of one clock.
    pub fn times_rung(&self, extension: &str) -> Vec<u64> {
        let seen = self.seen(None).into_iter();
        let rung = seen.filter(|one| one.what == "INVITE" && one.number == extension);
        rung.map(|one| one.at_ms).collect()
    }
}

fn digits(seen: &[Seen], what: &str) -> String {
    let happened = seen.iter().filter(|one| one.what == what);
    happened
        .filter_map(|one| one.number.chars().last())
        .collect()
}
