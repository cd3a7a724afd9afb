//! One mail, ready to be sent.

use std::fmt;

use doorward_core::{EmailAddress, MailId, Timestamp};

use crate::MailFrom;

/// One mail, ready to be sent. It may hold a live link, so its `Debug` shows the id only.
#[derive(Clone)]
pub struct Message {
    /// The mail's row in the outbox.
    pub id: MailId,
    /// The sender.
    pub from: MailFrom,
    /// The one recipient: the stored address of the registration, or the one that a function named.
    pub to: EmailAddress,
    /// The subject, on one line.
    pub subject: String,
    /// The body as plain text; a function may leave it empty.
    pub text: String,
    /// The body as HTML; a function may leave it empty.
    pub html: String,
    /// The link that the mail is about; `None` if a function wrote the mail.
    pub link: Option<String>,
    /// The `Message-ID` with its angle brackets: the same at every attempt, so that a repeated mail can be recognised.
    pub message_id: String,
    /// When a flow put the mail into the outbox; its `Date`.
    pub created_at: Timestamp,
}

impl Message {
    /// The size of the bodies in bytes.
    pub(crate) fn size(&self) -> usize {
        self.text.len() + self.html.len()
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("id", &self.id).finish_non_exhaustive()
    }
}
