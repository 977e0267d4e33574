//! What the called do, each as a story from the ringing to the end.

use std::time::Duration;

use switch::Cause;

use crate::{
    Timing,
    dice::Dice,
    line::{Line, Over},
    manner::Manner,
};

/// A phone nobody picks up gives up by itself after this.
const LONGEST_RING: Duration = Duration::from_secs(180);
/// A machine that is talked to hangs up after this.
const LONGEST_TAPE: Duration = Duration::from_secs(120);
/// A greeting and the pause after it.
const HELLO: Duration = Duration::from_millis(1_800);
/// Longer than any call.
const ENDLESSLY: u32 = 100_000;
const BEEP: &str = "tone:1000:400";
const RINGBACK: &str = "ringback";

/// One called party.
pub struct Called<'a> {
    pub line: Line,
    pub timing: &'a Timing,
    pub dice: Dice,
    /// What a person says first.
    pub hello: Option<&'a str>,
    /// The prompt a person says.
    pub voice: &'a str,
    /// The prompt a machine greets with.
    pub greeting: &'a str,
}

impl Called<'_> {
    /// Lives through the call; `on_answer` hears of the answer.
    pub async fn live(mut self, manner: Manner, on_answer: impl FnOnce() + Send) -> Over {
        let story = match manner {
            Manner::Person => self.person(on_answer).await,
            Manner::EarlyMedia => self.early_media(on_answer).await,
            Manner::Machine => self.machine(on_answer).await,
            Manner::NoAnswer => self.no_answer().await,
            Manner::Busy => self.refuse(Duration::ZERO, Cause::Busy).await,
            Manner::Unallocated => self.refuse(Duration::ZERO, Cause::Unallocated).await,
            Manner::Congested => self.refuse(Duration::ZERO, Cause::Congestion).await,
            Manner::Declined => {
                let ring = self.timing.ring(&mut self.dice);
                self.refuse(ring, Cause::Declined).await
            }
        };
        match story {
            Ok(()) => self.line.over().await,
            Err(over) => over,
        }
    }

    async fn person(&mut self, on_answer: impl FnOnce()) -> Result<(), Over> {
        self.pick_up(on_answer).await?;
        self.talk().await
    }

    async fn early_media(&mut self, on_answer: impl FnOnce()) -> Result<(), Over> {
        self.line.say_early(RINGBACK, ENDLESSLY);
        let ring = self.timing.ring(&mut self.dice);
        self.line.wait(ring).await?;
        self.line.answer();
        on_answer();
        self.talk().await
    }

    async fn talk(&mut self) -> Result<(), Over> {
        let talk = self.timing.talk(&mut self.dice);
        let mut left = talk;
        if let Some(hello) = self.hello {
            self.line.say(hello, 1);
            let pause = HELLO.min(talk);
            self.line.wait(pause).await?;
            left -= pause;
        }
        self.line.say(self.voice, ENDLESSLY);
        self.line.wait(left).await?;
        if !self.dice.chance(self.timing.hangs_up) {
            self.line.wait(self.timing.talk.1 * 2).await?;
        }
        self.line.hang_up(Cause::Normal);
        Ok(())
    }

    async fn machine(&mut self, on_answer: impl FnOnce()) -> Result<(), Over> {
        self.pick_up(on_answer).await?;
        self.line.say(self.greeting, ENDLESSLY);
        self.line.wait(self.timing.greeting).await?;
        self.line.say(BEEP, 1);
        self.line.wait(LONGEST_TAPE).await?;
        self.line.hang_up(Cause::Normal);
        Ok(())
    }

    async fn no_answer(&mut self) -> Result<(), Over> {
        self.line.ring();
        self.line.wait(LONGEST_RING).await?;
        self.line.hang_up(Cause::NoAnswer);
        Ok(())
    }

    async fn refuse(&mut self, ring: Duration, cause: Cause) -> Result<(), Over> {
        if ring > Duration::ZERO {
            self.line.ring();
            self.line.wait(ring).await?;
        }
        self.line.hang_up(cause);
        Ok(())
    }

    async fn pick_up(&mut self, on_answer: impl FnOnce()) -> Result<(), Over> {
        self.line.ring();
        let ring = self.timing.ring(&mut self.dice);
        self.line.wait(ring).await?;
        self.line.answer();
        on_answer();
        Ok(())
    }
}
