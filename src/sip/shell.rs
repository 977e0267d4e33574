//! Runs the core: feeds it what happened, carries out what it decides.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::{Notify, mpsc};
use tracing::{debug, info};

use crate::{
    CallRef, Hop, SipError, SipEvent, Traced,
    clock::Clock,
    core::{Command, Core, Input, Output},
    message::{Message, Method, Start},
    trace::Trace,
    wire::{Feed, Wire},
};

pub(crate) struct Shell {
    core: Mutex<Core>,
    wire: Arc<Wire>,
    events: mpsc::UnboundedSender<SipEvent>,
    clock: Clock,
    trace: Mutex<Trace>,
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
        trace: Trace,
    ) -> Self {
        let core = Mutex::new(core);
        Self {
            core,
            wire,
            events,
            clock,
            trace: Mutex::new(trace),
            replan: Notify::new(),
            stopped: Notify::new(),
        }
    }

    pub(crate) fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn trace_of(&self, call: CallRef) -> Vec<Traced> {
        self.trace().of(call)
    }

    fn trace(&self) -> MutexGuard<'_, Trace> {
        self.trace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wire(&self) -> &Wire {
        &self.wire
    }

    pub(crate) fn command(self: &Arc<Self>, command: Command) -> Result<(), SipError> {
        let mut core = self.core();
        let now_ms = self.clock.now_ms();
        let outputs = core.command(command, now_ms)?;
        self.carry_out(outputs, &core, now_ms);
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
        let now_ms = self.clock.now_ms();
        trace_input(&input);
        if let Some((message, peer)) = message_in(&input) {
            self.trace().note(message, false, peer, now_ms);
        }
        // The lock is held until all is handed over: order is part of the decision.
        let mut core = self.core();
        let before = core.next_wake();
        let outputs = core.on(input, now_ms);
        self.carry_out(outputs, &core, now_ms);
        if core.next_wake() != before {
            self.replan.notify_one();
        }
    }

    fn carry_out(self: &Arc<Self>, outputs: Vec<Output>, core: &Core, now_ms: u64) {
        let mut answer = None;
        for output in outputs {
            if let Some((message, peer)) = message_out(&output) {
                let mut trace = self.trace();
                if let Some(call) = core.call_of_id(message.call_id()) {
                    trace.name(call, message.call_id());
                }
                trace.note(message, true, peer, now_ms);
            }
            match output {
                Output::Send { tx, message, to } => {
                    trace("sent", &message);
                    // A phone may take a NOTIFY before the 202 for one of no subscription of its own.
                    let is_notify = message.method() == Some(&Method::Notify);
                    let behind = answer.take_if(|_| is_notify);
                    let feeder = Arc::new(Feeder(self.clone()));
                    self.wire.send(tx, &message, (to, behind), feeder);
                }
                Output::Respond { tx, message } => {
                    trace("sent", &message);
                    answer = Some(self.wire.respond(tx, &message));
                }
                Output::SendAck { message, to } => {
                    trace("sent", &message);
                    self.wire.send_ack(&message, to);
                }
                Output::Drop { tx } => self.wire.drop_tx(tx),
                Output::Ban { source, seconds } => {
                    info!(
                        seconds,
                        "{source} is shut out, or no longer when that is 0 s"
                    );
                    self.wire.ban(source, Duration::from_secs(seconds));
                }
                Output::Vouch { source } => self.wire.vouch(source),
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

fn message_in(input: &Input) -> Option<(&Message, Option<Hop>)> {
    match input {
        Input::Request { message, from, .. } => Some((message, Some(*from))),
        Input::Response { message, .. } | Input::Ack { message, .. } => Some((message, None)),
        _ => None,
    }
}

fn message_out(output: &Output) -> Option<(&Message, Option<Hop>)> {
    match output {
        Output::Send { message, to, .. } | Output::SendAck { message, to } => {
            Some((message, Some(*to)))
        }
        Output::Respond { message, .. } => Some((message, None)),
        _ => None,
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
