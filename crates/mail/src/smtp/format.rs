//! A mail as the bytes that go over the wire.

use std::time::{Duration, UNIX_EPOCH};

use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};

use crate::{Message, SendError};

/// A mail and its envelope.
pub(super) struct Formatted {
    pub(super) from: Address,
    pub(super) to: Address,
    pub(super) raw: Vec<u8>,
}

/// Writes the headers and both bodies. They depend on the message alone, so every attempt sends the same bytes.
pub(super) fn format(message: &Message) -> Result<Formatted, SendError> {
    let to: Address = message
        .to
        .as_str()
        .parse()
        .map_err(|_| unwritable("the address cannot be written in a mail"))?;
    let from = message.from.mailbox().clone();
    let sender = from.email.clone();
    let sent = u64::try_from(message.created_at.as_millis()).unwrap_or(0);
    // RFC 3834: without it, out-of-office programs reply.
    let auto_submitted = HeaderValue::new(
        HeaderName::new_from_ascii_str("Auto-Submitted"),
        "auto-generated".to_owned(),
    );
    // Given explicitly, because `lettre` would parse it from the headers, and does not understand every quoted local
    // part there.
    let envelope =
        Envelope::new(Some(sender.clone()), vec![to.clone()]).map_err(|_| unwritable("the mail has no recipient"))?;
    let mail = lettre::Message::builder()
        .envelope(envelope)
        .from(from)
        .to(Mailbox::new(None, to.clone()))
        .subject(message.subject.as_str())
        .date(UNIX_EPOCH + Duration::from_millis(sent))
        .message_id(Some(message.message_id.clone()))
        .raw_header(auto_submitted);
    let mail = match (message.text.as_str(), message.html.as_str()) {
        (text, "") => mail.singlepart(SinglePart::plain(text.to_owned())),
        ("", html) => mail.singlepart(SinglePart::html(html.to_owned())),
        (text, html) => mail.multipart(MultiPart::alternative_plain_html(text.to_owned(), html.to_owned())),
    };
    let mail = mail.map_err(|_| unwritable("the mail cannot be formatted"))?;
    Ok(Formatted {
        from: sender,
        to,
        raw: mail.formatted(),
    })
}

pub(super) fn unwritable(reason: &str) -> SendError {
    SendError::Permanent {
        reason: reason.to_owned(),
    }
}
