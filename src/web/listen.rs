//! The connections of browsers and programs: how many there are, and how long they may say nothing. Each is
//! a file of this process, and calls need those, too.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;
use tracing::{debug, warn};

use held::Held;

mod held;

/// The head of a request is there in this time after the connection is, or after the last answer.
const HEAD_WITHIN: Duration = Duration::from_secs(60);
/// Requests in progress are finished in this time.
const FAREWELL: Duration = Duration::from_secs(20);
/// Before the next try where no connection could be taken.
const BREATH: Duration = Duration::from_millis(200);

/// Answers until `shutdown` is done; then requests in progress are finished. At most `most` connections at
/// once, of which one address has half.
pub async fn answer(
    listener: TcpListener,
    app: Router,
    most: usize,
    shutdown: impl Future<Output = ()>,
) {
    let places = Arc::new(Places::new(most));
    let graceful = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    let mut failing = false;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        match accepted {
            Ok((stream, from)) => {
                failing = false;
                match places.take(from.ip()) {
                    Some(place) => serve(&graceful, app.clone(), Held::new(stream, place), from),
                    None => debug!("a connection from {} was refused", from.ip()),
                }
            }
            Err(error) => failed(&error, &mut failing).await,
        }
    }
    drop(listener);
    if tokio::time::timeout(FAREWELL, graceful.shutdown())
        .await
        .is_err()
    {
        debug!("some connections were cut");
    }
}

/// Where the system gives no more files, whoever waits, waits.
async fn failed(error: &io::Error, failing: &mut bool) {
    if !std::mem::replace(failing, true) {
        warn!(%error, "no connection can be accepted for the moment");
    }
    tokio::time::sleep(BREATH).await;
}

fn serve(graceful: &GracefulShutdown, app: Router, stream: Held<TcpStream>, from: SocketAddr) {
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(from));
        app.clone().oneshot(request)
    });
    let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
    let mut http = builder.http1();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN);
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    let connection = graceful.watch(connection.into_owned());
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            debug!(%error, "a connection ended");
        }
    });
}

/// The connections there are, by address.
struct Places {
    most: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by: HashMap<IpAddr, usize>,
}

impl Places {
    fn new(most: usize) -> Self {
        Self {
            most,
            taken: Mutex::default(),
        }
    }

    fn take(self: &Arc<Self>, by: IpAddr) -> Option<Place> {
        let mut taken = self.taken();
        let there = taken.by.get(&by).copied().unwrap_or_default();
        if taken.all >= self.most || there >= self.most.div_ceil(2) {
            return None;
        }
        taken.all += 1;
        taken.by.insert(by, there + 1);
        Some(Place {
            places: self.clone(),
            by,
        })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of them; dropped with its connection.
struct Place {
    places: Arc<Places>,
    by: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all -= 1;
        if let Some(there) = taken.by.get_mut(&self.by) {
            *there -= 1;
            if *there == 0 {
                taken.by.remove(&self.by);
            }
        }
    }
}

#[cfg(test)]
mod tests;
