//! `/products` (产品或增值服务): OUT-157 to OUT-159.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use serde::{Deserialize, Serialize};
use store::products::{self, Draft, Product};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{answer::created, check, find};
use crate::{
    caller::Caller,
    clock::{At, now},
    house::House,
    input::{Body, Params},
    paging::{self, List},
    problem::Problem,
};

const KINDS: [&str; 2] = ["product", "service"];
/// 9,999,999,999.99.
const CENTS_MAX: i64 = 999_999_999_999;
const STOCK_MAX: i64 = 1_000_000_000;

pub fn routes() -> OpenApiRouter<House> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(get, put, remove))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ProductOut {
    id: String,
    title: String,
    /// product or service (增值服务).
    kind: String,
    category: String,
    /// Decimal with two digits, as text.
    price: String,
    stock: i64,
    description: String,
    image: String,
    creater: String,
    /// Rises with every change, also with a sale.
    revision: i64,
    created_at: At,
    updated_at: At,
}

impl From<Product> for ProductOut {
    fn from(row: Product) -> Self {
        Self {
            id: row.id,
            title: row.title,
            kind: row.kind,
            category: row.category,
            price: money(row.price_cents),
            stock: row.stock,
            description: row.description,
            image: row.image,
            creater: row.creater,
            revision: row.revision,
            created_at: At(row.created_at),
            updated_at: At(row.updated_at),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductIn {
    /// 1 to 100 characters.
    title: String,
    /// product (default) or service.
    #[serde(default = "product")]
    kind: String,
    /// At most 100 characters.
    #[serde(default)]
    category: String,
    /// Text as "100" or "99.90", 0 to 9999999999.99.
    price: String,
    /// 0 to 1,000,000,000.
    #[serde(default)]
    stock: i64,
    #[serde(default)]
    description: String,
    /// Address of a picture, at most 1,000 characters.
    #[serde(default)]
    image: String,
    /// Of the product as it was read; wanted where one is written anew.
    revision: Option<i64>,
}

fn product() -> String {
    "product".into()
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// product or service.
    kind: Option<String>,
    category: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// 产品列表 · Products and services, newest first.
#[utoipa::path(get, path = "/api/v1/products", tag = "products", params(Which),
    responses((status = 200, body = List<ProductOut>)))]
async fn list(
    State(house): State<House>,
    caller: Caller,
    Params(asked): Params<Which>,
) -> Result<Json<List<ProductOut>>, Problem> {
    let limit = paging::limit(asked.limit)?;
    let before = asked.cursor.as_deref().map(paging::open).transpose()?;
    let kind = match asked.kind.as_deref() {
        Some(kind) => check::one_of("/kind", kind, &KINDS)?,
        None => "",
    };
    let which = (kind, asked.category.as_deref().unwrap_or_default());
    let (orgi, before) = (caller.orgi(), before.as_deref());
    let rows = products::list(&house.db, orgi, which, before, limit as i64 + 1).await?;
    Ok(Json(List::of(
        rows,
        limit,
        |row| row.id.clone(),
        ProductOut::from,
    )))
}

/// 添加产品 · Add a product or service.
#[utoipa::path(post, path = "/api/v1/products", tag = "products",
    request_body(content = ProductIn, example = json!({"title": "宽带", "price": "100", "stock": 100})),
    responses((status = 201, body = ProductOut)))]
async fn add(
    State(house): State<House>,
    caller: Caller,
    Body(asked): Body<ProductIn>,
) -> Result<Response, Problem> {
    let asked = asked.checked()?;
    let mut tx = house.db.begin().await?;
    let (orgi, user) = (caller.orgi(), caller.user_id());
    let id = products::create(&mut tx, orgi, user, &asked.draft()?, now()).await?;
    tx.commit().await?;
    let kept = kept(&house, &caller, &id).await?;
    Ok(created(
        format!("/api/v1/products/{id}"),
        ProductOut::from(kept),
    ))
}

/// 产品 · One product or service.
#[utoipa::path(get, path = "/api/v1/products/{id}", tag = "products",
    params(("id" = String, Path)), responses((status = 200, body = ProductOut)))]
async fn get(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ProductOut>, Problem> {
    Ok(Json(kept(&house, &caller, &id).await?.into()))
}

/// 修改产品 · Write a product or service anew. `revision` is that of the product as it was read:
/// `REVISION_CONFLICT` when somebody else changed it meanwhile, or pieces of it were sold.
#[utoipa::path(put, path = "/api/v1/products/{id}", tag = "products",
    params(("id" = String, Path)), request_body = ProductIn,
    responses((status = 200, body = ProductOut)))]
async fn put(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    Body(asked): Body<ProductIn>,
) -> Result<Json<ProductOut>, Problem> {
    kept(&house, &caller, &id).await?;
    let asked = asked.checked()?;
    let revision = asked.revision;
    let revision = revision.ok_or_else(|| Problem::at("/revision", "required", "is required"))?;
    let mut tx = house.db.begin().await?;
    products::save(&mut tx, &id, revision, &asked.draft()?, now()).await?;
    tx.commit().await?;
    Ok(Json(kept(&house, &caller, &id).await?.into()))
}

/// 移除产品 · Remove a product or service.
#[utoipa::path(delete, path = "/api/v1/products/{id}", tag = "products",
    params(("id" = String, Path)), responses((status = 204)))]
async fn remove(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    kept(&house, &caller, &id).await?;
    let mut tx = house.db.begin().await?;
    products::delete(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn kept(house: &House, caller: &Caller, id: &str) -> Result<Product, Problem> {
    find::there(products::get(&house.db, caller.orgi(), id).await?)
}

impl ProductIn {
    fn checked(mut self) -> Result<Self, Problem> {
        self.title = check::name("/title", &self.title)?;
        check::one_of("/kind", &self.kind, &KINDS)?;
        self.category = check::text("/category", self.category.trim().to_owned(), 100)?;
        self.description = check::text("/description", self.description, 2_000)?;
        self.image = check::text("/image", self.image, 1_000)?;
        let pictured = ["", "https://", "http://", "/"];
        if !pictured.iter().any(|start| match *start {
            "" => self.image.is_empty(),
            start => self.image.starts_with(start),
        }) {
            return Err(Problem::at("/image", "format", "must be an address"));
        }
        if !(0..=STOCK_MAX).contains(&self.stock) {
            return Err(Problem::at("/stock", "range", "must be 0 to 1,000,000,000"));
        }
        self.cents()?;
        Ok(self)
    }

    fn cents(&self) -> Result<i64, Problem> {
        cents("/price", &self.price)
    }

    fn draft(&self) -> Result<Draft<'_>, Problem> {
        Ok(Draft {
            title: &self.title,
            kind: &self.kind,
            category: &self.category,
            price_cents: self.cents()?,
            stock: self.stock,
            description: &self.description,
            image: &self.image,
        })
    }
}

/// Hundredths as a decimal with two digits.
pub fn money(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// # Errors
/// `INVALID`.
pub fn cents(pointer: &str, text: &str) -> Result<i64, Problem> {
    hundredths(text).ok_or_else(|| {
        let message = "must be 0 to 9999999999.99 with two decimals";
        Problem::at(pointer, "format", message)
    })
}

/// A decimal(12,2) in hundredths; `None` when it is none.
fn hundredths(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str, most| {
        (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !digits(whole, 10) || !digits(part, 2) {
        return None;
    }
    let cents: i64 = format!("{whole}{part:0<2}").parse().ok()?;
    (cents <= CENTS_MAX).then_some(cents)
}

#[cfg(test)]
mod tests {
    use super::{hundredths, money};

    #[test]
    fn a_price_has_two_decimals_at_most() {
        for (text, expected) in [
            ("100", Some(10_000)),
            ("99.9", Some(9_990)),
            ("0.05", Some(5)),
            ("9999999999.99", Some(999_999_999_999)),
            ("10000000000", None),
            ("1.234", None),
            ("-1", None),
            ("1e3", None),
            ("1.", None),
            (".5", None),
            ("", None),
        ] {
            assert_eq!(hundredths(text), expected, "{text}");
        }
        assert_eq!((money(9_990), money(5)), ("99.90".into(), "0.05".into()));
    }
}
