//! One media thread: its legs, its wheel, its clock.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError},
    },
    time::{Duration, Instant},
};

use crate::{
    command::{Command, Hear, LegId},
    event::PlayEnd,
    g711::FRAME,
    lateness::Lateness,
    leg::{Leg, Outlets, Sum, Turn, Typed},
    mix::{Ear, MOST_VOICES},
    player::Player,
    priority,
    recorder::Work,
    tap::Tap,
    wheel::{SLOTS, Wheel},
};

/// Where a thread takes its orders.
pub type Inbox = SyncSender<Command>;

/// Orders taken in one go before sound is served again.
const MOST_COMMANDS: usize = 256;
/// After a longer stall the missed turns are skipped, not made up in a burst.
const LONGEST_CATCH_UP: u64 = 10 * SLOTS;

/// What one thread works on.
pub struct Shard {
    pub orders: Receiver<Command>,
    pub out: Outlets,
    pub lateness: Arc<Lateness>,
    /// Ticks; see [`Turn::timeout`].
    pub timeout: u64,
    legs: HashMap<LegId, Box<Leg>>,
    wheel: Wheel,
    /// Legs with a packet for between two turns, and the slots in which it leaves, in order.
    halves: VecDeque<(u64, LegId)>,
    /// Legs that another thread is about to hand over, and the orders that wait for them.
    expected: HashSet<LegId>,
    deferred: Vec<Command>,
    leaving: Vec<(Inbox, Box<Leg>)>,
    epoch: Instant,
    /// The slot that is served next, counted from the epoch.
    slot: u64,
    stopped: bool,
}

impl Shard {
    pub fn new(
        orders: Receiver<Command>,
        out: Outlets,
        lateness: Arc<Lateness>,
        timeout: u64,
    ) -> Self {
        Self {
            orders,
            out,
            lateness,
            timeout,
            legs: HashMap::new(),
            wheel: Wheel::default(),
            halves: VecDeque::new(),
            expected: HashSet::new(),
            deferred: Vec::new(),
            leaving: Vec::new(),
            epoch: Instant::now(),
            slot: 0,
            stopped: false,
        }
    }

    /// Serves until told to stop, then closes every leg.
    pub fn run(mut self) {
        priority::raise();
        while !self.stopped {
            self.wait_for_orders();
            self.serve_due();
            self.out.events.flush();
            self.out.work.flush();
            self.let_go();
        }
        for (_, leg) in std::mem::take(&mut self.legs) {
            leg.close(self.now(), &mut self.out);
        }
    }

    /// Sleeps until an order comes or a slot is due, and takes the orders that are there.
    fn wait_for_orders(&mut self) {
        let order = match self.next_due() {
            Some(due) => self
                .orders
                .recv_timeout(due.saturating_duration_since(Instant::now())),
            None => self.rest(),
        };
        match order {
            Ok(command) => self.take(command),
            Err(RecvTimeoutError::Timeout) => return,
            Err(RecvTimeoutError::Disconnected) => self.stopped = true,
        }
        for _ in 0..MOST_COMMANDS {
            match self.orders.try_recv() {
                Ok(command) => self.take(command),
                Err(_) => return,
            }
        }
    }

    /// Waits for an order with nothing else to do; the slots of that time are not made up.
    fn rest(&mut self) -> Result<Command, RecvTimeoutError> {
        self.lateness.calm();
        let order = self
            .orders
            .recv()
            .map_err(|_| RecvTimeoutError::Disconnected);
        self.slot = self.slot.max(self.epoch.elapsed().as_millis() as u64);
        order
    }

    /// When to wake without an order; `None` when there is nothing to do at all.
    fn next_due(&self) -> Option<Instant> {
        let half = self.halves.front().map(|(slot, _)| *slot);
        let turn = self.wheel.next_occupied(self.slot);
        if let Some(slot) = half.into_iter().chain(turn).min() {
            return Some(self.time_of(slot));
        }
        let waiting =
            !self.out.events.is_empty() || !self.out.work.is_empty() || !self.leaving.is_empty();
        waiting.then(|| Instant::now() + Duration::from_millis(20))
    }

    /// The clock in units of 1/8000 s.
    fn now(&self) -> i64 {
        self.epoch.elapsed().as_micros() as i64 * 8 / 1_000
    }

    fn time_of(&self, slot: u64) -> Instant {
        self.epoch + Duration::from_millis(slot)
    }

    fn serve_due(&mut self) {
        let now = self.epoch.elapsed().as_millis() as u64;
        if now.saturating_sub(self.slot) > LONGEST_CATCH_UP {
            self.slot = now;
        }
        while self.slot <= now {
            self.serve_slot();
            self.slot += 1;
        }
    }

    fn serve_slot(&mut self) {
        self.serve_halves();
        if self.wheel.leg_at(self.slot, 0).is_none() {
            return;
        }
        let started = Instant::now();
        self.lateness
            .count(started.saturating_duration_since(self.time_of(self.slot)));
        let turn = Turn {
            tick: self.slot / SLOTS,
            arrival: self.now(),
            timeout: self.timeout,
        };
        let mut index = 0;
        while let Some(id) = self.wheel.leg_at(self.slot, index) {
            self.serve_leg(id, turn);
            self.pass_keys_on(id);
            index += 1;
        }
    }

    /// Sends the packets whose time is between two turns of their leg.
    fn serve_halves(&mut self) {
        while let Some((_, id)) = self.halves.pop_front_if(|(slot, _)| *slot <= self.slot) {
            let tick = (self.slot - SLOTS / 2) / SLOTS;
            self.with(id, |leg, _| leg.serve_half(tick));
        }
    }

    fn serve_leg(&mut self, id: LegId, turn: Turn) {
        let mixed = self.mixed(id);
        let peer = self
            .legs
            .get(&id)
            .and_then(|leg| leg.peer)
            .filter(|&peer| peer != id);
        let has_half = match peer {
            Some(peer) => match self.legs.get_disjoint_mut([&id, &peer]) {
                [Some(leg), peer] => {
                    let peer = peer.map(|peer| &mut **peer);
                    leg.serve(peer, mixed.as_ref(), turn, &mut self.out)
                }
                _ => false,
            },
            None => match self.legs.get_mut(&id) {
                Some(leg) => leg.serve(None, mixed.as_ref(), turn, &mut self.out),
                None => false,
            },
        };
        if has_half {
            self.halves.push_back((self.slot + SLOTS / 2, id));
        }
    }

    /// A key that makes no sound is pressed again at everybody who hears the leg, but at a peer that
    /// was passed its packets.
    fn pass_keys_on(&mut self, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        let (typed, peer, listened_to) = (leg.take_typed(), leg.peer, leg.is_listened_to());
        for Typed { digit, as_event } in typed {
            if let Some(peer) = peer.and_then(|peer| self.legs.get_mut(&peer))
                && !(as_event && peer.takes_events())
            {
                peer.pass_on(digit);
            }
            let ears = self.legs.values_mut().filter(|_| listened_to);
            for leg in ears {
                let ear = leg.ear.iter().flatten();
                if ear.into_iter().any(|(voice, _)| *voice == id) {
                    leg.pass_on(digit);
                }
            }
        }
    }

    /// What the ear of a leg hears; `None` when it is in no mix.
    fn mixed(&self, id: LegId) -> Option<Sum> {
        let ear = self.legs.get(&id)?.ear.as_ref()?;
        let mut sum = [0; FRAME];
        for (voice, gain) in ear {
            let Some(voice) = self.legs.get(voice).and_then(|leg| leg.voice()) else {
                continue;
            };
            for (sum, &sample) in sum.iter_mut().zip(voice) {
                *sum += gain.of(sample);
            }
        }
        Some(sum)
    }

    fn take(&mut self, command: Command) {
        if command.needs(&self.expected) {
            return self.deferred.push(command);
        }
        match command {
            Command::Open(leg) => self.adopt(leg),
            Command::SignalledFrom { leg, hosts } => {
                self.with(leg, |leg, _| leg.signalled_from(hosts));
            }
            Command::Answered { leg } => {
                let tick = self.tick();
                self.with(leg, |leg, _| leg.answered(tick));
            }
            Command::Connect { leg, remote } => {
                let tick = self.tick();
                self.with(leg, |leg, _| leg.connect(remote, tick));
            }
            Command::Bridge { a, b } => self.bridge(a, b),
            Command::Park { leg, hear } => self.park(leg, hear),
            Command::Mix { ears } => ears.into_iter().for_each(|ear| self.mix(ear)),
            Command::Play {
                leg,
                play,
                prompt,
                times,
            } => self.with(leg, |leg, out| {
                leg.play(play, Player::times(prompt, times), &mut out.events);
            }),
            Command::StopPlay { leg, play } => {
                self.with(leg, |leg, out| leg.stop_play(play, &mut out.events));
            }
            Command::Press { leg, digits } => self.with(leg, |leg, _| leg.press(&digits)),
            Command::WithholdKeys { leg, on } => {
                self.with(leg, |leg, _| leg.withhold_keys(on));
            }
            Command::Typed { leg, key } => self.with(leg, |leg, out| leg.key_typed(key, out)),
            Command::KeysBySignalling { leg } => self.with(leg, |leg, _| leg.keys_by_signalling()),
            Command::Classify { leg, classifier } => {
                self.with(leg, |leg, _| leg.classify(classifier));
            }
            Command::Record { leg, record, path } => self.with(leg, |it, out| {
                out.work.push(Work::Create { leg, record, path });
                it.record(Tap::new(leg, record), &mut out.work);
            }),
            Command::PauseRecord {
                leg,
                record,
                paused,
            } => self.with(leg, |leg, _| leg.pause_record(record, paused)),
            Command::StopRecord { leg, record } => {
                self.with(leg, |leg, out| leg.stop_record(record, &mut out.work));
            }
            Command::Close { leg } => self.close(leg),
            Command::Expect { leg } => {
                self.expected.insert(leg);
            }
            Command::Move { leg, to } => self.hand_over(leg, to),
            Command::Stop => self.stopped = true,
        }
    }

    fn with(&mut self, leg: LegId, act: impl FnOnce(&mut Leg, &mut Outlets)) {
        if let Some(leg) = self.legs.get_mut(&leg) {
            act(leg, &mut self.out);
        }
    }

    /// The tick of the slot that is served next; after an idle time the clock is read anew.
    fn tick(&self) -> u64 {
        (self.epoch.elapsed().as_millis() as u64).max(self.slot) / SLOTS
    }

    fn adopt(&mut self, leg: Box<Leg>) {
        let id = leg.id;
        self.wheel.add(id);
        self.legs.insert(id, leg);
        if self.expected.remove(&id) {
            for command in std::mem::take(&mut self.deferred) {
                self.take(command);
            }
        }
    }

    fn bridge(&mut self, a: LegId, b: LegId) {
        if a == b || !self.legs.contains_key(&a) || !self.legs.contains_key(&b) {
            return;
        }
        // Who was together in a mix stays together: a supervisor who leaves stops no prompt.
        let together = self.hears(a, b) && self.hears(b, a);
        self.isolate(a);
        self.isolate(b);
        for (leg, peer) in [(a, b), (b, a)] {
            self.with(leg, |leg, out| {
                leg.peer = Some(peer);
                leg.set_music(None);
                if !together {
                    leg.end_play(PlayEnd::Stopped, &mut out.events);
                }
            });
        }
    }

    fn hears(&self, leg: LegId, voice: LegId) -> bool {
        let ear = self.legs.get(&leg).and_then(|leg| leg.ear.as_ref());
        ear.is_some_and(|ear| ear.iter().any(|(heard, _)| *heard == voice))
    }

    fn park(&mut self, leg: LegId, hear: Hear) {
        self.isolate(leg);
        let music = match hear {
            Hear::Silence => None,
            Hear::Loop(prompt) => Some(Player::endless(prompt)),
        };
        self.with(leg, |leg, _| leg.set_music(music));
    }

    fn mix(&mut self, ear: Ear) {
        let Ear {
            leg,
            mut voices,
            music,
        } = ear;
        if !self.legs.contains_key(&leg) {
            return;
        }
        voices.truncate(MOST_VOICES);
        voices.retain(|(voice, _)| *voice != leg);
        for (voice, _) in &voices {
            self.with(*voice, |voice, _| voice.listened_to(true));
        }
        self.isolate(leg);
        self.with(leg, |leg, _| {
            leg.ear = Some(voices);
            leg.set_music(music.map(Player::endless));
        });
    }

    /// Takes a leg out of its bridge and out of its mix; it, and a peer it had, hear silence.
    /// Ears that hear it go on hearing it.
    fn isolate(&mut self, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        let (peer, ear) = (leg.peer.take(), leg.ear.take());
        if let Some(peer) = peer {
            self.with(peer, |peer, _| peer.peer = None);
        }
        for (voice, _) in ear.into_iter().flatten() {
            self.with(voice, |voice, _| voice.listened_to(false));
        }
    }

    fn close(&mut self, id: LegId) {
        self.isolate(id);
        self.wheel.remove(id);
        if let Some(leg) = self.legs.remove(&id) {
            leg.close(self.now(), &mut self.out);
        }
    }

    fn hand_over(&mut self, id: LegId, to: Inbox) {
        self.isolate(id);
        self.wheel.remove(id);
        if let Some(mut leg) = self.legs.remove(&id) {
            leg.leave_listeners();
            self.leaving.push((to, leg));
        }
        self.let_go();
    }

    fn let_go(&mut self) {
        for (to, leg) in std::mem::take(&mut self.leaving) {
            if let Err(TrySendError::Full(Command::Open(leg))) = to.try_send(Command::Open(leg)) {
                self.leaving.push((to, leg));
            }
        }
    }
}
