//! Messages over a socket, in both directions at once.

use std::io;

use bytes::{Buf, BytesMut};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use crate::protocol;

/// What arrives. Nothing is lost when [`Incoming::next`] is dropped: what was read stays here.
pub(super) struct Incoming {
    socket: OwnedReadHalf,
    buffer: BytesMut,
    longest: usize,
}

/// What is to be sent. Nothing is sent before [`Outgoing::send_some`] is called.
pub(super) struct Outgoing {
    socket: OwnedWriteHalf,
    buffer: BytesMut,
}

pub(super) fn split(socket: UnixStream, longest: usize) -> (Incoming, Outgoing) {
    let (read, write) = socket.into_split();
    let incoming = Incoming {
        socket: read,
        buffer: BytesMut::new(),
        longest,
    };
    let outgoing = Outgoing {
        socket: write,
        buffer: BytesMut::new(),
    };
    (incoming, outgoing)
}

impl Incoming {
    /// The next message and its length; nothing when the other side has closed. Can be dropped and called again.
    pub(super) async fn next<M: DeserializeOwned>(&mut self) -> io::Result<Option<(M, usize)>> {
        loop {
            if let Some(length) = self.buffer.first_chunk::<4>() {
                let length = protocol::checked_length(*length)?;
                if length > self.longest {
                    return Err(io::Error::other("a message is too long"));
                }
                if let Some(message) = self.buffer.get(4..4 + length) {
                    let message = serde_json::from_slice(message)?;
                    self.buffer.advance(4 + length);
                    if self.buffer.is_empty() {
                        // The memory of a long message is not kept for the rest of the worker's life.
                        self.buffer = BytesMut::new();
                    }
                    return Ok(Some((message, length)));
                }
                // Room is made for what has been announced only as it arrives: `read_buf` grows by itself.
            }
            if self.socket.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Whether something has arrived, or is arriving, that nobody asked for.
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

    /// Sends a part of what waits. Can be dropped and called again.
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
