//! The thread that starts the processes.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::process::Stdio;
use std::sync::mpsc;

use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::WorkerCommand;

/// Starts processes, all from one thread, which lives as long as the pool.
///
/// A worker asks the kernel to kill it when its parent dies, and for the kernel that is the *thread* that made it.
/// Threads of the runtime come and go.
pub(super) struct Spawner {
    requests: mpsc::Sender<oneshot::Sender<io::Result<(Child, StdUnixStream)>>>,
}

impl Spawner {
    /// Starts the thread. It must be called within a runtime, which then watches the processes.
    pub(super) fn start(command: WorkerCommand) -> io::Result<Self> {
        let runtime = Handle::current();
        let (requests, queue) = mpsc::channel::<oneshot::Sender<_>>();
        std::thread::Builder::new()
            .name("function-workers".to_owned())
            .spawn(move || {
                let _runtime = runtime.enter();
                for reply in queue {
                    // If the caller has gone, the process is killed as its handle is dropped.
                    _ = reply.send(spawn(&command));
                }
            })?;
        Ok(Self { requests })
    }

    /// A new process and the server's end of its pipe.
    pub(super) async fn spawn(&self) -> io::Result<(Child, StdUnixStream)> {
        let (reply, answer) = oneshot::channel();
        let gone = || io::Error::other("the thread that starts workers has ended");
        self.requests.send(reply).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

fn spawn(command: &WorkerCommand) -> io::Result<(Child, StdUnixStream)> {
    let (ours, theirs) = StdUnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let child = Command::new(&command.program)
        // The name in lists of processes.
        .arg0("doorward")
        .args(&command.arguments)
        // The environment of the server holds secrets.
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        // What a worker prints, such as the message of a panic, could contain values of a script.
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // An interrupt from the terminal must only reach the server, which lets running calls end.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    Ok((child, ours))
}
