//! Which campaign names a queue, a voice menu, a number or a survey: none of these is deleted meanwhile.

use crate::{Db, Result, on};

/// The name of a campaign that is not finished and gives its calls to the queue, if there is one.
///
/// # Errors
/// When the database fails.
pub async fn with_queue(db: &Db, orgi: &str, queue: &str) -> Result<Option<String>> {
    let robots = match db {
        Db::Lite { .. } => {
            "json_extract(settings, '$.robot.then_queue'),
             json_extract(settings, '$.robot.otherwise.queue')"
        }
        Db::Pg(_) => {
            "settings::json -> 'robot' ->> 'then_queue',
             settings::json -> 'robot' -> 'otherwise' ->> 'queue'"
        }
    };
    let sql = format!(
        "SELECT name FROM campaigns c WHERE orgi = $1 AND state <> 'finished'
             AND ($2 IN ({robots}) OR EXISTS (SELECT 1 FROM targets t WHERE t.campaign_id = c.id
                 AND t.target_type = 'queue' AND t.target_id = $2))
         LIMIT 1"
    );
    Ok(
        on!(db.read(), c => sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(orgi).bind(queue).fetch_optional(c).await)?,
    )
}

/// The name of a campaign that is not finished and whose robot leads to the voice menu, if there is one.
///
/// # Errors
/// When the database fails.
pub async fn with_menu(db: &Db, orgi: &str, menu: &str) -> Result<Option<String>> {
    let sql = match db {
        Db::Lite { .. } => {
            "SELECT name FROM campaigns WHERE orgi = $1 AND state <> 'finished'
                 AND json_extract(settings, '$.robot.otherwise.menu') = $2 LIMIT 1"
        }
        Db::Pg(_) => {
            "SELECT name FROM campaigns WHERE orgi = $1 AND state <> 'finished'
                 AND settings::json -> 'robot' -> 'otherwise' ->> 'menu' = $2 LIMIT 1"
        }
    };
    Ok(on!(db.read(), c => sqlx::query_scalar(sql)
        .bind(orgi).bind(menu).fetch_optional(c).await)?)
}

/// The name of a campaign that is not finished and shows the number to whom it calls, if there is one.
///
/// # Errors
/// When the database fails.
pub async fn with_caller(db: &Db, orgi: &str, number: &str) -> Result<Option<String>> {
    let shown = match db {
        Db::Lite { .. } => "SELECT value FROM json_each(c.settings, '$.caller_ids')",
        Db::Pg(_) => "SELECT json_array_elements_text(c.settings::json -> 'caller_ids')",
    };
    let sql = format!(
        "SELECT name FROM campaigns c
         WHERE orgi = $1 AND state <> 'finished' AND $2 IN ({shown})
         ORDER BY id LIMIT 1"
    );
    Ok(
        on!(db.read(), c => sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(orgi).bind(number).fetch_optional(c).await)?,
    )
}

/// The name of a campaign that may still dial and asks this survey.
///
/// # Errors
/// When the database refuses.
pub async fn with_survey(db: &Db, orgi: &str, survey: &str) -> Result<Option<String>> {
    let sql = match db {
        Db::Lite { .. } => {
            "SELECT name FROM campaigns
             WHERE orgi = $1 AND state <> 'finished' AND json_extract(settings, '$.survey') = $2
             LIMIT 1"
        }
        Db::Pg(_) => {
            "SELECT name FROM campaigns
             WHERE orgi = $1 AND state <> 'finished' AND settings::json ->> 'survey' = $2
             LIMIT 1"
        }
    };
    Ok(on!(db.read(), c => sqlx::query_scalar(sql)
        .bind(orgi).bind(survey).fetch_optional(c).await)?)
}
