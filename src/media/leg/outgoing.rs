//! What goes out.

use super::{Leg, Outlets, Sum};
use crate::{
    codec::{Codec, Samples},
    comfort::Comfort,
    command::Remote,
    event::{Event, PlayEnd},
    framing::{Framing, Ready},
    g711::{FRAME, Law},
    keys::Press,
    packet::{HEADER, LONGEST_PAYLOAD, Packet},
    sequence::Numbers,
    srtp,
};

/// A bridge that brings nothing for this many ticks is filled with silence.
const FILL_AFTER: u64 = 5;

impl Leg {
    /// Makes packets as they were negotiated.
    pub(super) fn pack(&mut self, remote: Remote) {
        let (packet, same_codec) = (remote.packet(), self.codec() == Some(remote.codec));
        match &mut self.framing {
            Some(framing) => framing.change(packet, same_codec),
            None if packet == FRAME => {}
            None => self.framing = Some(Box::new(Framing::new(packet))),
        }
    }

    /// A packet of the peer on its way to our far end.
    pub(super) fn relay_sound(&mut self, codec: Codec, packet: &Packet<'_>, tick: u64) {
        let free = self.play.is_none() && !self.keys.is_held();
        let Some(to) = self.codec().filter(|_| free) else {
            return;
        };
        let numbers = match self.is_framed(packet.payload.len(), tick) {
            true => None,
            false => match self.relayed(packet, tick) {
                None => return,
                numbers => numbers,
            },
        };
        self.background = None;
        let mut transcoded = [0; LONGEST_PAYLOAD];
        let payload = match self.transcode(codec, to, packet.payload, &mut transcoded) {
            Some(count) => &transcoded[..count],
            None => packet.payload,
        };
        match (numbers, &mut self.framing) {
            (Some(numbers), _) => self.transmit(to.payload_type(), numbers, payload),
            (None, Some(framing)) => {
                framing.relay(packet, payload, tick, self.sequence.due(tick));
            }
            (None, None) => {}
        }
        if let Some(tap) = &mut self.tap {
            tap.heard(to, payload);
        }
    }

    /// Whether so many samples go out in packets of another length, or after such.
    fn is_framed(&mut self, length: usize, tick: u64) -> bool {
        match &self.framing {
            None if length == FRAME => false,
            None => {
                self.framing = Some(Box::new(Framing::new(FRAME)));
                true
            }
            Some(framing) if (length, framing.packet()) == (FRAME, FRAME) => {
                self.send_rest(tick);
                self.framing = None;
                false
            }
            Some(_) => true,
        }
    }

    /// Sends what is whole and due; `half` counts ten milliseconds.
    fn send_due(&mut self, half: u64) {
        self.send_framed(half / 2, |framing, out| framing.next(half, out));
    }

    /// Sends what waits, for something else follows it.
    fn send_rest(&mut self, tick: u64) {
        self.send_framed(tick, Framing::rest);
    }

    fn send_framed(
        &mut self,
        tick: u64,
        next: impl Fn(&mut Framing, &mut [u8; LONGEST_PAYLOAD]) -> Option<Ready>,
    ) {
        let mut payload = [0; LONGEST_PAYLOAD];
        while let Some(framing) = &mut self.framing
            && let Some(ready) = next(framing, &mut payload)
            && let Some(codec) = self.codec()
        {
            let numbers = self.sequence.framed(tick, &ready);
            self.transmit(codec.payload_type(), numbers, &payload[..ready.length]);
        }
    }

    /// Whether a packet is due between this turn and the next.
    pub(super) fn has_half(&self, tick: u64) -> bool {
        let framing = self.framing.as_ref();
        framing.is_some_and(|framing| framing.is_due(2 * tick + 1))
    }

    /// Sends what is due between two turns.
    pub fn serve_half(&mut self, tick: u64) {
        self.send_due(2 * tick + 1);
    }

    /// The payload in another codec; `None` when it is in that codec already.
    fn transcode(
        &mut self,
        from: Codec,
        to: Codec,
        payload: &[u8],
        out: &mut [u8; LONGEST_PAYLOAD],
    ) -> Option<usize> {
        match (from.law(), to.law()) {
            _ if from == to => None,
            (Some(from), Some(to)) => {
                for (out, &byte) in out.iter_mut().zip(payload) {
                    *out = from.transcode(to, byte);
                }
                Some(payload.len())
            }
            _ => {
                let mut samples = [0; LONGEST_PAYLOAD];
                let count = self.interpreter.decode(from, payload, &mut samples);
                Some(self.encoder.encode(to, &samples[..count], out))
            }
        }
    }

    /// A packet of a key, to a far end that takes events; the others are passed the whole key.
    pub(super) fn relay_key(&mut self, packet: &Packet<'_>, tick: u64) {
        let Some(payload_type) = self.far.as_ref().and_then(|far| far.remote.dtmf) else {
            return;
        };
        if self.play.is_some() || self.keys.is_held() {
            return;
        }
        let numbers = match &mut self.framing {
            None => self.relayed(packet, tick),
            Some(framing) => {
                let timestamp = framing.event(packet, tick, self.sequence.due(tick));
                self.send_rest(tick);
                Some(self.sequence.framed_event(tick, timestamp, packet.marker))
            }
        };
        if let Some(numbers) = numbers {
            self.transmit(payload_type, numbers, packet.payload);
        }
    }

    /// The peer's far end pauses; we did not offer to send comfort noise, so it becomes sound.
    pub(super) fn relay_comfort(&mut self, packet: &Packet<'_>) {
        self.background = Comfort::of_payload(packet.payload);
    }

    fn relayed(&mut self, packet: &Packet<'_>, tick: u64) -> Option<Numbers> {
        let Packet {
            ssrc,
            sequence,
            timestamp,
            marker,
            ..
        } = *packet;
        self.sequence.relay(tick, ssrc, sequence, timestamp, marker)
    }

    /// Sends one frame, unless the peer just did, and what has become a packet.
    pub(super) fn send(&mut self, mixed: Option<&Sum>, tick: u64, out: &mut Outlets) {
        self.bring(mixed, tick, out);
        if self.framing.is_some() {
            self.send_due(2 * tick);
        }
    }

    /// The frame of this tick.
    fn bring(&mut self, mixed: Option<&Sum>, tick: u64, out: &mut Outlets) {
        let Some(codec) = self.codec() else { return };
        if self.press_keys(codec, tick, out) {
            return;
        }
        if let Some(frame) = self.next_of_play(codec, out) {
            return self.send_narrow(codec, &frame, tick);
        }
        if let Some(voices) = mixed {
            let samples = self.over_music(voices);
            return self.send_samples(codec, &samples, tick);
        }
        if self.peer.is_some() {
            return self.fill_pause(codec, tick);
        }
        let law = narrow(codec);
        let mut frame = [law.silence(); FRAME];
        if let Some(music) = &mut self.music {
            music.fill(law, &mut frame);
        }
        self.send_narrow(codec, &frame, tick);
    }

    /// Sends what this tick of a pressed key needs; `false` when something else may be sent.
    fn press_keys(&mut self, codec: Codec, tick: u64, out: &mut Outlets) -> bool {
        if self.keys.is_carried_out() {
            out.events.push(Event::Pressed { leg: self.id });
        }
        if !self.keys.is_busy() {
            return false;
        }
        let far = self.far.as_ref();
        let events = far.and_then(|far| Some((far.remote.dtmf?, far.remote.packet())));
        let every = events.map(|(_, packet)| packet.div_ceil(FRAME) as u32);
        match (self.keys.step(every), events) {
            (Some(Press::Event { payload, first }), Some((payload_type, _))) => {
                self.send_rest(tick);
                let numbers = self.sequence.event(tick, first);
                self.transmit(payload_type, numbers, &payload);
                true
            }
            (Some(Press::Tone(samples)), _) => {
                self.send_samples(codec, &samples, tick);
                true
            }
            _ => self.keys.is_held(),
        }
    }

    /// The voices of a mix with the music under them, cut to sixteen bits.
    fn over_music(&mut self, voices: &Sum) -> Samples {
        let mut music = [0; FRAME];
        if let Some(player) = &mut self.music {
            let mut bytes = [0; FRAME];
            player.fill(Law::Pcma, &mut bytes);
            music = bytes.map(|byte| Law::Pcma.decode(byte));
        }
        std::array::from_fn(|n| {
            let sum = voices[n] + i32::from(music[n]);
            sum.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
        })
    }

    /// A bridge whose other side is silent is kept alive.
    fn fill_pause(&mut self, codec: Codec, tick: u64) {
        let (idle, relays) = match &self.framing {
            Some(framing) => (framing.idle(tick), framing.relays()),
            None => {
                let since = self.sequence.ticks_since(tick);
                (since.unwrap_or(u64::MAX), self.sequence.relays())
            }
        };
        let wait = if self.background.is_some() {
            1
        } else {
            FILL_AFTER
        };
        if relays && idle <= wait {
            return;
        }
        let mut samples = [0; FRAME];
        if let Some(comfort) = &mut self.background {
            comfort.fill(&mut samples);
        }
        self.send_samples(codec, &samples, tick);
    }

    /// The next frame of a playback, in [`narrow`] of the codec.
    fn next_of_play(&mut self, codec: Codec, out: &mut Outlets) -> Option<[u8; FRAME]> {
        let (_, player) = self.play.as_mut()?;
        let mut frame = [0; FRAME];
        if !player.fill(narrow(codec), &mut frame) {
            self.end_play(PlayEnd::Finished, &mut out.events);
            return None;
        }
        Some(frame)
    }

    /// Sends a frame that is in [`narrow`] of the codec.
    fn send_narrow(&mut self, codec: Codec, frame: &[u8; FRAME], tick: u64) {
        match codec.law() {
            Some(_) => self.send_frame(codec, frame, tick),
            None => {
                let samples = frame.map(|byte| narrow(codec).decode(byte));
                self.send_samples(codec, &samples, tick);
            }
        }
    }

    fn send_samples(&mut self, codec: Codec, samples: &Samples, tick: u64) {
        let mut frame = [0; FRAME];
        self.encoder.encode(codec, samples, &mut frame);
        self.send_frame(codec, &frame, tick);
    }

    fn send_frame(&mut self, codec: Codec, frame: &[u8; FRAME], tick: u64) {
        if self.is_framed(FRAME, tick)
            && let Some(framing) = &mut self.framing
        {
            framing.own(frame, tick, self.sequence.due(tick));
        } else {
            let numbers = self.sequence.own(tick);
            self.transmit(codec.payload_type(), numbers, frame);
        }
        if let Some(tap) = &mut self.tap {
            tap.heard(codec, frame);
        }
    }

    fn transmit(&mut self, payload_type: u8, numbers: Numbers, payload: &[u8]) {
        let Some(far) = &mut self.far else { return };
        let Numbers {
            sequence,
            timestamp,
            marker,
        } = numbers;
        let packet = Packet {
            payload_type,
            marker,
            sequence,
            timestamp,
            ssrc: self.ssrc,
            payload,
        };
        let mut buffer = [0; HEADER + LONGEST_PAYLOAD + srtp::OVERHEAD];
        let mut length = packet.write(&mut buffer);
        if let Some(guard) = far.guard() {
            let Some(protected) = guard.protect.rtp(&mut buffer, length) else {
                return;
            };
            length = protected;
        }
        // A full send buffer or an unreachable network loses a packet, as any network does.
        if self
            .socket
            .send_to(&buffer[..length], far.latch.destination())
            .is_ok()
        {
            self.sent += 1;
            self.sent_bytes += payload.len() as u64;
        }
    }
}

/// The law in which prompts are taken for a codec: its own where it has one.
fn narrow(codec: Codec) -> Law {
    codec.law().unwrap_or(Law::Pcma)
}
