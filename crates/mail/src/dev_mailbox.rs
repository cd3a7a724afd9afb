//! The development mailbox: mails are kept in memory and shown, and never leave this process.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::links::links_in;
use crate::{Claim, Message, SendError, Transport, large};

/// Keeps the newest mails in memory, never on disk. Clones share them.
#[derive(Clone, Default)]
pub struct DevMailbox(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    messages: VecDeque<DevMessage>,
    /// The bytes of their bodies.
    bytes: usize,
}

/// A mail as the development mailbox shows it.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct DevMessage {
    /// The mail's row in the outbox.
    pub id: String,
    /// The recipient.
    pub to: String,
    /// The sender.
    pub from: String,
    /// The subject.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML.
    pub html: String,
    /// The links in the bodies.
    pub links: Vec<String>,
    /// When a flow put the mail into the outbox, as RFC 3339.
    pub created_at: String,
}

impl DevMailbox {
    /// How many mails are kept.
    pub const CAPACITY: usize = 1_000;

    /// How many bytes the bodies of the mails may have together. The newest mail is kept whatever its size.
    pub const BYTES: usize = 64 << 20;

    /// An empty mailbox.
    pub fn new() -> Self {
        Self::default()
    }

    /// The mails, oldest first.
    pub fn messages(&self) -> Vec<DevMessage> {
        self.lock().messages.iter().cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        // Nothing between lock and unlock can leave the list half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Transport for DevMailbox {
    async fn send(&self, message: &Message, claim: &Claim) -> Result<(), SendError> {
        claim.check().await?;
        let message = message.clone();
        let shown = large::away(message.size(), move || DevMessage::from(message)).await;
        let shown = shown.ok_or_else(|| SendError::Transient {
            reason: "the mail could not be read for the development mailbox".to_owned(),
        })?;
        self.lock().push(shown);
        Ok(())
    }
}

impl Kept {
    fn push(&mut self, message: DevMessage) {
        self.bytes += message.size();
        self.messages.push_back(message);
        while self.messages.len() > 1 && (self.messages.len() > DevMailbox::CAPACITY || self.bytes > DevMailbox::BYTES)
        {
            let oldest = self.messages.pop_front();
            self.bytes -= oldest.map_or(0, |oldest| oldest.size());
        }
    }
}

impl DevMessage {
    fn size(&self) -> usize {
        self.text.len() + self.html.len()
    }
}

impl From<Message> for DevMessage {
    fn from(message: Message) -> Self {
        let nanos = i128::from(message.created_at.as_millis()) * 1_000_000;
        let created_at = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let links = message
            .link
            .map_or_else(|| links_in(&message.text, &message.html), |link| vec![link]);
        Self {
            id: message.id.to_string(),
            to: message.to.as_str().to_owned(),
            from: message.from.to_string(),
            subject: message.subject,
            text: message.text,
            html: message.html,
            links,
            created_at: created_at.format(&Rfc3339).unwrap_or_default(),
        }
    }
}

impl fmt::Debug for DevMailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DevMailbox(..)")
    }
}

impl fmt::Debug for DevMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DevMessage")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
