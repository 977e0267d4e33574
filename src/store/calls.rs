//! Calls: one CDR each, opened when the call begins and closed with everything known of it.

use engine::{
    disposition::{Code, Disposition, Step},
    draw::late,
    floor::{CloseCall, OpenCall},
    ivr::Choice,
    pacing::Counts,
    time::Millis,
};
use serde::Serialize;

use crate::{
    Db, Doc, Result, Tx, access::FIRST_ORGI, call_quality::count, dnc, doc, on, recording_moves,
};

pub(crate) async fn open(tx: &mut Tx, node: &str, call: &OpenCall) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO calls (id, orgi, direction, mode, campaign_id, task_id, lead_id, queue_id,
             agent_id, caller, callee, gateway_id, node, state, started_at)
         VALUES ($1, COALESCE((SELECT orgi FROM leads WHERE id = $2),
                     (SELECT orgi FROM queues WHERE id = $8),
                     (SELECT orgi FROM campaigns WHERE id = $6), $15, $3), $4, $5, $6, $7, $2, $8,
             $9, $10, $11, $12, $13, 'open', $14)")
        .bind(call.id.to_string())
        .bind(call.lead.as_ref().map(|lead| lead.as_str()))
        .bind(FIRST_ORGI)
        .bind(match call.mode.is_some() || call.is_call_back || call.is_ordered {
            true => "outbound",
            false => "inbound",
        })
        .bind(mode_of(call))
        .bind(call.campaign.as_ref().map(|campaign| campaign.as_str()))
        .bind(call.task.as_ref().map(|task| task.as_str()))
        .bind(call.queue.as_ref().map(|queue| queue.as_str()))
        .bind(call.agent.as_ref().map(|agent| agent.as_str()))
        .bind(&call.caller).bind(&call.callee)
        .bind(call.gateway.as_ref().map(|gateway| gateway.as_str()))
        .bind(node).bind(call.started_at.0).bind(&call.tenant)
        .execute(c).await.map(|_| ()))?;
    Ok(())
}

fn mode_of(call: &OpenCall) -> &'static str {
    match call.mode {
        Some(_) if call.is_test => "test",
        Some(mode) => mode.as_str(),
        None if call.is_call_back => "callback",
        None if call.is_ordered => "ordered",
        None => "inbound",
    }
}

/// Opens the CDR of a call that nobody dialled.
///
/// # Errors
/// When the database refuses.
pub async fn open_inbound(db: &Db, node: &str, call: &OpenCall) -> Result<()> {
    let mut tx = db.begin().await?;
    open(&mut tx, node, call).await?;
    tx.commit().await
}

pub(crate) async fn close(tx: &mut Tx, call: &CloseCall) -> Result<()> {
    on!(tx.conn(), c => sqlx::query(
        "UPDATE calls SET state = 'closed', queue_id = $2, agent_id = $3, extension = $4,
             ringing_at = $5, answered_at = $6, queued_at = $7, offered_at = $8, bridged_at = $9,
             ended_at = $10, hangup_side = $11, sip_status = $12, q850 = $13, outcome = $14,
             answer_class = $15, abandoned = $16, wait_ms = $17, talk_ms = $18,
             packets_received = $19, packets_lost = $20, jitter_ms = $21, transport = $22,
             gave_up_at = $23, message = $24, message_heard = $25, verdict = $26, verdict_ms = $27,
             verdict_why = $28, greeted_at = $29, packets_sent = $30, round_trip_ms = $31,
             reported_lost = $32, reported_jitter_ms = $33, mos = $34,
             gateway_id = COALESCE($35, gateway_id)
         WHERE id = $1 AND state = 'open'")
        .bind(call.id.to_string())
        .bind(call.queue.as_ref().map(|queue| queue.as_str()))
        .bind(call.agent.as_ref().map(|agent| agent.as_str()))
        .bind(&call.extension)
        .bind(call.times.ringing.map(|at| at.0))
        .bind(call.times.answered.map(|at| at.0))
        .bind(call.times.queued.map(|at| at.0))
        .bind(call.times.offered.map(|at| at.0))
        .bind(call.times.bridged.map(|at| at.0))
        .bind(call.times.ended.map(|at| at.0))
        .bind(call.hangup_side)
        .bind(call.sip_status.map(i64::from))
        .bind(call.q850.map(i64::from))
        .bind(call.outcome.as_str())
        .bind(call.answer_class.as_str())
        .bind(call.abandoned)
        .bind(call.wait_ms)
        .bind(call.talk_ms)
        .bind(count(call.quality.packets_received))
        .bind(count(call.quality.packets_lost))
        .bind(call.quality.jitter_ms)
        .bind(call.transport.as_str())
        .bind(call.gave_up.map(|at| at.0))
        .bind(call.message.as_ref().map(|message| message.prompt.as_str()))
        .bind(call.message.as_ref().map(|message| message.heard.as_str()))
        .bind(call.finding.as_ref().map(|finding| finding.answerer.as_str()))
        .bind(call.finding.as_ref().map(|finding| i64::from(finding.after_ms)))
        .bind(call.finding.as_ref().map(|finding| finding.why.as_str()))
        .bind(call.times.greeted.map(|at| at.0))
        .bind(count(call.quality.packets_sent))
        .bind(call.quality.round_trip_ms)
        .bind(call.quality.reported_lost.map(count))
        .bind(call.quality.reported_jitter_ms)
        .bind(call.quality.mos)
        .bind(call.gateway.as_ref().map(|gateway| gateway.as_str()))
        .execute(c).await.map(|_| ()))?;
    close_way(tx, call).await
}

/// Which key led the caller out of a queue, what was chosen in the menus, and what the caller said of
/// the call.
async fn close_way(tx: &mut Tx, call: &CloseCall) -> Result<()> {
    if call.exit.is_none() && call.asked.is_none() && call.choices.is_empty() {
        return Ok(());
    }
    let choices = match call.choices.as_slice() {
        [] => None,
        choices => Some(doc::text("choices", choices)?),
    };
    let asked = call.asked.as_ref();
    let answer = asked.and_then(|asked| asked.answer);
    on!(tx.conn(), c => sqlx::query(
        "UPDATE calls SET exit_key = $2, exit_to = $3, score = $4, survey = $5, survey_key = $6,
             choices = $7
         WHERE id = $1")
        .bind(call.id.to_string())
        .bind(call.exit.map(|exit| exit.key.to_string()))
        .bind(call.exit.map(|exit| exit.to))
        .bind(answer.map(|answer| i64::from(answer.score)))
        .bind(asked.map(|asked| &asked.survey))
        .bind(answer.map(|answer| answer.key.to_string()))
        .bind(choices)
        .execute(c).await.map(|_| ()))?;
    Ok(())
}

/// The recording is complete, or it is not and `error` says why.
///
/// # Errors
/// When the database refuses.
pub async fn recorded(db: &Db, call: &str, file: &str, ms: i64, error: Option<&str>) -> Result<()> {
    let mut tx = db.begin().await?;
    on!(tx.conn(), c => sqlx::query(
        "UPDATE calls SET recording = $2, recording_ms = $3, recording_error = $4 WHERE id = $1")
        .bind(call).bind((!file.is_empty()).then_some(file)).bind(ms).bind(error).execute(c).await.map(|_| ()))?;
    recording_moves::plan(&mut tx, call).await?;
    tx.commit().await
}

/// What the agent said of a call, with what follows for its lead. An appointment that is still to come
/// stands unless a time was agreed on anew, or another call is of no use.
///
/// # Errors
/// When the database refuses; then nothing is written.
pub async fn dispose(
    db: &Db,
    call: &str,
    lead: Option<&str>,
    disposition: &Disposition,
    step: Step,
    now: Millis,
) -> Result<()> {
    let mut tx = db.begin().await?;
    let code = disposition.code.as_str();
    on!(tx.conn(), c => sqlx::query("UPDATE calls SET disposition = $2, note = $3 WHERE id = $1")
        .bind(call).bind(code).bind(&disposition.note).execute(c).await.map(|_| ()))?;
    if let Some(lead) = lead {
        step_lead(&mut tx, lead, disposition, step, now).await?;
    }
    tx.commit().await
}

async fn step_lead(
    tx: &mut Tx,
    lead: &str,
    said: &Disposition,
    step: Step,
    now: Millis,
) -> Result<()> {
    let appointed = matches!(step, Step::CallAgain(_));
    let no_use = matches!(
        said.code,
        Code::NotInterested | Code::WrongNumber | Code::DoNotCall
    );
    let keeps = !no_use && !appointed;
    let again = match step {
        Step::CallAgain(at) | Step::TryAgain(at) => Some(at.0),
        Step::Close | Step::Suppress => None,
    };
    const PROMISED: &str = "appointed AND appoint_at > $6 AND $9";
    let sql = format!(
        "UPDATE leads SET disposition = $2, updated_at = $6, call_rank = $7, call_key = '',
             appointed = CASE WHEN {PROMISED} THEN appointed ELSE $3 END,
             appoint_at = CASE WHEN {PROMISED} THEN appoint_at ELSE $4 END,
             appoint_note = CASE WHEN {PROMISED} THEN appoint_note ELSE $5 END,
             next_dial_at = CASE WHEN {PROMISED} THEN appoint_at ELSE $8 END
         WHERE id = $1"
    );
    on!(tx.conn(), c => sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(lead).bind(said.code.as_str()).bind(appointed).bind(again.filter(|_| appointed))
        .bind(appointed.then_some(&said.note)).bind(now.0).bind(again.map(|at| late(Millis(at))))
        .bind(again).bind(keeps)
        .execute(c).await.map(|_| ()))?;
    if step == Step::Suppress {
        let found: Option<(String, String)> = on!(tx.conn(), c => sqlx::query_as(
            "SELECT orgi, phone FROM leads WHERE id = $1").bind(lead).fetch_optional(c).await)?;
        if let Some((orgi, phone)) = found {
            dnc::add(tx, &orgi, &phone, "asked not to be called", None, now).await?;
        }
    }
    Ok(())
}

/// What a campaign has come to so far, for a floor that takes it over.
///
/// # Errors
/// When the database refuses.
pub async fn counts(db: &Db, campaign: &str) -> Result<Counts> {
    let (answered, machines, connected, abandoned): (i64, i64, i64, i64) = on!(db.read(), c => sqlx::query_as(
            "SELECT COUNT(CASE WHEN answer_class = 'person' THEN 1 END),
                    COUNT(CASE WHEN answer_class = 'machine' THEN 1 END),
                    COUNT(CASE WHEN outcome = 'connected' THEN 1 END),
                    COUNT(CASE WHEN abandoned THEN 1 END)
             FROM calls WHERE campaign_id = $1 AND state = 'closed' AND mode <> 'test'")
            .bind(campaign).fetch_one(c).await)?;
    let dialled: i64 = on!(db.read(), c => sqlx::query_scalar(
        "SELECT COUNT(*) FROM attempts WHERE campaign_id = $1 AND mode <> 'test' AND dialled")
        .bind(campaign).fetch_one(c).await)?;
    let whole = |number: i64| u64::try_from(number).unwrap_or_default();
    Ok(Counts {
        dialled: whole(dialled),
        answered: whole(answered),
        machines: whole(machines),
        connected: whole(connected),
        abandoned: whole(abandoned),
    })
}

/// A CDR as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize, sqlx::FromRow)]
pub struct Call {
    pub id: String,
    pub direction: String,
    pub mode: String,
    pub is_test: bool,
    pub campaign_id: Option<String>,
    pub task_id: Option<String>,
    pub lead_id: Option<String>,
    pub queue_id: Option<String>,
    pub agent_id: Option<String>,
    pub extension: Option<String>,
    pub caller: String,
    pub callee: String,
    pub gateway_id: Option<String>,
    pub state: String,
    pub started_at: i64,
    pub ringing_at: Option<i64>,
    pub answered_at: Option<i64>,
    pub queued_at: Option<i64>,
    pub offered_at: Option<i64>,
    pub bridged_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub hangup_side: Option<String>,
    pub sip_status: Option<i64>,
    pub q850: Option<i64>,
    pub outcome: Option<String>,
    /// What the network did.
    pub transport: Option<String>,
    pub answer_class: Option<String>,
    pub abandoned: bool,
    pub wait_ms: Option<i64>,
    pub talk_ms: Option<i64>,
    pub disposition: Option<String>,
    pub note: Option<String>,
    /// When waiting ended without an agent: the person is lost.
    pub gave_up_at: Option<i64>,
    /// The prompt that a lost person heard, or a machine recorded.
    pub message: Option<String>,
    /// played, cut_short or failed.
    pub message_heard: Option<String>,
    /// File name under the recordings directory.
    pub recording: Option<String>,
    pub recording_ms: Option<i64>,
    pub recording_error: Option<String>,
    pub packets_received: Option<i64>,
    pub packets_lost: Option<i64>,
    pub jitter_ms: Option<f64>,
    /// What listening to the answer came to: human, machine, fax, network or unsure.
    pub verdict: Option<String>,
    pub verdict_ms: Option<i64>,
    pub verdict_why: Option<String>,
    /// The person's greeting was over.
    pub greeted_at: Option<i64>,
    pub packets_sent: Option<i64>,
    pub round_trip_ms: Option<f64>,
    pub reported_lost: Option<i64>,
    pub reported_jitter_ms: Option<f64>,
    pub mos: Option<f64>,
    pub agent_packets_received: Option<i64>,
    pub agent_packets_sent: Option<i64>,
    pub agent_packets_lost: Option<i64>,
    pub agent_jitter_ms: Option<f64>,
    pub agent_round_trip_ms: Option<f64>,
    pub agent_mos: Option<f64>,
    /// The key that led out of a queue.
    pub exit_key: Option<String>,
    /// queue, extension, voicemail, number, callback or hangup.
    pub exit_to: Option<String>,
    /// What the caller said of the call: 1 satisfied, 2 fair, 3 dissatisfied.
    pub score: Option<i64>,
    /// What the caller chose in the voice menus, in order.
    #[sqlx(try_from = "String")]
    pub choices: Doc<Vec<Choice>>,
    /// What the caller was asked: `standard`, or the id of a survey.
    pub survey: Option<String>,
    /// The key of the answer; none where the caller gave none.
    pub survey_key: Option<String>,
}

const COLUMNS: &str = "id, direction, mode, (mode = 'test') AS is_test, campaign_id, task_id, lead_id,
    queue_id, agent_id, extension, caller, callee, gateway_id, state, started_at, ringing_at, answered_at, queued_at,
    offered_at, bridged_at, ended_at, hangup_side, sip_status, q850, outcome, transport, answer_class,
    abandoned, wait_ms, talk_ms, disposition, note, recording, recording_ms, recording_error,
    packets_received, packets_lost, jitter_ms, gave_up_at, message, message_heard, verdict,
    verdict_ms, verdict_why, greeted_at, packets_sent, round_trip_ms, reported_lost,
    reported_jitter_ms, mos, agent_packets_received, agent_packets_sent, agent_packets_lost,
    agent_jitter_ms, agent_round_trip_ms, agent_mos, exit_key,
    exit_to, score, survey, survey_key, COALESCE(choices, '[]') AS choices";

/// Which calls a page shows; `None` means any.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub campaign: Option<String>,
    pub lead: Option<String>,
    pub agent: Option<String>,
    pub direction: Option<String>,
}

/// Calls of a tenant, newest first, before `before` (a call id: ids rise with time).
///
/// # Errors
/// When the database refuses.
pub async fn page(
    db: &Db,
    orgi: &str,
    wanted: &Wanted,
    before: Option<&str>,
    limit: u32,
) -> Result<Vec<Call>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM calls
         WHERE orgi = $1 AND ($2 IS NULL OR campaign_id = $2) AND ($3 IS NULL OR lead_id = $3)
           AND ($4 IS NULL OR agent_id = $4 OR id IN (SELECT call_id FROM call_legs
                WHERE kind = 'agent' AND party = $4 AND joined_at IS NOT NULL)) AND ($5 IS NULL OR direction = $5)
           AND ($6 IS NULL OR id < $6)
         ORDER BY id DESC LIMIT $7"
    );
    Ok(on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(orgi).bind(&wanted.campaign).bind(&wanted.lead).bind(&wanted.agent)
        .bind(&wanted.direction).bind(before).bind(i64::from(limit)).fetch_all(c).await)?)
}

/// # Errors
/// When the database refuses.
pub async fn get(db: &Db, orgi: &str, id: &str) -> Result<Option<Call>> {
    let sql = format!("SELECT {COLUMNS} FROM calls WHERE orgi = $1 AND id = $2");
    Ok(on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(orgi).bind(id).fetch_optional(c).await)?)
}

#[cfg(test)]
mod tests;
