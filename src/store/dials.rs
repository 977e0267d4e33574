//! A dial from its beginning to its end: the attempt, the call and the lead's step are one write.

use engine::{
    floor::{CloseCall, OpenAttempt},
    gate::Block,
};

use crate::{
    Db, Result, Tx, attempts, call_backs, call_legs, callers, calls, dnc, recording_moves,
};

/// Writes the attempt, its call and the lead's new state, or tells what forbids it: the number is in
/// another live attempt or the lead is no longer this node's, or the number was put on a DNC list since
/// the gate looked; then nothing is written. Asked again, because the answer to the first time was
/// lost, it finds the attempt written and says so.
///
/// # Errors
/// When the database refuses; then nothing is written either.
pub async fn open(db: &Db, node: &str, open: &OpenAttempt) -> Result<Option<Block>> {
    let mut tx = db.begin().await?;
    let taken = open.call.is_test || attempts::take_lead(&mut tx, node, open).await?;
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
    if call.is_test {
        let campaign = call.campaign.as_ref().map_or("", |id| id.as_str());
        return dnc::forbids_number(tx, campaign, &open.spellings, call.started_at).await;
    }
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
    call_legs::add(&mut tx, call).await?;
    match &call.attempt {
        Some(attempt) => {
            callers::closed(&mut tx, attempt, call).await?;
            attempts::close(&mut tx, attempt, call).await?;
        }
        None => call_backs::close(&mut tx, call).await?,
    }
    recording_moves::plan(&mut tx, &call.id.to_string()).await?;
    tx.commit().await
}

#[cfg(test)]
mod tests;
