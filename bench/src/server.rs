//! A real server in a process of its own, killed when it is dropped.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::connection::Connection;
use crate::requests;

/// The app that the server serves.
const APP_DIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/app");

/// After this time, a start has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// How to start a server.
#[derive(Clone)]
pub(crate) struct Launch {
    pub(crate) binary: PathBuf,
    pub(crate) data_dir: PathBuf,
    pub(crate) database_url: String,
    /// The relay for mail; `None`: the development mailbox.
    pub(crate) relay: Option<SocketAddr>,
    /// More options of `doorward serve`.
    pub(crate) options: Vec<String>,
    /// How many files the server may open; `None`: as many as the driver.
    pub(crate) files: Option<u32>,
}

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) metrics: SocketAddr,
    pub(crate) started: Instant,
    process: Child,
    log: PathBuf,
}

impl Launch {
    /// Starts the server and waits until it answers.
    pub(crate) async fn start(&self) -> Result<Server> {
        let mut server = self.spawn()?;
        let ready = async {
            loop {
                server.check_alive()?;
                if let Ok(mut connection) = Connection::open(server.address).await {
                    connection.expect(200, &requests::healthz()).await?;
                    return anyhow::Ok(());
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        match tokio::time::timeout(PATIENCE, ready).await {
            Ok(Ok(())) => Ok(server),
            Ok(Err(error)) => Err(error.context(server.last_words())),
            Err(_) => bail!("the server did not answer after {PATIENCE:?}: {}", server.last_words()),
        }
    }

    /// Starts the server and does not wait.
    pub(crate) fn spawn(&self) -> Result<Server> {
        let (address, metrics) = (free_address()?, free_address()?);
        let log = self.data_dir.with_extension("log");
        let mut command = self.command();
        command
            .args([
                "serve",
                APP_DIR,
                "--listen",
                &address.to_string(),
                "--metrics-listen",
                &metrics.to_string(),
            ])
            .arg("--data-dir")
            .arg(&self.data_dir)
            // The caller's environment must not change the figures; and the URL, which holds a password, must not be in
            // the arguments.
            .env_clear()
            .env("DOORWARD_DATABASE", &self.database_url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?);
        if let Some(relay) = self.relay {
            command.args(["--smtp", &format!("smtp://{relay}"), "--mail-from", "bench@example.com"]);
        }
        command.args(&self.options);
        let started = Instant::now();
        let process = command
            .spawn()
            .with_context(|| format!("cannot start {}", self.binary.display()))?;
        Ok(Server {
            address,
            metrics,
            started,
            process,
            log,
        })
    }
}

impl Launch {
    fn command(&self) -> Command {
        let Some(files) = self.files else {
            return Command::new(&self.binary);
        };
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", &format!("ulimit -n {files} && exec \"$0\" \"$@\"")])
            .arg(&self.binary);
        command
    }
}

impl Server {
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Fails when the process has ended.
    pub(crate) fn check_alive(&mut self) -> Result<()> {
        match self.process.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("the server ended with {status}: {}", self.last_words()),
        }
    }

    /// A figure of the server's metrics page: the sum over all lines of this name that hold `label`.
    pub(crate) async fn metric(&self, name: &str, label: &str) -> Result<f64> {
        let mut connection = Connection::open(self.metrics).await?;
        let page = connection.expect(200, &requests::metrics()).await?;
        let page = std::str::from_utf8(page)?;
        let mut values = Vec::new();
        for line in page
            .lines()
            .filter(|line| !line.starts_with('#') && line.contains(label))
        {
            let Some((series, value)) = line.rsplit_once(' ') else {
                continue;
            };
            let series = series.split('{').next().unwrap_or_default();
            // Matched by its end, because the server chooses the prefix.
            if series.ends_with(name) {
                values.push(value.parse::<f64>()?);
            }
        }
        if values.is_empty() {
            bail!("the metrics page has no {name} with {label:?}");
        }
        Ok(values.iter().sum())
    }

    /// A line of `/proc/PID/status` that counts kilobytes, in bytes.
    pub(crate) fn memory(&self, line: &str) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let value = status
            .lines()
            .find_map(|text| text.strip_prefix(line)?.strip_prefix(':'));
        let kibibytes = value.and_then(|value| value.trim().strip_suffix(" kB")?.parse::<u32>().ok());
        Ok(f64::from(kibibytes.with_context(|| format!("/proc has no {line}"))?) * 1024.0)
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(8)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Safe, because the process is a child: its id is not reused before it has been waited for.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An address on which no process listens now, outside the range of ephemeral ports, so that no outgoing connection can
/// take it before the server does.
fn free_address() -> Result<SocketAddr> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 12_000)?;
    (0..12_000)
        .map(|_| 20_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed) % 12_000) % 12_000)
        .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .find(|address| TcpListener::bind(address).is_ok())
        .context("no port is free")
}
