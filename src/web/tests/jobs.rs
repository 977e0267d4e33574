use serde_json::json;
use store::{
    access::{FIRST_ORGI, Role},
    jobs::{self, Taken},
    testing::on_both,
    work::{self, By, Work, queue},
};

use super::kit::{Answer, Kit};
use crate::clock::now;

async fn queued(kit: &Kit, user: &str) -> String {
    let mut tx = kit.db.begin().await.unwrap();
    let by = By {
        orgi: FIRST_ORGI,
        user,
        batch: Some("bat_1"),
    };
    let campaign = "cmp_1".into();
    let id = work::enqueue(&mut tx, Work::CampaignReport { campaign }, by, now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    id
}

async fn taken(kit: &Kit) -> Taken {
    let taken = jobs::take(&kit.db, queue::SHEET, "w", 4, now()).await;
    taken.unwrap().expect("a job is due")
}

async fn order(kit: &Kit, token: &str, job: &str, order: &str) -> Answer {
    let path = format!("/api/v1/jobs/{job}/{order}");
    kit.with(token, "POST", &path, None).await
}

#[tokio::test]
async fn a_job_is_ordered_about_only_where_it_fits() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Supervisor).await;
        let job = queued(&kit, "usr_supervisor").await;
        let refused = order(&kit, &token, &job, "pause").await;
        assert_eq!(
            (refused.status.as_u16(), refused.code()),
            (409, "JOB_NOT_RUNNING")
        );
        let start = taken(&kit).await;
        let running = kit
            .with(&token, "GET", &format!("/api/v1/jobs/{job}"), None)
            .await
            .body;
        assert_eq!(
            (&running["state"], &running["locked_by"]),
            (&json!("running"), &json!("w"))
        );
        assert_eq!(running["operator"], "supervisor");
        let paused = order(&kit, &token, &job, "pause").await;
        assert_eq!(paused.body["state"], "paused", "{}", paused.text);
        let resumed = order(&kit, &token, &job, "resume").await;
        assert_eq!(resumed.body["state"], "queued");
        assert_eq!(
            order(&kit, &token, &job, "resume").await.code(),
            "JOB_NOT_PAUSED"
        );
        let again = taken(&kit).await;
        assert!(again.fence > start.fence);
        let mut tx = kit.db.begin().await.unwrap();
        jobs::fail(&mut tx, &job, again.fence, "SHEET", "t", now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let retried = order(&kit, &token, &job, "retry").await;
        assert_eq!(
            (&retried.body["state"], &retried.body["attempts"]),
            (&json!("queued"), &json!(0))
        );
        assert_eq!(
            order(&kit, &token, &job, "retry").await.code(),
            "JOB_NOT_FAILED"
        );
        let cancelled = order(&kit, &token, &job, "cancel").await;
        assert_eq!(cancelled.body["state"], "cancelled");
        assert_eq!(order(&kit, &token, &job, "cancel").await.code(), "JOB_OVER");
        assert_eq!(order(&kit, &token, "job_0", "cancel").await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn whoever_may_not_give_leads_may_not_stop_that_either() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let marketer = kit.token(Role::Marketer).await;
        let supervisor = kit.token(Role::Supervisor).await;
        let (mut tx, task) = (kit.db.begin().await.unwrap(), "tsk_1".into());
        let by = By {
            orgi: FIRST_ORGI,
            user: "usr_supervisor",
            batch: None,
        };
        let job = work::enqueue(&mut tx, Work::AllocateTask { task }, by, now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        for word in ["pause", "resume", "retry", "cancel"] {
            let refused = order(&kit, &marketer, &job, word).await;
            assert_eq!(
                (refused.status.as_u16(), refused.code()),
                (403, "FORBIDDEN"),
                "{word}"
            );
        }
        let own = queued(&kit, "usr_marketer").await;
        assert_eq!(order(&kit, &marketer, &own, "cancel").await.status, 200);
        assert_eq!(order(&kit, &supervisor, &job, "cancel").await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn a_job_goes_first_when_its_priority_says_so() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Supervisor).await;
        let marketer = kit.token(Role::Marketer).await;
        queued(&kit, "u").await;
        let second = queued(&kit, "u").await;
        let path = format!("/api/v1/jobs/{second}");
        let nine = json!({"priority": 9});
        let refused = kit
            .with(&marketer, "PATCH", &path, Some(nine.clone()))
            .await;
        assert_eq!(refused.status, 403);
        for (priority, code) in [(10, "range"), (-1, "range")] {
            let asked = json!({"priority": priority});
            let bad = kit.with(&token, "PATCH", &path, Some(asked)).await;
            assert_eq!((bad.code(), bad.status.as_u16()), ("INVALID", 422));
            assert_eq!(bad.body["errors"][0]["code"], code);
        }
        let changed = kit.with(&token, "PATCH", &path, Some(nine)).await;
        assert_eq!(changed.body["priority"], 9, "{}", changed.text);
        assert_eq!(taken(&kit).await.job, second);
    })
    .await;
}

#[tokio::test]
async fn jobs_are_found_by_state_kind_batch_and_who_asked() {
    on_both(|home| async move {
        let kit = Kit::new(&home);
        let token = kit.token(Role::Marketer).await;
        let mine = queued(&kit, "usr_marketer").await;
        let other = queued(&kit, "usr_admin").await;
        let found = async |query: &str| -> Vec<String> {
            let path = format!("/api/v1/jobs?{query}");
            let page = kit.with(&token, "GET", &path, None).await;
            assert_eq!(page.status, 200, "{}", page.text);
            let rows = page.body["data"].as_array().unwrap();
            rows.iter()
                .map(|row| row["id"].as_str().unwrap().to_owned())
                .collect()
        };
        let both = [other.clone(), mine.clone()];
        assert_eq!(found("").await, both);
        assert_eq!(found("mine=true").await, std::slice::from_ref(&mine));
        assert_eq!(found("batch_id=bat_1&state=queued").await, both);
        assert!(found("batch_id=bat_2").await.is_empty());
        assert_eq!(found("kind=campaign_report").await, both);
        assert!(found("kind=import_batch").await.is_empty());
        order(&kit, &token, &other, "cancel").await;
        assert_eq!(found("state=cancelled").await, [other]);
        let bad = kit
            .with(&token, "GET", "/api/v1/jobs?state=lost", None)
            .await;
        assert_eq!(bad.status, 422);
    })
    .await;
}
