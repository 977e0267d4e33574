//! The store's gateways as the switch wants them, and where they are: names are looked up again in the
//! background, so that one that had no address at the start is there as soon as it has one.

mod locate;
mod place;
mod shape;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    time::{Duration, Instant},
};

use embedded::{Embedded, Gateway};
pub use locate::Locator;
use place::Place;
use store::{Db, gateways};
use switch::Switch;
use tokio::sync::watch;
use tracing::{info, warn};

use crate::phone_book::Extensions;

/// A name without an address is asked for again after this long.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// However long a name server says that an address holds, it is asked for again after this.
const LONGEST: Duration = Duration::from_secs(300);
/// Nothing is asked for more often than this.
const SHORTEST: Duration = Duration::from_secs(5);
/// Without gateways there is nothing to ask for.
const IDLE: Duration = Duration::from_secs(3_600);

/// Every gateway that is switched on, with what was found out about its names.
pub struct Trunks {
    db: Db,
    locator: Locator,
    /// How often a gateway is asked for a sign of life that does not say so itself.
    ping: Option<Duration>,
    known: BTreeMap<Place, Known>,
}

/// Where a name leads.
struct Known {
    /// The last good answer: kept when the name server falls silent.
    addresses: Vec<SocketAddr>,
    /// Why the last question had no answer.
    error: Option<String>,
    ask_again: Instant,
}

/// The gateways, as the switch takes them.
#[derive(Debug, Default, PartialEq)]
pub struct Loaded {
    pub gateways: Vec<Gateway>,
    /// Those whose name has no address, each with the reason.
    pub unresolved: Vec<(String, String)>,
}

impl Trunks {
    #[must_use]
    pub fn new(db: Db, locator: Locator, ping: Option<Duration>) -> Self {
        Self {
            db,
            locator,
            ping,
            known: BTreeMap::new(),
        }
    }

    /// Reads the gateways and looks up what is due.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn load(&mut self) -> store::Result<Loaded> {
        let all = gateways::list(&self.db).await?.into_iter();
        let rows: Vec<_> = all.filter(|gateway| gateway.enabled).collect();
        self.look_up(&rows).await;
        let mut loaded = Loaded::default();
        for row in rows {
            let id = row.id.clone();
            match self.shape(row) {
                Ok(gateway) => loaded.gateways.push(gateway),
                Err(why) => loaded.unresolved.push((id, why)),
            }
        }
        Ok(loaded)
    }

    /// Keeps the switch's gateways and phones as the store has them, and their names looked up.
    pub async fn follow(
        mut self,
        mut reloads: watch::Receiver<u64>,
        phones: std::sync::Arc<Extensions>,
        switch: std::sync::Arc<Embedded>,
        mut last: Loaded,
    ) {
        // Nobody says again that something has changed, so what could not be read is read again.
        let (mut phones_stale, mut gateways_stale) = (false, false);
        loop {
            let again = (phones_stale || gateways_stale).then_some(ASK_AGAIN);
            let due = tokio::time::sleep(again.unwrap_or_else(|| self.until_due()));
            phones_stale |= tokio::select! {
                changed = reloads.changed() => match changed {
                    Ok(()) => true,
                    Err(_) => return,
                },
                () = due => false,
            };
            if phones_stale {
                match phones.load(&self.db).await {
                    Ok(revoked) => {
                        let_go(&switch, &revoked);
                        phones_stale = false;
                    }
                    Err(error) => {
                        warn!(error = ?error, "the switch keeps its old extensions for now")
                    }
                }
            }
            let read = self.load().await;
            gateways_stale = read.is_err();
            match read {
                Ok(fresh) if fresh != last => {
                    hand_over(&switch, &last, &fresh);
                    last = fresh;
                }
                Ok(_) => {}
                Err(error) => warn!(error = ?error, "the switch keeps its old gateways for now"),
            }
        }
    }

    fn until_due(&self) -> Duration {
        let next = self.known.values().map(|known| known.ask_again).min();
        next.map_or(IDLE, |at| at.saturating_duration_since(Instant::now()))
    }

    async fn look_up(&mut self, rows: &[gateways::Gateway]) {
        let places: Vec<_> = rows.iter().flat_map(Place::all_of).collect();
        self.known.retain(|place, _| places.contains(place));
        let now = Instant::now();
        let due = places.into_iter().filter(|place| {
            self.known
                .get(place)
                .is_none_or(|known| known.ask_again <= now)
        });
        let due: BTreeSet<_> = due.collect();
        let locator = &self.locator;
        let asked = due
            .into_iter()
            .map(|place| async move { (locator.locate(&place).await, place) });
        for (found, place) in futures::future::join_all(asked).await {
            self.note(place, found);
        }
    }

    fn note(&mut self, place: Place, found: Result<locate::Located, String>) {
        let now = Instant::now();
        let known = self.known.entry(place).or_insert_with(|| Known {
            addresses: Vec::new(),
            error: None,
            ask_again: now,
        });
        match found {
            Ok(located) => {
                // Another order alone would change the gateway, and register it anew.
                if located.ranked || !same_set(&known.addresses, &located.addresses) {
                    known.addresses = located.addresses;
                }
                known.error = None;
                let holds = located.until.saturating_duration_since(now);
                known.ask_again = now + holds.clamp(SHORTEST, LONGEST);
            }
            Err(error) => {
                known.error = Some(error);
                known.ask_again = now + ASK_AGAIN;
            }
        }
    }

    /// The addresses of these places in their order, each once.
    fn addresses(&self, places: &[Place]) -> Result<Vec<SocketAddr>, String> {
        let mut addresses = Vec::new();
        let mut errors = Vec::new();
        for place in places {
            let known = self.known.get(place);
            for address in known.into_iter().flat_map(|known| &known.addresses) {
                if !addresses.contains(address) {
                    addresses.push(*address);
                }
            }
            errors.extend(known.and_then(|known| known.error.clone()));
        }
        match addresses.is_empty() {
            true => Err(errors.join("; ")),
            false => Ok(addresses),
        }
    }
}

fn same_set(known: &[SocketAddr], found: &[SocketAddr]) -> bool {
    let set = |addresses: &[SocketAddr]| addresses.iter().copied().collect::<BTreeSet<_>>();
    set(known) == set(found)
}

/// Forgets phones that could not register again: else they would be rung until they must.
fn let_go(switch: &Embedded, extensions: &[String]) {
    for extension in extensions {
        // Most are of no phone that is registered now.
        let _ = switch.drop_registration(extension);
    }
}

fn hand_over(switch: &Embedded, last: &Loaded, fresh: &Loaded) {
    for (gateway, why) in &fresh.unresolved {
        if !last.unresolved.iter().any(|(known, _)| known == gateway) {
            warn!(gateway, why, "the gateway has no address");
        }
    }
    for (gateway, _) in &last.unresolved {
        if fresh
            .gateways
            .iter()
            .any(|found| found.sip.name == *gateway)
        {
            info!(gateway, "the gateway has an address now");
        }
    }
    switch.set_gateways(fresh.gateways.clone());
    switch.set_unresolved(fresh.unresolved.clone());
}
