//! A relay with scripted replies, for those that no real relay gives.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The replies of a relay: its greeting, and a reply to each command by its beginning. Any other command gets `250 ok`.
#[derive(Clone)]
pub(crate) struct Dialogue {
    pub(crate) greeting: &'static str,
    pub(crate) replies: &'static [(&'static str, &'static str)],
}

/// A relay in this process that gives scripted replies.
pub(crate) struct ScriptedRelay {
    pub(crate) port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl ScriptedRelay {
    pub(crate) async fn start(dialogue: Dialogue) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, dialogue.clone(), Arc::clone(&log)));
            }
        });
        Self { port, heard }
    }

    /// Every line that clients sent, without the host name of `EHLO` and the content of mails.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

async fn converse(stream: TcpStream, dialogue: Dialogue, heard: Arc<Mutex<Vec<String>>>) -> Option<()> {
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
        heard.lock().unwrap().push(said);
        let reply = dialogue.replies.iter().find(|(command, _)| line.starts_with(command));
        let reply = match reply {
            Some((_, reply)) => reply,
            None if line == "DATA" => "354 go on",
            None => "250 ok",
        };
        writer.write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
        if reply.starts_with("354") {
            while lines.next_line().await.ok()?? != "." {}
            writer.write_all(b"250 kept\r\n").await.ok()?;
        }
    }
    Some(())
}
