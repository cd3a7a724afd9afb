//! The worker's side: the process that serves the calls of one app, and the parts that it is made of.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::rc::Rc;

use crate::engine::{Connection, Engine};
pub use crate::protocol::{FromWorker, Start, ToWorker, read, write};
pub use crate::sandbox::{confine, settle};

/// What the program does when it is started as a worker. Its standard input is the pipe to the server. No thread may
/// exist yet: the sandbox is closed for the whole process, and what is open before stays open.
pub fn main() -> ExitCode {
    settle();
    let served = io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .and_then(|pipe| serve(UnixStream::from(pipe)));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Serves calls until the server closes the pipe.
fn serve(pipe: impl Read + Write + AsFd + 'static) -> io::Result<()> {
    let connection = Rc::new(RefCell::new(Connection(pipe)));
    let receive = || read(&mut connection.borrow_mut().0);
    let send = |message: &FromWorker| write(&mut connection.borrow_mut().0, message);
    let start = match receive()? {
        Some(ToWorker::Start(start)) => start,
        Some(_) => return Err(io::Error::other("the first message is not a start")),
        None => return Ok(()),
    };
    // Before the owner's code is even compiled.
    let confinement = confine(&start.limits, &connection.borrow().0);
    let mut engine = Engine::new(start.limits, start.program, connection.clone())?;
    send(&FromWorker::Ready(confinement))?;
    loop {
        match receive()? {
            Some(ToWorker::Call { number, call }) => {
                let outcome = Box::new(engine.call(*call)?);
                send(&FromWorker::Done { number, outcome })?;
                // After the outcome is sent, so that no caller waits for it.
                engine.prepare()?;
            }
            // The response to a request of a call that has ended meanwhile.
            Some(ToWorker::Response { .. }) => {}
            Some(ToWorker::Start(_)) => return Err(io::Error::other("a worker starts once")),
            None => return Ok(()),
        }
    }
}
