//! One worker process.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::process::Child;
use tokio::time::timeout;

use super::frames::{Incoming, Outgoing, split};
use super::spawner::Spawner;
use super::{AppProgram, StartError};
use crate::protocol::{FromWorker, MAX_MESSAGE, Program};
use crate::{Confinement, Limits};

/// How long a worker may take to compile its program and close its sandbox.
const START_DEADLINE: Duration = Duration::from_secs(10);

/// A worker that is ready for a call. If it is dropped, it is killed and the runtime reaps it.
pub(super) struct Worker {
    pub(super) app: Arc<AppProgram>,
    pub(super) incoming: Incoming,
    pub(super) outgoing: Outgoing,
    pub(super) confinement: Confinement,
    /// The number of its last call.
    pub(super) calls: u64,
    child: Child,
}

impl Worker {
    pub(super) async fn start(spawner: &Spawner, limits: &Limits, app: Arc<AppProgram>) -> Result<Self, StartError> {
        let (child, socket) = spawner.spawn().await.map_err(StartError::Spawn)?;
        let socket = UnixStream::from_std(socket).map_err(StartError::Spawn)?;
        let (incoming, outgoing) = split(socket, longest_message(limits));
        let mut worker = Self {
            app,
            incoming,
            outgoing,
            confinement: Confinement::default(),
            calls: 0,
            child,
        };
        match timeout(START_DEADLINE, worker.greet(limits)).await {
            Ok(Ok(confinement)) => {
                worker.confinement = confinement;
                Ok(worker)
            }
            Ok(Err(error)) => Err(StartError::Broken(format!("{error}; {}", worker.kill().await))),
            Err(_) => {
                worker.kill().await;
                Err(StartError::Late)
            }
        }
    }

    async fn greet(&mut self, limits: &Limits) -> io::Result<Confinement> {
        let start = StartRef {
            limits,
            program: self.app.program(),
        };
        self.outgoing.push(&ToWorkerRef::Start(start))?;
        while !self.outgoing.is_empty() {
            self.outgoing.send_some().await?;
        }
        match self.incoming.next().await? {
            Some((FromWorker::Ready(confinement), _)) => Ok(confinement),
            Some(_) => Err(io::Error::other("its first message was not that it is ready")),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Whether it seems able to take a call: it lives, and has sent nothing since its last one.
    pub(super) fn is_sound(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None)) && !self.incoming.has_leftovers()
    }

    pub(super) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Kills the process, waits for its end, and says how it ended, which may have been before.
    pub(super) async fn kill(mut self) -> Ending {
        // This fails if the process has ended already.
        _ = self.child.start_kill();
        Ending(self.child.wait().await.ok())
    }
}

/// How a process ended.
pub(super) struct Ending(Option<ExitStatus>);

impl Ending {
    /// Whether the kernel ended it because its processor time was used up.
    pub(super) fn is_processor_time(&self) -> bool {
        let signal = self.0.and_then(|status| status.signal());
        signal == Some(rustix::process::Signal::XCPU.as_raw())
    }
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(status) => status.fmt(f),
            None => f.write_str("its end was not seen"),
        }
    }
}

/// The longest message that a worker may send. A byte of content takes at most six in JSON, as `\u0000`.
fn longest_message(limits: &Limits) -> usize {
    let console = limits.console_lines.saturating_mul(limits.console_line);
    let content = limits
        .result
        .max(limits.http_request)
        .max(limits.arguments)
        .saturating_add(console);
    content.saturating_mul(6).saturating_add(1 << 20).min(MAX_MESSAGE)
}

/// [`crate::protocol::ToWorker::Start`], with a borrowed program.
#[derive(serde::Serialize)]
enum ToWorkerRef<'a> {
    Start(StartRef<'a>),
}

#[derive(serde::Serialize)]
struct StartRef<'a> {
    limits: &'a Limits,
    program: &'a Program,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Start, ToWorker};

    #[test]
    fn a_borrowed_start_is_read_as_a_start() {
        let limits = Limits::default();
        let program = Program::default();
        let text = serde_json::to_string(&ToWorkerRef::Start(StartRef {
            limits: &limits,
            program: &program,
        }));
        let ToWorker::Start(start) = serde_json::from_str(&text.unwrap()).unwrap() else {
            panic!("it is something else");
        };
        let Start { limits: same, .. } = *start;
        assert_eq!(same, limits);
    }
}
