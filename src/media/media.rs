//! The handle to the media threads.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use crate::{
    classify::Classifier,
    command::{Command, Hear, LegId, PlayId, RecordId, Remote},
    dtmf::Key,
    event::Event,
    lateness::Lateness,
    leg::{Leg, Outlets},
    mix::Ear,
    outlet::Outlet,
    ports::Ports,
    prompt::{Prompt, Prompts},
    recorder::Recorder,
    shard::{Inbox, Shard},
};

const COMMANDS_WAITING: usize = 4_096;
const EVENTS_WAITING: usize = 8_192;
/// Seconds of recorded sound that may wait for the disk, over all recordings: 16 MB.
const CHUNKS_WAITING: usize = 512;

/// How the media engine is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address RTP is received on.
    pub ip: IpAddr,
    /// UDP ports for RTP; the even ones are used.
    pub ports: RangeInclusive<u16>,
    /// Media threads, at least one.
    pub threads: usize,
    /// Where the wav prompts are.
    pub prompts: Option<PathBuf>,
    /// A leg that receives nothing for this long is told as [`Event::Timeout`]; zero is never.
    pub rtp_timeout: Duration,
    /// Bytes of the disk that recordings leave free for everything else: with less left none is
    /// begun, and those that run are completed as they are and told with an error.
    pub disk_reserve: u64,
    /// Recordings are sealed with it as they are written; plain wav files without one.
    pub recording_key: Option<seal::Key>,
}

impl Config {
    /// One thread, no prompt files, 30 seconds of silence before a timeout, 256 MB of
    /// disk left alone.
    #[must_use]
    pub fn new(ip: IpAddr, ports: RangeInclusive<u16>) -> Self {
        Self {
            ip,
            ports,
            threads: 1,
            prompts: None,
            rtp_timeout: Duration::from_secs(30),
            disk_reserve: 256 * 1024 * 1024,
            recording_key: None,
        }
    }
}

/// Why the engine did not do it.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    #[error("a media thread cannot be started")]
    Thread(#[source] std::io::Error),
    #[error("every RTP port is in use")]
    NoPorts,
    #[error("no such leg")]
    NoSuchLeg,
    #[error("the media engine has stopped")]
    Stopped,
}

/// A new leg and the address to write into its SDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenLeg {
    pub leg: LegId,
    pub address: SocketAddr,
}

/// The media engine. Dropping it closes every leg and completes every recording.
#[derive(Debug)]
pub struct Media {
    shards: Vec<Inbox>,
    threads: Vec<JoinHandle<()>>,
    ports: Ports,
    prompts: Prompts,
    lateness: Arc<Lateness>,
    next_leg: AtomicU64,
    /// Which thread a leg lives on. Held while an order is sent, so orders keep their order.
    places: Mutex<HashMap<LegId, usize>>,
}

impl Media {
    /// Reads the prompts and starts the threads.
    ///
    /// # Errors
    /// [`MediaError::Thread`] when the system gives no more threads.
    pub fn start(config: &Config) -> Result<(Self, Receiver<Event>), MediaError> {
        let (event_sender, events) = sync_channel(EVENTS_WAITING);
        let (work_sender, work) = sync_channel(CHUNKS_WAITING);
        let lateness = Arc::new(Lateness::default());
        let timeout = config.rtp_timeout.as_millis() as u64 / 20;
        let mut shards = Vec::new();
        let mut threads = Vec::new();
        for number in 0..config.threads.max(1) {
            let (inbox, orders) = sync_channel(COMMANDS_WAITING);
            let out = Outlets {
                events: Outlet::new(event_sender.clone()),
                work: Outlet::new(work_sender.clone()),
            };
            let shard = Shard::new(orders, out, lateness.clone(), timeout);
            threads.push(spawn(format!("media-{number}"), move || shard.run())?);
            shards.push(inbox);
        }
        let recorder = Recorder::new(
            Outlet::new(event_sender),
            config.disk_reserve,
            config.recording_key.clone(),
        );
        drop(work_sender);
        threads.push(spawn("recorder".to_owned(), move || recorder.run(work))?);
        let media = Self {
            shards,
            threads,
            ports: Ports::new(config.ip, &config.ports),
            prompts: Prompts::open(config.prompts.clone()),
            lateness,
            next_leg: AtomicU64::new(1),
            places: Mutex::default(),
        };
        Ok((media, events))
    }

    /// Opens a leg: a socket that receives, in silence, until [`Self::connect`].
    ///
    /// # Errors
    /// [`MediaError::NoPorts`] when the range is used up, [`MediaError::Stopped`].
    pub fn open(&self) -> Result<OpenLeg, MediaError> {
        let sockets = self.ports.open().ok_or(MediaError::NoPorts)?;
        let address = sockets.address;
        let leg = LegId(self.next_leg.fetch_add(1, Ordering::Relaxed));
        let place = leg.0 as usize % self.shards.len();
        let mut places = self.places();
        self.send(place, Command::Open(Box::new(Leg::new(leg, sockets))))?;
        places.insert(leg, place);
        Ok(OpenLeg { leg, address })
    }

    /// Tells a leg what was negotiated; from now on it sends. May be repeated.
    ///
    /// # Errors
    /// [`MediaError::NoSuchLeg`], [`MediaError::Stopped`]; so for all that follow.
    pub fn connect(&self, leg: LegId, remote: Remote) -> Result<(), MediaError> {
        self.order(leg, Command::Connect { leg, remote })
    }

    /// Tells a leg, before it is connected, which hosts its signalling comes from. Sound from there is
    /// the far end's though its description names another address, as behind NAT.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn signalled_from(&self, leg: LegId, hosts: Vec<IpAddr>) -> Result<(), MediaError> {
        self.order(leg, Command::SignalledFrom { leg, hosts })
    }

    /// Tells a leg that its call was answered as it was connected: for a few seconds the sound may
    /// begin to come from elsewhere.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn answered(&self, leg: LegId) -> Result<(), MediaError> {
        self.order(leg, Command::Answered { leg })
    }

    /// Lets two legs hear each other. Ends their earlier bridges and playbacks; the playbacks go on
    /// where the two heard each other in a mix before.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn bridge(&self, a: LegId, b: LegId) -> Result<(), MediaError> {
        let mut places = self.places();
        let home = self.gather(&mut places, &[a, b])?;
        self.send(home, Command::Bridge { a, b })
    }

    /// Gives each of these legs its ear, all at once: it leaves its bridge or its former mix and
    /// hears what its ear says, until it is bridged, parked or mixed again. A running playback
    /// goes on over it. A voice need not have an ear here: whoever is only listened to notices
    /// nothing. With several media threads a leg that must move to another one leaves its bridge.
    ///
    /// # Errors
    /// As [`Self::connect`]; nothing is done then.
    pub fn mix(&self, ears: Vec<Ear>) -> Result<(), MediaError> {
        let mut places = self.places();
        let voices = ears.iter().flat_map(|ear| &ear.voices).map(|(leg, _)| *leg);
        let legs: Vec<_> = voices.chain(ears.iter().map(|ear| ear.leg)).collect();
        if legs.is_empty() {
            return Ok(());
        }
        let home = self.gather(&mut places, &legs)?;
        self.send(home, Command::Mix { ears })
    }

    /// Brings legs to the thread of the first.
    fn gather(
        &self,
        places: &mut HashMap<LegId, usize>,
        legs: &[LegId],
    ) -> Result<usize, MediaError> {
        if !legs.iter().all(|leg| places.contains_key(leg)) {
            return Err(MediaError::NoSuchLeg);
        }
        let home = legs.first().map_or(0, |leg| places[leg]);
        for &leg in legs {
            if places[&leg] != home {
                self.send(home, Command::Expect { leg })?;
                let to = self.shards[home].clone();
                self.send(places[&leg], Command::Move { leg, to })?;
                places.insert(leg, home);
            }
        }
        Ok(home)
    }

    /// Takes a leg out of its bridge, if it is in one, and lets it hear `hear`. Its former peer
    /// hears silence. A running playback goes on.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn park(&self, leg: LegId, hear: Hear) -> Result<(), MediaError> {
        self.order(leg, Command::Park { leg, hear })
    }

    /// Plays a prompt over whatever the leg hears, `times` times and at least once. One that is
    /// running is stopped.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn play(
        &self,
        leg: LegId,
        play: PlayId,
        prompt: Arc<Prompt>,
        times: u32,
    ) -> Result<(), MediaError> {
        self.order(
            leg,
            Command::Play {
                leg,
                play,
                prompt,
                times,
            },
        )
    }

    /// Stops a playback; nothing happens when it is over already.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn stop_play(&self, leg: LegId, play: PlayId) -> Result<(), MediaError> {
        self.order(leg, Command::StopPlay { leg, play })
    }

    /// Presses keys at the far end, one after the other, over whatever it hears: as telephone
    /// events where it takes them, as tones where not. What is no key is left out, and so is
    /// what goes beyond 64 waiting keys. Told as [`Event::Pressed`] when all are sent.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn press(&self, leg: LegId, digits: impl Into<String>) -> Result<(), MediaError> {
        let digits = digits.into();
        self.order(leg, Command::Press { leg, digits })
    }

    /// Takes a key that the far end pressed by signalling, lasting `ms` milliseconds: it is told and
    /// passed on as one that comes as a telephone event.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn typed(&self, leg: LegId, digit: char, ms: u32) -> Result<(), MediaError> {
        let key = Key { digit, ms };
        self.order(leg, Command::Typed { leg, key })
    }

    /// The keys of whoever is heard by this leg go to its far end by signalling: none is pressed here
    /// but by [`Self::press`].
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn keys_by_signalling(&self, leg: LegId) -> Result<(), MediaError> {
        self.order(leg, Command::KeysBySignalling { leg })
    }

    /// Passes the keys that come from the far end as telephone events or by signalling on to nobody, or again to whoever
    /// hears the leg; they are told either way. A key that has begun is passed on to its end. Tones are
    /// sound and go where that goes.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn withhold_keys(&self, leg: LegId, on: bool) -> Result<(), MediaError> {
        self.order(leg, Command::WithholdKeys { leg, on })
    }

    /// Lets a classifier listen to the far end, from the next frame on; an earlier one is
    /// dropped. What it finds is told as [`Event::Found`].
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn classify(&self, leg: LegId, classifier: Box<dyn Classifier>) -> Result<(), MediaError> {
        let classifier = Some(classifier);
        self.order(leg, Command::Classify { leg, classifier })
    }

    /// Lets no classifier listen to a leg any more.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn stop_classifying(&self, leg: LegId) -> Result<(), MediaError> {
        let classifier = None;
        self.order(leg, Command::Classify { leg, classifier })
    }

    /// Records a leg into a stereo wav: left what it says, right what it hears. One that is
    /// running is finished. A file that cannot be written is told as [`Event::RecordDone`] with
    /// an error, and the leg goes on.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn record(&self, leg: LegId, record: RecordId, path: PathBuf) -> Result<(), MediaError> {
        self.order(leg, Command::Record { leg, record, path })
    }

    /// Keeps what is said and heard from now on out of a recording, as silence of the same length,
    /// or takes it in again; nothing happens when the recording is over already.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn pause_record(
        &self,
        leg: LegId,
        record: RecordId,
        paused: bool,
    ) -> Result<(), MediaError> {
        self.order(
            leg,
            Command::PauseRecord {
                leg,
                record,
                paused,
            },
        )
    }

    /// Finishes a recording; nothing happens when it is over already.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn stop_record(&self, leg: LegId, record: RecordId) -> Result<(), MediaError> {
        self.order(leg, Command::StopRecord { leg, record })
    }

    /// Closes a leg and frees its port; told as [`Event::Closed`].
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn close(&self, leg: LegId) -> Result<(), MediaError> {
        let place = self.places().remove(&leg).ok_or(MediaError::NoSuchLeg)?;
        self.send(place, Command::Close { leg })
    }

    /// The prompts of this engine.
    #[must_use]
    pub fn prompts(&self) -> &Prompts {
        &self.prompts
    }

    /// How punctual the threads are.
    #[must_use]
    pub fn lateness(&self) -> &Lateness {
        &self.lateness
    }

    fn order(&self, leg: LegId, command: Command) -> Result<(), MediaError> {
        let places = self.places();
        let place = *places.get(&leg).ok_or(MediaError::NoSuchLeg)?;
        self.send(place, command)
    }

    /// Waits when the queue is full: at most a few turns of the wheel.
    fn send(&self, place: usize, command: Command) -> Result<(), MediaError> {
        self.shards[place]
            .send(command)
            .map_err(|_| MediaError::Stopped)
    }

    fn places(&self) -> MutexGuard<'_, HashMap<LegId, usize>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Media {
    fn drop(&mut self) {
        for place in 0..self.shards.len() {
            if self.send(place, Command::Stop).is_err() {
                tracing::warn!(thread = place, "a media thread had stopped before its time");
            }
        }
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a media thread panicked");
            }
        }
    }
}

fn spawn(name: String, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, MediaError> {
    std::thread::Builder::new()
        .name(name)
        .spawn(work)
        .map_err(MediaError::Thread)
}
