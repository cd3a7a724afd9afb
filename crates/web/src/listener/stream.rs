//! A connection whose client must read: one that sends requests and never reads an answer would keep its place.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

/// Bytes that a client has to read in a second, on average, while the server waits for it to read. A large
/// result of a function, of megabytes, may so take minutes on a slow line.
const BYTES_PER_SECOND: u32 = 4 * 1024;

/// A stream that fails when its client does not read.
pub(super) struct PacedStream {
    stream: TcpStream,
    patience: Patience,
    /// Runs while a write waits.
    alarm: Option<Pin<Box<Sleep>>>,
}

/// For how long writes may still wait. Waiting uses it up, and what the client reads gives it back.
struct Patience {
    whole: Duration,
    left: Duration,
    waiting_since: Option<Instant>,
}

/// The client did not read its answers.
#[derive(Debug, thiserror::Error)]
#[error("the client does not read its answers")]
struct Unread;

/// Whether a connection ended because the client did not read its answers.
pub(super) fn is_unread(error: &hyper::Error) -> bool {
    let io = error.source().and_then(<dyn Error>::downcast_ref::<io::Error>);
    io.and_then(io::Error::get_ref)
        .is_some_and(<dyn Error + Send + Sync>::is::<Unread>)
}

impl PacedStream {
    /// A client may leave bytes unread for this time.
    pub(super) fn new(stream: TcpStream, patience: Duration) -> Self {
        Self {
            stream,
            patience: Patience {
                whole: patience,
                left: patience,
                waiting_since: None,
            },
            alarm: None,
        }
    }

    fn pace(&mut self, context: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = written {
            if let Ok(bytes) = written {
                self.patience.read(bytes);
                self.alarm = None;
            }
            return Poll::Ready(written);
        }
        let end = self.patience.wait();
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(end)));
        ready!(alarm.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, Unread)))
    }
}

impl Patience {
    /// A write waits. Returns when it has waited for too long.
    fn wait(&mut self) -> Instant {
        *self.waiting_since.get_or_insert_with(Instant::now) + self.left
    }

    /// The client has made room for this many bytes.
    fn read(&mut self, bytes: usize) {
        if let Some(since) = self.waiting_since.take() {
            self.left = self.left.saturating_sub(since.elapsed());
        }
        let earned = Duration::from_secs(1) / BYTES_PER_SECOND * u32::try_from(bytes).unwrap_or(u32::MAX);
        self.left = self.whole.min(self.left + earned);
    }
}

impl AsyncRead for PacedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for PacedStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.pace(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.pace(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Duration = Duration::from_secs(30);

    fn patience() -> Patience {
        Patience {
            whole: WHOLE,
            left: WHOLE,
            waiting_since: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_trickle_does_not_buy_time_without_end() {
        let mut patience = patience();
        let started = Instant::now();
        let mut read = 0;
        loop {
            let end = patience.wait();
            tokio::time::advance(Duration::from_secs(10)).await;
            if Instant::now() >= end {
                break;
            }
            // 100 bytes a second.
            patience.read(1_000);
            read += 1;
        }
        assert!(read < 5, "{read}");
        assert!(started.elapsed() < Duration::from_mins(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_line_may_take_its_time() {
        let mut patience = patience();
        for _ in 0..100 {
            let end = patience.wait();
            tokio::time::advance(Duration::from_secs(10)).await;
            assert!(Instant::now() < end);
            // 5 KiB a second.
            patience.read(50 * 1024);
        }
    }
}
