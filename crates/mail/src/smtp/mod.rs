//! Handing mails to a relay over SMTP.

mod format;
mod idle;
mod plain_phase;
mod refusal;
mod relay;
mod url;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lettre::Address;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{Extension, MailBodyParameter, MailParameter};
use tokio::time::timeout;

pub use self::url::SmtpUrlError;

use self::format::Formatted;
use self::idle::IdleConnections;
use self::refusal::{Phase, Refusal};
use self::relay::Relay;
use crate::{Message, SendError, Transport};

/// Hands mails to one relay, over connections that are kept for a while.
///
/// What comes before the mail itself has a time limit here; for the rest whoever calls sets one, and drops the future when it is over.
/// A connection belongs to the attempt that uses it and is put back only when the relay has answered all that was asked,
/// so an attempt that is given up takes its connection with it. (The pool of `lettre` puts a connection back
/// wherever its user stopped: the answer that was still to come would be taken for the answer to the next mail.)
pub struct SmtpTransport {
    relay: Relay,
    idle: Arc<IdleConnections>,
}

impl SmtpTransport {
    /// Takes the relay from a URL:
    ///
    /// | | |
    /// |---|---|
    /// | `smtps://host` | TLS from the first byte, port 465 |
    /// | `smtp+starttls://host` | STARTTLS, or nothing is sent; port 587 |
    /// | `smtp://host` | no encryption, port 25; only to this machine, or anywhere with `?tls=none` |
    ///
    /// Credentials stand in the URL, percent-encoded: `smtps://user:password@host`. Without encryption they are sent only to this machine.
    /// A relay's certificate is always verified, against the authorities that the system trusts; `?ca=/path/file.pem` adds one.
    pub fn from_url(url: &str) -> Result<Self, SmtpUrlError> {
        Ok(Self {
            relay: self::url::parse(url)?,
            idle: Arc::default(),
        })
    }
}

/// How long all may take that comes before the mail itself: a relay that does not get this far has not accepted anything.
const PREPARE_TIMEOUT: Duration = Duration::from_secs(20);

impl SmtpTransport {
    /// A connection whose relay waits for the mail's content, or has refused the envelope.
    async fn prepare(&self, mail: &Formatted) -> Result<(AsyncSmtpConnection, Result<(), Refusal>), SendError> {
        let mut connection = match self.idle.take().await {
            Some(connection) => connection,
            None => self.relay.connect().await?,
        };
        let prepared = envelope(&mut connection, mail).await;
        Ok((connection, prepared))
    }
}

#[async_trait]
impl Transport for SmtpTransport {
    async fn send(&self, message: &Message) -> Result<(), SendError> {
        let mail = self::format::format(message)?;
        let prepared = timeout(PREPARE_TIMEOUT, self.prepare(&mail)).await;
        let (mut connection, prepared) = prepared.unwrap_or_else(|_| {
            Err(SendError::Transient {
                reason: "the relay did not answer in time".to_owned(),
            })
        })?;
        let handed_over = match prepared {
            Ok(()) => content(&mut connection, &mail).await,
            Err(refusal) => Err(refusal),
        };
        match handed_over {
            Ok(()) => {
                self.idle.put(connection);
                Ok(())
            }
            Err(refusal) => {
                if refusal.leaves_connection_usable() {
                    self.idle.put(connection);
                }
                Err(refusal.into())
            }
        }
    }
}

/// The address in it may be personal data and the URL holds credentials: neither is shown.
impl fmt::Debug for SmtpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmtpTransport(..)")
    }
}

/// The envelope. Each step is taken by itself, because what a refusal means depends on what was refused.
async fn envelope(connection: &mut AsyncSmtpConnection, mail: &Formatted) -> Result<(), Refusal> {
    let options = mail_options(connection, mail)?;
    let sender = Mail::new(Some(mail.from.clone()), options);
    connection
        .command(sender)
        .await
        .map_err(|error| Refusal::new(Phase::Sender, &error))?;
    let recipient = Rcpt::new(mail.to.clone(), Vec::new());
    connection
        .command(recipient)
        .await
        .map_err(|error| Refusal::new(Phase::Recipient, &error))?;
    connection
        .command(Data)
        .await
        .map_err(|error| Refusal::new(Phase::Content, &error))?;
    Ok(())
}

/// The mail itself. From its last line on it is the relay's to say what became of it, and many look into a mail before they do.
async fn content(connection: &mut AsyncSmtpConnection, mail: &Formatted) -> Result<(), Refusal> {
    connection
        .message(&mail.raw)
        .await
        .map_err(|error| Refusal::new(Phase::Content, &error))?;
    Ok(())
}

/// What a mail needs of the relay beyond plain SMTP; RFC 6531 forbids to send it where that is not offered.
fn mail_options(connection: &AsyncSmtpConnection, mail: &Formatted) -> Result<Vec<MailParameter>, Refusal> {
    let offers = |extension| connection.server_info().supports_feature(extension);
    let mut options = Vec::new();
    if !is_ascii(&mail.to) {
        if !offers(Extension::SmtpUtfEight) {
            return Err(Refusal::unsupported(
                "the address is not ASCII, and the relay does not offer SMTPUTF8",
            ));
        }
        options.push(MailParameter::SmtpUtfEight);
    }
    if !mail.raw.is_ascii() {
        if !offers(Extension::EightBitMime) {
            return Err(Refusal::unsupported(
                "the mail is not ASCII, and the relay does not offer 8BITMIME",
            ));
        }
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    Ok(options)
}

fn is_ascii(address: &Address) -> bool {
    let text: &str = address.as_ref();
    text.is_ascii()
}
