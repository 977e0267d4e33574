//! One agent's phone.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use embedded::AccountState;
use switch::Cause;
use tokio::sync::{Notify, watch};

use crate::line::{Invitation, Line, Over};

/// What a phone does when it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// Rings, then answers.
    Answer,
    /// Rings, then declines: 603.
    Decline,
    /// Says at once that it is busy: 486.
    Busy,
    /// Rings until the house gives up.
    LetRing,
}

/// How a phone is set up.
#[derive(Debug, Clone)]
pub struct PhoneConfig {
    pub extension: String,
    /// The digest password.
    pub secret: String,
    pub habit: Habit,
    /// How long it rings before it does what its habit is.
    pub rings: Duration,
    /// What its agent says: a prompt name of `media`, `silence` for nothing.
    pub says: String,
    /// It hangs up by itself this long after its answer; otherwise it waits for the house.
    pub hangs_up_after: Option<Duration>,
}

impl PhoneConfig {
    /// A phone that answers after 200 ms and says a tone of 440 Hz.
    #[must_use]
    pub fn new(extension: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            extension: extension.into(),
            secret: secret.into(),
            habit: Habit::Answer,
            rings: Duration::from_millis(200),
            says: "tone:440".to_owned(),
            hangs_up_after: None,
        }
    }
}

/// What a phone went through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PhoneCounts {
    /// INVITEs it got.
    pub invited: u32,
    pub answered: u32,
    /// Calls that are over.
    pub ended: u32,
    /// RTP packets it received in calls that are over.
    pub packets_received: u64,
}

/// A handle to a phone of a bank; clones are the same phone.
#[derive(Clone)]
pub struct Phone {
    pub(crate) shared: Arc<Handset>,
}

/// What the phone's calls and its handle share.
pub(crate) struct Handset {
    pub config: Mutex<PhoneConfig>,
    registration: watch::Receiver<AccountState>,
    counts: watch::Sender<PhoneCounts>,
    /// Told when somebody presses the red button.
    red_button: Notify,
}

impl Phone {
    pub(crate) fn new(config: PhoneConfig, registration: watch::Receiver<AccountState>) -> Self {
        let counts = watch::Sender::new(PhoneCounts::default());
        let config = Mutex::new(config);
        let shared = Handset {
            config,
            registration,
            counts,
            red_button: Notify::new(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    #[must_use]
    pub fn extension(&self) -> String {
        self.shared.config().extension.clone()
    }

    /// Waits for the first registration; `false` when `deadline` passes first.
    pub async fn registered(&self, deadline: Duration) -> bool {
        let mut registration = self.shared.registration.clone();
        let registered = registration.wait_for(|state| *state == AccountState::Registered);
        matches!(tokio::time::timeout(deadline, registered).await, Ok(Ok(_)))
    }

    /// Waits until the first try to register has succeeded or failed.
    pub async fn registration_ends(&self, deadline: Duration) -> Option<AccountState> {
        let mut registration = self.shared.registration.clone();
        let ended = registration.wait_for(|state| *state != AccountState::Registering);
        match tokio::time::timeout(deadline, ended).await {
            Ok(Ok(state)) => Some(*state),
            _ => None,
        }
    }

    /// How its registration stands.
    #[must_use]
    pub fn registration(&self) -> AccountState {
        *self.shared.registration.borrow()
    }

    /// Changes what it does from the next call on.
    pub fn set_habit(&self, habit: Habit) {
        self.shared.config().habit = habit;
    }

    /// Changes how long it rings from the next call on.
    pub fn set_rings(&self, rings: Duration) {
        self.shared.config().rings = rings;
    }

    /// Hangs up its calls that are answered.
    pub fn hang_up(&self) {
        self.shared.red_button.notify_waiters();
    }

    /// What it went through so far.
    #[must_use]
    pub fn counts(&self) -> PhoneCounts {
        *self.shared.counts.borrow()
    }

    /// Waits until its counts fulfil `condition`; `false` when `deadline` passes first.
    pub async fn saw(&self, deadline: Duration, condition: impl Fn(&PhoneCounts) -> bool) -> bool {
        let mut counts = self.shared.counts.subscribe();
        let fulfilled = counts.wait_for(condition);
        matches!(tokio::time::timeout(deadline, fulfilled).await, Ok(Ok(_)))
    }
}

impl Handset {
    fn config(&self) -> MutexGuard<'_, PhoneConfig> {
        self.config.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, change: impl FnOnce(&mut PhoneCounts)) {
        self.counts.send_modify(change);
    }

    /// Lives through one call.
    pub(crate) async fn take(&self, call: Invitation) {
        self.count(|counts| counts.invited += 1);
        let config = self.config().clone();
        let mut line = call.line;
        let over = match self.story(&config, &mut line).await {
            Ok(()) => line.over().await,
            Err(over) => over,
        };
        self.count(|counts| {
            counts.ended += 1;
            counts.packets_received += over.0.stats.packets_received;
        });
    }

    async fn story(&self, config: &PhoneConfig, line: &mut Line) -> Result<(), Over> {
        match config.habit {
            Habit::Busy => line.hang_up(Cause::Busy),
            Habit::LetRing => line.ring(),
            Habit::Decline => {
                line.ring();
                line.wait(config.rings).await?;
                line.hang_up(Cause::Declined);
            }
            Habit::Answer => {
                line.ring();
                line.wait(config.rings).await?;
                self.talk(config, line).await?;
            }
        }
        Ok(())
    }

    async fn talk(&self, config: &PhoneConfig, line: &mut Line) -> Result<(), Over> {
        let red_button = self.red_button.notified();
        line.answer();
        self.count(|counts| counts.answered += 1);
        if config.says != "silence" {
            line.say(&config.says, u32::MAX);
        }
        let longest = config.hangs_up_after.unwrap_or(Duration::MAX);
        tokio::select! {
            waited = line.wait(longest) => waited?,
            () = red_button => {}
        }
        line.hang_up(Cause::Normal);
        Ok(())
    }
}
