//! Values that an agent sees masked, looked for as a whole. A number of which seven digits are shown is found
//! in ten thousand guesses, so there are few in an hour, and each is in the audit trail.

use engine::lead_query::{Keyword, Query};
use serde_json::{Value, json};
use store::access::audit;

use super::search::Search;
use crate::{caller::Caller, clock::now, house::House, problem::Problem};

/// Lets a search pass that looks for no such value; notes one that does. `hides`: the field that is
/// compared is shown masked.
///
/// # Errors
/// `TOO_MANY`; when the trail cannot be written.
pub async fn note(
    house: &House,
    caller: &Caller,
    (asked, query): (&Search, &Query),
    hides: bool,
) -> Result<(), Problem> {
    let Some(guess) = guess(asked, query, hides) else {
        return Ok(());
    };
    if !house.guesses.take(caller.user_id(), now()) {
        return Err(Problem {
            retry_after: Some(house.guesses.seconds_each()),
            detail: Some("whole numbers are looked for too often".into()),
            ..Problem::of("TOO_MANY")
        });
    }
    let entry = audit::Entry {
        id: store::new_id("aud"),
        orgi: caller.orgi().into(),
        at: now().0,
        user_id: Some(caller.user_id().into()),
        action: "GET leads".into(),
        subject: "leads".into(),
        detail: json!({ "note": guess }).to_string(),
    };
    Ok(audit::add(&house.db, &entry).await?)
}

fn guess(asked: &Search, query: &Query, hides: bool) -> Option<Value> {
    let number = match &query.keyword {
        Some(Keyword::Phone(number)) => Some(number),
        _ => None,
    };
    let compared = hides && matches!(asked.op.as_deref(), None | Some("eq"));
    let field = asked.field.as_ref().filter(|_| compared);
    let value = asked.value.as_ref().filter(|_| compared);
    (number.is_some() || field.is_some())
        .then(|| json!({"keyword": number, "field": field, "value": value}))
}
