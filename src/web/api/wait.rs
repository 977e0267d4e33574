//! Waits a little for a job, so that short work answers at once.

use std::time::Duration;

use store::jobs;
use tokio::time::{Instant, sleep};

use crate::{house::House, problem::Problem};

const LOOK: Duration = Duration::from_millis(40);

/// Whether the job is done by now.
///
/// # Errors
/// What the job reported when it failed.
pub async fn done(house: &House, job: &str) -> Result<bool, Problem> {
    let until = Instant::now() + house.config.patience;
    loop {
        let found = jobs::get(&house.db, job)
            .await?
            .ok_or_else(Problem::not_found)?;
        match found.state.as_str() {
            "succeeded" => return Ok(true),
            "failed" | "cancelled" => {
                return Err(Problem::of_job(found.error_code, found.error_text));
            }
            _ if Instant::now() >= until => return Ok(false),
            _ => sleep(LOOK).await,
        }
    }
}
