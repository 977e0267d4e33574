//! Dictionaries (字典): the choices of fields (ADM-052, ADM-053, OUT-053).

use std::collections::BTreeSet;

use engine::{
    dictionary::{BadDictionary, Dictionary, Item},
    field::Field,
    time::Millis,
};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use crate::{Db, Doc, Error, Result, Tx, business_statuses, doc, new_id, on};

mod of_import;

pub use of_import::{add_for_import, take_back};

/// A dictionary as people keep it.
#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct Kept {
    pub id: String,
    pub orgi: String,
    pub name: String,
    pub description: String,
    #[sqlx(try_from = "String")]
    pub items: Doc<Vec<Choice>>,
    pub creater: String,
    pub created_at: i64,
    pub updated_at: i64,
}

/// One choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What is kept.
    pub code: String,
    /// What people see.
    pub label: String,
    /// No longer offered, but still shown where it is kept.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Lower ones come first; equal ones as they were written.
    #[serde(default)]
    pub sort: i64,
}

fn yes() -> bool {
    true
}

/// What a person writes.
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    pub name: &'a str,
    pub description: &'a str,
    pub items: &'a [Choice],
}

/// Where a dictionary is bound.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Use {
    pub batch_id: String,
    pub batch: String,
    /// Title of the field.
    pub field: String,
}

impl Kept {
    /// The choices that are offered, in order.
    #[must_use]
    pub fn offered(&self) -> Dictionary {
        of(&self.id, self.items.iter().filter(|item| item.enabled))
    }

    /// Every choice, in order, for showing what is kept.
    #[must_use]
    pub fn whole(&self) -> Dictionary {
        of(&self.id, self.items.iter())
    }
}

fn of<'a>(id: &str, choices: impl Iterator<Item = &'a Choice>) -> Dictionary {
    let mut choices: Vec<&Choice> = choices.collect();
    choices.sort_by_key(|choice| choice.sort);
    let items = choices.into_iter().map(|choice| Item {
        code: choice.code.trim().to_owned(),
        label: choice.label.trim().to_owned(),
    });
    Dictionary {
        id: id.to_owned(),
        items: items.collect(),
    }
}

impl Draft<'_> {
    /// # Errors
    /// The first item that cannot be kept.
    pub fn validate(&self) -> std::result::Result<(), BadDictionary> {
        let items = self.items.iter().map(|choice| Item {
            code: choice.code.trim().to_owned(),
            label: choice.label.trim().to_owned(),
        });
        Dictionary {
            id: String::new(),
            items: items.collect(),
        }
        .validate()
    }
}

/// # Errors
/// `NAME_TAKEN`; `DICTIONARY_INVALID`: ask [`Draft::validate`] for the reason.
pub async fn create(
    tx: &mut Tx,
    orgi: &str,
    creater: &str,
    draft: &Draft<'_>,
    now: Millis,
) -> Result<String> {
    let id = new_id("dic");
    let items = checked(draft)?;
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO dictionaries (id, orgi, name, description, items, creater, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)"
    ).bind(&id).bind(orgi).bind(draft.name).bind(draft.description).bind(items).bind(creater)
        .bind(now.0).execute(c).await.map(|_| ()))
    .map_err(|error| Error::from(error).unique_as("NAME_TAKEN"))?;
    Ok(id)
}

/// Changes a dictionary; an item that leads may hold is disabled, not left out. `false`: there is
/// none.
///
/// # Errors
/// `NAME_TAKEN`; `DICTIONARY_INVALID`; `DICTIONARY_ITEM_IN_USE` when an item of a bound dictionary is
/// left out.
pub async fn save(tx: &mut Tx, id: &str, draft: &Draft<'_>, now: Millis) -> Result<bool> {
    let items = checked(draft)?;
    let old: Option<String> = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT items FROM dictionaries WHERE id = $1"
    ).bind(id).fetch_optional(c).await)?;
    let Some(old) = old else {
        return Ok(false);
    };
    let old: Vec<Choice> = doc::parse("dictionary", &old)?;
    let stays = |choice: &Choice| {
        draft
            .items
            .iter()
            .any(|item| item.code.trim() == choice.code)
    };
    if !old.iter().all(stays) && !uses(tx, id).await?.is_empty() {
        return Err(Error::conflict("DICTIONARY_ITEM_IN_USE"));
    }
    on!(tx.conn(), c => sqlx::query(
        "UPDATE dictionaries SET name = $2, description = $3, items = $4, updated_at = $5
         WHERE id = $1"
    ).bind(id).bind(draft.name).bind(draft.description).bind(items).bind(now.0).execute(c).await
        .map(|_| ()))
    .map_err(|error| Error::from(error).unique_as("NAME_TAKEN"))?;
    Ok(true)
}

fn checked(draft: &Draft<'_>) -> Result<String> {
    draft
        .validate()
        .map_err(|_| Error::conflict("DICTIONARY_INVALID"))?;
    let mut items = draft.items.to_vec();
    for item in &mut items {
        item.code = item.code.trim().to_owned();
        item.label = item.label.trim().to_owned();
    }
    doc::text("dictionary", &items)
}

/// Deletes a dictionary that no field is bound to and from which nobody takes business statuses.
/// `false`: there is none.
///
/// # Errors
/// `DICTIONARY_IN_USE`; [`uses`] says where.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<bool> {
    if !uses(tx, id).await?.is_empty() || business_statuses::uses(tx, id).await? {
        return Err(Error::conflict("DICTIONARY_IN_USE"));
    }
    let rows = on!(tx.conn(), c => sqlx::query("DELETE FROM dictionaries WHERE id = $1")
        .bind(id).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// The fields that are bound to a dictionary.
///
/// # Errors
/// When the database fails or a stored field cannot be read.
pub async fn uses(tx: &mut Tx, id: &str) -> Result<Vec<Use>> {
    let rows: Vec<(String, String, String)> = on!(tx.conn(), c => sqlx::query_as(
        "SELECT b.id, b.name, f.spec FROM fields f JOIN batches b ON b.id = f.batch_id
         JOIN dictionaries d ON d.orgi = b.orgi
         WHERE d.id = $1 AND f.spec LIKE '%' || d.id || '%'
         ORDER BY b.id, f.position"
    ).bind(id).fetch_all(c).await)?;
    let mut uses = Vec::new();
    for (batch_id, batch, spec) in rows {
        let field: Field = doc::parse("field", &spec)?;
        if field.dictionary.as_deref() == Some(id) {
            uses.push(Use {
                batch_id,
                batch,
                field: field.title,
            });
        }
    }
    Ok(uses)
}

/// # Errors
/// When the database fails.
pub async fn get(db: &Db, orgi: &str, id: &str) -> Result<Option<Kept>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT * FROM dictionaries WHERE orgi = $1 AND id = $2"
    ).bind(orgi).bind(id).fetch_optional(c).await)?)
}

/// The tenant's dictionaries, newest first, those before the id `before`.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, orgi: &str, before: Option<&str>, limit: i64) -> Result<Vec<Kept>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT * FROM dictionaries WHERE orgi = $1 AND ($2 = '' OR id < $2)
         ORDER BY id DESC LIMIT $3"
    ).bind(orgi).bind(before.unwrap_or_default()).bind(limit).fetch_all(c).await)?)
}

/// The choices that an import or a form may take, for each dictionary that these fields are bound to.
///
/// # Errors
/// When the database fails or a dictionary cannot be read.
pub async fn for_fields(db: &Db, fields: &[Field]) -> Result<Vec<Dictionary>> {
    let kept = bound(db, fields).await?;
    Ok(kept.iter().map(Kept::offered).collect())
}

/// The same with the choices that are no longer offered, for showing and exporting what is kept.
///
/// # Errors
/// As [`for_fields`].
pub async fn whole_for_fields(db: &Db, fields: &[Field]) -> Result<Vec<Dictionary>> {
    let kept = bound(db, fields).await?;
    Ok(kept.iter().map(Kept::whole).collect())
}

async fn bound(db: &Db, fields: &[Field]) -> Result<Vec<Kept>> {
    let ids: BTreeSet<&str> = fields
        .iter()
        .filter_map(|field| field.dictionary.as_deref())
        .collect();
    let mut found = Vec::new();
    for id in ids {
        let kept: Option<Kept> = on!(db.read(), c => sqlx::query_as(
            "SELECT * FROM dictionaries WHERE id = $1"
        ).bind(id).fetch_optional(c).await)?;
        found.extend(kept);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fields,
        sample::{self, NOW},
        testing::on_both,
    };

    fn choice(code: &str, label: &str, enabled: bool, sort: i64) -> Choice {
        Choice {
            code: code.into(),
            label: label.into(),
            enabled,
            sort,
        }
    }

    fn draft<'a>(name: &'a str, items: &'a [Choice]) -> Draft<'a> {
        Draft {
            name,
            description: "",
            items,
        }
    }

    #[tokio::test]
    async fn a_bound_dictionary_keeps_what_leads_may_hold() {
        on_both(|home| async move {
            let (batch, fields) = sample::batch(&home.db, "一").await;
            let items = [
                choice("n", "无意向", true, 2),
                choice(" y ", "有意向", true, 1),
                choice("old", "旧", false, 0),
            ];
            let mut tx = home.db.begin().await.unwrap();
            let id = create(&mut tx, "o", "u", &draft("意向", &items), NOW)
                .await
                .unwrap();
            let twice = create(
                &mut tx,
                "o",
                "u",
                &draft("二", &[items[0].clone(), items[0].clone()]),
                NOW,
            )
            .await;
            assert_eq!(twice.unwrap_err().code(), Some("DICTIONARY_INVALID"));
            let field = Field {
                dictionary: Some(id.clone()),
                replace: true,
                ..fields[0].clone()
            };
            assert!(fields::update(&mut tx, &batch, &field, NOW).await.unwrap());
            tx.commit().await.unwrap();

            let bound = fields::list(&home.db, &batch).await.unwrap();
            let offered = for_fields(&home.db, &bound).await.unwrap();
            let codes: Vec<&str> = offered[0].items.iter().map(|i| i.code.as_str()).collect();
            assert_eq!((offered.len(), codes), (1, vec!["y", "n"]));
            let whole = whole_for_fields(&home.db, &bound).await.unwrap();
            assert_eq!(whole[0].label_of("old"), "旧");

            let mut tx = home.db.begin().await.unwrap();
            let fewer = save(&mut tx, &id, &draft("意向", &items[..1]), NOW).await;
            assert_eq!(fewer.unwrap_err().code(), Some("DICTIONARY_ITEM_IN_USE"));
            let gone = delete(&mut tx, &id).await;
            assert_eq!(gone.unwrap_err().code(), Some("DICTIONARY_IN_USE"));
            assert_eq!(uses(&mut tx, &id).await.unwrap()[0].field, "姓名");
            let more = [&items[..], &[choice("m", "也许", true, 0)]].concat();
            assert!(
                save(&mut tx, &id, &draft("意向", &more), NOW)
                    .await
                    .unwrap()
            );
            assert!(
                fields::update(&mut tx, &batch, &fields[0], NOW)
                    .await
                    .unwrap()
            );
            assert!(
                save(&mut tx, &id, &draft("意向", &items[..1]), NOW)
                    .await
                    .unwrap()
            );
            assert!(delete(&mut tx, &id).await.unwrap());
            assert!(!delete(&mut tx, &id).await.unwrap());
        })
        .await;
    }

    #[tokio::test]
    async fn names_are_the_tenants_own() {
        on_both(|home| async move {
            let mut tx = home.db.begin().await.unwrap();
            let id = create(&mut tx, "o", "u", &draft("a", &[]), NOW)
                .await
                .unwrap();
            create(&mut tx, "p", "u", &draft("a", &[]), NOW)
                .await
                .unwrap();
            tx.commit().await.unwrap();
            let mut tx = home.db.begin().await.unwrap();
            let again = create(&mut tx, "o", "u", &draft("a", &[]), NOW).await;
            assert_eq!(again.unwrap_err().code(), Some("NAME_TAKEN"));
            drop(tx);
            assert_eq!(get(&home.db, "p", &id).await.unwrap(), None);
            assert_eq!(list(&home.db, "o", None, 10).await.unwrap().len(), 1);
            assert!(list(&home.db, "o", Some(&id), 10).await.unwrap().is_empty());
        })
        .await;
    }
}
