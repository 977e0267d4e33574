//! One RTP stream in and one out.

mod far;
mod guard;
mod incoming;
mod outgoing;
mod reports;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, UdpSocket};

use far::Far;

use crate::{
    classify::Classifier,
    codec::{Codec, Decoder, Encoder, Samples},
    comfort::Comfort,
    command::{LegId, PlayId, RecordId, Remote},
    control::Control,
    dtmf::Keypad,
    event::{Event, PlayEnd, Stats},
    framing::Framing,
    g711::FRAME,
    hearing::Hearing,
    keys::Keys,
    mix::Gain,
    outlet::Outlet,
    player::Player,
    ports::{Lease, Sockets},
    reception::Reception,
    recorder::Work,
    sequence::Sequence,
    tap::Tap,
    tone_keys::ToneKeys,
};

/// The moment a leg is served in.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    /// Counts twenty milliseconds.
    pub tick: u64,
    /// The clock in units of 1/8000 s.
    pub arrival: i64,
    /// Ticks without a packet after which the far end counts as gone; 0 is never.
    pub timeout: u64,
}

/// Voices added up, not yet cut to sixteen bits.
pub type Sum = [i32; FRAME];

/// Where a leg's findings go.
#[derive(Debug)]
pub struct Outlets {
    pub events: Outlet<Event>,
    pub work: Outlet<Work>,
}

/// A leg and everything that hangs on it.
#[derive(Debug)]
pub struct Leg {
    pub id: LegId,
    /// The other leg of a bridge, whose packets are passed on as they are.
    pub peer: Option<LegId>,
    /// The voices of a mix; `None` when it is in none.
    pub ear: Option<Vec<(LegId, Gain)>>,
    /// How many ears hear it.
    listeners: u32,
    heard: Option<Box<Heard>>,
    socket: UdpSocket,
    rtcp: Option<UdpSocket>,
    control: Control,
    /// Where its signalling comes from.
    hosts: Vec<IpAddr>,
    far: Option<Far>,
    ssrc: u32,
    sequence: Sequence,
    /// Where packets do not go out as the frames and packets that they are made of.
    framing: Option<Box<Framing>>,
    sent: u64,
    sent_bytes: u64,
    reception: Reception,
    keypad: Keypad,
    withholds_keys: bool,
    keys_by_signalling: bool,
    last_key: LastKey,
    keys: Keys,
    typed: Vec<Typed>,
    classifier: Option<Box<dyn Classifier>>,
    encoder: Encoder,
    /// For what a peer says in another codec.
    interpreter: Decoder,
    /// What fills the pauses of a peer that sends comfort noise.
    background: Option<Comfort>,
    /// What it hears when nothing else is to be heard; silence if `None`.
    music: Option<Player>,
    play: Option<(PlayId, Player)>,
    tap: Option<Tap>,
    last_heard: u64,
    timeout_told: bool,
    /// Last, so that the sockets are closed before it is given back.
    _lease: Lease,
}

/// What the far end says, while somebody listens.
#[derive(Debug)]
struct Heard {
    hearing: Hearing,
    /// The frame of the last turn.
    voice: Samples,
    tone_keys: ToneKeys,
}

/// A key for whoever hears the leg: it makes no sound.
#[derive(Debug, Clone, Copy)]
pub struct Typed {
    pub digit: char,
    /// It came as packets, which a bridge passes on as they are.
    pub as_event: bool,
}

/// The event whose packets came last: whoever hears its beginning hears its end.
#[derive(Debug, Clone, Copy, Default)]
struct LastKey {
    ssrc: u32,
    timestamp: u32,
    withheld: bool,
}

impl Leg {
    pub fn new(id: LegId, sockets: Sockets) -> Self {
        Self {
            id,
            peer: None,
            ear: None,
            listeners: 0,
            heard: None,
            socket: sockets.rtp,
            rtcp: sockets.rtcp,
            control: Control::default(),
            hosts: Vec::new(),
            far: None,
            ssrc: rand::random(),
            sequence: Sequence::starting_at(rand::random(), rand::random()),
            framing: None,
            sent: 0,
            sent_bytes: 0,
            reception: Reception::default(),
            keypad: Keypad::default(),
            withholds_keys: false,
            keys_by_signalling: false,
            last_key: LastKey::default(),
            keys: Keys::default(),
            typed: Vec::new(),
            classifier: None,
            encoder: Encoder::default(),
            interpreter: Decoder::default(),
            background: None,
            music: None,
            play: None,
            tap: None,
            last_heard: 0,
            timeout_told: false,
            _lease: sockets.lease,
        }
    }

    /// Learns where the far end is, at first or again.
    pub fn connect(&mut self, remote: Remote, tick: u64) {
        self.pack(remote);
        match &mut self.far {
            Some(far) => far.renegotiate(remote, tick),
            None => self.far = Some(Far::new(remote, self.hosts.clone(), tick)),
        }
        self.gives_sign_of_life(tick);
        self.attend();
    }

    /// Learns where its signalling comes from, before it is connected.
    pub fn signalled_from(&mut self, hosts: Vec<IpAddr>) {
        self.hosts = hosts;
    }

    /// The call was answered as it was negotiated: who speaks now may be another.
    pub fn answered(&mut self, tick: u64) {
        if let Some(far) = &mut self.far {
            far.latch.reopen(tick);
        }
        self.gives_sign_of_life(tick);
    }

    fn gives_sign_of_life(&mut self, tick: u64) {
        self.last_heard = tick;
        self.timeout_told = false;
    }

    /// Keys that begin from now on are passed on to nobody, or again to whoever hears the leg.
    pub fn withhold_keys(&mut self, on: bool) {
        self.withholds_keys = on;
    }

    /// Presses keys at the far end, by order.
    pub fn press(&mut self, digits: &str) {
        self.keys.order(digits);
    }

    /// From now on somebody else passes keys on to the far end.
    pub fn keys_by_signalling(&mut self) {
        self.keys_by_signalling = true;
    }

    /// Passes on a key of its peer, or of a voice that its ear hears.
    pub fn pass_on(&mut self, digit: char) {
        if !self.keys_by_signalling {
            self.keys.press(digit.encode_utf8(&mut [0; 4]));
        }
    }

    /// The keys that came since the last time, for the peer and the ears that hear this leg.
    pub fn take_typed(&mut self) -> Vec<Typed> {
        std::mem::take(&mut self.typed)
    }

    pub fn is_listened_to(&self) -> bool {
        self.listeners > 0
    }

    pub fn takes_events(&self) -> bool {
        self.far
            .as_ref()
            .is_some_and(|far| far.remote.dtmf.is_some())
    }

    /// Forgets who hears it: they stay behind on another thread.
    pub fn leave_listeners(&mut self) {
        self.listeners = 0;
        self.attend();
    }

    /// Lets a classifier listen, or none; an earlier one is dropped.
    pub fn classify(&mut self, classifier: Option<Box<dyn Classifier>>) {
        self.classifier = classifier;
        self.attend();
    }

    pub fn set_music(&mut self, music: Option<Player>) {
        self.music = music;
    }

    /// Starts a playback; one that is running is stopped.
    pub fn play(&mut self, play: PlayId, player: Player, events: &mut Outlet<Event>) {
        self.end_play(PlayEnd::Stopped, events);
        self.play = Some((play, player));
    }

    pub fn stop_play(&mut self, play: PlayId, events: &mut Outlet<Event>) {
        if self
            .play
            .as_ref()
            .is_some_and(|(running, _)| *running == play)
        {
            self.end_play(PlayEnd::Stopped, events);
        }
    }

    pub fn end_play(&mut self, why: PlayEnd, events: &mut Outlet<Event>) {
        if let Some((play, player)) = self.play.take() {
            let played_ms = player.played_ms();
            events.push(Event::PlayDone {
                leg: self.id,
                play,
                played_ms,
                why,
            });
        }
    }

    /// Starts a recording; one that is running is finished.
    pub fn record(&mut self, tap: Tap, work: &mut Outlet<Work>) {
        if let Some(old) = self.tap.replace(tap) {
            old.finish(&self.last_words(), work);
        }
        self.attend();
    }

    pub fn pause_record(&mut self, record: RecordId, paused: bool) {
        if let Some(tap) = self.tap.as_mut().filter(|tap| tap.record() == record) {
            tap.pause(paused);
        }
    }

    pub fn stop_record(&mut self, record: RecordId, work: &mut Outlet<Work>) {
        if let Some(tap) = self.tap.take_if(|tap| tap.record() == record) {
            tap.finish(&self.last_words(), work);
        }
        self.attend();
    }

    /// What the far end has said and nobody has heard yet.
    fn last_words(&self) -> Vec<Samples> {
        let heard = self.heard.as_ref();
        heard.map_or_else(Vec::new, |heard| heard.hearing.rest())
    }

    /// One ear more or less hears this leg.
    pub fn listened_to(&mut self, more: bool) {
        self.listeners = match more {
            true => self.listeners + 1,
            false => self.listeners.saturating_sub(1),
        };
        self.attend();
    }

    /// What it said last, for the ears that hear it.
    pub fn voice(&self) -> Option<&Samples> {
        self.heard.as_ref().map(|heard| &heard.voice)
    }

    /// Decodes what comes in while anybody wants it, and no longer.
    fn attend(&mut self) {
        let wanted = self.listeners > 0
            || self.tap.is_some()
            || self.classifier.is_some()
            || self.keys_are_tones();
        if !wanted {
            self.heard = None;
        } else if self.heard.is_none() {
            self.heard = Some(Box::new(Heard {
                hearing: Hearing::default(),
                voice: [0; FRAME],
                tone_keys: ToneKeys::default(),
            }));
        }
    }

    /// The far end was found and takes no telephone events.
    fn keys_are_tones(&self) -> bool {
        self.far
            .as_ref()
            .is_some_and(|far| far.remote.dtmf.is_none())
    }

    /// `now` is the clock in units of 1/8000 s.
    pub fn close(mut self, now: i64, out: &mut Outlets) {
        self.say_goodbye(now);
        self.end_play(PlayEnd::LegEnded, &mut out.events);
        if let Some(tap) = self.tap.take() {
            tap.finish(&self.last_words(), &mut out.work);
        }
        out.events.push(Event::Closed {
            leg: self.id,
            stats: self.stats(),
        });
    }

    fn stats(&self) -> Stats {
        self.control.complete(self.reception.stats(self.sent))
    }

    /// Serves the leg: what came in goes to `peer`, then one frame goes out. `mixed` is what its
    /// ear hears. True when a packet is to leave half a turn later, by [`Self::serve_half`].
    pub fn serve(
        &mut self,
        peer: Option<&mut Self>,
        mixed: Option<&Sum>,
        turn: Turn,
        out: &mut Outlets,
    ) -> bool {
        self.receive(peer, turn, out);
        self.exchange_reports(turn);
        self.listen(out);
        if let Some(key) = self.keypad.expire(turn.tick) {
            self.key_came(key, self.last_key.withheld, out);
        }
        self.watch_silence(turn, out);
        self.send(mixed, turn.tick, out);
        if let Some(tap) = &mut self.tap {
            tap.end_tick(turn.tick, &mut out.work);
        }
        self.has_half(turn.tick)
    }

    /// The next frame of what the far end says, for everybody who listens.
    fn listen(&mut self, out: &mut Outlets) {
        let by_tone = self.keys_are_tones();
        let Some(heard) = &mut self.heard else { return };
        heard.voice = heard.hearing.frame();
        if let Some(tap) = &mut self.tap {
            tap.said(&heard.voice);
        }
        let finding = self
            .classifier
            .as_mut()
            .and_then(|it| it.hear(&heard.voice));
        let key = by_tone
            .then(|| heard.tone_keys.hear(&heard.voice))
            .flatten();
        if let Some(finding) = finding {
            let leg = self.id;
            out.events.push(Event::Found { leg, finding });
        }
        if let Some(key) = key {
            self.tell_key(key, false, out);
        }
        if self.classifier.as_ref().is_some_and(|it| it.is_done()) {
            self.classifier = None;
            self.attend();
        }
    }

    fn watch_silence(&mut self, turn: Turn, out: &mut Outlets) {
        let silent = turn.tick.saturating_sub(self.last_heard);
        let gone = turn.timeout > 0 && silent >= turn.timeout;
        let expected = self
            .far
            .as_ref()
            .is_some_and(|far| far.remote.expects_sound);
        if expected && gone && !self.timeout_told {
            self.timeout_told = true;
            out.events.push(Event::Timeout { leg: self.id });
        }
    }

    fn codec(&self) -> Option<Codec> {
        self.far.as_ref().map(|far| far.remote.codec)
    }
}
