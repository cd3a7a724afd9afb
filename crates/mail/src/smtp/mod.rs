//! Sends mails to a relay over SMTP.

mod connection;
mod format;
mod idle;
mod implicit_tls;
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

use self::connection::Connection;
use self::format::Formatted;
use self::idle::IdleConnections;
use self::refusal::{Phase, Refusal};
use self::relay::Relay;
use crate::claims::lapsed;
use crate::{Claim, Message, SendError, Transport, large};

/// Sends mails to one relay, over connections that are kept for a while.
///
/// The steps before the content of the mail have a time limit here; the caller sets one for the whole, and drops the
/// future when it is over. A connection belongs to the attempt that uses it and is kept only when no reply is
/// outstanding, so an attempt that is given up closes its connection. (The pool of `lettre` keeps a connection wherever
/// its user stopped: the outstanding reply would be taken for the reply to the next mail.)
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
    /// Credentials stand in the URL, percent-encoded: `smtps://user:password@host`. Without encryption they are sent
    /// only to this machine. A relay's certificate is always verified, against the authorities that the system trusts;
    /// `?ca=/path/file.pem` adds one.
    pub fn from_url(url: &str) -> Result<Self, SmtpUrlError> {
        Ok(Self {
            relay: self::url::parse(url)?,
            idle: Arc::default(),
        })
    }
}

/// The time limit of all steps before the content of the mail: a relay that does not get this far has not accepted
/// anything.
const PREPARE_TIMEOUT: Duration = Duration::from_secs(20);

impl SmtpTransport {
    /// A connection on which the relay is ready for the mail's content, or has refused the envelope.
    async fn prepare(&self, mail: &Formatted, claim: &Claim) -> Result<(Connection, Result<(), Refusal>), SendError> {
        let mut connection = match self.idle.take().await {
            Some(connection) => connection,
            None => self.relay.connect().await?,
        };
        let mut prepared = envelope(&mut connection.smtp, mail).await;
        if prepared.is_ok() {
            claim.check().await?;
            connection.gate.guard(claim);
            prepared = announce(&mut connection.smtp).await;
        }
        Ok((connection, prepared))
    }
}

#[async_trait]
impl Transport for SmtpTransport {
    async fn send(&self, message: &Message, claim: &Claim) -> Result<(), SendError> {
        let message = message.clone();
        let mail = large::away(message.size(), move || self::format::format(&message)).await;
        let mail = mail.ok_or_else(|| self::format::unwritable("the mail cannot be formatted"))??;
        let prepared = timeout(PREPARE_TIMEOUT, self.prepare(&mail, claim)).await;
        let (mut connection, prepared) = prepared.unwrap_or_else(|_| {
            Err(SendError::Transient {
                reason: "the relay did not answer in time".to_owned(),
            })
        })?;
        let handed_over = match prepared {
            Ok(()) => content(&mut connection.smtp, &mail).await,
            Err(refusal) => Err(refusal),
        };
        match handed_over {
            Ok(()) => {
                self.idle.put(connection);
                Ok(())
            }
            // The gate has stopped the writing, and the connection closes before the end of the mail.
            Err(refusal) if !refusal.leaves_connection_usable() && !claim.holds() => Err(lapsed()),
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

/// Sends the envelope, step by step, because the meaning of a refusal depends on the command that was refused.
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
    Ok(())
}

/// Announces the content.
async fn announce(connection: &mut AsyncSmtpConnection) -> Result<(), Refusal> {
    connection
        .command(Data)
        .await
        .map_err(|error| Refusal::new(Phase::Content, &error))?;
    Ok(())
}

/// Sends the content. After its last line the relay alone knows whether it accepts the mail, and many relays scan a
/// mail before they reply.
async fn content(connection: &mut AsyncSmtpConnection, mail: &Formatted) -> Result<(), Refusal> {
    connection
        .message(&mail.raw)
        .await
        .map_err(|error| Refusal::new(Phase::Content, &error))?;
    Ok(())
}

/// The extensions that a mail needs; RFC 6531 forbids sending it to a relay that does not offer SMTPUTF8.
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
