//! Backups of a running server and of a stopped one, what is restored from them, and the socket that commands use.

mod archive;
mod control;
mod epoch;

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::support::{Ended, Letter, Program, Server, notes};

const ADA: &str = "ada@example.com";

/// A data directory, the archive of its backup, and a directory to restore into.
struct Site {
    dir: TempDir,
}

impl Site {
    fn new() -> Self {
        Self {
            dir: TempDir::new().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// The example app on a data directory of this site, with the development mailbox.
    fn serve(&self, data: &str) -> Program {
        Program::serve(&notes(), &self.text(data))
    }

    /// Runs a command on the data directory `data`.
    async fn run(&self, data: &str, arguments: &[&str]) -> Ended {
        let data = self.text(data);
        Program::new(arguments.iter().copied())
            .with(["--data-dir", &data])
            .run()
            .await
    }

    /// Runs a command that works, and returns what it prints.
    async fn works(&self, data: &str, arguments: &[&str]) -> String {
        let ended = self.run(data, arguments).await;
        assert!(
            ended.status.success() && ended.stderr.is_empty(),
            "{arguments:?}: {ended:?}"
        );
        ended.stdout
    }

    /// Runs a command that is refused, and returns why.
    async fn refused(&self, data: &str, arguments: &[&str]) -> String {
        let ended = self.run(data, arguments).await;
        assert_eq!(
            (ended.status.code(), &*ended.stdout),
            (Some(1), ""),
            "{arguments:?}: {ended:?}"
        );
        let why = ended.stderr.strip_prefix("doorward: ").unwrap().trim_end();
        why.replace(self.dir.path().to_str().unwrap(), "DIR")
    }

    /// Takes a backup of the data directory `data` and returns the path of the archive.
    async fn backup(&self, data: &str) -> String {
        let archive = self.text("backup.tar");
        self.works(data, &["backup", &archive]).await;
        archive
    }
}

/// The newest mail in the development mailbox, as soon as there are this many.
async fn letter(server: &Server, mails: usize) -> Letter {
    for _ in 0..500 {
        let links = crate::start::development_links(server).await;
        if links.len() >= mails {
            return Letter::with_link("", &links[mails - 1]);
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("no mail came to the development mailbox within ten seconds");
}

/// The names in a directory, sorted.
fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
