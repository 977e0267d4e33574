//! What tenants set for the desks of their agents.

use std::collections::BTreeMap;

use engine::{desk::Settings, time::Millis};

use crate::{Db, Result, Tx, doc, on};

/// What holds for a tenant.
///
/// # Errors
/// When the database fails or what is stored cannot be read.
pub async fn get(db: &Db, orgi: &str) -> Result<Settings> {
    let value: Option<String> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT value FROM desk_settings WHERE orgi = $1"
    ).bind(orgi).fetch_optional(c).await)?;
    match value {
        Some(value) => doc::parse("desk settings", &value),
        None => Ok(Settings::default()),
    }
}

/// What each tenant has set.
///
/// # Errors
/// As [`get`].
pub async fn all(db: &Db) -> Result<BTreeMap<String, Settings>> {
    let rows: Vec<(String, String)> = on!(db.read(), c => sqlx::query_as(
        "SELECT orgi, value FROM desk_settings").fetch_all(c).await)?;
    let parsed = rows.into_iter();
    parsed
        .map(|(orgi, value)| Ok((orgi, doc::parse("desk settings", &value)?)))
        .collect()
}

/// Replaces what a tenant has set.
///
/// # Errors
/// When the database fails.
pub async fn put(
    tx: &mut Tx,
    orgi: &str,
    settings: &Settings,
    by: &str,
    now: Millis,
) -> Result<()> {
    let value = doc::text("desk settings", settings)?;
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO desk_settings (orgi, value, updated_by, updated_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (orgi) DO UPDATE SET value = excluded.value,
             updated_by = excluded.updated_by, updated_at = excluded.updated_at"
    ).bind(orgi).bind(&value).bind(by).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use engine::desk::Function;

    use super::*;
    use crate::{
        agents::{self, Agent},
        sample::NOW,
        testing::on_both,
    };

    #[tokio::test]
    async fn each_tenants_agents_have_what_their_tenant_sets() {
        on_both(|home| async move {
            let db = &home.db;
            let set = Settings {
                hidden: [Function::Hold].into(),
                ..Settings::default()
            };
            let mut tx = db.begin().await.unwrap();
            put(&mut tx, "o", &Settings::default(), "u", NOW)
                .await
                .unwrap();
            put(&mut tx, "o", &set, "u", NOW).await.unwrap();
            for (orgi, id) in [("o", "1001"), ("p", "2001")] {
                let agent = Agent {
                    id: id.into(),
                    user_id: None,
                    name: id.into(),
                    extension: id.into(),
                    wrap_up_s: None,
                    auto_ready: false,
                    keep_leg: false,
                };
                agents::put(&mut tx, orgi, &agent, NOW).await.unwrap();
            }
            tx.commit().await.unwrap();
            assert_eq!(get(db, "o").await.unwrap(), set);
            assert_eq!(get(db, "p").await.unwrap(), Settings::default());
            let specs = agents::specs(db).await.unwrap();
            let desks: Vec<&Settings> = specs.iter().map(|agent| &*agent.desk).collect();
            assert_eq!(desks, [&set, &Settings::default()]);
        })
        .await;
    }
}
