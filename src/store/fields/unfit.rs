//! How a change of a field meets the leads that are there.

use std::collections::BTreeMap;

use engine::{
    dictionary::Dictionary,
    field::{Check, Element, Field},
    import_row::{Cell, value_among},
};

use crate::{Db, Result, associations, dictionaries};

/// What the leads hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unfit {
    /// Leads with a value in the field.
    pub values: u64,
    /// Of these, how many the changed field would not take as they are.
    pub unfit: u64,
}

/// Whether a change can leave values of leads behind that the field would not take.
#[must_use]
pub fn is_stricter(old: &Field, new: &Field) -> bool {
    let newly = |asks: fn(&Field) -> bool| asks(new) && !asks(old);
    old.data_type != new.data_type
        || old.multi != new.multi
        || newly(Field::is_dated)
        || newly(|field| field.element == Element::Number)
        || newly(|field| field.replace)
        || new.max_len < old.max_len
        || (new.dictionary.is_some() && new.dictionary != old.dictionary)
        || (old.dictionary.is_some() && new.dictionary.is_none())
        || (new.association.is_some() && new.association != old.association)
        || new
            .checks
            .iter()
            .any(|check| *check != Check::NotEmpty && !old.has(*check))
}

/// Reads every value that the leads have in this field. A value fits when the field would keep
/// exactly this text, and the record that it names is there: data is never rewritten by a change of its
/// field.
///
/// # Errors
/// When the database fails.
pub async fn unfit(db: &Db, orgi: &str, batch: &str, field: &Field) -> Result<Unfit> {
    let fields = std::slice::from_ref(field);
    let bound = dictionaries::for_fields(db, fields).await?;
    let mut found = Unfit::default();
    let mut after = -1_i64;
    loop {
        let rows = page(db, batch, field, after).await?;
        let Some((last, _)) = rows.last() else {
            return Ok(found);
        };
        after = *last;
        let values = rows.into_iter().filter_map(|(_, text)| text);
        let (fit, not): (Vec<String>, Vec<String>) =
            values.partition(|text| fits(field, bound.first(), text));
        let (fitting, unfit) = (fit.len() as u64, not.len() as u64);
        let fit: Vec<BTreeMap<String, String>> = fit
            .into_iter()
            .map(|text| [(field.code.clone(), text)].into())
            .collect();
        let astray = associations::astray(&mut db.reading().await?, orgi, fields, &fit).await?;
        found.values += fitting + unfit;
        found.unfit += unfit + astray.into_iter().flatten().count() as u64;
    }
}

/// The next values: position of the lead, and text.
async fn page(
    db: &Db,
    batch: &str,
    field: &Field,
    after: i64,
) -> Result<Vec<(i64, Option<String>)>> {
    const PAGE: i64 = 20_000;
    Ok(match db {
        Db::Lite { reader, .. } => {
            sqlx::query_as(
                "SELECT position, json_extract(data, '$.' || $3) FROM leads
                 WHERE batch_id = $1 AND position > $2 ORDER BY position LIMIT $4",
            )
            .bind(batch)
            .bind(after)
            .bind(&field.code)
            .bind(PAGE)
            .fetch_all(reader)
            .await?
        }
        Db::Pg(pool) => {
            sqlx::query_as(
                "SELECT position, data::json ->> $3 FROM leads
                 WHERE batch_id = $1 AND position > $2 ORDER BY position LIMIT $4",
            )
            .bind(batch)
            .bind(after)
            .bind(&field.code)
            .bind(PAGE)
            .fetch_all(pool)
            .await?
        }
    })
}

/// A phone is normalised elsewhere.
fn fits(field: &Field, dictionary: Option<&Dictionary>, text: &str) -> bool {
    let kept = value_among(field, dictionary, &Cell::Text(text.into()));
    kept.is_ok_and(|kept| kept.as_deref() == Some(text))
}
