//! What leaves a call: console lines and texts, without the call's secrets.

use std::collections::VecDeque;

use crate::Limits;
use crate::protocol::ConsoleLine;

/// The last lines of the console.
#[derive(Default)]
pub(super) struct Console {
    pub(super) lines: VecDeque<ConsoleLine>,
    pub(super) dropped: u64,
}

impl Console {
    /// Takes a line. It is redacted before it is cut, so that half a secret does not stay.
    pub(super) fn take(&mut self, level: String, text: &str, secrets: &Secrets, limits: &Limits) {
        let mut text = secrets.redact(text);
        cut(&mut text, limits.console_line);
        self.lines.push_back(ConsoleLine { level, text });
        while self.lines.len() > limits.console_lines {
            self.lines.pop_front();
            self.dropped += 1;
        }
    }
}

/// Leaves the first bytes of a text, in whole characters.
pub(super) fn cut(text: &mut String, bytes: usize) {
    text.truncate(text.floor_char_boundary(bytes));
}

/// Texts that must not be shown.
#[derive(Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Longest first, so that a secret within another does not leave the rest of it behind.
    pub(super) fn new(mut secrets: Vec<String>) -> Self {
        secrets.retain(|secret| !secret.is_empty());
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self(secrets)
    }

    /// The text with `[redacted]` for every secret.
    pub(super) fn redact(&self, text: &str) -> String {
        self.0
            .iter()
            .fold(text.to_owned(), |text, secret| text.replace(secret, "[redacted]"))
    }

    /// Redacts the status of a hook. The words that have a meaning there are kept, even if a password is one of them.
    pub(super) fn redact_status(&self, status: String) -> String {
        match status.as_str() {
            "success" | "pending" | "fail" | "" => status,
            _ => self.redact(&status),
        }
    }

    /// Whether there is nothing to hide.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
