//! Ctrl-C and SIGTERM.

use tokio::signal::unix::{SignalKind, signal};

/// Done when the process is asked to end.
pub async fn asked() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}
