//! Listens: the REST interface `/api/v1` (spec 7.6), the event channel, the console's pages.
//!
//! One file a resource in [`api`], one file a screen in [`pages`]. Adding a route: write the handler
//! with its `#[utoipa::path]`, list it in its file's `routes()`, and give it a row in [`rights`] -
//! without one nobody may use it.

mod api;
mod brakes;
mod caller;
mod channels;
mod clock;
mod config;
mod download;
mod front;
mod house;
mod input;
mod listen;
mod owners;
mod pages;
mod paging;
mod phone_client;
mod problem;
mod progress;
mod rights;
mod sealed;
mod secret;
mod topics;
mod upload;

#[cfg(test)]
mod tests;

use std::{net::SocketAddr, time::Duration};

use axum::{Router, extract::DefaultBodyLimit, middleware::from_fn_with_state};
pub use config::Config;
pub use house::House;
use live::Live;
pub use phone_client::{Asked, PhoneClient, SignIn};
use problem::Problem;
use store::{
    Db,
    access::{FIRST_ORGI, Role, idempotency, sessions, users},
};
use tokio::net::TcpListener;

/// Largest body that is no upload, bytes.
pub(crate) const BODY_LIMIT: usize = 1024 * 1024;
/// Largest body of pushed rows, bytes: 5,000 of 3 kB.
pub(crate) const ROWS_LIMIT: usize = 16 * 1024 * 1024;

/// The web server cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("cannot listen on {address}")]
    Listen {
        address: SocketAddr,
        #[source]
        source: std::io::Error,
    },
    #[error("the upload directory cannot be made")]
    Uploads(#[source] std::io::Error),
}

/// Listens where the configuration says and answers until `shutdown` is done; then requests in
/// progress are finished.
///
/// # Errors
/// When the address cannot be had, or the data directory cannot be written.
pub async fn serve(
    config: Config,
    db: Db,
    live: Live,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let address = config.listen;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|source| ServeError::Listen { address, source })?;
    serve_on(listener, config, db, live, shutdown).await
}

/// As [`serve`], on a socket that listens already.
///
/// # Errors
/// When the data directory cannot be written.
pub async fn serve_on(
    listener: TcpListener,
    config: Config,
    db: Db,
    live: Live,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    tokio::fs::create_dir_all(config.data_dir.join("uploads"))
        .await
        .map_err(ServeError::Uploads)?;
    let house = House::new(config, db, live);
    let sweeper = tokio::spawn(sweep(house.clone()));
    let watcher = tokio::spawn(progress::watch(house.clone()));
    let (app, most) = (router(house.clone()), house.config.max_connections);
    listen::answer(listener, app, most, async move {
        shutdown.await;
        house.drain();
    })
    .await;
    sweeper.abort();
    watcher.abort();
    Ok(())
}

/// Every route with everything in front of it.
pub fn router(house: House) -> Router {
    let (api, document) = api::router().split_for_parts();
    Router::new()
        .merge(api)
        .merge(api::openapi::router(document))
        .merge(pages::router())
        .fallback(|| async { Problem::not_found() })
        .method_not_allowed_fallback(|| async { Problem::of("METHOD_NOT_ALLOWED") })
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(house.clone(), front::trail::trail))
        .layer(from_fn_with_state(house.clone(), front::repeat::repeat))
        .layer(from_fn_with_state(house.clone(), front::guard::guard))
        .layer(from_fn_with_state(house.clone(), front::seal::seal))
        .with_state(house)
}

/// Makes the administrator `admin` when the house has no user at all, and returns the password,
/// which is stored nowhere else.
///
/// # Errors
/// When the database does not answer.
pub async fn first_admin(db: &Db) -> Result<Option<String>, store::Error> {
    let password = secret::one_time_password();
    let admin = users::User {
        id: store::new_id("usr"),
        orgi: FIRST_ORGI.into(),
        username: "admin".into(),
        password_hash: secret::hash(&password).await,
        display_name: "Administrator".into(),
        role: Role::Admin,
        department_id: None,
        disabled: false,
        created_at: clock::now().0,
    };
    let made = users::add_first(db, &admin).await?;
    Ok(made.then_some(password))
}

/// Forgets old sessions and answers, every hour.
async fn sweep(house: House) {
    let mut hour = tokio::time::interval(Duration::from_secs(3_600));
    loop {
        hour.tick().await;
        let now = clock::now().0;
        let swept = async {
            sessions::purge(&house.db, now).await?;
            idempotency::purge(&house.db, now).await
        };
        if let Err(error) = swept.await {
            tracing::warn!(%error, "old sessions and answers could not be forgotten");
        }
    }
}
