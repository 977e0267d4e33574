//! What every handler shares.

use std::sync::Arc;

use live::Live;
use store::Db;

use crate::{
    brakes::{Requests, SignIns},
    config::Config,
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
    pub requests: Requests,
}

impl House {
    #[must_use]
    pub fn new(config: Config, db: Db, live: Live) -> Self {
        Self(Arc::new(Parts {
            config,
            db,
            live,
            sign_ins: SignIns::default(),
            requests: Requests::default(),
        }))
    }
}

impl std::ops::Deref for House {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
