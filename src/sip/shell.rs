//! Runs the core: feeds it what happened, carries out what it decides.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::{Notify, mpsc};
use tracing::debug;

use crate::{
    SipError, SipEvent,
    clock::Clock,
    core::{Command, Core, Input, Output},
    message::{Message, Start},
    wire::{Feed, Wire},
};

pub(crate) struct Shell {
    core: Mutex<Core>,
    wire: Arc<Wire>,
    events: mpsc::UnboundedSender<SipEvent>,
    clock: Clock,
    /// The next wake-up may have moved.
    replan: Notify,
    stopped: Notify,
}

impl Shell {
    pub(crate) fn new(
        core: Core,
        wire: Arc<Wire>,
        events: mpsc::UnboundedSender<SipEvent>,
        clock: Clock,
    ) -> Self {
        let core = Mutex::new(core);
        Self {
            core,
            wire,
            events,
            clock,
            replan: Notify::new(),
            stopped: Notify::new(),
        }
    }

    pub(crate) fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wire(&self) -> &Wire {
        &self.wire
    }

    pub(crate) fn command(self: &Arc<Self>, command: Command) -> Result<(), SipError> {
        let mut core = self.core();
        let outputs = core.command(command, self.clock.now_ms())?;
        self.carry_out(outputs);
        self.replan.notify_one();
        Ok(())
    }

    /// Addresses that no flood limit applies to.
    pub(crate) fn trust(&self, addresses: Vec<IpAddr>) {
        self.wire.trust(addresses);
    }

    /// Wakes the core whenever it wants to be woken, until [`Self::stop`].
    pub(crate) async fn keep_time(self: Arc<Self>) {
        loop {
            let next = self.core().next_wake().map(|at| self.clock.instant(at));
            let wake = async {
                match next {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = wake => self.feed_all(Input::Wake),
                () = self.replan.notified() => {}
                () = self.stopped.notified() => return,
            }
        }
    }

    /// Waits until nothing is left to be answered, at most `grace`.
    pub(crate) async fn quiet(&self, grace: Duration) {
        let quiet = async {
            while !self.core().is_quiet() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(grace, quiet).await.ok();
    }

    pub(crate) fn stop(&self) {
        self.stopped.notify_one();
        self.wire.stop();
    }

    fn feed_all(self: &Arc<Self>, input: Input) {
        trace_input(&input);
        // The lock is held until all is handed over: order is part of the decision.
        let mut core = self.core();
        let before = core.next_wake();
        let outputs = core.on(input, self.clock.now_ms());
        self.carry_out(outputs);
        if core.next_wake() != before {
            self.replan.notify_one();
        }
    }

    fn carry_out(self: &Arc<Self>, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Send { tx, message, to } => {
                    trace("sent", &message);
                    self.wire
                        .send(tx, &message, to, Arc::new(Feeder(self.clone())));
                }
                Output::Respond { tx, message } => {
                    trace("sent", &message);
                    self.wire.respond(tx, &message);
                }
                Output::SendAck { message, to } => {
                    trace("sent", &message);
                    self.wire.send_ack(&message, to);
                }
                Output::Drop { tx } => self.wire.drop_tx(tx),
                // Nobody listens any more once the house shuts down.
                Output::Tell(event) => drop(self.events.send(event)),
            }
        }
    }
}

/// Lets the wire feed the shell.
pub(crate) struct Feeder(pub(crate) Arc<Shell>);

impl Feed for Feeder {
    fn feed(&self, input: Input) {
        self.0.feed_all(input);
    }
}

fn trace_input(input: &Input) {
    match input {
        Input::Request { message, .. }
        | Input::Response { message, .. }
        | Input::Ack { message, .. } => trace("received", message),
        Input::Cancel { .. } => debug!("received CANCEL"),
        Input::Unanswered { .. } => debug!("a request stayed unanswered"),
        Input::NoAck { .. } | Input::Wake => {}
    }
}

/// One line a message: no numbers, no credentials.
fn trace(what: &str, message: &Message) {
    let call_id = message.call_id();
    match &message.start {
        Start::Request { method, .. } => debug!(call_id, "{what} {}", method.name()),
        Start::Response { status, .. } => {
            let cseq = message.cseq();
            let method = cseq.as_ref().map_or("?", |c| c.method.name());
            debug!(call_id, "{what} {status} to {method}");
        }
    }
}
