//! Gateways (SIP trunks).

mod trunk;

use engine::{campaign::State, floor::GatewaySpec, gateway::Settings, time::Millis};
use serde::Serialize;

pub use trunk::{Codec, Dtmf, Identity, Kind, Lookup, NumberRule, Reliable, Srtp, Trunk};

use crate::{Db, Doc, Result, Tx, campaigns, doc, on};

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gateway {
    pub id: String,
    pub name: String,
    pub remark: String,
    pub kind: Kind,
    /// IP address or host name.
    pub host: String,
    pub port: u16,
    /// `udp`, `tcp` or `tls`.
    pub transport: String,
    pub username: Option<String>,
    /// Never leaves the server.
    #[serde(skip)]
    pub password: Option<String>,
    pub enabled: bool,
    pub settings: Settings,
    pub trunk: Trunk,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    host: String,
    port: i64,
    transport: String,
    username: Option<String>,
    password: Option<String>,
    enabled: bool,
    settings: String,
    kind: String,
    remark: String,
    #[sqlx(try_from = "String")]
    trunk: Doc<Trunk>,
}

/// Adds a gateway or changes the one with this id. A missing password keeps the stored one, an empty
/// one removes it.
///
/// # Errors
/// `NAME_TAKEN`.
pub async fn put(tx: &mut Tx, orgi: &str, gateway: &Gateway, now: Millis) -> Result<()> {
    let settings = doc::text("gateway", &gateway.settings)?;
    let trunk = doc::text("trunk", &gateway.trunk)?;
    on!(tx.conn(), c => sqlx::query(
        "INSERT INTO gateways (id, orgi, name, host, port, transport, username, password,
             enabled, settings, created_at, kind, remark, trunk)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, host = excluded.host,
             port = excluded.port, transport = excluded.transport, username = excluded.username,
             password = NULLIF(COALESCE(excluded.password, gateways.password), ''),
             enabled = excluded.enabled, settings = excluded.settings, kind = excluded.kind,
             remark = excluded.remark, trunk = excluded.trunk")
        .bind(&gateway.id).bind(orgi).bind(&gateway.name).bind(&gateway.host)
        .bind(i64::from(gateway.port)).bind(&gateway.transport).bind(&gateway.username)
        .bind(&gateway.password).bind(gateway.enabled).bind(&settings).bind(now.0)
        .bind(gateway.kind.as_str()).bind(&gateway.remark).bind(&trunk)
        .execute(c).await.map(|_| ()))
    .map_err(|error| crate::Error::from(error).unique_as("NAME_TAKEN"))
}

/// The first campaign that still dials, or may dial, through a gateway.
///
/// # Errors
/// When the database refuses or a campaign cannot be read.
pub async fn user_of(db: &Db, orgi: &str, id: &str) -> Result<Option<String>> {
    let states = [State::Draft, State::Running, State::Paused];
    let through = |one: &campaigns::Campaign| {
        let (first, more) = (&one.settings.gateway, &one.settings.fallback_gateways);
        first
            .iter()
            .chain(more)
            .any(|gateway| gateway.as_str() == id)
    };
    let all = campaigns::in_states(db, &states).await?.into_iter();
    let mut ours = all.filter(|one| one.orgi == orgi);
    Ok(ours.find(through).map(|one| one.name))
}

/// All gateways, also those that are switched off.
///
/// # Errors
/// When the database refuses or a stored gateway cannot be read.
pub async fn list(db: &Db) -> Result<Vec<Gateway>> {
    let rows: Vec<Row> = on!(db.read(), c => sqlx::query_as(
        "SELECT id, name, host, port, transport, username, password, enabled, settings, kind,
             remark, trunk
         FROM gateways ORDER BY name").fetch_all(c).await)?;
    rows.into_iter().map(Gateway::try_from).collect()
}

/// # Errors
/// When the database refuses.
pub async fn delete(tx: &mut Tx, orgi: &str, id: &str) -> Result<bool> {
    let rows = on!(tx.conn(), c => sqlx::query("DELETE FROM gateways WHERE orgi = $1 AND id = $2")
        .bind(orgi).bind(id).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// The gateways that are switched on, as the floor wants them.
///
/// # Errors
/// When the database refuses or a stored gateway cannot be read.
pub async fn specs(db: &Db) -> Result<Vec<GatewaySpec>> {
    let on = list(db)
        .await?
        .into_iter()
        .filter(|gateway| gateway.enabled);
    Ok(on
        .map(|gateway| GatewaySpec {
            id: gateway.id.into(),
            name: gateway.name,
            settings: gateway.settings,
        })
        .collect())
}

impl TryFrom<Row> for Gateway {
    type Error = crate::Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            settings: doc::parse("gateway", &row.settings)?,
            // Written by `put` alone.
            kind: doc::parse("gateway", &format!("\"{}\"", row.kind))?,
            trunk: row.trunk.0,
            remark: row.remark,
            id: row.id,
            name: row.name,
            host: row.host,
            port: u16::try_from(row.port).unwrap_or(5060),
            transport: row.transport,
            username: row.username,
            password: row.password.filter(|password| !password.is_empty()),
            enabled: row.enabled,
        })
    }
}
