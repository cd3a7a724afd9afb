//! The unencrypted beginning of a STARTTLS connection.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::Gated;

/// A stream that is read one byte at a time until TLS begins.
///
/// An attacker on the line can append replies to a plain one. If a buffer above read them, they would outlive the
/// handshake and pass for replies of the relay under TLS (the response injection of the "NO STARTTLS" paper, 2021).
/// Read byte by byte, a reply brings nothing but itself: injected bytes stay on the wire, where the handshake fails on
/// them.
#[derive(Debug)]
pub(super) struct PlainPhase {
    stream: Gated,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Replies are read in the clear.
    Plain,
    /// The client has sent `STARTTLS`; its next write begins the handshake.
    Asked,
    /// TLS reads from the stream.
    Encrypted,
}

impl PlainPhase {
    pub(super) fn new(stream: Gated) -> Self {
        Self {
            stream,
            stage: Stage::Plain,
        }
    }
}

impl AsyncRead for PlainPhase {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.stage == Stage::Encrypted || buffer.remaining() == 0 {
            return Pin::new(&mut self.stream).poll_read(cx, buffer);
        }
        let mut byte = [0];
        let mut one = ReadBuf::new(&mut byte);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut one))?;
        buffer.put_slice(one.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for PlainPhase {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.stage = match self.stage {
            Stage::Plain if bytes == b"STARTTLS\r\n" => Stage::Asked,
            Stage::Plain => Stage::Plain,
            Stage::Asked | Stage::Encrypted => Stage::Encrypted,
        };
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for PlainPhase {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}
