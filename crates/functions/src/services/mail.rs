//! `context.services.get("email")`: which mails of scripts are accepted.

use doorward_core::EmailAddress;

use crate::protocol::OutgoingMail;

/// The longest subject, in characters. A longer one is a mistake, or a body in the wrong place.
const MAX_SUBJECT: usize = 256;

/// The most bytes that a mail's subject and bodies have together.
const MAX_MAIL: usize = 1 << 20;

/// Accepts mails. It sends none: the flow that made the call stores the accepted mails in the transaction of what the
/// function decided.
#[derive(Debug, Clone, Copy)]
pub struct MailService {
    /// Whether the server can send mail at all.
    pub is_configured: bool,
}

impl MailService {
    /// Checks that a mail can be sent. An error is text for the script.
    pub(super) fn accept(self, mail: &OutgoingMail) -> Result<(), String> {
        let refuse = |why: &str| Err(why.to_owned());
        if !self.is_configured {
            return refuse("no mail can be sent: the server has no --smtp");
        }
        if !EmailAddress::parse(&mail.to).is_ok_and(|address| address.is_mailbox()) {
            return refuse("the address is not valid");
        }
        if mail.subject.chars().count() > MAX_SUBJECT {
            return Err(format!("the subject is longer than {MAX_SUBJECT} characters"));
        }
        // A line break could begin another header.
        if mail.subject.chars().any(char::is_control) {
            return refuse("the subject has control characters");
        }
        let bodies = [mail.text.as_deref(), mail.html.as_deref()].map(Option::unwrap_or_default);
        if bodies.iter().all(|body| body.is_empty()) {
            return refuse("the mail has neither text nor html");
        }
        if mail.subject.len() + bodies[0].len() + bodies[1].len() > MAX_MAIL {
            return Err(format!("the mail is longer than {MAX_MAIL} bytes"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIGURED: MailService = MailService { is_configured: true };

    fn mail() -> OutgoingMail {
        OutgoingMail {
            to: "ada@example.com".to_owned(),
            subject: "Hello".to_owned(),
            text: Some("text".to_owned()),
            html: None,
        }
    }

    #[test]
    fn a_mail_is_accepted_only_if_it_can_be_sent() {
        assert!(CONFIGURED.accept(&mail()).is_ok());
        let longest = OutgoingMail {
            subject: "ü".repeat(256),
            text: Some("x".repeat(MAX_MAIL - 512)),
            ..mail()
        };
        assert!(CONFIGURED.accept(&longest).is_ok());
        let to = |to: &str| OutgoingMail {
            to: to.to_owned(),
            ..mail()
        };
        let subject = |subject: &str| OutgoingMail {
            subject: subject.to_owned(),
            ..mail()
        };
        let text = |text: Option<&str>| OutgoingMail {
            text: text.map(str::to_owned),
            ..mail()
        };
        for (mail, expected) in [
            (to("ada"), "the address is not valid"),
            (to("ada@example.com, eve@example.com"), "the address is not valid"),
            (to("Ada <ada@example.com>"), "the address is not valid"),
            (
                to("ada@example.com\r\nBcc: eve@example.com"),
                "the address is not valid",
            ),
            (subject(&"x".repeat(257)), "the subject is longer than 256 characters"),
            (
                subject("a\r\nBcc: eve@example.com"),
                "the subject has control characters",
            ),
            (text(None), "the mail has neither text nor html"),
            (text(Some("")), "the mail has neither text nor html"),
            (
                OutgoingMail {
                    html: Some("x".to_owned()),
                    ..longest
                },
                "the mail is longer than 1048576 bytes",
            ),
        ] {
            assert_eq!(CONFIGURED.accept(&mail).unwrap_err(), expected);
        }
        let refused = MailService { is_configured: false }.accept(&mail()).unwrap_err();
        assert_eq!(refused, "no mail can be sent: the server has no --smtp");
    }
}
