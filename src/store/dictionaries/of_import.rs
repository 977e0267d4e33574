//! Items that an import adds to dictionaries, and takes back when it is undone.

use std::collections::BTreeMap;

use engine::{dictionary::Dictionary, field::Field, time::Millis};

use super::{Choice, Draft, checked};
use crate::{Error, Result, Tx, doc, on};

/// Dictionary to the codes of the items that an import added.
type Added = BTreeMap<String, Vec<String>>;

/// Adds these labels as items to a dictionary, each with itself as its code; what it has already, offered
/// or not, is offered then. The undo of the import takes them back.
///
/// # Errors
/// `NO_SUCH_DICTIONARY`; `DICTIONARY_INVALID`: it would have too many items, or one too long.
pub async fn add_for_import(
    tx: &mut Tx,
    (dictionary, import): (&str, &str),
    labels: &[&str],
    now: Millis,
) -> Result<()> {
    let mut items = items(tx, dictionary)
        .await?
        .ok_or_else(|| Error::conflict("NO_SUCH_DICTIONARY"))?;
    let last = items.iter().map(|item| item.sort).max().unwrap_or_default();
    let mut added = Vec::new();
    for label in labels {
        let there = known(&items).labelled(label).map(|item| item.code.clone());
        match items
            .iter_mut()
            .find(|item| Some(&item.code) == there.as_ref())
        {
            Some(item) => item.enabled = true,
            None => {
                added.push((*label).to_owned());
                items.push(Choice {
                    code: (*label).to_owned(),
                    label: (*label).to_owned(),
                    enabled: true,
                    sort: last,
                });
            }
        }
    }
    put(tx, dictionary, &items, now).await?;
    let mut all = added_by(tx, import).await?;
    all.entry(dictionary.to_owned()).or_default().extend(added);
    keep_added(tx, import, &all).await
}

/// Takes back the items that an import added, but for those that a lead of any batch holds.
///
/// # Errors
/// When the database fails or a dictionary cannot be read.
pub async fn take_back(tx: &mut Tx, import: &str, now: Millis) -> Result<()> {
    for (dictionary, codes) in added_by(tx, import).await? {
        let Some(mut items) = items(tx, &dictionary).await? else {
            continue;
        };
        let mut unused = Vec::new();
        for code in codes {
            if !is_held(tx, &dictionary, &code).await? {
                unused.push(code);
            }
        }
        let before = items.len();
        items.retain(|item| !unused.contains(&item.code));
        if items.len() < before {
            put(tx, &dictionary, &items, now).await?;
        }
    }
    keep_added(tx, import, &Added::new()).await
}

fn known(items: &[Choice]) -> Dictionary {
    super::of("", items.iter())
}

async fn items(tx: &mut Tx, dictionary: &str) -> Result<Option<Vec<Choice>>> {
    let items: Option<String> = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT items FROM dictionaries WHERE id = $1"
    ).bind(dictionary).fetch_optional(c).await)?;
    items
        .map(|items| doc::parse("dictionary", &items))
        .transpose()
}

async fn put(tx: &mut Tx, dictionary: &str, items: &[Choice], now: Millis) -> Result<()> {
    let items = checked(&Draft {
        name: "",
        description: "",
        items,
    })?;
    on!(tx.conn(), c => sqlx::query(
        "UPDATE dictionaries SET items = $2, updated_at = $3 WHERE id = $1"
    ).bind(dictionary).bind(items).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

async fn added_by(tx: &mut Tx, import: &str) -> Result<Added> {
    let added: Option<String> = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT items_added FROM imports WHERE id = $1"
    ).bind(import).fetch_optional(c).await)?;
    added.map_or_else(|| Ok(Added::new()), |added| doc::parse("items", &added))
}

async fn keep_added(tx: &mut Tx, import: &str, added: &Added) -> Result<()> {
    let added = doc::text("items", added)?;
    on!(tx.conn(), c => sqlx::query("UPDATE imports SET items_added = $2 WHERE id = $1")
        .bind(import).bind(added).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Whether a lead has the item in a field that is bound to the dictionary.
async fn is_held(tx: &mut Tx, dictionary: &str, code: &str) -> Result<bool> {
    let fields: Vec<(String, String)> = on!(tx.conn(), c => sqlx::query_as(
        "SELECT batch_id, spec FROM fields WHERE spec LIKE '%' || $1 || '%'"
    ).bind(dictionary).fetch_all(c).await)?;
    for (batch, spec) in fields {
        let field: Field = doc::parse("field", &spec)?;
        if field.dictionary.as_deref() != Some(dictionary) {
            continue;
        }
        let held: bool = match tx {
            Tx::Lite(c) => {
                sqlx::query_scalar(
                    "SELECT EXISTS (SELECT 1 FROM leads WHERE batch_id = $1
                         AND instr(',' || json_extract(data, '$.' || $2) || ',', ',' || $3 || ',') > 0)",
                )
                .bind(&batch)
                .bind(&field.code)
                .bind(code)
                .fetch_one(&mut **c)
                .await?
            }
            Tx::Pg(c) => {
                sqlx::query_scalar(
                    "SELECT EXISTS (SELECT 1 FROM leads WHERE batch_id = $1
                         AND strpos(',' || (data::json ->> $2) || ',', ',' || $3 || ',') > 0)",
                )
                .bind(&batch)
                .bind(&field.code)
                .bind(code)
                .fetch_one(&mut **c)
                .await?
            }
        };
        if held {
            return Ok(true);
        }
    }
    Ok(false)
}
