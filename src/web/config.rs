//! Settings of the web server.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use store::house_settings::PhoneCaps;

use crate::phone_client::PhoneClient;

#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Uploads go into `uploads/` in it; recordings and made files are read from it.
    pub data_dir: PathBuf,
    /// Connections at once; one address has half of them.
    pub max_connections: usize,
    /// Largest uploaded file, bytes (RST-023).
    pub upload_limit: u64,
    /// Browsers reach us over HTTPS: cookies are marked `Secure`.
    pub tls: bool,
    /// Short work is waited for this long before the answer is 202.
    pub patience: Duration,
    /// The realm that phones authenticate in: an extension's secret is kept only as a hash with it.
    pub realm: String,
    /// A session ends this long after sign-in, hours, 1 to 720.
    pub session_hours: u32,
    /// What phones may do until somebody sets it.
    pub phone_caps: PhoneCaps,
    /// What sealed recordings are opened with.
    pub keys: Option<seal::Keys>,
    /// What desk phones are asked with; `None`: nobody presses their keys.
    pub phone_client: Option<Arc<dyn PhoneClient>>,
}

impl Config {
    /// The defaults, for a data directory.
    #[must_use]
    pub fn new(data_dir: PathBuf) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data_dir,
            max_connections: 2_000,
            upload_limit: 200 * 1024 * 1024,
            tls: false,
            patience: Duration::from_secs(8),
            realm: "paceline".into(),
            session_hours: 12,
            phone_caps: PhoneCaps::default(),
            keys: None,
            phone_client: None,
        }
    }

    #[must_use]
    pub fn session_ms(&self) -> i64 {
        i64::from(self.session_hours.clamp(1, 720)) * 3_600_000
    }
}
