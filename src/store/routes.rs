//! Routes: what becomes of a called number. Every change is kept as a version (VOX-118).

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use engine::{
    route::{Kind, Pattern, Rule},
    time::Millis,
};
use serde::{Deserialize, Serialize};

use crate::{Db, Doc, Result, Tx, doc, on};

#[derive(Debug, Clone, PartialEq, Serialize, sqlx::FromRow)]
pub struct Route {
    pub id: String,
    pub name: String,
    /// Routes are tried in this order, those of one position by age.
    pub position: i64,
    /// A number, `*` for every other, or a regular expression.
    pub number: String,
    #[sqlx(try_from = "String")]
    pub rule: Doc<Kind>,
    pub enabled: bool,
}

/// What a version keeps of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    pub name: String,
    pub position: i64,
    pub number: String,
    pub rule: Kind,
    pub enabled: bool,
}

/// A route as it was once.
#[derive(Debug, Clone, PartialEq, Serialize, sqlx::FromRow)]
pub struct Version {
    pub version: i64,
    #[sqlx(try_from = "String")]
    pub document: Doc<Document>,
    pub saved_by: Option<String>,
    pub saved_at: i64,
}

impl Document {
    /// The route that it was.
    #[must_use]
    pub fn route(self, id: &str) -> Route {
        Route {
            id: id.to_owned(),
            name: self.name,
            position: self.position,
            number: self.number,
            rule: Doc(self.rule),
            enabled: self.enabled,
        }
    }
}

impl Route {
    /// What a version keeps of it.
    #[must_use]
    pub fn document(&self) -> Document {
        Document {
            name: self.name.clone(),
            position: self.position,
            number: self.number.clone(),
            rule: self.rule.0.clone(),
            enabled: self.enabled,
        }
    }
}

const COLUMNS: &str = "id, name, position, number, rule, enabled";

/// Adds a route or changes the one with this id.
///
/// # Errors
/// `ID_TAKEN` when another tenant has it, `NO_SUCH_QUEUE`, `NO_SUCH_MENU`.
pub async fn put(tx: &mut Tx, orgi: &str, route: &Route, by: &str, now: Millis) -> Result<()> {
    let (queue, menu, missing) = match &route.rule.0 {
        Kind::Queue { queue, .. } => (Some(queue.as_str()), None, "NO_SUCH_QUEUE"),
        Kind::Ivr { menu } => (None, Some(menu.as_str()), "NO_SUCH_MENU"),
        _ => (None, None, "NO_SUCH_QUEUE"),
    };
    let rule = doc::text("route", &route.rule)?;
    let version: Option<i64> = on!(tx.conn(), c => sqlx::query_scalar(
        "INSERT INTO routes (id, orgi, name, position, number, rule, queue_id, enabled, created_at, menu_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, position = excluded.position,
             number = excluded.number, rule = excluded.rule, queue_id = excluded.queue_id,
             menu_id = excluded.menu_id, enabled = excluded.enabled, version = routes.version + 1
             WHERE routes.orgi = excluded.orgi
         RETURNING version")
        .bind(&route.id).bind(orgi).bind(&route.name).bind(route.position).bind(&route.number)
        .bind(&rule).bind(queue).bind(route.enabled).bind(now.0).bind(menu)
        .fetch_optional(c).await)
    .map_err(|error| crate::Error::from(error).reference_as(missing))?;
    let version = version.ok_or_else(|| crate::Error::conflict("ID_TAKEN"))?;
    let document = doc::text("route", &route.document())?;
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO route_versions (route_id, version, document, saved_by, saved_at)
         VALUES ($1, $2, $3, $4, $5)")
        .bind(&route.id).bind(version).bind(&document).bind(by).bind(now.0)
        .execute(c).await.map(|_| ()))?;
    Ok(())
}

/// # Errors
/// When the database refuses or a stored route cannot be read.
pub async fn list(db: &Db, orgi: &str) -> Result<Vec<Route>> {
    let sql =
        format!("SELECT {COLUMNS} FROM routes WHERE orgi = $1 ORDER BY position, created_at, id");
    Ok(on!(db.read(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(orgi).fetch_all(c).await)?)
}

/// What a route was, newest first.
///
/// # Errors
/// When the database refuses or a stored version cannot be read.
pub async fn versions(db: &Db, orgi: &str, id: &str) -> Result<Vec<Version>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT v.version, v.document, v.saved_by, v.saved_at FROM route_versions v
         JOIN routes r ON r.id = v.route_id
         WHERE r.orgi = $1 AND r.id = $2 ORDER BY v.version DESC LIMIT 200")
        .bind(orgi).bind(id).fetch_all(c).await)?)
}

/// # Errors
/// When the database refuses.
pub async fn delete(tx: &mut Tx, orgi: &str, id: &str) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query("DELETE FROM routes WHERE orgi = $1 AND id = $2")
        .bind(orgi).bind(id).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// The routes that are switched on, in order, each with its tenant's holidays. `orgi`: of one tenant
/// only.
///
/// # Errors
/// When the database refuses or a stored route cannot be read.
pub async fn specs(db: &Db, orgi: Option<&str>) -> Result<Vec<Rule>> {
    let rows: Vec<(String, String, String, String, String)> = on!(db.read(), c => sqlx::query_as(
        "SELECT orgi, id, name, number, rule FROM routes
         WHERE enabled AND ($1 IS NULL OR orgi = $1) ORDER BY position, created_at, id")
        .bind(orgi).fetch_all(c).await)?;
    let holidays = holidays(db).await?;
    let mut rules = Vec::with_capacity(rows.len());
    for (orgi, id, name, number, rule) in rows {
        // It was checked when it was saved; one that no longer is a pattern matches nothing.
        let Ok(pattern) = Pattern::new(&number) else {
            continue;
        };
        let kind = doc::parse("route", &rule)?;
        rules.push(Rule {
            id,
            name,
            pattern,
            kind,
            holidays: holidays.get(&orgi).cloned().unwrap_or_default(),
        });
    }
    Ok(rules)
}

async fn holidays(db: &Db) -> Result<BTreeMap<String, BTreeSet<NaiveDate>>> {
    let rows: Vec<(String, String)> = on!(db.read(), c => sqlx::query_as(
        "SELECT orgi, day FROM holidays").fetch_all(c).await)?;
    let mut of: BTreeMap<String, BTreeSet<NaiveDate>> = BTreeMap::new();
    for (orgi, day) in rows {
        if let Ok(day) = day.parse() {
            of.entry(orgi).or_default().insert(day);
        }
    }
    Ok(of)
}

#[cfg(test)]
mod tests {
    use engine::route::{Inbound, Office, Robot};

    use super::*;
    use crate::{
        holidays::{self, Holiday},
        queues::{self, Queue},
        sample::NOW,
        testing::on_both,
    };

    fn route(id: &str, position: i64, number: &str, rule: Kind) -> Route {
        Route {
            id: id.into(),
            name: id.into(),
            position,
            number: number.into(),
            rule: Doc(rule),
            enabled: true,
        }
    }

    #[tokio::test]
    async fn rules_come_in_their_order_with_the_holidays_of_their_tenant() {
        on_both(|home| async move {
            let db = &home.db;
            let mut tx = db.begin().await.unwrap();
            let day = Holiday {
                day: "2026-10-01".into(),
                name: "国庆".into(),
            };
            holidays::put(&mut tx, "o", &day).await.unwrap();
            let queue = Queue {
                id: "q".into(),
                name: "q".into(),
                code: String::new(),
                settings: engine::queue::Settings::default(),
                agents: Vec::new(),
            };
            queues::put(&mut tx, "o", &queue, NOW).await.unwrap();
            let to = Kind::Queue {
                queue: "q".into(),
                priority: 3,
            };
            let late = route("late", 2, "*", Kind::Basic);
            put(&mut tx, "o", &late, "usr", NOW).await.unwrap();
            let second = route("a", 1, "^4", to.clone());
            put(&mut tx, "o", &second, "usr", NOW.plus(1))
                .await
                .unwrap();
            let first = route("b", 1, "4001", to);
            put(&mut tx, "o", &first, "usr", NOW).await.unwrap();
            tx.commit().await.unwrap();
            let rules = specs(db, None).await.unwrap();
            let ids: Vec<_> = rules.iter().map(|rule| rule.id.as_str()).collect();
            assert_eq!(ids, ["b", "a", "late"]);
            assert_eq!(rules[0].holidays.len(), 1);
            assert!(specs(db, Some("other")).await.unwrap().is_empty());
            assert_eq!(list(db, "o").await.unwrap(), [first, second, late]);
            let mut tx = db.begin().await.unwrap();
            let used = queues::delete(&mut tx, "o", "q").await.unwrap_err();
            assert_eq!(used.code(), Some("QUEUE_IN_USE"));
            tx.rollback().await.unwrap();
            let mut tx = db.begin().await.unwrap();
            let theirs = route("late", 1, "*", Kind::Basic);
            let taken = put(&mut tx, "other", &theirs, "usr", NOW).await;
            assert_eq!(taken.unwrap_err().code(), Some("ID_TAKEN"));
        })
        .await;
    }

    #[tokio::test]
    async fn a_robot_of_before_it_could_listen_is_read_as_it_was() {
        on_both(|home| async move {
            let db = &home.db;
            let mut tx = db.begin().await.unwrap();
            let robot = route("r", 1, "201", Kind::Robot(Robot::saying("hello", None)));
            put(&mut tx, "o", &robot, "usr", NOW).await.unwrap();
            let old = r#"{"type":"robot","prompt":"hello","then":{"type":"hangup"}}"#;
            on!(tx.conn(), c => sqlx::query("UPDATE routes SET rule = $1").bind(old)
                .execute(c).await.map(|_| ()))
            .unwrap();
            tx.commit().await.unwrap();
            let read = specs(db, None).await.unwrap().remove(0).kind;
            let then = Some(engine::destination::Destination::Hangup);
            assert_eq!(read, Kind::Robot(Robot::saying("hello", then)));
        })
        .await;
    }

    #[tokio::test]
    async fn every_change_is_a_version() {
        on_both(|home| async move {
            let db = &home.db;
            let rule = |to: &str| {
                Kind::Inbound(Inbound {
                    to: to.into(),
                    office: Office::default(),
                    closed_prompt: None,
                    closed_to: None,
                })
            };
            let mut tx = db.begin().await.unwrap();
            for (to, by) in [("200", "one"), ("300", "two")] {
                let changed = route("r", 1, "4001", rule(to));
                put(&mut tx, "o", &changed, by, NOW).await.unwrap();
            }
            tx.commit().await.unwrap();
            let versions = versions(db, "o", "r").await.unwrap();
            assert_eq!(versions.len(), 2);
            assert_eq!(versions[0].saved_by.as_deref(), Some("two"));
            let first = versions[1].document.0.clone().route("r");
            assert_eq!(first, route("r", 1, "4001", rule("200")));
            assert!(super::versions(db, "p", "r").await.unwrap().is_empty());
        })
        .await;
    }
}
