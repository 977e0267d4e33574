//! What a far end says.

use std::process::Command;

use media::{Law, Prompts};

use super::sound;

/// The codec of every far end here.
pub const LAW: Law = Law::Pcma;

#[derive(Debug, Clone)]
pub enum Voice {
    /// A tone without end.
    Tone(f64),
    /// Samples once, from the moment that somebody listens; then silence.
    Clip(Vec<i16>),
    /// Samples over and over.
    Round(Vec<i16>),
}

impl Voice {
    /// What espeak-ng makes of a text, after half a second of silence, and then a beep where a machine
    /// would have one.
    ///
    /// # Panics
    /// When espeak-ng cannot be started.
    pub fn says(text: &str, beeps: bool) -> Self {
        let dir = tempfile::TempDir::new().expect("a temporary directory");
        let status = Command::new("espeak-ng")
            .args(["-v", "en-us", "-s", "170", "-w"])
            .arg(dir.path().join("said.wav"))
            .arg(text)
            .status();
        assert!(status.is_ok_and(|status| status.success()), "no espeak-ng");
        let prompts = Prompts::open(Some(dir.path().to_owned()));
        let said = prompts.get("said").expect("a sound");
        let mut clip = vec![0; sound::RATE as usize / 2];
        clip.extend(said.bytes(LAW).iter().map(|byte| LAW.decode(*byte)));
        if beeps {
            clip.extend(sound::tone(1_000.0, 0.4, 0, sound::RATE as usize * 2 / 5));
        }
        Self::Clip(clip)
    }

    /// One of the prompts that are built in, over and over with a pause of a second and a half, as an
    /// exchange announces.
    ///
    /// # Panics
    /// When there is none of that name.
    pub fn plays(prompt: &str) -> Self {
        let prompt = Prompts::open(None).get(prompt).expect("a built-in prompt");
        let bytes = prompt.bytes(LAW).iter();
        let mut clip: Vec<i16> = bytes.map(|byte| LAW.decode(*byte)).collect();
        clip.resize(clip.len() + sound::RATE as usize * 3 / 2, 0);
        Self::Round(clip)
    }

    /// `count` samples from the sample `from` on.
    pub fn samples(&self, from: u64, count: usize) -> Vec<i16> {
        match self {
            Self::Tone(frequency) => sound::tone(*frequency, 0.4, from, count),
            Self::Clip(clip) => {
                let from = usize::try_from(from).unwrap_or(usize::MAX);
                let said = clip.iter().copied().skip(from);
                said.chain(std::iter::repeat(0)).take(count).collect()
            }
            Self::Round(clip) => {
                let from = (from % clip.len() as u64) as usize;
                let said = clip.iter().copied().cycle().skip(from);
                said.take(count).collect()
            }
        }
    }
}
