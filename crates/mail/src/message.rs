//! One mail, ready to be handed over.

use std::fmt;

use doorward_core::{EmailAddress, MailId, Timestamp};

use crate::MailFrom;

/// One mail, ready to be handed over. It may hold a live link, so its `Debug` shows nothing but the id.
#[derive(Clone)]
pub struct Message {
    /// The outbox row that it was written for.
    pub id: MailId,
    /// Who it is from.
    pub from: MailFrom,
    /// The one recipient: the stored address of the registration, or the one that a function named.
    pub to: EmailAddress,
    /// The subject, on one line.
    pub subject: String,
    /// The plain text; a function may leave it empty.
    pub text: String,
    /// The same as HTML; a function may leave it empty, too.
    pub html: String,
    /// The links that it carries.
    pub links: Vec<String>,
    /// The `Message-ID` with its angle brackets: the same at every attempt, so that a repeated mail can be recognised.
    pub message_id: String,
    /// When it was promised; its `Date`.
    pub created_at: Timestamp,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("id", &self.id).finish_non_exhaustive()
    }
}
