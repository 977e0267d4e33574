//! What was sold in a call (营销记录): OUT-159.

use engine::time::Millis;
use serde::Serialize;
use sqlx::FromRow;

use crate::{
    Db, Error, Result, Tx, new_id, on,
    products::{self, Product},
};

/// A sale, with product and price as they were then.
#[derive(Debug, Clone, PartialEq, FromRow, Serialize)]
pub struct Sale {
    pub id: String,
    pub lead_id: String,
    pub campaign_id: Option<String>,
    pub call_id: Option<String>,
    pub product_id: String,
    pub title: String,
    pub quantity: i64,
    /// Of one piece.
    pub price_cents: i64,
    pub note: String,
    pub sold_by: String,
    pub sold_at: i64,
}

/// What is sold to whom.
#[derive(Debug, Clone, Copy)]
pub struct NewSale<'a> {
    pub lead: &'a str,
    pub campaign: Option<&'a str>,
    pub call: Option<&'a str>,
    pub product: &'a Product,
    /// At least 1.
    pub quantity: i64,
    pub price_cents: i64,
    pub note: &'a str,
    pub by: &'a str,
}

/// Records a sale and takes what was sold out of the stock.
///
/// # Errors
/// `OUT_OF_STOCK` when there are not that many; then nothing is sold.
pub async fn record(tx: &mut Tx, sale: NewSale<'_>, now: Millis) -> Result<String> {
    let product = sale.product;
    if !products::sell(tx, &product.id, sale.quantity, now).await? {
        return Err(Error::conflict("OUT_OF_STOCK"));
    }
    let id = new_id("sal");
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO sales (id, orgi, lead_id, campaign_id, call_id, product_id, title, quantity,
             price_cents, note, sold_by, sold_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
    ).bind(&id).bind(&product.orgi).bind(sale.lead).bind(sale.campaign).bind(sale.call)
        .bind(&product.id).bind(&product.title).bind(sale.quantity).bind(sale.price_cents)
        .bind(sale.note).bind(sale.by).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(id)
}

/// # Errors
/// When the database fails.
pub async fn get(db: &Db, orgi: &str, id: &str) -> Result<Option<Sale>> {
    Ok(
        on!(db.read(), c => sqlx::query_as("SELECT * FROM sales WHERE orgi = $1 AND id = $2")
        .bind(orgi).bind(id).fetch_optional(c).await)?,
    )
}

/// What a lead was sold, newest first, those before the id `before`.
///
/// # Errors
/// When the database fails.
pub async fn of_lead(db: &Db, lead: &str, before: Option<&str>, limit: i64) -> Result<Vec<Sale>> {
    Ok(on!(db.read(), c => sqlx::query_as(
        "SELECT * FROM sales WHERE lead_id = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3"
    ).bind(lead).bind(before.unwrap_or_default()).bind(limit).fetch_all(c).await)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{products::Draft, sample::NOW, testing::on_both};

    #[tokio::test]
    async fn a_sale_lowers_the_stock_and_stays_as_it_was() {
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
            let id = products::create(&mut tx, "o", "u", &draft, NOW)
                .await
                .unwrap();
            tx.commit().await.unwrap();
            let product = products::get(db, "o", &id).await.unwrap().unwrap();
            let sale = NewSale {
                lead: "led_1",
                campaign: Some("cmp_1"),
                call: None,
                product: &product,
                quantity: 2,
                price_cents: 9_900,
                note: "周末安装",
                by: "usr_1",
            };
            let mut tx = db.begin().await.unwrap();
            let sold = record(&mut tx, sale, NOW).await.unwrap();
            let refused = record(&mut tx, sale, NOW).await.unwrap_err();
            assert_eq!(refused.code(), Some("OUT_OF_STOCK"));
            products::delete(&mut tx, &id).await.unwrap();
            tx.commit().await.unwrap();
            let kept = of_lead(db, "led_1", None, 9).await.unwrap();
            assert_eq!(kept.len(), 1);
            assert_eq!(get(db, "o", &sold).await.unwrap().as_ref(), kept.first());
            assert_eq!(
                kept[0].title, "宽带",
                "the product is gone, the sale is not"
            );
            assert_eq!((kept[0].quantity, kept[0].price_cents), (2, 9_900));
            assert!(
                of_lead(db, "led_1", Some(&sold), 9)
                    .await
                    .unwrap()
                    .is_empty()
            );
        })
        .await;
    }

    #[tokio::test]
    async fn a_refused_sale_takes_nothing_from_the_stock() {
        on_both(|home| async move {
            let db = &home.db;
            let draft = Draft {
                title: "宽带",
                kind: "product",
                category: "",
                price_cents: 1,
                stock: 1,
                description: "",
                image: "",
            };
            let mut tx = db.begin().await.unwrap();
            let id = products::create(&mut tx, "o", "u", &draft, NOW)
                .await
                .unwrap();
            tx.commit().await.unwrap();
            let product = products::get(db, "o", &id).await.unwrap().unwrap();
            let sale = NewSale {
                lead: "led_1",
                campaign: None,
                call: None,
                product: &product,
                quantity: 2,
                price_cents: 1,
                note: "",
                by: "usr_1",
            };
            let mut tx = db.begin().await.unwrap();
            assert!(record(&mut tx, sale, NOW).await.is_err());
            tx.commit().await.unwrap();
            let kept = products::get(db, "o", &id).await.unwrap().unwrap();
            assert_eq!(kept.stock, 1);
            assert!(of_lead(db, "led_1", None, 9).await.unwrap().is_empty());
        })
        .await;
    }
}
