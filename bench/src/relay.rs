//! A mail relay in the driver: it accepts mails and keeps their links, or fails in the ways in which relays fail.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A mail that takes longer does not come.
const PATIENCE: Duration = Duration::from_mins(2);

/// How a relay behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Takes every mail.
    Normal,
    /// Refuses connections.
    Down,
    /// Answers every recipient with 450.
    Refusing,
    /// Accepts connections and sends nothing.
    Hanging,
}

/// A running relay; it ends when it is dropped.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    taken: Arc<Mutex<Taken>>,
    task: Option<JoinHandle<()>>,
}

/// The mails that the relay has taken.
#[derive(Default)]
struct Taken {
    links: Vec<Link>,
    /// When the first mail to each recipient arrived.
    arrivals: HashMap<String, Instant>,
}

/// The token pair of a mailed link.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) token: String,
    pub(crate) token_id: String,
}

impl Relay {
    pub(crate) async fn start(behaviour: Behaviour) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let taken = Arc::<Mutex<Taken>>::default();
        // The listener is dropped, so its address refuses connections.
        let task =
            (behaviour != Behaviour::Down).then(|| tokio::spawn(listen(listener, behaviour, Arc::clone(&taken))));
        Ok(Self { address, taken, task })
    }

    /// Takes the links of this many mails, as soon as the mails have arrived.
    pub(crate) async fn take_links(&self, count: usize) -> Result<Vec<Link>> {
        let (mut seen, mut unchanged) = (0, 0);
        loop {
            let arrived = lock(&self.taken).links.len();
            if arrived >= count {
                return Ok(lock(&self.taken).links.split_off(arrived - count));
            }
            unchanged = if arrived == seen { unchanged + 1 } else { 0 };
            seen = arrived;
            if unchanged > 1_000 {
                bail!("{arrived} of {count} mails have come, and no more for ten seconds");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Relay {
    /// When the first mail to this recipient arrived, as soon as it has.
    pub(crate) async fn arrival(&self, recipient: &str) -> Result<Instant> {
        let asked = Instant::now();
        loop {
            if let Some(arrived) = lock(&self.taken).arrivals.get(recipient) {
                return Ok(*arrived);
            }
            if asked.elapsed() > PATIENCE {
                bail!("no mail has come for {PATIENCE:?}");
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn listen(listener: TcpListener, behaviour: Behaviour, taken: Arc<Mutex<Taken>>) {
    let mut sessions = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let taken = Arc::clone(&taken);
        sessions.spawn(async move {
            if behaviour == Behaviour::Hanging {
                // The connection stays open as long as the relay does.
                std::future::pending::<()>().await;
            }
            // A client whose connection breaks tries again.
            let _ = talk(stream, behaviour, &taken).await;
        });
        while sessions.try_join_next().is_some() {}
    }
}

/// As much SMTP (RFC 5321) as a sender needs.
async fn talk(stream: TcpStream, behaviour: Behaviour, taken: &Mutex<Taken>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 bench ESMTP\r\n").await?;
    let (mut line, mut recipient) = (Vec::new(), String::new());
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let answer: &[u8] = match verb.as_slice() {
            b"EHLO" => b"250-bench\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
            b"RCPT" if behaviour == Behaviour::Refusing => b"450 4.2.1 try again later\r\n",
            b"DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let mail = read_mail(&mut stream).await?;
                let mut taken = lock(taken);
                taken
                    .arrivals
                    .entry(std::mem::take(&mut recipient))
                    .or_insert_with(Instant::now);
                taken.links.extend(find_link(&mail));
                drop(taken);
                b"250 taken\r\n"
            }
            b"QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            b"RCPT" => {
                recipient = address_in(&line);
                b"250 fine\r\n"
            }
            b"HELO" | b"MAIL" | b"RSET" | b"NOOP" => b"250 fine\r\n",
            _ => b"500 what?\r\n",
        };
        stream.write_all(answer).await?;
    }
}

async fn read_mail(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut mail = Vec::new();
    loop {
        let start = mail.len();
        if stream.read_until(b'\n', &mut mail).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if &mail[start..] == b".\r\n" {
            return Ok(String::from_utf8_lossy(&mail).into_owned());
        }
    }
}

/// The first link of a mail. Its body may be quoted-printable, which breaks lines and escapes `=` (RFC 2045 §6.7).
fn find_link(mail: &str) -> Option<Link> {
    let text = if mail.to_ascii_lowercase().contains("quoted-printable") {
        mail.replace("=\r\n", "").replace("=3D", "=")
    } else {
        mail.to_owned()
    };
    let hexadecimal = |name: &str, length| {
        let (_, rest) = text.split_once(name)?;
        let value = rest.get(..length)?;
        value
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit())
            .then(|| value.to_owned())
    };
    Some(Link {
        token: hexadecimal("token=", 128)?,
        token_id: hexadecimal("tokenId=", 24)?,
    })
}

/// What stands in angle brackets.
fn address_in(line: &[u8]) -> String {
    let line = String::from_utf8_lossy(line);
    let address = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    address.map(|(address, _)| address.to_owned()).unwrap_or_default()
}

fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    // Nothing between lock and unlock can leave the list half changed.
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_found_in_plain_and_in_quoted_printable() {
        let (token, id) = ("ab".repeat(64), "0123456789abcdef01234567");
        let plain = format!("Subject: x\r\n\r\nhttp://a/confirm?token={token}&tokenId={id}\r\n");
        let quoted = format!(
            "Content-Transfer-Encoding: quoted-printable\r\n\r\nhttp://a/confirm?token=3D{}=\r\n{}&tokenId=3D{id}\r\n",
            &token[..50],
            &token[50..]
        );
        for mail in [plain, quoted] {
            let link = find_link(&mail).unwrap();
            assert_eq!((link.token.as_str(), link.token_id.as_str()), (token.as_str(), id));
        }
        assert!(find_link("token=abc&tokenId=def").is_none());
    }
}
