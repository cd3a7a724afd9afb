//! Messages over the pipe, in both directions at once.

use std::io;

use bytes::{Buf, BytesMut};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use crate::protocol;

/// Messages from the worker. Dropping the future of [`Incoming::next`] loses nothing, because what was read stays here.
pub(super) struct Incoming {
    socket: OwnedReadHalf,
    buffer: BytesMut,
    max_length: usize,
}

/// Messages for the worker. They are sent by [`Outgoing::send_some`].
pub(super) struct Outgoing {
    socket: OwnedWriteHalf,
    buffer: BytesMut,
}

pub(super) fn split(socket: UnixStream, max_length: usize) -> (Incoming, Outgoing) {
    let (read, write) = socket.into_split();
    let incoming = Incoming {
        socket: read,
        buffer: BytesMut::new(),
        max_length,
    };
    let outgoing = Outgoing {
        socket: write,
        buffer: BytesMut::new(),
    };
    (incoming, outgoing)
}

impl Incoming {
    /// The next message and its length; `None` when the worker has closed the pipe. The future may be dropped.
    pub(super) async fn next<M: DeserializeOwned>(&mut self) -> io::Result<Option<(M, usize)>> {
        loop {
            if let Some(length) = self.buffer.first_chunk::<4>() {
                let length = protocol::checked_length(*length)?;
                if length > self.max_length {
                    return Err(io::Error::other("a message is too long"));
                }
                if let Some(message) = self.buffer.get(4..4 + length) {
                    let message = serde_json::from_slice(message)?;
                    self.buffer.advance(4 + length);
                    if self.buffer.is_empty() {
                        // Frees the memory of a long message.
                        self.buffer = BytesMut::new();
                    }
                    return Ok(Some((message, length)));
                }
                // Memory is not allocated for the announced length but as bytes arrive: `read_buf` grows the buffer.
            }
            if self.socket.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Whether something has arrived outside of a call.
    pub(super) fn has_leftovers(&self) -> bool {
        let mut byte = [0];
        !self.buffer.is_empty()
            || !matches!(self.socket.try_read(&mut byte), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }
}

impl Outgoing {
    pub(super) fn push(&mut self, message: &impl Serialize) -> io::Result<()> {
        self.buffer.extend_from_slice(&protocol::frame(message)?);
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.buffer.len()
    }

    /// Sends a part of what waits. The future may be dropped.
    pub(super) async fn send_some(&mut self) -> io::Result<()> {
        let sent = self.socket.write_buf(&mut self.buffer).await?;
        if sent == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
        Ok(())
    }
}
