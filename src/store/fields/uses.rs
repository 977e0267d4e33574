//! Who names a field, and so keeps it from being deleted or becoming something else.

use std::{collections::BTreeSet, fmt};

use engine::{
    campaign::Settings,
    field::{Field, Table},
};
use serde_json::Value;

use crate::{
    Result, Tx, batches, doc,
    filters::{Filter, Over},
    on,
};

/// One who names a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Use {
    /// A saved filter asks about it, from which these campaigns draw.
    Filter {
        name: String,
        campaigns: Vec<String>,
    },
    /// A campaign has its code at these places of its settings, JSON pointers.
    Campaign {
        name: String,
        places: Vec<&'static str>,
    },
    /// A field of another batch shows it.
    Field { batch: String, title: String },
}

impl Use {
    /// Whether a campaign relies on what its values are.
    #[must_use]
    pub fn is_relied_on(&self) -> bool {
        match self {
            Self::Filter { campaigns, .. } => !campaigns.is_empty(),
            Self::Campaign { .. } => true,
            Self::Field { .. } => false,
        }
    }
}

/// For people.
impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Filter { name, campaigns } if campaigns.is_empty() => {
                write!(f, "filter {name} asks about it")
            }
            Self::Filter { name, campaigns } => {
                let campaigns = campaigns.join(", ");
                write!(f, "filter {name} asks about it; campaigns: {campaigns}")
            }
            Self::Campaign { name, places } => {
                write!(f, "campaign {name} names it: {}", places.join(", "))
            }
            Self::Field { batch, title } => write!(f, "field {title} of batch {batch} shows it"),
        }
    }
}

/// Everybody who names a field.
///
/// # Errors
/// When the database fails or what is stored cannot be read.
pub async fn uses(tx: &mut Tx, batch: &str, code: &str) -> Result<Vec<Use>> {
    let mut uses = by_filters(tx, batch, code).await?;
    uses.extend(by_campaigns(tx, batch, code).await?);
    uses.extend(by_fields(tx, batch, code).await?);
    Ok(uses)
}

async fn by_filters(tx: &mut Tx, batch: &str, code: &str) -> Result<Vec<Use>> {
    let forms: Vec<(String, String, String)> = on!(tx.conn(), c => sqlx::query_as(
        "SELECT id, name, conditions FROM filters WHERE batch_id = $1 ORDER BY id"
    ).bind(batch).fetch_all(c).await)?;
    let mut uses = Vec::new();
    for (id, name, form) in forms {
        if asks_about(&doc::parse("filter", &form)?, code) {
            let campaigns = on!(tx.conn(), c => sqlx::query_scalar(
                "SELECT name FROM campaigns WHERE filter_id = $1 ORDER BY id"
            ).bind(&id).fetch_all(c).await)?;
            uses.push(Use::Filter { name, campaigns });
        }
    }
    Ok(uses)
}

/// Whether a condition anywhere in a filter, however it is nested, names this field.
fn asks_about(form: &Value, code: &str) -> bool {
    match form {
        Value::Array(rows) => rows.iter().any(|row| asks_about(row, code)),
        Value::Object(row) => row.iter().any(|(key, value)| match value {
            Value::String(text) => key == "field" && text == code,
            value => asks_about(value, code),
        }),
        _ => false,
    }
}

/// Campaigns that draw from the batch, by its filters or by those of its business type.
async fn by_campaigns(tx: &mut Tx, batch: &str, code: &str) -> Result<Vec<Use>> {
    let campaigns: Vec<(String, String)> = on!(tx.conn(), c => sqlx::query_as(
        "SELECT c.name, c.settings FROM campaigns c JOIN filters f ON f.id = c.filter_id
             JOIN batches b ON b.id = $1
         WHERE (f.batch_id = b.id OR (f.orgi = b.orgi AND f.business_type = b.business_type))
             AND c.settings LIKE $2 ORDER BY c.id"
    ).bind(batch).bind(format!("%\"{code}\"%")).fetch_all(c).await)?;
    let mut uses = Vec::new();
    for (name, settings) in campaigns {
        let settings: Settings = doc::parse("settings", &settings)?;
        let named = settings.fields().into_iter();
        let places: Vec<&str> = named
            .filter(|(_, field)| *field == code)
            .map(|(place, _)| place)
            .collect();
        if !places.is_empty() {
            uses.push(Use::Campaign { name, places });
        }
    }
    Ok(uses)
}

async fn by_fields(tx: &mut Tx, batch: &str, code: &str) -> Result<Vec<Use>> {
    let fields: Vec<(String, String)> = on!(tx.conn(), c => sqlx::query_as(
        "SELECT b.name, f.spec FROM fields f JOIN batches b ON b.id = f.batch_id
         WHERE f.batch_id <> $1 AND f.spec LIKE $2 ORDER BY b.id, f.position"
    ).bind(batch).bind(format!("%\"{batch}\"%\"{code}\"%")).fetch_all(c).await)?;
    let mut uses = Vec::new();
    for (name, spec) in fields {
        let field: Field = doc::parse("field", &spec)?;
        let shows = field.association.as_ref().is_some_and(|association| {
            association.table() == Some(Table::Batch(batch)) && association.column == code
        });
        if shows {
            uses.push(Use::Field {
                batch: name,
                title: field.title,
            });
        }
    }
    Ok(uses)
}

/// Which of these codes are fields of none of the batches that a filter looks at. Their fields stay as
/// they are until the write ends.
///
/// # Errors
/// When the database fails or a stored field cannot be read.
pub async fn missing(tx: &mut Tx, filter: &Filter, codes: &[&str]) -> Result<BTreeSet<String>> {
    let mut missing: BTreeSet<String> = codes.iter().map(|code| (*code).to_owned()).collect();
    if missing.is_empty() {
        return Ok(missing);
    }
    let batches: Vec<String> = match filter.over() {
        Over::Batch(batch) => vec![batch.to_owned()],
        Over::Business(kind) => on!(tx.conn(), c => sqlx::query_scalar(
            "SELECT id FROM batches WHERE orgi = $1 AND business_type = $2 ORDER BY id"
        ).bind(&filter.orgi).bind(kind).fetch_all(c).await)?,
    };
    for batch in batches {
        batches::lock(tx, &batch).await?;
        for field in super::list_in(tx, &batch).await? {
            missing.remove(&field.code);
        }
    }
    Ok(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_found_however_it_is_nested() {
        let form =
            serde_json::json!({"all": [{"any": [{"field": "f1", "op": "eq", "value": "f2"}]}]});
        assert!(asks_about(&form, "f1"));
        assert!(!asks_about(&form, "f2"));
    }
}
