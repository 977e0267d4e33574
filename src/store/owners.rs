//! Whose the things are that events tell of.

use crate::{Db, Result, on};

/// The tenant of an agent, a campaign, a queue, a job or a call; `None` when there is no such thing.
///
/// # Errors
/// When the database refuses.
pub async fn tenant(db: &Db, kind: &str, id: &str) -> Result<Option<String>> {
    let table = match kind {
        "agent" => "agents",
        "campaign" => "campaigns",
        "queue" => "queues",
        "job" => "job_runs",
        "call" => "calls",
        _ => return Ok(None),
    };
    let sql = format!("SELECT orgi FROM {table} WHERE id = $1");
    Ok(
        on!(db.read(), c => sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(id).fetch_optional(c).await)?,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        calls, queues,
        sample::NOW,
        sample_floor,
        testing::on_both,
        work::{By, Work, enqueue},
    };

    #[tokio::test]
    async fn each_kind_of_thing_has_its_tenant() {
        on_both(|home| async move {
            let db = &home.db;
            let (campaign, _) = sample_floor::campaign(db, 1).await;
            let mut tx = db.begin().await.unwrap();
            let queue = queues::Queue {
                id: "sales".into(),
                name: "sales".into(),
                code: String::new(),
                settings: engine::queue::Settings::default(),
                agents: Vec::new(),
            };
            queues::put(&mut tx, "p", &queue, NOW).await.unwrap();
            let agent = crate::agents::Agent {
                id: "1".into(),
                user_id: None,
                name: "1".into(),
                extension: "1".into(),
                wrap_up_s: None,
                auto_ready: false,
                keep_leg: false,
            };
            crate::agents::put(&mut tx, "p", &agent, NOW).await.unwrap();
            let by = By {
                orgi: "q",
                user: "u",
                batch: None,
            };
            let report = Work::CampaignReport {
                campaign: campaign.clone(),
            };
            let job = enqueue(&mut tx, report, by, NOW).await.unwrap();
            tx.commit().await.unwrap();
            let call = engine::floor::OpenCall {
                tenant: Some("r".into()),
                ..sample_floor::inbound()
            };
            calls::open_inbound(db, "n", &call).await.unwrap();
            for (kind, id, expected) in [
                ("campaign", campaign.as_str(), Some("o")),
                ("queue", "sales", Some("p")),
                ("agent", "1", Some("p")),
                ("job", job.as_str(), Some("q")),
                ("call", &call.id.to_string(), Some("r")),
                ("call", "cal_none", None),
                ("gateway", "1", None),
                ("users", "1", None),
            ] {
                let found = tenant(db, kind, id).await.unwrap();
                assert_eq!(found.as_deref(), expected, "{kind}:{id}");
            }
        })
        .await;
    }
}
