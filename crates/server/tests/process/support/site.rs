//! What nodes on one PostgreSQL share: their keys, and the relay for their mails.

use doorward_testkit::smtp_server::{SmtpOptions, SmtpServer};
use tempfile::TempDir;

use super::{Program, Server, notes};

/// The keys and the relay that nodes share.
pub(crate) struct Site {
    pub(crate) program: Program,
    pub(crate) relay: SmtpServer,
    _data: TempDir,
}

impl Site {
    /// Nodes on this database.
    pub(crate) async fn new(database: &str) -> Self {
        let relay = SmtpServer::start(SmtpOptions::default()).await;
        let data = TempDir::new().unwrap();
        let program = Program::serve(&notes(), data.path().to_str().unwrap())
            .with(["--metrics-listen", "127.0.0.1:0"])
            .with_smtp(relay.port())
            .env("DOORWARD_DATABASE", database);
        Self {
            program,
            relay,
            _data: data,
        }
    }

    /// Starts a node.
    pub(crate) async fn start(&self) -> Server {
        self.program.start().await
    }
}
