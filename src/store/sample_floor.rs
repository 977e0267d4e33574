//! A running campaign with due leads, for the tests of what the floor writes.

use engine::{
    campaign::{Columns, Mode, Settings},
    draw::Share,
    floor::{AnswerClass, CloseAttempt, CloseCall, OpenAttempt, OpenCall, Quality, Times},
    gate::{Ask, Basis, Facts, Verdict},
    ids::{AttemptId, CallId},
    outcome::{Outcome, Transport},
    time::Millis,
};

use crate::{Db, campaigns, on, sample, testing};

pub const NODE: &str = "live-1";

/// A predictive campaign over `count` leads, all due at `sample::NOW`; the leads' ids in order.
pub async fn campaign(db: &Db, count: i64) -> (String, Vec<String>) {
    let (batch, fields) = sample::batch(db, "批次").await;
    sample::leads(db, &batch, &fields, count).await;
    let filter = sample::filter(db, &batch, "全部", &[]).await;
    let draft = campaigns::Draft {
        name: "回访",
        campaign_type: Mode::Predictive,
        filter_id: &filter,
        business_type: "followup",
        business_status: "",
        extract_count: 100,
        default_alloc: 0,
        alloc_mode: Share::default(),
        description: "",
        settings: &Settings::default(),
        own_settings: &std::collections::BTreeSet::new(),
    };
    let mut tx = db.begin().await.unwrap();
    let id = campaigns::create(&mut tx, "o", "u", &draft, sample::NOW)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    on!(db.write(), c => sqlx::query(
        "UPDATE leads SET campaign_id = $1, task_id = 'tsk_1', next_dial_at = $2, alloc_type = 'queue',
             call_rank = position")
        .bind(&id).bind(sample::NOW.0).execute(c).await.map(|_| ()))
    .unwrap();
    let leads = on!(db.read(), c => sqlx::query_scalar("SELECT id FROM leads ORDER BY position")
        .fetch_all(c).await)
    .unwrap();
    (id, leads)
}

/// The beginning of a call that came in.
pub fn inbound() -> OpenCall {
    testing::inbound(1, sample::NOW)
}

/// What the floor asks about a lead of that campaign.
pub fn ask(campaign: &str, number: &str) -> Ask {
    Ask {
        campaign: campaign.into(),
        number: number.into(),
        spellings: vec![number.into()],
        day_start: Millis(0),
        columns: Columns::default(),
        callers: Vec::new(),
    }
}

/// An attempt on a lead, as the floor opens it.
pub fn attempt(number: u64, campaign: &str, lead: &engine::floor::Lead) -> OpenAttempt {
    OpenAttempt {
        attempt: AttemptId(number),
        verdict: Verdict {
            checked_at: sample::NOW,
            facts: Facts::default(),
            caller: "02110000".into(),
            basis: Basis::default(),
        },
        call: OpenCall {
            id: CallId(number),
            mode: Some(Mode::Predictive),
            is_test: false,
            campaign: Some(campaign.into()),
            task: lead.task.clone(),
            lead: Some(lead.id.clone()),
            queue: None,
            agent: None,
            gateway: Some("gw".into()),
            caller: "02110000".into(),
            callee: lead.number.clone(),
            is_call_back: false,
            is_ordered: false,
            tenant: None,
            started_at: sample::NOW,
        },
        batch: lead.batch.clone(),
        gateway: "gw".into(),
        spellings: vec![lead.number.clone()],
        number: lead.number.clone(),
    }
}

/// The end of that attempt.
pub fn close(open: &OpenAttempt, outcome: Outcome, next_dial_at: Option<Millis>) -> CloseCall {
    CloseCall {
        attempt: Some(CloseAttempt {
            id: open.attempt,
            lead: open.call.lead.clone().expect("a lead"),
            dialled: true,
            counted: outcome.counts(),
            given_back: false,
            status: outcome.status(),
            next_dial_at,
            number: None,
            suppress: outcome == Outcome::Unwanted,
        }),
        ..close_inbound(&open.call, outcome)
    }
}

/// The end of a call that nobody dialled.
pub fn close_inbound(call: &OpenCall, outcome: Outcome) -> CloseCall {
    let ended = sample::NOW.plus(5_000);
    CloseCall {
        id: call.id,
        queue: None,
        gateway: call.gateway.clone(),
        agent: None,
        extension: None,
        times: Times {
            started: sample::NOW,
            ended: Some(ended),
            ..Times::default()
        },
        hangup_side: "them",
        sip_status: Some(486),
        q850: Some(17),
        reason: Some("Busy Here".into()),
        outcome,
        transport: Transport::of(outcome, None),
        answer_class: AnswerClass::Unknown,
        finding: None,
        abandoned: false,
        gave_up: None,
        message: None,
        wait_ms: None,
        talk_ms: None,
        quality: Quality::default(),
        exit: None,
        choices: Vec::new(),
        asked: None,
        legs: Vec::new(),
        attempt: None,
    }
}
