//! What a failed step of an SMTP conversation means, in words that are safe to log.
//!
//! The text of a reply often repeats the address, so only its codes are kept.

use std::error::Error as _;
use std::io;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::response::{Code, Severity};

use crate::SendError;

/// How far an attempt got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Connecting, the greeting, encryption.
    Connect,
    /// Authentication.
    Authenticate,
    /// `MAIL FROM`.
    Sender,
    /// `RCPT TO`.
    Recipient,
    /// `DATA` and what follows.
    Content,
}

/// A failed step.
#[derive(Debug)]
pub(super) struct Refusal {
    permanent: bool,
    usable: bool,
    reason: String,
}

impl Refusal {
    pub(super) fn new(phase: Phase, error: &Error) -> Self {
        let code = error.status().map(number);
        Self {
            permanent: code.is_some_and(|code| blames_the_mail(phase, code)),
            // After 421 the relay hangs up; and after a missing reply, one may still come and be taken for the next.
            usable: code.is_some_and(|code| code != 421),
            reason: reason(phase, error),
        }
    }

    /// The relay cannot carry this mail; the client has sent it nothing of the mail.
    pub(super) fn unsupported(reason: &str) -> Self {
        Self {
            permanent: true,
            usable: true,
            reason: reason.to_owned(),
        }
    }

    /// Whether no reply is outstanding, so that the next mail can go over the same connection.
    pub(super) fn leaves_connection_usable(&self) -> bool {
        self.usable
    }
}

impl From<Refusal> for SendError {
    fn from(refusal: Refusal) -> Self {
        let reason = refusal.reason;
        if refusal.permanent {
            Self::Permanent { reason }
        } else {
            Self::Transient { reason }
        }
    }
}

/// Whether a reply refuses this mail, rather than the session. Before `RCPT TO` the relay cannot mean the mail, so even
/// a `5xx` (a greeting of 554, wrong credentials, a sender that may not send) is something that an operator can correct
/// in time.
fn blames_the_mail(phase: Phase, code: u16) -> bool {
    let about_the_session = matches!(code, 503 | 530 | 534 | 535 | 538);
    matches!(phase, Phase::Recipient | Phase::Content) && code >= 500 && !about_the_session
}

fn reason(phase: Phase, error: &Error) -> String {
    let Some(code) = error.status() else {
        return format!("{}: {}", failed(phase), cause(error));
    };
    let what = match phase {
        Phase::Connect => "the relay refused the connection",
        Phase::Authenticate => "the relay refused the credentials",
        Phase::Sender => "the relay refused the sender",
        Phase::Recipient => "the relay refused the recipient",
        Phase::Content => "the relay refused the mail",
    };
    match error
        .source()
        .map(ToString::to_string)
        .as_deref()
        .and_then(enhanced_code)
    {
        Some(enhanced) => format!("{what}: {code} {enhanced}"),
        None => format!("{what}: {code}"),
    }
}

fn failed(phase: Phase) -> &'static str {
    match phase {
        Phase::Connect => "connecting to the relay failed",
        Phase::Authenticate => "logging in to the relay failed",
        Phase::Sender | Phase::Recipient | Phase::Content => "the connection to the relay broke",
    }
}

/// Why there is no reply. The texts of `lettre` are fixed; those of the operating system and TLS name hosts at most.
fn cause(error: &Error) -> String {
    let mut next = error.source();
    while let Some(source) = next {
        if let Some(error) = source.downcast_ref::<io::Error>() {
            return io_cause(error);
        }
        next = source.source();
    }
    match error.source() {
        Some(source) if error.is_client() => printable(&source.to_string()),
        _ => "no valid reply".to_owned(),
    }
}

pub(super) fn io_cause(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the relay closed the connection".to_owned(),
        _ => printable(&error.to_string()),
    }
}

/// Finds the enhanced status code, such as `5.1.1`, at the beginning of a reply's text (RFC 3463).
fn enhanced_code(text: &str) -> Option<&str> {
    let code = text.split_ascii_whitespace().next()?;
    let parts: Vec<&str> = code.split('.').collect();
    let digits = |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    (parts.len() == 3 && matches!(parts[0], "4" | "5") && parts.iter().all(digits)).then_some(code)
}

/// The text may come from the certificate of any server, so a log line takes only a part of it.
fn printable(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_control())
        .take(200)
        .collect()
}

fn number(code: Code) -> u16 {
    let class = match code.severity {
        Severity::PositiveCompletion => 2,
        Severity::PositiveIntermediate => 3,
        Severity::TransientNegativeCompletion => 4,
        Severity::PermanentNegativeCompletion => 5,
    };
    class * 100 + code.category as u16 * 10 + code.detail as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_of_recipient_or_content_is_the_mails_fault() {
        for (phase, code, permanent) in [
            (Phase::Connect, 554, false),
            (Phase::Authenticate, 535, false),
            (Phase::Sender, 550, false),
            (Phase::Recipient, 450, false),
            (Phase::Recipient, 550, true),
            (Phase::Recipient, 530, false),
            (Phase::Content, 554, true),
            (Phase::Content, 421, false),
            (Phase::Content, 503, false),
        ] {
            assert_eq!(blames_the_mail(phase, code), permanent, "{phase:?} {code}");
        }
    }

    #[test]
    fn of_a_reply_only_the_codes_are_kept() {
        assert_eq!(enhanced_code("5.1.1 <ada@example.com>: no such user"), Some("5.1.1"));
        assert_eq!(enhanced_code("4.2.255"), Some("4.2.255"));
        for text in [
            "",
            "no such user",
            "ada@example.com",
            "5.1",
            "5.1.1.1",
            "2.0.0 ok",
            "5.1234.1",
            "10.0.0.1",
            "5.a.1",
        ] {
            assert_eq!(enhanced_code(text), None, "{text}");
        }
    }
}
