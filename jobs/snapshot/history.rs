//! What calls did to the leads of a segment, as a filter reads it.

use std::collections::BTreeMap;

use engine::{
    filter::{days_since, wall_clock},
    time::Millis,
};
use store::segments::History;

use super::{Cells, Question};

/// One column of history. Leads without any are as they were imported.
#[must_use]
pub fn cells(
    code: &str,
    positions: &[i64],
    (calls, contacts): (&[History], &BTreeMap<i64, i64>),
    question: &Question,
) -> Cells {
    let mut cells = Cells::default();
    let mut calls = calls.iter().peekable();
    let untouched = untouched(code);
    for (row, position) in positions.iter().enumerate() {
        while calls.next_if(|call| call.position < *position).is_some() {}
        match calls.next_if(|call| call.position == *position) {
            Some(call) => {
                let contact = contacts.get(position).copied().map(Millis);
                let text = text(code, (call, contact), question);
                cells.put(row, &text.unwrap_or_default());
            }
            None => cells.put(row, untouched),
        }
    }
    cells.fill(positions.len());
    cells
}

fn untouched(code: &str) -> &'static str {
    match code {
        "alloc_status" => "unallocated",
        "call_status" => "notcall",
        "dial_count" | "fail_count" => "0",
        "dnc" | "voided" => "false",
        _ => "",
    }
}

fn text(
    code: &str,
    (call, contact): (&History, Option<Millis>),
    question: &Question,
) -> Option<String> {
    let dialled = || call.last_dial_at.map(Millis);
    match code {
        "alloc_status" => Some(call.alloc_status.clone()),
        "call_status" => Some(call.call_status.clone()),
        "dial_count" => Some(call.dial_count.to_string()),
        "fail_count" => Some(call.fail_count.to_string()),
        "outcome" => call.outcome.clone(),
        "disposition" => call.disposition.clone(),
        "last_dial_at" => wall_clock(dialled()?, &question.zone),
        "days_since_contact" | "days_since_dial" => {
            let since = match code {
                "days_since_contact" => contact?,
                _ => dialled()?,
            };
            let days = days_since(since, &question.zone, question.today)?;
            Some(days.to_string())
        }
        "dnc" => Some(call.dnc.to_string()),
        "voided" => Some(call.voided.to_string()),
        _ => None,
    }
}
