//! Handing mails to a relay over SMTP.

mod format;
mod idle;
mod plain_phase;
mod refusal;
mod relay;
mod url;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use lettre::Address;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{Extension, MailBodyParameter, MailParameter};

pub use self::url::SmtpUrlError;

use self::format::Formatted;
use self::idle::IdleConnections;
use self::refusal::{Phase, Refusal};
use self::relay::Relay;
use crate::{Message, SendError, Transport};

/// Hands mails to one relay, over connections that are kept for a while.
///
/// An attempt has no time limit of its own but for connecting: whoever calls sets one, and drops the future when it is over.
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

#[async_trait]
impl Transport for SmtpTransport {
    async fn send(&self, message: &Message) -> Result<(), SendError> {
        let mail = self::format::format(message)?;
        let mut connection = match self.idle.take().await {
            Some(connection) => connection,
            None => self.relay.connect().await?,
        };
        match hand_over(&mut connection, &mail).await {
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

/// One SMTP transaction. Each step is taken by itself, because what a refusal means depends on what was refused.
async fn hand_over(connection: &mut AsyncSmtpConnection, mail: &Formatted) -> Result<(), Refusal> {
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
