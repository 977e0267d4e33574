//! Calls that people behind the carrier place to the house.

use std::{sync::Arc, time::Duration};

use switch::{CallerId, Cause, Refused, Target};
use tokio::task::JoinHandle;

use crate::{
    Carrier,
    carrier::{Exchange, HOUSE},
    dice::Dice,
    line::{Line, Lines, Over},
};

/// Somebody who calls the house.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The number they dial.
    pub number: String,
    /// Their own.
    pub from: String,
    /// How long they let it ring.
    pub patience: Duration,
    /// How long they stay once answered, queue and talk together.
    pub stays: Duration,
    /// The keys they press a second after the answer; 0-9, `*`, `#`.
    pub presses: String,
}

/// So long they listen before they press keys.
const LISTENS: Duration = Duration::from_secs(1);

/// Callers who keep coming until this is dropped.
#[derive(Debug)]
pub struct Trickle(JoinHandle<()>);

impl Drop for Trickle {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Carrier {
    /// Places one call; the caller stays until hung up or out of time.
    ///
    /// # Errors
    /// [`Refused`] when the call did not go out.
    pub fn place(&self, caller: Caller) -> Result<(), Refused> {
        place(&self.lines, &self.exchange, caller)
    }

    /// Lets callers dial `number`, one in `every` on average, at random moments. They let it ring
    /// for `patience`, press the next of `keys` in turn, and stay as long as called people do.
    #[must_use]
    pub fn trickle(
        &self,
        number: &str,
        every: Duration,
        patience: Duration,
        keys: &[&str],
    ) -> Trickle {
        let (lines, exchange) = (self.lines.clone(), self.exchange.clone());
        let number = number.to_owned();
        let keys: Vec<String> = keys.iter().map(|keys| (*keys).to_owned()).collect();
        Trickle(tokio::spawn(async move {
            for nth in 0.. {
                let mut dice = Dice::of(exchange.seed, &number, nth);
                tokio::time::sleep(dice.exponential(every)).await;
                let from = format!("139{}", dice.digits(8));
                let stays = patience + exchange.timing.talk(&mut dice);
                let caller = Caller {
                    number: number.clone(),
                    from,
                    patience,
                    stays,
                    presses: keys
                        .get(nth as usize % keys.len().max(1))
                        .cloned()
                        .unwrap_or_default(),
                };
                if let Err(refused) = place(&lines, &exchange, caller) {
                    tracing::debug!(%refused, "an inbound call did not go out");
                }
            }
        }))
    }
}

fn place(lines: &Arc<Lines>, exchange: &Arc<Exchange>, caller: Caller) -> Result<(), Refused> {
    let to = Target::Gateway {
        gateway: HOUSE.to_owned(),
        number: caller.number,
    };
    let from = CallerId {
        number: caller.from,
        ..CallerId::default()
    };
    let line = lines.call(to, from, caller.patience)?;
    exchange.count(|counts| {
        counts.placed += 1;
        counts.began();
    });
    let exchange = exchange.clone();
    tokio::spawn(async move {
        let over = hold(line, &exchange, caller.stays, &caller.presses).await;
        exchange.count(|counts| counts.ended(&over.0, false));
    });
    Ok(())
}

async fn hold(mut line: Line, exchange: &Exchange, stays: Duration, presses: &str) -> Over {
    if let Err(over) = line.answered().await {
        return over;
    }
    exchange.count(|counts| counts.placed_answered += 1);
    if !presses.is_empty() {
        if let Err(over) = line.wait(LISTENS).await {
            return over;
        }
        line.press(presses);
    }
    line.say(&exchange.voice, u32::MAX);
    if let Err(over) = line.wait(stays).await {
        return over;
    }
    line.hang_up(Cause::Normal);
    line.over().await
}
