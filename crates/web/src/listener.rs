//! Accepting connections: bounded places, deadlines for request heads and for reading answers, and a shutdown that
//! finishes what was accepted.

mod arrival;
mod limits;
mod metrics;
mod places;
mod stream;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use doorward_core::Causes;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::Service;

use arrival::Arrival;
use metrics::Refusal;
use places::{Place, Places};
use stream::PacedStream;

pub use limits::ConnectionLimits;
pub use metrics::ConnectionMetrics;

/// How long requests in flight may take after a shutdown has begun.
const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(30);

/// Bytes that are kept of a request's head, of a body that its handler has not read yet, and of answers that the client
/// has not read yet, each. Larger heads are answered 431. Usual proxies stop at 8 to 32 KiB, and our own largest
/// head, with a token and the headers of a proxy, has 4 KiB.
const BUFFER_BYTES: usize = 16 * 1024;

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
pub async fn serve<S>(
    listener: TcpListener,
    service: S,
    limits: ConnectionLimits,
    metrics: ConnectionMetrics,
    stop: CancellationToken,
) where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.header_time)
        .max_buf_size(BUFFER_BYTES);
    let connections = GracefulShutdown::new();
    let write_time = limits.write_time;
    let places = Places::new(limits, metrics.clone());
    while let Some(accepted) = stop.run_until_cancelled(accept(&listener, &places, &metrics)).await {
        let Some((stream, peer, place)) = accepted else {
            continue;
        };
        let arrival = Arc::clone(place.arrival());
        let mut service = service.clone();
        let service = tower::service_fn(move |request: hyper::Request<Incoming>| {
            let mut request = request.map(|body| Body::new(Arrival::watch(&arrival, body)));
            request.extensions_mut().insert(PeerAddress(peer));
            let answer = service.call(request);
            let arrival = Arc::clone(&arrival);
            async move {
                let answer = answer.await;
                arrival.wait_for_client();
                answer
            }
        });
        let stream = TokioIo::new(PacedStream::new(stream, write_time));
        let connection = connections.watch(http.serve_connection(stream, TowerToHyperService::new(service)));
        let metrics = metrics.clone();
        tokio::spawn(async move {
            tokio::select! {
                ended = connection => if let Err(error) = ended {
                    if stream::is_unread(&error) {
                        metrics.refused(Refusal::Unread, None);
                    }
                    // A client may break off; that is no failure of the server.
                    tracing::debug!(error = %Causes(&error), "a connection ended early");
                },
                () = place.lost() => tracing::debug!("a connection was closed, because its place was needed"),
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

/// The next connection that has a place; `None` if this one has none.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Places>,
    metrics: &ConnectionMetrics,
) -> Option<(TcpStream, SocketAddr, Place)> {
    match listener.accept().await {
        Ok((stream, peer)) => {
            let place = places.enter(peer.ip()).await?;
            // Answers are small; waiting to fill a packet only delays them.
            let _ = stream.set_nodelay(true);
            Some((stream, peer, place))
        }
        Err(error) => {
            metrics.refused(Refusal::NotAccepted, Some(&error));
            // Mostly "too many open files": another connection gives way, and until then there is nothing to accept.
            places.displace();
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}
