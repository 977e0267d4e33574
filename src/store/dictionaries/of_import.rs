//! Items that an import adds to dictionaries, and takes back when it is undone.

use std::collections::BTreeMap;

use engine::{dictionary::Dictionary, field::Field, time::Millis};
use serde::{Deserialize, Serialize};

use super::{Choice, Draft, checked};
use crate::{Error, Result, Tx, doc, on};

/// Dictionary to what an import did to its items.
type Given = BTreeMap<String, Done>;

/// Codes of items.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(from = "Kept")]
struct Done {
    /// That were not there.
    added: Vec<String>,
    /// That were there and not offered.
    enabled: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Kept {
    /// Of a time when only these were kept.
    Added(Vec<String>),
    Both {
        added: Vec<String>,
        enabled: Vec<String>,
    },
}

impl From<Kept> for Done {
    fn from(kept: Kept) -> Self {
        let (added, enabled) = match kept {
            Kept::Added(added) => (added, Vec::new()),
            Kept::Both { added, enabled } => (added, enabled),
        };
        Self { added, enabled }
    }
}

/// Adds these labels as items to a dictionary, each with itself as its code; what it has already, offered
/// or not, is offered then. The undo of the import takes both back.
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
    let mut done = Done::default();
    for label in labels {
        let there = known(&items).labelled(label).map(|item| item.code.clone());
        match items
            .iter_mut()
            .find(|item| Some(&item.code) == there.as_ref())
        {
            Some(item) if !item.enabled => {
                item.enabled = true;
                done.enabled.push(item.code.clone());
            }
            Some(_) => {}
            None => {
                done.added.push((*label).to_owned());
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
    let mut all = given_by(tx, import).await?;
    let before = all.entry(dictionary.to_owned()).or_default();
    before.added.extend(done.added);
    before.enabled.extend(done.enabled);
    keep(tx, import, &all).await
}

/// Takes back the items that an import added, but for those that a lead of any batch holds, and no longer
/// offers those that were not offered before.
///
/// # Errors
/// When the database fails or a dictionary cannot be read.
pub async fn take_back(tx: &mut Tx, import: &str, now: Millis) -> Result<()> {
    for (dictionary, done) in given_by(tx, import).await? {
        let Some(before) = items(tx, &dictionary).await? else {
            continue;
        };
        let mut unused = Vec::new();
        for code in done.added {
            if !is_held(tx, &dictionary, &code).await? {
                unused.push(code);
            }
        }
        let mut items = before.clone();
        items.retain(|item| !unused.contains(&item.code));
        for item in &mut items {
            item.enabled &= !done.enabled.contains(&item.code);
        }
        if items != before {
            put(tx, &dictionary, &items, now).await?;
        }
    }
    keep(tx, import, &Given::new()).await
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

async fn given_by(tx: &mut Tx, import: &str) -> Result<Given> {
    let added: Option<String> = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT items_added FROM imports WHERE id = $1"
    ).bind(import).fetch_optional(c).await)?;
    added.map_or_else(|| Ok(Given::new()), |added| doc::parse("items", &added))
}

async fn keep(tx: &mut Tx, import: &str, given: &Given) -> Result<()> {
    let added = doc::text("items", given)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        dictionaries::{create, get},
        sample::{self, NOW},
        testing::on_both,
    };

    #[tokio::test]
    async fn an_undo_leaves_the_choices_as_they_were() {
        on_both(|home| async move {
            let db = &home.db;
            let (batch, fields) = sample::batch(db, "一").await;
            let import = sample::leads(db, &batch, &fields, 1).await;
            let item = |code: &str, enabled| Choice {
                code: code.into(),
                label: code.into(),
                enabled,
                sort: 0,
            };
            let draft = Draft {
                name: "意向",
                description: "",
                items: &[item("有", true), item("旧", false)],
            };
            let mut tx = db.begin().await.unwrap();
            let id = create(&mut tx, "o", "u", &draft, NOW).await.unwrap();
            tx.commit().await.unwrap();
            let items = async || get(db, "o", &id).await.unwrap().unwrap().items.0;
            let before = items().await;
            let mut tx = db.begin().await.unwrap();
            // Twice, as when a worker dies in between.
            for _ in 0..2 {
                let of = (id.as_str(), import.as_str());
                add_for_import(&mut tx, of, &["有", "旧", "新"], NOW)
                    .await
                    .unwrap();
            }
            tx.commit().await.unwrap();
            let offered = items().await;
            assert_eq!(offered.len(), 3);
            assert!(offered.iter().all(|item| item.enabled));
            let mut tx = db.begin().await.unwrap();
            take_back(&mut tx, &import, NOW).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(items().await, before);

            // What was kept before only said what was added.
            let old: Given = doc::parse("items", r#"{"dic_1": ["新"]}"#).unwrap();
            assert_eq!(
                (old["dic_1"].added.len(), old["dic_1"].enabled.len()),
                (1, 0)
            );
        })
        .await;
    }
}
