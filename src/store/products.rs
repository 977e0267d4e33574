//! Products and value-added services (产品或增值服务): OUT-157 to OUT-159.

use engine::time::Millis;
use serde::Serialize;
use sqlx::FromRow;

use crate::{Db, Error, Result, Tx, new_id, on};

#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct Product {
    pub id: String,
    pub orgi: String,
    pub title: String,
    /// `product` or `service`.
    pub kind: String,
    pub category: String,
    pub price_cents: i64,
    pub stock: i64,
    pub description: String,
    pub image: String,
    pub creater: String,
    /// Rises with every change, also with a sale.
    pub revision: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

/// What a person writes.
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    pub title: &'a str,
    pub kind: &'a str,
    pub category: &'a str,
    pub price_cents: i64,
    pub stock: i64,
    pub description: &'a str,
    pub image: &'a str,
}

/// # Errors
/// When the database fails.
pub async fn create(
    tx: &mut Tx,
    orgi: &str,
    creater: &str,
    draft: &Draft<'_>,
    now: Millis,
) -> Result<String> {
    let id = new_id("prd");
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO products (id, orgi, title, kind, category, price_cents, stock, description,
             image, creater, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)"
    ).bind(&id).bind(orgi).bind(draft.title).bind(draft.kind).bind(draft.category)
        .bind(draft.price_cents).bind(draft.stock).bind(draft.description).bind(draft.image)
        .bind(creater).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(id)
}

/// Saves what a person changed, when nobody else has since `revision` and nothing was sold: the stock is
/// written as it was seen. `false`: there is none.
///
/// # Errors
/// `REVISION_CONFLICT`.
pub async fn save(
    tx: &mut Tx,
    id: &str,
    revision: i64,
    draft: &Draft<'_>,
    now: Millis,
) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE products SET title = $2, kind = $3, category = $4, price_cents = $5, stock = $6,
             description = $7, image = $8, updated_at = $9, revision = revision + 1
         WHERE id = $1 AND revision = $10"
    ).bind(id).bind(draft.title).bind(draft.kind).bind(draft.category).bind(draft.price_cents)
        .bind(draft.stock).bind(draft.description).bind(draft.image).bind(now.0).bind(revision)
        .execute(c).await.map(|done| done.rows_affected()))?;
    if rows == 1 {
        return Ok(true);
    }
    let there: bool = on!(tx.conn(), c => sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM products WHERE id = $1)"
    ).bind(id).fetch_one(c).await)?;
    if there {
        Err(Error::conflict("REVISION_CONFLICT"))
    } else {
        Ok(false)
    }
}

/// Takes sold pieces out of the stock, in the write that records the sale. `false`: there are not
/// that many.
///
/// # Errors
/// When the database fails.
pub async fn sell(tx: &mut Tx, id: &str, quantity: i64, now: Millis) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query(
        "UPDATE products SET stock = stock - $2, updated_at = $3, revision = revision + 1
         WHERE id = $1 AND stock >= $2"
    ).bind(id).bind(quantity.max(0)).bind(now.0).execute(c).await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query("DELETE FROM products WHERE id = $1")
        .bind(id).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// # Errors
/// When the database fails.
pub async fn get(db: &Db, orgi: &str, id: &str) -> Result<Option<Product>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT * FROM products WHERE orgi = $1 AND id = $2"
    ).bind(orgi).bind(id).fetch_optional(c).await)?)
}

/// The tenant's products, newest first, those before the id `before`; of one category or kind where
/// they are not empty.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &Db,
    orgi: &str,
    (kind, category): (&str, &str),
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<Product>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT * FROM products WHERE orgi = $1 AND ($2 = '' OR kind = $2)
             AND ($3 = '' OR category = $3) AND ($4 = '' OR id < $4)
         ORDER BY id DESC LIMIT $5"
    ).bind(orgi).bind(kind).bind(category).bind(before.unwrap_or_default()).bind(limit)
        .fetch_all(c).await)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{sample::NOW, testing::on_both};

    #[tokio::test]
    async fn no_more_is_sold_than_there_is() {
        on_both(|home| async move {
            let draft = Draft {
                title: "宽带",
                kind: "product",
                category: "net",
                price_cents: 10_000,
                stock: 3,
                description: "",
                image: "",
            };
            let mut tx = home.db.begin().await.unwrap();
            let id = create(&mut tx, "o", "u", &draft, NOW).await.unwrap();
            assert!(sell(&mut tx, &id, 2, NOW).await.unwrap());
            assert!(!sell(&mut tx, &id, 2, NOW).await.unwrap());
            tx.commit().await.unwrap();
            let kept = get(&home.db, "o", &id).await.unwrap().unwrap();
            assert_eq!((kept.stock, kept.price_cents), (1, 10_000));
            let of = async |kind, category| {
                let rows = list(&home.db, "o", (kind, category), None, 10).await;
                rows.unwrap().len()
            };
            assert_eq!(of("", "net").await, 1);
            assert_eq!(of("service", "").await, 0);
            let mut tx = home.db.begin().await.unwrap();
            let dearer = Draft {
                price_cents: 20_000,
                ..draft
            };
            let seen = kept.revision;
            assert!(save(&mut tx, &id, seen, &dearer, NOW).await.unwrap());
            assert!(delete(&mut tx, &id).await.unwrap());
            assert!(!save(&mut tx, &id, seen, &dearer, NOW).await.unwrap());
        })
        .await;
    }

    #[tokio::test]
    async fn what_is_sold_while_a_product_is_edited_is_not_given_back() {
        on_both(|home| async move {
            let db = &home.db;
            let draft = Draft {
                title: "宽带",
                kind: "product",
                category: "",
                price_cents: 10_000,
                stock: 3,
                description: "",
                image: "",
            };
            let mut tx = db.begin().await.unwrap();
            let id = create(&mut tx, "o", "u", &draft, NOW).await.unwrap();
            tx.commit().await.unwrap();
            let now = async || get(db, "o", &id).await.unwrap().unwrap();
            let seen = now().await.revision;
            let mut tx = db.begin().await.unwrap();
            assert!(sell(&mut tx, &id, 2, NOW).await.unwrap());
            let late = save(&mut tx, &id, seen, &draft, NOW).await.unwrap_err();
            assert_eq!(late.code(), Some("REVISION_CONFLICT"));
            tx.commit().await.unwrap();
            assert_eq!(now().await.stock, 1);
            let seen = now().await.revision;
            let mut tx = db.begin().await.unwrap();
            assert!(save(&mut tx, &id, seen, &draft, NOW).await.unwrap());
            tx.commit().await.unwrap();
            assert_eq!((now().await.stock, now().await.revision), (3, seen + 1));
        })
        .await;
    }
}
