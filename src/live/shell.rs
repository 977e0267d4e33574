//! The loop: drain the floor, then wait for the next thing to happen.

use std::{collections::VecDeque, path::PathBuf, sync::Arc, time::Duration};

use engine::{
    floor::{Command, Event, Floor, Input, OrderRefused, OutsideLimits, View},
    ids::{AgentId, CampaignId},
    time::Millis,
};
use store::Db;
use switch::Switch;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};
use tracing::{info, warn};

use crate::{
    bus::Bus,
    call_offs::CallOffs,
    clock, failpoint,
    handle::{Ask, Live, Refusal},
    lines::Lines,
    operator::Operator,
    reminder::Reminder,
    scribe::Scribe,
    teller::Teller,
    watcher::Watcher,
};

const ASKS: usize = 1024;
const VIEW_EVERY: Duration = Duration::from_millis(200);
const STATS_EVERY_MS: i64 = 1_000;
/// The switch tells what happened within a moment.
const LATE_MS: i64 = 10_000;

/// What the live floor works with.
pub struct Config {
    pub db: Db,
    pub switch: Arc<dyn Switch>,
    /// Names this process among all that share the database, and stays the same over restarts.
    pub node: String,
    pub recordings: PathBuf,
    /// What agents may have called outside.
    pub outside: OutsideLimits,
}

/// The live floor, running.
pub struct Running {
    pub live: Live,
    /// Wakes whenever somebody changed agents, queues, gateways, routes or extensions, at whatever node.
    pub reloads: watch::Receiver<u64>,
    stop: oneshot::Sender<()>,
    shell: JoinHandle<()>,
    scribe: JoinHandle<()>,
}

/// Why the floor does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("what an earlier process left open could not be closed")]
    Recover(#[source] store::Error),
    #[error("the switch's events are taken already")]
    EventsTaken,
}

/// Closes what an earlier process left open, then starts the floor.
///
/// # Errors
/// [`StartError`]; nothing has been dialled.
pub async fn start(config: Config) -> Result<Running, StartError> {
    let started = clock::now();
    let recovered = store::recover::recover(&config.db, &config.node, started)
        .await
        .map_err(StartError::Recover)?;
    if recovered != store::recover::Recovered::default() {
        info!(
            attempts = recovered.attempts,
            calls = recovered.calls,
            leads = recovered.leads,
            "closed what an earlier process left open"
        );
    }
    let promises = store::call_backs::waiting(&config.db, &config.node)
        .await
        .map_err(StartError::Recover)?;
    let events = config.switch.events().ok_or(StartError::EventsTaken)?;
    let bus = Bus::default();
    let (reload, reloads) = watch::channel(0);
    let (asks, asked) = mpsc::channel(ASKS);
    let (inputs, fed) = mpsc::unbounded_channel();
    let (to_scribe, scribed) = mpsc::unbounded_channel();
    let (to_teller, told) = mpsc::unbounded_channel();
    let (view, seen) = watch::channel(Arc::new(View::default()));
    let db = config.db;
    CallOffs::start(db.clone(), config.node.clone(), inputs.clone());
    let scribe = Scribe {
        db: db.clone(),
        node: config.node,
        inputs: inputs.clone(),
    };
    tokio::spawn(
        Teller {
            db: db.clone(),
            bus: bus.clone(),
        }
        .run(told),
    );
    tokio::spawn(
        Reminder {
            db: db.clone(),
            bus: bus.clone(),
            inputs: inputs.clone(),
        }
        .run(),
    );
    tokio::spawn(
        Watcher {
            db,
            bus: bus.clone(),
            inputs,
            reload: reload.clone(),
            reloads: reloads.clone(),
        }
        .run(),
    );
    let (stop, stopped) = oneshot::channel();
    let mut floor = Floor::new(started);
    floor.limit_outside(config.outside);
    floor.handle(Input::CallBacks(promises), started);
    let lines = Lines::of(Arc::clone(&config.switch));
    let shell = Shell {
        floor,
        operator: Operator::new(config.switch, config.recordings),
        pending: VecDeque::new(),
        to_scribe,
        to_teller,
        view,
        bus: bus.clone(),
        lines: lines.clone(),
        reload,
        clock: clock::Watch::start(),
        stats_at: started,
        told_stats: std::collections::BTreeMap::new(),
    };
    Ok(Running {
        live: Live::new(asks, seen, bus, lines),
        reloads,
        stop,
        shell: tokio::spawn(shell.run(asked, fed, events, stopped)),
        scribe: tokio::spawn(scribe.run(scribed)),
    })
}

impl Running {
    /// Ends the floor: nothing more is decided, what was decided is written. Shut the switch down
    /// before, so that every call's end has been told.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.shell.await;
        let _ = self.scribe.await;
    }
}

struct Shell {
    floor: Floor,
    operator: Operator,
    /// What the switch refused while commands were being carried out.
    pending: VecDeque<Input>,
    to_scribe: mpsc::UnboundedSender<Command>,
    to_teller: mpsc::UnboundedSender<Event>,
    view: watch::Sender<Arc<View>>,
    bus: Bus,
    lines: Lines,
    reload: watch::Sender<u64>,
    clock: clock::Watch,
    stats_at: Millis,
    told_stats: std::collections::BTreeMap<CampaignId, serde_json::Value>,
}

impl Shell {
    async fn run(
        mut self,
        mut asks: mpsc::Receiver<Ask>,
        mut inputs: mpsc::UnboundedReceiver<Input>,
        mut events: mpsc::UnboundedReceiver<switch::Event>,
        mut stop: oneshot::Receiver<()>,
    ) {
        let mut view = tokio::time::interval(VIEW_EVERY);
        view.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            self.drain();
            let wake = self.floor.next_wake().map(|(at, _why)| clock::until(at));
            tokio::select! {
                biased;
                _ = &mut stop => break self.finish(&mut inputs, &mut events).await,
                Some(event) = events.recv() => self.hear(event),
                Some(input) = inputs.recv() => self.take(input),
                Some(ask) = asks.recv() => self.answer(ask),
                () = clock::sleep(wake) => {
                    let now = self.now();
                    self.floor.handle_wake(now);
                }
                _ = view.tick() => self.show(),
            }
        }
    }

    /// What the switch has told already is still carried out, and what the store is asked about a
    /// lead is waited for: an attempt that is just being written is closed, not left to recovery.
    async fn finish(
        &mut self,
        inputs: &mut mpsc::UnboundedReceiver<Input>,
        events: &mut mpsc::UnboundedReceiver<switch::Event>,
    ) {
        self.take(Input::Drain);
        loop {
            self.drain();
            while let Ok(event) = events.try_recv() {
                self.hear(event);
                self.drain();
            }
            if !self.floor.awaits_store() {
                return;
            }
            match inputs.recv().await {
                Some(input) => self.take(input),
                None => return,
            }
        }
    }

    /// Now; when somebody set the clock, the floor hears of it first.
    fn now(&mut self) -> Millis {
        let (now, moved) = self.clock.look();
        if let Some(by_ms) = moved {
            warn!(by_ms, "the clock was set");
            self.floor.handle(Input::ClockMoved { by_ms }, now);
        }
        now
    }

    fn take(&mut self, input: Input) {
        failpoint::at_input(&input);
        let now = self.now();
        self.floor.handle(input, now);
    }

    fn hear(&mut self, event: switch::Event) {
        let Some((input, at)) = self.operator.hear(event) else {
            return;
        };
        failpoint::at_input(&input);
        let now = self.now();
        // By another clock than this one, or by this one before it was set.
        let at = if now.since(at) > LATE_MS {
            now
        } else {
            at.min(now)
        };
        self.floor.handle(input, at);
    }

    fn drain(&mut self) {
        loop {
            while let Some(command) = self.floor.poll_command() {
                self.dispatch(command);
            }
            let Some(input) = self.pending.pop_front() else {
                return;
            };
            self.take(input);
        }
    }

    fn dispatch(&mut self, command: Command) {
        self.note_legs(&command);
        match command {
            Command::Tell(event) => {
                let _ = self.to_teller.send(event);
            }
            Command::Dial { .. }
            | Command::RingPhone { .. }
            | Command::Ring { .. }
            | Command::Progress { .. }
            | Command::Answer { .. }
            | Command::HearEarly { .. }
            | Command::TakeUp { .. }
            | Command::TransferResult { .. }
            | Command::Hangup { .. }
            | Command::Bridge { .. }
            | Command::Park { .. }
            | Command::Mute { .. }
            | Command::SendDtmf { .. }
            | Command::WithholdKeys { .. }
            | Command::Confer { .. }
            | Command::Supervise { .. }
            | Command::Play { .. }
            | Command::Classify { .. }
            | Command::ListenEarly { .. }
            | Command::ListenForSpeech { .. }
            | Command::StopListening { .. }
            | Command::StopPlay { .. }
            | Command::RecordMessage { .. }
            | Command::DropRecording { .. }
            | Command::Record { .. }
            | Command::PauseRecord { .. }
            | Command::StopRecord { .. } => {
                let step = failpoint::after(&command);
                self.pending.extend(self.operator.carry(command));
                step.into_iter().for_each(failpoint::reach);
            }
            for_store => {
                let _ = self.to_scribe.send(for_store);
            }
        }
    }

    /// Whose legs are whose, for whoever looks at a call's signalling later.
    fn note_legs(&self, command: &Command) {
        let (of, legs) = match command {
            Command::Dial { leg, .. }
            | Command::RingPhone { leg, .. }
            | Command::Ring { leg }
            | Command::Answer { leg }
            | Command::Hangup { leg, .. } => (leg, vec![leg]),
            Command::Bridge { a, b } => (a, vec![a, b]),
            _ => return,
        };
        if let Some(call) = self.floor.call_of(*of) {
            for leg in legs {
                self.lines.note(call, self.operator.of_switch(*leg));
            }
        }
    }

    fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::Agent {
                agent,
                order,
                own,
                answer,
            } => {
                let now = self.now();
                let done = match own {
                    true => self.floor.own_order(&agent, order, now),
                    false => self.floor.order(&agent, order, now),
                };
                self.done(done, answer);
            }
            Ask::Supervisor { by, order, answer } => {
                let now = self.now();
                let done = self.floor.supervise(&by, order, now);
                self.done(done, answer);
            }
            Ask::Presence { agent, connected } => self.presence(agent, connected),
            Ask::Decided { campaign, answer } => {
                // Whoever asked may have gone away.
                let now = self.now();
                let _ = answer.send(self.floor.decided(&campaign, now));
            }
            Ask::Test { call, answer } => {
                let made = self.floor.test(*call, clock::now());
                self.drain();
                let _ = answer.send(made.map_err(Refusal::from));
            }
            Ask::ConnectTwo { by, asked, answer } => {
                let now = self.now();
                let begun = self.floor.connect_two(&by, asked, now);
                self.drain();
                let _ = answer.send(begun.map_err(Refusal::from));
            }
            Ask::BreakOff { campaign, answer } => {
                self.floor.break_off(&campaign, clock::now());
                self.drain();
                self.renew_view();
                let _ = answer.send(());
            }
            Ask::WhoIsIn { call, answer } => {
                // Whoever asked may have gone away.
                let _ = answer.send(self.floor.who_is_in(call));
            }
            Ask::NamedAtPhone { number, answer } => {
                let now = self.now();
                let _ = answer.send(self.floor.named_at_phone(&number, now));
            }
            Ask::Conferences { answer } => {
                // As before.
                let _ = answer.send(self.floor.conferences());
            }
            Ask::PauseRecording {
                call,
                paused,
                answer,
            } => {
                let done = self.floor.pause_recording(call, paused);
                self.done(done, answer);
            }
            Ask::LimitOutside(limits) => self.floor.limit_outside(limits),
            Ask::Reload => self.reload.send_modify(|times| *times += 1),
            Ask::Drain => self.take(Input::Drain),
        }
    }

    fn done(
        &mut self,
        done: Result<(), OrderRefused>,
        answer: oneshot::Sender<Result<(), Refusal>>,
    ) {
        self.drain();
        self.renew_view();
        // Whoever asked may have gone away.
        let _ = answer.send(done.map_err(Refusal::from));
    }

    fn presence(&mut self, agent: AgentId, connected: bool) {
        self.take(Input::Presence { agent, connected });
    }

    fn renew_view(&mut self) {
        let now = self.now();
        self.view.send_replace(Arc::new(self.floor.view(now)));
    }

    fn show(&mut self) {
        self.renew_view();
        let now = self.now();
        // Also when the clock was set back.
        if now < self.stats_at && self.stats_at.since(now) <= STATS_EVERY_MS {
            return;
        }
        self.stats_at = now.plus(STATS_EVERY_MS);
        let view = self.view.borrow().clone();
        for campaign in &view.campaigns {
            let stats = serde_json::to_value(campaign).unwrap_or_default();
            if self.told_stats.get(&campaign.id) != Some(&stats) {
                self.told_stats.insert(campaign.id.clone(), stats.clone());
                self.bus.publish(
                    format!("campaign:{}", campaign.id),
                    "campaign.stats",
                    stats,
                    now,
                );
            }
        }
    }
}
