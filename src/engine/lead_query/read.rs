//! What somebody asks for, word by word, to a [`Query`].

use chrono::{Days, NaiveDate, TimeZone};
use serde::{Deserialize, Serialize};

use super::{AllocStatus, Appointment, CallStatus, Keyword, Query, Sort, Span};
use crate::{
    draw::TargetType,
    field::Field,
    filter::{self, Condition, Connector, Form, Tree, Value},
    phone,
    time::Millis,
    window::Window,
};

/// A search as it was asked for; kept with an export as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// 关键词: at least three digits are the beginning of a number, anything else is text.
    pub keyword: Option<String>,
    pub batch: Option<String>,
    pub import: Option<String>,
    pub run: Option<String>,
    pub task: Option<String>,
    pub campaign: Option<String>,
    /// agent, department, robot or queue.
    pub alloc_type: Option<String>,
    pub agent: Option<String>,
    pub department: Option<String>,
    pub robot: Option<String>,
    pub queue: Option<String>,
    pub business_status: Option<String>,
    /// Words separated by `,`.
    pub call_status: Option<String>,
    /// A tab of the lists of agents and robots: all, notcall, success, failed, exception,
    /// appointed, appointed_today or overdue (OUT-191, OUT-225).
    pub tab: Option<String>,
    /// Words separated by `,`.
    pub alloc_status: Option<String>,
    /// none, appointed, today or overdue.
    pub appointment: Option<String>,
    /// RFC 3339, or a date of the wall clock.
    pub dialled_from: Option<String>,
    /// A date is included, a moment is not.
    pub dialled_to: Option<String>,
    pub appointed_from: Option<String>,
    pub appointed_to: Option<String>,
    pub voided: Option<bool>,
    pub field: Option<String>,
    pub op: Option<String>,
    pub value: Option<String>,
    pub sort: Option<String>,
}

/// The time, and whose wall clock says what day it is.
#[derive(Debug, Clone, Copy)]
pub struct Clock<'a> {
    pub now: Millis,
    pub zone: &'a Window,
}

/// A part of a search that cannot be used. `pointer` is its JSON pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadQuery {
    pub pointer: &'static str,
    pub code: &'static str,
    pub message: String,
}

/// Longest keyword, in characters.
const KEYWORD_MAX: usize = 100;

/// Checks a search. `fields` are the batch's, for a comparison of a field.
///
/// # Errors
/// Everything that cannot be used.
pub fn read(
    asked: &Asked,
    fields: Option<&[Field]>,
    clock: Clock<'_>,
) -> Result<Query, Vec<BadQuery>> {
    let mut bad = Vec::new();
    let query = Query {
        keyword: keyword(asked, &mut bad),
        masked: false,
        batch: asked.batch.clone(),
        import: asked.import.clone(),
        positions: None,
        run: asked.run.clone(),
        task: asked.task.clone(),
        campaign: asked.campaign.clone(),
        alloc_type: alloc_type(asked, &mut bad),
        targets: targets(asked),
        business_status: asked.business_status.clone(),
        call_status: words(
            "/call_status",
            &asked.call_status,
            CallStatus::parse,
            &mut bad,
        ),
        alloc_status: words(
            "/alloc_status",
            &asked.alloc_status,
            AllocStatus::parse,
            &mut bad,
        ),
        dialled: Span {
            from: moment("/dialled_from", &asked.dialled_from, false, clock, &mut bad),
            to: moment("/dialled_to", &asked.dialled_to, true, clock, &mut bad),
        },
        appointment: appointment(asked, clock, &mut bad),
        appointed: Span {
            from: moment(
                "/appointed_from",
                &asked.appointed_from,
                false,
                clock,
                &mut bad,
            ),
            to: moment("/appointed_to", &asked.appointed_to, true, clock, &mut bad),
        },
        voided: asked.voided,
        field: field(asked, fields, clock, &mut bad),
        sort: sort(asked, &mut bad),
    };
    let query = tab(asked, query, clock, &mut bad);
    if bad.is_empty() { Ok(query) } else { Err(bad) }
}

fn tab(asked: &Asked, mut query: Query, clock: Clock<'_>, bad: &mut Vec<BadQuery>) -> Query {
    let Some(tab) = asked.tab.as_deref() else {
        return query;
    };
    if asked.call_status.is_some() || asked.appointment.is_some() {
        let message = "a tab says call_status or appointment itself";
        bad.push(fault("/tab", "choice", message));
    }
    match tab {
        "all" => {}
        "notcall" | "success" | "failed" | "exception" => {
            query.call_status.extend(CallStatus::parse(tab));
        }
        "appointed" => query.appointment = Some(Appointment::Made),
        "appointed_today" => query.appointment = Some(Appointment::Today(today(clock))),
        "overdue" => query.appointment = Some(Appointment::Overdue(clock.now)),
        _ => bad.push(fault(
            "/tab",
            "choice",
            format!("there is no tab \"{tab}\""),
        )),
    }
    query
}

fn alloc_type(asked: &Asked, bad: &mut Vec<BadQuery>) -> Option<TargetType> {
    let word = asked.alloc_type.as_deref()?;
    let kinds = [
        TargetType::Agent,
        TargetType::Department,
        TargetType::Robot,
        TargetType::Queue,
    ];
    let found = kinds.into_iter().find(|kind| kind.as_str() == word);
    if found.is_none() {
        let message = "must be agent, department, robot or queue";
        bad.push(fault("/alloc_type", "choice", message));
    }
    found
}

fn keyword(asked: &Asked, bad: &mut Vec<BadQuery>) -> Option<Keyword> {
    let text = asked.keyword.as_deref().map(str::trim)?;
    if text.is_empty() {
        return None;
    }
    if text.chars().count() > KEYWORD_MAX || text.chars().any(char::is_control) {
        bad.push(fault("/keyword", "length", "must have 1 to 100 characters"));
        return None;
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_number = digits >= 3 && text.bytes().all(|byte| b"+0123456789- ()".contains(&byte));
    Some(match phone::of_text(text) {
        Ok(phone) if is_number => Keyword::Phone(phone.number),
        _ => Keyword::Text(text.into()),
    })
}

fn targets(asked: &Asked) -> Vec<(TargetType, String)> {
    [
        (TargetType::Agent, &asked.agent),
        (TargetType::Department, &asked.department),
        (TargetType::Robot, &asked.robot),
        (TargetType::Queue, &asked.queue),
    ]
    .into_iter()
    .filter_map(|(kind, id)| Some((kind, id.clone()?)))
    .collect()
}

fn words<T>(
    pointer: &'static str,
    text: &Option<String>,
    parse: fn(&str) -> Option<T>,
    bad: &mut Vec<BadQuery>,
) -> Vec<T> {
    let mut found = Vec::new();
    for word in text.iter().flat_map(|text| text.split(',')) {
        match parse(word.trim()) {
            Some(one) => found.push(one),
            None => bad.push(fault(
                pointer,
                "choice",
                format!("there is no status \"{word}\""),
            )),
        }
    }
    found
}

fn moment(
    pointer: &'static str,
    text: &Option<String>,
    is_end: bool,
    clock: Clock<'_>,
    bad: &mut Vec<BadQuery>,
) -> Option<Millis> {
    let text = text.as_deref()?;
    if let Ok(at) = chrono::DateTime::parse_from_rfc3339(text) {
        return Some(Millis(at.timestamp_millis()));
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let day = day.and_then(|day| day.checked_add_days(Days::new(u64::from(is_end))));
    let start = day.and_then(|day| midnight(day, clock));
    if start.is_none() {
        bad.push(fault(
            pointer,
            "format",
            "must be RFC 3339 or a date such as 2026-11-20",
        ));
    }
    start
}

fn midnight(day: NaiveDate, clock: Clock<'_>) -> Option<Millis> {
    let zone = clock.zone.local(clock.now)?.timezone();
    let start = zone
        .from_local_datetime(&day.and_hms_opt(0, 0, 0)?)
        .earliest()?;
    Some(Millis(start.timestamp_millis()))
}

fn appointment(asked: &Asked, clock: Clock<'_>, bad: &mut Vec<BadQuery>) -> Option<Appointment> {
    Some(match asked.appointment.as_deref()? {
        "none" => Appointment::None,
        "appointed" => Appointment::Made,
        "today" => Appointment::Today(today(clock)),
        "overdue" => Appointment::Overdue(clock.now),
        _ => {
            let message = "must be none, appointed, today or overdue";
            bad.push(fault("/appointment", "choice", message));
            return None;
        }
    })
}

/// The day it is on the wall clock.
#[must_use]
pub fn today(clock: Clock<'_>) -> Span {
    let tomorrow = clock
        .zone
        .local(clock.now)
        .and_then(|local| midnight(local.date_naive().checked_add_days(Days::new(1))?, clock));
    Span {
        from: Some(clock.zone.day_start(clock.now)),
        to: tomorrow,
    }
}

fn field(
    asked: &Asked,
    fields: Option<&[Field]>,
    clock: Clock<'_>,
    bad: &mut Vec<BadQuery>,
) -> Option<filter::Test> {
    let code = asked.field.as_ref()?;
    let Some(fields) = fields else {
        bad.push(fault(
            "/field",
            "missing_field",
            "a field belongs to a batch: give batch_id",
        ));
        return None;
    };
    if !fields.iter().any(|field| field.code == *code) {
        bad.push(fault(
            "/field",
            "UNKNOWN_FIELD",
            format!("there is no field \"{code}\""),
        ));
        return None;
    }
    let condition = Condition {
        field: Some(code.clone()),
        op: Some(asked.op.clone().unwrap_or_else(|| "eq".into())),
        value: asked.value.clone().map_or(Value::None, Value::One),
        connector: Connector::And,
    };
    let today = clock.zone.local(clock.now).map(|local| local.date_naive());
    let form = Form::Rows(vec![condition]);
    match filter::compile(&form, &filter::columns(fields), today.unwrap_or_default()) {
        Ok(Tree::Test(test)) if test.multi && !can_be_many(&test.ask) => {
            let message = "a field of several values is not compared by size here; use a filter";
            bad.push(fault("/op", "UNKNOWN_OPERATOR", message));
            None
        }
        Ok(Tree::Test(test)) => Some(test),
        Ok(_) => {
            bad.push(fault("/op", "UNKNOWN_OPERATOR", "give one comparison"));
            None
        }
        Err(errors) => {
            let error = errors.into_iter().next()?;
            let pointer = if error.code == "UNKNOWN_OPERATOR" {
                "/op"
            } else {
                "/value"
            };
            bad.push(fault(pointer, error.code, error.message));
            None
        }
    }
}

fn can_be_many(ask: &filter::Ask) -> bool {
    match ask {
        filter::Ask::Compare(..) | filter::Ask::Between(..) => false,
        // A day among moments is a range.
        filter::Ask::Any(texts) | filter::Ask::None(texts) => {
            texts.iter().all(|text| text.until.is_none())
        }
        _ => true,
    }
}

fn sort(asked: &Asked, bad: &mut Vec<BadQuery>) -> Sort {
    match asked.sort.as_deref() {
        None | Some("created") => Sort::Created,
        Some("-created") => Sort::CreatedDown,
        Some("last_dial") => Sort::LastDial,
        Some("next_dial") => Sort::NextDial,
        Some("appointment") => Sort::Appointment,
        Some(_) => {
            let message = "must be created, -created, last_dial, next_dial or appointment";
            bad.push(fault("/sort", "choice", message));
            Sort::Created
        }
    }
}

fn fault(pointer: &'static str, code: &'static str, message: impl Into<String>) -> BadQuery {
    BadQuery {
        pointer,
        code,
        message: message.into(),
    }
}

#[cfg(test)]
mod tests;
