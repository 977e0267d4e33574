//! A segment from the database.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use store::segments::{self, Snap};

use super::{Cells, blocking, bounds, file::Content};
use crate::{error::JobError, house::House};

/// Leads a read.
const PAGE: i64 = 8_192;

/// Reads a block of a batch's leads into columns.
///
/// # Errors
/// When the database fails.
pub async fn segment(house: &House, batch: &str, block: i64) -> Result<Content, JobError> {
    let (first, end) = bounds(block);
    let mut after = first - 1;
    let mut content = Content::default();
    loop {
        house.may_go_on()?;
        let rows = segments::snaps(&house.db, batch, after, end, PAGE).await?;
        let Some(last) = rows.last() else { break };
        after = last.position;
        content = blocking(move || add(content, &rows)).await?;
    }
    let rows = content.positions.len();
    for cells in content.columns.values_mut().flatten() {
        cells.fill(rows);
    }
    Ok(content)
}

fn add(mut content: Content, rows: &[Snap]) -> Result<Content, JobError> {
    for lead in rows {
        let row = content.positions.len();
        content.positions.push(lead.position);
        let created = lead.created_at.to_string();
        let system = [
            ("id", lead.id.as_str()),
            ("orgi", &lead.orgi),
            ("creater", &lead.creater),
            ("import", &lead.import_id),
            ("phone", &lead.phone),
            ("created_at", &created),
        ];
        for (code, text) in system {
            put(&mut content.columns, code, row, text);
        }
        let data: Data<'_> =
            serde_json::from_str(&lead.data).map_err(|source| store::Error::Document {
                what: "lead",
                source,
            })?;
        for (code, text) in &data.0 {
            put(&mut content.columns, code, row, text);
        }
    }
    Ok(content)
}

fn put(columns: &mut BTreeMap<String, Option<Cells>>, code: &str, row: usize, text: &str) {
    if text.is_empty() {
        return;
    }
    if !columns.contains_key(code) {
        columns.insert(code.to_owned(), None);
    }
    if let Some(cells) = columns.get_mut(code) {
        cells.get_or_insert_default().put(row, text);
    }
}

/// A lead's fields, borrowed from their JSON where nothing in it is escaped.
struct Data<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Data<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Data<'de>;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Data<'de>, A::Error> {
                let mut pairs = Vec::new();
                while let Some((code, text)) = map.next_entry::<Text<'de>, Text<'de>>()? {
                    pairs.push((code.0, text.0));
                }
                Ok(Data(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}
