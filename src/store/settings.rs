//! Outbound settings, once a tenant and overridden by departments and campaigns (OUT-154).

use std::collections::BTreeMap;

use engine::{
    settings::{Levels, Overrides, Rules},
    time::Millis,
};

use crate::{Db, Result, Tx, campaigns::Campaign, doc, on, tenant_settings};

/// The level that a setting is made at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    Tenant,
    Department(&'a str),
    Campaign(&'a str),
}

impl Scope<'_> {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Department(_) => "department",
            Self::Campaign(_) => "campaign",
        }
    }

    fn id(&self) -> &str {
        match self {
            Self::Tenant => "",
            Self::Department(id) | Self::Campaign(id) => id,
        }
    }
}

/// What this level sets itself.
///
/// # Errors
/// When the database fails or what is stored cannot be read.
pub async fn own(db: &Db, orgi: &str, scope: Scope<'_>) -> Result<Overrides> {
    let value: Option<String> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT value FROM outbound_settings WHERE orgi = $1 AND scope = $2 AND scope_id = $3"
    ).bind(orgi).bind(scope.name()).bind(scope.id()).fetch_optional(c).await)?;
    match value {
        Some(value) => doc::parse("settings", &value),
        None => Ok(Overrides::default()),
    }
}

/// Everything that each tenant has set.
///
/// # Errors
/// When the database fails or what is stored cannot be read.
pub async fn all(db: &Db) -> Result<BTreeMap<String, Levels>> {
    let rows: Vec<(String, String, String, String)> = on!(db.read(), c => sqlx::query_as(
        "SELECT orgi, scope, scope_id, value FROM outbound_settings"
    ).fetch_all(c).await)?;
    let mut tenants: BTreeMap<String, Levels> = BTreeMap::new();
    for (orgi, scope, id, value) in rows {
        put(tenants.entry(orgi).or_default(), &scope, id, &value)?;
    }
    Ok(tenants)
}

fn put(levels: &mut Levels, scope: &str, id: String, value: &str) -> Result<()> {
    let value = doc::parse("settings", value)?;
    match scope {
        "department" => drop(levels.departments.insert(id, value)),
        "campaign" => drop(levels.campaigns.insert(id, value)),
        _ => levels.tenant = value,
    }
    Ok(())
}

/// Everything that a tenant has set.
///
/// # Errors
/// As [`all`].
pub async fn levels(db: &Db, orgi: &str) -> Result<Levels> {
    Ok(all(db).await?.remove(orgi).unwrap_or_default())
}

/// The same as this write sees it.
///
/// # Errors
/// As [`all`].
pub async fn levels_in(tx: &mut Tx, orgi: &str) -> Result<Levels> {
    let rows: Vec<(String, String, String)> = on!(tx.conn(), c => sqlx::query_as(
        "SELECT scope, scope_id, value FROM outbound_settings WHERE orgi = $1"
    ).bind(orgi).fetch_all(c).await)?;
    let mut levels = Levels::default();
    for (scope, id, value) in rows {
        put(&mut levels, &scope, id, &value)?;
    }
    Ok(levels)
}

/// A number that every [`save`] changes, and every [`crate::tenant_settings::put`].
///
/// # Errors
/// When the database fails.
pub async fn stamp(db: &Db) -> Result<i64> {
    Ok(on!(db.read(), c => sqlx::query_scalar(
        "SELECT CAST(COALESCE(SUM(updated_at), 0) AS BIGINT) FROM
             (SELECT updated_at FROM outbound_settings UNION ALL SELECT updated_at FROM tenant_settings) AS saved"
    ).fetch_one(c).await)?)
}

/// What the settings say of a campaign, for the floor. A campaign is its maker's department's.
///
/// # Errors
/// When the database fails or what is stored cannot be read.
pub async fn rules(db: &Db, campaign: &Campaign) -> Result<Rules> {
    let department = department_of(db, &campaign.creater).await?;
    let levels = levels(db, &campaign.orgi).await?;
    let mode = campaign.mode()?;
    let rules = levels.rules(&campaign.orgi, department.as_deref(), &campaign.id, mode);
    let asks: tenant_settings::Surveys = tenant_settings::get(db, &campaign.orgi).await?;
    Ok(Rules {
        survey: asks.survey,
        ..rules
    })
}

/// The department of a user.
///
/// # Errors
/// When the database fails.
pub async fn department_of(db: &Db, user: &str) -> Result<Option<String>> {
    let found: Option<Option<String>> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT department_id FROM users WHERE id = $1"
    ).bind(user).fetch_optional(c).await)?;
    Ok(found.flatten())
}

/// Replaces what this level sets.
///
/// # Errors
/// When the database fails.
pub async fn save(
    tx: &mut Tx,
    orgi: &str,
    scope: Scope<'_>,
    value: &Overrides,
    by: &str,
    now: Millis,
) -> Result<()> {
    let value = doc::text("settings", value)?;
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO outbound_settings (orgi, scope, scope_id, value, updated_by, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (orgi, scope, scope_id) DO UPDATE SET value = excluded.value,
             updated_by = excluded.updated_by,
             updated_at = CASE WHEN excluded.updated_at > outbound_settings.updated_at
                 THEN excluded.updated_at ELSE outbound_settings.updated_at + 1 END"
    ).bind(orgi).bind(scope.name()).bind(scope.id()).bind(value).bind(by).bind(now.0)
        .execute(c).await.map(|_| ()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::{Role, departments, users},
        agents, campaigns,
        sample::NOW,
        sample_floor,
        testing::{about, on_both},
    };

    #[tokio::test]
    async fn each_level_keeps_its_own() {
        on_both(|home| async move {
            let ring = |seconds| Overrides {
                ring_timeout: Some(seconds),
                ..Overrides::default()
            };
            let levels = [Scope::Tenant, Scope::Department("d"), Scope::Campaign("d")];
            let mut tx = home.db.begin().await.unwrap();
            for (at, scope) in levels.into_iter().enumerate() {
                let seconds = 20 + u32::try_from(at).unwrap();
                save(&mut tx, "o", scope, &ring(1), "u", NOW).await.unwrap();
                save(&mut tx, "o", scope, &ring(seconds), "u", NOW)
                    .await
                    .unwrap();
            }
            tx.commit().await.unwrap();
            for (at, scope) in levels.into_iter().enumerate() {
                let seconds = 20 + u32::try_from(at).unwrap();
                assert_eq!(own(&home.db, "o", scope).await.unwrap(), ring(seconds));
            }
            let other = own(&home.db, "p", Scope::Tenant).await.unwrap();
            assert_eq!(other, Overrides::default());
            let levels = super::levels(&home.db, "o").await.unwrap();
            assert_eq!(levels.at(None, None).ring_timeout, 20);
            assert_eq!(levels.at(Some("d"), None).ring_timeout, 21);
            assert_eq!(levels.at(Some("d"), Some("d")).ring_timeout, 22);
        })
        .await;
    }

    #[tokio::test]
    async fn whoever_watches_sees_that_something_was_saved() {
        on_both(|home| async move {
            let db = &home.db;
            let mut seen = vec![stamp(db).await.unwrap()];
            for level in [Scope::Tenant, Scope::Department("d"), Scope::Tenant] {
                let mut tx = db.begin().await.unwrap();
                let nothing = Overrides::default();
                save(&mut tx, "o", level, &nothing, "u", NOW).await.unwrap();
                tx.commit().await.unwrap();
                seen.push(stamp(db).await.unwrap());
            }
            assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
        })
        .await;
    }

    #[tokio::test]
    async fn the_floor_learns_what_holds_for_a_campaign_and_for_an_agent() {
        on_both(|home| async move {
            let db = &home.db;
            let (campaign, _) = sample_floor::campaign(db, 1).await;
            let department = departments::Department {
                id: "dep_1".into(),
                orgi: "o".into(),
                name: "销售".into(),
            };
            departments::add(db, &department).await.unwrap();
            let user = users::User {
                id: "usr_1".into(),
                orgi: "o".into(),
                username: "li".into(),
                password_hash: String::new(),
                display_name: "李".into(),
                role: Role::Agent,
                department_id: Some("dep_1".into()),
                disabled: false,
                created_at: 1,
            };
            users::add(db, &user).await.unwrap();
            let made_by = "UPDATE campaigns SET creater = 'usr_1' WHERE id = $1";
            about(db, &campaign, made_by).await;
            let value = Overrides {
                popup_on_dial: Some(false),
                phone_mask: Some(true),
                ..Overrides::default()
            };
            let mut tx = db.begin().await.unwrap();
            for (id, user_id) in [("1001", Some("usr_1")), ("1002", None)] {
                let agent = agents::Agent {
                    id: id.into(),
                    user_id: user_id.map(Into::into),
                    name: id.into(),
                    extension: id.into(),
                    wrap_up_s: None,
                    auto_ready: false,
                    keep_leg: false,
                };
                agents::put(&mut tx, "o", &agent, NOW).await.unwrap();
            }
            let level = Scope::Department("dep_1");
            save(&mut tx, "o", level, &value, "u", NOW).await.unwrap();
            tx.commit().await.unwrap();
            let campaign = campaigns::find(db, &campaign).await.unwrap().unwrap();
            let found = rules(db, &campaign).await.unwrap();
            assert_eq!(found.department.as_deref(), Some("dep_1"));
            assert_eq!((found.popup_on_dial, found.phone_mask), (false, None));
            let specs = agents::specs(db).await.unwrap();
            let masked: Vec<bool> = specs.iter().map(|agent| agent.phone_mask).collect();
            assert_eq!(masked, [true, false]);
        })
        .await;
    }
}
