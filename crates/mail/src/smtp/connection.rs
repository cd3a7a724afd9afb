//! A connection to the relay, and the gate in it: nothing is written for a mail whose claim does not hold any more.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::Claim;

/// A connection that is ready for mail.
pub(super) struct Connection {
    pub(super) smtp: AsyncSmtpConnection,
    pub(super) gate: Gate,
}

/// Stops writing when the claim on the mail in hand has lapsed. Clones share it.
///
/// `lettre` writes the content of a mail and the dot that ends it without a pause for a question in between. This is
/// below it, and below TLS: it looks at the claim before every write to the socket, so a process that was suspended
/// half-way does not end the mail. Reads always pass, because a reply to a mail that was handed over must be heard.
#[derive(Clone, Default)]
pub(super) struct Gate(Arc<Mutex<Option<Claim>>>);

impl Gate {
    /// From now on, writes only while this claim holds.
    pub(super) fn guard(&self, claim: &Claim) {
        *self.lock() = Some(claim.clone());
    }

    /// Lets everything pass: no mail is in hand.
    pub(super) fn open(&self) {
        *self.lock() = None;
    }

    fn check(&self) -> io::Result<()> {
        match &*self.lock() {
            Some(claim) if !claim.holds() => Err(io::Error::other("the claim on the mail had lapsed")),
            _ => Ok(()),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Claim>> {
        // Nothing between lock and unlock can leave it half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gate(..)")
    }
}

/// The socket with the gate before it.
#[derive(Debug)]
pub(super) struct Gated {
    stream: TcpStream,
    gate: Gate,
}

impl Gated {
    pub(super) fn new(stream: TcpStream, gate: Gate) -> Self {
        Self { stream, gate }
    }
}

impl AsyncRead for Gated {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Gated {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.gate.check()?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for Gated {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}
