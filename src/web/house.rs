//! What every handler shares.

use std::sync::Arc;

use live::Live;
use store::Db;
use tokio::sync::{Mutex, watch};

use crate::{
    brakes::{Buckets, SignIns},
    channels::Channels,
    config::Config,
    owners::Owners,
};

/// The web server's parts; cheap to clone.
#[derive(Debug, Clone)]
pub struct House(Arc<Parts>);

#[derive(Debug)]
pub struct Parts {
    pub config: Config,
    pub db: Db,
    pub live: Live,
    pub sign_ins: SignIns,
    pub requests: Buckets,
    pub guesses: Buckets,
    pub channels: Channels,
    pub owners: Owners,
    /// Whoever changes the folder of prompts holds it.
    pub shelf: Mutex<()>,
    drain: watch::Sender<bool>,
}

impl House {
    #[must_use]
    pub fn new(config: Config, db: Db, live: Live) -> Self {
        Self(Arc::new(Parts {
            config,
            db,
            live,
            sign_ins: SignIns::default(),
            requests: Buckets::of_requests(),
            guesses: Buckets::of_guesses(),
            channels: Channels::default(),
            owners: Owners::default(),
            shelf: Mutex::default(),
            drain: watch::channel(false).0,
        }))
    }

    /// Ends every event channel: they would keep the server up.
    pub fn drain(&self) {
        self.drain.send_replace(true);
    }

    /// Done when the server shuts down.
    pub async fn draining(&self) {
        let mut drain = self.drain.subscribe();
        // The sender lives as long as the house.
        let _ = drain.wait_for(|drains| *drains).await;
    }
}

impl std::ops::Deref for House {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
