//! The sender of every mail.

use std::fmt;
use std::str::FromStr;

use lettre::message::Mailbox;

/// A sender: `a@b` or `Name <a@b>`.
#[derive(Clone, PartialEq, Eq)]
pub struct MailFrom(Mailbox);

/// A sender whose text or address cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a sender is written a@example.com or Name <a@example.com>, with an ASCII address (a domain may be in its xn-- form)"
)]
pub struct InvalidMailFrom;

impl MailFrom {
    /// The domain of the address; message ids are made below it.
    pub fn domain(&self) -> &str {
        self.0.email.domain()
    }

    pub(crate) fn mailbox(&self) -> &Mailbox {
        &self.0
    }
}

impl FromStr for MailFrom {
    type Err = InvalidMailFrom;

    fn from_str(text: &str) -> Result<Self, InvalidMailFrom> {
        if text.chars().any(char::is_control) {
            return Err(InvalidMailFrom);
        }
        let mailbox = Mailbox::from_str(text.trim()).map_err(|_| InvalidMailFrom)?;
        // With a non-ASCII sender, every mail would depend on a relay that offers SMTPUTF8.
        let address: &str = mailbox.email.as_ref();
        if address.is_ascii() {
            Ok(Self(mailbox))
        } else {
            Err(InvalidMailFrom)
        }
    }
}

impl fmt::Display for MailFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for MailFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailFrom(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        for (text, shown) in [
            ("a@example.com", "a@example.com"),
            ("Notes <a@example.com>", "Notes <a@example.com>"),
            ("\"Notes, Inc.\" <a@example.com>", "\"Notes, Inc.\" <a@example.com>"),
            ("Nötes <a@example.com>", "Nötes <a@example.com>"),
        ] {
            let from: MailFrom = text.parse().unwrap();
            assert_eq!((from.to_string().as_str(), from.domain()), (shown, "example.com"));
        }
    }

    #[test]
    fn t15_nothing_else_is_a_sender() {
        for text in [
            "",
            "a",
            "a@",
            "@b",
            "a@b@c",
            "a@exämple.com",
            "ä@example.com",
            "a@example.com, b@example.com",
            "a@example.com\r\nBcc: b@example.com",
            "Notes\r\nBcc: b@example.com <a@example.com>",
            "Notes <a@example.com> trailing",
        ] {
            assert_eq!(text.parse::<MailFrom>(), Err(InvalidMailFrom), "{text:?}");
        }
    }
}
