//! The worker's end of the pipe, as the engine uses it during a call.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::protocol::{self, FromWorker, HostRequest, HostResponse, ToWorker};

/// A response and the number of its request.
pub(crate) type NumberedResponse = (u32, Result<HostResponse, String>);

/// Serves the requests of scripts. It is a trait so that tests of the engine need no server.
pub(crate) trait Host {
    /// Sends a request, without waiting.
    fn send(&mut self, id: u32, request: HostRequest) -> io::Result<()>;
    /// Waits for the next response; `None` if there is none until that instant.
    fn receive(&mut self, until: Instant) -> io::Result<Option<NumberedResponse>>;
}

/// The server at the other end of a pipe.
pub(crate) struct Connection<S>(pub(crate) S);

impl<S: Read + Write + AsFd> Host for Connection<S> {
    fn send(&mut self, id: u32, request: HostRequest) -> io::Result<()> {
        protocol::write(&mut self.0, &FromWorker::Request { id, request })
    }

    fn receive(&mut self, until: Instant) -> io::Result<Option<NumberedResponse>> {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let timeout = Timespec::try_from(left).map_err(io::Error::other)?;
            match poll(&mut [PollFd::new(&self.0, PollFlags::IN)], Some(&timeout)) {
                Ok(0) => return Ok(None),
                Ok(_) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        match protocol::read(&mut self.0)? {
            Some(ToWorker::Response { id, response }) => Ok(Some((id, response))),
            Some(_) => Err(io::Error::other("the server sent something else than a response")),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}
