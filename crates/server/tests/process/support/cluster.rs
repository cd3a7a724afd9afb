//! PostgreSQL servers of a test's own, which it may kill and promote.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::unused_port;

/// A PostgreSQL server on 127.0.0.1. It is stopped, and its files removed, when this is dropped.
pub(crate) struct Cluster {
    files: TempDir,
    port: u16,
    settings: &'static str,
}

impl Cluster {
    /// A running server whose commits wait for a standby. Nothing can be committed before there is one.
    pub(crate) fn primary() -> Self {
        let cluster = Self::new("-c synchronous_standby_names=*");
        cluster.run(
            "initdb",
            &["--username=doorward", "--auth=trust", "--no-locale", "--encoding=UTF8"],
        );
        cluster.start();
        cluster
    }

    /// A running standby of another server.
    pub(crate) fn standby_of(primary: &Self) -> Self {
        let cluster = Self::new("");
        let source = format!("--dbname=postgres://doorward@127.0.0.1:{}", primary.port);
        cluster.run(
            "pg_basebackup",
            &[source.as_str(), "--write-recovery-conf", "--checkpoint=fast"],
        );
        cluster.start();
        cluster
    }

    fn new(settings: &'static str) -> Self {
        let files = TempDir::new().unwrap();
        if rustix::process::geteuid().is_root() {
            // PostgreSQL refuses to run as root.
            succeed(Command::new("chown").arg("postgres").arg(files.path()));
        }
        Self {
            files,
            port: unused_port(),
            settings,
        }
    }

    /// The path of a program of PostgreSQL.
    pub(crate) fn program(name: &str) -> PathBuf {
        programs().map_or_else(|| name.into(), |programs| programs.join(name))
    }

    /// `HOST:PORT`.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Starts the server after it was killed.
    pub(crate) fn start(&self) {
        let files = self.files.path().display();
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={files} -c fsync=off -c max_connections=60 {}",
            self.port, self.settings
        );
        let log = format!("--log={files}/log");
        self.run(
            "pg_ctl",
            &[
                "start",
                "--wait",
                "--silent",
                log.as_str(),
                "--options",
                options.as_str(),
            ],
        );
    }

    /// Ends the server without letting it tidy up, as a crash does.
    pub(crate) fn kill(&self) {
        self.run("pg_ctl", &["stop", "--mode=immediate", "--silent"]);
    }

    /// Makes a standby a primary.
    pub(crate) fn promote(&self) {
        self.run("pg_ctl", &["promote", "--wait", "--silent"]);
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        succeed(&mut self.command(program, arguments));
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let program = Self::program(program);
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command
            .args(arguments)
            .arg("--pgdata")
            .arg(self.files.path().join("data"));
        command.current_dir("/");
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self
            .command("pg_ctl", &["stop", "--mode=immediate", "--silent"])
            .output();
    }
}

/// Where the newest PostgreSQL of this machine has its programs, if it is not on the PATH, as on Debian.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = versions.map(|version| version.path().join("bin"));
    found
        .filter(|bin| bin.join("initdb").exists())
        .max_by_key(|bin| version(bin))
}

fn version(bin: &Path) -> u32 {
    let version = bin.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    version.and_then(|version| version.parse().ok()).unwrap_or_default()
}

fn succeed(command: &mut Command) {
    // Not `output`: a server that is started would keep a pipe open.
    let status = command
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .status();
    let status = status.expect("these tests start PostgreSQL servers: run ./test, which installs PostgreSQL");
    assert!(status.success(), "{command:?} failed");
}
