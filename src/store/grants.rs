//! What a role may give leads to (角色授权, OUT-155).

use engine::{draw::grants::Grant, time::Millis};

use crate::{Db, Result, Tx, access::Role, doc, on};

/// A role's grants; `None`: never set.
///
/// # Errors
/// When the database fails.
pub async fn get(db: &Db, orgi: &str, role: Role) -> Result<Option<Vec<Grant>>> {
    let text: Option<String> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT targets FROM grants WHERE orgi = $1 AND role = $2"
    ).bind(orgi).bind(role.as_str()).fetch_optional(c).await)?;
    text.map(|text| doc::parse("grants", &text)).transpose()
}

/// Sets a role's grants; `None` makes them as if they were never set.
///
/// # Errors
/// When the database fails.
pub async fn set(
    tx: &mut Tx,
    orgi: &str,
    role: Role,
    grants: Option<&[Grant]>,
    (by, now): (&str, Millis),
) -> Result<()> {
    let Some(grants) = grants else {
        on!(tx.conn(), c => sqlx::query("DELETE FROM grants WHERE orgi = $1 AND role = $2")
            .bind(orgi).bind(role.as_str()).execute(c).await.map(|_| ()))?;
        return Ok(());
    };
    let grants = doc::text("grants", grants)?;
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO grants (orgi, role, targets, updated_by, updated_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (orgi, role) DO UPDATE SET targets = excluded.targets,
             updated_by = excluded.updated_by, updated_at = excluded.updated_at"
    ).bind(orgi).bind(role.as_str()).bind(grants).bind(by).bind(now.0).execute(c).await
        .map(|_| ()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use engine::draw::TargetType;

    use super::*;
    use crate::{sample::NOW, testing::on_both};

    #[tokio::test]
    async fn an_empty_list_is_not_the_same_as_none() {
        on_both(|home| async move {
            let db = &home.db;
            let queue = [Grant {
                target_type: TargetType::Queue,
                target_id: "*".into(),
            }];
            for grants in [Some(&queue[..]), Some(&[]), None] {
                let mut tx = db.begin().await.unwrap();
                set(&mut tx, "o", Role::Supervisor, grants, ("u", NOW))
                    .await
                    .unwrap();
                tx.commit().await.unwrap();
                let stored = get(db, "o", Role::Supervisor).await.unwrap();
                assert_eq!(stored.as_deref(), grants);
                assert_eq!(get(db, "p", Role::Supervisor).await.unwrap(), None);
                assert_eq!(get(db, "o", Role::Marketer).await.unwrap(), None);
            }
        })
        .await;
    }
}
