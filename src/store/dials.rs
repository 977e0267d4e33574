//! A dial from its beginning to its end: the attempt, the call and the lead's step are one write.

use engine::{
    floor::{CloseCall, OpenAttempt},
    gate::Block,
};

use crate::{Db, Result, Tx, attempts, callers, calls, dnc};

/// Writes the attempt, its call and the lead's new state, or tells what forbids it: the number is in
/// another live attempt or the lead is no longer this node's, or the number was put on a DNC list since
/// the gate looked; then nothing is written. Asked again, because the answer to the first time was
/// lost, it finds the attempt written and says so.
///
/// # Errors
/// When the database refuses; then nothing is written either.
pub async fn open(db: &Db, node: &str, open: &OpenAttempt) -> Result<Option<Block>> {
    let mut tx = db.begin().await?;
    let taken = attempts::take_lead(&mut tx, node, open).await?;
    if taken && is_forbidden(&mut tx, open).await? {
        tx.rollback().await?;
        return Ok(Some(Block::Dnc));
    }
    if taken && attempts::insert(&mut tx, node, open).await? {
        calls::open(&mut tx, node, &open.call).await?;
        callers::dialled(&mut tx, open).await?;
        tx.commit().await?;
        return Ok(None);
    }
    tx.rollback().await?;
    let is_open = attempts::is_open(db, node, open).await?;
    Ok((!is_open).then_some(Block::Live))
}

async fn is_forbidden(tx: &mut Tx, open: &OpenAttempt) -> Result<bool> {
    let call = &open.call;
    let lead = call.lead.as_ref().map_or("", |lead| lead.as_str());
    let campaign = call.campaign.as_ref().map_or("", |id| id.as_str());
    dnc::forbids(tx, lead, campaign, &open.spellings, call.started_at).await
}

/// Closes a call and, when it was dialled, its attempt and the lead's step, all or nothing.
///
/// # Errors
/// When the database refuses; then everything is as it was.
pub async fn close(db: &Db, call: &CloseCall) -> Result<()> {
    let mut tx = db.begin().await?;
    calls::close(&mut tx, call).await?;
    if let Some(attempt) = &call.attempt {
        callers::closed(&mut tx, attempt, call).await?;
        attempts::close(&mut tx, attempt, call).await?;
    }
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use crate::{
        attempts::page, hopper, leads, on, sample::NOW, sample_floor as floor, testing::on_both,
    };
    use engine::{gate::Block, outcome::Outcome};

    #[tokio::test]
    async fn an_attempt_is_opened_once_and_closed_with_its_leads_next_step() {
        on_both(|home| async move {
            let db = &home.db;
            let (campaign, ids) = floor::campaign(db, 1).await;
            let drawn = hopper::draw(db, floor::NODE, &campaign, None, 1, NOW)
                .await
                .unwrap();
            let open = floor::attempt(7, &campaign, &drawn.leads[0]);
            assert_eq!(super::open(db, floor::NODE, &open).await.unwrap(), None);
            assert_eq!(
                super::open(db, floor::NODE, &open).await.unwrap(),
                None,
                "the same one again, after its answer was lost"
            );
            let twice = floor::attempt(8, &campaign, &drawn.leads[0]);
            let again = super::open(db, floor::NODE, &twice).await.unwrap();
            assert_eq!(again, Some(Block::Live));
            let calling = leads::find(db, &ids[0]).await.unwrap().unwrap();
            assert_eq!(
                (calling.call_status.as_str(), calling.dial_count),
                ("calling", 1)
            );
            let again = NOW.plus(600_000);
            super::close(db, &floor::close(&open, Outcome::Busy, Some(again)))
                .await
                .unwrap();
            let lead = leads::find(db, &ids[0]).await.unwrap().unwrap();
            assert_eq!(lead.call_status, "failed");
            assert_eq!(lead.outcome.as_deref(), Some("busy"));
            assert_eq!((lead.next_dial_at, lead.fail_count), (Some(again.0), 1));
            let rows = page(db, "o", Some(&ids[0]), None, None, 10).await.unwrap();
            assert_eq!(rows.len(), 1);
            assert_eq!(
                (rows[0].state.as_str(), rows[0].sip_status),
                ("closed", Some(486))
            );
            assert_eq!(rows[0].q850, Some(17));
        })
        .await;
    }

    #[tokio::test]
    async fn one_number_is_never_in_two_live_attempts() {
        on_both(|home| async move {
            let db = &home.db;
            let (campaign, ids) = floor::campaign(db, 2).await;
            on!(db.write(), c => sqlx::query("UPDATE leads SET phone = '13900000000'")
                .execute(c).await.map(|_| ()))
            .unwrap();
            let drawn = hopper::draw(db, floor::NODE, &campaign, None, 2, NOW)
                .await
                .unwrap()
                .leads;
            let first = floor::attempt(1, &campaign, &drawn[0]);
            let second = floor::attempt(2, &campaign, &drawn[1]);
            assert_eq!(super::open(db, floor::NODE, &first).await.unwrap(), None);
            let live = super::open(db, floor::NODE, &second).await.unwrap();
            assert_eq!(live, Some(Block::Live));
            let untouched = leads::find(db, &ids[1]).await.unwrap().unwrap();
            assert_eq!(
                (untouched.call_status.as_str(), untouched.dial_count),
                ("notcall", 0)
            );
            super::close(db, &floor::close(&first, Outcome::Connected, None))
                .await
                .unwrap();
            assert_eq!(super::open(db, floor::NODE, &second).await.unwrap(), None);
        })
        .await;
    }
}
