//! The data structure of a batch.

use engine::{
    field::{Field, same_title},
    time::Millis,
};

use crate::{Db, Error, Result, Tx, batches, doc, on};

/// The batch's fields in column order.
///
/// # Errors
/// When the database fails or a stored field cannot be read.
pub async fn list(db: &Db, batch: &str) -> Result<Vec<Field>> {
    let specs: Vec<String> = on!(db.read(), c => sqlx::query_scalar(LIST)
        .bind(batch).fetch_all(c).await)?;
    parse(&specs)
}

/// The same within a write.
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
/// When the database fails.
pub async fn add_titles(tx: &mut Tx, batch: &str, titles: &[String], now: Millis) -> Result<usize> {
    let mut fields = list_in(tx, batch).await?;
    let before = fields.len();
    for title in titles {
        if !fields.iter().any(|field| same_title(&field.title, title)) {
            let code = new_code(&fields);
            let field = Field::of_header(&code, title.trim());
            put(tx, batch, fields.len(), &field).await?;
            fields.push(field);
        }
    }
    batches::touch(tx, batch, now).await?;
    Ok(fields.len() - before)
}

/// Changes a field; its code says which. `false`: the batch has no such field.
///
/// # Errors
/// `FIELD_INVALID`: ask [`Field::validate`] for the reason. `TITLE_TAKEN`. `FIELD_IN_USE` when it
/// would leave a saved template without a phone field.
pub async fn update(tx: &mut Tx, batch: &str, field: &Field, now: Millis) -> Result<bool> {
    field
        .validate()
        .map_err(|_| Error::conflict("FIELD_INVALID"))?;
    let mut fields = list_in(tx, batch).await?;
    let Some(at) = fields.iter().position(|other| other.code == field.code) else {
        return Ok(false);
    };
    let same = |other: &Field| other.code != field.code && same_title(&other.title, &field.title);
    if fields.iter().any(same) {
        return Err(Error::conflict("TITLE_TAKEN"));
    }
    fields[at] = field.clone();
    let needs_phone = state(tx, batch).await?.as_deref() == Some("ready");
    if needs_phone && !fields.iter().any(|field| field.is_phone) {
        return Err(Error::conflict("FIELD_IN_USE"));
    }
    put(tx, batch, at, field).await?;
    batches::touch(tx, batch, now).await?;
    Ok(true)
}

/// Deletes a field; the values in the leads stay unseen.
///
/// # Errors
/// `FIELD_IN_USE` while a saved filter asks about it (OUT-071) or it is the last phone field.
pub async fn delete(tx: &mut Tx, batch: &str, code: &str, now: Millis) -> Result<bool> {
    let fields = list_in(tx, batch).await?;
    let Some(field) = fields.iter().find(|field| field.code == code) else {
        return Ok(false);
    };
    let phones = fields.iter().filter(|field| field.is_phone).count();
    if (field.is_phone && phones == 1) || is_filtered(tx, batch, code).await? {
        return Err(Error::conflict("FIELD_IN_USE"));
    }
    on!(tx.conn(), c => sqlx::query("DELETE FROM fields WHERE batch_id = $1 AND code = $2")
        .bind(batch).bind(code).execute(c).await.map(|_| ()))?;
    batches::touch(tx, batch, now).await?;
    Ok(true)
}

async fn is_filtered(tx: &mut Tx, batch: &str, code: &str) -> Result<bool> {
    let forms: Vec<String> = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT conditions FROM filters WHERE batch_id = $1"
    ).bind(batch).fetch_all(c).await)?;
    for form in forms {
        let rows: Vec<engine::filter::Condition> = doc::parse("filter", &form)?;
        if rows.iter().any(|row| row.field.as_deref() == Some(code)) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn state(tx: &mut Tx, batch: &str) -> Result<Option<String>> {
    Ok(
        on!(tx.conn(), c => sqlx::query_scalar("SELECT state FROM batches WHERE id = $1")
        .bind(batch).fetch_optional(c).await)?,
    )
}

async fn put(tx: &mut Tx, batch: &str, position: usize, field: &Field) -> Result<()> {
    let position = i64::try_from(position).unwrap_or(i64::MAX);
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
mod tests {
    use engine::filter::Condition;

    use super::*;
    use crate::{
        sample::{self, NOW},
        testing::on_both,
    };

    #[tokio::test]
    async fn a_second_template_keeps_known_codes_and_adds_columns() {
        on_both(|home| async move {
            let (batch, before) = sample::batch(&home.db, "一").await;
            let mut tx = home.db.begin().await.unwrap();
            let titles = ["意向".to_owned(), " 号码 ".to_owned()];
            assert_eq!(add_titles(&mut tx, &batch, &titles, NOW).await.unwrap(), 1);
            tx.commit().await.unwrap();
            let after = list(&home.db, &batch).await.unwrap();
            assert_eq!(after[..2], before);
            assert_eq!(after[2].title, "意向");
            assert!(after[2].code.starts_with('f') && after[2].code.len() == 7);
        })
        .await;
    }

    #[tokio::test]
    async fn a_field_is_changed_where_it_stays_usable() {
        on_both(|home| async move {
            let (batch, fields) = sample::batch(&home.db, "一").await;
            let mut tx = home.db.begin().await.unwrap();
            let changed = Field {
                max_len: 20,
                hidden: true,
                ..fields[1].clone()
            };
            assert!(update(&mut tx, &batch, &changed, NOW).await.unwrap());
            let bad = [
                (
                    Field {
                        max_len: 0,
                        ..fields[0].clone()
                    },
                    "FIELD_INVALID",
                ),
                (
                    Field {
                        title: "号码".into(),
                        ..fields[0].clone()
                    },
                    "TITLE_TAKEN",
                ),
                (
                    Field {
                        is_phone: false,
                        ..fields[1].clone()
                    },
                    "FIELD_IN_USE",
                ),
            ];
            for (field, code) in bad {
                let error = update(&mut tx, &batch, &field, NOW).await.unwrap_err();
                assert_eq!(error.code(), Some(code));
            }
            let unknown = Field {
                code: "f000000".into(),
                ..fields[0].clone()
            };
            assert!(!update(&mut tx, &batch, &unknown, NOW).await.unwrap());
            tx.commit().await.unwrap();
            assert_eq!(list(&home.db, &batch).await.unwrap()[1], changed);
        })
        .await;
    }

    #[tokio::test]
    async fn a_filtered_field_is_not_deleted() {
        on_both(|home| async move {
            let (batch, fields) = sample::batch(&home.db, "一").await;
            let asks = Condition {
                field: Some(fields[0].code.clone()),
                op: Some("not_null".into()),
                ..Condition::default()
            };
            let filter = sample::filter(&home.db, &batch, "f", &[asks]).await;
            let mut tx = home.db.begin().await.unwrap();
            for field in &fields {
                let error = delete(&mut tx, &batch, &field.code, NOW).await.unwrap_err();
                assert_eq!(error.code(), Some("FIELD_IN_USE"));
            }
            crate::filters::save(&mut tx, &filter, "f", "", &[], NOW)
                .await
                .unwrap();
            assert!(delete(&mut tx, &batch, &fields[0].code, NOW).await.unwrap());
            assert!(!delete(&mut tx, &batch, &fields[0].code, NOW).await.unwrap());
        })
        .await;
    }
}
