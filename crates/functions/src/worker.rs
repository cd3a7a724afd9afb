//! The worker process: one app's calls, one after the other.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::rc::Rc;

use crate::engine::{Engine, Pipe};
use crate::protocol::{self, FromWorker, ToWorker};
use crate::sandbox;

/// What the program does when it is started as a worker. Its standard input is the pipe to the server. No thread may exist yet: the
/// sandbox is closed for the whole process, and what is open before stays open.
pub fn main() -> ExitCode {
    sandbox::settle();
    let served = io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .and_then(|pipe| run(UnixStream::from(pipe)));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Serves calls over a connection until the other side closes it.
fn run(stream: impl Read + Write + AsFd + 'static) -> io::Result<()> {
    let pipe = Rc::new(RefCell::new(Pipe(stream)));
    let start = match protocol::read(&mut pipe.borrow_mut().0)? {
        Some(ToWorker::Start(start)) => start,
        Some(_) => return Err(io::Error::other("the first message is not a start")),
        None => return Ok(()),
    };
    // Before the owner's code is even compiled.
    let confinement = sandbox::confine(&start.limits, &pipe.borrow().0);
    let mut engine = Engine::new(start.limits, start.program, pipe.clone())?;
    protocol::write(&mut pipe.borrow_mut().0, &FromWorker::Ready(confinement))?;
    loop {
        let message = protocol::read(&mut pipe.borrow_mut().0)?;
        match message {
            Some(ToWorker::Call { number, call }) => {
                let outcome = Box::new(engine.call(*call)?);
                protocol::write(&mut pipe.borrow_mut().0, &FromWorker::Done { number, outcome })?;
                // After the answer, so that no caller waits for it.
                engine.prepare()?;
            }
            // The answer to a question of a call that has ended meanwhile.
            Some(ToWorker::Answer { .. }) => {}
            Some(ToWorker::Start(_)) => return Err(io::Error::other("a worker starts once")),
            None => return Ok(()),
        }
    }
}
