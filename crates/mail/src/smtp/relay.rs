//! A relay and how to reach it.

use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use tokio::net::TcpStream;

use super::connection::{Connection, Gate, Gated};
use super::implicit_tls::ImplicitTls;
use super::plain_phase::PlainPhase;
use super::refusal::{Phase, Refusal, io_cause};
use crate::SendError;

/// How long one address of the relay may take to accept a connection, so that a dead one leaves time for the next.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(8);

/// A relay and how to reach it.
pub(super) struct Relay {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) credentials: Option<Credentials>,
}

/// How the connection is encrypted.
pub(super) enum Security {
    /// Without encryption.
    None,
    /// By STARTTLS after a plain beginning; a relay without STARTTLS gets no mail.
    StartTls(TlsParameters),
    /// By TLS from the first byte.
    Implicit(TlsParameters),
}

impl Relay {
    /// Opens a connection that is ready for mail: first encrypted, then logged in.
    pub(super) async fn connect(&self) -> Result<Connection, SendError> {
        let gate = Gate::default();
        let stream = Gated::new(self.dial().await?, gate.clone());
        let mut smtp = self
            .greet(stream)
            .await
            .map_err(|error| Refusal::new(Phase::Connect, &error))?;
        if let Some(credentials) = &self.credentials {
            smtp.auth(DEFAULT_MECHANISMS, credentials)
                .await
                .map_err(|error| Refusal::new(Phase::Authenticate, &error))?;
        }
        Ok(Connection { smtp, gate })
    }

    async fn greet(&self, stream: Gated) -> Result<AsyncSmtpConnection, Error> {
        let hello = ClientId::default();
        match &self.security {
            Security::None => AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello).await,
            Security::Implicit(tls) => {
                let stream = ImplicitTls::over(Box::new(stream), tls.clone()).await?;
                AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello).await
            }
            Security::StartTls(tls) => {
                let stream = Box::new(PlainPhase::new(stream));
                let mut connection = AsyncSmtpConnection::connect_with_transport(stream, &hello).await?;
                connection.starttls(tls.clone(), &hello).await?;
                Ok(connection)
            }
        }
    }

    async fn dial(&self) -> Result<TcpStream, SendError> {
        let cause = match tokio::net::lookup_host((self.host.as_str(), self.port)).await {
            Ok(addresses) => {
                let mut cause = "the host has no address".to_owned();
                for address in addresses {
                    match tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
                        Ok(Ok(stream)) => return Ok(stream),
                        Ok(Err(error)) => cause = io_cause(&error),
                        Err(_) => "timed out".clone_into(&mut cause),
                    }
                }
                cause
            }
            Err(error) => io_cause(&error),
        };
        Err(SendError::Transient {
            reason: format!("connecting to the relay failed: {cause}"),
        })
    }
}
