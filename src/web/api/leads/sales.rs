//! What a lead was sold (营销记录): OUT-159.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use store::{
    calls, products,
    sales::{self, NewSale, Sale},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::find_mine;
use crate::{
    api::{
        check, find,
        products::{cents, money},
    },
    caller::Caller,
    clock::{At, now},
    house::House,
    input::{Body, Params},
    paging::{List, Paging},
    problem::Problem,
};

/// Longest note, in characters.
const NOTE_MAX: usize = 500;
const QUANTITY_MAX: i64 = 1_000_000;

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new().routes(routes!(list, add))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SaleOut {
    id: String,
    lead_id: String,
    campaign_id: Option<String>,
    call_id: Option<String>,
    product_id: String,
    /// The product's, when it was sold.
    title: String,
    quantity: i64,
    /// Of one piece; decimal with two digits, as text.
    price: String,
    note: String,
    sold_by: String,
    sold_at: At,
}

impl From<Sale> for SaleOut {
    fn from(sale: Sale) -> Self {
        Self {
            id: sale.id,
            lead_id: sale.lead_id,
            campaign_id: sale.campaign_id,
            call_id: sale.call_id,
            product_id: sale.product_id,
            title: sale.title,
            quantity: sale.quantity,
            price: money(sale.price_cents),
            note: sale.note,
            sold_by: sale.sold_by,
            sold_at: At(sale.sold_at),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaleIn {
    product_id: String,
    /// 1 to 1,000,000; 1 when not given.
    quantity: Option<i64>,
    /// Of one piece, as "99.90"; the product's when not given.
    price: Option<String>,
    /// The call in which it was sold; one of the lead.
    call_id: Option<String>,
    /// At most 500 characters.
    #[serde(default)]
    note: String,
}

/// 营销记录 · What a lead was sold, newest first.
#[utoipa::path(get, path = "/api/v1/leads/{id}/sales", tag = "leads",
    params(("id" = String, Path), Paging), responses((status = 200, body = List<SaleOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Params(paging): Params<Paging>,
) -> Result<Json<List<SaleOut>>, Problem> {
    let lead = find_mine(&house, &caller, &id).await?;
    let (limit, before) = (paging.limit()?, paging.after()?);
    let most = limit as i64 + 1;
    let rows = sales::of_lead(&house.db, &lead.id, before.as_deref(), most).await?;
    Ok(Json(List::of(
        rows,
        limit,
        |row| row.id.clone(),
        SaleOut::from,
    )))
}

/// 记录营销 · Record a sale: the product's stock falls by as much. `OUT_OF_STOCK` when there are not
/// that many.
#[utoipa::path(post, path = "/api/v1/leads/{id}/sales", tag = "leads",
    params(("id" = String, Path)), request_body = SaleIn,
    responses((status = 201, body = SaleOut)))]
async fn add(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<SaleIn>,
) -> Result<(StatusCode, Json<SaleOut>), Problem> {
    let lead = find_mine(&house, &caller, &id).await?;
    let orgi = caller.orgi();
    let product = products::get(&house.db, orgi, &asked.product_id).await?;
    let Some(product) = product else {
        let message = "there is no such product";
        return Err(Problem::at("/product_id", "unknown", message));
    };
    let quantity = asked.quantity.unwrap_or(1);
    if !(1..=QUANTITY_MAX).contains(&quantity) {
        return Err(Problem::at("/quantity", "range", "must be 1 to 1,000,000"));
    }
    let price_cents = match &asked.price {
        Some(price) => cents("/price", price)?,
        None => product.price_cents,
    };
    if let Some(call) = &asked.call_id {
        let call = calls::get(&house.db, orgi, call).await?;
        if call.and_then(|call| call.lead_id).as_ref() != Some(&lead.id) {
            let message = "is no call of this lead";
            return Err(Problem::at("/call_id", "unknown", message));
        }
    }
    let note = check::text("/note", asked.note, NOTE_MAX)?;
    let sale = NewSale {
        lead: &lead.id,
        campaign: lead.campaign_id.as_deref(),
        call: asked.call_id.as_deref(),
        product: &product,
        quantity,
        price_cents,
        note: &note,
        by: caller.user_id(),
    };
    let mut tx = house.db.begin().await?;
    let id = sales::record(&mut tx, sale, now()).await?;
    tx.commit().await?;
    let made = find::there(sales::get(&house.db, orgi, &id).await?)?;
    Ok((StatusCode::CREATED, Json(made.into())))
}
