//! One call of a peer, as something that can be awaited.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use embedded::Embedded;
use switch::{
    CallerId, Cause, Command, CommandId, Ended, Event, EventKind, LegId, Originate, PlayId,
    Refused, Switch, Target,
};
use tokio::sync::mpsc;
use uuid::Uuid;

/// The call is over.
#[derive(Debug)]
pub struct Over(pub Ended);

/// All calls of a peer.
pub struct Lines {
    switch: Arc<Embedded>,
    senders: Mutex<HashMap<LegId, mpsc::UnboundedSender<EventKind>>>,
    next_id: AtomicU64,
}

/// An incoming call that waits for a decision.
pub struct Invitation {
    /// The number or extension that was called.
    pub to: String,
    pub line: Line,
}

impl Lines {
    /// Takes over the switch; what comes in goes to `on_call`, in a task of its own.
    pub fn open<F, T>(switch: Arc<Embedded>, on_call: F) -> Arc<Self>
    where
        F: Fn(Invitation) -> T + Send + 'static,
        T: Future<Output = ()> + Send + 'static,
    {
        let events = switch.events();
        let lines = Arc::new(Self {
            switch,
            senders: Mutex::default(),
            next_id: AtomicU64::new(1),
        });
        if let Some(events) = events {
            tokio::spawn(distribute(Arc::downgrade(&lines), events, on_call));
        }
        lines
    }

    pub fn switch(&self) -> &Embedded {
        &self.switch
    }

    /// Places a call; the line rings until it is answered or refused.
    pub fn call(
        self: &Arc<Self>,
        to: Target,
        caller: CallerId,
        ring_timeout: Duration,
    ) -> Result<Line, Refused> {
        let leg = LegId(Uuid::new_v4());
        let line = self.line(leg);
        let order = Originate {
            leg,
            to,
            caller,
            ring_timeout,
        };
        match self.send(Command::Originate(order)) {
            Ok(()) => Ok(line),
            Err(refused) => {
                self.senders().remove(&leg);
                Err(refused)
            }
        }
    }

    fn line(self: &Arc<Self>, leg: LegId) -> Line {
        let (sender, events) = mpsc::unbounded_channel();
        self.senders().insert(leg, sender);
        Line {
            leg,
            lines: self.clone(),
            events,
        }
    }

    fn send(&self, command: Command) -> Result<(), Refused> {
        self.switch.send(CommandId(self.id()), command)
    }

    fn id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    fn pass_on(&self, leg: LegId, kind: EventKind) {
        let over = matches!(kind, EventKind::Ended(_));
        let mut senders = self.senders();
        if let Some(sender) = senders.get(&leg)
            && (sender.send(kind).is_err() || over)
        {
            senders.remove(&leg);
        }
    }

    fn senders(&self) -> MutexGuard<'_, HashMap<LegId, mpsc::UnboundedSender<EventKind>>> {
        self.senders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn distribute<F, T>(
    lines: Weak<Lines>,
    mut events: mpsc::UnboundedReceiver<Event>,
    on_call: F,
) where
    F: Fn(Invitation) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    while let Some(event) = events.recv().await {
        let (Some(leg), Some(lines)) = (event.leg, lines.upgrade()) else {
            continue;
        };
        if let EventKind::Incoming { to, .. } = event.kind {
            let line = lines.line(leg);
            tokio::spawn(on_call(Invitation { to, line }));
        } else {
            lines.pass_on(leg, event.kind);
        }
    }
}

/// One call.
pub struct Line {
    leg: LegId,
    lines: Arc<Lines>,
    events: mpsc::UnboundedReceiver<EventKind>,
}

impl Line {
    pub fn ring(&self) {
        self.order(Command::Ring { leg: self.leg });
    }

    /// Says a prompt before the answer.
    pub fn say_early(&self, prompt: &str, times: u32) {
        self.order(Command::Progress { leg: self.leg });
        self.say(prompt, times);
    }

    pub fn answer(&self) {
        self.order(Command::Answer { leg: self.leg });
    }

    /// Says a prompt, over and over.
    pub fn say(&self, prompt: &str, times: u32) {
        let play = PlayId(self.lines.id());
        let prompt = prompt.to_owned();
        self.order(Command::Play {
            leg: self.leg,
            play,
            prompt,
            times,
        });
    }

    /// Presses keys, by RFC 4733 where the far end takes it.
    pub fn press(&self, digits: &str) {
        let digits = digits.to_owned();
        self.order(Command::SendDtmf {
            leg: self.leg,
            digits,
        });
    }

    pub fn hang_up(&self, cause: Cause) {
        self.order(Command::Hangup {
            leg: self.leg,
            cause,
        });
    }

    /// Lets time pass, unless the call ends first.
    pub async fn wait(&mut self, time: Duration) -> Result<(), Over> {
        match tokio::time::timeout(time, self.over()).await {
            Ok(over) => Err(over),
            Err(_) => Ok(()),
        }
    }

    /// Waits for the far end's answer.
    pub async fn answered(&mut self) -> Result<(), Over> {
        while let Some(event) = self.events.recv().await {
            match event {
                EventKind::Answered => return Ok(()),
                EventKind::Ended(ended) => return Err(Over(ended)),
                _ => {}
            }
        }
        Err(lost())
    }

    /// Waits until the call is over.
    pub async fn over(&mut self) -> Over {
        while let Some(event) = self.events.recv().await {
            if let EventKind::Ended(ended) = event {
                return Over(ended);
            }
        }
        lost()
    }

    /// The far end may have been faster: then the end of the call is on its way.
    fn order(&self, command: Command) {
        if let Err(refused) = self.lines.send(command) {
            tracing::debug!(%refused, "a call had ended by itself");
        }
    }
}

/// The switch went away under the call.
fn lost() -> Over {
    Over(Ended {
        side: switch::Side::Network,
        sip_status: None,
        q850: None,
        reason: None,
        forwards_to: None,
        stats: switch::MediaStats::default(),
    })
}
