//! The main loop of a worker process.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::rc::Rc;

use crate::engine::{Engine, Pipe};
use crate::protocol::{self, FromWorker, ToWorker};
use crate::sandbox;

/// Serves one app's calls over a connection until the other side closes it.
pub fn run(stream: impl Read + Write + AsFd + 'static) -> io::Result<()> {
    let pipe = Rc::new(RefCell::new(Pipe(stream)));
    let start = match protocol::read(&mut pipe.borrow_mut().0)? {
        Some(ToWorker::Start(start)) => start,
        Some(_) => return Err(io::Error::other("the first message is not a start")),
        None => return Ok(()),
    };
    let confinement = sandbox::confine(&start.limits);
    let mut engine = Engine::new(start.limits, start.program, pipe.clone())?;
    protocol::write(&mut pipe.borrow_mut().0, &FromWorker::Ready(confinement))?;
    loop {
        let message = protocol::read(&mut pipe.borrow_mut().0)?;
        match message {
            Some(ToWorker::Call(call)) => {
                let outcome = engine.call(*call)?;
                protocol::write(&mut pipe.borrow_mut().0, &FromWorker::Done(Box::new(outcome)))?;
                // After the answer, so that no caller waits for it.
                engine.prepare()?;
            }
            // A question of a call that has ended meanwhile.
            Some(ToWorker::Answer { .. }) => {}
            Some(ToWorker::Start(_)) => return Err(io::Error::other("a worker starts once")),
            None => return Ok(()),
        }
    }
}
