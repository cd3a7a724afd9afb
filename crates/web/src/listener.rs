//! Accepting connections: a deadline for request headers, and a shutdown that finishes what was accepted.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use doorward_core::Causes;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::Service;

/// How long the head of a request may take; the body has a deadline of its own. Also ends connections that stay idle.
const HEADER_DEADLINE: Duration = Duration::from_secs(30);

/// How long requests in flight may take after a shutdown has begun.
const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(30);

/// How many connections are served concurrently; more wait in the kernel's queue.
const CONNECTIONS: usize = 10_000;

/// The other end of the connection, in the extensions of each request.
#[derive(Debug, Clone, Copy)]
pub struct PeerAddress(pub SocketAddr);

/// Binds an address without accepting clients yet: a server that is slow to start must not look
/// like one that hangs.
pub fn reserve(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    // A restart must not wait for the connections of the process before it to be forgotten.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Lets clients connect.
pub fn listen(socket: TcpSocket) -> io::Result<TcpListener> {
    socket.listen(1_024)
}

/// Serves until `stop`, then finishes what was accepted.
pub async fn serve<S>(listener: TcpListener, service: S, stop: CancellationToken)
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADER_DEADLINE);
    let connections = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let Some((place, accepted)) = stop.run_until_cancelled(accepted).await else {
            break;
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Mostly "too many open files": wait for some to close instead of spinning.
                tracing::warn!(error = %Causes(&error), "a connection could not be accepted");
                stop.run_until_cancelled(tokio::time::sleep(Duration::from_millis(50)))
                    .await;
                continue;
            }
        };
        // Answers are small; waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        let mut service = service.clone();
        let service = tower::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(PeerAddress(peer));
            service.call(request)
        });
        let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            let _place = place;
            // A client may break off; that is no failure of the server.
            if let Err(error) = connection.await {
                tracing::debug!(error = %Causes(&error), "a connection ended early");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(SHUTDOWN_DEADLINE, connections.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests did not finish before the shutdown deadline");
    }
}
