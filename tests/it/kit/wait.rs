//! Waiting for something to be so.

use std::{fmt::Debug, future::Future, time::Duration};

use tokio::time::{Instant, sleep};

const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Looks until `look` gives a value, and gives it.
///
/// # Panics
/// When `limit` has passed; the message says for what.
pub async fn until<T, F, Fut>(what: &str, limit: Duration, mut look: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let deadline = Instant::now() + limit;
    loop {
        if let Some(value) = look().await {
            return value;
        }
        assert!(Instant::now() < deadline, "waited {limit:?} for {what}");
        sleep(LOOK_AGAIN).await;
    }
}

/// Looks until what `look` gives satisfies `holds`; the last thing seen is in the message.
///
/// # Panics
/// When `limit` has passed.
pub async fn until_seen<T, F, Fut>(
    what: &str,
    limit: Duration,
    mut look: F,
    holds: impl Fn(&T) -> bool,
) -> T
where
    T: Debug,
    F: FnMut() -> Fut,
    Fut: Future<Output = T>,
{
    let deadline = Instant::now() + limit;
    loop {
        let seen = look().await;
        if holds(&seen) {
            return seen;
        }
        assert!(
            Instant::now() < deadline,
            "waited {limit:?} for {what}; last seen: {seen:#?}"
        );
        sleep(LOOK_AGAIN).await;
    }
}
