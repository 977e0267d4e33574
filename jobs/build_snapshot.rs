//! What filters read of a batch is made as soon as its leads have changed, not when the first filter
//! asks (OUT-101). A worker that dies leaves whole segments; what is up to date is not made again.

use serde_json::json;
use store::segments;

use crate::{
    error::JobError,
    house::{House, Ticket},
    snapshot,
};

pub async fn run(house: &House, ticket: &Ticket, batch: &str) -> Result<(), JobError> {
    let segments = segments::list(&house.db, batch).await?;
    let total = i64::try_from(segments.len()).unwrap_or(i64::MAX);
    let mut built = 0;
    for (done, segment) in (0..).zip(&segments) {
        house.may_go_on()?;
        let mut tx = house.db.begin().await?;
        ticket.progress(&mut tx, "building", done, total).await?;
        tx.commit().await?;
        built += i64::from(snapshot::make(house, batch, *segment).await?);
    }
    let mut tx = house.db.begin().await?;
    let said = json!({ "segments": total, "built": built });
    ticket.succeed(&mut tx, &said).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use store::{jobs, testing::on_both, work::Work};

    use crate::testing::{self, house};

    /// Done once an import has ended, and only what has changed since.
    #[tokio::test]
    async fn an_import_leaves_nothing_to_be_built_for_a_filter() {
        on_both(|home| async move {
            let (house, _guard) = house(home);
            let batch = testing::sample(&house).await;
            let which = jobs::Which {
                kind: "build_snapshot",
                ..jobs::Which::default()
            };
            let queued = jobs::list(&house.db, "o", which, None, 9).await.unwrap();
            assert_eq!(queued.len(), 1);
            assert_eq!(
                (queued[0].subject.as_str(), queued[0].priority),
                (&*batch, 1)
            );
            let work = Work::BuildSnapshot {
                batch: batch.clone(),
            };
            let mut built = Vec::new();
            for _ in 0..2 {
                let job = testing::enqueue(&house, work.clone()).await;
                testing::perform(&house, &job, &work).await.unwrap();
                let done = jobs::get(&house.db, &job).await.unwrap().unwrap();
                built.push(done.result.0["built"].clone());
            }
            assert_eq!(built, [1, 0]);
            let gone = Work::BuildSnapshot {
                batch: "bat_none".into(),
            };
            testing::run(&house, gone).await.unwrap();
        })
        .await;
    }
}
