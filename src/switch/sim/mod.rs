//! A switch without SIP and sound, for tests of whatever stands above the port: two ends that call
//! each other, on the clock of the tokio runtime. Where that clock is paused, waiting costs nothing.
//!
//! It keeps the rules of the port exactly and knows nothing else: prompts are a length, a recording
//! is a file of the right size with nothing in it, who hears whom is a table by which keys go, and whoever is
//! listened to has said nothing, unless it played [`SIT`]. Who is listened to for speech speaks while it plays a
//! prompt. It has no phones but those that send their calls on.

mod world;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::mpsc, time::Instant};

use self::world::{End, Listens, Rung, Stage, World};
use crate::{
    Capabilities, Classify, Command, CommandId, Event, EventKind, LegId, Originate, PlayEnd,
    PlayId, Refused, Sit, Switch, Target, Verdict,
};

/// The prompt that stands for special information tones which say [`Sit::Intercept`].
pub const SIT: &str = "sit:intercept";
/// Their length.
const SIT_LENGTH: Duration = Duration::from_millis(930);
/// What is shorter is no speech.
const WORD: Duration = Duration::from_millis(100);

/// One of two ends.
pub struct Sim {
    /// Which of the world's ends it is.
    end: usize,
    world: Arc<Mutex<World>>,
    events: Mutex<Option<mpsc::UnboundedReceiver<Event>>>,
}

/// Two ends that are each other's gateway `gateway`, with one prompt.
#[must_use]
pub fn pair(gateway: &str, prompt: &str, length: Duration) -> (Arc<Sim>, Arc<Sim>) {
    let (tell_a, told_a) = mpsc::unbounded_channel();
    let (tell_b, told_b) = mpsc::unbounded_channel();
    let end = |told| End {
        gateway: gateway.to_owned(),
        told,
        legs: BTreeMap::new(),
    };
    let world = Arc::new(Mutex::new(World {
        ends: [end(tell_a), end(tell_b)],
        forwarding: BTreeMap::new(),
        started: Instant::now(),
        prompts: BTreeMap::from([(prompt.to_owned(), length), (SIT.to_owned(), SIT_LENGTH)]),
        strait: None,
        mixes: true,
    }));
    let sim = |end, told| {
        Arc::new(Sim {
            end,
            world: world.clone(),
            events: Mutex::new(Some(told)),
        })
    };
    (sim(0, told_a), sim(1, told_b))
}

fn look_at(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sim {
    /// There is a phone of this extension, at both ends, that sends every call on to `to`.
    pub fn forwards(&self, extension: &str, to: &str) {
        let mut world = self.world();
        world.forwarding.insert(extension.to_owned(), to.to_owned());
    }

    /// Takes no new legs from now on, and says why.
    pub fn strain(&self, why: Refused) {
        self.world().strait = Some(why);
    }

    /// Can neither hold, supervise nor confer from now on, as an engine that only bridges.
    pub fn only_bridge(&self) {
        self.world().mixes = false;
    }

    fn world(&self) -> MutexGuard<'_, World> {
        look_at(&self.world)
    }

    /// Does something to the world once `wait` has passed.
    fn later(&self, wait: Duration, act: impl FnOnce(&mut World, usize) + Send + 'static) {
        let (world, end) = (self.world.clone(), self.end);
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            act(&mut look_at(&world), end);
        });
    }

    fn originate(&self, world: &mut World, order: Originate) -> Result<(), Refused> {
        if world.ends[self.end].legs.contains_key(&order.leg) {
            return Ok(());
        }
        if let Some(why) = world.strait {
            return Err(why);
        }
        let (gateway, number) = match order.to {
            Target::Gateway { gateway, number } => (gateway, number),
            Target::Phone { extension } => {
                return world.ring_phone(self.end, order.leg, &extension);
            }
        };
        if gateway != world.ends[self.end].gateway {
            return Err(Refused::GatewayDown);
        }
        if number.is_empty() || !number.chars().all(|c| c.is_ascii_graphic()) {
            return Err(Refused::BadNumber);
        }
        let (near, far) = (order.leg, LegId(uuid::Uuid::new_v4()));
        let other = 1 - self.end;
        world.add(self.end, near, far, Stage::Calling(Rung::Not));
        world.add(other, far, near, Stage::Offered(Rung::Not));
        let incoming = EventKind::Incoming {
            from: order.caller.number,
            to: number,
            gateway: Some(world.ends[other].gateway.clone()),
            phone: None,
            replaces: None,
        };
        world.tell(other, far, incoming);
        self.later(order.ring_timeout, move |world, end| {
            let calling = world.ends[end].legs.get(&near).map(|leg| leg.stage);
            if matches!(calling, Some(Stage::Calling(_))) {
                world.end_call(end, near, Some(487), 19);
            }
        });
        Ok(())
    }

    fn play(
        &self,
        world: &mut World,
        (id, leg): (CommandId, LegId),
        play: PlayId,
        prompt: &str,
        times: u32,
    ) -> Result<(), Refused> {
        let stage = world.leg(self.end, leg)?.stage;
        let length = *world.prompts.get(prompt).ok_or(Refused::NoSuchPrompt)?;
        if !stage.hears() {
            let why = "only a leg that is answered, or has early media, can be played to";
            world.fail(self.end, leg, id, why);
            return Ok(());
        }
        world.end_play(self.end, leg, PlayEnd::Stopped);
        world.leg(self.end, leg)?.play = Some((play, Instant::now()));
        world.tell(self.end, leg, EventKind::PlayStarted { play });
        if let Some(heard) = world.listener_to(self.end, leg).filter(|_| prompt == SIT) {
            self.later(length, move |world, end| {
                let (verdict, sit) = (Verdict::Network, Some(Sit::Intercept));
                let after_ms = u32::try_from(length.as_millis()).unwrap_or(u32::MAX);
                world.found(1 - end, heard, verdict, sit, after_ms);
            });
        }
        self.later(WORD, move |world, end| world.speaks(end, leg));
        self.pauses_after(length * times.max(1), leg);
        self.later(length * times.max(1), move |world, end| {
            let now = world.ends[end].legs.get(&leg).and_then(|leg| leg.play);
            if now.is_some_and(|(playing, _)| playing == play) {
                world.end_play(end, leg, PlayEnd::Finished);
            }
        });
        Ok(())
    }
}

impl Sim {
    /// What a leg says may be over after `wait`, and be a pause as much later as whoever listens wants.
    fn pauses_after(&self, wait: Duration, leg: LegId) {
        let (world, end) = (self.world.clone(), self.end);
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            let pause = look_at(&world).pause_for(end, leg);
            if let Some(pause) = pause {
                tokio::time::sleep(pause).await;
                look_at(&world).pauses(end, leg);
            }
        });
    }

    /// Nothing is said: that is no use after a while.
    fn give_up_listening(&self, leg: LegId, params: Classify) {
        let after_ms = params.initial_silence_ms.min(params.budget_ms);
        let wait = Duration::from_millis(u64::from(after_ms));
        self.later(wait, move |world, end| {
            let listens = world.leg(end, leg).map(|leg| leg.listens);
            if listens == Ok(Listens::Answer) {
                world.found(end, leg, Verdict::Unsure, None, after_ms);
            }
        });
    }
}

impl Switch for Sim {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            machine_detection: true,
            speech_detection: true,
            recording: true,
            mixing: self.world().mixes,
        }
    }

    fn send(&self, id: CommandId, command: Command) -> Result<(), Refused> {
        let world = &mut *self.world();
        let end = self.end;
        match command {
            command if !world.mixes && is_mix(&command) => Err(Refused::Unsupported),
            Command::Originate(order) => self.originate(world, order),
            Command::Ring { leg } => world.ring(end, leg, id, Rung::Rings),
            Command::Progress { leg } => world.ring(end, leg, id, Rung::Early),
            Command::Answer { leg } => world.answer(end, leg, id),
            Command::HearEarly { leg, of } => world.hear_early(end, leg, id, of),
            Command::Hangup { leg, cause } => world.hang_up(end, leg, cause),
            Command::Bridge { a, b, on_end } => world.bridge(end, id, (a, b), on_end),
            Command::Park { leg, hear } => world.park(end, leg, id, hear),
            Command::Play {
                leg,
                play,
                prompt,
                times,
            } => self.play(world, (id, leg), play, &prompt, times),
            Command::StopPlay { leg, play } => {
                let playing = world.leg(end, leg)?.play;
                if playing.is_some_and(|(playing, _)| playing == play) {
                    world.end_play(end, leg, PlayEnd::Stopped);
                    self.pauses_after(Duration::ZERO, leg);
                }
                Ok(())
            }
            Command::SendDtmf { leg, digits } => world.press(end, (id, leg), &digits),
            Command::ListenEarly { leg } => world.listen_early(end, leg, id),
            Command::Classify { leg, params } => {
                if world.classify(end, leg, id)? {
                    self.give_up_listening(leg, params);
                }
                Ok(())
            }
            Command::ListenForSpeech { leg, params } => {
                if let Some(far) = world.listen_for_speech(end, leg, id, params)? {
                    self.later(WORD, move |world, end| world.speaks(1 - end, far));
                }
                Ok(())
            }
            Command::StopListening { leg } => world.stop_listening(end, leg),
            Command::Hold { leg, hear } => world.hold(end, leg, id, hear),
            Command::Resume { leg } => world.resume(end, leg),
            Command::Mute { leg, on } => world.mute(end, leg, on),
            Command::WithholdKeys { leg, on } => world.withhold_keys(end, leg, id, on),
            Command::TakeUp { leg } => world.take_up(end, leg, id),
            Command::Supervise {
                leg,
                agent,
                monitor,
            } => world.supervise(end, leg, id, (agent, monitor)),
            Command::Confer { leg, conference } => world.confer(end, leg, id, conference),
            Command::PauseRecord { leg, record } => world.pause(end, leg, record, true),
            Command::ResumeRecord { leg, record } => world.pause(end, leg, record, false),
            Command::StartRecord { leg, record, path } => {
                let recording = (path.clone(), Instant::now());
                world.leg(end, leg)?.records.insert(record, recording);
                world.tell(end, leg, EventKind::RecordStarted { record, path });
                Ok(())
            }
            Command::StopRecord { leg, record } => {
                world.leg(end, leg)?;
                world.end_records(end, leg, |r| r == record);
                Ok(())
            }
            Command::Refer { leg, to, replaces } => world.refer(end, leg, id, to, replaces),
            Command::TransferResult { leg, sip_status } => {
                world.transfer_result(end, leg, id, sip_status)
            }
        }
    }

    fn events(&self) -> Option<mpsc::UnboundedReceiver<Event>> {
        self.events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    fn legs(&self) -> Vec<LegId> {
        self.world().ends[self.end].legs.keys().copied().collect()
    }
}

fn is_mix(command: &Command) -> bool {
    matches!(
        command,
        Command::Hold { .. }
            | Command::Resume { .. }
            | Command::Mute { .. }
            | Command::WithholdKeys { .. }
            | Command::TakeUp { .. }
            | Command::Supervise { .. }
            | Command::Confer { .. }
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::conformance::{self, Strait};

    fn conform(caller: Arc<dyn Switch>, callee: Arc<Sim>, folder: &Path) -> conformance::Pair {
        conformance::Pair {
            caller,
            callee,
            gateway: "b".to_owned(),
            prompt: "prompt".to_owned(),
            sit: SIT.to_owned(),
            forwarding: ("8500".to_owned(), "8600".to_owned()),
            folder: folder.to_owned(),
            strained: Box::new(|strait| {
                let (strained, _) = pair("b", "prompt", Duration::ZERO);
                strained.strain(match strait {
                    Strait::GatewayFull => Refused::GatewayFull,
                    Strait::TooFast => Refused::TooFast,
                    Strait::MediaLate => Refused::MediaOverload,
                    Strait::Draining => Refused::Draining,
                });
                Box::pin(async { strained as Arc<dyn Switch> })
            }),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_port_conforms() {
        let folder = tempfile::tempdir().expect("a folder");
        let (caller, callee) = pair("b", "prompt", Duration::from_millis(400));
        caller.forwards("8500", "8600");
        conformance::check(conform(caller, callee, folder.path())).await;
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_only_bridges_conforms() {
        let folder = tempfile::tempdir().expect("a folder");
        let (caller, callee) = pair("b", "prompt", Duration::from_millis(400));
        caller.forwards("8500", "8600");
        caller.only_bridge();
        conformance::check(conform(caller, callee, folder.path())).await;
    }

    /// An engine that looks at what has come only now and then, and notes the time when it looks.
    struct Sluggish(Arc<Sim>);

    impl Switch for Sluggish {
        fn capabilities(&self) -> Capabilities {
            self.0.capabilities()
        }

        fn send(&self, id: CommandId, command: Command) -> Result<(), Refused> {
            self.0.send(id, command)
        }

        fn events(&self) -> Option<mpsc::UnboundedReceiver<Event>> {
            const LATE: Duration = Duration::from_millis(100);
            let mut came = self.0.events()?;
            let (tell, told) = mpsc::unbounded_channel();
            tokio::spawn(async move {
                while let Some(mut event) = came.recv().await {
                    tokio::time::sleep(LATE).await;
                    event.at += LATE;
                    tell.send(event).ok();
                }
            });
            Some(told)
        }

        fn legs(&self) -> Vec<LegId> {
            self.0.legs()
        }
    }

    #[tokio::test(start_paused = true)]
    #[should_panic(expected = "is when it was read")]
    async fn a_time_that_is_taken_when_an_answer_is_read_is_found_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let (caller, callee) = pair("b", "prompt", Duration::from_millis(400));
        caller.forwards("8500", "8600");
        let sluggish = Arc::new(Sluggish(caller));
        conformance::check(conform(sluggish, callee, folder.path())).await;
    }
}
