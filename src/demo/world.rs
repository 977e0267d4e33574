//! The other ends of the line: a carrier with people behind it, and the agents' phones.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, Result, ensure};
use peers::{
    Carrier, CarrierConfig, Counts, Phone, PhoneConfig, Phones, PhonesConfig, Timing, Trickle,
};

use super::{Options, people::Handset, screen::say};

/// What inbound callers dial.
pub const HOTLINE: &str = "4008001234";

/// What they press in the menu, in turn: for an agent, for the mailbox, nothing.
const KEYS: [&str; 4] = ["1", "2", "1", ""];

pub struct World {
    pub carrier: Carrier,
    phones: Phones,
    handsets: Vec<(Phone, String)>,
}

impl World {
    /// # Errors
    /// When a socket cannot be had.
    pub async fn start(options: &Options, house: SocketAddr) -> Result<Self> {
        let free: SocketAddr = "127.0.0.1:0".parse()?;
        // An address of its own: what comes from there is the carrier's, not a phone's.
        let address: SocketAddr = "127.0.0.2:0".parse()?;
        let mut config = CarrierConfig::new(address, 24_000..=27_999, house);
        config.timing = timing(options.fast);
        config.seed = options.seed;
        config.hello = Some("voice:600".into());
        config.greeting = "voice:4000".into();
        let carrier = Carrier::start(config)
            .await
            .context("the carrier does not start")?;
        let phones = Phones::start(PhonesConfig::new(free, 28_000..=29_999, house))
            .await
            .context("the phones do not start")?;
        Ok(Self {
            carrier,
            phones,
            handsets: Vec::new(),
        })
    }

    /// Plugs the phones in, and waits until all are registered.
    ///
    /// # Errors
    /// When one does not register.
    pub async fn plug_in(&mut self, phones: impl Iterator<Item = &Handset>) -> Result<()> {
        for phone in phones {
            let config = PhoneConfig::new(phone.extension.clone(), phone.secret.clone());
            self.handsets
                .push((self.phones.add(config), phone.extension.clone()));
        }
        say(&format!(
            "{} phones register with digest",
            self.handsets.len()
        ));
        for (phone, extension) in &self.handsets {
            ensure!(
                phone.registered(Duration::from_secs(60)).await,
                "the phone of extension {extension} did not register"
            );
        }
        Ok(())
    }

    /// People who call the hotline, until this is dropped.
    pub fn callers(&self, options: &Options) -> Trickle {
        let (every, patience) = if options.fast { (8, 6) } else { (20, 20) };
        self.carrier.trickle(
            HOTLINE,
            Duration::from_secs(every),
            Duration::from_secs(patience),
            &KEYS,
        )
    }

    /// Waits until no call is up at the carrier.
    pub async fn quiet(&self) {
        self.carrier
            .saw(Duration::from_secs(90), |counts: &Counts| counts.live == 0)
            .await;
    }

    pub async fn stop(self) {
        self.phones.shutdown(Duration::from_secs(1)).await;
        self.carrier.shutdown(Duration::from_secs(1)).await;
    }
}

fn timing(fast: bool) -> Timing {
    if fast {
        return Timing {
            // Nobody hangs up before their greeting has been heard.
            talk_mean: Duration::from_millis(3_500),
            talk: (Duration::from_secs(2), Duration::from_secs(7)),
            ..Timing::fast()
        };
    }
    Timing {
        ring: (Duration::from_secs(1), Duration::from_secs(4)),
        talk_mean: Duration::from_secs(8),
        talk: (Duration::from_secs(2), Duration::from_secs(20)),
        hangs_up: 0.9,
        greeting: Duration::from_secs(4),
    }
}
