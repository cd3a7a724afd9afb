//! One keep-alive connection to a server, with as little between the load and the socket as possible: the driver shares
//! the machine with what it measures, and a full HTTP client would take a good part of it.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection with at most one request in flight.
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// An answer of the server.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    /// `Retry-After`, in seconds.
    pub(crate) retry_after: Option<u32>,
    pub(crate) body: &'a [u8],
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)
            .await
            .context("the server cannot be reached")?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            received: Vec::with_capacity(4096),
        })
    }

    pub(crate) async fn open_many(address: SocketAddr, count: usize) -> Result<Vec<Self>> {
        let mut connections = Vec::with_capacity(count);
        for _ in 0..count {
            connections.push(Self::open(address).await?);
        }
        Ok(connections)
    }

    /// Sends a request and waits for the answer.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.received.clear();
        let head = loop {
            self.receive().await?;
            if let Some(head) = Head::parse(&self.received)? {
                break head;
            }
        };
        let end = head.length + head.body_length;
        while self.received.len() < end {
            self.receive().await?;
        }
        ensure!(self.received.len() == end, "the server sent more than its answer");
        Ok(Answer {
            status: head.status,
            retry_after: head.retry_after,
            body: &self.received[head.length..],
        })
    }

    /// Sends a request, waits for the answer and returns its body. Fails on any other status.
    pub(crate) async fn expect(&mut self, status: u16, request: &[u8]) -> Result<&[u8]> {
        let answer = self.send(request).await?;
        answer.must_be(status)?;
        Ok(answer.body)
    }

    async fn receive(&mut self) -> Result<()> {
        let read = self.stream.read_buf(&mut self.received).await?;
        ensure!(read > 0, "the server closed the connection");
        Ok(())
    }
}

impl Answer<'_> {
    /// Fails on any other status, with the body of the answer as the reason.
    pub(crate) fn must_be(&self, status: u16) -> Result<()> {
        if self.status == status {
            return Ok(());
        }
        bail!(
            "the answer is {} instead of {status}: {}",
            self.status,
            String::from_utf8_lossy(self.body)
        )
    }
}

struct Head {
    length: usize,
    status: u16,
    body_length: usize,
    retry_after: Option<u32>,
}

impl Head {
    /// `None` until the head is complete.
    fn parse(bytes: &[u8]) -> Result<Option<Self>> {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut response = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(length) = response.parse(bytes)? else {
            return Ok(None);
        };
        let number = |name: &str| -> Option<u32> {
            let header = response
                .headers
                .iter()
                .find(|header| header.name.eq_ignore_ascii_case(name))?;
            std::str::from_utf8(header.value).ok()?.parse().ok()
        };
        let status = response.code.context("an answer without a status")?;
        let body_length = match number("content-length") {
            Some(length) => usize::try_from(length)?,
            None if status == 204 => 0,
            None => bail!("an answer without a content length"),
        };
        Ok(Some(Self {
            length,
            status,
            body_length,
            retry_after: number("retry-after"),
        }))
    }
}
