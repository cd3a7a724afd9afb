//! A relay with scripted replies, for those that no real relay gives.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The replies of a relay: its greeting, and a reply to each command by its beginning. Any other command gets `250 ok`.
#[derive(Clone)]
pub(crate) struct Dialogue {
    pub(crate) greeting: &'static str,
    pub(crate) replies: &'static [(&'static str, &'static str)],
}

/// A relay in this process that gives scripted replies.
pub(crate) struct ScriptedRelay {
    pub(crate) port: u16,
    seen: Seen,
    /// The command that it does not answer for now.
    stalled: watch::Sender<Option<&'static str>>,
}

#[derive(Clone, Default)]
struct Seen {
    heard: Arc<Mutex<Vec<String>>>,
    mails: Arc<AtomicUsize>,
}

impl ScriptedRelay {
    pub(crate) async fn start(dialogue: Dialogue) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Seen::default();
        let log = seen.clone();
        let (stalled, waits) = watch::channel(None);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, dialogue.clone(), log.clone(), waits.clone()));
            }
        });
        Self { port, seen, stalled }
    }

    /// Makes it answer this command only after [`Self::go_on`].
    pub(crate) fn stall_at(&self, command: &'static str) {
        self.stalled.send_replace(Some(command));
    }

    pub(crate) fn go_on(&self) {
        self.stalled.send_replace(None);
    }

    /// How many mails came with the dot that ends them.
    pub(crate) fn mails(&self) -> usize {
        self.seen.mails.load(Ordering::SeqCst)
    }

    /// Every line that clients sent, without the host name of `EHLO` and the content of mails.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.seen.heard.lock().unwrap().clone()
    }
}

async fn converse(
    stream: TcpStream,
    dialogue: Dialogue,
    seen: Seen,
    mut stalled: watch::Receiver<Option<&'static str>>,
) -> Option<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer
        .write_all(format!("{}\r\n", dialogue.greeting).as_bytes())
        .await
        .ok()?;
    while let Some(line) = lines.next_line().await.ok()? {
        let said = if line.starts_with("EHLO") {
            "EHLO".to_owned()
        } else {
            line.clone()
        };
        seen.heard.lock().unwrap().push(said);
        let waits = |command: &str| line.starts_with(command);
        stalled.wait_for(|command| !command.is_some_and(waits)).await.ok()?;
        let reply = dialogue.replies.iter().find(|(command, _)| line.starts_with(command));
        let reply = match reply {
            Some((_, reply)) => reply,
            None if line == "DATA" => "354 go on",
            None => "250 ok",
        };
        writer.write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
        if reply.starts_with("354") {
            while lines.next_line().await.ok()?? != "." {}
            seen.mails.fetch_add(1, Ordering::SeqCst);
            writer.write_all(b"250 kept\r\n").await.ok()?;
        }
    }
    Some(())
}
