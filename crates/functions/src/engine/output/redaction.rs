//! Hiding secrets in a text: one pass, whatever the secrets and the text are.
//!
//! A client may have chosen some of the secrets and much of the text, so the work grows with the length of the text
//! alone, and the output is at most a little longer than the text.

use std::ops::Range;

use aho_corasick::automaton::Automaton;
use aho_corasick::nfa::noncontiguous::NFA;
use aho_corasick::{Anchored, MatchKind};

use crate::protocol::SecretTexts;

const REDACTED: &str = "[redacted]";
/// What a text ends with whose end is missing.
const CUT: &str = "…";
/// Bytes of a text that are looked at when only its beginning is shown: enough for some long secrets at its beginning.
const LOOKED_AT: usize = 64 << 10;

/// Texts that must not be shown.
#[derive(Default)]
pub(in crate::engine) struct Secrets {
    /// Finds the secrets, as they are and as JSON writes them. `None`: there are none.
    finder: Option<NFA>,
    /// Bytes of the longest text that the finder finds.
    longest: usize,
}

impl Secrets {
    pub(in crate::engine) fn new(secrets: &SecretTexts) -> Self {
        let mut patterns: Vec<String> = Vec::new();
        for secret in secrets.iter() {
            patterns.push(secret.to_owned());
            // The console writes objects as JSON.
            let json = serde_json::Value::from(secret).to_string();
            if json.len() != secret.len() + 2 {
                patterns.push(json[1..json.len() - 1].to_owned());
            }
        }
        if patterns.is_empty() {
            return Self::default();
        }
        let finder = NFA::builder().match_kind(MatchKind::Standard).build(&patterns);
        Self {
            finder: Some(finder.expect("the secrets have far fewer bytes than an automaton can have states")),
            longest: patterns.iter().map(String::len).max().unwrap_or_default(),
        }
    }

    /// The text with `[redacted]` for every secret.
    pub(in crate::engine) fn redact(&self, text: &str) -> String {
        self.redact_until(text, text.len())
    }

    /// The beginning of the text, without secrets. What is cut off is cut off after the redaction, so that no half of a
    /// secret stays, and `…` stands in its place.
    ///
    /// `most` are the bytes of the output; it has no more characters than that either.
    pub(in crate::engine) fn shown(&self, text: &str, most: usize) -> String {
        let end = text.floor_char_boundary(LOOKED_AT.max(most));
        let mut shown = self.redact_until(text, end);
        if end < text.len() || shown.len() > most {
            shown.truncate(shown.floor_char_boundary(most.saturating_sub(CUT.len())));
            shown.push_str(CUT);
        }
        shown
    }

    /// Redacts the status of a hook. The words that have a meaning there are kept, even if a password is one of them.
    pub(in crate::engine) fn redact_status(&self, status: String) -> String {
        match status.as_str() {
            "success" | "pending" | "fail" | "" => status,
            _ => self.redact(&status),
        }
    }

    /// Whether there is nothing to hide.
    pub(in crate::engine) fn is_empty(&self) -> bool {
        self.finder.is_none()
    }

    /// The text up to `end`, with `[redacted]` for every secret that begins there.
    fn redact_until(&self, text: &str, end: usize) -> String {
        // A secret may reach beyond the end.
        let reach = end.saturating_add(self.longest).min(text.len());
        let mut redacted = String::new();
        let mut shown_to = 0;
        for secret in self.find(&text.as_bytes()[..reach]) {
            if secret.start >= end {
                break;
            }
            redacted.push_str(&text[shown_to..secret.start]);
            redacted.push_str(REDACTED);
            shown_to = secret.end;
        }
        redacted.push_str(text.get(shown_to..end).unwrap_or_default());
        redacted
    }

    /// The parts of the text that secrets cover, in their order.
    ///
    /// Secrets that overlap in the text become one part. If only the first or the longest were hidden, a client could
    /// choose a password that begins before a mailed token and ends in it, and so show the rest of the token.
    fn find(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        let Some(finder) = &self.finder else {
            return found;
        };
        let Ok(mut state) = finder.start_state(Anchored::No) else {
            return found;
        };
        for (at, &byte) in text.iter().enumerate() {
            state = finder.next_state(Anchored::No, state, byte);
            if !finder.is_match(state) {
                continue;
            }
            // The first pattern of a state is the longest that ends here. It covers the others.
            let end = at + 1;
            let mut start = end - finder.pattern_len(finder.match_pattern(state, 0));
            while let Some(before) = found.pop_if(|before| start < before.end) {
                start = start.min(before.start);
            }
            found.push(start..end);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(texts: &[&str]) -> Secrets {
        Secrets::new(&texts.iter().map(|&text| text.to_owned()).collect())
    }

    #[test]
    fn a_secret_is_hidden_wherever_it_stands() {
        let secrets = secrets(&["hunter2", "hunter2 and more", "sesame"]);
        for (text, redacted) in [
            ("", ""),
            ("nothing here", "nothing here"),
            ("hunter2", "[redacted]"),
            ("ä hunter2 and more ö", "ä [redacted] ö"),
            ("hunter2 and mor", "[redacted] and mor"),
            ("hunter2hunter2sesame", "[redacted][redacted][redacted]"),
        ] {
            assert_eq!(secrets.redact(text), redacted, "{text}");
        }
    }

    #[test]
    fn s77_a_secret_that_begins_in_another_leaves_none_of_it() {
        let token = "0123456789abcdef";
        let secrets = secrets(&["token=0", token, "def&id"]);
        assert_eq!(secrets.redact(&format!("?token={token}&id=7")), "?[redacted]=7");
    }

    #[test]
    fn s77_a_secret_is_hidden_as_json_writes_it_too() {
        let secret = "open \"sesame\"\\\n\u{1}";
        let secrets = secrets(&[secret]);
        let json = serde_json::json!({ "password": secret }).to_string();
        assert_eq!(secrets.redact(&json), r#"{"password":"[redacted]"}"#);
        assert_eq!(secrets.redact(secret), "[redacted]");
    }

    #[test]
    fn the_output_is_never_read_again() {
        let secrets = secrets(&["redacted", "[redacted]", "dacted"]);
        assert_eq!(secrets.redact("redacted"), "[redacted]");
        assert_eq!(secrets.redact("[redacted] redacted"), "[redacted] [redacted]");
    }

    #[test]
    fn a_text_is_cut_visibly_and_after_it_was_redacted() {
        let secrets = secrets(&["hunter2", &"x".repeat(1_000)]);
        assert_eq!(secrets.shown("abcdefgh", 8), "abcdefgh");
        assert_eq!(secrets.shown("abcdefghi", 8), "abcde…");
        assert_eq!(secrets.shown("äöüäö", 8), "äö…");
        assert_eq!(
            secrets.shown("hunter2 hunter2", 16),
            "[redacted] [r…",
            "half a mark is no secret"
        );
        // A secret that reaches beyond what is looked at.
        let long = format!("{}hunter2 {}", "a".repeat(LOOKED_AT - 5), "b".repeat(LOOKED_AT));
        assert!(secrets.shown(&long, LOOKED_AT).ends_with("aaa[r…"));
        let shown = secrets.shown(&"x".repeat(1_000_000), 512);
        assert!(shown.starts_with("[redacted]") && shown.ends_with('…') && shown.len() <= 512);
    }

    #[test]
    fn one_pass_hides_what_looking_for_each_secret_everywhere_would_hide() {
        // Every text over two letters of one length, against secrets that overlap in all ways.
        let patterns = ["aabaab", "abaaba", "bbbbbb", "aaaaaaa", "abaabaabb", "aabbbbbbba"];
        let secrets = secrets(&patterns);
        for number in 0..1_u32 << 14 {
            let text: String = (0..14)
                .map(|bit| if number & (1 << bit) == 0 { 'a' } else { 'b' })
                .collect();
            let mut covered = [false; 14];
            for pattern in patterns {
                for start in (0..14).filter(|&start| text[start..].starts_with(pattern)) {
                    covered[start..start + pattern.len()].fill(true);
                }
            }
            let mut found = [false; 14];
            for part in secrets.find(text.as_bytes()) {
                found[part].fill(true);
            }
            assert_eq!(found, covered, "{text}");
        }
    }
}
