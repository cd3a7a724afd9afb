//! How mail leaves this server.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use doorward_core::Links;
use doorward_mail::{DevMailbox, MailFrom, SmtpTransport, Transport};

use crate::config::Smtp;
use crate::loopback::is_loopback_url;

/// A transport for mail.
pub(crate) struct MailOut {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) from: MailFrom,
    /// The development mailbox, if mails are kept in this process.
    pub(crate) mailbox: Option<DevMailbox>,
}

impl MailOut {
    /// The relay that the operator names, or the development mailbox where only this machine can reach the server.
    pub(crate) fn choose(smtp: Option<&Smtp>, bound: SocketAddr, links: &Links) -> Result<Option<Self>> {
        if let Some(smtp) = smtp {
            let from = smtp.from.parse();
            let from = from.with_context(|| format!("--mail-from {}", smtp.from))?;
            let transport = SmtpTransport::from_url(&smtp.url.0).context("--smtp")?;
            return Ok(Some(Self {
                transport: Arc::new(transport),
                from,
                mailbox: None,
            }));
        }
        if !(bound.ip().is_loopback() && is_loopback_url(links.public_url())) {
            return Ok(None);
        }
        let mailbox = DevMailbox::new();
        let from = "Doorward <doorward@localhost>".parse();
        Ok(Some(Self {
            transport: Arc::new(mailbox.clone()),
            from: from.context("the sender of development mails")?,
            mailbox: Some(mailbox),
        }))
    }
}
