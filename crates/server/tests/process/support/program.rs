//! The binary as a child process.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{Call, Client, Reply, sandbox};

/// Longer than a start or an end ever takes on a busy machine; it only bounds a test that hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// A command line that can be started any number of times. The process sees nothing of our own environment.
#[derive(Clone, Default)]
pub(crate) struct Program {
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    directory: Option<PathBuf>,
    binary: Option<PathBuf>,
    refused_calls: Vec<i64>,
    usual_sandbox: bool,
    limits: Option<String>,
}

impl Program {
    /// Any command line.
    pub(crate) fn new<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            arguments: arguments.into_iter().map(str::to_owned).collect(),
            ..Self::default()
        }
    }

    /// `serve` for one app, on any free port.
    pub(crate) fn serve(app: &str, data_dir: &str) -> Self {
        Self::new(["serve", app, "--listen", "127.0.0.1:0", "--data-dir", data_dir])
    }

    /// Adds arguments.
    pub(crate) fn with<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        self.arguments.extend(arguments.into_iter().map(str::to_owned));
        self
    }

    /// Sends mail by the relay on this port of this machine.
    pub(crate) fn with_smtp(self, port: u16) -> Self {
        let url = format!("smtp://127.0.0.1:{port}");
        self.with(["--smtp", url.as_str(), "--mail-from", "Notes <notes@doorward.test>"])
    }

    /// Adds an environment variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs in another working directory.
    pub(crate) fn in_directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Runs on a system that refuses these system calls, as an old kernel or the profile of a container does.
    #[cfg(target_os = "linux")]
    pub(crate) fn on_system_without(mut self, calls: &[i64]) -> Self {
        self.refused_calls = calls.to_vec();
        self
    }

    /// Leaves what is asked of the sandbox of functions to the program, even if this system lacks a layer of it.
    pub(crate) fn with_usual_sandbox(mut self) -> Self {
        self.usual_sandbox = true;
        self
    }

    /// Runs from a copy of the binary at this path.
    pub(crate) fn copied_to(mut self, binary: impl Into<PathBuf>) -> Self {
        let binary = binary.into();
        // By another process: if this one held the copy open for writing while another test forks, the child would hold
        // it open too, and the system refuses to run a file that is open for writing.
        let copied = std::process::Command::new("cp")
            .arg(env!("CARGO_BIN_EXE_doorward"))
            .arg(&binary)
            .status();
        assert!(copied.expect("cp can be run").success(), "the binary can be copied");
        self.binary = Some(binary);
        self
    }

    /// Runs under these limits, as the shell's `ulimit` takes them.
    pub(crate) fn under_limits(mut self, limits: &str) -> Self {
        self.limits = Some(format!("ulimit {limits} && exec \"$0\" \"$@\""));
        self
    }

    /// Starts the process, and does not wait until the server is ready.
    pub(crate) fn spawn(&self) -> Server {
        let binary = self
            .binary
            .clone()
            .unwrap_or_else(|| env!("CARGO_BIN_EXE_doorward").into());
        let mut command = match &self.limits {
            Some(limits) => {
                let mut shell = Command::new("/bin/sh");
                shell.arg("-c").arg(limits).arg(binary);
                shell
            }
            None => Command::new(binary),
        };
        command.args(&self.arguments).env_clear();
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if !self.usual_sandbox && sandbox::lacks_a_layer() {
            command.env("DOORWARD_FUNCTION_SANDBOX", "best-effort");
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let mut process = sandbox::spawn(command, &self.refused_calls);
        let stdout = Heard::listen(process.stdout.take().unwrap());
        let stderr = Heard::listen(process.stderr.take().unwrap());
        Server {
            process,
            stdout,
            stderr,
            client: Client::new(""),
        }
    }

    /// Starts a server and waits until it has printed that it is ready.
    pub(crate) async fn start(&self) -> Server {
        let mut server = self.spawn();
        server.ready().await;
        server
    }

    /// Runs the process to its end.
    pub(crate) async fn run(&self) -> Ended {
        self.spawn().ended().await
    }
}

/// A running server. It is killed when this is dropped.
pub(crate) struct Server {
    process: Child,
    stdout: Heard,
    stderr: Heard,
    client: Client,
}

/// The exit status and the output of a process.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Server {
    /// Waits until the server has printed that it is ready.
    pub(crate) async fn ready(&mut self) {
        // This is the last line that every start prints.
        if let Err(sorry) = self.stdout.wait(PATIENCE, |text| text.contains("\n  accounts ")).await {
            panic!("the server is not ready: {sorry}\nstderr: {}", self.stderr.text());
        }
        self.client = Client::new(&format!("http://{}", self.address()));
    }

    /// The URL where the server listens: the public URL, unless that is another one.
    fn address(&self) -> String {
        let text = self.stdout.text();
        let of = |words: &str| {
            text.lines()
                .find_map(|line| line.split_once(words))
                .map(|(_, rest)| rest.to_owned())
        };
        of("listening on  ")
            .or_else(|| of(" is ready at http://"))
            .expect("a ready server says where")
    }

    /// A client of the server.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The origin under which clients reach the server.
    pub(crate) fn url(&self) -> &str {
        self.client.url()
    }

    /// Sends a request, and expects an answer.
    pub(crate) async fn ask(&self, call: &Call) -> Reply {
        self.client.ask(call).await
    }

    /// Waits until standard error holds this text.
    pub(crate) async fn logs(&self, words: &str) {
        if let Err(sorry) = self.stderr.wait(PATIENCE, |text| text.contains(words)).await {
            panic!(
                "the server did not log {words:?}: {sorry}\nstderr: {}",
                self.stderr.text()
            );
        }
    }

    /// Standard output so far.
    pub(crate) fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// The URL of the metrics.
    pub(crate) async fn metrics_url(&self) -> String {
        let said = self.stdout.wait(PATIENCE, |text| text.contains("/metrics\n")).await;
        said.expect("the server says where its metrics are");
        let text = self.stdout.text();
        let line = text.lines().find_map(|line| line.strip_prefix("  metrics "));
        line.expect("the server says where its metrics are").trim().to_owned()
    }

    /// What the system says of the process: the content of this file in its directory below `/proc`.
    pub(crate) fn proc_file(&self, name: &str) -> String {
        let id = self.process.id().expect("the process runs");
        std::fs::read_to_string(format!("/proc/{id}/{name}")).expect("our own process can be read")
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Stops the process where it is, until it is thawed.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets a frozen process go on.
    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = self.process.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        kill_process(pid.expect("the process runs"), signal).expect("our own process can be signalled");
    }

    /// Whether the process still runs.
    pub(crate) fn runs(&mut self) -> bool {
        self.process.try_wait().expect("our own process can be asked").is_none()
    }

    /// Waits until the process ends by itself.
    pub(crate) async fn ended(self) -> Ended {
        self.ended_within(PATIENCE).await
    }

    /// Waits until the process ends by itself, and fails after this time.
    pub(crate) async fn ended_within(mut self, limit: Duration) -> Ended {
        let Ok(status) = timeout(limit, self.process.wait()).await else {
            panic!(
                "the process has not ended within {limit:?}\nstdout: {}\nstderr: {}",
                self.stdout(),
                self.stderr.text()
            );
        };
        let status = status.expect("our own process can be waited for");
        Ended {
            status,
            stdout: self.stdout.rest().await,
            stderr: self.stderr.rest().await,
        }
    }

    /// Sends SIGTERM and waits until the process has ended.
    pub(crate) async fn stop(self) -> Ended {
        self.terminate();
        self.ended().await
    }

    /// Kills the process with SIGKILL, as a power cut would, and waits until it has ended.
    pub(crate) async fn kill(mut self) -> Ended {
        self.process.start_kill().expect("our own process can be killed");
        self.ended().await
    }
}

/// A standard stream of a process, as far as it has been read.
struct Heard {
    text: watch::Receiver<String>,
    end: JoinHandle<()>,
}

impl Heard {
    fn listen(stream: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let (sender, text) = watch::channel(String::new());
        let end = tokio::spawn(async move {
            let mut lines = BufReader::new(stream).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                sender.send_modify(|text| {
                    text.push_str(&line);
                    text.push('\n');
                });
            }
        });
        Self { text, end }
    }

    fn text(&self) -> String {
        self.text.borrow().clone()
    }

    async fn wait(&self, limit: Duration, until: impl FnMut(&String) -> bool) -> Result<(), &'static str> {
        let mut text = self.text.clone();
        match timeout(limit, text.wait_for(until)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err("it has ended"),
            Err(_) => Err("that took too long"),
        }
    }

    async fn rest(mut self) -> String {
        (&mut self.end).await.expect("a stream is read to its end");
        self.text()
    }
}
