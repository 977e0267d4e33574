//! What the gate asks about one lead, read immediately before its dial.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use engine::{
    campaign::Columns,
    caps::{History, REACHES_BACK, REMEMBERED},
    gate::{Ask, Consent, Facts, Said, Used},
    outcome::Outcome,
    time::Millis,
};

use crate::{
    Db, Result,
    db::{Conn, Reading},
    dnc::{self, forbidding},
    doc, on,
};

/// Holidays that can matter: a day on either side, and as far as a window is looked for.
const DAYS_BEHIND: i64 = 2;
const DAYS_AHEAD: i64 = 17;
const DAY: i64 = 86_400_000;
const HOUR: i64 = 3_600_000;

#[derive(sqlx::FromRow)]
struct Row {
    orgi: String,
    voided: bool,
    dnc: bool,
    data: String,
    consent: Option<String>,
    attempts: i64,
    attempts_today: i64,
    live: i64,
}

/// Fresh facts for the gate; `None` when the lead is no longer this node's to dial.
///
/// # Errors
/// When the database refuses.
pub async fn facts(
    db: &Db,
    node: &str,
    lead: &str,
    ask: &Ask,
    now: Millis,
) -> Result<Option<Facts>> {
    let mut conn = db.reading().await?;
    let row: Option<Row> = on!(conn.conn(), c => sqlx::query_as(
        "SELECT l.orgi, l.voided, l.dnc, l.data,
                (SELECT i.consent FROM imports i WHERE i.id = l.import_id) AS consent,
                (SELECT COUNT(*) FROM attempts a WHERE a.lead_id = l.id AND a.counted) AS attempts,
                (SELECT COUNT(*) FROM attempts a WHERE a.orgi = l.orgi AND a.number = $3
                     AND a.reserved_at >= $4 AND a.counted) AS attempts_today,
                (SELECT COUNT(*) FROM attempts a WHERE a.orgi = l.orgi AND a.number = $3
                     AND a.state = 'open') AS live
         FROM leads l JOIN reservations r ON r.lead_id = l.id AND r.node = $2
         WHERE l.id = $1 AND l.call_status <> 'calling'")
        .bind(lead).bind(node).bind(&ask.number).bind(ask.day_start.0)
        .fetch_optional(c).await)?;
    let Some(row) = row else {
        return Ok(None);
    };
    let spellings = dnc::four(&ask.spellings);
    let listed = forbidding!(
        conn.conn(),
        &row.orgi,
        ask.campaign.as_str(),
        spellings,
        now
    )?;
    let of_number = past(&mut conn, &row.orgi, Book::Number, &ask.number, now).await?;
    let said = said(&row.data, &ask.columns);
    let of_person = match &said.person {
        Some(person) => past(&mut conn, &row.orgi, Book::Person, person, now).await?,
        None => Past::default(),
    };
    let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(Some(Facts {
        dnc: row.dnc,
        listed: listed.map(Into::into),
        voided: row.voided,
        attempts: count(row.attempts),
        attempts_today: count(row.attempts_today),
        live: row.live > 0,
        number: ask.number.clone(),
        said,
        consent: consent(row.consent.as_deref()),
        of_number: of_number.history,
        of_person: of_person.history,
        holidays: holidays(&mut conn, &row.orgi, now).await?,
        callers: callers(&mut conn, &row.orgi, ask, &of_number.refused).await?,
    }))
}

/// Facts for the gate about a number that is no lead's: of lists, attempts and callers.
///
/// # Errors
/// When the database fails.
pub async fn facts_of_number(db: &Db, orgi: &str, ask: &Ask, now: Millis) -> Result<Facts> {
    let mut conn = db.reading().await?;
    let (attempts_today, live): (i64, i64) = on!(conn.conn(), c => sqlx::query_as(
        "SELECT COUNT(CASE WHEN reserved_at >= $3 AND counted THEN 1 END),
                COUNT(CASE WHEN state = 'open' THEN 1 END)
         FROM attempts WHERE orgi = $1 AND number = $2")
        .bind(orgi).bind(&ask.number).bind(ask.day_start.0).fetch_one(c).await)?;
    let spellings = dnc::four(&ask.spellings);
    let listed = forbidding!(conn.conn(), orgi, ask.campaign.as_str(), spellings, now)?;
    let of_number = past(&mut conn, orgi, Book::Number, &ask.number, now).await?;
    Ok(Facts {
        listed: listed.map(Into::into),
        attempts_today: u32::try_from(attempts_today).unwrap_or(u32::MAX),
        live: live > 0,
        number: ask.number.clone(),
        of_number: of_number.history,
        holidays: holidays(&mut conn, orgi, now).await?,
        callers: callers(&mut conn, orgi, ask, &of_number.refused).await?,
        ..Facts::default()
    })
}

/// How often these numbers were shown since then in the house of a call.
///
/// # Errors
/// When the database fails.
pub async fn callers_of_call(
    db: &Db,
    call: &str,
    callers: &[String],
    since: Millis,
) -> Result<Vec<Used>> {
    if callers.is_empty() {
        return Ok(Vec::new());
    }
    let mut conn = db.reading().await?;
    let orgi: Option<String> = on!(conn.conn(), c => sqlx::query_scalar(
        "SELECT orgi FROM calls WHERE id = $1").bind(call).fetch_optional(c).await)?;
    let orgi = orgi.unwrap_or_default();
    let used = shown_since(&mut conn, &orgi, callers, since).await?;
    Ok(used.into_values().collect())
}

/// Evidence that cannot be read is none.
pub(crate) fn consent(text: Option<&str>) -> Option<Consent> {
    doc::parse("consent", text?).ok()
}

/// The columns that tell something, out of a lead's data.
pub(crate) fn said(data: &str, columns: &Columns) -> Said {
    if columns.fields().next().is_none() {
        return Said::default();
    }
    let data: BTreeMap<String, String> = doc::parse("lead", data).unwrap_or_default();
    let of = |code: &Option<String>| {
        let text = data.get(code.as_deref()?)?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    Said {
        country: of(&columns.country),
        state: of(&columns.state),
        zip: of(&columns.zip),
        zone: of(&columns.zone),
        person: of(&columns.person),
        consent: of(&columns.consent),
    }
}

/// Whose attempts a history is of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Book {
    Number,
    Person,
}

#[derive(sqlx::FromRow)]
struct Dial {
    key: String,
    reserved_at: i64,
    counted: bool,
    outcome: Option<String>,
    bridged_at: Option<i64>,
    ended_at: Option<i64>,
    abandoned: bool,
    caller: String,
}

impl Dial {
    fn came_to(&self, outcome: Outcome) -> bool {
        self.outcome.as_deref() == Some(outcome.as_str())
    }
}

/// What was done to a number or a person, and the caller numbers that were refused there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Past {
    pub history: History,
    pub refused: BTreeSet<String>,
}

impl Past {
    /// One dial more, older than those before it.
    fn add(&mut self, dial: &Dial) {
        let history = &mut self.history;
        if dial.counted && history.dials.len() < REMEMBERED {
            history.dials.push(Millis(dial.reserved_at));
        }
        let ended = dial.ended_at.map(Millis);
        if dial.came_to(Outcome::Connected) && dial.bridged_at.is_some() {
            history.talked = history.talked.max(ended);
        }
        if dial.abandoned {
            history.abandoned = history.abandoned.max(ended);
        }
        if dial.came_to(Outcome::Blocked) {
            self.refused.insert(dial.caller.clone());
        }
    }
}

/// The past of these numbers or persons; one that has none is left out.
pub(crate) async fn pasts(
    conn: &mut Reading,
    orgi: &str,
    book: Book,
    keys: &[&str],
    now: Millis,
) -> Result<BTreeMap<String, Past>> {
    let column = match book {
        Book::Number => "number",
        Book::Person => "person",
    };
    let among = match conn {
        Reading::Lite(_) => "IN (SELECT value FROM json_each($2))",
        Reading::Pg(_) => "= ANY(ARRAY(SELECT value FROM json_array_elements_text($2::json)))",
    };
    let sql = format!(
        "SELECT {column} AS key, reserved_at, counted, outcome, bridged_at, ended_at, abandoned,
             caller
         FROM attempts WHERE orgi = $1 AND {column} {among} AND reserved_at >= $3
         ORDER BY reserved_at DESC"
    );
    let dials: Vec<Dial> = on!(conn.conn(), c => sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(orgi).bind(doc::text("keys", keys)?).bind(now.0 - REACHES_BACK)
        .fetch_all(c).await)?;
    let mut pasts: BTreeMap<String, Past> = BTreeMap::new();
    for dial in &dials {
        pasts.entry(dial.key.clone()).or_default().add(dial);
    }
    Ok(pasts)
}

async fn past(conn: &mut Reading, orgi: &str, book: Book, key: &str, now: Millis) -> Result<Past> {
    let mut pasts = pasts(conn, orgi, book, &[key], now).await?;
    Ok(pasts.remove(key).unwrap_or_default())
}

/// The house's holidays around now.
pub(crate) async fn holidays(
    conn: &mut Reading,
    orgi: &str,
    now: Millis,
) -> Result<Vec<NaiveDate>> {
    let day = |offset: i64| {
        chrono::DateTime::from_timestamp_millis(now.0 + offset * DAY)
            .unwrap_or_default()
            .date_naive()
            .to_string()
    };
    let days: Vec<String> = on!(conn.conn(), c => sqlx::query_scalar(
        "SELECT day FROM holidays WHERE orgi = $1 AND day >= $2 AND day <= $3 ORDER BY day")
        .bind(orgi).bind(day(-DAYS_BEHIND)).bind(day(DAYS_AHEAD)).fetch_all(c).await)?;
    Ok(days.iter().filter_map(|day| day.parse().ok()).collect())
}

/// What the pool did today, where that is asked, and which of it this number's side refused.
async fn callers(
    conn: &mut Reading,
    orgi: &str,
    ask: &Ask,
    refused: &BTreeSet<String>,
) -> Result<Vec<Used>> {
    let mut used = match ask.callers.is_empty() {
        true => BTreeMap::new(),
        false => shown_since(conn, orgi, &ask.callers, ask.day_start).await?,
    };
    for caller in refused {
        let row = used.entry(caller.clone()).or_insert_with(|| Used {
            caller: caller.clone(),
            today: 0,
            last: Millis(0),
            refused: true,
        });
        row.refused = true;
    }
    Ok(used.into_values().collect())
}

async fn shown_since(
    conn: &mut Reading,
    orgi: &str,
    callers: &[String],
    since: Millis,
) -> Result<BTreeMap<String, Used>> {
    let rows: Vec<(String, i64, i64)> = on!(conn.conn(), c => sqlx::query_as(
        "SELECT caller, CAST(SUM(dials + outside) AS BIGINT), MAX(last_at) FROM caller_hours
         WHERE orgi = $1 AND hour >= $2 GROUP BY caller ORDER BY caller")
        .bind(orgi).bind(since.0.div_euclid(HOUR) * HOUR).fetch_all(c).await)?;
    let asked = rows.into_iter().filter(|row| callers.contains(&row.0));
    let used = asked.map(|(caller, dials, last)| {
        let row = Used {
            caller: caller.clone(),
            today: u32::try_from(dials).unwrap_or(u32::MAX),
            last: Millis(last),
            refused: false,
        };
        (caller, row)
    });
    Ok(used.collect())
}
