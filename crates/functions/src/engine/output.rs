//! What leaves a call: console lines and texts, without the call's secrets.

mod redaction;

use std::collections::VecDeque;

pub(super) use self::redaction::Secrets;
use crate::Limits;
use crate::protocol::ConsoleLine;

/// The last lines of the console.
#[derive(Default)]
pub(super) struct Console {
    pub(super) lines: VecDeque<ConsoleLine>,
    pub(super) dropped: u64,
}

impl Console {
    /// Takes a line.
    pub(super) fn take(&mut self, level: String, text: &str, secrets: &Secrets, limits: &Limits) {
        let text = secrets.shown(text, limits.console_line);
        self.lines.push_back(ConsoleLine { level, text });
        while self.lines.len() > limits.console_lines {
            self.lines.pop_front();
            self.dropped += 1;
        }
    }
}
