//! The texts that a call must not show.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// The shortest secret that is hidden, in bytes. A shorter one would also be found where it was not meant: one letter
/// hides most of a log.
const MIN: usize = 6;
/// The most secrets of one call. A client names those of a login, and must not choose what the owner's log does not
/// show beyond its own credentials.
const MAX_COUNT: usize = 32;
/// The most bytes that they have together: room for several tokens of identity providers.
const MAX_BYTES: usize = 32 << 10;

/// Texts that become `[redacted]` in what a call says. Their number and size are bounded, each stands here once, and
/// texts of fewer than 6 bytes are left out.
///
/// The first ones are kept. What the server made comes before what a client sent, so that no client can crowd it out.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretTexts(Vec<String>);

impl FromIterator<String> for SecretTexts {
    fn from_iter<I: IntoIterator<Item = String>>(texts: I) -> Self {
        let mut left = MAX_BYTES;
        let mut known = BTreeSet::new();
        let mut kept = Vec::new();
        for text in texts {
            if kept.len() == MAX_COUNT {
                break;
            }
            if (MIN..=left).contains(&text.len()) && known.insert(text.clone()) {
                left -= text.len();
                kept.push(text);
            }
        }
        Self(kept)
    }
}

impl SecretTexts {
    /// The texts.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

opaque!(SecretTexts);

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(texts: impl IntoIterator<Item = String>) -> Vec<String> {
        texts.into_iter().collect::<SecretTexts>().0
    }

    #[test]
    fn short_and_repeated_texts_are_left_out() {
        let texts = ["e", "hunter2", "short", "hunter2", "sesame", ""].map(str::to_owned);
        assert_eq!(kept(texts), ["hunter2", "sesame"]);
    }

    #[test]
    fn number_and_size_are_bounded_and_the_first_ones_are_kept() {
        let many = kept((0..100_000).map(|n| format!("secret {n}")));
        assert_eq!(many.len(), 32);
        assert_eq!(many[31], "secret 31");
        let long = kept(["first!".to_owned(), "x".repeat(64 << 10), "another".to_owned()]);
        assert_eq!(long, ["first!", "another"]);
    }
}
