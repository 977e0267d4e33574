//! Outbound settings, once a tenant and overridden by departments and campaigns (OUT-154).

use engine::{settings::Overrides, time::Millis};

use crate::{Db, Result, Tx, doc, on};

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
             updated_by = excluded.updated_by, updated_at = excluded.updated_at"
    ).bind(orgi).bind(scope.name()).bind(scope.id()).bind(value).bind(by).bind(now.0)
        .execute(c).await.map(|_| ()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{sample::NOW, testing::on_both};

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
        })
        .await;
    }
}
