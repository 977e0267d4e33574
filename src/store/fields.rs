//! The data structure of a batch.

use std::collections::BTreeSet;

use engine::{
    field::{self, COLUMNS_MAX, Field, same_title},
    filter::kind_of,
    time::Millis,
};

use crate::{Db, Error, Result, Tx, associations, batches, doc, on};

mod unfit;
mod uses;

pub use unfit::{Unfit, is_stricter, unfit};
pub use uses::{Use, missing, uses};

/// The batch's fields in column order.
///
/// # Errors
/// When the database fails or a stored field cannot be read.
pub async fn list(db: &Db, batch: &str) -> Result<Vec<Field>> {
    let specs: Vec<String> = on!(db.read(), c => sqlx::query_scalar(LIST)
        .bind(batch).fetch_all(c).await)?;
    parse(&specs)
}

/// Whether any field of the tenant's batches is shown masked.
///
/// # Errors
/// When the database fails.
pub async fn hide_some(db: &Db, orgi: &str) -> Result<bool> {
    let one: Option<String> = on!(db.read(), c => sqlx::query_scalar(
        "SELECT f.code FROM fields f JOIN batches b ON b.id = f.batch_id
         WHERE b.orgi = $1 AND f.spec LIKE '%\"hidden\":true%' LIMIT 1"
    ).bind(orgi).fetch_optional(c).await)?;
    Ok(one.is_some())
}

/// The same as [`list`] within a write.
///
/// # Errors
/// As [`list`].
pub async fn list_in(tx: &mut Tx, batch: &str) -> Result<Vec<Field>> {
    let specs: Vec<String> = on!(tx.conn(), c => sqlx::query_scalar(LIST)
        .bind(batch).fetch_all(c).await)?;
    parse(&specs)
}

const LIST: &str = "SELECT spec FROM fields WHERE batch_id = $1 ORDER BY position, code";

fn parse(specs: &[String]) -> Result<Vec<Field>> {
    specs.iter().map(|spec| doc::parse("field", spec)).collect()
}

/// Adds the columns of a template. A title that is there keeps its code; columns missing in the new
/// template stay (OUT-072). Returns how many were added.
///
/// # Errors
/// `TOO_MANY_COLUMNS` with those that are there.
pub async fn add_titles(tx: &mut Tx, batch: &str, titles: &[String], now: Millis) -> Result<usize> {
    let mut fields = list_in(tx, batch).await?;
    let before = fields.len();
    for title in titles {
        if !fields.iter().any(|field| same_title(&field.title, title)) {
            if fields.len() >= COLUMNS_MAX {
                return Err(Error::conflict("TOO_MANY_COLUMNS"));
            }
            let code = new_code(&fields);
            let field = Field::of_header(&code, title.trim());
            let position = next_position(tx, batch).await?;
            put(tx, batch, position, &field).await?;
            fields.push(field);
        }
    }
    batches::touch(tx, batch, now).await?;
    Ok(fields.len() - before)
}

/// Adds a local field by hand, behind the others (OUT-065): only a sheet's header makes other ones.
/// Returns its code.
///
/// # Errors
/// `FIELD_INVALID`, `FIELD_NOT_LOCAL`, `TITLE_TAKEN`, `TOO_MANY_COLUMNS`, `NO_SUCH_DICTIONARY`,
/// `NO_SUCH_ASSOCIATION`.
pub async fn add_local(tx: &mut Tx, batch: &str, field: &Field, now: Millis) -> Result<String> {
    field
        .validate()
        .map_err(|_| Error::conflict("FIELD_INVALID"))?;
    if !field.local_only {
        return Err(Error::conflict("FIELD_NOT_LOCAL"));
    }
    let fields = list_in(tx, batch).await?;
    if fields.len() >= COLUMNS_MAX {
        return Err(Error::conflict("TOO_MANY_COLUMNS"));
    }
    if fields
        .iter()
        .any(|one| same_title(&one.title, &field.title))
    {
        return Err(Error::conflict("TITLE_TAKEN"));
    }
    check_dictionary(tx, batch, field).await?;
    associations::check(tx, batch, field).await?;
    let field = Field {
        code: new_code(&fields),
        ..field.clone()
    };
    let position = next_position(tx, batch).await?;
    put(tx, batch, position, &field).await?;
    batches::touch(tx, batch, now).await?;
    Ok(field.code)
}

/// Changes a field; its code says which. `false`: the batch has no such field. Whether the leads
/// that are there fit the change is [`unfit`]'s to say.
///
/// # Errors
/// `FIELD_INVALID`: ask [`Field::validate`] for the reason. `TITLE_TAKEN`. `FIELD_IN_USE` when it
/// would leave a saved template without a phone field, or [`changes_meaning`] and a campaign relies on
/// it ([`uses`] says which). `KEY_TAKEN` when another field is the key; `KEY_FIXED` and `PHONE_FIXED` when
/// the batch has leads, whose keys and numbers are made, or an import makes some. `NO_SUCH_DICTIONARY`,
/// `NO_SUCH_ASSOCIATION`.
pub async fn update(tx: &mut Tx, batch: &str, field: &Field, now: Millis) -> Result<bool> {
    field
        .validate()
        .map_err(|_| Error::conflict("FIELD_INVALID"))?;
    batches::lock(tx, batch).await?;
    let mut fields = list_in(tx, batch).await?;
    let Some(at) = fields.iter().position(|other| other.code == field.code) else {
        return Ok(false);
    };
    let others = || fields.iter().filter(|other| other.code != field.code);
    if others().any(|other| same_title(&other.title, &field.title)) {
        return Err(Error::conflict("TITLE_TAKEN"));
    }
    if field.is_key && others().any(|other| other.is_key) {
        return Err(Error::conflict("KEY_TAKEN"));
    }
    let old = &fields[at];
    if field.is_key != old.is_key && has_leads(tx, batch).await? {
        return Err(Error::conflict("KEY_FIXED"));
    }
    let phone = |field: &Field| (field.is_phone, field.phone_type);
    if phone(field) != phone(old) && has_leads(tx, batch).await? {
        return Err(Error::conflict("PHONE_FIXED"));
    }
    if changes_meaning(old, field)
        && uses(tx, batch, &field.code)
            .await?
            .iter()
            .any(Use::is_relied_on)
    {
        return Err(Error::conflict("FIELD_IN_USE"));
    }
    check_dictionary(tx, batch, field).await?;
    associations::check(tx, batch, field).await?;
    fields[at] = field.clone();
    let needs_phone = state(tx, batch).await?.as_deref() == Some("ready");
    if needs_phone && !fields.iter().any(|field| field.is_phone) {
        return Err(Error::conflict("FIELD_IN_USE"));
    }
    put(tx, batch, i64::try_from(at).unwrap_or(i64::MAX), field).await?;
    batches::touch(tx, batch, now).await?;
    Ok(true)
}

/// Whether values of a field are compared in another way after a change.
#[must_use]
pub fn changes_meaning(old: &Field, new: &Field) -> bool {
    kind_of(old) != kind_of(new) || old.multi != new.multi
}

/// Puts the fields into this order; those that are not named follow in theirs. `false`: a code is
/// not one of the batch's or stands twice.
///
/// # Errors
/// `PHONE_FIXED` when numbers would be dialled in another order and the batch has leads, whose numbers are
/// in theirs, or an import makes some.
pub async fn order(tx: &mut Tx, batch: &str, codes: &[String], now: Millis) -> Result<bool> {
    batches::lock(tx, batch).await?;
    let fields = list_in(tx, batch).await?;
    let known = |code: &String| fields.iter().any(|field| field.code == *code);
    let once: BTreeSet<&String> = codes.iter().collect();
    if once.len() != codes.len() || !codes.iter().all(known) {
        return Ok(false);
    }
    let named = codes.iter();
    let named = named.filter_map(|code| fields.iter().find(|field| field.code == *code));
    let rest = fields.iter().filter(|field| !once.contains(&field.code));
    let ordered: Vec<Field> = named.chain(rest).cloned().collect();
    if dialled(&ordered) != dialled(&fields) && has_leads(tx, batch).await? {
        return Err(Error::conflict("PHONE_FIXED"));
    }
    for (position, Field { code, .. }) in ordered.iter().enumerate() {
        let position = i64::try_from(position).unwrap_or(i64::MAX);
        on!(tx.conn(), c => sqlx::query(
            "UPDATE fields SET position = $3 WHERE batch_id = $1 AND code = $2"
        ).bind(batch).bind(code).bind(position).execute(c).await.map(|_| ()))?;
    }
    batches::touch(tx, batch, now).await?;
    Ok(true)
}

/// Codes of the phone fields in dialling order.
fn dialled(fields: &[Field]) -> Vec<&str> {
    let phones = field::phones(fields).into_iter();
    phones.map(|at| fields[at].code.as_str()).collect()
}

/// Deletes a field; the values in the leads stay unseen.
///
/// # Errors
/// `FIELD_IN_USE` while somebody names it (OUT-071; [`uses`] says who), it is the last phone field, or it
/// is the key of leads that are there. `PHONE_FIXED` when it holds numbers of leads that are there, or that
/// an import makes.
pub async fn delete(tx: &mut Tx, batch: &str, code: &str, now: Millis) -> Result<bool> {
    batches::lock(tx, batch).await?;
    let fields = list_in(tx, batch).await?;
    let Some(field) = fields.iter().find(|field| field.code == code) else {
        return Ok(false);
    };
    let phones = fields.iter().filter(|field| field.is_phone).count();
    if (field.is_phone && phones == 1)
        || (field.is_key && has_leads(tx, batch).await?)
        || !uses(tx, batch, code).await?.is_empty()
    {
        return Err(Error::conflict("FIELD_IN_USE"));
    }
    if field.is_phone && has_leads(tx, batch).await? {
        return Err(Error::conflict("PHONE_FIXED"));
    }
    on!(tx.conn(), c => sqlx::query("DELETE FROM fields WHERE batch_id = $1 AND code = $2")
        .bind(batch).bind(code).execute(c).await.map(|_| ()))?;
    batches::touch(tx, batch, now).await?;
    Ok(true)
}

/// Whether rows have come into the batch since it was read, or still do.
///
/// # Errors
/// When the database fails.
pub async fn has_moved(tx: &mut Tx, batch: &batches::Batch) -> Result<bool> {
    batches::lock(tx, &batch.id).await?;
    Ok(on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT snapshot_version <> $2 OR EXISTS (
             SELECT 1 FROM imports WHERE batch_id = $1 AND state IN ('queued', 'running'))
         FROM batches WHERE id = $1"
    ).bind(&batch.id).bind(batch.snapshot_version).fetch_one(c).await)?)
}

/// Whether the batch has leads or will have some, made with the fields as they are.
async fn has_leads(tx: &mut Tx, batch: &str) -> Result<bool> {
    Ok(on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM leads WHERE batch_id = $1) OR EXISTS (
             SELECT 1 FROM imports WHERE batch_id = $1 AND state IN ('queued', 'running'))"
    ).bind(batch).fetch_one(c).await)?)
}

async fn check_dictionary(tx: &mut Tx, batch: &str, field: &Field) -> Result<()> {
    let Some(id) = &field.dictionary else {
        return Ok(());
    };
    let there: bool = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM dictionaries d JOIN batches b ON b.orgi = d.orgi
             WHERE d.id = $1 AND b.id = $2)"
    ).bind(id).bind(batch).fetch_one(c).await)?;
    if there {
        Ok(())
    } else {
        Err(Error::conflict("NO_SUCH_DICTIONARY"))
    }
}

/// Behind every field, also after one was deleted.
async fn next_position(tx: &mut Tx, batch: &str) -> Result<i64> {
    Ok(on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT COALESCE(MAX(position), -1) + 1 FROM fields WHERE batch_id = $1"
    ).bind(batch).fetch_one(c).await)?)
}

async fn state(tx: &mut Tx, batch: &str) -> Result<Option<String>> {
    Ok(
        on!(tx.conn(), c => sqlx::query_scalar("SELECT state FROM batches WHERE id = $1")
        .bind(batch).fetch_optional(c).await)?,
    )
}

async fn put(tx: &mut Tx, batch: &str, position: i64, field: &Field) -> Result<()> {
    let spec = doc::text("field", field)?;
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO fields (batch_id, code, position, title, spec) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (batch_id, code) DO UPDATE SET title = excluded.title, spec = excluded.spec"
    ).bind(batch).bind(&field.code).bind(position).bind(field.title.trim()).bind(spec)
        .execute(c).await.map(|_| ()))?;
    Ok(())
}

/// `f` and six base-36 characters that no other field of the batch has (OUT-035).
fn new_code(fields: &[Field]) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    loop {
        let mut rest = uuid::Uuid::new_v4().as_u128();
        let mut code = String::from("f");
        for _ in 0..6 {
            code.push(char::from(DIGITS[(rest % 36) as usize]));
            rest /= 36;
        }
        if !fields.iter().any(|field| field.code == code) {
            return code;
        }
    }
}

#[cfg(test)]
mod tests;
