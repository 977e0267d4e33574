//! One playback on one leg.

use std::sync::Arc;

use crate::{
    g711::{FRAME, Law},
    prompt::Prompt,
};

/// Walks through a prompt frame by frame, as often as asked.
#[derive(Debug)]
pub struct Player {
    prompt: Arc<Prompt>,
    at: usize,
    /// Rounds left after this one; `None` plays for ever.
    rounds: Option<u32>,
    played: u64,
}

impl Player {
    /// Plays `times` times, at least once.
    pub fn times(prompt: Arc<Prompt>, times: u32) -> Self {
        Self {
            prompt,
            at: 0,
            rounds: Some(times.saturating_sub(1)),
            played: 0,
        }
    }

    /// Plays until it is dropped.
    pub fn endless(prompt: Arc<Prompt>) -> Self {
        Self {
            prompt,
            at: 0,
            rounds: None,
            played: 0,
        }
    }

    /// Fills the next frame; `false` when nothing was left to play.
    pub fn fill(&mut self, law: Law, frame: &mut [u8; FRAME]) -> bool {
        let mut filled = 0;
        while filled < FRAME {
            let rest = &self.prompt.bytes(law)[self.at..];
            if rest.is_empty() {
                if !self.again() {
                    break;
                }
                continue;
            }
            let count = rest.len().min(FRAME - filled);
            frame[filled..filled + count].copy_from_slice(&rest[..count]);
            filled += count;
            self.at += count;
        }
        frame[filled..].fill(law.silence());
        self.played += filled as u64;
        filled > 0
    }

    /// How much has been played, in milliseconds.
    pub fn played_ms(&self) -> u64 {
        self.played / 8
    }

    fn again(&mut self) -> bool {
        match &mut self.rounds {
            _ if self.prompt.ms() == 0 => false,
            Some(0) => false,
            Some(rounds) => {
                *rounds -= 1;
                self.at = 0;
                true
            }
            None => {
                self.at = 0;
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_plays_as_often_as_asked_and_no_more() {
        let prompt = Arc::new(Prompt::of_samples(&[1_000; 200]));
        let mut player = Player::times(prompt, 2);
        let mut frame = [0; FRAME];
        let frames = std::iter::from_fn(|| player.fill(Law::Pcma, &mut frame).then_some(()));
        assert_eq!(frames.count(), 3);
        assert_eq!(player.played_ms(), 50);
    }

    #[test]
    fn an_empty_prompt_ends_at_once() {
        let mut player = Player::endless(Arc::new(Prompt::of_samples(&[])));
        assert!(!player.fill(Law::Pcmu, &mut [0; FRAME]));
    }
}
