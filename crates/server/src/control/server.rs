//! Serving commands. No address of the network leads here.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;
use doorward_core::Causes;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::UnixStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{ControlError, ControlSocket, ControlState};
use crate::{backup, new_epoch};

/// How many commands are served concurrently; more wait in the kernel's queue.
const CONNECTIONS: usize = 16;

/// How long the head of a request may take. Also ends connections that stay idle.
const HEADER_DEADLINE: Duration = Duration::from_secs(10);

/// The longest body of a request, in bytes.
const LONGEST_BODY: usize = 64 << 10;

/// The commands.
fn router(state: ControlState) -> Router {
    Router::new()
        .route("/backup", post(backup::take))
        .route("/new-epoch", post(new_epoch::open))
        .fallback(unknown)
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .with_state(state)
}

async fn unknown() -> ControlError {
    ControlError::conflict("the server that runs on this data directory is of a version without this command")
}

/// Serves commands until `stop`, and removes the socket. Commands that run then are broken off.
pub(crate) async fn serve(socket: ControlSocket, state: ControlState, stop: CancellationToken) {
    let router = router(state);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, socket.listener.accept().await)
        };
        let Some((place, accepted)) = stop.run_until_cancelled(accepted).await else {
            break;
        };
        while connections.try_join_next().is_some() {}
        let stream = match accepted.and_then(|(stream, _)| of_owner(stream)) {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(error = %Causes(&error), "a connection to the control socket could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let service = TowerToHyperService::new(router.clone());
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEADER_DEADLINE);
        let connection = http.serve_connection(TokioIo::new(stream), service);
        connections.spawn(async move {
            let _place = place;
            if let Err(error) = connection.await {
                tracing::debug!(error = %Causes(&error), "a connection to the control socket ended early");
            }
            Ok::<_, Infallible>(())
        });
    }
    connections.shutdown().await;
}

/// Not every system looks at the mode of a socket.
fn of_owner(stream: UnixStream) -> io::Result<UnixStream> {
    let user = stream.peer_cred()?.uid();
    if user == 0 || user == rustix::process::geteuid().as_raw() {
        return Ok(stream);
    }
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!("it is of user {user}"),
    ))
}
