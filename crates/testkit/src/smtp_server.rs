//! A real SMTP server for tests: the Node program in `tests/smtp`, in a process of its own.

use std::path::{Path, PathBuf};
use std::process::{Command as Program, Stdio};
use std::time::Duration;

use serde::Deserialize;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;
use tokio::time::timeout;

const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/smtp");
/// Longer than the server ever takes on a busy machine; it only bounds a test that hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running SMTP server. It ends when this is dropped.
pub struct SmtpServer {
    port: u16,
    orders: ChildStdin,
    seen: watch::Receiver<Seen>,
    mode: SmtpMode,
    // Its drop kills the process, and no other.
    process: Child,
}

/// How a server is started. The default takes every mail, without encryption or login, on any free port.
#[derive(Debug, Clone, Default)]
pub struct SmtpOptions {
    /// How it encrypts.
    pub tls: SmtpTls,
    /// The only user and password that it accepts; `None`: it wants no login.
    pub login: Option<(String, String)>,
    /// How it behaves at first.
    pub mode: SmtpMode,
    /// The port, to come back where another server was; 0: any free one.
    pub port: u16,
}

/// How a server encrypts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SmtpTls {
    /// Not at all, and STARTTLS is not offered.
    #[default]
    None,
    /// STARTTLS is offered and wanted.
    StartTls(ServerCertificate),
    /// From the first byte.
    Implicit(ServerCertificate),
}

/// How a server behaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SmtpMode {
    /// It takes every mail.
    #[default]
    Normal,
    /// It refuses every recipient with this code.
    Refuse(u16),
    /// It takes connections, and then not a byte passes.
    Hang,
    /// It reads a mail and never answers.
    HangAfterData,
    /// It keeps a mail and cuts the connection before it says so.
    DropAfterAccept,
}

/// A mail that the server has kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReceivedMail {
    /// The `Message-ID` header.
    pub message_id: Option<String>,
    /// The sender of the envelope.
    pub from: String,
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// The whole mail as it came.
    pub raw: String,
    /// Whether it came encrypted.
    pub secure: bool,
    /// Who was logged in.
    pub user: Option<String>,
}

/// The events that the server has reported so far.
#[derive(Default)]
struct Seen {
    mails: Vec<ReceivedMail>,
    unanswered: usize,
    refused: usize,
    connections: usize,
    modes: usize,
}

#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Event {
    Listening { port: u16 },
    Mail(ReceivedMail),
    Unanswered,
    Refused,
    Connect,
    Mode,
    ClientError,
}

impl SmtpServer {
    /// Starts a server and waits until it listens.
    ///
    /// # Panics
    ///
    /// When its packages are not installed or it does not start.
    pub async fn start(options: SmtpOptions) -> Self {
        assert!(
            Path::new(DIRECTORY).join("node_modules/smtp-server").is_dir(),
            "the SMTP server for tests is not installed: run `npm ci --prefix tests/smtp`"
        );
        let mut process = Command::new("node")
            .arg(Path::new(DIRECTORY).join("server.mjs"))
            .args(arguments(&options))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node starts: the SMTP server for tests needs Node.js 18 or newer");
        let orders = process.stdin.take().expect("standard input is a pipe");
        let mut events = BufReader::new(process.stdout.take().expect("standard output is a pipe")).lines();
        let first = timeout(PATIENCE, events.next_line())
            .await
            .expect("the SMTP server says in time that it listens");
        let Some(Event::Listening { port }) = first.ok().flatten().and_then(|line| serde_json::from_str(&line).ok())
        else {
            panic!("the SMTP server for tests did not start");
        };
        let (sender, seen) = watch::channel(Seen::default());
        tokio::spawn(follow(events, sender));
        Self {
            port,
            orders,
            seen,
            mode: options.mode,
            process,
        }
    }

    /// Where it listens on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends it, and waits until its port is free for the next.
    ///
    /// # Panics
    ///
    /// When the process cannot be ended.
    pub async fn stop(mut self) {
        self.process.kill().await.expect("our own process can be killed");
    }

    /// Makes it behave otherwise from now on.
    ///
    /// # Panics
    ///
    /// When the server is gone.
    pub async fn set_mode(&mut self, mode: SmtpMode) {
        self.mode = mode;
        let (mode, code) = mode.words();
        let order = format!("{}\n", serde_json::json!({ "mode": mode, "code": code }));
        let before = self.seen.borrow().modes;
        self.orders
            .write_all(order.as_bytes())
            .await
            .expect("the SMTP server takes orders");
        self.wait("change of mode", PATIENCE, |seen| seen.modes > before).await;
    }

    /// Waits until every event that it has reported so far has been received: only then can a test assert that
    /// something did not happen.
    ///
    /// # Panics
    ///
    /// When the server is gone.
    pub async fn catch_up(&mut self) {
        // It reports events in order, and reports a mode also when it is in that mode already.
        self.set_mode(self.mode).await;
    }

    /// The mails that it has kept, in the order in which they came.
    pub fn mails(&self) -> Vec<ReceivedMail> {
        self.seen.borrow().mails.clone()
    }

    /// How many mails it has read and left without an answer.
    pub fn unanswered(&self) -> usize {
        self.seen.borrow().unanswered
    }

    /// How many logins, senders and recipients it has refused.
    pub fn refused(&self) -> usize {
        self.seen.borrow().refused
    }

    /// How many connections have been opened to it.
    pub fn connections(&self) -> usize {
        self.seen.borrow().connections
    }

    /// Waits until it has kept so many mails in all, and returns them.
    ///
    /// # Panics
    ///
    /// When that takes longer than `within`.
    pub async fn wait_for(&self, mails: usize, within: Duration) -> Vec<ReceivedMail> {
        self.wait(&format!("mail number {mails}"), within, |seen| {
            seen.mails.len() >= mails
        })
        .await;
        self.mails()
    }

    async fn wait(&self, what: &str, within: Duration, until: impl FnMut(&Seen) -> bool) {
        let mut seen = self.seen.clone();
        let Ok(came) = timeout(within, seen.wait_for(until)).await else {
            panic!("no {what} within {within:?}; {} mails so far", self.mails().len());
        };
        assert!(came.is_ok(), "the SMTP server ended before the {what}");
    }
}

impl SmtpMode {
    fn words(self) -> (&'static str, u16) {
        match self {
            Self::Normal => ("normal", 450),
            Self::Refuse(code) => ("refuse", code),
            Self::Hang => ("hang", 450),
            Self::HangAfterData => ("hang-after-data", 450),
            Self::DropAfterAccept => ("drop-after-accept", 450),
        }
    }
}

/// A certificate for a server and its key, as PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerCertificate {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// An authority made for one test, and what it has signed.
#[derive(Debug)]
pub struct Certificates(TempDir);

impl Certificates {
    /// Makes an authority and its certificates.
    ///
    /// # Panics
    ///
    /// When `openssl` is missing or fails.
    pub fn make() -> Self {
        let directory = TempDir::new().expect("there is room for temporary files");
        let made = Program::new(Path::new(DIRECTORY).join("make-certs"))
            .arg(directory.path())
            .status();
        assert!(
            made.is_ok_and(|status| status.success()),
            "tests/smtp/make-certs makes certificates with openssl"
        );
        Self(directory)
    }

    /// The authority's own certificate: the one to trust.
    pub fn authority(&self) -> PathBuf {
        self.0.path().join("ca.pem")
    }

    /// For localhost, 127.0.0.1 and `::1`.
    pub fn localhost(&self) -> ServerCertificate {
        self.named("localhost")
    }

    /// For a host that is none of these.
    pub fn wrong_host(&self) -> ServerCertificate {
        self.named("wrong-host")
    }

    fn named(&self, name: &str) -> ServerCertificate {
        let file = |extension| self.0.path().join(format!("{name}.{extension}"));
        ServerCertificate {
            certificate: file("pem"),
            key: file("key"),
        }
    }
}

fn arguments(options: &SmtpOptions) -> Vec<String> {
    let (mode, code) = options.mode.words();
    let mut arguments = vec![
        format!("--port={}", options.port),
        format!("--mode={mode}"),
        format!("--code={code}"),
    ];
    if let Some((user, password)) = &options.login {
        arguments.extend([format!("--user={user}"), format!("--password={password}")]);
    }
    let (tls, certificate) = match &options.tls {
        SmtpTls::None => ("none", None),
        SmtpTls::StartTls(certificate) => ("starttls", Some(certificate)),
        SmtpTls::Implicit(certificate) => ("implicit", Some(certificate)),
    };
    arguments.push(format!("--tls={tls}"));
    if let Some(ServerCertificate { certificate, key }) = certificate {
        arguments.extend([
            format!("--cert={}", certificate.display()),
            format!("--key={}", key.display()),
        ]);
    }
    arguments
}

async fn follow(mut events: Lines<BufReader<ChildStdout>>, seen: watch::Sender<Seen>) {
    while let Ok(Some(line)) = events.next_line().await {
        let event = serde_json::from_str(&line).expect("the SMTP server tells only known events");
        seen.send_modify(|seen| match event {
            Event::Listening { .. } | Event::ClientError => {}
            Event::Mail(mail) => seen.mails.push(mail),
            Event::Unanswered => seen.unanswered += 1,
            Event::Refused => seen.refused += 1,
            Event::Connect => seen.connections += 1,
            Event::Mode => seen.modes += 1,
        });
    }
}
