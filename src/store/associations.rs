//! Records that fields of leads name (OUT-056, OUT-057): whether they are there, and what people see of
//! them.

use std::collections::{BTreeMap, BTreeSet};

use engine::{
    field::{Association, Field, Table},
    phone::mask,
};

use crate::{Conn, Db, Either, Error, Result, Tx, doc, fields, on};

/// Id of a record to what people see of it.
type Texts = BTreeMap<String, String>;

/// What people see of the records that some leads name.
#[derive(Debug, Clone, Default)]
pub struct Related {
    /// By the code of the field.
    texts: BTreeMap<String, Texts>,
}

/// A field of a row that names a record that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Astray {
    /// Title of the field.
    pub column: String,
    pub id: String,
}

impl Astray {
    pub const CODE: &'static str = "NO_SUCH_RECORD";

    #[must_use]
    pub fn reason(&self) -> String {
        format!("there is no record \"{}\"", self.id)
    }
}

impl Related {
    /// # Errors
    /// When the database fails or a field cannot be read.
    pub async fn of<'a>(
        db: &Db,
        orgi: &str,
        fields: &[Field],
        leads: impl Iterator<Item = &'a BTreeMap<String, String>> + Clone,
    ) -> Result<Self> {
        let mut texts = BTreeMap::new();
        if associated(fields).next().is_none() {
            return Ok(Self { texts });
        }
        let mut conn = db.reading().await?;
        for (field, association) in associated(fields) {
            let ids = ids(field, leads.clone());
            if !ids.is_empty() {
                let found = look_up(&mut conn, orgi, association, &ids).await?;
                texts.insert(field.code.clone(), found);
            }
        }
        Ok(Self { texts })
    }

    /// What people see of the records that a value names, an id where there is none; `None` where the
    /// field has no association, is empty, or is hidden.
    #[must_use]
    pub fn shown(&self, field: &Field, value: &str) -> Option<String> {
        let texts = self.texts.get(&field.code).filter(|_| !field.hidden)?;
        let shown: Vec<&str> = field
            .related(value)
            .map(|id| texts.get(id).map_or(id, String::as_str))
            .collect();
        (!shown.is_empty()).then(|| shown.join(", "))
    }
}

fn associated(fields: &[Field]) -> impl Iterator<Item = (&Field, &Association)> {
    fields
        .iter()
        .filter_map(|field| Some((field, field.association.as_ref()?)))
}

fn ids<'a>(
    field: &Field,
    leads: impl Iterator<Item = &'a BTreeMap<String, String>>,
) -> BTreeSet<&'a str> {
    let values = leads.filter_map(|lead| lead.get(&field.code));
    values.flat_map(|value| field.related(value)).collect()
}

/// For each row, the first of its fields that names a record that is not there.
///
/// # Errors
/// When the database fails or a field cannot be read.
pub async fn astray(
    conn: &mut impl Conn,
    orgi: &str,
    fields: &[Field],
    rows: &[BTreeMap<String, String>],
) -> Result<Vec<Option<Astray>>> {
    let mut found: Vec<Option<Astray>> = vec![None; rows.len()];
    for (field, association) in associated(fields) {
        let ids = ids(field, rows.iter());
        if ids.is_empty() {
            continue;
        }
        let known = look_up(conn, orgi, association, &ids).await?;
        for (row, astray) in rows.iter().zip(&mut found) {
            let value = row.get(&field.code).map_or("", String::as_str);
            let missing = field.related(value).find(|id| !known.contains_key(*id));
            if astray.is_none()
                && let Some(id) = missing
            {
                *astray = Some(Astray {
                    column: field.title.clone(),
                    id: id.to_owned(),
                });
            }
        }
    }
    Ok(found)
}

/// Whether a field's table and column are there, in the same tenant, and are not its own batch's.
///
/// # Errors
/// `NO_SUCH_ASSOCIATION`.
pub(crate) async fn check(tx: &mut Tx, batch: &str, field: &Field) -> Result<()> {
    let Some(association) = &field.association else {
        return Ok(());
    };
    let known = match association.table() {
        Some(Table::Batch(other)) if other != batch => {
            let is_ours: bool = on!(tx.conn(), c => sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM batches o JOIN batches b ON b.orgi = o.orgi
                     WHERE o.id = $1 AND b.id = $2)"
            ).bind(other).bind(batch).fetch_one(c).await)?;
            is_ours
                && fields::list_in(tx, other)
                    .await?
                    .iter()
                    .any(|one| one.code == association.column)
        }
        Some(Table::Contacts | Table::Products) => true,
        _ => false,
    };
    if known {
        Ok(())
    } else {
        Err(Error::conflict("NO_SUCH_ASSOCIATION"))
    }
}

/// The records with these ids, each with the text of its column; numbers are masked, and so is what the
/// other batch hides.
async fn look_up(
    conn: &mut impl Conn,
    orgi: &str,
    association: &Association,
    ids: &BTreeSet<&str>,
) -> Result<Texts> {
    let column = association.column.as_str();
    match association.table() {
        Some(Table::Batch(batch)) => of_batch(conn, (orgi, batch, column), ids).await,
        Some(table) => {
            let columns = table.columns().unwrap_or_default();
            // The text of a statement is ours, not what a field says.
            let column = columns.iter().find(|one| **one == column);
            let column = column.unwrap_or(&columns[0]);
            let name = if table == Table::Contacts {
                "contacts"
            } else {
                "products"
            };
            let rows = select(
                conn,
                &format!("SELECT id, {column} FROM {name} WHERE orgi = $1"),
                (orgi, "", ""),
                ids,
            )
            .await?;
            let is_number = *column == "phone";
            let shown = |text: String| if is_number { mask(&text) } else { text };
            Ok(rows
                .into_iter()
                .map(|(id, text)| (id, shown(text)))
                .collect())
        }
        None => Ok(Texts::new()),
    }
}

async fn of_batch(
    conn: &mut impl Conn,
    (orgi, batch, code): (&str, &str, &str),
    ids: &BTreeSet<&str>,
) -> Result<Texts> {
    let spec: Option<String> = on!(conn.conn(), c => sqlx::query_scalar(
        "SELECT spec FROM fields WHERE batch_id = $1 AND code = $2"
    ).bind(batch).bind(code).fetch_optional(c).await)?;
    let field: Option<Field> = spec.map(|spec| doc::parse("field", &spec)).transpose()?;
    let value = match conn.conn() {
        Either::Lite(_) => "json_extract(data, '$.' || $3)",
        Either::Pg(_) => "data::json ->> $3",
    };
    let sql =
        format!("SELECT id, COALESCE({value}, '') FROM leads WHERE orgi = $1 AND batch_id = $2");
    let rows = select(conn, &sql, (orgi, batch, code), ids).await?;
    let shown = |text: String| match &field {
        Some(field) if field.is_phone => mask(&text),
        Some(field) => field.shown(&text),
        None => text,
    };
    Ok(rows
        .into_iter()
        .map(|(id, text)| (id, shown(text)))
        .collect())
}

/// Runs a statement about records with these ids; `$4` is theirs.
async fn select(
    conn: &mut impl Conn,
    sql: &str,
    (orgi, batch, code): (&str, &str, &str),
    ids: &BTreeSet<&str>,
) -> Result<Vec<(String, String)>> {
    // Each parameter has a type, also where a statement has no use for it.
    let idle = "AND $2 = CAST($2 AS TEXT) AND $3 = CAST($3 AS TEXT)";
    Ok(match conn.conn() {
        Either::Lite(c) => {
            let sql = format!("{sql} {idle} AND id IN (SELECT value FROM json_each($4))");
            sqlx::query_as(sqlx::AssertSqlSafe(sql))
                .bind(orgi)
                .bind(batch)
                .bind(code)
                .bind(doc::text("ids", ids)?)
                .fetch_all(c)
                .await?
        }
        Either::Pg(c) => {
            let ids: Vec<&str> = ids.iter().copied().collect();
            let sql = format!("{sql} {idle} AND id = ANY($4)");
            sqlx::query_as(sqlx::AssertSqlSafe(sql))
                .bind(orgi)
                .bind(batch)
                .bind(code)
                .bind(ids)
                .fetch_all(c)
                .await?
        }
    })
}

#[cfg(test)]
mod tests;
