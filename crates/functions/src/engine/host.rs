//! What the engine needs from whoever runs it.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::protocol::{self, Answer, Ask, FromWorker, ToWorker};

/// An answer and the number of its question.
pub(crate) type Numbered = (u32, Result<Answer, String>);

/// The other side of a call.
pub(crate) trait Host {
    /// Asks, without waiting.
    fn ask(&mut self, id: u32, ask: Ask) -> io::Result<()>;
    /// Waits for the next answer; nothing if the instant comes first.
    fn answer(&mut self, until: Instant) -> io::Result<Option<Numbered>>;
}

/// The server at the other end of a pipe.
pub(crate) struct Pipe<S>(pub(crate) S);

impl<S: Read + Write + AsFd> Host for Pipe<S> {
    fn ask(&mut self, id: u32, ask: Ask) -> io::Result<()> {
        protocol::write(&mut self.0, &FromWorker::Ask { id, ask })
    }

    fn answer(&mut self, until: Instant) -> io::Result<Option<Numbered>> {
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
            Some(ToWorker::Answer { id, answer }) => Ok(Some((id, answer))),
            Some(_) => Err(io::Error::other("the server sent something else than an answer")),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}
