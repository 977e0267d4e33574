//! What keeps a lead and a campaign from being dialled, as people may see it, on both databases.

use engine::preflight::Summary;
use serde_json::{Value, json};
use store::{
    access::Role,
    preflight,
    testing::{about, on_both},
};

use super::{
    kit::{Answer, Kit},
    leads::batch,
};
use crate::clock::now;

/// A campaign without a gateway over the leads of a batch, and the leads' ids.
async fn campaign(kit: &Kit, token: &str) -> (String, Vec<String>) {
    let (batch, _, leads) = batch(&kit.db, "批次", 6).await;
    let asked = json!({"name": "全部", "batch_id": batch});
    let filter = kit
        .with(token, "POST", "/api/v1/filters", Some(asked))
        .await;
    let asked = json!({"name": "回访", "campaign_type": "predictive", "filter_id": filter.id(),
        "settings": {"caller_ids": ["02110000"], "window": {"ranges": [[0, 1440]],
            "weekdays": [1, 2, 3, 4, 5, 6, 7], "zone": "Asia/Shanghai"}}});
    let made = kit
        .with(token, "POST", "/api/v1/campaigns", Some(asked))
        .await;
    assert_eq!(made.status, 201, "{}", made.text);
    (made.id(), leads)
}

async fn why(kit: &Kit, token: &str, lead: &str) -> Answer {
    kit.with(token, "GET", &format!("/api/v1/leads/{lead}/why"), None)
        .await
}

#[tokio::test]
async fn a_lead_says_its_first_reason() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Admin).await;
        let (campaign, leads) = campaign(&kit, &token).await;
        let reason = async |lead: usize| {
            let answer = why(&kit, &token, &leads[lead]).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            answer.body["reason"].as_str().unwrap().to_owned()
        };
        assert_eq!(reason(0).await, "unallocated");
        about(&kit.db, &leads[0], "UPDATE leads SET dnc = TRUE WHERE id = $1").await;
        assert_eq!(reason(0).await, "dnc");

        about(
            &kit.db,
            &campaign,
            "UPDATE leads SET campaign_id = $1, next_dial_at = 0, alloc_status = 'queue', call_rank = position",
        )
        .await;
        assert_eq!(reason(0).await, "dnc");
        assert_eq!(reason(1).await, "gateway_missing");
        about(
            &kit.db,
            &leads[2],
            "UPDATE leads SET next_dial_at = NULL, call_status = 'success', outcome = 'connected'
             WHERE id = $1",
        )
        .await;
        let done = why(&kit, &token, &leads[2]).await.body;
        assert_eq!((&done["reason"], &done["outcome"]), (&json!("done"), &json!("connected")));
        assert_eq!(done["campaign_id"], campaign.as_str());

        let gateway = json!({"name": "线路", "host": "127.0.0.1", "port": 5999});
        let put = kit.with(&token, "PUT", "/api/v1/gateways/gw", Some(gateway)).await;
        assert!(put.status.is_success(), "{}", put.text);
        about(
            &kit.db,
            &campaign,
            "UPDATE campaigns SET settings = REPLACE(settings, '\"gateway\":null', '\"gateway\":\"gw\"')
             WHERE id = $1",
        )
        .await;
        assert_eq!(reason(1).await, "campaign_draft");
        about(&kit.db, &campaign, "UPDATE campaigns SET state = 'running' WHERE id = $1").await;
        assert_eq!(reason(1).await, "turn");
        about(
            &kit.db,
            &leads[1],
            "UPDATE leads SET next_dial_at = 9000000000000, call_status = 'failed' WHERE id = $1",
        )
        .await;
        let rests = why(&kit, &token, &leads[1]).await.body;
        assert_eq!(rests["reason"], "resting");
        assert_eq!(rests["until"], "2255-03-14T16:00:00.000Z");
    })
    .await;
}

#[tokio::test]
async fn only_those_who_see_a_lead_or_lead_the_floor_are_told_why() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Supervisor).await;
        let (campaign, leads) = campaign(&kit, &token).await;
        let agent = kit.token(Role::Agent).await;
        assert_ne!(why(&kit, &agent, &leads[0]).await.status, 200);
        let marketer = kit.token(Role::Marketer).await;
        assert_eq!(why(&kit, &marketer, &leads[0]).await.status, 200);
        let of = |what: &str| format!("/api/v1/campaigns/{campaign}/{what}");
        for (token, what, status) in [
            (&agent, "why", 403),
            (&agent, "decisions", 403),
            (&marketer, "why", 200),
            (&marketer, "decisions", 403),
            (&token, "decisions", 200),
            (&token, "decisions?limit=0", 422),
            (&token, "why?job_id=job_gone", 404),
        ] {
            let answer = kit.with(token, "GET", &of(what), None).await;
            assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.text);
        }
        let gone = kit
            .with(&token, "GET", "/api/v1/leads/led_gone/why", None)
            .await;
        assert_eq!(gone.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_campaigns_reasons_are_counted_by_a_job_and_add_up() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Supervisor).await;
        let (campaign, _) = campaign(&kit, &token).await;
        let path = format!("/api/v1/campaigns/{campaign}/why");
        let first = kit.with(&token, "GET", &path, None).await.body;
        assert_eq!(
            (&first["leads"], &first["state"]),
            (&Value::Null, &json!("draft"))
        );
        assert_eq!(
            (&first["limit"], &first["on_the_floor"]),
            (&Value::Null, &json!(false))
        );
        let job = first["job_id"].as_str().unwrap();

        let summary = Summary {
            total: 6,
            now: 4,
            not: [("dnc".to_owned(), 2)].into(),
            reasons: [("turn".to_owned(), 4), ("dnc".to_owned(), 2)].into(),
            ..Summary::default()
        };
        let mut tx = kit.db.begin().await.unwrap();
        preflight::keep(
            &mut tx,
            job,
            store::access::FIRST_ORGI,
            &campaign,
            &summary,
            now(),
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        about(
            &kit.db,
            job,
            "UPDATE job_runs SET state = 'succeeded' WHERE id = $1",
        )
        .await;
        let counted = kit
            .with(&token, "GET", &format!("{path}?job_id={job}"), None)
            .await
            .body;
        let leads = &counted["leads"];
        assert_eq!(leads["total"], 6);
        assert_eq!(leads["reasons"], json!({"campaign_draft": 4, "dnc": 2}));
    })
    .await;
}
