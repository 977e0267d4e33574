//! What a leg's far end says, as one frame of samples a tick.

use crate::{
    codec::{Codec, Decoder, Samples},
    comfort::Comfort,
    conceal::Conceal,
    g711::FRAME,
    jitter::Jitter,
    packet::{LONGEST_PAYLOAD, Packet},
};

/// Decodes, orders, mends. Kept only while somebody listens: a mix, a recording, a detector.
#[derive(Debug, Default)]
pub struct Hearing {
    decoder: Decoder,
    jitter: Jitter,
    conceal: Conceal,
    comfort: Option<Comfort>,
}

impl Hearing {
    /// Takes a packet of sound that arrived at `arrival`, in units of 1/8000 s.
    pub fn sound(&mut self, codec: Codec, packet: &Packet<'_>, arrival: i64) {
        let mut samples = [0; LONGEST_PAYLOAD];
        let count = self.decoder.decode(codec, packet.payload, &mut samples);
        self.jitter
            .put(packet.ssrc, packet.timestamp, &samples[..count], arrival);
        self.comfort = None;
    }

    /// Takes a comfort noise packet: until the next sound this is what is heard.
    pub fn comfort(&mut self, payload: &[u8]) {
        self.comfort = Comfort::of_payload(payload);
    }

    /// What was said last and has not come out yet.
    pub fn rest(&self) -> Vec<Samples> {
        self.jitter.rest()
    }

    /// The frame of this tick; call once a tick.
    pub fn frame(&mut self) -> Samples {
        let mut frame = [0; FRAME];
        let real = self.jitter.frame(&mut frame);
        match &mut self.comfort {
            Some(comfort) if !real.contains(&true) => comfort.fill(&mut frame),
            _ => self.conceal.mend(&mut frame, &real),
        }
        frame
    }
}
